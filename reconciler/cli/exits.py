"""The exit codes, the same in every format."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.outcomes import ApplyResult, OutcomeStatus
    from reconciler.model.plan import Plan


class Exit(IntEnum):
    """What the number means that a command exits with."""

    DONE = 0
    FAILED = 1
    CHANGES = 2
    BLOCKED = 3
    GUARDED = 4
    STALE = 5
    PARTLY_DONE = 6
    DIFFERS = 7
    USAGE = 64
    INTERRUPTED = 130


_GRAVEST_FIRST = (
    Exit.DIFFERS,
    Exit.INTERRUPTED,
    Exit.PARTLY_DONE,
    Exit.STALE,
    Exit.GUARDED,
    Exit.BLOCKED,
    Exit.FAILED,
    Exit.CHANGES,
)


def gravest(exits: Iterable[Exit]) -> Exit:
    """The most serious of `exits`; DONE where there is none."""
    found = set(exits)
    return next((code for code in _GRAVEST_FIRST if code in found), Exit.DONE)


def exit_of_plan(plan: Plan, *, detailed: bool) -> Exit:
    """How `plan` and `show` exit for this plan.

    A plan with errors cannot be applied at all, so that is said whatever else there is to say of it.
    """
    if plan.has_errors:
        return Exit.FAILED
    if plan.blocked:
        return Exit.BLOCKED
    return Exit.CHANGES if detailed and plan.sendable else Exit.DONE


def exit_of_account(plan: Plan, account: ApplyResult) -> Exit:
    """How `apply` exits after it carried out `plan`."""
    exits = {_exit_of_ending(outcome.status) for outcome in account.outcomes}
    if plan.blocked:
        exits.add(Exit.BLOCKED)
    # An answer is not yet a read-back: who reads no account must not take this for proved.
    if account.unread:
        exits.add(Exit.PARTLY_DONE)
    if account.interrupted:
        exits.add(Exit.INTERRUPTED)
    return gravest(exits)


def _exit_of_ending(ending: OutcomeStatus) -> Exit:
    # Imported here, as `validate` has no use for it.
    from reconciler.model.outcomes import OutcomeStatus

    match ending:
        case OutcomeStatus.DONE:
            return Exit.DONE
        case OutcomeStatus.STALE:
            return Exit.STALE
        case OutcomeStatus.FAILED | OutcomeStatus.NOT_TRIED:
            return Exit.PARTLY_DONE
        case OutcomeStatus.MISMATCH:
            return Exit.DIFFERS
        case _:
            assert_never(ending)
