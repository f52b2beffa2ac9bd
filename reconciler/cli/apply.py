"""`reconciler apply [FILE]`: compares a saved plan and carries it out, or plans, shows and asks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.apply.conduct import DEFAULT_PARALLELISM
from reconciler.cli.applying import FORMATS, Task, apply_task, list_done, report_nothing, report_stale
from reconciler.cli.exits import Exit, exit_of_plan
from reconciler.cli.files import read_file
from reconciler.cli.options import Scope, printing, scoped
from reconciler.cli.overlaps import refuse_overlaps
from reconciler.cli.project import open_definitions, open_workplace
from reconciler.cli.resume import resume_apply
from reconciler.cli.site import Consent, find_environment, open_site
from reconciler.cli.undo import undo_apply
from reconciler.errors import PlanFileError, UsageError
from reconciler.planfile.reading import read_plan
from reconciler.planning.approval import compare_plans, restrict_plan
from reconciler.reports.escaping import escape_text

if TYPE_CHECKING:
    from reconciler.cli.screen import Screen
    from reconciler.cli.site import Site
    from reconciler.model.plan import Plan


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
    help="Continue an apply that was interrupted or killed: the last one, or that of the journal FILE.",
)
@click.option(
    "--undo",
    type=click.Path(path_type=Path),
    metavar="JOURNAL",
    help="Reverse an apply, from its journal.",
)
@printing(*FORMATS)
def command(
    screen: Screen, scope: Scope, file: Path | None, undo: Path | None, parallelism: int, **flags: bool
) -> Exit:
    """Change EnergyCAP as planned; what is blocked is never sent.

    With FILE, a plan that `plan --out` saved, the plan is made again and compared: what was reviewed is sent if files
    and EnergyCAP still ask for exactly that. Without FILE, and with --resume or --undo, the plan is
    shown first, and carried out after a question.
    """
    refuse_overlaps(screen, {}, {"": file, "--undo": undo})
    consent = Consent(asks=not flags["auto_approve"])
    if undo is not None:
        _refuse_beside_undo(scope, file, is_resuming=flags["resume"])
        return undo_apply(screen, scope, undo, parallelism, consent)
    if flags["resume"]:
        return resume_apply(screen, scope, file, parallelism, consent)
    if file is not None:
        return _apply_saved(screen, scope, file, parallelism)
    consent.require("apply a saved plan, or add --auto-approve")
    return _apply_fresh(screen, scope, parallelism, consent)


def _refuse_beside_undo(scope: Scope, file: Path | None, *, is_resuming: bool) -> None:
    others = {"FILE": file, "--resume": is_resuming, "--only": scope.only, "--base": scope.base}
    for name, value in others.items():
        if value:
            raise UsageError(f"--undo cannot be combined with {name}", f"leave {name} out")


def _apply_saved(screen: Screen, scope: Scope, file: Path, parallelism: int) -> Exit:
    """The file is only compared; what is carried out is the plan that files and EnergyCAP ask for now."""
    if file.suffix == ".jsonl":
        raise UsageError(
            f"{file} looks like the journal of an apply (.jsonl), not a plan",
            f"continue that apply with  reconciler apply --resume {file}  or reverse it with  --undo {file}",
        )
    plan = read_plan(read_file(file))
    if scope.only:
        raise UsageError("a saved plan is applied as it is, --only cannot pick from it", "plan again with --only")
    if scope.base:
        raise UsageError("a saved plan is applied as it is, --base changes nothing in it", "plan again with --base")
    workplace = open_workplace(screen)
    environment = find_environment(workplace, scope, plan)
    _refuse(plan)
    wanted = open_definitions(screen, workplace)
    with open_site(screen, workplace, environment, parallelism) as site:
        return _apply_reviewed(site, plan, site.plan(wanted, plan.filter))


def _apply_reviewed(site: Site, reviewed: Plan, current: Plan) -> Exit:
    comparison = compare_plans(reviewed, current)
    if not comparison.holds:
        report_stale(site.screen, reviewed, comparison)
        site.screen.remark("the plan is stale; nothing was written")
        return Exit.STALE
    site.refuse_errors(current)
    plan = restrict_plan(current, {change.name for change in reviewed.sendable})
    stopped = site.check_guards(plan, is_reviewed=True)
    if stopped:
        return stopped
    if comparison.new:
        names = ", ".join(map(escape_text, comparison.new))
        site.screen.remark(f"not reviewed, so not sent: {names}; to send them, plan again")
    return apply_task(site, Task(plan, list_done(reviewed, comparison)))


def _apply_fresh(screen: Screen, scope: Scope, parallelism: int, consent: Consent) -> Exit:
    workplace = open_workplace(screen)
    environment = workplace.environment(scope.environment)
    wanted = open_definitions(screen, workplace, scope.base)
    with open_site(screen, workplace, environment, parallelism) as site:
        plan = site.plan(wanted, scope.only)
        site.show(plan)
        _refuse(plan)
        stopped = site.check_guards(plan, is_reviewed=consent.asks)
        if stopped:
            return stopped
        if not plan.sendable:
            report_nothing(screen, plan)
            return exit_of_plan(plan, detailed=False)
        if consent.asks and not site.agrees(plan):
            return Exit.FAILED
        return apply_task(site, Task(plan))


def _refuse(plan: Plan) -> None:
    if plan.is_rollback:
        raise PlanFileError(
            "this plan undoes an apply, and a plan file cannot ask for that",
            "give the journal that it was made from:  reconciler apply --undo JOURNAL",
        )
    if plan.snapshot is not None:
        raise PlanFileError(
            f"the plan was made against a copy taken {escape_text(plan.snapshot)}, not live",
            "plan again without --snapshot",
        )
    if plan.has_errors:
        raise PlanFileError("the plan has errors; nothing was written", "mend them, and plan again")
