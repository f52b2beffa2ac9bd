"""The stored readings of channels: read in parts that are proved complete.

Sources: GET /api/v202407/esaReading, "raw and processed", and GET /api/v202410/esaReading/summarized, both paginated;
their filters are documented, their rows are not.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from msgspec import Struct

from reconciler.energycap.endpoints import LIST_ESA_READINGS, LIST_SUMMARIZED
from reconciler.energycap.paging import MAX_PAGE_SIZE, read_counts, read_pages
from reconciler.energycap.reading_pages import STORED, SUMMARIZED, RowReader, tell_apart
from reconciler.energycap.reading_times import UnclearTime, has_offset, order_rows
from reconciler.energycap.responses import UnexpectedType, bad_response, decode, read_objects
from reconciler.energycap.time_zones import find_time_zone
from reconciler.model.fields import INTERVAL_MINUTES
from reconciler.model.registers import ChannelReading, SummarizedReading, read_interval, shift
from reconciler.model.values import canonical_time

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor
    from zoneinfo import ZoneInfo

    from reconciler.energycap.endpoints import Endpoint
    from reconciler.energycap.reading_pages import RowKind, RowSet, StoredRow
    from reconciler.energycap.session import Session
    from reconciler.energycap.time_zones import DataPoints
    from reconciler.errors import ServiceError
    from reconciler.model.channels import Live
    from reconciler.model.project import VersionDates


Reading = TypeVar("Reading")

# Which zone the filter is in is not documented, nor whether it means the begin or the end of an interval.
_MARGIN = timedelta(days=1)
# Where a channel gives no interval, as calculated ones may.
USUAL_INTERVAL = timedelta(minutes=15)
# A part is never so short that most of what is read is the margin.
_SHORTEST = timedelta(days=7)
_GROWTH = 8
# A part that is read alone has about a page of readings.
_PAGE = 900
# More are not held at once: a part that has more is cut again.
MOST_ROWS = 25_000
_UNCLEAR = "say what it means: versionDates in reconciler.yaml, see docs/explanation/versions.md"


class Part(Struct, frozen=True):
    """The span of one list: after `begin`, which is included in the first part only, up to and including `end`."""

    begin: datetime
    end: datetime
    is_first: bool

    def holds(self, time: datetime) -> bool:
        """Whether the local time is in the part."""
        return (self.begin <= time if self.is_first else self.begin < time) and time <= self.end

    def pick(self, rows: Sequence[StoredRow]) -> list[StoredRow]:
        """Those of `rows`, which have local times and those of the margin too, that are in the part."""
        begin, end = (canonical_time(time.isoformat()) for time in (self.begin, self.end))
        if self.is_first:
            return [row for row in rows if begin <= row.time <= end]
        return [row for row in rows if begin < row.time <= end]


class Pace:
    """How long parts of a span are to be so that each has about `wanted` rows of the channels that it is read for."""

    def __init__(self, interval: timedelta, channels: int, wanted: int) -> None:
        self.margin = _MARGIN + interval
        self._wanted = wanted
        self.length = max(_SHORTEST, wanted * (interval or USUAL_INTERVAL) / channels - 2 * self.margin)

    def note(self, part: Part, count: int) -> None:
        """Change the length after a part in which `count` rows came, those of the margin included."""
        length = part.end - part.begin
        self.length = max(_SHORTEST, min(self._fit(length, count), length * _GROWTH))

    def shorten(self, part: Part, found: TooManyRows) -> None:
        """Change the length after a part that was not read. Raises BadResponse if it was short already."""
        length = part.end - part.begin
        if length <= _SHORTEST:
            raise bad_response(
                f"the list of {found.noun} has {found.count:,} of {part.begin.isoformat()} to {part.end.isoformat()}, "
                "which is more than any channel has"
            )
        self.length = max(_SHORTEST, min(self._fit(length, found.count), length / 2))

    def _fit(self, length: timedelta, count: int) -> timedelta:
        if not count:
            return length * _GROWTH
        return (length + 2 * self.margin) * self._wanted / count - 2 * self.margin


def cut(begin: datetime, end: datetime, length: timedelta, *, is_first: bool) -> Part:
    """The part from `begin` on that ends at noon, unless the whole span ends before: clocks do not repeat that hour."""
    return Part(begin, min(end, _find_noon(shift(begin, length))), is_first)


def _find_noon(time: datetime) -> datetime:
    return time.replace(hour=12, minute=0, second=0, microsecond=0)


class TooManyRows(Exception):
    """A list has more rows than are to be held at once."""

    def __init__(self, noun: str, count: int) -> None:
        super().__init__()
        self.noun = noun
        self.count = count


class FoundRows(Struct, frozen=True):
    """The rows of a complete list by their channels, why those of some channels are not understood, and their count."""

    by_channel: Mapping[int, Sequence[StoredRow]]
    flaws: Mapping[int, str]
    count: int


class RowSource(Protocol):
    """Where rows of channels come from, at most so many channels at once; `count` is how many rows came in all."""

    most_channels: int
    noun: str
    count: int

    def read(self, ids: Sequence[int], begin: datetime, end: datetime) -> FoundRows:
        """All rows of these channels between two times, whose zone is not known. Raises TooManyRows, ServiceError."""


class _ReadingPage(Struct, frozen=True):
    """A page of a list, as paging.AnyPage describes it, and why some of its channels are not understood."""

    number: int
    rows: Sequence[StoredRow]
    total: int | None
    size: int
    pages: int | None
    ids: Sequence[Hashable]
    flaws: Mapping[int, str]


class RowList:
    """A paged list of rows of any channels."""

    # An id of 10 digits takes 19 characters of an address, which servers take up to about 8,000 of.
    most_channels = 150

    def __init__(self, session: Session, executor: Executor, kind: RowKind, endpoint: Endpoint, time: str) -> None:
        self._session = session
        self._executor = executor
        self._endpoint = endpoint
        self._time = time
        self._reader = RowReader(kind)
        self._lock = threading.Lock()
        self.noun = kind.noun
        self.count = 0

    def read(self, ids: Sequence[int], begin: datetime, end: datetime) -> FoundRows:
        """As RowSource has it."""
        channels = "|".join(f"'{channel_id}'" for channel_id in ids)
        span = f"{self._time} between '{begin.isoformat()}'|'{end.isoformat()}'"
        filter_ = f"esaChannelID one of {channels} and {span}"
        pages = read_pages(lambda number: self._read_page(filter_, number), self._executor, self.noun)
        by_channel: dict[int, list[StoredRow]] = {channel_id: [] for channel_id in ids}
        for page in pages:
            found = {row.channel for row in page.rows}
            if others := found - by_channel.keys():
                # A service that ignores the filter answers with the readings of all channels.
                raise bad_response(f"the {self.noun} of {_name(ids)}: {_refuse(ids, min(others))}")
            if len(found) == 1:
                by_channel[found.pop()] += page.rows
                continue
            for row in page.rows:
                by_channel[row.channel].append(row)
        flaws = {channel_id: flaw for page in pages for channel_id, flaw in page.flaws.items()}
        return FoundRows(by_channel, flaws, sum(len(page.rows) for page in pages))

    def _read_page(self, filter_: str, number: int) -> _ReadingPage:
        if number > 1:
            return self._fetch_page(filter_, number)
        # In a thread of the others, so that however many lists are read side by side, no more requests are.
        first = self._executor.submit(self._fetch_page, filter_, number).result()
        count = (first.pages or 0) * len(first.rows) if first.total is None else first.total
        if count > MOST_ROWS:
            raise TooManyRows(self.noun, count)
        return first

    def _fetch_page(self, filter_: str, number: int) -> _ReadingPage:
        query = {"filter": filter_, "pageNumber": str(number), "pageSize": str(MAX_PAGE_SIZE)}
        request = self._endpoint.request(query=query)
        answer = self._session.request(request)
        found = self._reader.decode(answer.body)
        if found is None:
            found = self._read_rows(decode(request, answer, is_exact=True), number)
        with self._lock:
            self.count += len(found.rows)
        total, size, pages = read_counts(answer.headers, self.noun)
        is_alone = pages in {None, 0, 1} if total is None else total == len(found.rows)
        ids = tell_apart(found.rows, is_alone=is_alone)
        return _ReadingPage(number, found.rows, total, size, pages, ids, found.flaws)

    def _read_rows(self, document: object, number: int) -> RowSet:
        try:
            return self._reader.read(read_objects(document, f"page {number} of the {self.noun}"))
        except UnexpectedType as odd:
            raise bad_response(f"the list of {self.noun}: {odd}") from None


def _refuse(ids: Sequence[int], found: int) -> UnexpectedType:
    expected = f"the id {ids[0]}" if len(ids) == 1 else "one of those that were asked for"
    return UnexpectedType("the channel of a reading", expected, found)


def _name(ids: Sequence[int]) -> str:
    return f"channel {ids[0]}" if len(ids) == 1 else f"{len(ids)} channels"


def list_stored(session: Session, executor: Executor) -> RowList:
    """The list of readings, raw and processed."""
    return RowList(session, executor, STORED, LIST_ESA_READINGS, "beginDate")


def list_summarized(session: Session, executor: Executor) -> RowList:
    """The list of summarized readings."""
    return RowList(session, executor, SUMMARIZED, LIST_SUMMARIZED, "timestamp")


class FoundPart(Struct, frozen=True):
    """The rows of a part by their channels, in the order of time and with those of the margin, and their count."""

    by_channel: Mapping[int, Sequence[StoredRow] | ServiceError]
    count: int


class PartReader:
    """Reads parts of spans, from any number of threads.

    `meaning` says what a time means that comes with a zone; `data_points` have the zones.
    """

    def __init__(self, source: RowSource, data_points: DataPoints, meaning: VersionDates | None) -> None:
        self.source = source
        self._data_points = data_points
        self._meaning = meaning

    def read(self, lives: Sequence[Live], part: Part, margin: timedelta) -> FoundPart:
        """The rows of these channels. Raises TooManyRows, and ServiceError for what is not about one of them."""
        found = self.source.read([live.id for live in lives], shift(part.begin, -margin), shift(part.end, margin))
        zones = self._find_zones([live for live in lives if any(map(has_offset, found.by_channel[live.id]))])
        return FoundPart({live.id: self._order(live, found, zones) for live in lives}, found.count)

    def _find_zones(self, lives: Sequence[Live]) -> Mapping[int, ZoneInfo | None]:
        points = self._data_points.read(live.data_point.id for live in lives)
        return {point_id: find_time_zone(point) for point_id, point in points.items()}

    def _order(
        self, live: Live, found: FoundRows, zones: Mapping[int, ZoneInfo | None]
    ) -> Sequence[StoredRow] | ServiceError:
        flaw = found.flaws.get(live.id)
        try:
            if flaw is None:
                return order_rows(found.by_channel[live.id], self._meaning, zones.get(live.data_point.id))
        except UnexpectedType as odd:
            flaw = str(odd)
        except UnclearTime as time:
            return bad_response(
                f"channel {live.id}: a reading is at {time}, and nothing says whether that is local time", _UNCLEAR
            )
        return bad_response(f"the {self.source.noun} of channel {live.id}: {flaw}")


def make_readings(rows: Sequence[StoredRow]) -> list[ChannelReading]:
    """The readings of one channel, from its rows."""
    return [ChannelReading(row.time, row.raw, row.value, row.estimated) for row in rows]


def make_summarized(rows: Sequence[StoredRow]) -> list[SummarizedReading]:
    """The summarized readings of one channel; a row whose value is null says that there is none."""
    return [SummarizedReading(row.time, row.value, row.estimated) for row in rows if row.value is not None]


class ReadingLister(Generic[Reading]):
    """Lists readings of one channel as they are taken, from any number of threads."""

    def __init__(self, parts: PartReader, make: Callable[[Sequence[StoredRow]], list[Reading]]) -> None:
        self._parts = parts
        self._make = make

    def read(self, live: Live, begin: datetime, end: datetime, *, newest_first: bool = False) -> Iterator[Reading]:
        """The readings of `live` from `begin` to `end`, both included and in local time, in the order of time.

        They come part by part, and each part is proved complete before its first reading comes. Raises ServiceError.
        """
        if begin > end:
            return
        pace = Pace(read_interval(live.values.get(INTERVAL_MINUTES)), 1, _PAGE)
        at = end if newest_first else begin
        is_first = True
        while is_first or begin < at < end:
            part = _cut_back(begin, at, pace.length) if newest_first else cut(at, end, pace.length, is_first=is_first)
            try:
                found = self._parts.read([live], part, pace.margin)
            except TooManyRows as many:
                pace.shorten(part, many)
                continue
            rows = found.by_channel[live.id]
            if isinstance(rows, Exception):
                raise rows
            readings = self._make(part.pick(rows))
            yield from reversed(readings) if newest_first else readings
            pace.note(part, found.count)
            at, is_first = part.begin if newest_first else part.end, False


def _cut_back(begin: datetime, end: datetime, length: timedelta) -> Part:
    """The part up to `end` that begins at noon, unless the whole span begins after that."""
    start = max(begin, _find_noon(shift(end, -length)))
    return Part(start, end, is_first=start == begin)
