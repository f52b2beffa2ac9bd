"""Looks whether the readings that the service says it imported are there as they were sent."""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from msgspec import Struct, field

from reconciler.errors import ServiceError
from reconciler.readings.flaws import Flaw
from reconciler.readings.kept import Kept, index_kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo
    from threading import Event as Signal

    from reconciler.readings.batches import Load
    from reconciler.readings.delivery import Delivery

# Held back before they are looked for: 25 bytes each. Fewer would ask for more channels more often.
_HELD = 200_000
# Read in one request: readings that lie close together, and not too many of them.
_READ = 10_000
_APART = 62 * 24 * 3600 * 10**6
# Wide enough for any zone that the times may be meant in.
_MARGIN = timedelta(days=1)
_STOPPED = "the import was stopped"
# Reads may lag behind writes.
_ATTEMPTS = 3
_ZERO = datetime(1, 1, 1)  # noqa: DTZ001 - local times have no zone
_MICROSECOND = timedelta(microseconds=1)

# A channel, its name, its zone, and whether times are without an offset.
_Place: TypeAlias = "tuple[int, str, tzinfo | None, bool]"


class Tally(Struct):
    """What a look at the channels showed of the readings that were imported.

    `stored` are there as they were sent, `differing` are not there or have another value, and `unchecked` could not be
    looked for, for the reason in `unread`. Of several readings of a channel at one time the last counts alone, and the
    others are `overwritten`. `flaws` tell of the first that differ, with their lines.
    """

    stored: int = 0
    differing: int = 0
    unchecked: int = 0
    overwritten: int = 0
    unread: str = ""
    flaws: list[tuple[int, Flaw]] = field(default_factory=list)


class _Sent(Struct):
    """Readings of one channel, one beside the other: times in microseconds, values, lines, and which are estimated."""

    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    lines: array[int] = field(default_factory=lambda: array("q"))
    estimated: bytearray = field(default_factory=bytearray)


class _Wanted(NamedTuple):
    """A reading as it was sent, and its line."""

    value: float
    line: int
    estimated: bool


class Lookout:
    """Remembers what was imported, and now and then looks whether it is there.

    `zones` are those of data points, by their ids. `stop` ends the looking, and `shown` flaws are told at most.
    """

    def __init__(self, delivery: Delivery, zones: Mapping[int, tzinfo], stop: Signal, shown: int) -> None:
        self.tally = Tally()
        self._delivery = delivery
        self._zones = zones
        self._stop = stop
        self._shown = shown
        self._sent: dict[_Place, _Sent] = defaultdict(_Sent)
        self._held = 0

    def add(self, loads: Iterable[Load]) -> None:
        """Take note of readings that the service says it imported."""
        for load in loads:
            at = datetime.fromisoformat(load.reading.time)
            zone = self._zones.get(load.channel.data_point.id)
            sent = self._sent[load.channel.id, load.channel.name, zone, at.tzinfo is None]
            sent.times.append((_to_wall(at, UTC) - _ZERO) // _MICROSECOND)
            sent.values.append(load.reading.value)
            sent.lines.append(load.row.line)
            sent.estimated.append(load.reading.estimated)
            self._held += 1
        if self._held >= _HELD:
            self.look()

    def look(self) -> None:
        """Look for all that was noted since the last time."""
        for place, sent in self._sent.items():
            for part in self._split(sent):
                self._look_for(place, part)
        self._sent.clear()
        self._held = 0

    def _split(self, sent: _Sent) -> Iterator[dict[int, _Wanted]]:
        """The readings by their times, in order, as many at once as one request may read."""
        part: dict[int, _Wanted] = {}
        before = None
        for place in sorted(range(len(sent.times)), key=sent.times.__getitem__):
            time = sent.times[place]
            if before is not None and time != before and (len(part) >= _READ or time - before > _APART):
                yield part
                part = {}
            self.tally.overwritten += time == before
            # Of several at one time the sort keeps the order of the file: the last stays.
            part[time] = _Wanted(sent.values[place], sent.lines[place], bool(sent.estimated[place]))
            before = time
        if part:
            yield part

    def _look_for(self, place: _Place, wanted: dict[int, _Wanted]) -> None:
        if self._stop.is_set() and not self.tally.unread:
            self.tally.unread = _STOPPED
        if self.tally.unread:
            self.tally.unchecked += len(wanted)
            return
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._delivery.pause()
            try:
                found = self._find_differing(place, wanted)
            except ServiceError as error:
                self.tally.unread = error.message
                self.tally.unchecked += len(wanted)
                return
            if not found:
                break
        self.tally.stored += len(wanted) - len(found)
        self.tally.differing += len(found)
        room = self._shown - len(self.tally.flaws)
        self.tally.flaws += [(wanted[time].line, _tell(place, time, what)) for time, what in found[: max(room, 0)]]

    def _find_differing(self, place: _Place, wanted: dict[int, _Wanted]) -> Sequence[tuple[int, str]]:
        """Those times of `wanted` that the channel does not have so, and what it has. Raises ServiceError."""
        channel_id, _, zone, is_naive = place
        begin, end = _ZERO + min(wanted) * _MICROSECOND, _ZERO + max(wanted) * _MICROSECOND
        span = (begin - _MARGIN).isoformat(), (end + _MARGIN).isoformat()
        kept = index_kept(self._delivery.sender.read_readings(channel_id, *span))
        found = []
        for time, one in wanted.items():
            at = (_ZERO + time * _MICROSECOND) if is_naive else (_ZERO + time * _MICROSECOND).replace(tzinfo=UTC)
            there = kept.find(at, zone)
            if there is None or not _has(there, one):
                found.append((time, "found none" if there is None else f"found {_show(there)}"))
        return found


def _to_wall(at: datetime, zone: tzinfo) -> datetime:
    """`at` in `zone`, without its offset; as it is where it has none."""
    return at if at.tzinfo is None else at.astimezone(zone).replace(tzinfo=None)


def _has(kept: Kept, wanted: _Wanted) -> bool:
    """Whether a stored reading is `wanted`, as far as the service keeps digits, and says what was sent at all."""
    if kept.estimated not in (None, wanted.estimated):
        return False
    number = kept.value
    return not kept.is_raw or (number is not None and math.isclose(number, wanted.value, rel_tol=1e-9, abs_tol=1e-12))


def _show(kept: Kept) -> str:
    number = "no value" if kept.value is None else repr(kept.value).removesuffix(".0")
    return number if kept.estimated is None else f"{number}, {'estimated' if kept.estimated else 'not estimated'}"


def _tell(place: _Place, time: int, what: str) -> Flaw:
    channel_id, name, zone, is_naive = place
    at = _ZERO + time * _MICROSECOND
    shown = at.isoformat() if is_naive else at.replace(tzinfo=UTC).astimezone(zone or UTC).isoformat()
    message = f"an imported reading is not stored as it was sent, {what}"
    return Flaw("ESA628", message, "", (f'at {shown} on channel {channel_id} "{name}"',))
