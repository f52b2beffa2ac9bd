"""`reconciler apply [FILE]`: applies a saved plan if it still holds, or makes a plan, shows it and asks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.apply.run import DEFAULT_PARALLELISM
from reconciler.cli.apply_session import (
    FORMATS,
    ApplyTask,
    Approval,
    apply_shown,
    find_environment,
    open_session,
    outcomes_already_done,
    report_stale,
    run_task,
)
from reconciler.cli.command_line import Scope, output_options, scope_options
from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.file_io import read_file
from reconciler.cli.inputs import open_definitions, open_project
from reconciler.cli.paths import refuse_overlaps
from reconciler.cli.recovery import resume_apply, undo_apply
from reconciler.errors import PlanFileError, UsageError
from reconciler.planfile.reading import read_plan
from reconciler.planning.approval import compare_plans, restrict_plan
from reconciler.reports.escaping import escape_text

if TYPE_CHECKING:
    from reconciler.cli.apply_session import ApplySession
    from reconciler.cli.output import Output
    from reconciler.model.plan import Plan


@click.command("apply")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@scope_options
@click.option(
    "--auto-approve", is_flag=True, help="Apply without asking; needed if there is neither FILE nor a terminal."
)
@click.option(
    "--parallelism",
    type=click.IntRange(1, 32),
    default=DEFAULT_PARALLELISM,
    show_default=True,
    metavar="N",
    help="How many independent changes are applied at the same time.",
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
@output_options(*FORMATS)
def command(
    output: Output, scope: Scope, file: Path | None, undo: Path | None, parallelism: int, **flags: bool
) -> ExitCode:
    """Change EnergyCAP as planned. Blocked changes are never sent.

    If you give FILE, a plan saved by `plan --out`, the plan is made again and compared: the reviewed changes are sent
    only if the files and EnergyCAP still give exactly these. Without FILE, and with --resume or --undo, the plan is
    shown first, and applied after you confirm.
    """
    refuse_overlaps(output, {}, {"": file, "--undo": undo})
    approval = Approval(must_ask=not flags["auto_approve"])
    if undo is not None:
        _refuse_beside_undo(scope, file, is_resuming=flags["resume"])
        return undo_apply(output, scope, undo, parallelism, approval)
    if flags["resume"]:
        return resume_apply(output, scope, file, parallelism, approval)
    if file is not None:
        return _apply_saved(output, scope, file, parallelism)
    # Checked before EnergyCAP is read, which may take minutes.
    approval.require_terminal("apply a saved plan, or add --auto-approve")
    return _apply_fresh(output, scope, parallelism, approval)


def _refuse_beside_undo(scope: Scope, file: Path | None, *, is_resuming: bool) -> None:
    others = {"FILE": file, "--resume": is_resuming, "--only": scope.only, "--base": scope.base}
    for name, value in others.items():
        if value:
            raise UsageError(f"--undo cannot be combined with {name}", f"leave {name} out")


def _apply_saved(output: Output, scope: Scope, file: Path, parallelism: int) -> ExitCode:
    """Apply the plan made now, if it matches the saved one: a plan file is untrusted and only compared."""
    reviewed = _read_saved(scope, file)
    context = open_project(output)
    environment = find_environment(context, scope, reviewed)
    _refuse_unusable(reviewed)
    loaded = open_definitions(output, context, environment)
    with open_session(output, context, environment, parallelism) as session:
        return _apply_reviewed(session, reviewed, session.plan_again(loaded, reviewed))


def _read_saved(scope: Scope, file: Path) -> Plan:
    """The plan in `file`. Raises UsageError for a journal, and for options that would change which plan is made now."""
    if file.suffix == ".jsonl":
        raise UsageError(
            f"{file} looks like the journal of an apply (.jsonl), not a plan",
            f"continue that apply with  reconciler apply --resume {file}  or reverse it with  --undo {file}",
        )
    plan = read_plan(read_file(file))
    if scope.only:
        raise UsageError("--only cannot be combined with a saved plan", "plan again with --only")
    if scope.base:
        raise UsageError("--base cannot be combined with a saved plan", "plan again with --base")
    return plan


def _apply_reviewed(session: ApplySession, reviewed: Plan, current: Plan) -> ExitCode:
    """Send the changes of `current` that `reviewed` has too, unless one of these is no longer as reviewed."""
    comparison = compare_plans(reviewed, current)
    if not comparison.is_still_valid:
        report_stale(session.output, reviewed, comparison)
        session.output.log("the plan is stale; nothing was written")
        return ExitCode.STALE
    session.refuse_errors(current)
    # What is sent comes from the plan made now: a forged file could show one value and hold another.
    plan = restrict_plan(current, {change.name for change in reviewed.sendable})
    # The plan was saved to be reviewed, so a guard that asks for a review lets it pass.
    stopped = session.check_guards(plan, is_reviewed=True)
    if stopped:
        return stopped
    if comparison.new:
        names = ", ".join(map(escape_text, comparison.new))
        session.output.log(f"not reviewed, so not sent: {names}; to send them, plan again")
    return run_task(session, ApplyTask(plan, outcomes_already_done(reviewed, current, comparison)))


def _apply_fresh(output: Output, scope: Scope, parallelism: int, approval: Approval) -> ExitCode:
    """Make a plan, show it, and apply it once the user has confirmed."""
    context = open_project(output)
    environment = context.environment(scope.environment)
    loaded = open_definitions(output, context, environment, scope.base)
    with open_session(output, context, environment, parallelism) as session:
        plan = session.plan(loaded, scope.only, is_shown=True)
        session.show(plan)
        _refuse_unusable(plan)
        # With --auto-approve alone, nobody has seen the plan before it is applied.
        return apply_shown(session, plan, approval, is_reviewed=approval.must_ask)


def _refuse_unusable(plan: Plan) -> None:
    # Anyone who can push could commit such a file. Only the command line can start a rollback, with a journal.
    if plan.is_rollback:
        raise PlanFileError(
            "this plan reverses an apply, and a plan file cannot do that",
            "give the journal it was made from:  reconciler apply --undo JOURNAL",
        )
    if plan.snapshot is not None:
        raise PlanFileError(
            f"the plan was made against the snapshot of {escape_text(plan.snapshot)}, not the live service",
            "plan again without --snapshot",
        )
    if plan.has_errors:
        raise PlanFileError("the plan has errors; nothing was written", "fix them and plan again")
