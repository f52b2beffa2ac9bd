"""The confirmed writes of a run, so that a read that lags behind one is not taken for what somebody else did."""

from __future__ import annotations

from collections import defaultdict
from threading import Lock
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.journal_entries import RunFinished, WriteIntended
from reconciler.apply.remaining import WriteTarget, at_version, find_unwritten, index_begins
from reconciler.model.canonical import is_same
from reconciler.model.fields import OBSERVATION_RULE_ID, PRIMARY_FLAGS
from reconciler.model.outcomes import OutcomeStatus

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from reconciler.apply.journal_reader import JournalContent
    from reconciler.apply.remaining import Write
    from reconciler.model.channels import Live
    from reconciler.model.outcomes import Outcome


class _ConfirmedWrites(Struct, frozen=True):
    """What was written to one channel or one of its versions, by one write or several, and how it read before."""

    before: Live
    write: Write


class WriteHistory:
    """The confirmed writes of a run, for any number of threads.

    A service may answer a read with the state before a write that it has confirmed. Such a read must not be mistaken
    for somebody else's edit, nor be sent back, which would undo the write. Nor is it a reason to send what the service
    does by itself, as when it moves a primary flag.
    """

    def __init__(self) -> None:
        # By the id of the channel, and then by the version that was written, with its begin where it was a new one.
        self._writes: dict[int, dict[tuple[int, str], _ConfirmedWrites]] = {}
        # The channel that took a primary flag of a data point, by the id of that and the path of the flag.
        self._takers: dict[tuple[int, str], int] = {}
        # The new channels of each data point.
        self._created: dict[int, set[int]] = defaultdict(set)
        self._lock = Lock()

    def note(self, before: Live, write: Write, found: Live | None) -> None:
        """Add that `write` was done to the channel that was read as `before`, and then as `found`."""
        if write.part is WriteTarget.NEW_CHANNEL:
            self._note_created(write, found or before)
            return
        with self._lock:
            writes = self._writes.setdefault(before.id, {})
            key = write.version_id or before.current.id, write.begin
            if earlier := writes.get(key):
                write = replace(write, wanted={**earlier.write.wanted, **write.wanted})
                before = earlier.before
            writes[key] = _ConfirmedWrites(before, write)
            self._note_flags(before, write)

    def _note_created(self, write: Write, live: Live) -> None:
        with self._lock:
            self._created[live.data_point.id].add(live.id)
            self._note_flags(live, write)

    def _note_flags(self, live: Live, write: Write) -> None:
        for flag in PRIMARY_FLAGS:
            point = live.data_point.id, flag
            if write.wanted.get(flag) is True:
                self._takers[point] = live.id
            elif write.wanted.get(flag) is False and self._takers.get(point) == live.id:
                del self._takers[point]

    def lacks_new(self, data_point_id: int, channels: Sequence[Live]) -> bool:
        """Whether `channels`, which should be all of the data point, lack one that was created there."""
        with self._lock:
            created = frozenset(self._created.get(data_point_id, ()))
        return not created <= {live.id for live in channels}

    def is_late(self, channels: Sequence[Live]) -> bool:
        """Whether one of `channels` still shows the state before a confirmed write."""
        return any(self._shows_former(live) or self._lost_a_flag(live) for live in channels)

    def _lost_a_flag(self, live: Live) -> bool:
        """Whether `live` shows a primary flag that another channel of its data point has taken since."""
        with self._lock:
            takers = {flag: self._takers.get((live.data_point.id, flag), live.id) for flag in PRIMARY_FLAGS}
        return any(taker != live.id and live.values.get(flag) is True for flag, taker in takers.items())

    def _shows_former(self, live: Live) -> bool:
        with self._lock:
            writes = tuple(self._writes.get(live.id, {}).values())
        begun = index_begins(live) if writes else {}
        return any(_is_former(one, live, begun) for one in writes)


def _is_former(one: _ConfirmedWrites, live: Live, begun: Container[str]) -> bool:
    """Whether `live` lacks a version that was created, or shows a value from before the write.

    `begun` are the begins of its versions.
    """
    if one.write.part is WriteTarget.NEW_VERSION:
        return one.write.begin not in begun
    remaining = find_unwritten(one.write, live)
    before, now = at_version(one.before, one.write.version_id), at_version(live, one.write.version_id)
    if before is None or now is None:
        return False
    rule_id = now.values.get(OBSERVATION_RULE_ID)
    return any(is_same(path, before.values.get(path), now.values.get(path), rule_id) for path in remaining)


def find_written(content: JournalContent | None) -> WriteHistory:
    """The confirmed writes of earlier runs of a plan that no read-back has shown yet."""
    written = WriteHistory()
    for intent, found in _list_unshown(content) if content else ():
        written.note(intent.before, intent.write, found)
    return written


def find_holders_before(content: JournalContent | None) -> Mapping[str, Mapping[str, int]]:
    """The channels that had a primary flag before a new channel came, by the name of its change.

    Only of creations after which no run has compared them, because it was killed or could not read.
    """
    if content is None:
        return {}
    unshown = (*(intent for intent, _ in _list_unshown(content)), *content.open)
    return {intent.name: intent.holders for intent in unshown if intent.holders}


def _list_unshown(content: JournalContent) -> tuple[tuple[WriteIntended, Live | None], ...]:
    """The confirmed writes of changes that no run has read back at its end, and how each read right after it."""
    results = {intent.number: result for intent, result in content.writes}
    unshown: list[tuple[WriteIntended, Live | None]] = []
    for entry in content.entries:
        if (
            isinstance(entry, WriteIntended)
            and (result := results[entry.number])
            and result.status is OutcomeStatus.DONE
        ):
            unshown.append((entry, result.found))
        elif isinstance(entry, RunFinished):
            shown = {outcome.name for outcome in entry.result.outcomes if _was_read(outcome)}
            unshown = [(intent, found) for intent, found in unshown if intent.name not in shown]
    return tuple(unshown)


def _was_read(outcome: Outcome) -> bool:
    return outcome.status in {OutcomeStatus.DONE, OutcomeStatus.MISMATCH} and not outcome.unread
