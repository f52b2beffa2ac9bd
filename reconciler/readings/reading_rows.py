"""Rows and groups of readings: how they name their channel, their values, and what is wrong with them."""

from __future__ import annotations

import re
import shlex
from enum import Enum
from fractions import Fraction
from math import isfinite, isnan
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


def show_number(value: float) -> str:
    """`value` with the fewest digits that are read back as the same number; 5 for 5.0."""
    return repr(value).removesuffix(".0")


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

    `errors` are those of the group as a whole; `warnings` do not stop it from being sent. `number` counts the groups of
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


# Matching longer texts with the patterns below would be slow, and they have no name to show.
_MAX_ODDITY_LENGTH = 100
# More digits than the largest double has: further ones cannot matter.
_MAX_DIGITS = 400
# A double stores whole numbers up to here exactly; beyond, some of them become their neighbours.
MAX_EXACT = 2**53


class DecimalMark(Enum):
    """The sign between the whole part of a number and its decimals."""

    DOT = "dot"
    COMMA = "comma"

    @property
    def other(self) -> DecimalMark:
        return DecimalMark.COMMA if self is DecimalMark.DOT else DecimalMark.DOT


_MARKS = {DecimalMark.DOT: ".", DecimalMark.COMMA: ","}
# Blanks (plain, no-break, narrow no-break, thin) and apostrophes, which can separate thousands.
_GROUPERS = " \u00a0\u202f\u2009'\u2019"
# The typographic minus sign, as in Scandinavian and Slovenian exports.
_MINUS = "\u2212"


def _make_form(decimal: DecimalMark) -> re.Pattern[str]:
    """Numbers with this decimal mark: digits, or groups of three digits with one separator.

    12,34,567 is the Indian grouping. The first group never begins with 0, and no exponent follows groups.
    """
    mark, other = re.escape(_MARKS[decimal]), _MARKS[decimal.other]
    grouped = rf"[1-9]\d{{0,2}}(?P<sign>[{other}{_GROUPERS}])\d{{3}}(?:(?P=sign)\d{{3}})*"
    indian = r"|[1-9]\d?(?:,\d{2})+,\d{3}" if decimal is DecimalMark.DOT else ""
    plain = rf"(?:\d+(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?"
    return re.compile(rf"[+{_MINUS}-]?(?:{plain}|(?:{grouped}{indian})(?:{mark}\d+)?)", re.ASCII)


_FORMS: Mapping[DecimalMark, re.Pattern[str]] = {decimal: _make_form(decimal) for decimal in DecimalMark}
_TO_PLAIN = {
    decimal: str.maketrans(_MARKS[decimal] + _MINUS, ".-", _MARKS[decimal.other] + _GROUPERS) for decimal in DecimalMark
}

