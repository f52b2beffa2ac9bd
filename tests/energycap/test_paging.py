from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.energycap.endpoints import LIST_CHANNELS
from reconciler.energycap.mapping import live_from_response
from reconciler.energycap.paging import ListPage, ListRow, decode_rows, find_inconsistency, read_all_pages, read_counts
from reconciler.energycap.responses import Response, UnexpectedType, decode, read_objects
from reconciler.errors import BadResponse
from tests.cases import note_case
from tests.energycap.documents import make_channel, make_data_point, make_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reconciler.energycap.endpoints import Request
    from reconciler.model.channels import Live
    from tests.energycap.documents import Document


class Sweeps:
    """A list of which each reading of page 1 begins the next sweep."""

    def __init__(self, *sweeps: list[ListPage[object]]) -> None:
        self._sweeps = iter(sweeps)
        self._pages: list[ListPage[object]] = []

    def read_page(self, number: int) -> ListPage[object]:
        if number == 1:
            self._pages = next(self._sweeps)
        return self._pages[number - 1]


def make_page(number: int, ids: Iterable[int], total: int = 5) -> ListPage[object]:
    return ListPage(number, tuple(ListRow(channel_id, None) for channel_id in ids), total, size=2)


def read_ids(*sweeps: list[ListPage[object]]) -> list[int]:
    with ThreadPoolExecutor(2) as executor:
        return [row.id for row in read_all_pages(Sweeps(*sweeps).read_page, executor)]


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
def test_a_whole_list_is_read_once_and_ordered_by_id(pages: list[ListPage[object]], ids: list[int]) -> None:
    assert read_ids(pages) == ids


def test_if_rows_moved_between_pages_everything_is_read_again() -> None:
    assert read_ids(MOVED, WHOLE) == [1, 2, 3, 4, 5]


def test_if_rows_keep_moving_nothing_is_returned() -> None:
    with pytest.raises(BadResponse) as failure:
        read_ids(MOVED, MOVED)

    assert failure.value.message == (
        "the service's answer cannot be used: the list of channels could not be read in full, in two attempts: "
        "1 of 5 channels came twice, so as many are missing"
    )
    assert failure.value.fix == "try again; channels may have been added or removed while they were listed"


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
def test_each_kind_of_gap_is_reported_with_numbers(pages: list[ListPage[object]], gap: str) -> None:
    assert find_inconsistency(pages) == gap


def make_uncounted(number: int, ids: Iterable[int], pages: int = 3) -> ListPage[object]:
    return ListPage(number, tuple(ListRow(channel_id, None) for channel_id in ids), None, 1000, pages)


UNCOUNTED = [make_uncounted(1, [5, 4]), make_uncounted(2, [1, 2]), make_uncounted(3, [3])]
# One was removed while this was read: 2 moved to page 1 after that was read.
SHIFTED = [make_uncounted(1, [5, 4]), make_uncounted(2, [1, 3]), make_uncounted(3, [7])]


@pytest.mark.parametrize(
    ("sweeps", "ids"),
    [
        ([UNCOUNTED, UNCOUNTED], [1, 2, 3, 4, 5]),
        ([SHIFTED, UNCOUNTED, UNCOUNTED], [1, 2, 3, 4, 5]),
        ([[make_uncounted(1, [2, 1], 1)]], [1, 2]),
        ([[make_uncounted(1, [], 0)]], []),
        ([[make_uncounted(1, [], 1)]], []),
    ],
    ids=["twice alike", "rows moved", "one page", "no page", "an empty page"],
)
def test_a_list_without_a_total_is_complete_if_it_is_the_same_twice(
    sweeps: list[list[ListPage[object]]], ids: list[int]
) -> None:
    assert read_ids(*sweeps) == ids


def test_a_list_without_a_total_that_never_stays_the_same_is_refused() -> None:
    with pytest.raises(BadResponse) as failure:
        read_ids(UNCOUNTED, SHIFTED, UNCOUNTED)

    assert failure.value.message == (
        "the service's answer cannot be used: the list of channels could not be read in full, in three attempts: "
        "it held different channels each time"
    )


@pytest.mark.parametrize(
    ("pages", "gap"),
    [
        ([*UNCOUNTED[:2], make_uncounted(3, [5])], "1 of 5 channels came twice, so as many are missing"),
        ([UNCOUNTED[0], make_uncounted(2, [1]), UNCOUNTED[2]], "page 2 of 3 holds 1 channels, page 1 held 2"),
        ([*UNCOUNTED[:2], make_uncounted(3, [])], "page 3 of 3 holds 0 channels, page 1 held 2"),
        ([*UNCOUNTED[:2], make_uncounted(3, [6, 7, 8])], "page 3 of 3 holds 3 channels, page 1 held 2"),
        (
            [*UNCOUNTED[:2], make_uncounted(3, [6], 4)],
            "page 3 does not count pages as page 1 does, which counted 3",
        ),
        (
            [*UNCOUNTED[:2], make_page(3, [6])],
            "page 3 does not count pages as page 1 does, which counted 3",
        ),
        ([make_uncounted(1, [6], 0)], "page 1 of 0 holds 1 channels, page 1 held 1"),
    ],
    ids=["twice", "short", "empty", "long", "another count", "another way to count", "no pages"],
)
def test_each_kind_of_gap_is_reported_for_a_list_without_a_total(pages: list[ListPage[object]], gap: str) -> None:
    assert find_inconsistency(pages) == gap


