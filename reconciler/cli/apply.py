"""`reconciler apply [FILE]`: carries out a saved plan exactly, or plans, shows and asks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.apply.conduct import DEFAULT_PARALLELISM
from reconciler.cli.applying import FORMATS, carry_out
from reconciler.cli.documents import read_file
from reconciler.cli.exits import Exit, exit_of_account, exit_of_plan, gravest
from reconciler.cli.options import Scope, printing, scoped
from reconciler.cli.planned import plan_now, plan_renderers, read_live
from reconciler.cli.project import open_definitions, open_workplace, print_findings
from reconciler.cli.screen import TEXT
from reconciler.cli.service import open_service
from reconciler.energycap.client import open_editor
from reconciler.errors import PlanFileError, UsageError
from reconciler.planfile.reading import read_plan
from reconciler.planning.guards import check_guards

if TYPE_CHECKING:
    from reconciler.cli.project import Workplace
    from reconciler.cli.screen import Screen
    from reconciler.energycap.client import Editor
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
@printing(*FORMATS)
def command(screen: Screen, scope: Scope, file: Path | None, auto_approve: bool, parallelism: int) -> Exit:
    """Change EnergyCAP as planned; what is blocked is never sent.

    With FILE, a plan that `plan --out` saved, exactly that plan is carried out. Without, a plan is made, shown, and
    carried out after a question.
    """
    if file is not None:
        return _apply_saved(screen, scope, file, parallelism)
    if not auto_approve and not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask at", "apply a saved plan, or add --auto-approve")
    return _apply_fresh(screen, scope, parallelism, ask=not auto_approve)


def _apply_saved(screen: Screen, scope: Scope, file: Path, parallelism: int) -> Exit:
    plan = read_plan(read_file(file))
    if scope.only:
        raise UsageError("a saved plan is applied as it is, --only cannot pick from it", "plan again with --only")
    workplace = open_workplace(screen)
    environment = _find_environment(workplace, scope, plan)
    with open_service(workplace.root, environment) as address, open_editor(address.url, address.key) as editor:
        stopped = _check(screen, workplace, plan, is_reviewed=True)
        return stopped or _apply(screen, environment, editor, plan, parallelism)


def _apply_fresh(screen: Screen, scope: Scope, parallelism: int, *, ask: bool) -> Exit:
    workplace = open_workplace(screen)
    environment = workplace.environment(scope.environment)
    wanted = open_definitions(screen, workplace, scope.base)
    with open_service(workplace.root, environment) as address, open_editor(address.url, address.key) as editor:
        plan = plan_now(workplace, environment, wanted, read_live(editor), scope.only)
        screen.show_only(TEXT, plan_renderers(plan, workplace.root)[TEXT])
        stopped = _check(screen, workplace, plan, is_reviewed=ask)
        if stopped or not plan.sendable:
            return stopped or exit_of_plan(plan, detailed=False)
        if ask:
            _ask(environment, plan)
        return _apply(screen, environment, editor, plan, parallelism)


def _apply(screen: Screen, environment: Environment, editor: Editor, plan: Plan, parallelism: int) -> Exit:
    account = carry_out(screen, plan, editor, environment, parallelism)
    screen.remark_more(f"requests: {editor.requests.total()}")
    return exit_of_account(plan, account)


def _check(screen: Screen, workplace: Workplace, plan: Plan, *, is_reviewed: bool) -> Exit | None:
    """The exit code that keeps `plan` from being carried out; None where nothing does."""
    if plan.snapshot is not None:
        raise PlanFileError(
            f"the plan was made against a copy taken {plan.snapshot}, not live", "plan again without --snapshot"
        )
    if plan.errored:
        raise PlanFileError("the plan has errors; nothing was written", "mend them, and plan again")
    stops = check_guards(plan, workplace.project.guards, is_reviewed=is_reviewed)
    if not stops:
        return None
    print_findings(screen, stops, workplace.root)
    screen.remark("a guard stopped the apply; nothing was written")
    return gravest((Exit.GUARDED, exit_of_plan(plan, detailed=False)))


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


def _ask(environment: Environment, plan: Plan) -> None:
    count = len(plan.sendable)
    channels = f"{count} channel" if count == 1 else f"{count} channels"
    click.confirm(f"Change {channels} in {environment.name} ({environment.url})?", abort=True, err=True)