# An exponent of three digits: only such a number can be too small for a double.
TINY_EXPONENT = re.compile(r"[eE]-\d{3}", re.ASCII)
SKIP_ROW_FIX = "leave the row out, or leave all such rows out with  --skip-bad"
_AMOUNT = r"[+-]?[\d.,]*\d[\d.,]*"
_MONEY = r"(?:[A-Z]{0,2}[$\u20ac\xa3\xa5\u20b9]|USD|EUR|GBP|CHF|CAD|AUD|INR|BRL|MXN|JPY|CNY|SEK|NOK|DKK|PLN|Rs\.?)"
_NOTHING = (
    r"null|none|nil|void|missing|empty|blank|unavailable|unknown|offline|error|fault|fail(?:ed|ure)?|timeout|bad|invalid"
    r"|no (?:result|reading)"
)
# What tables have instead of numbers, in the order of the search: the form, its name, the fix.
_ODDITIES: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(form, re.IGNORECASE), name, fix)
    for form, name, fix in (
        (
            r"[-\u2013\u2014\u2212]+|\.+|\?+|\*+|[+-]?(?:1\.#)?(?:q?nan|ind)|n/?a|n\.a\.|#.*|\\n|no ?data",
            "which means no value",
            SKIP_ROW_FIX,
        ),
        (
            rf"[{{(<\[]?(?:{_NOTHING})[}})>\]]?",
            "which means no value",
            SKIP_ROW_FIX,
        ),
        (r"[+-]?(?:\u221e|inf|infinity|1\.#inf)", "which is infinite", SKIP_ROW_FIX),
        (r"true|false|yes|no|on|off", "which is a yes or a no", "map the column that holds the amounts to value"),
        (r"0x[\da-f]+", "which is hexadecimal", "write it as a decimal number"),
        (r"=.*", "which is a formula", "save the values instead of the formulas"),
        (r"[<>\u2264\u2265~\u2248].*", "which is a limit, not an amount", "write the amount, or leave the row out"),
        (
            rf"[$\u20ac\xa3\xa5]?\s*\(\s*{_AMOUNT}\s*\)",
            "which is in brackets",
            "if it is negative, write it with a minus sign; in a spreadsheet program, change the number format",
        ),
        (rf"{_AMOUNT}\s*[-\u2212]", "with a minus sign after the number", "write the minus sign in front"),
        (
            rf"[\u2010-\u2015]\s*{_AMOUNT}",
            "which begins with a dash",
            "if it is negative, write the minus sign as a hyphen, -",
        ),
        (rf"{_AMOUNT}\s*%", "which is a percentage", "write the number alone"),
        (
            r"\d{4}([./-])\d\d?\1\d\d?\b.*|\d\d?([./-])\d\d?\2\d\d(?:\d\d)?\b.*",
            "which is a date",
            "map another column to value",
        ),
        (r"\d+(?::\d+)+", "which is a clock time", "map another column to value"),
        (
            rf"[+-]?{_MONEY}\s*{_AMOUNT}|{_AMOUNT}\s*{_MONEY}",
            "which is money",
            "write the number alone",
        ),
        (rf"{_AMOUNT}d[+-]?\d+", "whose exponent is written with a D", "write the exponent with an E, as in  1E+05"),
        (
            rf"{_AMOUNT}\s*(?:[*?!#]+|\([^()]*\)|[A-Z])",
            "which is a number with a mark after it",
            "write the number alone, its unit in a column unitCode, and any other mark in a column of its own",
        ),
        (
            rf"{_AMOUNT}\s*[a-z\xb0\xb5].*",
            "which is a number with a unit or a word after it",
            "write the number alone, and its unit in a column unitCode",
        ),
        (r"[+-]?[\d_.]*_[\d_.]*", "which has underscores", "write the digits without them"),
    )
)


def parse_number(text: str, decimal: DecimalMark) -> float | RowError:
    """`text` as a number with the mark `decimal`; blanks around it and separators between thousands are allowed."""
    stripped = trim(text)
    if not _FORMS[decimal].fullmatch(stripped):
        return _not_a_number(stripped, decimal)
    plain = stripped.translate(_TO_PLAIN[decimal])
    number = float(plain)
    if not isfinite(number) or (not number and Fraction(plain.casefold().partition("e")[0])):
        return out_of_range(stripped)
    return _too_many_digits(stripped) if abs(number) >= MAX_EXACT and not _is_exact(plain, number) else number


def _is_exact(plain: str, number: float) -> bool:
    if "e" in plain.casefold():
        return True
    return len(plain) <= _MAX_DIGITS and Fraction(plain) == Fraction(number)


def whole_number(value: int) -> float | RowError:
    """A whole number of JSON as a double."""
    try:
        number = float(value)
    except OverflowError:
        return out_of_range(str(value))
    return number if int(number) == value else _too_many_digits(str(value))


def find_decimal_marks(text: str) -> frozenset[DecimalMark]:
    """The decimal marks under which `text` is a number: both for 1,234, none if `text` is not a number."""
    stripped = trim(text)
    return frozenset(decimal for decimal, form in _FORMS.items() if form.fullmatch(stripped))


