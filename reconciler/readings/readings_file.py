"""A file of readings: its format detected, its groups read."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from reconciler.errors import UsageError
from reconciler.readings.csv_header import DELIMITERS, find_unit
from reconciler.readings.csv_layout import CsvLayout, detect_layout
from reconciler.readings.csv_reader import detect_decimal_mark, read_blocks, refuse_split_times
from reconciler.readings.json_reader import read_array, read_lines
from reconciler.readings.reading_rows import BrokenFile, quote
from reconciler.readings.text_source import open_source
from reconciler.readings.times import TimeParser, make_time_parser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.readings.csv_layout import CsvOptions
    from reconciler.readings.reading_rows import ReadingGroup
    from reconciler.readings.text_source import Source


# A header such as [time],[value]; in JSON, only these words are without quotation marks.
_BRACKETED_NAME = re.compile(r"\s*[\[{]\s*(?!null\b|true\b|false\b|NaN\b|Infinity\b)[A-Za-z_]")


class FileFormat(Enum):
    """The formats of files of readings."""

    CSV = "CSV"
    ARRAY = "JSON array"
    LINES = "JSON lines"


class ReadingsFile(Struct, frozen=True):
    """A file of readings and its detected format; `layout` is None for JSON."""

    source: Source
    format: FileFormat
    times: TimeParser
    layout: CsvLayout | None = None

    @property
    def name(self) -> str:
        return self.source.name

    def describe(self) -> str:
        """How the file is read, in words for a report."""
        if self.layout is None:
            return self.format.value
        names = {sign: name for name, sign in DELIMITERS.items()}
        sign = names.get(self.layout.delimiter, quote(self.layout.delimiter))
        words = f"{self.format.value}, columns separated by {sign}, decimal {self.layout.decimal.value}"
        if self.layout.above:
            words += f"; header in line {self.layout.line}, lines above it are not used"
        unused = [quote(header) for header in self.layout.ignored if header.strip()]
        return f"{words}; not used: {', '.join(unused)}" if unused else words

    @property
    def value_unit(self) -> str:
        """The unit that the header of the values names, as in  Energy [MWh]; "" if none."""
        return (find_unit(self.layout.header[self.layout.value]) or "") if self.layout else ""

    def read_groups(self) -> Iterator[ReadingGroup]:
        """All readings of the file, in its order. Raises BrokenFile and FileError, also while they are read."""
        match self.format:
            case FileFormat.CSV:
                for block in read_blocks(self.source, self._columns):
                    yield from block.read_groups()
            case FileFormat.ARRAY:
                yield from read_array(self.source, self.times)
            case FileFormat.LINES:
                yield from read_lines(self.source, self.times)
            case _:
                assert_never(self.format)

    @property
    def _columns(self) -> CsvLayout:
        if self.layout is None:
            raise ValueError("a CSV file has a layout")
        return self.layout


def _refuse_options_of_csv(source: Source, csv_options: CsvOptions) -> None:
    given = {
        "--map": csv_options.names,
        "--bad": csv_options.bad,
        "--estimated": csv_options.estimated,
        "--delimiter": csv_options.delimiter,
        "--decimal": csv_options.decimal,
    }
    if option := next((option for option, value in given.items() if value), ""):
        fix = f"remove {option}: JSON has the API's own property names; take bad readings out of the file"
        raise UsageError(f"{option} is for CSV files, but {source.name} is JSON", fix)


def open_readings_file(path: Path, csv_options: CsvOptions) -> ReadingsFile:
    """The file at `path` as what it looks like: [ begins a JSON array, { begins JSON lines, all else is CSV.

    Raises BrokenFile if the content is not valid, FileError if the file cannot be read, and UsageError if `csv_options`
    describe a CSV file but it is JSON.
    """
    source = open_source(path)
    begin = source.head.lstrip()[:1]
    if begin in ("[", "{") and not _BRACKETED_NAME.match(source.head):
        _refuse_options_of_csv(source, csv_options)
        return ReadingsFile(
            source,
            FileFormat.ARRAY if begin == "[" else FileFormat.LINES,
            make_time_parser(csv_options.zone, csv_options.unit),
        )
    if not begin:
        raise BrokenFile("the file is empty, found no reading", 1, "check the program that wrote it")
    layout = detect_layout(source.head, csv_options)
    if first := next(read_blocks(source, layout), None):
        refuse_split_times(layout, first)
    settled = layout if csv_options.decimal else detect_decimal_mark(source, layout)
    return ReadingsFile(source, FileFormat.CSV, layout.times, settled)
