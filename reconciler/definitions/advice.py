"""What to write where a value is of the wrong type: YAML's looks deceive, and editors do not tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.definitions.numerals import find_lengths, find_unit, interpret_number, write_number
from reconciler.definitions.odd_spaces import FIX, ODD, find_odd_spaces, name_odd_space
from reconciler.definitions.problems import AS_WRITTEN
from reconciler.model.fields import INTERVAL_MINUTES, INTERVALS, VERSION
from reconciler.planning.constraints import find_violations

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from fractions import Fraction

    from reconciler.definitions.numerals import NumberInterpretation
    from reconciler.definitions.problems import Keys

_TRUE = frozenset({"true", "yes", "on", "y"})
_FALSE = frozenset({"false", "no", "off", "n"})
_NAMING = (("channels",), ("feeds",), ("environments",))
_SECTIONS = (*_NAMING, ("defaults",), ("guards",))
_MAPPINGS = (("select",), (VERSION,))
_KEYS_BELOW = "write its keys below it, one per line, without hyphens"
_KEYS_OF_CURRENT = "write the keys of the current version below it, without hyphens; EnergyCAP keeps the earlier ones"
FILL = "write its keys below it, two spaces further right, or delete it"
_LENGTHS = (INTERVAL_MINUTES, "channelIntervalInSeconds")
_LONGEST_READ = 40
# Source: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_LFS = "version https://git-lfs.github.com/spec/"
# One that may have been meant to end a key: not that of an address, or before a blank.
_COLON = re.compile(r":(?![ \t\r\n/])|:$")


def suggest_for_empty(keys: Keys) -> str:
    """What to write below the key that `keys` lead to, where nothing stands and a mapping should; else ""."""
    is_mapping = keys in _SECTIONS or keys[:-1] in _NAMING or keys[-1:] in _MAPPINGS
    return FILL if is_mapping else ""


def suggest_value(key: str, value: object, wanted: Collection[str]) -> str:
    """What to write for `key` instead of `value`, where JSON's types `wanted` are called for; "" where all is open."""
    match value:
        case None if "object" in wanted:
            return FILL
        case None:
            return "write a value, or delete the key to leave the live value alone"
        case str():
            return _suggest_for_text(key, value, wanted)
        case bool() | int() | float():
            return _suggest_for_number(key, value, wanted)
        case _ if "object" not in wanted:
            return "write a single value; a text that starts with { or [ must be in quotes"
        case _:
            return _KEYS_OF_CURRENT if key == VERSION else _KEYS_BELOW


def _suggest_for_number(key: str, value: float, wanted: Collection[str]) -> str:
    """What to write for a number, or for true or false, where none is wanted."""
    if "string" in wanted:
        return f'write it in quotes:  {key}: "{AS_WRITTEN}"'
    if "boolean" in wanted and value in (0, 1):
        return f"write  {key}: {'true' if value else 'false'}"
    return _KEYS_BELOW if "object" in wanted else ""


def _suggest_for_text(key: str, text: str, wanted: Collection[str]) -> str:
    """What to write for a text where none is wanted."""
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
    readings = interpret_number(text) if len(text) <= _LONGEST_READ else ()
    is_whole = "number" not in wanted
    fitting = tuple(reading for reading in readings if _fits(reading.number, is_whole=is_whole))
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


def _ask_which(readings: Iterable[NumberInterpretation]) -> str:
    """A question after a number with one comma; the second reading, as a decimal, shows its point."""
    thousands, decimal = (write_number(reading.number) for reading in readings)
    decimal += "" if "." in decimal else ".0"
    return f"{thousands} or {decimal}? write the one that is meant, with a point and without a comma"


def _suggest_interval(key: str, text: str) -> str:
    """What to write for a length of time, which people write as a clock or with a unit."""
    is_minutes = key == INTERVAL_MINUTES
    lengths = [length / 60 if is_minutes else length for length in find_lengths(text)]
    lengths += [reading.number for reading in interpret_number(text) if not reading.condition]
    whole = [int(length) for length in dict.fromkeys(lengths) if length.denominator == 1]
    if is_minutes:
        whole = [length for length in whole if length in INTERVALS] or whole
        # The rule on intervals has the better words for one that the service does not know.
        for violation in find_violations({key: whole[0] if whole else text}):
            return violation.fix
    match whole:
        case []:
            return _ask(is_whole=True)
        case [length]:
            return f"write  {key}: {length}"
        case _:
            return f"{' or '.join(map(str, whole))}? write the one that is meant"
