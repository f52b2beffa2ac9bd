"""CSV files of readings, block by block: most blocks are seen to be sound as a whole, the others row by row."""

from __future__ import annotations

import csv
from itertools import islice, repeat
from operator import attrgetter
from typing import TYPE_CHECKING

from reconciler.readings.cells import FLAGS, read_flag
from reconciler.readings.flaws import BrokenFile, Flaw, quote, say_option
from reconciler.readings.numerals import EXACT, TINY, Decimal, find_marks, read_number
from reconciler.readings.odd_rows import find_odd_row, is_blank, refuse_open_quote
from reconciler.readings.rows import Parcel, Row, make_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from reconciler.readings.flags import Mark
    from reconciler.readings.identifiers import Key
    from reconciler.readings.layout import Layout
    from reconciler.readings.source import Source

    Cells = list[str]

# Rows looked at together: enough to look at each column at once, few enough to stay in the cache of the processor.
_BLOCK = 512
_take_zone = attrgetter("tzinfo")


class Block:
    """Some rows of a CSV file that follow one another."""

    def __init__(self, layout: Layout, rows: Sequence[Cells], lines: Sequence[int]) -> None:
        self._layout = layout
        self.rows = rows
        self.lines = lines
        self.is_even = set(map(len, rows)) == {len(layout.header)}
        self._columns: tuple[tuple[str, ...], ...] = tuple(zip(*rows, strict=True)) if self.is_even else ()
        self.times: Sequence[datetime] = ()

    @property
    def keys(self) -> list[Key]:
        """The key of each row; one alone where it is that of all. Only for rows that are as long as the header."""
        columns = [None if place is None else self._columns[place] for place in self._layout.identifiers]
        number = len(self.rows)
        # Files mostly come channel by channel: to see that costs a fifth of counting keys.
        is_alike = all(column is None or column.count(column[0]) == number for column in columns)
        several = zip(*(column or repeat("") for column in columns), repeat(self._layout.seconds, number), strict=False)
        return list(islice(several, 1) if is_alike else several)

    def find_zones(self) -> set[bool] | None:
        """Whether times are without an offset (True), have one (False), or both; None where a row is not sound.

        Where all are sound, `times` are those of the rows from then on.
        """
        layout = self._layout
        if not self.is_even or not self._has_sound_values():
            return None
        if layout.estimated is not None and not set(self._columns[layout.estimated]) <= FLAGS.keys():
            return None
        if any(mark.applies(text) for mark in layout.bad for text in set(self._columns[mark.column])):
            return None
        texts = self._columns[layout.time]
        distinct = set(texts)
        times = layout.times.read_all(tuple(distinct) if len(distinct) < len(texts) else texts)
        if times is None:
            return None
        is_each = len(distinct) == len(texts)
        self.times = times if is_each else list(map(dict(zip(distinct, times, strict=True)).__getitem__, texts))
        return {zone is None for zone in set(map(_take_zone, times))}

    def _has_sound_values(self) -> bool:
        values = self._columns[self._layout.value]
        text = "\n".join(values)
        if "_" in text or not text.isascii() or TINY.search(text):
            return False
        if self._layout.decimal is Decimal.COMMA:
            if "." in text or text.count("\n") >= len(values):
                return False
            values = tuple(text.replace(",", ".").split("\n"))
        try:
            # Larger ones are looked at closely; the sum with one that is not finite is not less than anything.
            return sum(map(abs, map(float, values))) < EXACT
        except ValueError:
            return False

    def list_values(self) -> Iterator[tuple[int, str]]:
        """The line and the value of each row that is as long as the header, as they are written."""
        width, value = len(self._layout.header), self._layout.value
        return ((line, row[value]) for row, line in zip(self.rows, self.lines, strict=True) if len(row) == width)

    def list_cells(self, column: int) -> Sequence[str]:
        """The cells in a column of the rows that are as long as the header."""
        if self.is_even:
            return self._columns[column]
        return [row[column] for row in self.rows if len(row) == len(self._layout.header)]

    def read_parcels(self) -> Iterator[Parcel]:
        """The rows one by one but for the blank ones, with what is wrong with each."""
        return (
            _read_row(self._layout, row, line)
            for row, line in zip(self.rows, self.lines, strict=True)
            if not is_blank(row)
        )


