"""A file of readings in whatever format: what it is taken for, and its rows."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from reconciler.errors import UsageError
from reconciler.readings.csv_rows import read_blocks
from reconciler.readings.decimals import settle_decimal
from reconciler.readings.flaws import BrokenFile, quote
from reconciler.readings.header import DELIMITERS
from reconciler.readings.json_rows import read_array, read_lines
from reconciler.readings.layout import Layout, find_layout
from reconciler.readings.source import look_at
from reconciler.readings.split_times import refuse_split_times
from reconciler.readings.times import Times, make_times
from reconciler.readings.units import find_unit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.readings.layout import Habits
    from reconciler.readings.rows import Parcel
    from reconciler.readings.source import Source


# A header such as [time],[value]; in JSON, only these words stand without quotation marks.
_NAME = re.compile(r"\s*[\[{]\s*(?!null\b|true\b|false\b|NaN\b|Infinity\b)[A-Za-z_]")


class Shape(Enum):
    """The formats that readings come in."""

    CSV = "CSV"
    ARRAY = "JSON array"
    LINES = "JSON lines"


class ReadingsFile(Struct, frozen=True):
    """A file of readings, and what it was recognised as; `layout` is None for JSON."""

    source: Source
    shape: Shape
    times: Times
    layout: Layout | None = None

    @property
    def name(self) -> str:
        return self.source.name

    def describe(self) -> str:
        """How the file is read, in words."""
        if self.layout is None:
            return self.shape.value
        names = {sign: name for name, sign in DELIMITERS.items()}
        sign = names.get(self.layout.delimiter, quote(self.layout.delimiter))
        words = f"{self.shape.value}, columns separated by {sign}, decimal {self.layout.decimal.value}"
        if self.layout.above:
            words += f"; header in line {self.layout.line}, lines above it are not used"
        unused = [quote(header) for header in self.layout.ignored if header.strip()]
        return f"{words}; not used: {', '.join(unused)}" if unused else words

    @property
    def value_unit(self) -> str:
        """The unit that the header of the values names, as in  Energy [MWh]; "" for none."""
        return (find_unit(self.layout.header[self.layout.value]) or "") if self.layout else ""

    def read_parcels(self) -> Iterator[Parcel]:
        """All readings of the file, in its order. Raises BrokenFile and FileError, also while they are read."""
        match self.shape:
            case Shape.CSV:
                for block in read_blocks(self.source, self._columns):
                    yield from block.read_parcels()
            case Shape.ARRAY:
                yield from read_array(self.source, self.times)
            case Shape.LINES:
                yield from read_lines(self.source, self.times)
            case _:
                assert_never(self.shape)

    @property
    def _columns(self) -> Layout:
        if self.layout is None:
            raise ValueError("a CSV file has a layout")
        return self.layout


def _refuse_options_of_csv(source: Source, habits: Habits) -> None:
    given = {
        "--map": habits.names,
        "--bad": habits.bad,
        "--estimated": habits.estimated,
        "--delimiter": habits.delimiter,
        "--decimal": habits.decimal,
    }
    if option := next((option for option, value in given.items() if value), ""):
        fix = f"remove {option}: JSON has the API's own property names; take bad readings out of the file"
        raise UsageError(f"{option} is for CSV files, but {source.name} is JSON", fix)


def recognise(path: Path, habits: Habits) -> ReadingsFile:
    """The file at `path` as what it looks like: [ begins a JSON array, { begins JSON lines, all else is CSV.

    Raises BrokenFile if it cannot be read so, FileError if it cannot be read at all, and UsageError if `habits` say how
    CSV is written but it is JSON.
    """
    source = look_at(path)
    begin = source.head.lstrip()[:1]
    if begin in ("[", "{") and not _NAME.match(source.head):
        _refuse_options_of_csv(source, habits)
        return ReadingsFile(source, Shape.ARRAY if begin == "[" else Shape.LINES, make_times(habits.zone, habits.unit))
    if not begin:
        raise BrokenFile(
            "the file is empty, found no reading", 1, "look at what wrote it: was there anything to write?"
        )
    layout = find_layout(source.head, habits)
    if first := next(read_blocks(source, layout), None):
        refuse_split_times(layout, first)
    settled = layout if habits.decimal else settle_decimal(source, layout)
    return ReadingsFile(source, Shape.CSV, layout.times, settled)