def out_of_range(text: str) -> RowError:
    """The error for a number that does not fit into a double."""
    return RowError("ESA612", f"value must be a number that a double can hold, found {quote(text)}")


def _too_many_digits(text: str) -> RowError:
    message = f"value has more digits than a double can hold, found {quote(text)}"
    return RowError("ESA612", message, "round it to 15 digits; if it is an identifier, map another column to value")


def _not_a_number(text: str, decimal: DecimalMark) -> RowError:
    if not text:
        return RowError("ESA612", "value must be a number, found nothing", SKIP_ROW_FIX)
    if len(text) <= _MAX_ODDITY_LENGTH and (odd := _find_oddity(text)):
        return RowError("ESA612", f"value must be a number, found {quote(text)}, {odd[0]}", odd[1])
    example = {DecimalMark.DOT: "12.5", DecimalMark.COMMA: "12,5"}[decimal]
    fix = f"write it as in  {example}"
    if decimal.other in find_decimal_marks(text):
        fix += f"; if all values have a decimal {decimal.other.value}, give  --decimal {decimal.other.value}"
    return RowError("ESA612", f"value must be a number with a decimal {decimal.value}, found {quote(text)}", fix)


def _find_oddity(text: str) -> tuple[str, str] | None:
    """What `text` is instead of a number, and the fix; None if that is not known."""
    for form, name, fix in _ODDITIES:
        if form.fullmatch(text):
            return name, fix
    if any(character.isdigit() and not character.isascii() for character in text):
        return "which has digits other than 0 to 9", "write it with the digits 0 to 9"
    return None


YES_OR_NO = {
    **dict.fromkeys(("true", "1", "yes", "y", "t"), True),
    **dict.fromkeys(("false", "0", "no", "n", "f", ""), False),
}
_ESTIMATED_FIX = "write true or false, or say which values mean estimated with  --estimated HEADER=VALUES"


def parse_yes_or_no(text: str) -> bool | RowError:
    """Whether `text` means yes; empty text means no."""
    flag = YES_OR_NO.get(text.strip().casefold())
    if flag is None:
        return RowError("ESA612", f"estimated must be true or false, found {quote(text)}", _ESTIMATED_FIX)
    return flag


class UnfitNumber(float):
    """A number of JSON that a double cannot hold: too large, or so small that it would become 0."""

    text: str


def parse_json_number(text: str) -> float:
    """A number of JSON with a point or an exponent; an UnfitNumber if it does not fit into a double."""
    number = float(text)
    if isfinite(number) and (number or not re.search("[1-9]", text.casefold().partition("e")[0])):
        return number
    unfit = UnfitNumber(number)
    unfit.text = text
    return unfit


def number_from_json(value: object) -> float | RowError:
    """A `value` of a JSON document as a number."""
    if isinstance(value, str):
        return RowError(
            "ESA612",
            f"value must be a number, found {describe_json(value)}",
            "write it without quotation marks, as in  12.5",
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        return RowError("ESA612", f"value must be a number, found {describe_json(value)}")
    if isinstance(value, UnfitNumber):
        return out_of_range(value.text)
    if isinstance(value, int):
        return whole_number(value)
    if isnan(value):
        return RowError("ESA612", "value must be a number, found NaN, which means no value", SKIP_ROW_FIX)
    return value if isfinite(value) else out_of_range(str(value))


def flag_from_json(value: object) -> bool | RowError:
    """A `value` of a JSON document as a flag; null means no."""
    if value is None or isinstance(value, bool):
        return bool(value)
    return RowError("ESA612", f"estimated must be true or false, found {describe_json(value)}")


def note_from_json(value: object) -> str | RowError | None:
    """A `value` of a JSON document as a note, or None for null."""
    if value is None or isinstance(value, str):
        return value
    return RowError("ESA612", f"note must be text or null, found {describe_json(value)}")
