"""Local times that clocks skip or repeat when they are set forward or back."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from datetime import MAXYEAR, UTC, datetime, timedelta, timezone
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.readings.csv_reader import Block, read_blocks
from reconciler.readings.json_reader import locate_rows
from reconciler.readings.reading_rows import RowError
from reconciler.readings.routing import refuse_bare_dates
from reconciler.readings.times import skipped_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from reconciler.readings.reading_rows import ReadingGroup, ReadingRow
    from reconciler.readings.readings_file import ReadingsFile
    from reconciler.readings.routing import Router


_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_NONE = timedelta(0)


class Transition(Struct, frozen=True):
    """A change of clocks at `instant`: local times from `begin` to `end` are skipped, or occur twice.

    `before` and `after` are the offsets before and after it.
    """

    instant: datetime
    before: timedelta
    after: timedelta

    @property
    def is_skipped(self) -> bool:
        return self.after > self.before

    @property
    def begin(self) -> datetime:
        return self._wall(min(self.before, self.after))

    @property
    def end(self) -> datetime:
        return self._wall(max(self.before, self.after))

    def _wall(self, offset: timedelta) -> datetime:
        return (self.instant + offset).replace(tzinfo=None)


@cache
def find_transitions(zone: tzinfo, year: int) -> tuple[Transition, ...]:
    """The changes of the clocks of `zone` in a year, and in the day before and after it."""
    found = []
    at = datetime(year, 1, 1, tzinfo=UTC) - _DAY
    end = datetime(year + 1, 1, 1, tzinfo=UTC) + _DAY
    # Comparing days is enough, because no zone changes its clocks twice in one day.
    while at < end:
        if _offset(at, zone) != _offset(at + _DAY, zone):
            instant = _bisect_change(at, at + _DAY, zone)
            found.append(Transition(instant, _offset(instant - _SECOND, zone), _offset(instant, zone)))
        at += _DAY
    return tuple(found)


def _bisect_change(low: datetime, high: datetime, zone: tzinfo) -> datetime:
    """The first second after `low`, and not after `high`, that has the offset of `high`."""
    while high - low > _SECOND:
        middle = low + timedelta(seconds=(high - low) // _SECOND // 2)
        if _offset(middle, zone) == _offset(high, zone):
            high = middle
        else:
            low = middle
    return high


def _offset(at: datetime, zone: tzinfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or _NONE


def find_offsets_by_order(
    times: Sequence[datetime], change: Transition, before: datetime | None, following: datetime | None
) -> Sequence[timedelta] | None:
    """The offset of each of a channel's `times` in the hour that `change` repeats; None if it is ambiguous.

    `times` are in the order of the file. `before` is the reading before them, `following` the one after them. If they
    are two runs, the first run is the earlier hour for rising times, and the later hour for falling ones.
    """
    rising = _first_run(times, lambda one, other: one < other)
    falling = _first_run(times, lambda one, other: one > other)
    directions = {_is_rising(before, change, is_before=True), _is_rising(following, change, is_before=False)} - {None}
    if len(directions) > 1:
        return None
    if rising is not None and directions != {False} and (falling is None or directions):
        return [change.before] * rising + [change.after] * (len(times) - rising)
    if falling is not None and directions != {True} and (rising is None or directions):
        return [change.after] * falling + [change.before] * (len(times) - falling)
    return None


def _first_run(times: Sequence[datetime], is_next: Callable[[datetime, datetime], bool]) -> int | None:
    """How many of `times` are in the first run; None if they are not exactly two runs."""
    breaks = [place for place, (one, other) in enumerate(pairwise(times), start=1) if not is_next(one, other)]
    return breaks[0] if len(breaks) == 1 else None


def _is_rising(time: datetime | None, change: Transition, *, is_before: bool) -> bool | None:
    """Whether a reading beside the hour shows that times rise in the file; None if there is no such reading."""
    return None if time is None else (time < change.begin) is is_before


# Readings farther from a change of clocks do not show the order of times around it.
_NEAR = timedelta(hours=25)


class ClockDecision(Struct, frozen=True):
    """The decision on a reading near a change of clocks: it gets an `offset`, or is rejected with an `error`."""

    offset: timedelta | None = None
    error: RowError | None = None


class ClockChanges:
    """The decisions on the readings of a file in hours that clocks skip or repeat, by their number in the file."""

    def __init__(self, decisions: Mapping[int, ClockDecision] | None = None) -> None:
        self.decisions = decisions or {}
        self._numbers = sorted(self.decisions)

    @property
    def placed(self) -> int:
        """How many readings get their offset by their order."""
        return sum(decision.offset is not None for decision in self.decisions.values())

    def read_parts(self, file: ReadingsFile, router: Router) -> Iterator[Block | ReadingGroup]:
        """The file in blocks and groups, with the decisions applied. Raises BrokenFile and FileError while reading."""
        number = 0
        for part in read_parts(file):
            count = len(part.rows)
            if not isinstance(part, Block):
                self._apply(part, router, number)
                yield part
            # Rows are read one by one only if needed, because that takes several times as long as a block.
            elif self._has_any(number, number + count):
                for place, group in enumerate(part.read_groups()):
                    self._apply(group, router, number + place)
                    yield group
            else:
                yield part
            number += count

    def read_groups(self, file: ReadingsFile, router: Router) -> Iterator[ReadingGroup]:
        """All readings of the file, with the decisions applied. Raises BrokenFile and FileError while reading."""
        number = 0
        for group in file.read_groups():
            self._apply(group, router, number)
            yield group
            number += len(group.rows)

    def list_errors(self, file: ReadingsFile) -> Iterator[tuple[int, RowError]]:
        """Each error, and the line of its reading."""
        if all(decision.error is None for decision in self.decisions.values()):
            return
        number = 0
        for part in read_parts(file):
            if self._has_any(number, number + len(part.rows)):
                for place, row in enumerate(_list_rows(part)):
                    decision = self.decisions.get(number + place)
                    if decision is not None and decision.error is not None:
                        yield row.line, decision.error
            number += len(part.rows)

    def _has_any(self, begin: int, end: int) -> bool:
        place = bisect_left(self._numbers, begin)
        return place < len(self._numbers) and self._numbers[place] < end

    def _apply(self, group: ReadingGroup, router: Router, number: int) -> None:
        refuse_bare_dates(group, router)
        if self._has_any(number, number + len(group.rows)):
            for place, row in enumerate(group.rows):
                if decision := self.decisions.get(number + place):
                    _apply_decision(row, decision)


class LocalTimeRange:
    """The range from the earliest to the latest local time of a file."""

    def __init__(self) -> None:
        self._low: datetime | None = None
        self._high: datetime | None = None

    @property
    def has_any(self) -> bool:
        return self._low is not None

    def add(self, times: Sequence[datetime]) -> None:
        """Extend the range by local times."""
        if times:
            low, high = min(times), max(times)
            self._low = low if self._low is None else min(self._low, low)
            self._high = high if self._high is None else max(self._high, high)

    def has_transition(self, zones: Iterable[tzinfo]) -> bool:
        """Whether clocks are set forward or back in one of `zones` within the range."""
        if self._low is None or self._high is None:
            return False
        return _has_transition(self._low, self._high, zones)


def _has_transition(low: datetime, high: datetime, zones: Iterable[tzinfo]) -> bool:
    first, last = low.replace(tzinfo=UTC) - _NEAR, high.replace(tzinfo=UTC) + _NEAR
    return any(
        first <= change.instant <= last
        for zone in zones
        for year in range(first.year, last.year + 1)
        for change in find_transitions(zone, year)
    )


def read_parts(file: ReadingsFile) -> Iterator[Block] | Iterator[ReadingGroup]:
    """The blocks of a CSV file, or the groups of another. Raises BrokenFile and FileError."""
    return file.read_groups() if file.layout is None else read_blocks(file.source, file.layout)


def find_clock_changes(file: ReadingsFile, router: Router, zones: Mapping[int, tzinfo]) -> ClockChanges:
    """The decisions on the readings of `file` in hours that clocks skip or repeat.

    `zones` are those of data points, by their ids; if the file has a zone of its own, that one counts. Raises
    BrokenFile and FileError.
    """
    search = _ClockChangeFinder(router, zones, file.times.zone)
    number = 0
    for part in read_parts(file):
        if not isinstance(part, Block):
            search.add(part, number)
        elif search.is_near(part):
            for place, group in enumerate(part.read_groups()):
                search.add(group, number + place)
        number += len(part.rows)
    return ClockChanges(search.finish())


class _RepeatedHour(Struct):
    """A channel's readings in one repeated hour: their numbers and times, and the readings before and after them."""

    change: Transition
    before: datetime | None
    zone: tzinfo
    numbers: list[int] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    following: datetime | None = None
    is_over: bool = False
    is_interrupted: bool = False


