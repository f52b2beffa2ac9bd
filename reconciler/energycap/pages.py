"""A list read page by page, and the proof that nothing of it is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from reconciler.energycap.answers import unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor

Content = TypeVar("Content")

# The largest that the service gives. Source: developer site, "Paging".
LARGEST_PAGE = 1000
# Far beyond any tenant, and few enough to be asked for: 100,000 channels are 100 pages.
_MOST_PAGES = 10_000


class Row(Struct, Generic[Content], frozen=True):
    """One channel of a page: its id, and the channel itself where the list gave enough of it to make one.

    `lacking` are the documented properties that the row does not have.
    """

    id: int
    content: Content | None
    lacking: frozenset[str] = frozenset()


class Page(Struct, Generic[Content], frozen=True):
    """One page, and what it says of the whole list at that moment.

    `total` is the length of the list, `pages` the number of its pages, each None where the page does not say; `size` is
    what a full page holds.
    """

    number: int
    rows: tuple[Row[Content], ...]
    total: int | None
    size: int
    pages: int | None = None


def read_all(read_page: Callable[[int], Page[Content]], executor: Executor) -> tuple[Row[Content], ...]:
    """All rows of a list, ordered by id: each once, as many as the service says there are.

    Pages come side by side. Where rows moved from page to page meanwhile, everything is read once more; BadAnswer
    where that is no better. A list of several pages that nobody counts is whole if it is the same twice running.
    """
    ids: frozenset[int] | None = None
    gap = None
    for _ in range(3):
        pages = _sweep(read_page, executor)
        gap, before, ids = find_gap(pages), ids, _list_ids(pages)
        is_proved = pages[0].total is not None or len(pages) == 1
        if gap is None and (is_proved or ids == before):
            return tuple(sorted((row for page in pages for row in page.rows), key=lambda row: row.id))
        if before is not None and pages[0].total is not None:
            break
    raise unusable(
        "the list of channels could not be read in full, "
        f"in {'two' if pages[0].total is not None else 'three'} attempts:"
        f" {gap or 'it held different channels each time'}",
        "try again; channels may have been added or removed while they were listed",
    )


def _sweep(read_page: Callable[[int], Page[Content]], executor: Executor) -> tuple[Page[Content], ...]:
    first = read_page(1)
    return first, *executor.map(read_page, range(2, _count_pages(first) + 1))


def _list_ids(pages: Sequence[Page[Content]]) -> frozenset[int]:
    return frozenset(row.id for page in pages for row in page.rows)


def _count_pages(first: Page[Content]) -> int:
    count = (first.pages or 1) if first.total is None else -(-first.total // _find_size(first))
    if count > _MOST_PAGES:
        raise unusable(f"the list of channels has {count:,} pages, which is more than any list has")
    return max(1, count)


def _find_size(first: Page[Content]) -> int:
    """How many rows a full page holds: what the service says, or as many as page 1 has where it gives fewer.

    The service caps pages without a word. Source: developer site, "Paging".
    """
    rows = len(first.rows)
    if first.total is None:
        return rows
    is_capped = 0 < rows < min(first.size, first.total)
    return rows if is_capped and first.pages in {None, -(-first.total // rows)} else first.size


def find_gap(pages: Sequence[Page[Content]]) -> str | None:
    """What shows that `pages` are not one whole list, in words with numbers; None where they are."""
    first = pages[0]
    gap = _find_uncounted_gap(pages) if first.total is None else _find_counted_gap(pages, first.total)
    if gap is not None:
        return gap
    came = sum(len(page.rows) for page in pages)
    different = len(_list_ids(pages))
    if different != came:
        return f"{came - different:,} of {came:,} channels came twice, so as many are missing"
    return None


def _find_counted_gap(pages: Sequence[Page[Content]], total: int) -> str | None:
    size, last = _find_size(pages[0]), len(pages)
    if pages[0].pages is not None and (total, pages[0].pages) != (0, 0) and pages[0].pages != last:
        return f"page 1 counts {total:,} channels in {pages[0].pages:,} pages of {size:,}"
    for page in pages:
        if page.total != total:
            found = "no" if page.total is None else f"{page.total:,}"
            return f"page {page.number} counts {found} channels in all, page 1 counted {total:,}"
        expected = min(size, total - size * (page.number - 1))
        if len(page.rows) != expected:
            return f"page {page.number} of {last} holds {len(page.rows):,} channels instead of {expected:,}"
    return None


def _find_uncounted_gap(pages: Sequence[Page[Content]]) -> str | None:
    first, last = pages[0], len(pages)
    for page in pages:
        if (page.total, page.pages) != (None, first.pages):
            return f"page {page.number} does not count pages as page 1 does, which counted {first.pages}"
        rows, size = len(page.rows), len(first.rows)
        is_whole = rows == size if page.number < last else rows <= size and (rows > 0 or last == 1)
        if not is_whole or (rows > 0 and first.pages == 0):
            return f"page {page.number} of {first.pages} holds {rows:,} channels, page 1 held {size:,}"
    return None


def read_counts(headers: Mapping[str, str], asked: int) -> tuple[int | None, int, int | None]:
    """What the headers of a page count: all rows, those of a full page, and the pages; names in lower case.

    Where neither rows nor pages are counted, that is a BadAnswer also where the page is short: the service caps pages
    without a word, so a short page is exactly what the first of many looks like. Source: developer site, "Paging".
    """
    total, pages = _read_number(headers, "TotalNumberOfRecords"), _read_number(headers, "TotalPages")
    if total is None and pages is None:
        raise unusable("a page of channels comes without the header TotalNumberOfRecords, so nothing shows it is all")
    return total, _read_number(headers, "PageSize") or asked, pages


def check_unpaged(headers: Mapping[str, str], rows: object) -> None:
    """Raise BadAnswer where a list that is documented to come whole says that it is only a part of one."""
    total, pages = _read_number(headers, "TotalNumberOfRecords"), _read_number(headers, "TotalPages")
    if total is not None and isinstance(rows, list) and len(rows) != total:
        raise unusable(f"a list that has no pages holds {len(rows):,} of {total:,} entries")
    if total is None and pages is not None and pages > 1:
        raise unusable(f"a list that has no pages comes as one of {pages:,} pages")


def _read_number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name.lower())
    if text is None or not text.strip():
        return None
    if not (text.isascii() and text.isdigit()):
        raise unusable(f"the header {name} of a list is no number: {text!r}")
    return int(text)
