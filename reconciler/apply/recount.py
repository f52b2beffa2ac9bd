"""The account of all runs of a plan together, as far as its journal tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.apply.entries import Ended, Intent
from reconciler.apply.staleness import find_remaining
from reconciler.apply.writing import RESUME
from reconciler.model.outcomes import ApplyResult, Outcome, OutcomeStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.apply.chronicle import Chronicle
    from reconciler.apply.writing import Landing
    from reconciler.model.plan import Change

_NOT_READ_AGAIN = "EnergyCAP confirmed the write, but the run was killed before the channel was read again at the end"
_CHECK = "check that nothing is left to do: reconciler plan"


def recount(chronicle: Chronicle) -> ApplyResult:
    """What became of every sendable change, the writes of all runs counted together.

    A run that came to its end left an account. Of one that was killed the writes tell what is known, and the account is
    one of an interrupted run.
    """
    accounts = [entry.account for entry in chronicle.entries if isinstance(entry, Ended)]
    last = accounts[-1] if accounts else ApplyResult(())
    is_killed = not isinstance(chronicle.entries[-1] if chronicle.entries else None, Ended)
    told = {outcome.name: outcome for outcome in last.outcomes}
    if is_killed:
        since = {entry.name for entry in chronicle.last_run if isinstance(entry, Intent)}
        told = {name: told[name] for name in told.keys() - since if told[name].status is OutcomeStatus.DONE}
    writes = chronicle.writes_by_name
    outcomes = (
        _recount(change, [landing for _, landing in writes[change.name]], told) for change in chronicle.plan.sendable
    )
    return ApplyResult(
        tuple(outcomes),
        interrupted=is_killed or last.interrupted,
        aborted_because="" if is_killed else last.aborted_because,
    )


def _recount(change: Change, landings: Sequence[Landing | None], told: Mapping[str, Outcome]) -> Outcome:
    sent = sum(landing is None or landing.was_sent for landing in landings)
    if None in landings:
        outcome = _end(change, OutcomeStatus.FAILED, "may have been written, and nobody has looked since", RESUME)
    else:
        outcome = told.get(change.name) or _judge(change, landings[-1] if landings else None)
    return replace(outcome, requests=sent, was_already_applied=outcome.was_already_applied and not sent)


def _judge(change: Change, last: Landing | None) -> Outcome:
    """What became of a change by the last of its writes, after which the run was killed."""
    if last is None:
        return _end(change, OutcomeStatus.NOT_TRIED, "the run was killed before it came to this", RESUME)
    if last.ending is OutcomeStatus.DONE and last.found and find_remaining(change.target_values, last.found):
        return _end(change, OutcomeStatus.FAILED, "was written in part before the run was killed", RESUME)
    if last.ending is OutcomeStatus.DONE:
        return replace(_end(change, OutcomeStatus.DONE, "", _CHECK), remark=_NOT_READ_AGAIN, unread=True)
    return _end(change, last.ending, last.message, last.fix)


def _end(change: Change, ending: OutcomeStatus, message: str, fix: str) -> Outcome:
    return Outcome(change.name, change.channel_id, ending, message, fix)
