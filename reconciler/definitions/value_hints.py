"""What the author probably meant by a value of the wrong type."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.definitions.file_problems import AS_WRITTEN
from reconciler.definitions.yaml_syntax import FIX, ODD, find_odd_spaces, name_odd_space
from reconciler.model.fields import INTERVAL_MINUTES, INTERVALS, VERSION
from reconciler.planning.constraints import find_violations

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from reconciler.definitions.file_problems import Keys


_PLAIN = r"[+-]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
_NUMBER = re.compile(_PLAIN)
# One comma between digits: a decimal comma, or a thousands separator if three digits follow.
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
# The number of decimals that the service keeps. Source: EsaChannelVersionEdit, "Max scale of 15".
_SCALE = 10**15


class NumberInterpretation(Struct, frozen=True):
    """A number that a text may mean; with a `condition`, only if that holds."""

    number: Fraction
    condition: str = ""


def interpret_number(text: str) -> tuple[NumberInterpretation, ...]:
    """The numbers that `text` may mean: none, one, or several between which only its author can decide."""
    text = text.strip().replace("\N{MINUS SIGN}", "-")
    return tuple(_read(text))


def find_lengths(text: str) -> tuple[Fraction, ...]:
    """The lengths in seconds that `text` may mean, as a clock or a number with a unit of time: 1:30, 15 min."""
    text = text.strip()
    clock = _CLOCK.fullmatch(text)
    if clock:
        high, low, seconds = clock.groups()
        shorter = int(high) * 60 + int(low)
        # Without seconds it may be hours and minutes, or minutes and seconds.
        return (Fraction(shorter * 60 + int(seconds or 0)), *(() if seconds else (Fraction(shorter),)))
    measure = _MEASURE.fullmatch(text)
    seconds_in = _SECONDS_IN.get(measure["unit"].casefold()) if measure else None
    if measure is None or seconds_in is None:
        return ()
    return tuple(interpretation.number * seconds_in for interpretation in interpret_number(measure["number"]))


def find_unit(text: str) -> str:
    """The unit after a number in `text`; "" if it has none."""
    measure = _MEASURE.fullmatch(text.strip())
    return measure["unit"] if measure else ""


def write_number(number: Fraction) -> str:
    """`number` in digits, without exponent; "" if it has more than 15 before or after the point."""
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
    for interpretation in interpret_number(percent["number"]) if percent else ():
        yield NumberInterpretation(interpretation.number / 100, f"{write_number(interpretation.number)} % is meant")


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
        for interpretation in interpret_number(measure["number"]):
            yield NumberInterpretation(interpretation.number * times, f"{measure['unit']} means {words}")


_TRUE = frozenset({"true", "yes", "on", "y"})
_FALSE = frozenset({"false", "no", "off", "n"})
_NAMING = (("channels",), ("feeds",), ("templates",), ("environments",))
_SECTIONS = (*_NAMING, ("defaults",), ("guards",))
_MAPPINGS = (("select",), (VERSION,))
_KEYS_BELOW = "write its keys below it, one per line, without hyphens"
_SINGLE = "write a single value; text that starts with { or [ must be in quotes"
_AS_LIST = "write each entry as a list item: a hyphen before its first key"
_KEYS_OF_CURRENT = "write the keys of the current version below it, without hyphens, or the list under channelVersions:"
FILL = "write its keys below it, two spaces further right, or delete it"
# Keys that say something to this tool: EnergyCAP has no value for them that could be left alone or cleared.
_OWN_KEYS = frozenset(
    ("because", "channelId", "channelVersions", "create", "dataPoint", "dataPointId", "final", "initial", "only")
)
_WITHOUT_TEMPLATE = "write the name of a template; to use none, delete this key, and  with:  if it is there"
_LENGTHS = (INTERVAL_MINUTES, "channelIntervalInSeconds")
_LONGEST_READ = 40
# Source: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_LFS = "version https://git-lfs.github.com/spec/"
# A colon that may have been meant to end a key: not one in an address, or before a blank.
_COLON = re.compile(r":(?![ \t\r\n/])|:$")


def suggest_for_empty(keys: Keys) -> str:
    """What to write for the key at `keys`, which is empty: for a mapping, and where null would not help; else ""."""
    if keys in _SECTIONS or keys[:-1] in _NAMING or keys[-1:] in _MAPPINGS:
        return FILL
    return _suggest_for_own(keys[-1]) if keys else ""


def _suggest_for_own(key: str) -> str:
    """What to write for a key of this tool that has no value; "" for a setting of EnergyCAP."""
    if key == "use":
        return _WITHOUT_TEMPLATE
    return "write a value, or delete the key" if key in _OWN_KEYS else ""


def _suggest_placeholder(key: str, value: object) -> str:
    """The line with quotes, if without them a placeholder became a mapping with one key and no value."""
    names = [name for name, none in value.items() if none is None] if isinstance(value, dict) else []
    return f'write  {key}: "{{{names[0]}}}"  to have it filled in by a template' if len(names) == 1 else ""


def suggest_value(key: str, value: object, wanted: Collection[str]) -> str:
    """What to write for `key` instead of `value`, which has none of the types `wanted`; "" if that is not clear."""
    match value:
        case None if "object" in wanted:
            return FILL
        case None:
            return _suggest_for_own(key) or "write a value, or delete the key to leave the live value alone"
        case str():
            return _suggest_for_text(key, value, wanted)
        case bool() | int() | float():
            return _suggest_for_number(key, value, wanted)
        case _ if "object" not in wanted:
            return _AS_LIST if "array" in wanted else _suggest_placeholder(key, value) or _SINGLE
        case _:
            return _KEYS_OF_CURRENT if key == VERSION else _KEYS_BELOW


def _suggest_for_number(key: str, value: float, wanted: Collection[str]) -> str:
    """What to write instead of a number, or of true or false."""
    if "string" in wanted:
        return f'write it in quotes:  {key}: "{AS_WRITTEN}"'
    if "boolean" in wanted and value in (0, 1):
        return f"write  {key}: {'true' if value else 'false'}"
    return _KEYS_BELOW if "object" in wanted else ""


def _suggest_for_text(key: str, text: str, wanted: Collection[str]) -> str:
    """What to write instead of a text."""
    if "boolean" in wanted:
        return _suggest_boolean(key, text)
    if "integer" in wanted or "number" in wanted:
        return _suggest_number(key, text, wanted)
    if text.startswith(_LFS):
        return "fetch the file itself, which is stored in Git LFS:  git lfs pull"
    if not _COLON.search(text):
        return "write its keys below it, one per line"
    odd_space = name_odd_space(text) if find_odd_spaces(text) else ""
    return f"{ODD} after the colon, {odd_space}: {FIX}" if odd_space else "write a space after the colon"


def _suggest_boolean(key: str, text: str) -> str:
    word = text.casefold()
    if word in _TRUE or word in _FALSE:
        return f"write  {key}: {'true' if word in _TRUE else 'false'}"
    return "write true or false"


def _suggest_number(key: str, text: str, wanted: Collection[str]) -> str:
    if key in _LENGTHS and len(text) <= _LONGEST_READ:
        return _suggest_interval(key, text)
    if text.strip("+-.").casefold() in ("inf", "infinity", "nan") and "null" in wanted:
        return f"there is no such number; for no limit write  {key}: null"
    interpretations = interpret_number(text) if len(text) <= _LONGEST_READ else ()
    is_whole = "number" not in wanted
    fitting = tuple(
        interpretation for interpretation in interpretations if _fits(interpretation.number, is_whole=is_whole)
    )
    unit = find_unit(text[:_LONGEST_READ])
    match fitting:
        case ():
            return f"write the number alone, without {unit}" if unit else _ask(is_whole=is_whole)
        case (only,):
            return f"write  {key}: {write_number(only.number)}" + (f"  if {only.condition}" if only.condition else "")
        case _:
            return _ask_which(fitting)


def _fits(number: Fraction, *, is_whole: bool) -> bool:
    return bool(write_number(number)) and (number.denominator == 1 or not is_whole)


def _ask(*, is_whole: bool) -> str:
    return "write a whole number" if is_whole else "write a number, with a point before its decimals"


def _ask_which(interpretations: Iterable[NumberInterpretation]) -> str:
    """The question which number is meant, for a text with one comma; the decimal one always has a point."""
    thousands, decimal = (write_number(interpretation.number) for interpretation in interpretations)
    decimal += "" if "." in decimal else ".0"
    return f"{thousands} or {decimal}? write the one that is meant, with a point and without a comma"


def _suggest_interval(key: str, text: str) -> str:
    """What to write for a length of time, which people often write as a clock or with a unit."""
    is_minutes = key == INTERVAL_MINUTES
    lengths = [length / 60 if is_minutes else length for length in find_lengths(text)]
    lengths += [interpretation.number for interpretation in interpret_number(text) if not interpretation.condition]
    whole = [int(length) for length in dict.fromkeys(lengths) if length.denominator == 1]
    if is_minutes:
        whole = [length for length in whole if length in INTERVALS] or whole
        # For an interval that the service does not have, the rule on intervals gives the better fix.
        for violation in find_violations({key: whole[0] if whole else text}):
            return violation.fix
    match whole:
        case []:
            return _ask(is_whole=True)
        case [length]:
            return f"write  {key}: {length}"
        case _:
            return f"{' or '.join(map(str, whole))}? write the one that is meant"
