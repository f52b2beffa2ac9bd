"""What a run has seen written, to recognise reads that are older than that."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.apply.entries import Ended, Intent
from reconciler.apply.staleness import find_remaining
from reconciler.model.canonical import is_same
from reconciler.model.fields import IS_PRIMARY_DEMAND, IS_PRIMARY_VALUE, OBSERVATION_RULE_ID
from reconciler.model.outcomes import OutcomeStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.apply.chronicle import Chronicle
    from reconciler.apply.writing import Landing
    from reconciler.model.channels import Live
    from reconciler.model.outcomes import Outcome
    from reconciler.model.values import Spec

_FLAGS = (IS_PRIMARY_VALUE, IS_PRIMARY_DEMAND)


class _Write(Struct, frozen=True):
    """What was written to one channel, by one write or several, and how it read before the first."""

    before: Live
    wanted: Spec


class Written:
    """The writes that a run has seen done, for any number of threads.

    A service may answer a read from before a write that it has confirmed. What such a read shows must neither be taken
    for somebody else's edit nor be sent back, which would undo the write. Nor is it a reason to send again what
    the service did by itself, as when a primary flag moves.
    """

    def __init__(self) -> None:
        self._writes: dict[int, _Write] = {}
        # The channel that took a primary flag of a data point, by the id of that and the path of the flag.
        self._takers: dict[tuple[int, str], int] = {}
        self._lock = Lock()

    def note(self, before: Live, wanted: Spec) -> None:
        """Take note that `wanted` was written to the channel that read as `before`."""
        with self._lock:
            earlier = self._writes.get(before.id, _Write(before, {}))
            self._writes[before.id] = _Write(earlier.before, {**earlier.wanted, **wanted})
            for flag in _FLAGS:
                key = before.data_point.id, flag
                if wanted.get(flag) is True:
                    self._takers[key] = before.id
                elif wanted.get(flag) is False and self._takers.get(key) == before.id:
                    del self._takers[key]

    def is_late(self, channels: Sequence[Live]) -> bool:
        """Whether one of `channels` still reads as it did before a write that was seen done."""
        return any(self._shows_former(live) or self._lost_a_flag(live) for live in channels)

    def _lost_a_flag(self, live: Live) -> bool:
        """Whether `live` shows a primary flag though another channel of its data point took it."""
        with self._lock:
            takers = {flag: self._takers.get((live.data_point.id, flag), live.id) for flag in _FLAGS}
        return any(taker != live.id and live.values.get(flag) is True for flag, taker in takers.items())

    def _shows_former(self, live: Live) -> bool:
        with self._lock:
            write = self._writes.get(live.id)
        if write is None:
            return False
        before, rule_id = write.before.values, live.values.get(OBSERVATION_RULE_ID)
        remaining = find_remaining(write.wanted, live)
        return any(is_same(path, before.get(path), live.values.get(path), rule_id) for path in remaining)


def find_written(chronicle: Chronicle | None) -> Written:
    """What earlier runs of a plan have seen done, as far as none of them was there to see a read show it."""
    written = Written()
    for intent in _list_unshown(chronicle) if chronicle else ():
        written.note(intent.before, intent.write.wanted)
    return written


def _list_unshown(chronicle: Chronicle) -> tuple[Intent, ...]:
    """The confirmed writes of changes that no run has read at its end."""
    landings = {intent.number: landing for intent, landing in chronicle.writes}
    unshown: list[Intent] = []
    for entry in chronicle.entries:
        if isinstance(entry, Intent) and _is_done(landings[entry.number]):
            unshown.append(entry)
        elif isinstance(entry, Ended):
            shown = {outcome.name for outcome in entry.account.outcomes if _was_read(outcome)}
            unshown = [intent for intent in unshown if intent.name not in shown]
    return tuple(unshown)


def _is_done(landing: Landing | None) -> bool:
    return landing is not None and landing.ending is OutcomeStatus.DONE


def _was_read(outcome: Outcome) -> bool:
    return outcome.status in {OutcomeStatus.DONE, OutcomeStatus.MISMATCH} and not outcome.unread
