"""Finds readings of a file that have the same channel and the same time."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import compress, groupby, islice, pairwise, repeat
from operator import gt, le, lt
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from reconciler.planning.messages import show_value
from reconciler.readings.csv_reader import Block
from reconciler.readings.json_reader import locate_rows
from reconciler.readings.reading_rows import RowError, show_number

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence, Set

    from reconciler.model.channels import Live
    from reconciler.readings.clock_changes import ClockChanges
    from reconciler.readings.reading_rows import Reading, ReadingGroup, ReadingRow
    from reconciler.readings.readings_file import ReadingsFile
    from reconciler.readings.routing import Router


# The earliest time, by whether times are without an offset.
_EARLIEST = {True: datetime(1, 1, 1), False: datetime(1, 1, 1, tzinfo=UTC)}  # noqa: DTZ001 - local times have no zone


class TimeRanges:
    """The time range of each channel's readings, for times without an offset, or for those with one.

    Most files are in the order of channels or of times, rising or falling: new readings of a channel are then after its
    range, or before it, and cannot be duplicates. All other channels are `suspects`. Channels are given by id, None for
    readings without one.
    """

    def __init__(self, *, is_naive: bool) -> None:
        self._earliest = _EARLIEST[is_naive]
        self._lows: dict[int | None, datetime] = {}
        self._highs: dict[int | None, datetime] = {}
        self.suspects: set[int | None] = set()

    def add(self, channel: int | None, times: Sequence[datetime]) -> None:
        """Add readings of one channel; there must be some."""
        if channel in self.suspects:
            return
        low, high = times[0], times[-1]
        is_suspect = False
        if not all(map(lt, times, islice(times, 1, None))):
            low, high, is_suspect = min(times), max(times), len(set(times)) < len(times)
        if channel not in self._highs:
            self._lows[channel], self._highs[channel] = low, high
        elif low > self._highs[channel]:
            self._highs[channel] = high
        elif high < self._lows[channel]:
            self._lows[channel] = low
        else:
            is_suspect = True
        if is_suspect:
            self.suspects.add(channel)

    def add_mixed(self, channels: Sequence[int | None], times: Sequence[datetime]) -> None:
        """Add readings, each with its channel."""
        if self.suspects.issuperset(channels) or self._add_rising(channels, times):
            return
        own: dict[int | None, list[datetime]] = defaultdict(list)
        for channel, time in zip(channels, times, strict=True):
            own[channel].append(time)
        for channel, listed in own.items():
            self.add(channel, listed)

    def _add_rising(self, channels: Sequence[int | None], times: Sequence[datetime]) -> bool:
        """Add readings if they are in the order of time and after all earlier ones of their channels; whether they are.

        Adding them one by one would take as long as all other checks together.
        """
        firsts = dict(zip(reversed(channels), reversed(times), strict=True))
        if not all(map(le, times, islice(times, 1, None))):
            return False
        # Equal times are fine for different channels, but not for one.
        if len(firsts) < len(times) > len(set(zip(channels, times, strict=True))):
            return False
        if not all(map(gt, firsts.values(), map(self._highs.get, firsts, repeat(self._earliest)))):
            return False
        self._highs.update(zip(channels, times, strict=True))
        for channel in firsts.keys() - self._lows.keys():
            self._lows[channel] = firsts[channel]
        return True


# A channel, and whether times are without an offset: only the service knows the zone to compare them with instants.
_TimeSeries: TypeAlias = tuple[int, bool]
_MICROSECOND = timedelta(microseconds=1)


class _Timestamps:
    """The timestamps for which one channel gets several readings, in order, and the readings of the file.

    `lines` and `values` are those of the first reading; `differing` says whether another one has another value.
    Arrays take a tenth of the memory of records.
    """

    def __init__(self, times: array[int]) -> None:
        self.times = times
        number = len(times)
        self.counts, self.lines = array("q", bytes(8 * number)), array("q", bytes(8 * number))
        self.values, self.differing = array("d", bytes(8 * number)), bytearray(number)

    def find(self, time: int) -> int | None:
        index = bisect_left(self.times, time)
        return index if index < len(self.times) and self.times[index] == time else None

    def compare(self, index: int, located: _LocatedReading) -> RowError | None:
        """The error of the next reading of the file with the timestamp at `index`; None if it is the first."""
        locate_rows(located.group)
        self.counts[index] += 1
        reading, line, first = located.reading, self.lines[index], self.values[index]
        if self.counts[index] == 1:
            self.lines[index], self.values[index] = located.row.line, reading.value
            return None
        where = f"at {reading.time} on channel {located.channel.id} {show_value(located.channel.name)}"
        if reading.value == first:
            return RowError("ESA621", f"a reading is in the file twice, also in line {line}", "", (where,))
        self.differing[index] = True
        found = f"found {show_number(reading.value)} here and {show_number(first)} in line {line}"
        return RowError("ESA620", f"one channel gets two values for one time, {found}", "", (where,))


class _LocatedReading(NamedTuple):
    """A valid reading, where it is in the file, and the channel it goes to."""

    group: ReadingGroup
    row: ReadingRow
    reading: Reading
    channel: Live

    @property
    def series(self) -> _TimeSeries:
        return self.channel.id, self.row.is_naive

    @property
    def time(self) -> int:
        return _microseconds(datetime.fromisoformat(self.reading.time))


class Duplicates:
    """The readings of a file that have the same channel and time as others."""

    def __init__(self, router: Router, changes: ClockChanges, timestamps: Mapping[_TimeSeries, _Timestamps]) -> None:
        self._router = router
        self._changes = changes
        self._timestamps = timestamps

    @property
    def conflict_count(self) -> int:
        """How many readings have another value than one with the same channel and time."""
        return sum(sum(compress(timestamps.counts, timestamps.differing)) for timestamps in self._timestamps.values())

    def list_errors(self, file: ReadingsFile) -> Iterator[tuple[int, RowError]]:
        """The line and error of each of these readings of `file`, except the first for each channel and time.

        Must be read completely before `conflict_count` and `mark` are used. Raises BrokenFile and FileError.
        """
        for part in self._changes.read_parts(file, self._router):
            # Comparing times is fast; only a part with a duplicate is read row by row.
            times = _list_times(part, self._router, self._timestamps)
            if any(self._timestamps[series].find(time) is not None for series, time in times):
                yield from self._compare(part)

    def mark(self, groups: Iterable[ReadingGroup]) -> Iterator[ReadingGroup]:
        """`groups` with an error on each reading that contradicts another."""
        for group in groups:
            for located, timestamps, index in self._find(group):
                if timestamps.differing[index]:
                    text = (
                        f"one channel gets two values for one time, the first of them in line {timestamps.lines[index]}"
                    )
                    located.row.errors = (*located.row.errors, RowError("ESA620", text))
            yield group

    def _compare(self, part: Block | ReadingGroup) -> Iterator[tuple[int, RowError]]:
        for group in _list_groups(part):
            for located, timestamps, index in self._find(group):
                error = timestamps.compare(index, located)
                if error is not None:
                    yield located.row.line, error

    def _find(self, group: ReadingGroup) -> Iterator[tuple[_LocatedReading, _Timestamps, int]]:
        for located in _locate_readings(group, self._router, self._timestamps):
            timestamps = self._timestamps[located.series]
            index = timestamps.find(located.time)
            if index is not None:
                yield located, timestamps, index


def find_duplicates(
    file: ReadingsFile, router: Router, changes: ClockChanges, suspects: Set[_TimeSeries]
) -> Duplicates:
    """The duplicates in `file`; only channels of `suspects` can have any.

    `changes`, the decisions on hours that clocks skip or repeat, are applied first. Takes 8 bytes for each reading of
    `suspects` during the search, and 33 bytes for each duplicate time afterwards. Raises BrokenFile and FileError.
    """
    times: dict[_TimeSeries, array[int]] = defaultdict(lambda: array("q"))
    for part in changes.read_parts(file, router):
        for series, time in _list_times(part, router, suspects):
            times[series].append(time)
    return Duplicates(
        router, changes, {series: _Timestamps(own) for series in times if (own := _pick_repeated(times[series]))}
    )


def _pick_repeated(times: array[int]) -> array[int]:
    repeated = (one for one, other in pairwise(sorted(times)) if one == other)
    return array("q", (time for time, _ in groupby(repeated)))


def _list_groups(part: Block | ReadingGroup) -> Iterable[ReadingGroup]:
    return part.read_groups() if isinstance(part, Block) else (part,)


def _list_times(
    part: Block | ReadingGroup, router: Router, wanted: Container[_TimeSeries]
) -> Iterator[tuple[_TimeSeries, int]]:
    """The time of each valid reading for a channel of `wanted`; row by row only if the block needs it."""
    zones = part.find_zones() if isinstance(part, Block) else None
    if not isinstance(part, Block) or zones is None or len(zones) > 1:
        for group in _list_groups(part):
            yield from ((located.series, located.time) for located in _locate_readings(group, router, wanted))
        return
    (is_naive,) = zones
    keys = part.keys
    # A block has few different keys, so each is looked up once.
    channels = {key: router.find(key).channel for key in set(keys)}
    series_by_key = {key: (channel.id, is_naive) for key, channel in channels.items() if channel is not None}
    for key, time in zip(keys if len(keys) > 1 else repeat(keys[0]), part.times, strict=False):
        series = series_by_key.get(key)
        if series is not None and series in wanted:
            yield series, _microseconds(time)


def _microseconds(time: datetime) -> int:
    """A time in microseconds since the year 1."""
    return (time - _EARLIEST[time.tzinfo is None]) // _MICROSECOND


def _locate_readings(group: ReadingGroup, router: Router, wanted: Container[_TimeSeries]) -> Iterator[_LocatedReading]:
    """The valid readings of `group`, if its channel is in `wanted`."""
    channel = None if group.key is None or group.errors else router.find(group.key).channel
    if channel is None:
        return
    for row in group.rows:
        if row.reading is not None and (channel.id, row.is_naive) in wanted:
            yield _LocatedReading(group, row, row.reading, channel)
