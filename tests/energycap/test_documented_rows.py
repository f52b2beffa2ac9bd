"""Pages on which all rows are as documented are read as any others, only faster; the rest is left to the slower way."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.energycap.documented_rows import read_documented_rows
from reconciler.energycap.listing import find_missing
from reconciler.energycap.malformed_channels import live_from_row
from reconciler.energycap.paging import ListRow
from tests.cases import note_case
from tests.energycap.documents import make_channel, make_version

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDER = make_version(
    channelVersionId=9, beginDate="1899-12-30T00:00:00", endDate="2024-07-01T00:00:00-04:00", multiplier=1.0
)
NEWER = make_version(beginDate="2024-07-01T00:00:00-04:00", rolloverValue=99999.0, rollbackAllowance=0.1)
TRIP = make_version(
    observationRule={"observationRuleId": 2, "observationRuleCode": "TRIP"}, rolloverValue=1, offset=-0.0
)
CALCULATED = make_channel(
    channelId=7, isCalculated=True, interval=900, channelVersions=[make_version(formula="channel(1042) * 2")]
)
ROWS = (make_channel(channelVersions=[NEWER, OLDER]), make_channel(channelVersions=[TRIP]), CALCULATED)
ALIKE: dict[type, tuple[Any, ...]] = {
    str: ("", "a", "2", "Trip", "2025-02-01T00:00:00", "1899-12-30", "\u2028"),
    bool: (False, True),
    int: (0, 1, 2, 15, 3600, 2**40),
    float: (0.0, -0.0, 1.0, 0.1, 7, 1e300),
}
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    (None, True, 0, 60, 900, 1.0, 0.5, 1e300, "", "Trip", "2024-01-01", "2024-01-01T00:00:00Z", "x", [], {}, [{}])
)


def list_places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of each value in a document."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*place, key)
        yield from list_places(value[key], (*place, key))


@st.composite
def pages(draw: st.DrawFn) -> list[Any]:
    """One or two channels, with some values replaced, removed or added; most of these are still as documented."""
    page = [deepcopy(row) for row in draw(st.lists(st.sampled_from(ROWS), min_size=1, max_size=2))]
    for _ in range(draw(st.integers(0, 3))):
        *around, last = draw(st.sampled_from([place for place in list_places(page) if len(place) > 1]))
        inner: Any = page
        for key in around:
            inner = inner[key]
        match draw(st.sampled_from((*["alike"] * 20, "replace", "replace", "remove", "add", "add"))):
            case "alike":
                inner[last] = draw(st.sampled_from(ALIKE.get(type(inner[last]), (inner[last],))))
            case "replace":
                inner[last] = draw(VALUES)
            case "remove":
                del inner[last]
            case _ if isinstance(inner, dict):
                inner["undocumented"] = draw(VALUES)
            case _:
                pass
    return page


@given(pages())
def test_a_documented_page_is_read_as_any_other(page: list[Any]) -> None:
    rows = read_documented_rows(json.dumps(page).encode())

    note_case(reached=rows is not None)
    assert rows is None or rows == tuple(
        ListRow(row["channelId"], live_from_row(row), find_missing(row)) for row in page
    )


@pytest.mark.parametrize("row", ROWS, ids=["versions", "trip", "calculated"])
def test_what_is_documented_is_not_left_to_the_slower_way(row: dict[str, Any]) -> None:
    assert read_documented_rows(json.dumps([row]).encode()) == (ListRow(row["channelId"], live_from_row(row)),)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[1]",
        b"[{}]",
        b"[" * 100_000,
        json.dumps([make_channel()]).encode().replace(b'"channelId": 1042', b'"channelId": 1042, "channelId": "7"'),
        json.dumps([make_channel(channelVersions=[make_version(multiplier=7.5)])]).encode().replace(b"7.5", b"1e999"),
        json.dumps([make_channel()]).encode("utf-16"),
        json.dumps([make_channel(channelInfo="\udc80")]).encode(),
    ],
    ids=["nothing", "object", "number", "empty row", "deep", "another id", "infinite", "UTF-16", "surrogate"],
)
def test_anything_else_is_left_to_the_slower_way(body: bytes) -> None:
    assert read_documented_rows(body) is None
