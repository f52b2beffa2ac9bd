"""Lists of channels: read page by page, proved complete, and compared with reads by id for missing values."""

from __future__ import annotations

import threading
from collections import defaultdict
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Generic

from msgspec import Struct

from reconciler.energycap.documented_rows import read_documented_rows
from reconciler.energycap.endpoints import LIST_CHANNELS, READ_CHANNEL
from reconciler.energycap.malformed_channels import identify_row, live_from_row, make_unread
from reconciler.energycap.mapping import is_whole
from reconciler.energycap.paging import (
    MAX_PAGE_SIZE,
    Content,
    ListPage,
    ListRow,
    decode_rows,
    read_all_pages,
    read_counts,
)
from reconciler.energycap.responses import bad_response, decode
from reconciler.errors import BadResponse, Rejected, ServiceError, Unauthorized, Unavailable
from reconciler.model.fields import (
    CHANNEL_FIELDS,
    CHANNEL_IMPORT_ID,
    MAXIMUM_READING,
    MINIMUM_READING,
    OFFSET,
    VERSION_FIELDS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor

    from reconciler.energycap.endpoints import Request
    from reconciler.energycap.responses import Document, Response
    from reconciler.energycap.session import Session
    from reconciler.model.channels import Live
    from reconciler.model.fields import Field


_CHANNEL_KEYS = frozenset(field.response[0] for field in CHANNEL_FIELDS) | {
    "hasReadings",
    "firstReadingDate",
    "lastReadingDate",
    "isCalculatedConvertible",
}
_VERSION_KEYS = frozenset(field.response[0] for field in VERSION_FIELDS) | {"endDate"}
_POINT_KEYS = frozenset(("dataPointCode", "dataPointInfo", "dataPointImportId", "commodity", "parentPlace"))
# Every channel has these values, so null in a row means the same as an absent key.
_CHANNEL_NEVER_NULL = tuple(field.response[0] for field in CHANNEL_FIELDS if not field.nullable)
_VERSION_NEVER_NULL = tuple(field.response[0] for field in VERSION_FIELDS if not field.nullable)

_NOTHING: frozenset[str] = frozenset()


def _group_objects(fields: Iterable[Field]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The values in an object of their own, such as the id and code of a unit: the object, and their names in it."""
    places = [place for field in fields for place in (field.response, field.alias_response) if len(place) > 1]
    names: dict[str, list[str]] = {}
    for around, name in places:
        names.setdefault(around, []).append(name)
    return tuple((around, tuple(within)) for around, within in names.items())


# None of them is ever null, so an object without one means the same as an absent object.
_CHANNEL_OBJECTS = _group_objects(CHANNEL_FIELDS)
_VERSION_OBJECTS = _group_objects(VERSION_FIELDS)

# Many channels have none of these. If no row of a list has one, the list may well leave them out.
_OFTEN_NULL = ("channelDescription", CHANNEL_IMPORT_ID)
_OFTEN_NULL_IN_VERSIONS = (OFFSET, MINIMUM_READING, MAXIMUM_READING)


def find_missing(document: Document) -> frozenset[str]:
    """The paths of the documented properties that `document`, an EsaChannelResponse, does not have.

    Its objects, data point and versions are searched if their types are as documented.
    """
    missing = _find_absent(document, _CHANNEL_KEYS, _CHANNEL_NEVER_NULL) | _find_in_objects(document, _CHANNEL_OBJECTS)
    point, versions = document.get("dataPoint"), document.get("channelVersions")
    if isinstance(point, dict) and (absent := _find_absent(point, _POINT_KEYS, ())):
        missing |= {f"dataPoint.{key}" for key in absent}
    is_calculated = document.get("isCalculated") is True
    for version in versions if isinstance(versions, list) else ():
        if isinstance(version, dict) and (absent := _find_in_version(version, is_calculated=is_calculated)):
            missing |= {f"channelVersions.{key}" for key in absent}
    return missing


def _find_in_version(version: Document, *, is_calculated: bool) -> frozenset[str]:
    absent = _find_absent(version, _VERSION_KEYS, _VERSION_NEVER_NULL) | _find_in_objects(version, _VERSION_OBJECTS)
    return absent | {"formula"} if is_calculated and version.get("formula") is None else absent


def _find_in_objects(document: Document, objects: tuple[tuple[str, tuple[str, ...]], ...]) -> frozenset[str]:
    absent = _NOTHING
    for around, names in objects:
        inner = document.get(around)
        # The usual case is one call.
        if isinstance(inner, dict) and None in map(inner.get, names):
            absent |= {f"{around}.{name}" for name in names if inner.get(name) is None}
    return absent


def _find_absent(document: Document, keys: frozenset[str], never_null: tuple[str, ...]) -> frozenset[str]:
    # The usual case, in one comparison of keys.
    if document.keys() >= keys and None not in _getter(never_null)(document):
        return _NOTHING
    return keys.difference(document) | {key for key in never_null if document.get(key) is None}


@cache
def _getter(names: tuple[str, ...]) -> Callable[[Document], tuple[object, ...]]:
    return itemgetter(*names) if names else lambda _document: ()


def shows_every_value(lives: Sequence[Live]) -> bool:
    """Whether rows alone prove that their list leaves nothing out: every value that may be null is set in some row.

    Some row must also have several versions, because a list might show only the latest.
    """
    missing = {*_OFTEN_NULL, *_OFTEN_NULL_IN_VERSIONS, "versions"}
    for live in lives:
        missing -= {path for path in missing if _shows(live, path)}
        if not missing:
            return True
    return False


def _shows(live: Live, path: str) -> bool:
    return len(live.versions) > 1 if path == "versions" else live.values.get(path) is not None


def is_incomplete(row: Live, read: Live) -> bool:
    """Whether a channel in a list differs from the same one `read` by its id, in anything that is used.

    Readings arrive all the time, so their dates count only if the row has none.
    """
    if (row.values, row.versions, row.data_point) != (read.values, read.versions, read.data_point):
        return True
    pairs = (
        (row.has_readings, read.has_readings),
        (row.first_reading, read.first_reading),
        (row.last_reading, read.last_reading),
        (row.is_convertible, read.is_convertible),
    )
    return any(listed is None and known is not None for listed, known in pairs)


def incompleteness(live: Live) -> tuple[int, int]:
    """How much a row may leave out: it is higher with more versions, and with more nulls in them."""
    values: list[Mapping[str, object]] = [version.values for version in live.versions]
    nulls = sum(spec.get(path) is None for spec in values for path in _OFTEN_NULL_IN_VERSIONS)
    return len(live.versions), nulls


# How many rows are compared if no row shows some value: enough to find one channel in ten with a chance of 92 %.
_MAX_COMPARED = 24
# How often the one row that is enough otherwise is chosen: it may have been deleted since it was listed.
_MAX_TRIED = 3
# Errors that may concern one channel only.
_SINGLE_CHANNEL_ERRORS = (BadResponse, Rejected, Unauthorized, Unavailable)


class RowFormat(Struct, Generic[Content], frozen=True):
    """The form of the listed channels: how a page is decoded, what is made of a row, and the channel in that.

    `read_documented` gives the rows of a page on which all are as documented, else None. `give_up` makes the content of
    a channel that is listed but cannot be read by its id; its arguments are the id, what the row gave, and the reason.
    """

    unpack: Callable[[Request, Response], object]
    make: Callable[[object], Content]
    live_of: Callable[[Content], Live]
    give_up: Callable[[int, Content | None, str], Content]
    read_documented: Callable[[bytes], tuple[ListRow[Content], ...] | None] = lambda _body: None


class UnreadRow(Struct, frozen=True):
    """A channel that is listed but cannot be read by its id: its `row` as it came, and the reason."""

    id: int
    row: object
    reason: str


# A service may ignore the page size that was asked for, but does not send ten times as many rows.
_MAX_ROWS = 10 * MAX_PAGE_SIZE

LIVES: RowFormat[Live] = RowFormat(decode_rows, live_from_row, lambda live: live, make_unread, read_documented_rows)
DOCUMENTS: RowFormat[object] = RowFormat(
    decode,
    lambda row: row,
    live_from_row,
    lambda channel_id, row, reason: UnreadRow(channel_id, row or {"channelId": channel_id}, reason),
)


class Listing:
    """Lists channels, from any number of threads.

    The content of the rows is not documented. So the first complete list is compared with one or a few reads by id.
    Rows that leave anything out are read one by one, after a message to `tell`.
    """

    def __init__(self, session: Session, executor: Executor, tell: Callable[[str], None] | None = None) -> None:
        self._session = session
        self._executor = executor
        self._tell = tell or (lambda _text: None)
        # A decoded page takes several times the memory of its text, and threads do not decode faster: one at a time.
        self._unpacking = threading.Lock()
        # By the properties that rows lack: whether such rows leave anything out, once that is known.
        self._is_partial_by_missing: dict[frozenset[str], bool] = {}
        # Channels that are not as documented in a read by id either.
        self._malformed: set[int] = set()

    def read(
        self, data_point_id: int | None, row_format: RowFormat[Content], only: Container[int] | None = None
    ) -> tuple[Content, ...]:
        """All channels, or those of one data point, ordered by id; proved complete, each with all its values.

        If `only` is given, channels with an id in it: others are not read by their ids.
        Raises BadResponse if the service's count and the pages disagree, even at a second attempt.
        """
        listed: Sequence[ListRow[Content]] = self._read_rows(data_point_id, row_format)
        if only is not None:
            # A malformed row that is not wanted is not worth a read, and proves nothing about the list.
            listed = [row for row in listed if row.id in only or not _is_malformed(row, row_format)]
        listed = self._replace_malformed(listed, row_format)
        # From all rows, because a few may not show what the list leaves out.
        parts = set(self._find_parts(listed, row_format, is_all=data_point_id is None))
        rows = [row for row in listed if only is None or row.id in only]
        parts.intersection_update(row.id for row in rows)
        if not parts:
            return tuple(row.content for row in rows if row.content is not None)
        if data_point_id is None and len(parts) > 1:
            self._tell(f"the list of channels leaves out values: reading {len(parts):,} channels one by one ...")
        read = dict(zip(parts, self._executor.map(self._read_if_there, parts), strict=True))
        if len(parts) == len(rows):
            _check_any_read(list(read.values()))
        contents = (_make_content(row, read[row.id], row_format) if row.id in parts else row.content for row in rows)
        return tuple(content for content in contents if content is not None)

    def _read_rows(self, data_point_id: int | None, row_format: RowFormat[Content]) -> tuple[ListRow[Content], ...]:
        query = {} if data_point_id is None else {"filter": f"dataPointId equals '{data_point_id}'"}

        def read_row(row: object) -> ListRow[Content]:
            channel_id, channel = identify_row(row)
            return ListRow(channel_id, row_format.make(channel) if is_whole(channel) else None, find_missing(channel))

        def read_page(number: int) -> ListPage[Content]:
            paging = {"pageNumber": str(number), "pageSize": str(MAX_PAGE_SIZE)}
            request = LIST_CHANNELS.request(query={**query, **paging})
            answer = self._session.request(request)
            with self._unpacking:
                rows = row_format.read_documented(answer.body)
                if rows is None:
                    document = row_format.unpack(request, answer)
                    if not isinstance(document, list):
                        raise bad_response(f"page {number} of the list of channels is not a list")
                    _check_count(document, number)
                    rows = tuple(map(read_row, document))
                _check_count(rows, number)
                return ListPage(number, rows, *read_counts(answer.headers))

        return read_all_pages(read_page, self._executor)

    def _replace_malformed(
        self, rows: Sequence[ListRow[Content]], row_format: RowFormat[Content]
    ) -> Sequence[ListRow[Content]]:
        """`rows`, with those that are not as documented replaced by reads by id that are.

        If none of the first reads is as documented, the others are not tried: the service probably always answers so.
        """
        malformed = [row.id for row in rows if row.id not in self._malformed and _is_malformed(row, row_format)]
        first, rest = malformed[:_MAX_COMPARED], malformed[_MAX_COMPARED:]
        valid = self._read_valid(first, row_format)
        if valid:
            valid |= self._read_valid(rest, row_format)
        self._malformed.update(channel_id for channel_id in malformed if channel_id not in valid)
        return [ListRow(row.id, valid[row.id]) if row.id in valid else row for row in rows] if valid else rows

    def _read_valid(self, ids: Sequence[int], row_format: RowFormat[Content]) -> dict[int, Content]:
        """The channels with these ids whose reads by id are as documented."""
        documents = zip(ids, self._executor.map(self._find_document, ids), strict=True)
        found = {channel_id: row_format.make(document) for channel_id, document in documents if document is not None}
        return {channel_id: content for channel_id, content in found.items() if not row_format.live_of(content).flaw}

    def _find_parts(
        self, rows: Sequence[ListRow[Content]], row_format: RowFormat[Content], *, is_all: bool
    ) -> Iterator[int]:
        """The ids of the rows that leave anything out."""
        by_missing: dict[frozenset[str], dict[int, Content]] = defaultdict(dict)
        for row in rows:
            if row.content is None:
                yield row.id
            else:
                by_missing[row.missing][row.id] = row.content
        for missing, contents in by_missing.items():
            if missing not in self._is_partial_by_missing and (missing or is_all):
                self._is_partial_by_missing[missing] = self._is_partial(missing, contents, row_format)
            if self._is_partial_by_missing.get(missing):
                yield from contents

    def _is_partial(
        self, missing: frozenset[str], contents: dict[int, Content], row_format: RowFormat[Content]
    ) -> bool:
        lives = sorted(map(row_format.live_of, contents.values()), key=incompleteness, reverse=True)
        first = next(filter(None, (self._pair([live]) for live in lives[:_MAX_TRIED])), None)
        if first is None:
            # They seem to be deleted. Rows without gaps are safe to plan with: each edit reads its channel first.
            return bool(missing)
        if self._omit_values(missing, first):
            return True
        # If rows show every value that may be null, the list includes them all, and one comparison is enough.
        return not shows_every_value(lives) and self._omit_values(missing, self._pair(_sample(lives)))

    def _omit_values(self, missing: frozenset[str], pairs: Sequence[tuple[Live, Document]]) -> bool:
        """Whether rows leave out anything that reads by id have, or have another value."""
        return any(missing - find_missing(document) for _, document in pairs) or any(
            # Somebody may have edited it in between, so both are read again.
            is_incomplete(live, live_from_row(document)) and self._still_differs(live)
            for live, document in pairs
        )

    def _pair(self, lives: Sequence[Live]) -> list[tuple[Live, Document]]:
        """Each of `lives` that can still be read, with the response to a read by its id."""
        documents = self._executor.map(lambda live: self._find_document(live.id), lives)
        return [(live, document) for live, document in zip(lives, documents, strict=True) if document is not None]

    def _still_differs(self, live: Live) -> bool:
        rows = {row.id: row.content for row in self._read_rows(live.data_point.id, LIVES)}
        row, document = rows.get(live.id), self._find_document(live.id)
        return row is not None and document is not None and is_incomplete(row, live_from_row(document))

    def _read_if_there(self, channel_id: int) -> Document | ServiceError | None:
        """The response to a read by id, or why there is none: one refused channel must not stop the others."""
        try:
            return self._read_document(channel_id)
        except _SINGLE_CHANNEL_ERRORS as error:
            return error

    def _find_document(self, channel_id: int) -> Document | None:
        """The response to a read by id; None on failure, because one bad response proves nothing about the list."""
        found = self._read_if_there(channel_id)
        return None if isinstance(found, ServiceError) else found

    def _read_document(self, channel_id: int) -> Document | None:
        """The response to a read by id; None if the channel was deleted since it was listed."""
        try:
            found, document = identify_row(self._session.read(READ_CHANNEL.request(channel_id)))
        except Rejected as error:
            if error.status == 404:
                return None
            raise
        if found != channel_id:
            raise bad_response(f"channel {channel_id} was requested, but channel {found} came")
        return document


def _check_count(rows: Sequence[object], page: int) -> None:
    if len(rows) > _MAX_ROWS:
        raise bad_response(f"page {page} of the list of channels holds {len(rows):,} rows, not {MAX_PAGE_SIZE:,}")


def _is_malformed(row: ListRow[Content], row_format: RowFormat[Content]) -> bool:
    return row.content is not None and bool(row_format.live_of(row.content).flaw)


def _check_any_read(found: Sequence[Document | ServiceError | None]) -> None:
    """Raise the first error if no channel at all could be read by its id: single channels are not the cause then."""
    failures = [one for one in found if isinstance(one, ServiceError)]
    if not any(isinstance(one, dict) for one in found):
        what = "the list of channels holds channels that cannot be read by their ids"
        raise failures[0] if failures else bad_response(what)


def _make_content(
    row: ListRow[Content], found: Document | ServiceError | None, row_format: RowFormat[Content]
) -> Content | None:
    """The channel of `row` that was `found` by its id; None if it was deleted since it was listed."""
    if isinstance(found, ServiceError):
        return row_format.give_up(row.id, row.content, found.message)
    return None if found is None else row_format.make(found)


def _sample(lives: Sequence[Live]) -> Sequence[Live]:
    """Some of `lives` except the first, spread evenly; all of them if they are few."""
    return lives[1 :: max(1, -(-len(lives) // _MAX_COMPARED))]
