"""Reads JSON arrays and JSON lines of readings, value by value."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, NoReturn

from reconciler.planning.messages import find_nearest
from reconciler.readings.csv_header import is_flag
from reconciler.readings.csv_layout import ERROR_COLUMN
from reconciler.readings.reading_rows import (
    ESTIMATED,
    IDENTIFIER_NAMES,
    NOTE,
    PROPERTIES,
    TIME,
    VALUE,
    BrokenFile,
    ReadingGroup,
    ReadingRow,
    RowError,
    describe_json,
    flag_from_json,
    make_row,
    note_from_json,
    number_from_json,
    parse_json_number,
    quote,
)
from reconciler.reports.formatting import count
from reconciler.strict_json import is_too_deep

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.readings.reading_rows import GroupKey
    from reconciler.readings.readings_file import Source
    from reconciler.readings.times import TimeParser


# A year of readings every five minutes takes half of that.
MAX_GROUP_LENGTH = 2**24
_CHUNK = 2**18
# The longest word that may be cut in two at the end of a chunk: -Infinity, or a character as \\uXXXX.
_MAX_WORD_LENGTH = 16
# After these characters, or at the end of the chunk, a number may not be complete.
_MAY_FOLLOW = frozenset(("", *"0123456789.eE+-"))
_SPACE = re.compile(r"[ \t\r\n]*")
_TOO_DEEP = "it is nested too deeply"
_FIX = "correct the JSON; a JSON array has commas between its groups and one ] at its end"


def decode(text: str) -> object:
    """The JSON value in `text`. Raises ValueError with the error as its message."""
    if is_too_deep(text):
        raise ValueError(_TOO_DEEP)
    value, end = decode_first(text, 0)
    if skip_space(text, end) != len(text):
        raise ValueError("there is more text after the value")
    return value


def decode_first(text: str, start: int) -> tuple[object, int]:
    """The JSON value that begins at `start`, and where it ends. Raises ValueError."""
    try:
        value: object
        value, end = _DECODER.raw_decode(text, skip_space(text, start))
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    return value, end


def read_elements(text: io.TextIOBase) -> Iterator[tuple[int, str, object]]:
    """Each element of the JSON array in `text`: the line it begins in, its own text, and its value.

    Raises BrokenFile if it is not an array, or if an element is longer than MAX_GROUP_LENGTH characters.
    """
    window = _Window(text)
    window.expect("[")
    if window.peek() == "]":
        window.expect("]")
        return window.expect_end()
    while True:
        yield window.take()
        if window.peek() == ",":
            window.expect(",")
        else:
            window.expect("]")
            return window.expect_end()


class _Window:
    """The part of a text that is in memory."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self._buffer = ""
        self._start = 0
        self._line = 1

    def peek(self) -> str:
        """The next character that is not a space; "" at the end."""
        while True:
            self._advance(skip_space(self._buffer, self._start))
            if self._start < len(self._buffer):
                return self._buffer[self._start]
            if not self._read(_CHUNK):
                return ""

    def expect(self, character: str) -> None:
        found = self.peek()
        if found != character:
            what = f"found {quote(found)}" if found else "found its end"
            raise BrokenFile(f"the file is not a complete JSON array, {what} instead of {character}", self._line, _FIX)
        self._advance(self._start + 1)

    def expect_end(self) -> None:
        if self.peek():
            raise BrokenFile("the file has more after the end of its JSON array", self._line, _FIX)

    def take(self) -> tuple[int, str, object]:
        """The value that begins here, with its line and text.

        If it is not complete, as much again is read: the window doubles, so that long values stay linear in time.
        """
        if not self.peek():
            self.expect("]")
        while True:
            length = len(self._buffer) - self._start
            try:
                value, end = decode_first(self._buffer, self._start)
            except ValueError as error:
                if length > MAX_GROUP_LENGTH:
                    what = f"a group is longer than {MAX_GROUP_LENGTH:,} characters"
                    raise BrokenFile(what, self._line, "split the group in two") from None
                if is_too_deep(self._buffer[self._start :]):
                    self._refuse(ValueError(_TOO_DEEP))
                if not _may_continue(error, self._buffer) or not self._read(max(_CHUNK, length)):
                    self._refuse(error)
            else:
                if self._buffer[end : end + 1] not in _MAY_FOLLOW or not self._read(_CHUNK):
                    return self._cut(value, end)

    def _cut(self, value: object, end: int) -> tuple[int, str, object]:
        line, own = self._line, self._buffer[self._start : end]
        if is_too_deep(own):
            self._refuse(ValueError(_TOO_DEEP))
        self._advance(end)
        return line, own, value

    def _refuse(self, error: ValueError) -> NoReturn:
        line, fix = self._line, "correct this group"
        if isinstance(error, json.JSONDecodeError):
            line, fix = line + self._buffer.count("\n", self._start, error.pos), _FIX
        raise BrokenFile(f"the file is not complete JSON: {describe_json_error(error)}", line, fix) from None

    def _advance(self, end: int) -> None:
        self._line += self._buffer.count("\n", self._start, end)
        self._start = end

    def _read(self, size: int) -> bool:
        more = self._text.read(size)
        self._buffer = self._buffer[self._start :] + more
        self._start = 0
        return bool(more)


