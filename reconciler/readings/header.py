"""Finds the header of a CSV file: below blank lines, a line that names the delimiter, and lines about the file."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.readings.cells import TIME, VALUE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
# Programs write a dozen lines about a file above its header, not more.
_MOST_ABOVE = 50
# Excel writes it, and obeys it.
_SEP = re.compile(r'\s*"?sep=(?P<sign>[^"\r\n]?)"?\s*[,;\t|]*\s*', re.IGNORECASE)


class Header(Struct, frozen=True):
    """The names of the columns, the line they are in, and how many lines above it hold something else."""

    cells: tuple[str, ...]
    delimiter: str
    line: int = 1
    above: int = 0


def find_header(head: str, delimiter: str | None, name: Callable[[str], str | None]) -> Header:
    """The first line of `head` with columns for time and value; without such a one, the first line that is not blank.

    `name` says which property a column is. The delimiter is the one under which most columns have a name, first of
    all that which a line  sep=;  above the header says.
    """
    lines = list(islice(io.StringIO(head, newline=""), _MOST_ABOVE * 2))
    filled = [place for place, line in enumerate(lines) if line.strip("\ufeff \t\r\n")]
    signs = [delimiter] if delimiter else list(DELIMITERS.values())
    if filled and (match := _SEP.fullmatch(lines[filled[0]])) and len(filled) > 1:
        filled = filled[1:]
        signs = signs if delimiter or not match["sign"] else [match["sign"], *signs]
    headers = [_split(lines, place, signs, above, name) for above, place in enumerate(filled[: _MOST_ABOVE + 1])] or [
        Header((), signs[0])
    ]
    return next((header for header in headers if {TIME, VALUE} <= set(map(name, header.cells))), headers[0])


def list_words(header: str) -> list[str]:
    """The words of a header in small letters: lowAlarm, Low_Alarm and low-alarm are two."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", header).casefold().split()


def _split(
    lines: Sequence[str], place: int, signs: Sequence[str], above: int, name: Callable[[str], str | None]
) -> Header:
    headers = [Header(_read_row(lines, place, sign), sign, place + 1, above) for sign in signs]
    return max(headers, key=lambda header: sum(name(cell) is not None for cell in header.cells))


def _read_row(lines: Sequence[str], place: int, delimiter: str) -> tuple[str, ...]:
    try:
        row = next(csv.reader(islice(lines, place, None), delimiter=delimiter, skipinitialspace=delimiter != "\t"), [])
    except csv.Error:
        return ()
    return tuple(row)