class _ClockChangeFinder:
    """Goes through the readings of a file in order, and collects those near changes of clocks."""

    def __init__(self, router: Router, zones: Mapping[int, tzinfo], own: tzinfo | None) -> None:
        self._router = router
        self._zones = zones
        self._file_zone = own
        self._all_zones = {own} if own is not None else set(zones.values())
        self._decisions: dict[int, ClockDecision] = {}
        self._last: dict[int, datetime] = {}
        self._hours: dict[int, dict[datetime, _RepeatedHour]] = defaultdict(dict)

    def is_near(self, block: Block) -> bool:
        """Whether a reading of `block` may be near a change of clocks in any of the zones."""
        if block.find_zones() is None:
            return True
        # Times with and without an offset cannot be compared. Read as UTC, each is at most a day wrong, which is less
        # than `_NEAR`.
        times = [time.replace(tzinfo=UTC) for time in block.times]
        return _has_transition(min(times), max(times), self._all_zones)

    def add(self, group: ReadingGroup, number: int) -> None:
        channel = None if group.key is None or group.errors else self._router.find(group.key).channel
        zone = None if channel is None else self._file_zone or self._zones.get(channel.data_point.id)
        if channel is None or zone is None:
            return
        for place, row in enumerate(group.rows):
            # A date alone has no time of day that clocks could skip or repeat.
            if row.reading is not None and not row.is_date:
                at = datetime.fromisoformat(row.reading.time)
                self._add_time(channel.id, zone, at, number + place)

    def _add_time(self, channel_id: int, zone: tzinfo, at: datetime, number: int) -> None:
        wall = at if at.tzinfo is None else at.astimezone(zone).replace(tzinfo=None)
        change = _find_change(wall, zone) if at.tzinfo is None else None
        if change is not None and change.is_skipped:
            self._decisions[number] = ClockDecision(error=skipped_time(wall, zone))
        elif change is not None:
            hour = self._hours[channel_id].setdefault(
                change.begin, _RepeatedHour(change, self._last.get(channel_id), zone)
            )
            # If other readings are in between, the order says nothing about the two parts.
            hour.is_interrupted = hour.is_interrupted or hour.is_over
            hour.numbers.append(number)
            hour.times.append(wall)
        if change is None:
            self._leave(channel_id, wall)
        self._last[channel_id] = wall

    def _leave(self, channel_id: int, wall: datetime) -> None:
        for hour in self._hours.get(channel_id, {}).values():
            if not hour.is_over:
                hour.is_over, hour.following = True, wall

    def finish(self) -> dict[int, ClockDecision]:
        for hours in self._hours.values():
            for hour in hours.values():
                offsets = None
                if not hour.is_interrupted:
                    offsets = find_offsets_by_order(hour.times, hour.change, hour.before, hour.following)
                if offsets is None:
                    pairs = zip(hour.numbers, hour.times, strict=True)
                    self._decisions |= {
                        number: ClockDecision(error=_ambiguous_time(time, hour)) for number, time in pairs
                    }
                else:
                    given = zip(hour.numbers, offsets, strict=True)
                    self._decisions |= {number: ClockDecision(offset) for number, offset in given}
        return self._decisions


