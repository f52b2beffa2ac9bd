"""The number, the flag and the note of a reading: parsed from CSV text or from JSON values."""

from __future__ import annotations

import re
from enum import Enum
from fractions import Fraction
from math import isfinite, isnan
from typing import TYPE_CHECKING

from reconciler.readings.reading_rows import RowError, describe_json, quote, trim

if TYPE_CHECKING:
    from collections.abc import Mapping


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
