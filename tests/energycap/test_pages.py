"""Lists by page: read side by side, and proved to be whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from reconciler.energycap.pages import Page, Row, find_gap, read_all, read_size
from reconciler.errors import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable


class Sweeps:
    """A list of which each reading of page 1 begins the next sweep."""

    def __init__(self, *sweeps: list[Page[object]]) -> None:
        self._sweeps = iter(sweeps)
        self._pages: list[Page[object]] = []

    def read_page(self, number: int) -> Page[object]:
        if number == 1:
            self._pages = next(self._sweeps)
        return self._pages[number - 1]


def make_page(number: int, ids: Iterable[int], total: int = 5) -> Page[object]:
    return Page(number, tuple(Row(channel_id, None) for channel_id in ids), total, size=2)


def read_ids(*sweeps: list[Page[object]]) -> list[int]:
    with ThreadPoolExecutor(2) as executor:
        return [row.id for row in read_all(Sweeps(*sweeps).read_page, executor)]


WHOLE = [make_page(1, [5, 4]), make_page(2, [1, 2]), make_page(3, [3])]
MOVED = [make_page(1, [5, 4]), make_page(2, [4, 2]), make_page(3, [3])]


@pytest.mark.parametrize(
    ("pages", "ids"),
    [
        (WHOLE, [1, 2, 3, 4, 5]),
        ([make_page(1, [2, 1], 4), make_page(2, [4, 3], 4)], [1, 2, 3, 4]),
        ([make_page(1, [7], 1)], [7]),
        ([make_page(1, [], 0)], []),
    ],
    ids=["a short last page", "full pages", "one page", "none"],
)
def test_a_whole_list_is_read_once_and_ordered_by_id(pages: list[Page[object]], ids: list[int]) -> None:
    assert read_ids(pages) == ids


def test_where_rows_moved_between_pages_all_is_read_once_more() -> None:
    assert read_ids(MOVED, WHOLE) == [1, 2, 3, 4, 5]


def test_where_rows_keep_moving_nothing_is_returned() -> None:
    with pytest.raises(BadAnswer) as failure:
        read_ids(MOVED, MOVED)

    assert failure.value.message == (
        "the service's answer cannot be used: the list of channels could not be read whole, in two attempts: "
        "1 of 5 channels came twice, so as many did not come at all"
    )
    assert failure.value.fix == "try again when nobody adds or removes channels"


@pytest.mark.parametrize(
    ("pages", "gap"),
    [
        (
            [make_page(1, [1, 2]), make_page(2, [3, 4], 6), make_page(3, [5])],
            "page 2 counts 6 channels in all, page 1 counted 5",
        ),
        ([make_page(1, [1, 2]), make_page(2, [3]), make_page(3, [5])], "page 2 of 3 holds 1 channels instead of 2"),
        ([make_page(1, [1, 2]), make_page(2, [3, 4]), make_page(3, [])], "page 3 of 3 holds 0 channels instead of 1"),
        ([make_page(1, [1, 2], 1)], "page 1 of 1 holds 2 channels instead of 1"),
        ([make_page(1, [1], 0)], "page 1 of 1 holds 1 channels instead of 0"),
        ([make_page(1, [], 2)], "page 1 of 1 holds 0 channels instead of 2"),
    ],
    ids=["totals differ", "short page", "empty page", "long page", "none expected", "all lost"],
)
def test_each_way_of_not_being_whole_says_its_numbers(pages: list[Page[object]], gap: str) -> None:
    assert find_gap(pages) == gap


@pytest.mark.parametrize(
    ("headers", "size"),
    [
        ({"totalnumberofrecords": "600", "pagesize": "250", "totalpages": "3", "pagenumber": "1"}, (600, 250)),
        ({"totalnumberofrecords": "600"}, (600, 1000)),
        ({"totalnumberofrecords": "600", "pagesize": "0", "totalpages": "1"}, (600, 1000)),
        ({"totalnumberofrecords": "0", "totalpages": "0"}, (0, 1000)),
        ({"totalnumberofrecords": "0", "totalpages": "1"}, (0, 1000)),
    ],
    ids=["the service's own size", "total alone", "no size", "empty", "empty but one page"],
)
def test_the_headers_give_the_total_and_the_size_of_a_page(headers: dict[str, str], size: tuple[int, int]) -> None:
    assert read_size(headers, 1000) == size


@pytest.mark.parametrize(
    ("headers", "flaw"),
    [
        ({}, "a page of channels comes without the header TotalNumberOfRecords, so nothing shows it is all"),
        (
            {"totalnumberofrecords": "600, 600"},
            "the header TotalNumberOfRecords of a list is no number: '600, 600'",
        ),
        (
            {"totalnumberofrecords": "600", "totalpages": "3"},
            "a page of channels counts 600 channels in 3 pages of 1,000",
        ),
    ],
    ids=["missing", "twice", "contradiction"],
)
def test_headers_that_prove_nothing_are_refused(headers: dict[str, str], flaw: str) -> None:
    with pytest.raises(BadAnswer) as failure:
        read_size(headers, 1000)

    assert failure.value.message == f"the service's answer cannot be used: {flaw}"
