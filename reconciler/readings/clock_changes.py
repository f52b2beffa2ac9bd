"""Local times that clocks skip or repeat, in the time zones of the data points that a file's readings are for."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.readings.csv_rows import Block, read_blocks
from reconciler.readings.flaws import Flaw
from reconciler.readings.json_rows import locate_rows
from reconciler.readings.repeated_hours import find_moments
from reconciler.readings.settling import settle_dates
from reconciler.readings.times import refuse_skipped
from reconciler.readings.transitions import find_transitions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from reconciler.readings.files import ReadingsFile
    from reconciler.readings.routing import Router
    from reconciler.readings.rows import Parcel, Row
    from reconciler.readings.transitions import Transition

# What lies farther from a change of clocks says nothing about the order of times around it.
_NEAR = timedelta(hours=25)


class Verdict(Struct, frozen=True):
    """What is done about a reading near a change of clocks: it gets an `offset`, or is refused with a `flaw`."""

    offset: timedelta | None = None
    flaw: Flaw | None = None


class ClockChanges:
    """What is done about the readings of a file in hours that clocks skip or repeat, by their number in the file."""

    def __init__(self, verdicts: Mapping[int, Verdict] | None = None) -> None:
        self.verdicts = verdicts or {}
        self._numbers = sorted(self.verdicts)

    @property
    def placed(self) -> int:
        """How many readings get their offset by their order."""
        return sum(verdict.offset is not None for verdict in self.verdicts.values())

    def read_parts(self, file: ReadingsFile, router: Router) -> Iterator[Block | Parcel]:
        """The file in blocks and parcels, and in parcels alone where something is done. Raises as its reading does."""
        number = 0
        for part in read_parts(file):
            count = len(part.rows)
            if not isinstance(part, Block):
                self._settle(part, router, number)
                yield part
            elif self._has_any(number, number + count):
                for place, parcel in enumerate(part.read_parcels()):
                    self._settle(parcel, router, number + place)
                    yield parcel
            else:
                yield part
            number += count

    def read_parcels(self, file: ReadingsFile, router: Router) -> Iterator[Parcel]:
        """All readings of the file, settled. Raises BrokenFile and FileError, also while they are read."""
        number = 0
        for parcel in file.read_parcels():
            self._settle(parcel, router, number)
            yield parcel
            number += len(parcel.rows)

    def list_flaws(self, file: ReadingsFile) -> Iterator[tuple[int, Flaw]]:
        """Each flaw, and the line of its reading."""
        if all(verdict.flaw is None for verdict in self.verdicts.values()):
            return
        number = 0
        for part in read_parts(file):
            if self._has_any(number, number + len(part.rows)):
                for place, row in enumerate(_list_rows(part)):
                    verdict = self.verdicts.get(number + place)
                    if verdict is not None and verdict.flaw is not None:
                        yield row.line, verdict.flaw
            number += len(part.rows)

    def _has_any(self, begin: int, end: int) -> bool:
        place = bisect_left(self._numbers, begin)
        return place < len(self._numbers) and self._numbers[place] < end

    def _settle(self, parcel: Parcel, router: Router, number: int) -> None:
        settle_dates(parcel, router)
        if self._has_any(number, number + len(parcel.rows)):
            for place, row in enumerate(parcel.rows):
                if verdict := self.verdicts.get(number + place):
                    _judge(row, verdict)


class Clocks:
    """The span that the local times of a file are in."""

    def __init__(self) -> None:
        self._low: datetime | None = None
        self._high: datetime | None = None

    @property
    def has_any(self) -> bool:
        return self._low is not None

    def add(self, times: Sequence[datetime]) -> None:
        """Take note of local times."""
        if times:
            low, high = min(times), max(times)
            self._low = low if self._low is None else min(self._low, low)
            self._high = high if self._high is None else max(self._high, high)

    def meet(self, zones: Iterable[tzinfo]) -> bool:
        """Whether clocks are set forward or back in one of `zones` within the span."""
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


def read_parts(file: ReadingsFile) -> Iterator[Block] | Iterator[Parcel]:
    """The blocks of a CSV file, or the parcels of another. Raises BrokenFile and FileError."""
    return file.read_parcels() if file.layout is None else read_blocks(file.source, file.layout)


def find_clock_changes(file: ReadingsFile, router: Router, zones: Mapping[int, tzinfo]) -> ClockChanges:
    """What is to be done about the readings of `file` in hours that clocks skip or repeat.

    `zones` are those of data points, by their ids; where the file has a zone of its own, that one counts. Raises
    BrokenFile and FileError.
    """
    search = _Search(router, zones, file.times.zone)
    number = 0
    for part in read_parts(file):
        if not isinstance(part, Block):
            search.add(part, number)
        elif search.is_near(part):
            for place, parcel in enumerate(part.read_parcels()):
                search.add(parcel, number + place)
        number += len(part.rows)
    return ClockChanges(search.finish())


class _Stay(Struct):
    """A channel's readings in one repeated hour: their numbers and times, and the readings beside them."""

    change: Transition
    before: datetime | None
    zone: tzinfo
    numbers: list[int] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    following: datetime | None = None
    is_left: bool = False
    is_torn: bool = False