@pytest.mark.parametrize(
    ("size", "pages"),
    [(1000, None), (1000, 3), (2, 3), (2, None)],
    ids=["nothing said", "pages said", "size and pages said", "size said"],
)
def test_a_list_whose_pages_hold_fewer_than_asked_is_read_to_its_end(size: int, pages: int | None) -> None:
    def cap(number: int, ids: Iterable[int]) -> ListPage[object]:
        return ListPage(number, tuple(ListRow(channel_id, None) for channel_id in ids), 5, size, pages)

    assert read_ids([cap(1, [5, 4]), cap(2, [1, 2]), cap(3, [3])]) == [1, 2, 3, 4, 5]


def test_more_pages_than_any_list_has_are_not_asked_for() -> None:
    with pytest.raises(BadResponse) as failure:
        read_ids([make_uncounted(1, [1], 10**12)])

    assert failure.value.message == (
        "the service's answer cannot be used: "
        "the list of channels has 1,000,000,000,000 pages, which is more than any list has"
    )


@pytest.mark.parametrize(
    ("headers", "counts"),
    [
        ({"totalnumberofrecords": "600", "pagesize": "250", "totalpages": "3", "pagenumber": "1"}, (600, 250, 3)),
        ({"totalnumberofrecords": "600"}, (600, 1000, None)),
        ({"totalnumberofrecords": "600", "pagesize": "0", "totalpages": "1"}, (600, 1000, 1)),
        ({"totalpages": "3"}, (None, 1000, 3)),
    ],
    ids=["the service's own size", "total alone", "no size", "pages alone"],
)
def test_the_headers_of_a_page_are_read(headers: dict[str, str], counts: tuple[int | None, int, int | None]) -> None:
    assert read_counts(headers) == counts


@pytest.mark.parametrize(
    ("headers", "flaw"),
    [
        ({}, "a page of channels comes without the header TotalNumberOfRecords, so nothing shows it is all"),
        (
            {"totalnumberofrecords": "600, 600"},
            "the header TotalNumberOfRecords of a list is not a number: '600, 600'",
        ),
    ],
    ids=["missing", "twice"],
)
def test_headers_that_prove_nothing_are_refused(headers: dict[str, str], flaw: str) -> None:
    with pytest.raises(BadResponse) as failure:
        read_counts(headers)

    assert failure.value.message == f"the service's answer cannot be used: {flaw}"


def test_pages_that_contradict_the_total_are_refused() -> None:
    page: ListPage[object] = ListPage(1, (ListRow(1, None),), 1, 1000, 3)

    assert find_inconsistency([page]) == "page 1 counts 1 channels in 3 pages of 1,000"


REQUEST = LIST_CHANNELS.request()
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.just([]), st.just({}), st.just([7])
)


def answer_of(body: bytes) -> Response:
    return Response(200, {"content-type": "application/json"}, body)


def read(document: object) -> list[Live] | str:
    try:
        return [live_from_response(row) for row in read_objects(document, "the list")]
    except (BadResponse, UnexpectedType) as error:
        return str(error)


def outcome(unpack: Callable[[Request, Response], object], body: bytes) -> list[Live] | str:
    try:
        return read(unpack(REQUEST, answer_of(body)))
    except BadResponse as error:
        return str(error)


@st.composite
def damaged(draw: st.DrawFn) -> Document:
    """A channel of which one property, at any depth, is missing or holds something odd."""
    channel: Document = json.loads(json.dumps(make_channel(channelVersions=[make_version(), make_version()])))
    around, inside = channel, draw(st.sampled_from(sorted(channel)))
    while draw(st.booleans()):
        found = around[inside]
        if isinstance(found, list) and found:
            found = found[0]
        if not isinstance(found, dict) or not found:
            break
        around, inside = found, draw(st.sampled_from(sorted(found)))
    if draw(st.booleans()):
        del around[inside]
    else:
        around[inside] = draw(ODD)
    return channel


@given(st.lists(damaged(), max_size=3))
def test_a_malformed_row_reads_the_same_with_both_decoders(rows: list[Document]) -> None:
    body = json.dumps(rows).encode()
    made = outcome(decode, body)
    note_case(reached=made)
    assert outcome(decode_rows, body) == made


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b"[1]",
        b"{}",
        b"null",
        b"[null]",
        b'\xef\xbb\xbf[{"channelId": 7}]',
        b'[{"channelId": NaN}]',
        b'[{"channelId": 7, "channelId": "8"}]',
        b'[{"channelId": 123456789012345678901234567890}]',
        b'[{"channelId": 7, "channelInfo": "\\ud800"}]',
        b'[{"channelId": 7, "channelInfo": "\xff"}]',
        b'[{"dataPoint": ' + b"[" * 100_000,
        b"<html>Sign in</html>",
    ],
)
def test_a_body_that_is_not_a_list_of_channels_has_the_same_error(body: bytes) -> None:
    assert outcome(decode_rows, body) == outcome(decode, body)


def test_properties_that_no_channel_needs_are_not_decoded() -> None:
    channel = make_channel(channelVersions=[make_version(resolvedFormula="(1)")], dataPoint=make_data_point())
    (row,) = read_objects(decode_rows(REQUEST, answer_of(json.dumps([channel]).encode())), "the list")
    assert "resolvedFormula" not in row["channelVersions"][0]
    assert "commodityId" not in row["dataPoint"]["commodity"]
