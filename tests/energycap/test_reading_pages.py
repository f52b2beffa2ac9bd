from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.energycap.endpoints import LIST_ESA_READINGS
from reconciler.energycap.reading_pages import OF_ONE_CHANNEL, STORED, SUMMARIZED, RowReader, StoredRow, tell_apart
from reconciler.energycap.responses import Response, UnexpectedType, decode
from reconciler.errors import BadResponse
from tests.cases import note_case

if TYPE_CHECKING:
    from reconciler.energycap.reading_pages import RowKind, RowSet

ROW: dict[str, Any] = {
    "esaReadingId": 9,
    "esaChannelId": 7,
    "timestamp": "2026-01-01T10:00:00",
    "rawValue": 5,
    "processedValue": 2.50,
    "estimated": False,
    "note": None,
}
READ = StoredRow(7, "2026-01-01T10:00:00", Decimal(5), Decimal("2.5"), estimated=False, id=9)


def read_slowly(reader: RowReader, text: str) -> RowSet:
    """The rows of a page, read value by value as a list does that cannot decode it."""
    document: Any = decode(LIST_ESA_READINGS.request(), Response(200, {}, text.encode()), is_exact=True)
    return reader.read(document)


def learn(*rows: object, kind: RowKind = STORED) -> RowReader:
    """A reader that has seen a page of these rows."""
    reader = RowReader(kind)
    read_slowly(reader, json.dumps(rows))
    return reader


def decoded(reader: RowReader, *rows: object) -> list[StoredRow] | None:
    found = reader.decode(json.dumps(rows).encode())
    return None if found is None else list(found.rows)


def test_a_page_like_one_before_is_decoded_at_once() -> None:
    reader = RowReader(STORED)

    assert decoded(reader, ROW) is None
    assert list(read_slowly(reader, json.dumps([ROW])).rows) == [READ]
    assert decoded(reader, ROW, ROW | {"note": {"text": "[1]"}}) == [READ, READ]


def test_a_row_may_leave_out_values_and_what_is_not_needed() -> None:
    reader = learn(ROW)
    few = {name: ROW[name] for name in ("esaReadingId", "esaChannelId", "timestamp")}

    assert decoded(reader, few) == [StoredRow(7, "2026-01-01T10:00:00", None, None, None, 9)]


@pytest.mark.parametrize(
    "odd",
    [
        {"RawValue": 6},
        {"value": 6},
        {"more": 1},
        {"rawValue": "5"},
        {"processedValue": "5"},
        {"rawValue": 10**60},
        {"rawValue": True},
        {"timestamp": None},
        {"esaChannelId": 7.5},
        {"esaReadingId": None},
        {"estimated": "no"},
    ],
    ids=str,
)
def test_a_page_with_anything_else_in_a_row_is_read_value_by_value(odd: dict[str, object]) -> None:
    assert decoded(learn(ROW), ROW, ROW | odd) is None


def test_what_came_on_any_page_is_known_from_then_on() -> None:
    reader = learn(ROW, ROW | {"more": [1]})

    assert decoded(reader, ROW | {"more": None}, ROW) == [READ, READ]


@pytest.mark.parametrize(
    "row",
    [
        ROW | {"time": "2026-01-01T10:00:00"},
        ROW | {"value": 2},
        {"timestamp": "2026-01-01T10:00:00", "esaChannel": {"esaChannelId": 7}, "rawValue": 5},
        ROW | {f"property{number}": number for number in range(70)},
    ],
    ids=["two times", "two values", "the channel in an object", "many properties"],
)
def test_pages_that_are_understood_only_value_by_value_never_are_decoded(row: dict[str, object]) -> None:
    assert decoded(learn(row), row) is None


def test_the_text_of_a_number_is_refused_however_it_is_written() -> None:
    reader = learn(ROW)

    assert reader.decode(json.dumps([ROW]).replace('"rawValue": 5', '"rawValue"\n :\t"5"').encode()) is None


def test_a_page_of_far_more_rows_than_were_asked_for_is_an_error() -> None:
    reader = learn(ROW)

    assert decoded(reader, *[ROW] * 10_001) is None
    with pytest.raises(BadResponse, match="a page of readings holds 10,001 rows"):
        reader.read([ROW] * 10_001)


