"""`reconciler apply --undo JOURNAL`: reverses an apply, from its journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.apply.undo import make_inverse
from reconciler.cli.applying import Task, apply_task, report_nothing
from reconciler.cli.exits import Exit, exit_of_plan
from reconciler.cli.journals import open_journal_of
from reconciler.cli.planned import tell_time
from reconciler.cli.project import open_workplace
from reconciler.cli.site import find_environment, open_site

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.cli.options import Scope
    from reconciler.cli.screen import Screen
    from reconciler.cli.site import Consent


def undo_apply(screen: Screen, scope: Scope, journal: Path, parallelism: int, consent: Consent) -> Exit:
    """Put back what the journal says was written, after showing it and asking.

    Files are not compared, as the undoing is not in them: only the command line can ask for this. Every channel is read
    again first, and what somebody else has changed since is stale. The run has a journal of its own.
    """
    workplace = open_workplace(screen)
    chronicle = open_journal_of(journal)
    consent.require(f"look at it with  reconciler show {journal}  and add --auto-approve")
    environment = find_environment(workplace, scope, chronicle.plan)
    plan = make_inverse(chronicle, tell_time())
    with open_site(screen, workplace, environment, parallelism) as site:
        site.show(plan)
        # A journal was there to be looked at before it was named, just as a saved plan was.
        stopped = site.check_guards(plan, is_reviewed=True)
        if stopped:
            return stopped
        if not plan.sendable:
            report_nothing(screen, plan)
            return exit_of_plan(plan, detailed=False)
        if consent.asks and not site.agrees(plan):
            return Exit.FAILED
        return apply_task(site, Task(plan))
