"""What to write where a value is of the wrong type: YAML's looks deceive, and editors do not tell."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_TRUE = frozenset({"true", "yes", "on", "y"})
_FALSE = frozenset({"false", "no", "off", "n"})
_CLOCK = re.compile(r"(\d{1,4}):([0-5]\d)(?::([0-5]\d))?")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")
_MEASURE = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*(?:[^\W\d_]+|%)\.?")
_LONGEST_READ = 40


def advise(key: str, value: object, wanted: Collection[str]) -> str:
    """What to write for `key` instead of `value`, where JSON's types `wanted` are called for; "" where all is open."""
    match value:
        case None:
            return "write a value, or delete the key to leave the live value alone"
        case str():
            return _advise_unquoted(key, value, wanted)
        case bool() | int() | float() if "string" in wanted:
            return f'write it in quotes:  {key}: "{json.dumps(value)}"'
        case dict() | list() if "object" not in wanted:
            return "write a single value; a text that starts with { or [ must be in quotes"
        case _:
            return "write its keys below it, one a line, without hyphens" if "object" in wanted else ""


def _advise_unquoted(key: str, text: str, wanted: Collection[str]) -> str:
    """What to write for a text where none is wanted."""
    if "boolean" in wanted:
        return _advise_boolean(key, text)
    if "integer" in wanted or "number" in wanted:
        return _advise_number(key, text, wanted)
    is_close = "object" in wanted and ":" in text
    return "write a space after the colon" if is_close else "write its keys below it, one a line"


def _advise_boolean(key: str, text: str) -> str:
    word = text.casefold()
    if word in _TRUE or word in _FALSE:
        return f"write  {key}: {'true' if word in _TRUE else 'false'}"
    return "write true or false, without quotes"


def _advise_number(key: str, text: str, wanted: Collection[str]) -> str:
    number = _find_number(key, text.strip()) if len(text) <= _LONGEST_READ else None
    if number is not None:
        return f"write  {key}: {number}"
    if text.strip("+-.").casefold() in ("inf", "infinity", "nan") and "null" in wanted:
        return f"there is no such number; for no limit write  {key}: null"
    return "write a number, without quotes"


def _find_number(key: str, text: str) -> str | None:
    """The JSON number that `text` stands for: 012, .5, 1_000, 1,5, 0x1F, 1:30, 15 min."""
    clock = _CLOCK.fullmatch(text)
    if clock:
        hours, minutes, seconds = (int(part or "0") for part in clock.groups())
        return str(hours * 3600 + minutes * 60 + seconds) if "Seconds" in key else str(hours * 60 + minutes)
    if text[:2].casefold() in ("0x", "0o", "0b"):
        return _find_whole(text)
    measure = _MEASURE.fullmatch(text)
    plain = (measure[1] if measure else text).replace("_", "")
    return _shorten(plain.replace(",", ".")) if _NUMBER.fullmatch(plain) else None


def _find_whole(text: str) -> str | None:
    try:
        return str(int(text, 0))
    except ValueError:
        return None


def _shorten(text: str) -> str | None:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        return None
    return str(int(number)) if number.is_integer() else repr(number)
