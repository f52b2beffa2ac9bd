"""Rows that are not readings, by their names."""

from __future__ import annotations

import pytest

from reconciler.readings.layout import Habits, find_layout
from reconciler.readings.odd_rows import find_odd_row, is_blank

LAYOUT = find_layout("channelImportId,time,value,note\n", Habits())
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
def test_a_row_that_is_not_a_reading_is_called_by_its_name(row: list[str], message: str, fix: str) -> None:
    flaw = find_odd_row(LAYOUT, row)

    assert flaw is not None
    assert (flaw.code, flaw.message, flaw.fix) == ("ESA611", message, fix)


@pytest.mark.parametrize("row", [["USE", "2026-01-01T00:00", "1", ""], ["TOTAL-1", "2026-01-01T00:00", "x", "sum"]])
def test_a_reading_is_not_odd(row: list[str]) -> None:
    assert find_odd_row(LAYOUT, row) is None


@pytest.mark.parametrize(("row", "expected"), [([], True), ([" ", "\u00a0", "\x1a"], True), (["", "0"], False)])
def test_a_row_of_blanks_is_blank(row: list[str], expected: bool) -> None:
    assert is_blank(row) is expected
