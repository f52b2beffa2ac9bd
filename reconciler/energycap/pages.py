"""A list read page by page, and the proof that nothing of it is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from reconciler.energycap.answers import unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor

Content = TypeVar("Content")

# The largest that the service gives. Source: developer site, "Paging".
LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Row(Generic[Content]):
    """One channel of a page: its id, and the channel itself where the list gave all of it."""

    id: int
    content: Content | None


@dataclass(frozen=True, slots=True)
class Page(Generic[Content]):
    """One page: `total` is the length of the whole list at that moment, `size` that of a full page."""

    number: int
    rows: tuple[Row[Content], ...]
    total: int
    size: int

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // self.size))


def read_all(read_page: Callable[[int], Page[Content]], executor: Executor) -> tuple[Row[Content], ...]:
    """All rows of a list, ordered by id: each once, as many as the service says there are.

    Pages come side by side. Where rows moved from page to page meanwhile, everything is read once more; BadAnswer
    where that is no better.
    """
    pages = _sweep(read_page, executor)
    if find_gap(pages):
        pages = _sweep(read_page, executor)
    if gap := find_gap(pages):
        raise unusable(
            f"the list of channels could not be read whole, in two attempts: {gap}",
            "try again when nobody adds or removes channels",
        )
    return tuple(sorted((row for page in pages for row in page.rows), key=lambda row: row.id))


def _sweep(read_page: Callable[[int], Page[Content]], executor: Executor) -> tuple[Page[Content], ...]:
    first = read_page(1)
    return first, *executor.map(read_page, range(2, first.last + 1))


def find_gap(pages: Sequence[Page[Content]]) -> str | None:
    """What shows that `pages` are not one whole list, in words with numbers; None where they are."""
    first = pages[0]
    for page in pages:
        if page.total != first.total:
            return f"page {page.number} counts {page.total:,} channels in all, page 1 counted {first.total:,}"
        expected = min(first.size, first.total - first.size * (page.number - 1))
        if len(page.rows) != expected:
            return f"page {page.number} of {first.last} holds {len(page.rows):,} channels instead of {expected:,}"
    different = len({row.id for page in pages for row in page.rows})
    if different != first.total:
        return f"{first.total - different:,} of {first.total:,} channels came twice, so as many did not come at all"
    return None


def read_size(headers: Mapping[str, str], asked: int) -> tuple[int, int]:
    """The length of the whole list, and that of a full page, as the headers of a page say.

    A missing total is a BadAnswer also where the page is short: the service caps pages without a word, so a short page
    is exactly what the first of many looks like. Source: developer site, "Paging".
    """
    total = _read_number(headers, "TotalNumberOfRecords")
    if total is None:
        raise unusable("a page of channels comes without the header TotalNumberOfRecords, so nothing shows it is all")
    size = _read_number(headers, "PageSize") or asked
    last = _read_number(headers, "TotalPages")
    if last is not None and last != -(-total // size) and (total, last) != (0, 1):
        raise unusable(f"a page of channels counts {total:,} channels in {last:,} pages of {size:,}")
    return total, size


def check_unpaged(headers: Mapping[str, str], rows: object) -> None:
    """Raise BadAnswer where a list that is documented to come whole says that it is only a part of one."""
    total = _read_number(headers, "TotalNumberOfRecords")
    if total is not None and isinstance(rows, list) and len(rows) != total:
        raise unusable(f"a list that has no pages holds {len(rows):,} of {total:,} entries")


def _read_number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name.lower())
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise unusable(f"the header {name} of a list is no number: {text!r}")
    return int(text)
