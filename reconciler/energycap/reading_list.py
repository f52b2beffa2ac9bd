"""The stored readings of a channel, raw and processed: read in parts that are proved complete, by names that may vary.

Source: GET /api/v202407/esaReading, "raw and processed", paginated; its filters are documented, its rows are not.
What is not understood for certain raises BadResponse: a wrong value would be worse than none.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow
from hashlib import blake2b
from operator import itemgetter
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.energycap.endpoints import LIST_ESA_READINGS
from reconciler.energycap.paging import MAX_PAGE_SIZE, ListPage, ListRow, read_all_pages, read_counts
from reconciler.energycap.responses import UnexpectedType, bad_response, decode, read_objects
from reconciler.energycap.time_zones import read_date
from reconciler.model.fields import INTERVAL_MINUTES
from reconciler.model.project import VersionDates
from reconciler.model.registers import ChannelReading, read_interval, shift
from reconciler.model.values import canonical_moment, has_zone, is_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Executor

    from reconciler.energycap.responses import Document
    from reconciler.energycap.session import Session
    from reconciler.energycap.time_zones import FindZone
    from reconciler.model.channels import Live

_READINGS = "readings"
# In lower case: the filters of the page spell some names in another way than its other calls.
_CHANNEL_NAMES = ("esachannelid", "channelid")
_CHANNEL_OBJECTS = ("esachannel", "channel")
_TIME_NAMES = ("timestamp", "time", "readingdate")
_RAW_NAMES = ("rawvalue",)
_PROCESSED_NAMES = ("processedvalue", "value")
_ID_NAMES = ("esareadingid", "readingid", "observationid")
# Which zone the filter is in is not documented, nor whether it means the begin or the end of an interval.
_MARGIN = timedelta(days=1)
# A part has about a page of readings, but is never so short that most of what is read is the margin.
_WANTED_ROWS = 900
_SHORTEST = timedelta(days=7)
_GROWTH = 8
# Twice as many as the service keeps. Source: EsaChannelVersionEdit, "precision 30".
_DIGITS = 60
_PLAUSIBLE = Context(prec=_DIGITS, Emax=_DIGITS, Emin=-400, traps=[Inexact, InvalidOperation, Overflow])
_BRIEF = Context(prec=6, traps=[])
_UNCLEAR = "say what it means: versionDates in reconciler.yaml, see docs/explanation/versions.md"


class _ListedReading(Struct, frozen=True, gc=False):
    """A row as it came; `time` may still have a zone."""

    time: str
    raw: Decimal | None
    processed: Decimal | None
    estimated: bool | None


class _Part(Struct, frozen=True):
    """The span of one list: after `begin`, which is included in the first part only, up to and including `end`."""

    begin: datetime
    end: datetime
    is_first: bool

    def holds(self, time: datetime) -> bool:
        return (self.begin <= time if self.is_first else self.begin < time) and time <= self.end


class ReadingLister:
    """Lists readings of channels, from any number of threads.

    `meaning` says what a time means that comes with a zone; `find_zone` gives the zone of a data point.
    """

    def __init__(self, session: Session, executor: Executor, meaning: VersionDates | None, find_zone: FindZone) -> None:
        self._session = session
        self._executor = executor
        self._meaning = meaning
        self._find_zone = find_zone

    def read(self, live: Live, begin: datetime, end: datetime, *, newest_first: bool) -> Iterator[ChannelReading]:
        """The readings of `live` from `begin` to `end`, both included and in local time, in the order of time.

        They come part by part, and each part is proved complete before its first reading comes. Raises ServiceError.
        """
        if begin > end:
            return
        interval = read_interval(live.values.get(INTERVAL_MINUTES))
        margin = _MARGIN + interval
        length = max(_SHORTEST, _WANTED_ROWS * interval - 2 * margin)
        at = end if newest_first else begin
        is_first = True
        while is_first or begin < at < end:
            part = _cut(begin, end, at, length, newest_first=newest_first)
            readings, count = self._read_part(live, part, margin)
            yield from reversed(readings) if newest_first else readings
            length = _adjust(part.end - part.begin, margin, count)
            at, is_first = part.begin if newest_first else part.end, False

    def _read_part(self, live: Live, part: _Part, margin: timedelta) -> tuple[Sequence[ChannelReading], int]:
        """The readings of `part`, and how many came, those of the margin included."""
        ends = (shift(part.begin, -margin), shift(part.end, margin))
        condition = f"beginDate between '{ends[0].isoformat()}'|'{ends[1].isoformat()}'"
        query = {"filter": f"esaChannelID one of '{live.id}' and {condition}"}
        listed = read_all_pages(lambda number: self._read_page(live, query, number), self._executor, _READINGS)
        rows = [row.content for row in listed if row.content is not None]
        return self._order(live, rows, part), len(rows)

    def _read_page(self, live: Live, query: Mapping[str, str], number: int) -> ListPage[_ListedReading]:
        request = LIST_ESA_READINGS.request(query={**query, "pageNumber": str(number), "pageSize": str(MAX_PAGE_SIZE)})
        answer = self._session.request(request)
        document = decode(request, answer, is_exact=True)
        try:
            documents = [_fold_names(row) for row in read_objects(document, f"page {number} of the readings")]
            rows = [_read_row(row, live.id) for row in documents]
        except UnexpectedType as odd:
            raise bad_response(f"the readings of channel {live.id}: {odd}") from None
        total, size, pages = read_counts(answer.headers, _READINGS)
        # Rows need no id that tells them apart where there is only one page, which cannot overlap another.
        is_alone = pages in {None, 0, 1} if total is None else total == len(rows)
        ids = range(len(rows)) if is_alone else map(_identify, documents)
        listed = tuple(ListRow(row_id, row) for row_id, row in zip(ids, rows, strict=True))
        return ListPage(number, listed, total, size, pages)

    def _order(self, live: Live, rows: Sequence[_ListedReading], part: _Part) -> Sequence[ChannelReading]:
        """The readings of `part` among `rows`, by instants if these are known: clocks repeat an hour each year."""
        zoned = [row for row in rows if has_zone(row.time)]
        needs_zone = bool(zoned) and self._meaning is not VersionDates.WALL_TIME
        zone = self._find_zone(live.data_point.id) if needs_zone else None
        is_by_instant = needs_zone and len(zoned) == len(rows)
        found = []
        for row in rows:
            time = read_date(row.time, self._meaning, zone)
            if has_zone(time):
                raise bad_response(
                    f"channel {live.id}: a reading is at {time}, and nothing says whether that is local time", _UNCLEAR
                )
            if part.holds(local := datetime.fromisoformat(time)):
                instant = datetime.fromisoformat(row.time) if is_by_instant else local
                found.append((instant, ChannelReading(time, row.raw, row.processed, row.estimated)))
        found.sort(key=itemgetter(0))
        return [reading for _, reading in found]


def _cut(begin: datetime, end: datetime, at: datetime, length: timedelta, *, newest_first: bool) -> _Part:
    """The next part from `at` on, or back from it, that ends at noon: clocks do not repeat that hour."""
    there = shift(at, -length if newest_first else length).replace(hour=12, minute=0, second=0, microsecond=0)
    if newest_first:
        start = max(begin, there)
        return _Part(start, at, is_first=start == begin)
    return _Part(at, min(end, there), is_first=at == begin)


def _adjust(length: timedelta, margin: timedelta, count: int) -> timedelta:
    """How long the next part is to be, after one of `length` in which `count` readings came."""
    fitting = (length + 2 * margin) * _WANTED_ROWS / count - 2 * margin if count else length * _GROWTH
    return max(_SHORTEST, min(fitting, length * _GROWTH))


def _fold_names(document: Document) -> dict[str, object]:
    return {name.casefold(): value for name, value in document.items()}


def _read_row(row: Mapping[str, object], channel_id: int) -> _ListedReading:
    # A service that ignores the filter answers with the readings of all channels.
    found = _find_channel(row)
    if found != channel_id:
        raise UnexpectedType("the channel of a reading", f"the id {channel_id}", found)
    raw, processed = (_find_number(row, names) for names in (_RAW_NAMES, _PROCESSED_NAMES))
    estimated = row.get("estimated")
    return _ListedReading(_find_time(row), raw, processed, estimated if isinstance(estimated, bool) else None)


def _find_channel(row: Mapping[str, object]) -> object:
    """The id of the channel of a reading, in the row itself or in an object for the channel."""
    places = [row, *(_fold_names(value) for name in _CHANNEL_OBJECTS if isinstance(value := row.get(name), dict))]
    return next((place[name] for place in places for name in _CHANNEL_NAMES if place.get(name) is not None), None)


def _find_time(row: Mapping[str, object]) -> str:
    given = {row[name] for name in _TIME_NAMES if isinstance(row.get(name), str)}
    time = given.pop() if len(given) == 1 else None
    if not isinstance(time, str) or not _is_possible(time):
        raise UnexpectedType("the time of a reading", "one date and time", time)
    return canonical_moment(time)


def _is_possible(time: str) -> bool:
    try:
        return is_time(time) and datetime.fromisoformat(canonical_moment(time)).year > 0
    except ValueError:
        return False


def _find_number(row: Mapping[str, object], names: Sequence[str]) -> Decimal | None:
    """The number at the first of `names` that is there; None if it is null, or if there is none of them."""
    for name in names:
        value = row.get(name)
        if value is None:
            continue
        if not isinstance(value, int | Decimal) or isinstance(value, bool):
            raise UnexpectedType(f"{name} of a reading", "a number", value)
        number = Decimal(value)
        try:
            _PLAUSIBLE.plus(number)
        except DecimalException:
            brief = _BRIEF.plus(number)
            raise UnexpectedType(f"{name} of a reading", f"a number of at most {_DIGITS} digits", brief) from None
        return number
    return None


def _identify(row: Mapping[str, object]) -> int:
    """What tells a row from others of a list of several pages: its own id, or else all that it holds."""
    own = next((row[name] for name in _ID_NAMES if type(row.get(name)) is int), None)
    if isinstance(own, int):
        return own
    text = json.dumps(row, sort_keys=True, default=str).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")
