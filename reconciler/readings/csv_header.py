"""The header of a CSV file: its line, and the unit, the factor and the time zone that it names."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.units import find_measure, fold
from reconciler.readings.reading_rows import TIME, VALUE, BrokenFile, format_option, quote
from reconciler.readings.zones import (
    find_zone_in_header,
    is_standard_time,
    is_unambiguous,
    may_be_zone,
    parse_zone,
    suggest_zones,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import tzinfo


DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
# Programs write about a dozen lines above the header, not more.
_MAX_LINES_ABOVE = 50
# Excel writes this line, and follows it.
_SEP = re.compile(r'\s*"?sep=(?P<sign>[^"\r\n]?)"?\s*[,;\t|]*\s*', re.IGNORECASE)


class Header(Struct, frozen=True):
    """The names of the columns, their line, and how many other lines that are not blank are above it."""

    cells: tuple[str, ...]
    delimiter: str
    line: int = 1
    above: int = 0


def find_header(head: str, delimiter: str | None, name: Callable[[str], str | None]) -> Header:
    """The first line of `head` with columns for time and value; if there is none, the first line that is not blank.

    `name` gives the property of a column. The delimiter is the one with which most columns have a property; if several
    are equal, that of a line  sep=;  above the header comes first.
    """
    lines = list(islice(io.StringIO(head, newline=""), _MAX_LINES_ABOVE * 2))
    filled = [place for place, line in enumerate(lines) if line.strip("\ufeff \t\r\n")]
    signs = [delimiter] if delimiter else list(DELIMITERS.values())
    if filled and (match := _SEP.fullmatch(lines[filled[0]])) and len(filled) > 1:
        filled = filled[1:]
        signs = signs if delimiter or not match["sign"] else [match["sign"], *signs]
    headers = [
        _split(lines, place, signs, above, name) for above, place in enumerate(filled[: _MAX_LINES_ABOVE + 1])
    ] or [Header((), signs[0])]
    return next((header for header in headers if {TIME, VALUE} <= set(map(name, header.cells))), headers[0])


def list_words(header: str) -> list[str]:
    """The words of a header in lower case: lowAlarm, Low_Alarm and low-alarm are two words."""
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


_BRACKETED = re.compile(r"[\[(]([^\[\]()]{1,30})[\])]")
_WORDS = re.compile(r"[\s_:,;|]+")
_RUN_ON = re.compile(r"(?<=[a-z])(?:[kKMGT]?W[hH]|[km]wh)$")
_FACTOR = re.compile(
    r"(?:(?<![a-z])x|[\xd7*])\s*1(?:0+(?:\^\d)?|(?:[ ,.']000)+)(?![\w.])|(?<![\w.,])'?000s?\b"
    r"|\b(?:1[ ,.']?000s|thousands?|millions?|tausend|milliers?)\b",
    re.IGNORECASE,
)


def find_unit(header: str) -> str | None:
    """The unit that the header of a column names, as in  Energy [MWh],  kWh (kWh)  or  value_kwh;  None if none."""
    return next((text for text in _list_units(header) if find_measure(text)), None)


def _list_units(header: str) -> Iterator[str]:
    yield from (text.strip() for text in reversed(_BRACKETED.findall(header)))
    unbracketed = _BRACKETED.sub(" ", header).strip()
    # A unit is usually the last word, as in Energy kWh.
    words = _WORDS.split(unbracketed)[::-1]
    # A single letter is rarely a unit.
    yield from (text for text in (unbracketed, *words) if len(fold(text)) > 1)
    yield from (unit for word in words if (unit := _unit_suffix(word)))


def _unit_suffix(word: str) -> str:
    """The unit that a word ends with, as in  Energie/kWh  or  totalMWh;  "" if none."""
    quantity, slash, unit = word.partition("/")
    if slash and not find_measure(quantity):
        return unit if len(fold(unit)) > 1 else ""
    match = _RUN_ON.search(word)
    return match[0] if match else ""


def find_factor(header: str) -> str:
    """The factor for the values that their header names, as in  kWh (x1000);  "" if none."""
    match = _FACTOR.search(header)
    return match[0] if match else ""


_CODE = "ESA627"
# Headers of columns with the time zone of each row.
_ZONES = re.compile(
    r"(?:time ?)?(?:zone|tz)(?: ?(?:id|name|code|info))?|zeitzone|fuseau(?: horaire)?"
    r"|(?:(?:utc|gmt|tz|(?:time ?)?zone|time) ?)?offset(?: ?(?:utc|gmt))?"
    r"(?: (?:in )?(?:h|hours?|min|minutes?|s|sec|seconds?))?"
)


def detect_column_zone(header: str, zone: tzinfo | None) -> tzinfo | None:
    """The zone of the times under `header`: `zone`, which the user gives, or the header's; None for local time.

    Raises BrokenFile if the two contradict each other, and if the header has only letters that are ambiguous.
    """
    said = find_zone_in_header(header)
    if said is None:
        return zone
    if zone is not None and not may_be_zone(said, zone):
        message = f"the header of the times does not agree with --zone {zone}, found {quote(header)}"
        raise BrokenFile(message, 1, "leave --zone out, or correct the header", _CODE)
    if zone is not None or is_unambiguous(said):
        return zone or parse_zone(said)
    if is_standard_time(said):
        message = f"the header of the times says {said}, but not of which zone, found {quote(header)}"
        fix = "give its offset, such as  --zone +01:00,  or its letters, such as  --zone EST"
        raise BrokenFile(message, 1, fix, _CODE)
    standard, summer = suggest_zones(said)
    choices = [f"--zone {standard}  if clocks stay on standard time"] if standard else []
    choices.append(f"--zone {summer}  if clocks change in summer")
    message = f"the header of the times says {said}, with or without summer time, found {quote(header)}"
    raise BrokenFile(message, 1, f"say  {',  or  '.join(choices)}", _CODE)


def refuse_zone_columns(ignored: Iterable[str], zone: tzinfo | None) -> None:
    """Raise BrokenFile if an unused column has the zones of times, and the user does not give one."""
    for header in ignored:
        if zone is None and _ZONES.fullmatch(re.sub(r"[\W_]+", " ", header).strip().casefold()):
            message = f"a column names the time zone of each time, but is not used, found {quote(header)}"
            ignore = format_option("--map", header)
            fix = f"give  --zone  if all times are in one zone, or ignore the column with  {ignore}"
            raise BrokenFile(message, 1, fix, _CODE)
