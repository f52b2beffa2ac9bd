"""The pages of a list: decoded only as far as channels need them, and checked for completeness."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypedDict, TypeVar

import msgspec
from msgspec import Struct

from reconciler.energycap.responses import bad_response, decode, has_too_many_values
from reconciler.model.fields import CHANNEL_FIELDS, VERSION_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
    from concurrent.futures import Executor

    from reconciler.energycap.endpoints import Request
    from reconciler.energycap.responses import Response
    from reconciler.model.fields import Field


def decode_rows(request: Request, response: Response) -> object:
    """The JSON document in `response`, without the properties that no channel needs.

    What is not as documented is decoded in full, so that its reader can say what is wrong. Raises BadResponse as
    `decode`.
    """
    if has_too_many_values(response.body):
        return decode(request, response)
    try:
        return _ROWS.decode(response.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return decode(request, response)


def _list_places(fields: Iterable[Field]) -> list[str]:
    return [".".join(place) for field in fields for place in (field.response, field.alias_response) if place]


def _shape(places: Iterable[str], **members: Any) -> Any:
    """The type of an object with the properties at `places` (names joined by dots), and `members` with their types."""
    within: dict[str, list[str]] = {}
    for first, _, rest in (place.partition(".") for place in places):
        within.setdefault(first, []).append(rest)
    shapes = {first: _shape(rests) | None if all(rests) else Any for first, rests in within.items()}
    return TypedDict("Shape", {**shapes, **members}, total=False)  # type: ignore[operator]


def _list_of(shape: Any) -> Any:
    return list[shape]


_DATA_POINT = _shape(
    [
        "dataPointId",
        "dataPointCode",
        "dataPointInfo",
        "dataPointImportId",
        "commodity.commodityInfo",
        "commodity.commodityCode",
        "parentPlace.placeCode",
        "parentPlace.placeInfo",
    ]
)
_VERSION = _shape([*_list_places(VERSION_FIELDS), "channelVersionId", "endDate", "observationRule.observationRuleInfo"])
_CHANNEL = _shape(
    [
        *_list_places(CHANNEL_FIELDS),
        "channelId",
        "hasReadings",
        "firstReadingDate",
        "lastReadingDate",
        "isCalculatedConvertible",
    ],
    channelVersions=_list_of(_VERSION) | None,
    dataPoint=_DATA_POINT | None,
)
_ROWS = msgspec.json.Decoder(_list_of(_CHANNEL))


Content = TypeVar("Content")

# The largest that the service gives. Source: developer site, "Paging".
MAX_PAGE_SIZE = 1000
# Far more than any tenant has: 100,000 channels are 100 pages.
_MAX_PAGES = 10_000


class ListRow(Struct, Generic[Content], frozen=True):
    """One row of a page: its id, and what it holds if the list shows enough of that.

    `missing` are the documented properties that the row does not have.
    """

    id: int
    content: Content | None
    missing: frozenset[str] = frozenset()


class AnyPage(Protocol):
    """One page, and what it says about the whole list at that moment; `ids` tell its rows from others of the list.

    `total` is the length of the list and `pages` the number of its pages, each None if the page does not say; `size` is
    the number of rows of a full page.
    """

    @property
    def number(self) -> int: ...
    @property
    def rows(self) -> Sequence[object]: ...
    @property
    def total(self) -> int | None: ...
    @property
    def size(self) -> int: ...
    @property
    def pages(self) -> int | None: ...
    @property
    def ids(self) -> Sequence[Hashable]: ...


Page = TypeVar("Page", bound=AnyPage)


class ListPage(Struct, Generic[Content], frozen=True):
    """A page as AnyPage describes it, of rows that have an id."""

    number: int
    rows: tuple[ListRow[Content], ...]
    total: int | None
    size: int
    pages: int | None = None

    @property
    def ids(self) -> list[int]:
        return [row.id for row in self.rows]


def read_all_pages(read_page: Callable[[int], ListPage[Content]], executor: Executor) -> tuple[ListRow[Content], ...]:
    """All rows of a list, ordered by id, as `read_pages` reads them."""
    pages = read_pages(read_page, executor)
    return tuple(sorted((row for page in pages for row in page.rows), key=lambda row: row.id))


def read_pages(read_page: Callable[[int], Page], executor: Executor, noun: str = "channels") -> tuple[Page, ...]:
    """All pages of a list: each row once, as many as the service counts. `noun` is what they are.

    Pages are read in parallel. If rows moved between pages meanwhile, everything is read again; BadResponse if that
    does not help. A list of several pages without a count of rows is complete if two reads in a row are equal.
    """
    # Nothing says that the order of the list is stable, so its pages may overlap.
    ids: frozenset[Hashable] | None = None
    gap = None
    for attempt in range(3):
        pages = _read_pages_once(read_page, executor, noun)
        is_counted = pages[0].total is not None
        gap, before, ids = find_inconsistency(pages, noun), ids, None if is_counted else _list_ids(pages)
        if gap is None and (is_counted or len(pages) == 1 or ids == before):
            return pages
        if attempt and is_counted:
            break
    raise bad_response(
        f"the list of {noun} could not be read in full, "
        f"in {'two' if is_counted else 'three'} attempts:"
        f" {gap or f'it held different {noun} each time'}",
        f"try again; {noun} may have been added or removed while they were listed",
    )


def _read_pages_once(read_page: Callable[[int], Page], executor: Executor, noun: str) -> tuple[Page, ...]:
    first = read_page(1)
    return first, *executor.map(read_page, range(2, _count_pages(first, noun) + 1))


def _list_ids(pages: Sequence[AnyPage]) -> frozenset[Hashable]:
    return frozenset(chain.from_iterable(page.ids for page in pages))


def _count_pages(first: AnyPage, noun: str) -> int:
    count = (first.pages or 1) if first.total is None else -(-first.total // _find_size(first))
    if count > _MAX_PAGES:
        raise bad_response(f"the list of {noun} has {count:,} pages, which is more than any list has")
    return max(1, count)


def _find_size(first: AnyPage) -> int:
    """How many rows a full page has: what the service says, or as many as page 1 has if that is fewer.

    The service caps pages silently. Source: developer site, "Paging".
    """
    rows = len(first.rows)
    if first.total is None:
        return rows
    is_capped = 0 < rows < min(first.size, first.total)
    return rows if is_capped and first.pages in {None, -(-first.total // rows)} else first.size


def find_inconsistency(pages: Sequence[AnyPage], noun: str = "channels") -> str | None:
    """Why `pages` are not one complete list, with numbers; None if they are. `noun` is what the rows are."""
    first = pages[0]
    gap = _check_uncounted_pages(pages, noun) if first.total is None else _check_counted_pages(pages, first.total, noun)
    if gap is not None:
        return gap
    came = sum(len(page.rows) for page in pages)
    different = len(_list_ids(pages))
    if different != came:
        return f"{came - different:,} of {came:,} {noun} came twice, so as many are missing"
    return None


def _check_counted_pages(pages: Sequence[AnyPage], total: int, noun: str) -> str | None:
    # An empty list may count 0 pages or 1.
    size, last = _find_size(pages[0]), len(pages)
    if pages[0].pages is not None and (total, pages[0].pages) != (0, 0) and pages[0].pages != last:
        return f"page 1 counts {total:,} {noun} in {pages[0].pages:,} pages of {size:,}"
    for page in pages:
        if page.total != total:
            found = "no" if page.total is None else f"{page.total:,}"
            return f"page {page.number} counts {found} {noun} in all, page 1 counted {total:,}"
        expected = min(size, total - size * (page.number - 1))
        if len(page.rows) != expected:
            return f"page {page.number} of {last} holds {len(page.rows):,} {noun} instead of {expected:,}"
    return None


def _check_uncounted_pages(pages: Sequence[AnyPage], noun: str) -> str | None:
    first, last = pages[0], len(pages)
    for page in pages:
        if (page.total, page.pages) != (None, first.pages):
            return f"page {page.number} does not count pages as page 1 does, which counted {first.pages}"
        rows, size = len(page.rows), len(first.rows)
        is_whole = rows == size if page.number < last else rows <= size and (rows > 0 or last == 1)
        if not is_whole or (rows > 0 and first.pages == 0):
            return f"page {page.number} of {first.pages} holds {rows:,} {noun}, page 1 held {size:,}"
    return None


def read_counts(headers: Mapping[str, str], noun: str = "channels") -> tuple[int | None, int, int | None]:
    """The counts in the headers of a page: of all rows, of those of a full page, and of pages; names in lower case.

    Raises BadResponse if neither rows nor pages are counted, even if the page is short: the service caps pages
    silently, so the first of many pages may be short too. Source: developer site, "Paging".
    """
    total, pages = _read_number(headers, "TotalNumberOfRecords"), _read_number(headers, "TotalPages")
    if total is None and pages is None:
        raise bad_response(
            f"a page of {noun} comes without the header TotalNumberOfRecords, so nothing shows it is all"
        )
    return total, _read_number(headers, "PageSize") or MAX_PAGE_SIZE, pages


def check_unpaged(headers: Mapping[str, str], rows: object) -> None:
    """Raise BadResponse if a list that is documented to have no pages says that it is only a part."""
    total, pages = _read_number(headers, "TotalNumberOfRecords"), _read_number(headers, "TotalPages")
    if total is not None and isinstance(rows, list) and len(rows) != total:
        raise bad_response(f"a list that has no pages holds {len(rows):,} of {total:,} entries")
    if total is None and pages is not None and pages > 1:
        raise bad_response(f"a list that has no pages comes as one of {pages:,} pages")


def _read_number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name.lower())
    if text is None or not text.strip():
        return None
    if not (text.isascii() and text.isdigit()):
        raise bad_response(f"the header {name} of a list is not a number: {text!r}")
    return int(text)
