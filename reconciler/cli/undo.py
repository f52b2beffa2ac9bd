"""`reconciler apply --undo JOURNAL`: reverses an apply, from its journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.apply.undo import make_inverse
from reconciler.cli.applying import ApplyTask, report_nothing, run_task
from reconciler.cli.exits import ExitCode, exit_of_plan
from reconciler.cli.journals import load_journal
from reconciler.cli.planned import utc_now
from reconciler.cli.project import open_project
from reconciler.cli.site import find_environment, open_session

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.cli.options import Scope
    from reconciler.cli.screen import Output
    from reconciler.cli.site import Approval


def undo_apply(output: Output, scope: Scope, journal: Path, parallelism: int, approval: Approval) -> ExitCode:
    """Put back what the journal says was written, after showing it and asking.

    Files are not compared, as the undoing is not in them: only the command line can ask for this. Every channel is read
    again first, and what somebody else has changed since is stale. The run has a journal of its own.
    """
    context = open_project(output)
    content = load_journal(journal)
    approval.require_terminal(f"look at it with  reconciler show {journal}  and add --auto-approve")
    environment = find_environment(context, scope, content.plan)
    plan = make_inverse(content, utc_now())
    with open_session(output, context, environment, parallelism) as session:
        session.show(plan)
        # A journal was there to be looked at before it was named, just as a saved plan was.
        stopped = session.check_guards(plan, is_reviewed=True)
        if stopped:
            return stopped
        if not plan.sendable:
            report_nothing(output, plan)
            return exit_of_plan(plan, detailed=False)
        if approval.must_ask and not session.confirm(plan):
            return ExitCode.FAILED
        return run_task(session, ApplyTask(plan))
