"""Numbers as people write them where YAML wants its own: every reading that a text allows, and no other."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLAIN = r"[+-]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
_NUMBER = re.compile(_PLAIN)
# One comma between digits: a decimal comma; where three digits follow, just as well one between thousands.
_COMMA = re.compile(r"[+-]?\d*,\d+")
_COMMA_OR_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_GROUPED = re.compile(
    r"(?P<whole>[+-]?[1-9]\d{0,2}(?:(?P<between>[,.' \u00a0\u2009\u202f])\d{3})(?:(?P=between)\d{3})*)"
    r"(?:(?P<point>[.,])(?P<decimals>\d+))?"
)
_RADIX = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")
_PERCENT = re.compile(r"(?P<number>\S+?)\s*%")
_QUOTIENT = re.compile(rf"(?P<over>{_PLAIN})\s*(?P<sign>[:/])\s*(?P<under>{_PLAIN})")
_MEASURE = re.compile(r"(?!0[xXoObB])(?P<number>[+-]?[\d.,]*\d)\s*(?P<unit>[^\W\d_]+)\.?")
_CLOCK = re.compile(r"(\d{1,4}):([0-5]\d)(?::([0-5]\d))?")
_PREFIXES = {"k": (1000, "a thousand"), "K": (1000, "a thousand"), "M": (1_000_000, "a million")}
_SECONDS_IN = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("w", "week", "weeks"), 604800),
}
# As many decimals as the service holds.
_SCALE = 10**15


class NumberInterpretation(Struct, frozen=True):
    """A number that a text may mean; with a `condition`, only if that holds."""

    number: Fraction
    condition: str = ""


def interpret_number(text: str) -> tuple[NumberInterpretation, ...]:
    """The numbers that `text` may stand for: none, one, or several between which only its writer can decide."""
    text = text.strip().replace("\N{MINUS SIGN}", "-")
    return tuple(_read(text))


def find_lengths(text: str) -> tuple[Fraction, ...]:
    """The lengths in seconds that `text` may stand for as a clock or a number with a unit of time: 1:30, 15 min."""
    text = text.strip()
    clock = _CLOCK.fullmatch(text)
    if clock:
        high, low, seconds = clock.groups()
        shorter = int(high) * 60 + int(low)
        # Without seconds it may be hours and minutes just as well as minutes and seconds.
        return (Fraction(shorter * 60 + int(seconds or 0)), *(() if seconds else (Fraction(shorter),)))
    measure = _MEASURE.fullmatch(text)
    seconds_in = _SECONDS_IN.get(measure["unit"].casefold()) if measure else None
    if measure is None or seconds_in is None:
        return ()
    return tuple(reading.number * seconds_in for reading in interpret_number(measure["number"]))


def find_unit(text: str) -> str:
    """The unit that stands after a number in `text`; "" where there is none."""
    measure = _MEASURE.fullmatch(text.strip())
    return measure["unit"] if measure else ""


def write_number(number: Fraction) -> str:
    """`number` in digits, without exponent; "" where that takes more than 15 before or after the point."""
    scaled = abs(number) * _SCALE
    whole, decimals = divmod(scaled.numerator, _SCALE)
    if scaled.denominator != 1 or whole >= _SCALE:
        return ""
    sign = "-" if number < 0 else ""
    return f"{sign}{whole}.{decimals:015d}".rstrip("0").rstrip(".")


def _read(text: str) -> Iterator[NumberInterpretation]:
    if _NUMBER.fullmatch(text):
        yield NumberInterpretation(Fraction(text.replace("_", "")))
    elif _RADIX.fullmatch(text):
        yield NumberInterpretation(Fraction(int(text, 0)))
    elif _COMMA.fullmatch(text):
        if _COMMA_OR_THOUSANDS.fullmatch(text):
            yield NumberInterpretation(Fraction(text.replace(",", "")))
        yield NumberInterpretation(Fraction(text.replace(",", ".")))
    else:
        yield from _read_grouped(text)
        yield from _read_percent(text)
        yield from _read_quotient(text)
        yield from _read_prefix(text)


def _read_grouped(text: str) -> Iterator[NumberInterpretation]:
    grouped = _GROUPED.fullmatch(text)
    if grouped and grouped["point"] != grouped["between"]:
        digits = grouped["whole"].replace(grouped["between"], "")
        yield NumberInterpretation(Fraction(f"{digits}.{grouped['decimals'] or 0}"))


def _read_percent(text: str) -> Iterator[NumberInterpretation]:
    percent = _PERCENT.fullmatch(text)
    for reading in interpret_number(percent["number"]) if percent else ():
        yield NumberInterpretation(reading.number / 100, f"{write_number(reading.number)} % is meant")


def _read_quotient(text: str) -> Iterator[NumberInterpretation]:
    quotient = _QUOTIENT.fullmatch(text)
    under = Fraction(quotient["under"].replace("_", "")) if quotient else None
    if quotient and under:
        over = Fraction(quotient["over"].replace("_", ""))
        yield NumberInterpretation(over / under, f"{text} is a ratio" if quotient["sign"] == ":" else "")


def _read_prefix(text: str) -> Iterator[NumberInterpretation]:
    measure = _MEASURE.fullmatch(text)
    if measure and measure["unit"] in _PREFIXES:
        times, words = _PREFIXES[measure["unit"]]
        for reading in interpret_number(measure["number"]):
            yield NumberInterpretation(reading.number * times, f"{measure['unit']} stands for {words}")