def read_blocks(source: Source, layout: Layout) -> Iterator[Block]:
    """All rows of the file but its header. Raises BrokenFile and FileError."""
    with source.open() as text:
        above = layout.line - 1
        for _ in range(above):
            text.readline()
        rows = csv.reader(text, delimiter=layout.delimiter, skipinitialspace=layout.delimiter != "\t", strict=False)
        last = above
        try:
            next(rows, None)
            last = above + rows.line_num
            while block := list(islice(rows, _BLOCK)):
                lines = _number(block, last, above + rows.line_num)
                if not isinstance(lines, range) or any(cell.endswith(("\n", "\r")) for cell in block[-1]):
                    refuse_open_quote(layout, block, lines)
                last = above + rows.line_num
                yield Block(layout, block, lines)
        except csv.Error as error:
            message = f"a row cannot be told apart: {error}"
            fix = "look for a quotation mark that is opened and never closed, or for a very long cell"
            raise BrokenFile(message, last + 1, fix) from None


def _number(rows: Sequence[Cells], before: int, last: int) -> Sequence[int]:
    """The line that each of `rows` begins in; the lines up to `before` came earlier."""
    if last - before == len(rows):
        return range(before + 1, last + 1)
    lines, line = [], before + 1
    for row in rows:
        lines.append(line)
        line += 1 + sum(cell.count("\n") or cell.count("\r") for cell in row)
    return lines


def _read_row(layout: Layout, row: Cells, line: int) -> Parcel:
    flaw = find_odd_row(layout, row)
    if flaw is not None:
        return Parcel(line, None, [Row(line, None, (), row)], (flaw,), written=row)
    key = (*("" if place is None else row[place] for place in layout.identifiers), layout.seconds)
    time, value = layout.times.read(row[layout.time]), _read_value(layout, row[layout.value], line)
    estimated = read_flag(row[layout.estimated]) if layout.estimated is not None else False
    if isinstance(estimated, bool):
        estimated = estimated or any(mark.applies(row[mark.column]) for mark in layout.guessed)
    note = row[layout.note] or None if layout.note is not None else None
    made = make_row(line, (time, value, estimated, note), row)
    if flaws := tuple(_tell_bad(mark, row) for mark in layout.bad if mark.applies(row[mark.column])):
        made = Row(line, None, (*made.flaws, *flaws), row)
    return Parcel(line, key, [made])


def _tell_bad(mark: Mark, row: Cells) -> Flaw:
    header = mark.header.strip()
    message = f"the file says that this reading is bad: {header} is {quote(row[mark.column].strip())}"
    fix = (
        f"leave such rows out with  --skip-bad;  give  {say_option('--bad', header, 'VALUES')}  if only some values "
        f"are bad, or  {say_option('--map', header)}  if none is"
    )
    return Flaw("ESA633", message, fix)


def _read_value(layout: Layout, text: str, line: int) -> float | Flaw:
    """The number that `text` is. Raises BrokenFile where it denies the decimal mark that another value decided."""
    number = read_number(text, layout.decimal)
    evidence = layout.evidence
    if evidence is not None and isinstance(number, Flaw) and find_marks(text) == {layout.decimal.other}:
        found = f"found {quote(text)} and, in line {evidence.line}, {quote(evidence.text)}"
        fix = "write all values alike, or give the right mark with  --decimal dot  or  --decimal comma"
        raise BrokenFile(f"the values have decimal dots and decimal commas, {found}", line, fix)
    return number
