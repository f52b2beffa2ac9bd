"""Checks that imported readings are stored as they were sent."""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from msgspec import Struct, field

from reconciler.errors import ServiceError
from reconciler.readings.delivery import read_stored
from reconciler.readings.reading_rows import RowError, show_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from threading import Event as Signal

    from reconciler.energycap.mapping import StoredReading
    from reconciler.readings.delivery import Delivery, OutgoingReading


class StoredValue(Struct, eq=False):
    """A stored reading; `is_raw` says that its value is the one that was sent, before any multiplier.

    `estimated` is None if the service does not say whether it is.
    """

    value: float | None
    is_raw: bool
    estimated: bool | None = None
    is_matched: bool = False


class StoredIndex(Struct):
    """Stored readings by instant, by local time, and by local time if their offset is missing or zero."""

    instants: dict[datetime, list[StoredValue]] = field(default_factory=lambda: defaultdict(list))
    local_times: dict[datetime, list[StoredValue]] = field(default_factory=lambda: defaultdict(list))
    unzoned: dict[datetime, list[StoredValue]] = field(default_factory=lambda: defaultdict(list))

    def find(self, at: datetime, zone: tzinfo | None) -> StoredValue | None:
        """The stored reading at a time, each only once; None if there is none.

        A local time is one of `zone`, if that is known. The service may write local time without an offset, or with a Z
        that has no meaning.
        """
        if at.tzinfo is None:
            instant = None if zone is None else at.replace(tzinfo=zone).astimezone(UTC)
            candidates = self.instants.get(instant, []) if instant is not None else []
            return _take_unmatched(candidates) or _take_unmatched(
                self.local_times.get(at, []) if zone is None else self.unzoned.get(at, [])
            )
        wall = at.astimezone(zone).replace(tzinfo=None) if zone is not None else None
        return _take_unmatched(self.instants.get(at, [])) or (
            None if wall is None else _take_unmatched(self.unzoned.get(wall, []))
        )


def index_stored(readings: Iterable[StoredReading]) -> StoredIndex:
    """The index of `readings`; those whose time cannot be read are left out."""
    index = StoredIndex()
    for reading in readings:
        try:
            at = datetime.fromisoformat(reading.time)
        except ValueError:
            continue
        stored, wall = StoredValue(reading.value, reading.is_raw, reading.estimated), at.replace(tzinfo=None)
        index.local_times[wall].append(stored)
        if not at.utcoffset():
            index.unzoned[wall].append(stored)
        if at.tzinfo is not None:
            index.instants[at.astimezone(UTC)].append(stored)
    return index


def _take_unmatched(candidates: list[StoredValue]) -> StoredValue | None:
    stored = next((one for one in candidates if not one.is_matched), None)
    if stored is not None:
        stored.is_matched = True
    return stored


# Readings that wait to be read back, at 25 bytes each. With fewer, the same channels would be read more often.
_MAX_PENDING = 200_000
# Readings are read back in one request if they are close together in time, and not too many.
_MAX_PER_REQUEST = 10_000
_MAX_GAP = 62 * 24 * 3600 * 10**6
_STOPPED = "the import was stopped"
# The service may return new readings with a delay.
_MAX_ATTEMPTS = 3
_ZERO = datetime(1, 1, 1)  # noqa: DTZ001 - local times have no zone
_MICROSECOND = timedelta(microseconds=1)

# A channel, its name, its zone, and whether times are without an offset.
_SentSeries: TypeAlias = "tuple[int, str, tzinfo | None, bool]"


class StorageCheck(Struct):
    """The imported readings compared with those that the channels have.

    `stored` are there as they were sent, `differing` are missing or have another value, and `unchecked` could not be
    read back because of `unchecked_reason`. Of several readings of a channel at one time only the last is stored; the
    others are `overwritten`. `errors` has the first that differ, with their lines.
    """

    stored: int = 0
    differing: int = 0
    unchecked: int = 0
    overwritten: int = 0
    unchecked_reason: str = ""
    errors: list[tuple[int, RowError]] = field(default_factory=list)


class _SentReadings(Struct):
    """Readings of one channel as columns: times in microseconds, values, lines, and which are estimated."""

    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    lines: array[int] = field(default_factory=lambda: array("q"))
    estimated: bytearray = field(default_factory=bytearray)


class _SentReading(NamedTuple):
    """A reading as it was sent, with its line."""

    value: float
    line: int
    estimated: bool


