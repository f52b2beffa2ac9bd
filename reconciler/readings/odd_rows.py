"""Rows of a CSV file that are not readings: what each is called, and the way out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.readings.blanks import trim
from reconciler.readings.flaws import BrokenFile, Flaw, quote
from reconciler.readings.header import DELIMITERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.readings.layout import Layout

_TAKE_OUT = "delete the row, or skip it with  --skip-bad"
# What reports write below a column, or between days.
_TOTAL = re.compile(
    r"[*#=\s-]*(?:grand |sub)?-?(?:totals?|sum|summe|gesamt|somme|totaal|average|avg|mean|mittelwert|min|max|minimum"
    r"|maximum|count|end|end of (?:file|report|data)|eof|records?|rows?)\b.*|\(\d+ (?:rows?|records?)\b.*",
    re.IGNORECASE,
)
# What psql, sqlcmd and Markdown draw below a header.
_RULE = re.compile(r"[-=+:|\s]*[-=]{2}[-=+:|\s]*")
_CONFLICT = ("<<<<<<< ", ">>>>>>> ")
# Ctrl-Z, with which DOS ends a file.
_DOS_END = "\x1a"


def is_blank(row: Sequence[str]) -> bool:
    """Whether a row holds nothing but blanks."""
    return not any(trim(cell).strip(_DOS_END) for cell in row)


def find_odd_row(layout: Layout, row: Sequence[str]) -> Flaw | None:
    """What is wrong with a row that is not a reading: the header again, a total, or too many or too few cells."""
    is_even = len(row) == len(layout.header)
    time = trim(row[layout.time]) if is_even else ""
    if time[:1].isdecimal():
        return None
    if [trim(cell).casefold() for cell in row] == [trim(name).casefold() for name in layout.header]:
        return Flaw("ESA611", "the header is repeated", _TAKE_OUT)
    first = next((own for cell in row if (own := trim(cell))), "")
    total = time if _TOTAL.fullmatch(time) else first if not time and _TOTAL.fullmatch(first) else ""
    if total:
        return Flaw("ESA611", f"a row is a total or a footer, not a reading, found {quote(total)}", _TAKE_OUT)
    if all(_RULE.fullmatch(cell) for cell in row):
        return Flaw("ESA611", f"a row is a separator line, not a reading, found {quote(first)}", _TAKE_OUT)
    if first.startswith(_CONFLICT):
        return Flaw("ESA611", f"a row is a merge conflict marker, found {quote(first)}", "resolve the conflict first")
    return None if is_even else _refuse_uneven(layout, row)


def refuse_open_quote(layout: Layout, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
    """Raise BrokenFile where a cell has swallowed rows, for its quotation mark is opened and never closed."""
    for row, line in zip(rows, lines, strict=True):
        for cell in row:
            own = cell.splitlines()
            if len(own) > 1 and any(text.count(layout.delimiter) >= len(layout.header) - 1 for text in own[1:]):
                _refuse(line, f"a cell runs over {len(own)} lines")
        if row and row[-1].endswith(("\n", "\r")):
            _refuse(line, "a cell runs to the end of the file")


def _refuse(line: int, what: str) -> None:
    fix = "close the quotation mark, or take it out; inside a cell it is written twice"
    raise BrokenFile(f"a quotation mark is opened but not closed: {what}", line, fix)


def _refuse_uneven(layout: Layout, row: Sequence[str]) -> Flaw:
    width = len(layout.header)
    message = f"a row must have as many cells as the header, found {len(row)} instead of {width}"
    text = layout.delimiter.join(row)
    for name, sign in DELIMITERS.items():
        if sign != layout.delimiter and text.count(sign) >= width - 1 and len(row) < width:
            return Flaw(
                "ESA611", f"{message}: its cells are separated by {name}", "separate the cells of all rows alike"
            )
    fix = ""
    if len(row) == 1 and row[0].count(layout.delimiter) >= width - 1:
        return Flaw("ESA611", f"{message}: it is between quotation marks as a whole", "take them out")
    if len(row) == 1:
        return Flaw("ESA611", f"a row is a line of text, not a reading, found {quote(trim(row[0]))}", _TAKE_OUT)
    if len(row) > width and layout.delimiter == ",":
        fix = "put quotation marks around values with a comma, or separate columns by semicolons"
    elif len(row) < width:
        fix = f"give it {width} cells, or leave it out with  --skip-bad"
    return Flaw("ESA611", message, fix)
