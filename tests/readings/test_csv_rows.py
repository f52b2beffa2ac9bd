"""CSV files block by block, and row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.readings.cells import Reading
from reconciler.readings.csv_rows import Block, read_blocks
from reconciler.readings.flaws import BrokenFile
from reconciler.readings.layout import Habits, find_layout
from reconciler.readings.numerals import Decimal
from reconciler.readings.rows import Parcel, Row
from reconciler.readings.source import look_at
from tests.cases import mostly, note_case
from tests.readings.bench import write

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "channelId,time,value,estimated,note\n"
LAYOUT = find_layout(HEADER, Habits())
COMMA = find_layout("channelId;time;value\n", Habits(decimal=Decimal.COMMA))


def read(folder: Path, text: str) -> list[Block]:
    source = look_at(write(folder, text))
    return list(read_blocks(source, find_layout(source.head, Habits())))


def test_a_row_is_a_reading_under_its_identifiers(tmp_path: Path) -> None:
    (block,) = read(tmp_path, HEADER + "7,2026-01-01T00:15,1.5,true,by hand\n8,2026-01-01T00:00,2,,\n")

    key = ("7", "", "", "", "", "", 1)
    first, second = block.read_parcels()
    assert first == Parcel(
        line=2,
        key=key,
        rows=[
            Row(
                line=2,
                reading=Reading("2026-01-01T00:15:00", 1.5, estimated=True, note="by hand"),
                flaws=(),
                written=["7", "2026-01-01T00:15", "1.5", "true", "by hand"],
            )
        ],
    )
    assert second.rows[0].reading == Reading("2026-01-01T00:00:00", 2.0)
    assert block.keys == [key, ("8", "", "", "", "", "", 1)]


def test_an_offset_stays_and_is_noted(tmp_path: Path) -> None:
    (block,) = read(tmp_path, HEADER + "7,2026-01-01T00:15Z,1.5,,\n")
    (parcel,) = block.read_parcels()

    assert parcel.rows[0].reading == Reading("2026-01-01T00:15:00+00:00", 1.5)
    assert not parcel.rows[0].is_naive


@pytest.mark.parametrize(
    ("row", "flaws"),
    [
        ("7,soon,1,,", ['ESA612 time must be a date and time in ISO 8601, found "soon"']),
        (
            "7,,x,E,",
            [
                "ESA612 time must be a date and time in ISO 8601, found nothing",
                'ESA612 value must be a number with a decimal dot, found "x"',
                'ESA612 estimated must be true or false, found "E"',
            ],
        ),
    ],
)
def test_all_that_is_wrong_with_a_row_is_said(tmp_path: Path, row: str, flaws: list[str]) -> None:
    (block,) = read(tmp_path, f"{HEADER}{row}\n")
    (parcel,) = block.read_parcels()

    assert [f"{flaw.code} {flaw.message}" for flaw in parcel.rows[0].flaws] == flaws
    assert block.find_zones() is None


@pytest.mark.parametrize(
    ("row", "message", "fix"),
    [
        (
            "7,2026-01-01T00:00,1,5,,",
            "a row must have as many cells as the header, found 6 instead of 5",
            "put quotation marks around values with a comma, or separate columns by semicolons",
        ),
        (
            "7,2026-01-01T00:00,1",
            "a row must have as many cells as the header, found 3 instead of 5",
            "give it 5 cells, or leave it out with  --skip-bad",
        ),
    ],
)
def test_a_row_must_be_as_long_as_the_header(tmp_path: Path, row: str, message: str, fix: str) -> None:
    (block,) = read(tmp_path, f"{HEADER}{row}\n")
    (parcel,) = block.read_parcels()

    assert [(flaw.message, flaw.fix) for flaw in parcel.flaws] == [(message, fix)]
    assert (parcel.key, block.is_even, block.find_zones()) == (None, False, None)


def test_lines_are_those_that_rows_begin_in(tmp_path: Path) -> None:
    rows = '7,2026-01-01T00:00,1,,"two\nlines"\n\n7,2026-01-02T00:00,1,,\n' + "7,2026-01-03T00:00,1,,\n" * 1000

    first, *others = read(tmp_path, HEADER + rows)

    assert list(first.lines[:4]) == [2, 4, 5, 6]
    assert [block.lines[0] for block in others] == [515, 1027][: len(others)]
    assert [parcel.line for parcel in first.read_parcels()][:3] == [2, 5, 6]


def test_a_file_of_blank_lines_has_no_rows(tmp_path: Path) -> None:
    blocks = read(tmp_path, HEADER + "\n  \n,,,,\n, ,\u00a0,,\n\x1a\n")

    assert [list(block.read_parcels()) for block in blocks] == [[]]
    assert read(tmp_path, HEADER) == []


def test_a_quotation_mark_that_is_never_closed_is_said(tmp_path: Path) -> None:
    text = HEADER + "7,2026-01-01T00:00,1,,\n" + '7,2026-01-01T00:00,1,,"' + "x\n" * 100_000

    with pytest.raises(BrokenFile) as caught:
        read(tmp_path, text)

    assert caught.value.flaw.message == "a row cannot be told apart: field larger than field limit (131072)"
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("times", "zones"),
    [
        (["2026-01-01T00:00", "2026-01-01T00:15"], {True}),
        (["2026-01-01T00:15Z"], {False}),
        (["2026-01-01T00:00", "2026-01-01T00:15+01:00"], {True, False}),
        (["2026-01-01T00:00", ""], None),
    ],
)
def test_a_block_is_sound_at_a_glance(times: list[str], zones: set[bool] | None) -> None:
    rows = [["7", time, "1.5", "true", ""] for time in times]

    assert Block(LAYOUT, rows, range(2, 2 + len(rows))).find_zones() == zones


_NUMBERS = st.sampled_from(
    (
        "1",
        "1.5",
        "1,5",
        " 2 ",
        "-1e3",
        "1e999",
        "1e-400",
        "1e-300",
        "\u22125",
        "nan",
        "",
        "x",
        "1_0",
        "1,5,2",
        "1.2,3",
        "٣",
        "1,234",
        "1.234",
        "1\n2",
        "1 234",
        "9007199254740993",
        "1,234,567",
        "-",
        "5 kWh",
    )
)
_TIMES = st.sampled_from(
    (
        "2026-01-01T00:00",
        "2026-01-01T00:15:00Z",
        "2026-13-01T00:00",
        "",
        "20260101",
        "2026-01-01",
        "2026-01-01 00.15",
    )
)
_FLAGS = st.sampled_from(("", "true", "0", "FALSE", "maybe"))


# Rows of any cells are hardly ever sound at a glance.
_SOUND = st.tuples(
    st.sampled_from(("2026-01-01T00:00", "2026-01-01T00:15:00Z")), st.sampled_from(("1", "12", "-2")), st.just("")
)
_SOUND_ROWS = st.lists(_SOUND, min_size=1, max_size=4)
_ANY_ROWS = st.lists(st.tuples(_TIMES, _NUMBERS, _FLAGS), min_size=1, max_size=4)


@given(mostly(_SOUND_ROWS, _ANY_ROWS), st.booleans())
def test_a_glance_and_a_close_look_agree(cells: list[tuple[str, str, str]], is_comma: bool) -> None:
    layout = COMMA if is_comma else LAYOUT
    rows = [["7", time, value] if is_comma else ["7", time, value, flag, ""] for time, value, flag in cells]
    block = Block(layout, rows, range(2, 2 + len(rows)))

    zones = block.find_zones()
    looked = [row for parcel in block.read_parcels() for row in parcel.rows]

    # A close look is always right; a glance may be stricter, never laxer.
    note_case(reached=zones is not None)
    closely = None if any(row.flaws for row in looked) else {row.is_naive for row in looked}
    assert zones in (None, closely)


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("7,2026-01-01T00:00,1,,\r8,2026-01-01T00:00,2,,\r", [("7", 1.0), ("8", 2.0)]),
        ("7,2026-01-01T00:00,1,,\r\n8,2026-01-01T00:00,2,,\r\n", [("7", 1.0), ("8", 2.0)]),
        (' "7" ,"2026-01-01T00:00", "1" ,,\n', [("7 ", 1.0)]),
    ],
    ids=["carriage returns", "both", "blanks around quotation marks"],
)
def test_line_ends_and_blanks_do_not_matter(text: str, readings: list[tuple[str, float]], tmp_path: Path) -> None:
    blocks = read(tmp_path, HEADER.replace("\n", "\r" if "\r" in text else "\n") + text)

    parcels = [parcel for block in blocks for parcel in block.read_parcels()]
    found = [(parcel.key and parcel.key[0], row.reading) for parcel in parcels for row in parcel.rows]
    assert found == [(key, Reading("2026-01-01T00:00:00", value)) for key, value in readings]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (
            '7,2026-01-01T00:00,1,,"a\n7,2026-01-02T00:00,2,,b\n7,2026-01-03T00:00,3,,"c\n',
            2,
            "a cell runs over 3 lines",
        ),
        (
            '7,2026-01-01T00:00,1,,\n7,2026-01-02T00:00,1,,"a\n7,2026-01-03T00:00,2,,\n',
            3,
            "a cell runs over 2 lines",
        ),
        ('7,2026-01-01T00:00,1,,"a\n', 2, "a cell runs to the end of the file"),
    ],
    ids=["to the next one", "over the rest", "in the last row"],
)
def test_a_quotation_mark_that_swallows_rows_is_refused(text: str, line: int, what: str, tmp_path: Path) -> None:
    with pytest.raises(BrokenFile) as caught:
        read(tmp_path, HEADER + text)

    assert (caught.value.line, caught.value.flaw.message, caught.value.flaw.fix) == (
        line,
        f"a quotation mark is opened but not closed: {what}",
        "close the quotation mark, or take it out; inside a cell it is written twice",
    )
