"""The exit codes, the same in every format."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.outcomes import ApplyResult, OutcomeStatus
    from reconciler.model.plan import Plan


class ExitCode(IntEnum):
    """What the exit code of a command means."""

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


_WORST_FIRST = (
    ExitCode.DIFFERS,
    ExitCode.INTERRUPTED,
    ExitCode.PARTLY_DONE,
    ExitCode.STALE,
    ExitCode.GUARDED,
    ExitCode.BLOCKED,
    ExitCode.FAILED,
    ExitCode.CHANGES,
)


def worst(exits: Iterable[ExitCode]) -> ExitCode:
    """The most serious of `exits`; DONE if there are none."""
    found = set(exits)
    return next((code for code in _WORST_FIRST if code in found), ExitCode.DONE)


def exit_of_plan(plan: Plan, *, detailed: bool) -> ExitCode:
    """The exit code of `plan` and `show` for this plan.

    Errors come before all else, because a plan with errors cannot be applied.
    """
    if plan.has_errors:
        return ExitCode.FAILED
    if plan.blocked:
        return ExitCode.BLOCKED
    return ExitCode.CHANGES if detailed and plan.sendable else ExitCode.DONE


def exit_of_result(plan: Plan, result: ApplyResult) -> ExitCode:
    """The exit code of `apply` after it applied `plan`."""
    exits = {_exit_of_status(outcome.status) for outcome in result.outcomes}
    if plan.blocked:
        exits.add(ExitCode.BLOCKED)
    # A response is not a read-back: a script that reads only the exit code must not take these writes for verified.
    if result.unread:
        exits.add(ExitCode.PARTLY_DONE)
    if result.interrupted:
        exits.add(ExitCode.INTERRUPTED)
    return worst(exits)


def _exit_of_status(status: OutcomeStatus) -> ExitCode:
    # Imported here because `validate` does not need it.
    from reconciler.model.outcomes import OutcomeStatus

    match status:
        case OutcomeStatus.DONE:
            return ExitCode.DONE
        case OutcomeStatus.STALE:
            return ExitCode.STALE
        case OutcomeStatus.FAILED | OutcomeStatus.NOT_TRIED:
            return ExitCode.PARTLY_DONE
        case OutcomeStatus.MISMATCH:
            return ExitCode.DIFFERS
        case _:
            assert_never(status)
