"""`reconciler apply --resume` and `--undo`: continues or reverses an apply, from its journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.journal import find_older_unfinished, find_unfinished, is_locked
from reconciler.apply.journal_reader import read_journal
from reconciler.apply.new_channels import WHICH_IS_MEANT, describe_exchange, read_if_there
from reconciler.apply.rollback import judge_created, make_rollback
from reconciler.cli.apply_session import ApplyTask, apply_shown, find_environment, open_session, run_task
from reconciler.cli.build_plan import utc_now
from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.inputs import open_definitions, open_project
from reconciler.cli.paths import JOURNALS
from reconciler.definitions.git import is_tracked
from reconciler.errors import FileError, UsageError
from reconciler.model.fields import CHANNEL_IMPORT_ID
from reconciler.model.outcomes import Outcome, OutcomeStatus
from reconciler.model.plan import Action
from reconciler.planning.approval import compare_plans, restrict_plan
from reconciler.planning.messages import show_value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.apply.journal_reader import JournalContent
    from reconciler.cli.apply_session import ApplySession, Approval
    from reconciler.cli.command_line import Scope
    from reconciler.cli.inputs import ProjectContext
    from reconciler.cli.output import Output
    from reconciler.model.plan import Change, Plan


def load_journal(path: Path) -> JournalContent:
    """The journal at `path`, for a command that sends what it says.

    Raises FileError if git tracks it, if an apply is using it, or if it is damaged.
    """
    if path.exists() and is_tracked(path):
        raise FileError(
            f"git tracks the journal {path}: anyone who can push may have written it, so nothing was sent",
            "plan instead:  reconciler plan  ; or remove it from git and look at it first:  "
            f"git rm --cached {path}  and  reconciler show {path}",
        )
    if is_locked(path):
        raise FileError(f"an apply is using the journal {path}", "wait until it finishes")
    return read_journal(path)


_PLAN_AGAIN = "plan again: reconciler plan"


def resume_apply(output: Output, scope: Scope, journal: Path | None, parallelism: int, approval: Approval) -> ExitCode:
    """Continue the apply of `journal`, or the last one: show the remaining changes, ask, and send them.

    The journal is only compared; the values sent come from a plan made now from files and EnergyCAP. A change that this
    plan no longer has is stale.
    """
    _refuse_beside_resume(scope, journal)
    context = open_project(output)
    path = journal or _find_unfinished_journal(context, context.environment(scope.environment).name)
    content = load_journal(path)
    journal_plan = content.plan
    # Checked before EnergyCAP is read, which may take minutes.
    approval.require_terminal(f"look at what is left with  reconciler show {path}  and add --auto-approve")
    if journal_plan.is_rollback:
        raise UsageError(
            f"{path} is the journal of an apply --undo, which cannot be resumed",
            "undo again, with the journal of the apply:  reconciler apply --undo JOURNAL",
        )
    environment = find_environment(context, scope, journal_plan)
    # The files may have changed since. A change that they no longer ask for must not be sent.
    loaded = open_definitions(output, context, environment)
    with open_session(output, context, environment, parallelism) as session:
        current = session.plan_again(loaded, journal_plan)
        session.refuse_errors(current)
        return _resume(session, content, current, approval)


def _refuse_beside_resume(scope: Scope, journal: Path | None) -> None:
    if journal and journal.suffix != ".jsonl":
        raise UsageError("--resume continues a journal, not a plan", "leave the plan out, or give the journal")
    for name, value in (("--only", scope.only), ("--base", scope.base)):
        if value:
            raise UsageError(
                f"--resume cannot be combined with {name}: it continues a whole apply", f"leave {name} out"
            )


def _find_unfinished_journal(context: ProjectContext, environment: str) -> Path:
    """The journal to continue. An unfinished apply before a later, finished one must be named explicitly."""
    folder = context.own_path(JOURNALS)
    if unfinished := find_unfinished(folder, environment):
        return unfinished
    # A later apply has finished since, so the user may no longer want the rest of this one.
    if overtaken := find_older_unfinished(folder, environment):
        message = f"the last apply to {environment} finished, but an earlier one did not: {overtaken}"
        raise UsageError(message, f"if you still want it, continue it: reconciler apply --resume {overtaken}")
    raise UsageError(f"no apply to {environment} was interrupted", "reconciler apply")


class _Remaining(Struct, frozen=True):
    """The rest of an apply: `plan` holds the changes to send; `task` also re-reads those already applied."""

    plan: Plan
    task: ApplyTask


def _resume(session: ApplySession, content: JournalContent, current: Plan, approval: Approval) -> ExitCode:
    rest = _find_remaining(content, current)
    if rest.plan.sendable:
        session.show(rest.plan)
        guard_exit = session.check_guards(rest.plan, is_reviewed=True)
        if guard_exit:
            return guard_exit
        if approval.must_ask and not session.confirm(rest.plan):
            return ExitCode.FAILED
    return run_task(session, rest.task)


def _find_remaining(content: JournalContent, current: Plan) -> _Remaining:
    journal_plan = content.plan
    comparison = compare_plans(journal_plan, current)
    now = {change.name: change for change in current.changes}
    exchanged = _find_exchanged(content, now)
    stale = _find_stale({**comparison.reasons, **exchanged}, current)
    plan = restrict_plan(current, {change.name for change in journal_plan.sendable} - stale.keys())
    live = [change for change in journal_plan.sendable if change.name in comparison.done and change.name not in stale]
    done = [_without_values(change, now[change.name]) for change in live]
    known = tuple(
        Outcome(
            change.name, content.created[change.channel_id], OutcomeStatus.STALE, stale[change.name], WHICH_IS_MEANT
        )
        if change.name in exchanged
        else _make_stale(change, stale[change.name], content)
        for change in journal_plan.sendable
        if change.name in stale
    )
    pending = [change for change in plan.changes if change.name not in comparison.done]
    return _Remaining(plan, ApplyTask(replace(plan, changes=(*done, *pending)), known, journal_plan))


def _make_stale(change: Change, reason: str, content: JournalContent) -> Outcome:
    """The outcome of a change that no longer holds; of a new channel that may be there, it says where to look."""
    if change.is_creation and content.writes_by_name[change.name]:
        import_id = show_value(change.target_values[CHANNEL_IMPORT_ID])
        channel_id = content.created.get(change.channel_id)
        found = f"created it as channel {channel_id}" if channel_id else "sent its creation, and had no answer"
        reason = f"{reason}; but an earlier run {found}"
        look = f"look in EnergyCAP for a channel with import id {import_id}, and delete it there if it is not wanted"
        fix = f"{look}; then {_PLAN_AGAIN}"
        return Outcome(change.name, channel_id or change.channel_id, OutcomeStatus.STALE, reason, fix)
    return Outcome(change.name, change.channel_id, OutcomeStatus.STALE, reason, _PLAN_AGAIN)


def _find_exchanged(content: JournalContent, now: Mapping[str, Change]) -> Mapping[str, str]:
    """Why changes are stale that have created a channel, if another one has its import id now; by name."""
    return {
        change.name: describe_exchange(created, now[change.name].channel_id)
        for change in content.plan.creations
        if (created := content.created.get(change.channel_id)) and change.name in now
        if not now[change.name].is_creation and now[change.name].channel_id != created
    }


def _find_stale(reasons: Mapping[str, str], current: Plan) -> Mapping[str, str]:
    """Why changes are stale, by name: for their own `reasons`, or because they depend on one that is."""
    stale = dict(reasons)
    for change in current.sendable:
        late = next((name for name in change.depends_on if name in stale), None)
        if late is not None:
            stale.setdefault(change.name, f"depends on {late}, which is stale")
    return stale


def _without_values(journal_plan: Change, now: Change) -> Change:
    """A change of a journal that is already live, without values: its channel is re-read, and nothing is sent."""
    if journal_plan.is_creation:
        # With its versions as they are now, so that those that it created count as its own.
        journal_plan = replace(
            journal_plan, action=Action.UPDATE, version_id=now.version_id, version_count=now.version_count, versions=()
        )
    return replace(journal_plan, edits=(), live={}, target_values={}, depends_on=(), channel_id=now.channel_id)


def undo_apply(output: Output, scope: Scope, journal: Path, parallelism: int, approval: Approval) -> ExitCode:
    """Reverse the writes of the journal, after showing the plan and asking.

    The definitions are not compared, because they do not describe the reversal. Every channel is read again first, and
    a channel that changed since is stale. The run has its own journal.
    """
    context = open_project(output)
    content = load_journal(journal)
    approval.require_terminal(f"look at it with  reconciler show {journal}  and add --auto-approve")
    environment = find_environment(context, scope, content.plan)
    plan = make_rollback(content, utc_now())
    with open_session(output, context, environment, parallelism) as session:
        plan = judge_created(plan, content.plan, lambda channel_id: read_if_there(session.editor, channel_id))
        session.show(plan)
        # The user could review the journal before naming it, like a saved plan.
        return apply_shown(session, plan, approval, is_reviewed=True)
