"""One value of a reading: a time, a number, a flag, as text of a CSV file or as a value of JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from math import isfinite

from reconciler.readings.flaws import Flaw, quote

TIME, VALUE, ESTIMATED, NOTE = "time", "value", "estimated", "note"

FLAGS = {"true": True, "false": False, "1": True, "0": False, "": False}


class Decimal(Enum):
    """What stands between the whole part of a number and the rest."""

    DOT = "dot"
    COMMA = "comma"


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading as it is sent: `time` is ISO 8601, with an offset where the file has one."""

    time: str
    value: float
    estimated: bool = False
    note: str | None = None


def read_time(text: str) -> datetime | Flaw:
    """The date and time that `text` is in ISO 8601; a date alone is its midnight."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        found = f"found {quote(text)}" if text else "found nothing"
        return Flaw("ESA612", f"time must be a date and time in ISO 8601, {found}", "write it as  2026-03-30T00:15:00")


def read_number(text: str, decimal: Decimal) -> float | Flaw:
    """The number that `text` is, with `decimal` and without signs between thousands."""
    other, plain = (",", text) if decimal is Decimal.DOT else (".", text.replace(",", "."))
    if not text.strip():
        return Flaw("ESA612", "value must be a number, found nothing")
    # float() also takes 1_000, digits of other scripts, nan and inf.
    if other in text or "_" in text or not text.isascii():
        return _no_number(text, decimal)
    try:
        number = float(plain)
    except ValueError:
        return _no_number(text, decimal)
    return number if isfinite(number) else _beyond(text)


def read_flag(text: str) -> bool | Flaw:
    """Whether `text` says yes; nothing says no."""
    flag = FLAGS.get(text.strip().casefold())
    return Flaw("ESA612", f"estimated must be true or false, found {quote(text)}") if flag is None else flag


def take_number(value: object) -> float | Flaw:
    """The number that `value` of a JSON document is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Flaw("ESA612", f"value must be a number, found {show_json(value)}")
    try:
        number = float(value)
    except OverflowError:
        return _beyond(str(value))
    return number if isfinite(number) else _beyond(str(value))


def take_time(value: object) -> datetime | Flaw:
    """The date and time that `value` of a JSON document is."""
    if isinstance(value, str):
        return read_time(value)
    return Flaw("ESA612", f"time must be a date and time in quotes, found {show_json(value)}")


def take_flag(value: object) -> bool | Flaw:
    """The flag that `value` of a JSON document is; null is no."""
    if value is None or isinstance(value, bool):
        return bool(value)
    return Flaw("ESA612", f"estimated must be true or false, found {show_json(value)}")


def take_note(value: object) -> str | Flaw | None:
    """The note that `value` of a JSON document is, or null."""
    if value is None or isinstance(value, str):
        return value
    return Flaw("ESA612", f"note must be text or null, found {show_json(value)}")


def show_json(value: object) -> str:
    """What `value` of a JSON document is, in words."""
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


def _no_number(text: str, decimal: Decimal) -> Flaw:
    mark = {Decimal.DOT: "12.5", Decimal.COMMA: "12,5"}[decimal]
    message = f"value must be a number with a decimal {decimal.value}, found {quote(text)}"
    return Flaw("ESA612", message, f"write it as  {mark}, or say how numbers are written with --decimal")


def _beyond(text: str) -> Flaw:
    return Flaw("ESA612", f"value must be a number that a double can hold, found {quote(text)}")
