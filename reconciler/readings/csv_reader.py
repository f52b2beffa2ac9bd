"""Reads CSV files block by block, and the rows of a block one by one only if something is wrong."""

from __future__ import annotations

import csv
import re
from itertools import islice, repeat
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.readings.csv_header import DELIMITERS, list_words
from reconciler.readings.csv_layout import DecimalEvidence
from reconciler.readings.reading_rows import (
    MAX_EXACT,
    TINY_EXPONENT,
    YES_OR_NO,
    BrokenFile,
    DecimalMark,
    ReadingGroup,
    ReadingRow,
    RowError,
    find_decimal_marks,
    format_option,
    make_row,
    parse_number,
    parse_yes_or_no,
    quote,
    trim,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from reconciler.readings.csv_header import FlagColumn
    from reconciler.readings.csv_layout import CsvLayout
    from reconciler.readings.reading_rows import GroupKey
    from reconciler.readings.readings_file import Source

    Cells = list[str]


_DELETE_FIX = "delete the row, or skip it with  --skip-bad"
# What reports have below a column, or between days.
_TOTAL = re.compile(
    r"[*#=\s-]*(?:grand |sub)?-?(?:totals?|sum|summe|gesamt|somme|totaal|average|avg|mean|mittelwert|min|max|minimum"
    r"|maximum|count|end|end of (?:file|report|data)|eof|records?|rows?)\b.*|\(\d+ (?:rows?|records?)\b.*",
    re.IGNORECASE,
)
# The line that psql, sqlcmd and Markdown draw below a header.
_SEPARATOR_LINE = re.compile(r"[-=+:|\s]*[-=]{2}[-=+:|\s]*")
_CONFLICT = ("<<<<<<< ", ">>>>>>> ")
# Ctrl-Z, with which DOS ends a file.
_DOS_END = "\x1a"


def is_blank(row: Sequence[str]) -> bool:
    """Whether a row has only blanks."""
    return not any(trim(cell).strip(_DOS_END) for cell in row)


def find_row_error(layout: CsvLayout, row: Sequence[str]) -> RowError | None:
    """The error of a row that is not a reading: the header again, a total, or too many or too few cells."""
    is_rectangular = len(row) == len(layout.header)
    time = trim(row[layout.time]) if is_rectangular else ""
    if time[:1].isdecimal():
        return None
    if [trim(cell).casefold() for cell in row] == [trim(name).casefold() for name in layout.header]:
        return RowError("ESA611", "the header is repeated", _DELETE_FIX)
    first = next((own for cell in row if (own := trim(cell))), "")
    total = time if _TOTAL.fullmatch(time) else first if not time and _TOTAL.fullmatch(first) else ""
    if total:
        return RowError("ESA611", f"a row is a total or a footer, not a reading, found {quote(total)}", _DELETE_FIX)
    if all(_SEPARATOR_LINE.fullmatch(cell) for cell in row):
        return RowError("ESA611", f"a row is a separator line, not a reading, found {quote(first)}", _DELETE_FIX)
    if first.startswith(_CONFLICT):
        return RowError(
            "ESA611", f"a row is a merge conflict marker, found {quote(first)}", "resolve the conflict first"
        )
    return None if is_rectangular else _uneven_row(layout, row)


def refuse_open_quote(layout: CsvLayout, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
    """Raise BrokenFile if a cell contains further rows, because its quotation mark is never closed."""
    for row, line in zip(rows, lines, strict=True):
        for cell in row:
            own = cell.splitlines()
            if len(own) > 1 and any(text.count(layout.delimiter) >= len(layout.header) - 1 for text in own[1:]):
                _refuse_quote(line, f"a cell runs over {len(own)} lines")
        if row and row[-1].endswith(("\n", "\r")):
            _refuse_quote(line, "a cell runs to the end of the file")


def _refuse_quote(line: int, what: str) -> None:
    fix = "close the quotation mark, or take it out; inside a cell it is written twice"
    raise BrokenFile(f"a quotation mark is opened but not closed: {what}", line, fix)


def _uneven_row(layout: CsvLayout, row: Sequence[str]) -> RowError:
    width = len(layout.header)
    message = f"a row must have as many cells as the header, found {len(row)} instead of {width}"
    text = layout.delimiter.join(row)
    for name, sign in DELIMITERS.items():
        if sign != layout.delimiter and text.count(sign) >= width - 1 and len(row) < width:
            return RowError(
                "ESA611", f"{message}: its cells are separated by {name}", "separate the cells of all rows alike"
            )
    fix = ""
    if len(row) == 1 and row[0].count(layout.delimiter) >= width - 1:
        return RowError("ESA611", f"{message}: it is between quotation marks as a whole", "take them out")
    if len(row) == 1:
        return RowError("ESA611", f"a row is a line of text, not a reading, found {quote(trim(row[0]))}", _DELETE_FIX)
    if len(row) > width and layout.delimiter == ",":
        fix = "put quotation marks around values with a comma, or separate columns by semicolons"
    elif len(row) < width:
        fix = f"give it {width} cells, or leave it out with  --skip-bad"
    return RowError("ESA611", message, fix)


# Rows in a block: enough to check a column at once, and few enough to stay in the cache of the processor.
_BLOCK_ROWS = 512
_zone_of = attrgetter("tzinfo")


class Block:
    """Some rows of a CSV file that follow one another."""

    def __init__(self, layout: CsvLayout, rows: Sequence[Cells], lines: Sequence[int]) -> None:
        self._layout = layout
        self.rows = rows
        self.lines = lines
        self.is_rectangular = set(map(len, rows)) == {len(layout.header)}
        self._columns: tuple[tuple[str, ...], ...] = tuple(zip(*rows, strict=True)) if self.is_rectangular else ()
        self.times: Sequence[datetime] = ()

    @property
    def keys(self) -> list[GroupKey]:
        """The key of each row, or a single one if all have the same. Only for rows that are as long as the header."""
        columns = [None if place is None else self._columns[place] for place in self._layout.identifiers]
        number = len(self.rows)
        # Most files are channel by channel: this check takes a fifth of the time that counting keys would.
        is_alike = all(column is None or column.count(column[0]) == number for column in columns)
        several = zip(
            *(column or repeat("") for column in columns),
            repeat(self._layout.interval_unit_seconds, number),
            strict=False,
        )
        return list(islice(several, 1) if is_alike else several)

    def find_zones(self) -> set[bool] | None:
        """Whether times are without an offset (True), have one (False), or both; None if a row may be invalid.

        If all are valid, `times` has those of the rows afterwards.
        """
        layout = self._layout
        if not self.is_rectangular or not self._has_valid_values():
            return None
        if layout.estimated is not None and not set(self._columns[layout.estimated]) <= YES_OR_NO.keys():
            return None
        if any(flag.applies(text) for flag in layout.bad_flags for text in set(self._columns[flag.column])):
            return None
        texts = self._columns[layout.time]
        # In a file that is in the order of time, many channels have each time, which is then parsed once.
        distinct = set(texts)
        times = layout.times.read_all(tuple(distinct) if len(distinct) < len(texts) else texts)
        if times is None:
            return None
        is_each = len(distinct) == len(texts)
        self.times = times if is_each else list(map(dict(zip(distinct, times, strict=True)).__getitem__, texts))
        return {zone is None for zone in set(map(_zone_of, times))}

    def _has_valid_values(self) -> bool:
        values = self._columns[self._layout.value]
        text = "\n".join(values)
        # float() accepts underscores and digits of other scripts, which `parse_number` refuses.
        if "_" in text or not text.isascii() or TINY_EXPONENT.search(text):
            return False
        if self._layout.decimal is DecimalMark.COMMA:
            # With thousands, or with a line break in a cell, the rows must be read one by one.
            if "." in text or text.count("\n") >= len(values):
                return False
            values = tuple(text.replace(",", ".").split("\n"))
        try:
            # Larger values are checked row by row. With inf or nan in the sum, the comparison is false, too.
            return sum(map(abs, map(float, values))) < MAX_EXACT
        except ValueError:
            return False

    def list_values(self) -> Iterator[tuple[int, str]]:
        """The line and the text of the value of each row that is as long as the header."""
        width, value = len(self._layout.header), self._layout.value
        return ((line, row[value]) for row, line in zip(self.rows, self.lines, strict=True) if len(row) == width)

    def list_cells(self, column: int) -> Sequence[str]:
        """The cells in a column of the rows that are as long as the header."""
        if self.is_rectangular:
            return self._columns[column]
        return [row[column] for row in self.rows if len(row) == len(self._layout.header)]

    def read_groups(self) -> Iterator[ReadingGroup]:
        """The rows one by one, without the blank ones, each with its errors."""
        return (
            _read_row(self._layout, row, line)
            for row, line in zip(self.rows, self.lines, strict=True)
            if not is_blank(row)
        )


def read_blocks(source: Source, layout: CsvLayout) -> Iterator[Block]:
    """All rows of the file except the header. Raises BrokenFile and FileError."""
    with source.open() as text:
        above = layout.line - 1
        for _ in range(above):
            text.readline()
        rows = csv.reader(text, delimiter=layout.delimiter, skipinitialspace=layout.delimiter != "\t", strict=False)
        last = above
        try:
            next(rows, None)
            last = above + rows.line_num
            while block := list(islice(rows, _BLOCK_ROWS)):
                lines = _number(block, last, above + rows.line_num)
                # Only a cell with a line break can contain further rows.
                if not isinstance(lines, range) or any(cell.endswith(("\n", "\r")) for cell in block[-1]):
                    refuse_open_quote(layout, block, lines)
                last = above + rows.line_num
                yield Block(layout, block, lines)
        except csv.Error as error:
            message = f"cannot parse a CSV row: {error}"
            fix = "look for a quotation mark that is opened and never closed, or for a very long cell"
            raise BrokenFile(message, last + 1, fix) from None


def _number(rows: Sequence[Cells], before: int, last: int) -> Sequence[int]:
    """The line in which each of `rows` begins; `before` is the last line before them, `last` their last one."""
    if last - before == len(rows):
        return range(before + 1, last + 1)
    lines, line = [], before + 1
    for row in rows:
        lines.append(line)
        line += 1 + sum(cell.count("\n") or cell.count("\r") for cell in row)
    return lines


def _read_row(layout: CsvLayout, row: Cells, line: int) -> ReadingGroup:
    error = find_row_error(layout, row)
    if error is not None:
        return ReadingGroup(line, None, [ReadingRow(line, None, (), row)], (error,), written=row)
    key = (*("" if place is None else row[place] for place in layout.identifiers), layout.interval_unit_seconds)
    time, value = layout.times.read(row[layout.time]), _read_value(layout, row[layout.value], line)
    estimated = parse_yes_or_no(row[layout.estimated]) if layout.estimated is not None else False
    if isinstance(estimated, bool):
        estimated = estimated or any(flag.applies(row[flag.column]) for flag in layout.estimated_flags)
    note = row[layout.note] or None if layout.note is not None else None
    made = make_row(line, (time, value, estimated, note), row)
    if errors := tuple(_bad_reading(flag, row) for flag in layout.bad_flags if flag.applies(row[flag.column])):
        made = ReadingRow(line, None, (*made.errors, *errors), row)
    return ReadingGroup(line, key, [made])


def _bad_reading(flag: FlagColumn, row: Cells) -> RowError:
    header = flag.header.strip()
    message = f"the file says that this reading is bad: {header} is {quote(row[flag.column].strip())}"
    fix = (
        f"leave such rows out with  --skip-bad;  give  {format_option('--bad', header, 'VALUES')}  if only some values "
        f"are bad, or  {format_option('--map', header)}  if none is"
    )
    return RowError("ESA633", message, fix)


def _read_value(layout: CsvLayout, text: str, line: int) -> float | RowError:
    """`text` as a number. Raises BrokenFile if it contradicts the decimal mark that another value decided."""
    number = parse_number(text, layout.decimal)
    evidence = layout.evidence
    if evidence is not None and isinstance(number, RowError) and find_decimal_marks(text) == {layout.decimal.other}:
        found = f"found {quote(text)} and, in line {evidence.line}, {quote(evidence.text)}"
        fix = "write all values alike, or give the right mark with  --decimal dot  or  --decimal comma"
        raise BrokenFile(f"the values have decimal dots and decimal commas, {found}", line, fix)
    return number


_DATE = re.compile(r"\d{4}([-/.]?)\d\d?\1\d\d?|\d\d?([-/.])\d\d?\2(?:\d{4}|\d\d)", re.ASCII)
_CLOCK = re.compile(r"[0-2]?\d[:h][0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?:\s*[ap]\.?m\.?)?", re.ASCII | re.IGNORECASE)
_HALF_DAY = re.compile(r"[ap]\.?m\.?", re.IGNORECASE)
# Two digits are an hour, or the number of an interval, only if the header says so.
_NUMBER = re.compile(r"\d{1,2}(?:\.0+)?", re.ASCII)
_HOUR_HEADER = re.compile(
    r"(?:hour|hr|he|hh|stunde|heure|hora|ora|uur|period|interval|uhrzeit|zeit)s?"
    r"(?: (?:ending|beginning|starting|start|end|of day|of the day|no|number|nr|id))?|(?:settlement|trading) period"
)
_THE_DATE = "the date"


def refuse_split_times(layout: CsvLayout, block: Block) -> None:
    """Raise BrokenFile if the rows of `block` have a part of their times in a column that `layout` does not use.

    Without it, all readings of a day would get its midnight, and 1:15 PM would become 01:15.
    """
    times = _list_texts(block, layout.time)
    if not times:
        return
    has_dates, has_clocks = _are_all(_DATE, times), _are_all(_CLOCK, times)
    for column, header in enumerate(layout.header):
        if header not in layout.ignored or not (texts := _list_texts(block, column)):
            continue
        what = ""
        if has_dates and (_are_all(_CLOCK, texts) or _are_hours(header, texts)):
            what = "the time of day"
        elif has_clocks and _are_all(_DATE, texts):
            what = _THE_DATE
        elif not has_dates and _are_all(_HALF_DAY, texts):
            what = "AM or PM"
        if what:
            _refuse_split_time(what, trim(header), layout.line)


def _list_texts(block: Block, column: int) -> Sequence[str]:
    return [own for text in block.list_cells(column) if (own := trim(text))]


def _are_all(form: re.Pattern[str], texts: Sequence[str]) -> bool:
    return all(map(form.fullmatch, texts))


def _are_hours(header: str, texts: Sequence[str]) -> bool:
    return _HOUR_HEADER.fullmatch(" ".join(list_words(header))) is not None and _are_all(_NUMBER, texts)


def _refuse_split_time(what: str, header: str, line: int) -> None:
    message = f"{what} is in a column of its own, which is not used, found {quote(header)}"
    fix = "write the whole time in one column, as in  2026-03-30T00:15"
    if what != _THE_DATE:
        fix += f",  or say that the column does not matter with  {format_option('--map', header)}"
    raise BrokenFile(message, line, fix, "ESA612")


def detect_decimal_mark(source: Source, layout: CsvLayout) -> CsvLayout:
    """`layout` with the decimal mark of the first value that is unambiguous, such as 12.5 or 1,234.5.

    The whole file is searched for one. It is a dot if no value has a mark at all. Raises BrokenFile if all values with
    a mark are ambiguous, such as 1,234, and BrokenFile and FileError if the file cannot be read.
    """
    doubtful: DecimalEvidence | None = None
    for line, text in _list_marked(source, layout):
        marks = find_decimal_marks(text)
        if len(marks) == 1:
            (decimal,) = marks
            return replace(layout, decimal=decimal, evidence=DecimalEvidence(line, text))
        if len(marks) > 1 and doubtful is None:
            doubtful = DecimalEvidence(line, text)
    if doubtful is None:
        return layout
    message = f"the values can be read in two ways, found {quote(doubtful.text)}"
    text = doubtful.text.strip()
    point, thousands = (DecimalMark.DOT, DecimalMark.COMMA) if "." in text else (DecimalMark.COMMA, DecimalMark.DOT)
    fix = (
        f"give the decimal mark: --decimal {point.value} if {text} has three decimal places, "
        f"--decimal {thousands.value} if it has thousands"
    )
    raise BrokenFile(message, doubtful.line, fix)


def _list_marked(source: Source, layout: CsvLayout) -> Iterator[tuple[int, str]]:
    """The values with a dot or a comma, each with its line."""
    for block in read_blocks(source, layout):
        for line, text in block.list_values():
            if "." in text or "," in text:
                yield line, text
