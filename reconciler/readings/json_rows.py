"""JSON files of readings: the array that the API takes, and JSON lines of groups or of single readings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.planning.messages import find_nearest
from reconciler.readings.cells import (
    ESTIMATED,
    NOTE,
    TIME,
    VALUE,
    show_json,
    take_flag,
    take_note,
    take_number,
)
from reconciler.readings.flags import is_flag
from reconciler.readings.flaws import BrokenFile, Flaw, quote
from reconciler.readings.identifiers import NAMES, PROPERTIES
from reconciler.readings.json_text import decode, decode_first, describe, read_elements, skip
from reconciler.readings.layout import ERROR
from reconciler.readings.rows import Parcel, Row, make_row
from reconciler.reports.formatting import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.readings.identifiers import Key
    from reconciler.readings.source import Source
    from reconciler.readings.times import Times

READINGS = "readings"
# So the service calls what is wrong with a reading, and others may do so, too.
_THEIR_ERROR = "error"
_READING = frozenset((TIME, VALUE, ESTIMATED, NOTE, ERROR, _THEIR_ERROR))
_GROUP = frozenset((*PROPERTIES, READINGS, ERROR, _THEIR_ERROR))
_FLAT = frozenset((*PROPERTIES, *_READING))


def read_array(source: Source, times: Times) -> Iterator[Parcel]:
    """The groups, or single readings, of a JSON array. Raises BrokenFile and FileError."""
    number = 0
    with source.open(longest_line=None) as text:
        for line, own, value in read_elements(text):
            if isinstance(value, dict) and _is_reading(value):
                yield _read_flat(line, value, times)
            else:
                yield _read_group((line, own), number, value, times)
                number += 1


def read_lines(source: Source, times: Times) -> Iterator[Parcel]:
    """The groups, or single readings, of a file with a JSON object in each line. Raises BrokenFile and FileError."""
    number = 0
    with source.open() as text:
        for line, own in enumerate(text, start=1):
            if not own.strip():
                continue
            value = _decode_line(own, line)
            if isinstance(value, dict) and READINGS not in value:
                yield _read_flat(line, value, times)
            else:
                yield _read_group((line, own), number, value, times)
                number += 1


def _is_reading(value: Mapping[str, object]) -> bool:
    """Whether an object is a single reading that has its identifiers beside it, as tables are written in JSON."""
    return READINGS not in value and (TIME in value or VALUE in value)


def locate_rows(parcel: Parcel) -> None:
    """Find the line of each row of `parcel`, where only that of the group is known: to find it costs time."""
    if parcel.own:
        for row, line in zip(parcel.rows, _find_lines(parcel.own, parcel.line), strict=True):
            row.line = line
        parcel.own = ""


def _decode_line(own: str, line: int) -> object:
    try:
        return decode(own)
    except ValueError as flaw:
        fix = "write a whole JSON object in each line, or all of them as one array, between [ and ]"
        raise BrokenFile(f"the line is no JSON: {describe(flaw)}", line, fix) from None


def _read_group(place: tuple[int, str], number: int, value: object, times: Times) -> Parcel:
    line, own = place
    if not isinstance(value, dict):
        return _refuse_group(
            line, number, value, Flaw("ESA611", f"a group must be an object, found {show_json(value)}")
        )
    unknown, readings = _find_unknown(value, _GROUP), value.get(READINGS)
    if unknown is not None:
        return _refuse_group(line, number, value, unknown)
    if not isinstance(readings, list):
        flaw = Flaw("ESA611", f"a group must have a list of readings, found {show_json(readings)}")
        return _refuse_group(line, number, value, flaw)
    key, flaws = _take_key(value)
    rows = [_read_reading(line, reading, times) for reading in readings]
    parcel = Parcel(line, key, rows, flaws, number, value, own, _find_errors((value, *readings)))
    if any(row.flaws for row in rows):
        locate_rows(parcel)
    return parcel


def _refuse_group(line: int, number: int, value: object, flaw: Flaw) -> Parcel:
    return Parcel(line, None, [Row(line, None, (), value)], (flaw,), number, value)


def _read_flat(line: int, value: Mapping[str, object], times: Times) -> Parcel:
    flaw = _find_unknown(value, _FLAT)
    if flaw is not None:
        return Parcel(line, None, [Row(line, None, (), value)], (flaw,), written=value)
    key, flaws = _take_key(value)
    return Parcel(line, key, [_make_row(line, value, times)], flaws, written=value, doubts=_find_errors((value,)))


def _read_reading(line: int, value: object, times: Times) -> Row:
    if not isinstance(value, dict):
        return Row(line, None, (Flaw("ESA612", f"a reading must be an object, found {show_json(value)}"),), value)
    flaw = _find_unknown(value, _READING)
    return _make_row(line, value, times) if flaw is None else Row(line, None, (flaw,), value)


def _make_row(line: int, value: Mapping[str, object], times: Times) -> Row:
    parts = (
        times.take(value.get(TIME)),
        take_number(value.get(VALUE)),
        take_flag(value.get(ESTIMATED)),
        take_note(value.get(NOTE)),
    )
    return make_row(line, parts, value)


def _find_unknown(value: Mapping[str, object], known: frozenset[str]) -> Flaw | None:
    name = next((name for name in value if name not in known), None)
    if name is None:
        return None
    names = known - {ERROR, _THEIR_ERROR}
    if near := find_nearest(name, names):
        fix = f"write  {near}"
    elif not value.keys() & {TIME, VALUE, READINGS}:
        fix = "beside the channel's identifiers, write time and value for a single reading, or readings for a group"
    elif is_flag(name):
        fix = f"remove the readings that it marks as bad, and remove {name} from the others"
    else:
        fix = f"remove it; the known properties are {', '.join(sorted(names))}"
    return Flaw("ESA611", f"unknown property, found {quote(name)}", fix)


def _find_errors(values: Sequence[object]) -> tuple[Flaw, ...]:
    """A flaw where some of `values` say that something is wrong with them."""
    told = [value.get(_THEIR_ERROR) for value in values if isinstance(value, dict)]
    # Where a table has no text, pandas writes NaN, which differs from itself.
    errors = [error for error in told if error and error == error]  # noqa: PLR0124
    if not errors:
        return ()
    found = quote(errors[0] if isinstance(errors[0], str) else json.dumps(errors[0]))
    message = f"property {quote(_THEIR_ERROR)} is not used, but is set {count(len(errors), 'time')}, first to {found}"
    return (Flaw("ESA632", message, "leave out the readings that are not good, and the property of the others"),)


def _take_key(value: Mapping[str, object]) -> tuple[Key, tuple[Flaw, ...]]:
    """The key of a group, and what is wrong with it."""
    key: list[object] = [None] * len(NAMES)
    seconds = 1
    flaws = []
    for name, given in value.items():
        if name not in PROPERTIES or given is None:
            continue
        place, unit = PROPERTIES[name]
        if key[place] is not None:
            flaws.append(Flaw("ESA613", f"{name} must stand under one name only, found it under two"))
        if isinstance(given, str) or type(given) is int:
            key[place] = given
            seconds = max(seconds, unit)
        else:
            flaws.append(Flaw("ESA613", f"{name} must be text or a whole number, found {show_json(given)}"))
    return (*key, seconds), tuple(flaws)


def _find_lines(own: str, line: int) -> Iterator[int]:
    """The line that each reading of a group begins in; `own` is the group's text, which begins in `line`."""
    counted = 0
    for place in _find_starts(own, dict(_find_members(own))[READINGS]):
        line += own.count("\n", counted, place)
        counted = place
        yield line


def _find_members(own: str) -> Iterator[tuple[object, int]]:
    """The name of each member of the object that `own` is, and where its value begins."""
    end = own.index("{")
    while own[end] != "}":
        name, end = decode_first(own, end + 1)
        start = skip(own, own.index(":", end) + 1)
        yield name, start
        end = skip(own, decode_first(own, start)[1])


def _find_starts(own: str, start: int) -> Iterator[int]:
    """Where each element begins of the list that `own` has at `start`, and that is not empty."""
    end = skip(own, start)
    while own[end] != "]":
        element = skip(own, end + 1)
        yield element
        end = skip(own, decode_first(own, element)[1])
