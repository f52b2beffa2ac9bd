"""`reconciler apply [FILE]`: carries out a saved plan exactly, or plans, shows and asks."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.apply.chronicle import read_journal
from reconciler.apply.conduct import DEFAULT_PARALLELISM
from reconciler.apply.journal import find_overtaken, find_unfinished
from reconciler.apply.undo import is_inverse
from reconciler.cli.applying import FORMATS, JOURNALS, Site, carry_out, report_nothing, report_stale
from reconciler.cli.documents import read_file
from reconciler.cli.exits import Exit, exit_of_account, exit_of_plan, gravest
from reconciler.cli.options import Scope, printing, scoped
from reconciler.cli.planned import plan_now, plan_renderers
from reconciler.cli.project import open_definitions, open_workplace, print_findings
from reconciler.cli.screen import TEXT
from reconciler.cli.seen import read_live
from reconciler.cli.service import open_service
from reconciler.cli.standing import path_prefix
from reconciler.energycap.client import open_editor
from reconciler.errors import PlanFileError, UsageError
from reconciler.planfile.reading import read_plan
from reconciler.planning.compare import compare_plans
from reconciler.planning.guards import check_guards
from reconciler.reports import findings_text
from reconciler.reports.paint import plain
from reconciler.reports.plan_text import render_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.apply.chronicle import Chronicle
    from reconciler.cli.project import Wanted, Workplace
    from reconciler.cli.screen import Screen
    from reconciler.model.plan import Plan
    from reconciler.model.project import Environment


@click.command("apply")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@scoped
@click.option(
    "--auto-approve", is_flag=True, help="Apply without asking; needed where there is neither FILE nor terminal."
)
@click.option(
    "--parallelism",
    type=click.IntRange(1, 32),
    default=DEFAULT_PARALLELISM,
    show_default=True,
    metavar="N",
    help="How many independent changes are carried out side by side.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the apply that was interrupted or killed: the last, or that of the journal FILE.",
)
@printing(*FORMATS)
def command(screen: Screen, scope: Scope, file: Path | None, parallelism: int, **flags: bool) -> Exit:
    """Change EnergyCAP as planned; what is blocked is never sent.

    With FILE, a plan that `plan --out` saved, exactly that plan is carried out, as long as files and EnergyCAP still
    ask for it. Without, a plan is made, shown, and carried out after a question.
    """
    ask = not flags["auto_approve"]
    if flags["resume"]:
        return _resume(screen, scope, file, parallelism)
    if file is not None:
        return _apply_saved(screen, scope, file, parallelism)
    if ask and not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask at", "apply a saved plan, or add --auto-approve")
    return _apply_fresh(screen, scope, parallelism, ask=ask)


def _apply_saved(screen: Screen, scope: Scope, file: Path, parallelism: int) -> Exit:
    plan = read_plan(read_file(file))
    if scope.only:
        raise UsageError("a saved plan is applied as it is, --only cannot pick from it", "plan again with --only")
    if scope.base:
        raise UsageError("a saved plan is applied as it is, --base changes nothing in it", "plan again with --base")
    workplace = open_workplace(screen)
    environment = _find_environment(workplace, scope, plan)
    _refuse(plan)
    wanted = None if is_inverse(plan) else open_definitions(screen, workplace)
    with _open_site(screen, workplace, environment, parallelism) as site:
        stopped = _check_guards(site, plan, is_reviewed=True)
        return stopped or _check_review(site, plan, wanted) or _apply(site, plan)


def _resume(screen: Screen, scope: Scope, journal: Path | None, parallelism: int) -> Exit:
    if journal and journal.suffix != ".jsonl":
        raise UsageError("--resume goes on with a journal, not with a plan", "leave the plan out, or give the journal")
    workplace = open_workplace(screen)
    wanted = workplace.environment(scope.environment)
    chronicle = read_journal(journal) if journal else _find_interrupted(workplace, wanted.name)
    environment = _find_environment(workplace, scope, chronicle.plan)
    with _open_site(screen, workplace, environment, parallelism) as site:
        return _check_guards(site, chronicle.plan, is_reviewed=True) or _apply(site, chronicle.plan)


def _find_interrupted(workplace: Workplace, environment: str) -> Chronicle:
    """What is to be gone on with; of an apply that a later one has overtaken, whoever means it has to say so."""
    folder = workplace.root / JOURNALS
    if chronicle := find_unfinished(folder, environment):
        return chronicle
    if overtaken := find_overtaken(folder, environment):
        message = f"the last apply to {environment} came to its end, but an earlier one did not: {overtaken}"
        raise UsageError(message, f"go on with it, if it still is what you want: reconciler apply --resume {overtaken}")
    raise UsageError(f"no apply to {environment} was interrupted", "reconciler apply")


def _apply_fresh(screen: Screen, scope: Scope, parallelism: int, *, ask: bool) -> Exit:
    workplace = open_workplace(screen)
    environment = workplace.environment(scope.environment)
    wanted = open_definitions(screen, workplace, scope.base)
    with _open_site(screen, workplace, environment, parallelism) as site:
        plan = plan_now(workplace, environment, wanted, read_live(screen, environment, site.editor), scope.only)
        screen.show_only(TEXT, plan_renderers(plan, workplace.root)[TEXT])
        _refuse(plan)
        stopped = _check_guards(site, plan, is_reviewed=ask)
        if stopped:
            return stopped
        if not plan.sendable:
            report_nothing(screen, plan)
            return exit_of_plan(plan, detailed=False)
        if ask and not _agrees(site, plan):
            screen.remark("not applied; nothing was written")
            return Exit.FAILED
        return _apply(site, plan)


@contextmanager
def _open_site(screen: Screen, workplace: Workplace, environment: Environment, parallelism: int) -> Iterator[Site]:
    with open_service(workplace.root, environment) as address, open_editor(address.url, address.key) as editor:
        yield Site(screen, workplace, environment, editor, parallelism)


def _apply(site: Site, plan: Plan) -> Exit:
    account = carry_out(site, plan)
    if news := [finding for finding in site.editor.findings if finding not in plan.findings]:
        site.screen.remark(findings_text.render(news, plain, path_prefix(site.workplace.root)))
    site.screen.remark_more(f"requests: {site.editor.requests.total()}")
    return exit_of_account(plan, account)


def _refuse(plan: Plan) -> None:
    if plan.snapshot is not None:
        raise PlanFileError(
            f"the plan was made against a copy taken {plan.snapshot}, not live", "plan again without --snapshot"
        )
    if plan.errored:
        raise PlanFileError("the plan has errors; nothing was written", "mend them, and plan again")


def _check_guards(site: Site, plan: Plan, *, is_reviewed: bool) -> Exit | None:
    """The exit code where a guard keeps `plan` from being carried out; None where none does."""
    stops = check_guards(plan, site.workplace.project.guards, is_reviewed=is_reviewed)
    if not stops:
        return None
    print_findings(site.screen, stops, site.workplace.root)
    site.screen.remark("a guard stopped the apply; nothing was written")
    return gravest((Exit.GUARDED, exit_of_plan(plan, detailed=False)))


def _check_review(site: Site, plan: Plan, wanted: Wanted | None) -> Exit | None:
    """The exit code where files and EnergyCAP do not ask for the reviewed `plan` any more; None where they do.

    The plan is made anew and compared by what it does; drift elsewhere does not matter.
    """
    if wanted is None:
        return None
    current = plan_now(
        site.workplace, site.environment, wanted, read_live(site.screen, site.environment, site.editor), plan.filter
    )
    comparison = compare_plans(plan, current)
    if comparison.holds:
        return None
    report_stale(site.screen, plan, comparison)
    site.screen.remark("the plan is stale; nothing was written")
    return Exit.STALE


def _find_environment(workplace: Workplace, scope: Scope, plan: Plan) -> Environment:
    """The environment that `plan` was made for. Raises where another was asked for, or it now has another address."""
    if scope.environment not in (None, plan.environment):
        raise UsageError(
            f"the plan is for {plan.environment}, not for {scope.environment}", "leave --environment out, or plan again"
        )
    environment = workplace.environment(plan.environment)
    if environment.url != plan.url:
        raise PlanFileError(
            f"the plan was made against {plan.url}, but reconciler.yaml now gives {environment.url} "
            f"for {environment.name}",
            "plan again",
        )
    return environment


def _agrees(site: Site, plan: Plan) -> bool:
    """Whether the person at the terminal, who has seen `plan`, says yes."""
    if not site.screen.shows_text:
        click.echo(render_plan(plan, plain), err=True)
    count = len(plan.sendable)
    channels = f"{count} channel" if count == 1 else f"{count} channels"
    where = f"{site.environment.name} ({site.environment.url})"
    return click.confirm(f"Change {channels} in {where}?", err=True)