def _find_change(wall: datetime, zone: tzinfo) -> Transition | None:
    """The change of clocks that skips or repeats a local time, if there is one."""
    changes = find_transitions(zone, wall.year)
    return next((change for change in changes if change.begin <= wall < change.end), None)


def explain_clock_change(wall: datetime, zone: tzinfo) -> tuple[str, str] | None:
    """What the clocks of `zone` do at a local time, and the local times to write instead; None if it occurs once."""
    # No calendar goes beyond the last year, whose end the search would look at.
    change = _find_change(wall, zone) if wall.year < MAXYEAR else None
    if change is None:
        return None
    begin, end = change.begin.isoformat(), change.end.isoformat()
    if change.is_skipped:
        return f"does not exist in {zone}, where the clocks go from {begin} to {end}", f"before {begin}, or  {end}"
    offsets = " and ".join(_format_offset(offset) for offset in (change.before, change.after))
    return f"occurs twice in {zone}, at {offsets}", f"before {begin}, or  {end}"


def _format_offset(offset: timedelta) -> str:
    return timezone(offset).tzname(None).removeprefix("UTC")


def _ambiguous_time(wall: datetime, hour: _RepeatedHour) -> RowError:
    first, second = (
        wall.replace(tzinfo=timezone(offset)).isoformat() for offset in (hour.change.before, hour.change.after)
    )
    message = f"the local time {wall.isoformat()} occurs twice in {hour.zone}, and nothing says which is meant"
    return RowError("ESA625", message, f"write it as  {first}  for the earlier, or  {second}  for the later")


def _apply_decision(row: ReadingRow, decision: ClockDecision) -> None:
    if decision.error is not None:
        row.errors, row.reading = (*row.errors, decision.error), None
    elif decision.offset is not None and row.reading is not None:
        at = datetime.fromisoformat(row.reading.time).replace(tzinfo=timezone(decision.offset))
        row.reading, row.is_naive = row.reading.at(at.isoformat()), False


def _list_rows(part: Block | ReadingGroup) -> Iterable[ReadingRow]:
    if isinstance(part, Block):
        return [row for group in part.read_groups() for row in group.rows]
    locate_rows(part)
    return part.rows
