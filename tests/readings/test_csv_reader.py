"""CSV files read block by block and row by row."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.readings.csv_layout import CsvOptions, DecimalEvidence, detect_layout
from reconciler.readings.csv_reader import Block, find_row_error, is_blank, read_blocks
from reconciler.readings.reading_rows import BrokenFile, DecimalMark, Reading, ReadingGroup, ReadingRow
from reconciler.readings.readings_file import open_readings_file, open_source
from tests.cases import mostly, note_case
from tests.readings.bench import count, write

if TYPE_CHECKING:
    from pathlib import Path


ODD_LAYOUT = detect_layout("channelImportId,time,value,note\n", CsvOptions())
TAKE_OUT = "delete the row, or skip it with  --skip-bad"
UNEVEN = "a row must have as many cells as the header, found"


@pytest.mark.parametrize(
    ("row", "message", "fix"),
    [
        (["ChannelImportId ", "Time", "value", "note"], "the header is repeated", TAKE_OUT),
        (["Total", "1234"], 'a row is a total or a footer, not a reading, found "Total"', TAKE_OUT),
        (["", "Summe:", "1234", ""], 'a row is a total or a footer, not a reading, found "Summe:"', TAKE_OUT),
        (["Grand total", "", "1", ""], 'a row is a total or a footer, not a reading, found "Grand total"', TAKE_OUT),
        (["End of report"], 'a row is a total or a footer, not a reading, found "End of report"', TAKE_OUT),
        (["USE", "Total", "3", ""], 'a row is a total or a footer, not a reading, found "Total"', TAKE_OUT),
        (["** End of report **"], 'a row is a total or a footer, not a reading, found "** End of report **"', TAKE_OUT),
        (["(2 rows affected)"], 'a row is a total or a footer, not a reading, found "(2 rows affected)"', TAKE_OUT),
        (["\ufeffchannelImportId", "time", "value", "note"], "the header is repeated", TAKE_OUT),
        (["---", ":--", "--:", "---"], 'a row is a separator line, not a reading, found "---"', TAKE_OUT),
        (["-----+------+---"], 'a row is a separator line, not a reading, found "-----+------+---"', TAKE_OUT),
        (
            ["Printed on 1 March"],
            'a row is a line of text, not a reading, found "Printed on 1 March"',
            TAKE_OUT,
        ),
        (
            ["<<<<<<< HEAD"],
            'a row is a merge conflict marker, found "<<<<<<< HEAD"',
            "resolve the conflict first",
        ),
        (
            ["USE;2026-01-01;1;"],
            f"{UNEVEN} 1 instead of 4: its cells are separated by semicolon",
            "separate the cells of all rows alike",
        ),
        (
            ["USE,2026-01-01T00:00,1,"],
            f"{UNEVEN} 1 instead of 4: it is between quotation marks as a whole",
            "take them out",
        ),
        (["USE", "2026-01-01T00:00"], f"{UNEVEN} 2 instead of 4", "give it 4 cells, or leave it out with  --skip-bad"),
        (
            ["USE", "2026-01-01T00:00", "1", "5", ""],
            f"{UNEVEN} 5 instead of 4",
            "put quotation marks around values with a comma, or separate columns by semicolons",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_row_that_is_not_a_reading_is_refused_by_its_kind(row: list[str], message: str, fix: str) -> None:
    error = find_row_error(ODD_LAYOUT, row)

    assert error is not None
    assert (error.code, error.message, error.fix) == ("ESA611", message, fix)


@pytest.mark.parametrize("row", [["USE", "2026-01-01T00:00", "1", ""], ["TOTAL-1", "2026-01-01T00:00", "x", "sum"]])
def test_a_reading_has_no_row_error(row: list[str]) -> None:
    assert find_row_error(ODD_LAYOUT, row) is None


@pytest.mark.parametrize(("row", "expected"), [([], True), ([" ", "\u00a0", "\x1a"], True), (["", "0"], False)])
def test_a_row_of_blanks_is_blank(row: list[str], expected: bool) -> None:
    assert is_blank(row) is expected


HEADER = "channelId,time,value,estimated,note\n"
LAYOUT = detect_layout(HEADER, CsvOptions())
COMMA = detect_layout("channelId;time;value\n", CsvOptions(decimal=DecimalMark.COMMA))


def read(folder: Path, text: str) -> list[Block]:
    source = open_source(write(folder, text))
    return list(read_blocks(source, detect_layout(source.head, CsvOptions())))


def test_a_row_is_a_reading_with_its_identifiers(tmp_path: Path) -> None:
    (block,) = read(tmp_path, HEADER + "7,2026-01-01T00:15,1.5,true,by hand\n8,2026-01-01T00:00,2,,\n")

    key = ("7", "", "", "", "", "", 1)
    first, second = block.read_groups()
    assert first == ReadingGroup(
        line=2,
        key=key,
        rows=[
            ReadingRow(
                line=2,
                reading=Reading("2026-01-01T00:15:00", 1.5, estimated=True, note="by hand"),
                errors=(),
                written=["7", "2026-01-01T00:15", "1.5", "true", "by hand"],
            )
        ],
    )
    assert second.rows[0].reading == Reading("2026-01-01T00:00:00", 2.0)
    assert block.keys == [key, ("8", "", "", "", "", "", 1)]


def test_an_offset_is_kept(tmp_path: Path) -> None:
    (block,) = read(tmp_path, HEADER + "7,2026-01-01T00:15Z,1.5,,\n")
    (group,) = block.read_groups()

    assert group.rows[0].reading == Reading("2026-01-01T00:15:00+00:00", 1.5)
    assert not group.rows[0].is_naive


@pytest.mark.parametrize(
    ("row", "errors"),
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
def test_all_errors_of_a_row_are_reported(tmp_path: Path, row: str, errors: list[str]) -> None:
    (block,) = read(tmp_path, f"{HEADER}{row}\n")
    (group,) = block.read_groups()

    assert [f"{error.code} {error.message}" for error in group.rows[0].errors] == errors
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
    (group,) = block.read_groups()

    assert [(error.message, error.fix) for error in group.errors] == [(message, fix)]
    assert (group.key, block.is_rectangular, block.find_zones()) == (None, False, None)


def test_the_line_of_a_row_is_its_first_one(tmp_path: Path) -> None:
    rows = '7,2026-01-01T00:00,1,,"two\nlines"\n\n7,2026-01-02T00:00,1,,\n' + "7,2026-01-03T00:00,1,,\n" * 1000

    first, *others = read(tmp_path, HEADER + rows)

    assert list(first.lines[:4]) == [2, 4, 5, 6]
    assert [block.lines[0] for block in others] == [515, 1027][: len(others)]
    assert [group.line for group in first.read_groups()][:3] == [2, 5, 6]


def test_a_file_of_blank_lines_has_no_rows(tmp_path: Path) -> None:
    blocks = read(tmp_path, HEADER + "\n  \n,,,,\n, ,\u00a0,,\n\x1a\n")

    assert [list(block.read_groups()) for block in blocks] == [[]]
    assert read(tmp_path, HEADER) == []


def test_a_quotation_mark_that_is_never_closed_is_an_error(tmp_path: Path) -> None:
    text = HEADER + "7,2026-01-01T00:00,1,,\n" + '7,2026-01-01T00:00,1,,"' + "x\n" * 100_000

    with pytest.raises(BrokenFile) as caught:
        read(tmp_path, text)

    assert caught.value.row_error.message == "cannot parse a CSV row: field larger than field limit (131072)"
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
def test_a_valid_block_is_recognised_without_reading_its_rows(times: list[str], zones: set[bool] | None) -> None:
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


# Rows of random cells are hardly ever valid.
_VALID = st.tuples(
    st.sampled_from(("2026-01-01T00:00", "2026-01-01T00:15:00Z")), st.sampled_from(("1", "12", "-2")), st.just("")
)
_VALID_ROWS = st.lists(_VALID, min_size=1, max_size=4)
_ANY_ROWS = st.lists(st.tuples(_TIMES, _NUMBERS, _FLAGS), min_size=1, max_size=4)


@given(mostly(_VALID_ROWS, _ANY_ROWS), st.booleans())
def test_the_check_of_a_block_agrees_with_the_check_of_its_rows(
    cells: list[tuple[str, str, str]], is_comma: bool
) -> None:
    layout = COMMA if is_comma else LAYOUT
    rows = [["7", time, value] if is_comma else ["7", time, value, flag, ""] for time, value, flag in cells]
    block = Block(layout, rows, range(2, 2 + len(rows)))

    zones = block.find_zones()
    read = [row for group in block.read_groups() for row in group.rows]

    # The check of rows is exact; the check of a block may be stricter, but never laxer.
    note_case(reached=zones is not None)
    expected = None if any(row.errors for row in read) else {row.is_naive for row in read}
    assert zones in (None, expected)


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

    groups = [group for block in blocks for group in block.read_groups()]
    found = [(group.key and group.key[0], row.reading) for group in groups for row in group.rows]
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
def test_an_open_quotation_mark_before_other_rows_is_refused(text: str, line: int, what: str, tmp_path: Path) -> None:
    with pytest.raises(BrokenFile) as caught:
        read(tmp_path, HEADER + text)

    assert (caught.value.line, caught.value.row_error.message, caught.value.row_error.fix) == (
        line,
        f"a quotation mark is opened but not closed: {what}",
        "close the quotation mark, or take it out; inside a cell it is written twice",
    )


JOIN = "write the whole time in one column, as in  2026-03-30T00:15"


@pytest.mark.parametrize(
    ("header", "rows", "what"),
    [
        ("time,Start Time", ["2026-03-01,00:00", "2026-03-01,00:15"], "the time of day"),
        ("time,Start", ["3/1/2026,12:00 AM", "3/1/2026,12:15 AM"], "the time of day"),
        ("time,Uhrzeit", ["01.03.2026,00:00:00", "01.03.2026,"], "the time of day"),
        ("time,HourEnding", ["2026-03-01,1", "2026-03-01,24"], "the time of day"),
        ("time,Settlement Period", ["2026-03-01,1", "2026-03-01,48"], "the time of day"),
        ("time,AM/PM", ["2026-03-01 01:15,AM", "2026-03-01 01:15,p.m."], "AM or PM"),
        ("time,AM/PM", ["01:15,AM", "01:15,PM"], "AM or PM"),
    ],
)
def test_a_part_of_the_time_in_an_unused_column_is_refused(
    header: str, rows: list[str], what: str, tmp_path: Path
) -> None:
    path = write(tmp_path, f"channelImportId,value,{header}\n" + "".join(f"USE,5,{row}\n" for row in rows))
    name = header.split(",")[1]

    with pytest.raises(BrokenFile) as caught:
        count(path)

    assert (
        caught.value.line,
        caught.value.row_error.code,
        caught.value.row_error.message,
        caught.value.row_error.fix,
    ) == (
        1,
        "ESA612",
        f'{what} is in a column of its own, which is not used, found "{name}"',
        f"{JOIN},  or say that the column does not matter with  --map {shlex.quote(f'{name}=')}",
    )
    assert count(path, names={name: ""})[0].readings == len(rows)


def test_a_date_in_another_column_belongs_to_the_time(tmp_path: Path) -> None:
    path = write(tmp_path, "channelImportId,Date,time,value\nUSE,2026-03-01,00:15,1\nUSE,2026-03-01,00:30,1\n")

    with pytest.raises(BrokenFile) as caught:
        count(path)

    assert (caught.value.row_error.message, caught.value.row_error.fix) == (
        'the date is in a column of its own, which is not used, found "Date"',
        JOIN,
    )


@pytest.mark.parametrize(
    "rows",
    [
        "time,End\nUSE,5,2026-03-01T00:00,00:15\n",
        "time,Hour\nUSE,5,2026-03-01T00:00,0\n",
        "time,Day\nUSE,5,2026-03-01T00:00,2026-03-01\n",
        "time,Hour\nUSE,5,2026-03-01T00:00,\n",
        "time,Hour\nUSE,5,,1\n",
        "time,Hour\n",
        "time,Level\nUSE,5,2026-03-01,1\n",
        "time,Cost\nUSE,5,2026-03-01,12.30\n",
    ],
)
def test_a_whole_time_needs_no_other_column(rows: str, tmp_path: Path) -> None:
    assert count(write(tmp_path, f"channelImportId,value,{rows}"))[0].readings == rows.count("USE")


DECIMAL_HEADER = "channelImportId;time;value\n"
LONG = 3000


def rows(*values: str) -> str:
    return DECIMAL_HEADER + "".join(
        f"USE;2026-01-{day:02}T{minute // 60:02}:{minute % 60:02};{value}\n"
        for place, value in enumerate(values)
        for day, minute in [(place // 1440 + 1, place % 1440)]
    )


def list_values(path: Path, decimal: DecimalMark) -> list[float]:
    file = open_readings_file(path, CsvOptions(decimal=decimal))
    return [row.reading.value for group in file.read_groups() for row in group.rows if row.reading is not None]


@pytest.mark.parametrize(
    ("values", "decimal", "evidence"),
    [
        (["1", "2"], DecimalMark.DOT, None),
        ([], DecimalMark.DOT, None),
        (["1.5", "2"], DecimalMark.DOT, DecimalEvidence(2, "1.5")),
        (["987", "1,5"], DecimalMark.COMMA, DecimalEvidence(3, "1,5")),
        (["1,234", "1,5"], DecimalMark.COMMA, DecimalEvidence(3, "1,5")),
        (["1,234"] * LONG + ["2,5"], DecimalMark.COMMA, DecimalEvidence(LONG + 2, "2,5")),
        (["1.234"] * LONG + ["1,234.5"], DecimalMark.DOT, DecimalEvidence(LONG + 2, "1,234.5")),
        (["1,234"] * LONG + ["1,234,567"], DecimalMark.DOT, DecimalEvidence(LONG + 2, "1,234,567")),
        (["1,2,3", "n/a", "1.5"], DecimalMark.DOT, DecimalEvidence(4, "1.5")),
    ],
    ids=lambda value: str(value)[-30:],
)
def test_one_unambiguous_value_decides_the_mark_of_all(
    values: list[str], decimal: DecimalMark, evidence: DecimalEvidence | None, tmp_path: Path
) -> None:
    layout = open_readings_file(write(tmp_path, rows(*values)), CsvOptions()).layout

    assert layout is not None
    assert (layout.decimal, layout.evidence) == (decimal, evidence)


@pytest.mark.parametrize("length", [*range(1, 60, 7), LONG, LONG + 1, LONG + 2, LONG + 3])
@pytest.mark.parametrize(
    ("value", "point", "thousands"), [("1,234", "comma", "dot"), ("1.234", "dot", "comma")], ids=["comma", "dot"]
)
def test_ambiguous_values_are_refused_in_a_file_of_any_length(
    value: str, point: str, thousands: str, length: int, tmp_path: Path
) -> None:
    path = write(tmp_path, rows("987", *[value] * length))

    with pytest.raises(BrokenFile) as caught:
        open_readings_file(path, CsvOptions())

    assert (caught.value.line, caught.value.row_error.message) == (
        3,
        f'the values can be read in two ways, found "{value}"',
    )
    assert caught.value.row_error.fix == (
        f"give the decimal mark: --decimal {point} if {value} has three decimal places, "
        f"--decimal {thousands} if it has thousands"
    )
    assert list_values(path, DecimalMark(point)) == [987, *[1.234] * length]
    assert list_values(path, DecimalMark(thousands)) == [987, *[1234] * length]


def test_values_with_different_decimal_marks_stop_the_whole_file(tmp_path: Path) -> None:
    path = write(tmp_path, rows("1.5", "1,234", "2,5"))

    with pytest.raises(BrokenFile) as caught:
        count(path)

    assert (caught.value.line, caught.value.row_error.message, caught.value.row_error.fix) == (
        4,
        'the values have decimal dots and decimal commas, found "2,5" and, in line 2, "1.5"',
        "write all values alike, or give the right mark with  --decimal dot  or  --decimal comma",
    )
    check, _ = count(path, decimal=DecimalMark.DOT)
    assert [(finding.code, finding.location and finding.location.line) for finding in check.findings] == [("ESA612", 4)]