class StorageChecker:
    """Collects imported readings, and reads them back when there are enough.

    `zones` are those of data points, by their ids. `stop` ends the check, and at most `shown` errors are listed.
    """

    def __init__(self, delivery: Delivery, zones: Mapping[int, tzinfo], stop: Signal, shown: int) -> None:
        self.storage = StorageCheck()
        self._delivery = delivery
        self._zones = zones
        self._stop = stop
        self._shown = shown
        self._sent: dict[_SentSeries, _SentReadings] = defaultdict(_SentReadings)
        self._held = 0

    def add(self, readings: Iterable[OutgoingReading]) -> None:
        """Add readings that were imported according to the service."""
        for outgoing in readings:
            at = datetime.fromisoformat(outgoing.reading.time)
            zone = self._zones.get(outgoing.channel.data_point.id)
            sent = self._sent[outgoing.channel.id, outgoing.channel.name, zone, at.tzinfo is None]
            sent.times.append((_to_local(at, UTC) - _ZERO) // _MICROSECOND)
            sent.values.append(outgoing.reading.value)
            sent.lines.append(outgoing.row.line)
            sent.estimated.append(outgoing.reading.estimated)
            self._held += 1
        if self._held >= _MAX_PENDING:
            self.check()

    def check(self) -> None:
        """Read back everything that was added since the last check."""
        for place, sent in self._sent.items():
            for part in self._split(sent):
                self._check_part(place, part)
        self._sent.clear()
        self._held = 0

    def _split(self, sent: _SentReadings) -> Iterator[dict[int, _SentReading]]:
        """The readings by their times, in order, in parts for one request each."""
        part: dict[int, _SentReading] = {}
        before = None
        for place in sorted(range(len(sent.times)), key=sent.times.__getitem__):
            time = sent.times[place]
            if before is not None and time != before and (len(part) >= _MAX_PER_REQUEST or time - before > _MAX_GAP):
                yield part
                part = {}
            self.storage.overwritten += time == before
            # The sort keeps the order of the file for readings at one time, so the last one remains here, too.
            part[time] = _SentReading(sent.values[place], sent.lines[place], bool(sent.estimated[place]))
            before = time
        if part:
            yield part

    def _check_part(self, place: _SentSeries, wanted: dict[int, _SentReading]) -> None:
        if self._stop.is_set() and not self.storage.unchecked_reason:
            self.storage.unchecked_reason = _STOPPED
        if self.storage.unchecked_reason:
            self.storage.unchecked += len(wanted)
            return
        for attempt in range(_MAX_ATTEMPTS):
            if attempt:
                self._delivery.pause()
            try:
                found = self._find_differing(place, wanted)
            except ServiceError as error:
                self.storage.unchecked_reason = error.message
                self.storage.unchecked += len(wanted)
                return
            if not found:
                break
        self.storage.stored += len(wanted) - len(found)
        self.storage.differing += len(found)
        room = self._shown - len(self.storage.errors)
        self.storage.errors += [
            (wanted[time].line, _not_stored(place, time, what)) for time, what in found[: max(room, 0)]
        ]

    def _find_differing(self, place: _SentSeries, wanted: dict[int, _SentReading]) -> Sequence[tuple[int, str]]:
        """The times of `wanted` at which the channel has something else, and what it has. Raises ServiceError."""
        channel_id, _, zone, is_naive = place
        first, last = _ZERO + min(wanted) * _MICROSECOND, _ZERO + max(wanted) * _MICROSECOND
        stored = index_stored(read_stored(self._delivery.sender, channel_id, first, last))
        found = []
        for time, one in wanted.items():
            at = (_ZERO + time * _MICROSECOND) if is_naive else (_ZERO + time * _MICROSECOND).replace(tzinfo=UTC)
            found_value = stored.find(at, zone)
            if found_value is None or not _is_equal(found_value, one):
                found.append((time, "found none" if found_value is None else f"found {_show(found_value)}"))
        return found


def _to_local(at: datetime, zone: tzinfo) -> datetime:
    """`at` in `zone`, without its offset; unchanged if it has none."""
    return at if at.tzinfo is None else at.astimezone(zone).replace(tzinfo=None)


def _is_equal(stored: StoredValue, wanted: _SentReading) -> bool:
    """Whether a stored reading is `wanted`, up to the digits that the service keeps. Only raw values are compared."""
    if stored.estimated not in (None, wanted.estimated):
        return False
    number = stored.value
    return not stored.is_raw or (number is not None and math.isclose(number, wanted.value, rel_tol=1e-9, abs_tol=1e-12))


def _show(stored: StoredValue) -> str:
    number = "no value" if stored.value is None else show_number(stored.value)
    return number if stored.estimated is None else f"{number}, {'estimated' if stored.estimated else 'not estimated'}"


def _not_stored(place: _SentSeries, time: int, what: str) -> RowError:
    channel_id, name, zone, is_naive = place
    at = _ZERO + time * _MICROSECOND
    shown = at.isoformat() if is_naive else at.replace(tzinfo=UTC).astimezone(zone or UTC).isoformat()
    message = f"an imported reading is not stored as it was sent, {what}"
    return RowError("ESA628", message, "", (f'at {shown} on channel {channel_id} "{name}"',))