def describe_json_error(error: ValueError) -> str:
    """The message of a JSON error, for use after a colon."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[:1].lower()}{error.msg[1:]}"
    return str(error)


def _may_continue(error: ValueError, buffer: str) -> bool:
    """Whether a value may only look invalid because it continues after the end of `buffer`."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated string") or error.pos >= len(buffer) - _MAX_WORD_LENGTH


def skip_space(text: str, start: int) -> int:
    """The end of the spaces that begin at `start`."""
    match = _SPACE.match(text, start)
    return match.end() if match else start


def _parse_whole(text: str) -> int | float:
    # A longer one is out of range anyway, and int() takes quadratic time.
    return int(text) if len(text) <= 400 else float(text)


def _refuse_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # The json module keeps the last of two equal names without a word; other readers keep the first.
    united = dict(pairs)
    if len(united) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise ValueError(f"the name {json.dumps(twice[:60])} occurs twice in one object")
    return united


_DECODER = json.JSONDecoder(parse_float=parse_json_number, parse_int=_parse_whole, object_pairs_hook=_refuse_duplicates)


READINGS = "readings"
# The service's own name for the error of a reading; other programs may use it, too.
_SERVICE_ERROR = "error"
_READING = frozenset((TIME, VALUE, ESTIMATED, NOTE, ERROR_COLUMN, _SERVICE_ERROR))
_GROUP = frozenset((*PROPERTIES, READINGS, ERROR_COLUMN, _SERVICE_ERROR))
_SINGLE = frozenset((*PROPERTIES, *_READING))


def read_array(source: Source, times: TimeParser) -> Iterator[ReadingGroup]:
    """The groups, or single readings, of a JSON array. Raises BrokenFile and FileError."""
    number = 0
    with source.open(longest_line=None) as text:
        for line, own, value in read_elements(text):
            if isinstance(value, dict) and _is_reading(value):
                yield _read_single(line, value, times)
            else:
                yield _read_group((line, own), number, value, times)
                number += 1


def read_lines(source: Source, times: TimeParser) -> Iterator[ReadingGroup]:
    """The groups, or single readings, of a file with a JSON object in each line. Raises BrokenFile and FileError."""
    number = 0
    with source.open() as text:
        for line, own in enumerate(text, start=1):
            if not own.strip():
                continue
            value = _decode_line(own, line)
            if isinstance(value, dict) and READINGS not in value:
                yield _read_single(line, value, times)
            else:
                yield _read_group((line, own), number, value, times)
                number += 1


def _is_reading(value: Mapping[str, object]) -> bool:
    """Whether an object is a single reading with its own identifiers, as in a table written as JSON."""
    return READINGS not in value and (TIME in value or VALUE in value)


def locate_rows(group: ReadingGroup) -> None:
    """Set the line of each row of `group`. It is only done when needed, because the text must be searched for it."""
    if group.text:
        for row, line in zip(group.rows, _find_lines(group.text, group.line), strict=True):
            row.line = line
        group.text = ""


def _decode_line(own: str, line: int) -> object:
    try:
        return decode(own)
    except ValueError as error:
        fix = "write a whole JSON object in each line, or all of them as one array, between [ and ]"
        raise BrokenFile(f"the line is not JSON: {describe_json_error(error)}", line, fix) from None


def _read_group(place: tuple[int, str], number: int, value: object, times: TimeParser) -> ReadingGroup:
    line, own = place
    if not isinstance(value, dict):
        return _refuse_group(
            line, number, value, RowError("ESA611", f"a group must be an object, found {describe_json(value)}")
        )
    unknown, readings = _find_unknown(value, _GROUP), value.get(READINGS)
    if unknown is not None:
        return _refuse_group(line, number, value, unknown)
    if not isinstance(readings, list):
        error = RowError("ESA611", f"a group must have a list of readings, found {describe_json(readings)}")
        return _refuse_group(line, number, value, error)
    key, errors = _make_key(value)
    rows = [_read_reading(line, reading, times) for reading in readings]
    group = ReadingGroup(line, key, rows, errors, number, value, own, _find_error_property((value, *readings)))
    # Most groups have no errors, and do not need the lines of their readings.
    if any(row.errors for row in rows):
        locate_rows(group)
    return group