def test_a_flaw_is_that_of_its_channel_and_its_row_still_counts() -> None:
    text = json.dumps([ROW, ROW | {"esaChannelId": 8, "rawValue": "5"}, ROW | {"esaChannelId": 8, "timestamp": 1}])

    found = read_slowly(RowReader(STORED), text)

    assert [row.channel for row in found.rows] == [7, 8, 8]
    assert found.flaws == {8: "rawvalue of a reading should be a number, found text"}


def test_a_row_without_a_channel_is_that_of_none() -> None:
    with pytest.raises(UnexpectedType, match="the channel of a reading should be an id, found nothing"):
        RowReader(STORED).read([{**ROW, "esaChannelId": None}])


def test_a_summarized_row_needs_the_property_of_its_value() -> None:
    row = {"esaChannelId": 7, "timestamp": "2026-01-01T10:00:00", "summarizedValue": 3, "estimated": True}
    nothing = {name: row[name] for name in ("esaChannelId", "timestamp")}
    reader = learn(row, kind=SUMMARIZED)

    found = reader.decode(json.dumps([row, row | {"summarizedValue": None}]).encode())

    assert found is not None
    assert [one.value for one in found.rows] == [3, None]
    assert decoded(reader, nothing) is None
    assert reader.read([nothing]).flaws == {7: "the value of a reading should be a number, found nothing"}


def test_rows_of_one_channel_need_not_name_it() -> None:
    row = {"observationId": 3, "time": "2026-01-01T10:00:00", "value": 4, "rawValue": 5, "estimated": None}
    reader = learn(row, kind=OF_ONE_CHANNEL)

    assert decoded(reader, row) == [StoredRow(0, "2026-01-01T10:00:00", Decimal(5), Decimal(4), None, 3)]


def make(row_id: int | None, raw: int = 5) -> StoredRow:
    return StoredRow(7, "2026-11-01T01:00:00", Decimal(raw), None, None, row_id)


def test_rows_are_told_apart_by_their_ids_or_by_all_that_they_hold() -> None:
    assert tell_apart([make(1), make(2)], is_alone=False) == [1, 2]
    assert tell_apart([make(1), make(None)], is_alone=True) == range(2)
    once, another = tell_apart([make(None), make(None, 6)], is_alone=False)
    first, second = tell_apart([make(None), make(None)], is_alone=False)
    assert len({once, another, second}) == 3
    assert once == first


NUMBERS = st.one_of(
    st.none(),
    st.integers(-(10**20), 10**20),
    st.decimals(allow_nan=False, allow_infinity=False, places=15, min_value=-(10**14), max_value=10**14),
    st.sampled_from(["1e400", '"5"', "true", "5.0e-7", "[1]", "-0.0"]),
)
VALUES = {"rawValue": NUMBERS, "processedValue": NUMBERS, "value": NUMBERS, "RAWVALUE": NUMBERS}
OTHERS = {"estimated": st.sampled_from([None, True, False, "x"]), "esaReadingId": st.sampled_from([1, 2, None, "a"])}


@given(
    st.lists(
        st.tuples(
            st.fixed_dictionaries({}, optional={"rawValue": NUMBERS, "processedValue": NUMBERS})
            | st.fixed_dictionaries({}, optional=VALUES),
            st.fixed_dictionaries({}, optional=OTHERS),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_is_decoded_is_what_value_by_value_gives(rows: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    texts = []
    for numbers, others in rows:
        members = [json.dumps({"esaChannelId": 7, "timestamp": "2026-01-01T10:00:00", **others})[1:-1]]
        members += [f'"{name}": {"null" if number is None else number}' for name, number in numbers.items()]
        texts.append(f"{{{', '.join(members)}}}")
    text = f"[{','.join(texts)}]"
    reader = learn(ROW)

    fast = reader.decode(text.encode())
    slow = read_slowly(RowReader(STORED), text)

    note_case(reached=fast is not None or slow.flaws or len(rows) > 1)
    if fast is not None:
        assert ([*map(repr, fast.rows)], dict(fast.flaws)) == ([*map(repr, slow.rows)], {})
    assert reader.decode(json.dumps([ROW]).encode()) is not None
