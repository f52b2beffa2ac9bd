"""Finds readings of a file that one channel gets for one time."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import compress, groupby, pairwise, repeat
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from reconciler.planning.messages import show_value
from reconciler.readings.csv_rows import Block
from reconciler.readings.flaws import Flaw
from reconciler.readings.json_rows import locate_rows

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Set

    from reconciler.model.channels import Live
    from reconciler.readings.cells import Reading
    from reconciler.readings.clock_changes import ClockChanges
    from reconciler.readings.files import ReadingsFile
    from reconciler.readings.routing import Router
    from reconciler.readings.rows import Parcel, Row

# Whether times are without an offset: local time and instants cannot be compared, for the zone is the service's.
_Place: TypeAlias = tuple[int, bool]
_BEGINNING = {True: datetime(1, 1, 1), False: datetime(1, 1, 1, tzinfo=UTC)}  # noqa: DTZ001 - local times have no zone
_MICROSECOND = timedelta(microseconds=1)


class _Moments:
    """The moments at which one channel gets several readings, in order, and what the file says at each.

    `lines` and `values` are those of the first reading; `differing` says whether another has another value.
    In arrays, which take a tenth of what records of so many moments would.
    """

    def __init__(self, times: array[int]) -> None:
        self.times = times
        number = len(times)
        self.counts, self.lines = array("q", bytes(8 * number)), array("q", bytes(8 * number))
        self.values, self.differing = array("d", bytes(8 * number)), bytearray(number)

    def find(self, time: int) -> int | None:
        place = bisect_left(self.times, time)
        return place if place < len(self.times) and self.times[place] == time else None

    def compare(self, place: int, spotted: _Spotted) -> Flaw | None:
        """What is wrong with the next reading of the file at this place; nothing where it is the first."""
        locate_rows(spotted.parcel)
        self.counts[place] += 1
        reading, line, first = spotted.reading, self.lines[place], self.values[place]
        if self.counts[place] == 1:
            self.lines[place], self.values[place] = spotted.row.line, reading.value
            return None
        where = f"at {reading.time} on channel {spotted.channel.id} {show_value(spotted.channel.name)}"
        if reading.value == first:
            return Flaw("ESA621", f"a reading is in the file twice, found it in line {line}, too", "", (where,))
        self.differing[place] = True
        found = f"found {_show(reading.value)} here and {_show(first)} in line {line}"
        return Flaw("ESA620", f"one channel gets two values for one time, {found}", "", (where,))


class _Spotted(NamedTuple):
    """A reading that is sound in itself, where it is in the file, and where it lands."""

    parcel: Parcel
    row: Row
    reading: Reading
    channel: Live

    @property
    def place(self) -> _Place:
        return self.channel.id, self.row.is_naive

    @property
    def time(self) -> int:
        return _count(datetime.fromisoformat(self.reading.time))


class Repeats:
    """The readings of a file that share their channel and time with others of it."""

    def __init__(self, router: Router, changes: ClockChanges, moments: Mapping[_Place, _Moments]) -> None:
        self._router = router
        self._changes = changes
        self._moments = moments

    @property
    def contradictions(self) -> int:
        """How many readings have a value that another one, of the same channel and time, has not."""
        return sum(sum(compress(moments.counts, moments.differing)) for moments in self._moments.values())

    def tell(self, file: ReadingsFile) -> Iterator[tuple[int, Flaw]]:
        """What is wrong with each of these readings of `file` but the first of its channel and time, and its line.

        Must be gone through once, and before anything else is asked. Raises BrokenFile and FileError.
        """
        for part in self._changes.read_parts(file, self._router):
            times = _list_times(part, self._router, self._moments)
            if any(self._moments[place].find(time) is not None for place, time in times):
                yield from self._compare(part)

    def mark(self, parcels: Iterable[Parcel]) -> Iterator[Parcel]:
        """`parcels` with a flaw on each reading that others contradict."""
        for parcel in parcels:
            for spotted, moments, place in self._find(parcel):
                if moments.differing[place]:
                    text = f"one channel gets two values for one time, the first of them in line {moments.lines[place]}"
                    spotted.row.flaws = (*spotted.row.flaws, Flaw("ESA620", text))
            yield parcel

    def _compare(self, part: Block | Parcel) -> Iterator[tuple[int, Flaw]]:
        for parcel in _list_parcels(part):
            for spotted, moments, place in self._find(parcel):
                flaw = moments.compare(place, spotted)
                if flaw is not None:
                    yield spotted.row.line, flaw

    def _find(self, parcel: Parcel) -> Iterator[tuple[_Spotted, _Moments, int]]:
        for spotted in _spot(parcel, self._router, self._moments):
            moments = self._moments[spotted.place]
            place = moments.find(spotted.time)
            if place is not None:
                yield spotted, moments, place


def find_repeats(file: ReadingsFile, router: Router, changes: ClockChanges, doubtful: Set[_Place]) -> Repeats:
    """The readings of `file` at one time, of the channels of `doubtful`, which alone can have such.

    What is done about the hours that clocks skip or repeat, `changes`, comes first.

    Takes 8 bytes for each of their readings while it looks, and 33 for each time that is there twice from then on.
    Raises BrokenFile and FileError.
    """
    times: dict[_Place, array[int]] = defaultdict(lambda: array("q"))
    for part in changes.read_parts(file, router):
        for place, time in _list_times(part, router, doubtful):
            times[place].append(time)
    return Repeats(router, changes, {place: _Moments(own) for place in times if (own := _pick_repeated(times[place]))})


def _show(value: float) -> str:
    return repr(value).removesuffix(".0")


def _pick_repeated(times: array[int]) -> array[int]:
    repeated = (one for one, other in pairwise(sorted(times)) if one == other)
    return array("q", (time for time, _ in groupby(repeated)))


def _list_parcels(part: Block | Parcel) -> Iterable[Parcel]:
    return part.read_parcels() if isinstance(part, Block) else (part,)


def _list_times(part: Block | Parcel, router: Router, wanted: Container[_Place]) -> Iterator[tuple[_Place, int]]:
    """The time of each sound reading that lands on a channel of `wanted`; row by row only where that must be."""
    zones = part.find_zones() if isinstance(part, Block) else None
    if not isinstance(part, Block) or zones is None or len(zones) > 1:
        for parcel in _list_parcels(part):
            yield from ((spotted.place, spotted.time) for spotted in _spot(parcel, router, wanted))
        return
    (is_naive,) = zones
    own = part.keys
    channels = {key: router.find(key).channel for key in set(own)}
    places = {key: (channel.id, is_naive) for key, channel in channels.items() if channel is not None}
    for key, time in zip(own if len(own) > 1 else repeat(own[0]), part.times, strict=False):
        place = places.get(key)
        if place is not None and place in wanted:
            yield place, _count(time)


def _count(time: datetime) -> int:
    """A time in microseconds since the beginning of time."""
    return (time - _BEGINNING[time.tzinfo is None]) // _MICROSECOND


def _spot(parcel: Parcel, router: Router, wanted: Container[_Place]) -> Iterator[_Spotted]:
    """The sound readings of `parcel`, where they land on a channel of `wanted`."""
    channel = None if parcel.key is None or parcel.flaws else router.find(parcel.key).channel
    if channel is None:
        return
    for row in parcel.rows:
        if row.reading is not None and (channel.id, row.is_naive) in wanted:
            yield _Spotted(parcel, row, row.reading, channel)