class _Search:
    """Goes through the readings of a file in order, and remembers those near changes of clocks."""

    def __init__(self, router: Router, zones: Mapping[int, tzinfo], own: tzinfo | None) -> None:
        self._router = router
        self._zones = zones
        self._own = own
        self._all = {own} if own is not None else set(zones.values())
        self._verdicts: dict[int, Verdict] = {}
        self._last: dict[int, datetime] = {}
        self._stays: dict[int, dict[datetime, _Stay]] = defaultdict(dict)

    def is_near(self, block: Block) -> bool:
        """Whether any reading of `block` may be near a change of clocks in any of the zones."""
        if block.find_zones() is None:
            return True
        # Times with and without offset are not compared; as UTC all are at most a day away from what they are.
        times = [time.replace(tzinfo=UTC) for time in block.times]
        return _has_transition(min(times), max(times), self._all)

    def add(self, parcel: Parcel, number: int) -> None:
        channel = None if parcel.key is None or parcel.flaws else self._router.find(parcel.key).channel
        zone = None if channel is None else self._own or self._zones.get(channel.data_point.id)
        if channel is None or zone is None:
            return
        for place, row in enumerate(parcel.rows):
            if row.reading is not None and not row.is_date:
                at = datetime.fromisoformat(row.reading.time)
                self._add_time(channel.id, zone, at, number + place)

    def _add_time(self, channel_id: int, zone: tzinfo, at: datetime, number: int) -> None:
        wall = at if at.tzinfo is None else at.astimezone(zone).replace(tzinfo=None)
        change = _find_change(wall, zone) if at.tzinfo is None else None
        if change is not None and change.is_skipped:
            self._verdicts[number] = Verdict(flaw=refuse_skipped(wall, zone))
        elif change is not None:
            stay = self._stays[channel_id].setdefault(change.begin, _Stay(change, self._last.get(channel_id), zone))
            stay.is_torn = stay.is_torn or stay.is_left
            stay.numbers.append(number)
            stay.times.append(wall)
        if change is None:
            self._leave(channel_id, wall)
        self._last[channel_id] = wall

    def _leave(self, channel_id: int, wall: datetime) -> None:
        for stay in self._stays.get(channel_id, {}).values():
            if not stay.is_left:
                stay.is_left, stay.following = True, wall

    def finish(self) -> dict[int, Verdict]:
        for stays in self._stays.values():
            for stay in stays.values():
                offsets = None
                if not stay.is_torn:
                    offsets = find_moments(stay.times, stay.change, stay.before, stay.following)
                if offsets is None:
                    pairs = zip(stay.numbers, stay.times, strict=True)
                    self._verdicts |= {number: Verdict(flaw=_refuse(time, stay)) for number, time in pairs}
                else:
                    given = zip(stay.numbers, offsets, strict=True)
                    self._verdicts |= {number: Verdict(offset) for number, offset in given}
        return self._verdicts


def _find_change(wall: datetime, zone: tzinfo) -> Transition | None:
    """The change of clocks that skips or repeats a local time."""
    changes = find_transitions(zone, wall.year)
    return next((change for change in changes if change.begin <= wall < change.end), None)


def _refuse(wall: datetime, stay: _Stay) -> Flaw:
    first, second = (
        wall.replace(tzinfo=timezone(offset)).isoformat() for offset in (stay.change.before, stay.change.after)
    )
    message = f"the local time {wall.isoformat()} occurs twice in {stay.zone}, and nothing says which is meant"
    return Flaw("ESA625", message, f"write it as  {first}  for the earlier, or  {second}  for the later")


def _judge(row: Row, verdict: Verdict) -> None:
    if verdict.flaw is not None:
        row.flaws, row.reading = (*row.flaws, verdict.flaw), None
    elif verdict.offset is not None and row.reading is not None:
        at = datetime.fromisoformat(row.reading.time).replace(tzinfo=timezone(verdict.offset))
        row.reading, row.is_naive = row.reading.at(at.isoformat()), False


def _list_rows(part: Block | Parcel) -> Iterable[Row]:
    if isinstance(part, Block):
        return [row for parcel in part.read_parcels() for row in parcel.rows]
    locate_rows(part)
    return part.rows