def _refuse_group(line: int, number: int, value: object, error: RowError) -> ReadingGroup:
    return ReadingGroup(line, None, [ReadingRow(line, None, (), value)], (error,), number, value)


def _read_single(line: int, value: Mapping[str, object], times: TimeParser) -> ReadingGroup:
    error = _find_unknown(value, _SINGLE)
    if error is not None:
        return ReadingGroup(line, None, [ReadingRow(line, None, (), value)], (error,), written=value)
    key, errors = _make_key(value)
    return ReadingGroup(
        line, key, [_make_row(line, value, times)], errors, written=value, warnings=_find_error_property((value,))
    )


def _read_reading(line: int, value: object, times: TimeParser) -> ReadingRow:
    if not isinstance(value, dict):
        return ReadingRow(
            line, None, (RowError("ESA612", f"a reading must be an object, found {describe_json(value)}"),), value
        )
    error = _find_unknown(value, _READING)
    return _make_row(line, value, times) if error is None else ReadingRow(line, None, (error,), value)


def _make_row(line: int, value: Mapping[str, object], times: TimeParser) -> ReadingRow:
    parts = (
        times.read_json(value.get(TIME)),
        number_from_json(value.get(VALUE)),
        flag_from_json(value.get(ESTIMATED)),
        note_from_json(value.get(NOTE)),
    )
    return make_row(line, parts, value)


def _find_unknown(value: Mapping[str, object], known: frozenset[str]) -> RowError | None:
    name = next((name for name in value if name not in known), None)
    if name is None:
        return None
    names = known - {ERROR_COLUMN, _SERVICE_ERROR}
    if near := find_nearest(name, names):
        fix = f"write  {near}"
    elif not value.keys() & {TIME, VALUE, READINGS}:
        fix = "beside the channel's identifiers, write time and value for a single reading, or readings for a group"
    # A flag says whether a reading is good, so its readings must not be sent without a look at it.
    elif is_flag(name):
        fix = f"remove the readings that it marks as bad, and remove {name} from the others"
    else:
        fix = f"remove it; the known properties are {', '.join(sorted(names))}"
    return RowError("ESA611", f"unknown property, found {quote(name)}", fix)


def _find_error_property(values: Sequence[object]) -> tuple[RowError, ...]:
    """An error if some of `values` have the property `error`."""
    given = [value.get(_SERVICE_ERROR) for value in values if isinstance(value, dict)]
    # Pandas writes NaN for missing text, which differs from itself.
    errors = [error for error in given if error and error == error]  # noqa: PLR0124
    if not errors:
        return ()
    found = quote(errors[0] if isinstance(errors[0], str) else json.dumps(errors[0]))
    message = f"property {quote(_SERVICE_ERROR)} is not used, but is set {count(len(errors), 'time')}, first to {found}"
    return (RowError("ESA632", message, "leave out the readings that are not good, and the property of the others"),)


def _make_key(value: Mapping[str, object]) -> tuple[GroupKey, tuple[RowError, ...]]:
    """The key of a group, and what is wrong with it."""
    key: list[object] = [None] * len(IDENTIFIER_NAMES)
    seconds = 1
    errors = []
    for name, given in value.items():
        if name not in PROPERTIES or given is None:
            continue
        place, unit = PROPERTIES[name]
        if key[place] is not None:
            errors.append(RowError("ESA613", f"{name} must be given once, found it under two names"))
        # isinstance would accept true and false, which are integers in Python.
        if isinstance(given, str) or type(given) is int:
            key[place] = given
            seconds = max(seconds, unit)
        else:
            errors.append(RowError("ESA613", f"{name} must be text or a whole number, found {describe_json(given)}"))
    return (*key, seconds), tuple(errors)


def _find_lines(own: str, line: int) -> Iterator[int]:
    """The line in which each reading of a group begins; `own` is the group's text, which begins in `line`."""
    counted = 0
    for place in _find_starts(own, dict(_find_members(own))[READINGS]):
        line += own.count("\n", counted, place)
        counted = place
        yield line


def _find_members(own: str) -> Iterator[tuple[object, int]]:
    """The name of each member of the JSON object `own`, and where its value begins."""
    end = own.index("{")
    while own[end] != "}":
        name, end = decode_first(own, end + 1)
        start = skip_space(own, own.index(":", end) + 1)
        yield name, start
        end = skip_space(own, decode_first(own, start)[1])


def _find_starts(own: str, start: int) -> Iterator[int]:
    """Where each element begins of the list at `start` in `own`, which is not empty."""
    end = skip_space(own, start)
    while own[end] != "]":
        element = skip_space(own, end + 1)
        yield element
        end = skip_space(own, decode_first(own, element)[1])
