"""Rows and groups of readings, how they name their channel, and what is wrong with them."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from reconciler.model.findings import Location
from reconciler.model.identifiers import ESA_NAMES, V3_NAMES, Identifiers
from reconciler.model.values import count_characters, tell_count
from reconciler.planning.messages import shorten
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.findings import Finding
    from reconciler.readings.times import ParsedTime


# Marks without width, which are not blanks to Unicode; web pages and spreadsheets leave them at the ends of cells.
_NO_WIDTH = "\ufeff\u200b\u200e\u200f\u2060"


def trim(text: str) -> str:
    """`text` without the blanks and the marks without width at its ends."""
    own = text.strip()
    while own and (own[0] in _NO_WIDTH or own[-1] in _NO_WIDTH):
        own = own.strip(_NO_WIDTH).strip()
    return own


class RowError(Struct, frozen=True):
    """An error without its line; `message` and the others are as in a finding."""

    code: str
    message: str
    fix: str = ""
    detail: tuple[str, ...] = ()

    def at(self, file: str, line: int) -> Finding:
        """The finding for this error in a line of `file`."""
        return make_finding(self.code, self.message, Location(file, line), fix=self.fix, detail=self.detail)


class BrokenFile(Exception):
    """A file of readings that cannot be read to its end; `line` is where, 0 if that is unknown."""

    def __init__(self, message: str, line: int = 0, fix: str = "", code: str = "ESA611") -> None:
        super().__init__(message)
        self.row_error = RowError(code, message, fix)
        self.line = line


def quote(text: str) -> str:
    """`text` of a file in quotation marks, shortened if it is long."""
    return f'"{shorten(text)}"'


def format_option(option: str, header: str, meaning: str = "") -> str:
    """An option with the meaning of the column called `header`, quoted for a shell."""
    return f"{option} {shlex.quote(f'{trim(header)}={meaning}')}"


TIME, VALUE, ESTIMATED, NOTE = "time", "value", "estimated", "note"


class Reading(Struct, frozen=True):
    """A reading as it is sent: `time` is ISO 8601, with an offset if the file has one."""

    time: str
    value: float
    estimated: bool = False
    note: str | None = None

    def at(self, time: str) -> Reading:
        """The same reading at another time."""
        return Reading(time, self.value, self.estimated, self.note)


def describe_json(value: object) -> str:
    """A `value` of a JSON document in words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return quote(value)
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"


# Texts and whole numbers in the order of the fields of `Identifiers`, with the interval in its own unit, and the
# seconds of that unit at the end; "" and None mean "not given".
GroupKey: TypeAlias = tuple[object, ...]

_MAX_ID = 2**31 - 1
# By position in a key. Source: POST /api/v3/reading, "Must be between 0 and 255 characters" and "… 16 characters".
_MAX_LENGTHS = {1: 255, 2: 255, 3: 16, 4: 16}

# The names of both calls: the position in a key, and the seconds of a unit, which is 1 unless it is an interval.
PROPERTIES: Mapping[str, tuple[int, int]] = {
    name: (place, identifier_names.interval_seconds if name == identifier_names.interval else 1)
    for identifier_names in (V3_NAMES, ESA_NAMES)
    for place, name in enumerate(identifier_names.names)
}
IDENTIFIER_NAMES = V3_NAMES.names


def parse_key(key: GroupKey) -> tuple[Identifiers, tuple[RowError, ...]]:
    """The identifiers in `key`, without those that have an error, and the errors."""
    errors: list[RowError] = []
    channel_id = _read_whole(IDENTIFIER_NAMES[0], key[0], errors)
    import_id, meter, type_code, unit = (_read_text(place, key[place], errors) for place in range(1, 5))
    interval, unit_seconds = _read_whole(IDENTIFIER_NAMES[5], key[5], errors), key[6]
    seconds = interval * unit_seconds if interval is not None and isinstance(unit_seconds, int) else None
    return Identifiers(channel_id, import_id, meter, type_code, unit, seconds), tuple(errors)


def _read_whole(name: str, value: object, errors: list[RowError]) -> int | None:
    if value is None or value == "":
        return None
    number = _parse_whole(value)
    if number is not None and 0 < number <= _MAX_ID:
        return number
    found = quote(value) if isinstance(value, str) else str(number) if number is not None else describe_json(value)
    errors.append(RowError("ESA613", f"{name} must be a whole number from 1 to {_MAX_ID}, found {found}"))
    return None


def _parse_whole(value: object) -> int | None:
    if isinstance(value, str):
        text = value.strip()
        # A longer one is out of range anyway, and slow to convert.
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else None
    return value if isinstance(value, int) else None


def _read_text(place: int, value: object, errors: list[RowError]) -> str | None:
    name, longest = IDENTIFIER_NAMES[place], _MAX_LENGTHS[place]
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        errors.append(RowError("ESA613", f"{name} must be text, found {describe_json(value)}"))
        return None
    if count_characters(value) > longest:
        message = f"{name} must have at most {longest} characters, found {tell_count(value)}: {quote(value)}"
        errors.append(RowError("ESA613", message))
        return None
    return value


class ReadingRow(Struct):
    """One reading of a file and its line; `errors` say why there is no `reading`.

    `written` is the content of the file: the cells of a row, or a JSON value. `is_naive` says that the time has no
    offset, and `is_date` that it is a day without a time of day.
    """

    line: int
    reading: Reading | None
    errors: tuple[RowError, ...]
    written: object
    is_naive: bool = True
    is_date: bool = False


class ReadingGroup(Struct):
    """Readings with the same identifiers.

    `errors` are those of the group as a whole; `warnings` do not prevent that it is sent. `number` counts the groups of
    the file from 0; None if the file has single readings. `key` is None if errors leave no identifiers. `text` is the
    text of a group until the lines of its rows are set.
    """

    line: int
    key: GroupKey | None
    rows: list[ReadingRow]
    errors: tuple[RowError, ...] = ()
    number: int | None = None
    written: object = None
    text: str = ""
    warnings: tuple[RowError, ...] = ()


def make_row(
    line: int,
    parts: tuple[ParsedTime | RowError, float | RowError, bool | RowError, str | RowError | None],
    written: object,
) -> ReadingRow:
    """The row with `parts`: the time, the value, whether it is estimated, and the note, or the errors of these."""
    time, value, estimated, note = parts
    if (
        isinstance(time, RowError)
        or isinstance(value, RowError)
        or isinstance(estimated, RowError)
        or isinstance(note, RowError)
    ):
        return ReadingRow(line, None, tuple(part for part in parts if isinstance(part, RowError)), written)
    return ReadingRow(
        line, Reading(time.at.isoformat(), value, estimated, note), (), written, time.at.tzinfo is None, time.is_date
    )
