"""The values that git can manage, and how numbers and times are normalized."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeAlias, TypeGuard

Value: TypeAlias = str | int | float | bool | None

# Path → value. A path that is not in it is not managed; None clears; "" is the empty string.
Spec: TypeAlias = Mapping[str, Value]

# The date that means "from the beginning" if the service stores a floor instead of null
# (legacy bounds of the vendor's SDK: 1899-12-30 to 2099-12-31).
BEGINNING = "1899-12-30T00:00:00"

# No service stores readings from before: a version that begins earlier begins with the first of them.
_FIRST_BEGIN = "1900-01-01T00:00:00"

# No time zone was ever further from UTC, so in another zone the beginning is at most this far from it.
_FURTHEST = timedelta(hours=16)

_LOCAL_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d)?(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?")


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether `value` is a number. To Python, true and false are numbers too."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_equal(one: Value, other: Value) -> bool:
    """Whether two values are the same in a file. To Python, true equals 1."""
    return one == other and isinstance(one, bool) is isinstance(other, bool)


def canonical_number(number: float) -> int | float:
    """`number` as the shortest equal one: 10.0 is 10, -0.0 is 0, 0.995 stays."""
    return int(number) if float(number).is_integer() else number


def count_characters(text: str) -> int:
    """The length of `text` as the service counts it, in UTF-16 code units: 2 for an emoji.

    Source: String.Length of .NET, which the service is expected to use for its limits.
    """
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def tell_count(text: str) -> str:
    """The length of `text` as text, with a note on how it is counted if a reader would count differently."""
    count = count_characters(text)
    return str(count) if count == len(text) else f"{count} (EnergyCAP counts an emoji or a rare letter as 2)"


# Most files repeat one date many times.
@lru_cache(maxsize=1024)
def canonical_time(text: str) -> str:
    """`text` as local wall time, YYYY-MM-DDThh:mm:ss; an offset is dropped, as the service ignores it.

    Text that is not a date is returned unchanged, so that it still shows in a comparison.
    Source: EsaChannelVersionEdit.beginDate, "any time zone information … will be ignored".
    """
    match = _LOCAL_TIME.fullmatch(text)
    if match is None:
        return text
    day, minute, second, fraction, _ = match.groups()
    fraction = (fraction or "").rstrip("0").rstrip(".")
    return f"{day}T{minute or '00:00'}{second or ':00'}{fraction}"


# Most versions begin and end at a few dates.
@lru_cache(maxsize=1024)
def canonical_moment(text: str) -> str:
    """`text` as `canonical_time` gives it, but with its zone, as in 2024-01-01T05:00:00Z.

    The vendor does not document what such a date of a version means: local time with a meaningless zone, or an instant.
    Only the beginning of time is the same in every zone.
    """
    zone = _find_zone(text)
    if zone is None:
        return canonical_time(text)
    moment = f"{canonical_time(text)}{zone}"
    return BEGINNING if _is_beginning(moment) else moment


def begin_key(begin: Value) -> str:
    """The begin of a version as text that sorts and compares; "" from the beginning, also where a floor date says it.

    A begin with a zone keeps it, as it compares to no other: what it means is not known.
    """
    return _begin_key(begin) if isinstance(begin, str) else ""


# A write of one of many versions compares the begins of all of them several times.
@lru_cache(maxsize=8192)
def _begin_key(begin: str) -> str:
    if has_zone(begin):
        return "" if canonical_moment(begin) == BEGINNING else begin
    moment = canonical_time(begin)
    return "" if moment <= _FIRST_BEGIN else moment


def name_begin(begin: str) -> str:
    """The begin of a version, as `begin_key` gives it, in a sentence after "from"."""
    return begin or "the beginning"


def is_time(text: str) -> bool:
    """Whether `text` is a date, or a date and time, as the service documents it."""
    return _LOCAL_TIME.fullmatch(text) is not None


def has_zone(text: str) -> bool:
    """Whether `text` is a date and time with a zone: Z, or an offset from UTC."""
    return _find_zone(text) is not None


def _find_zone(text: str) -> str | None:
    match = _LOCAL_TIME.fullmatch(text)
    zone = match.group(5) if match else None
    if zone is None:
        return None
    return "Z" if zone in ("Z", "z") else f"{zone[:3]}:{zone[-2:]}"


def _is_beginning(moment: str) -> bool:
    try:
        distance = datetime.fromisoformat(moment) - datetime.fromisoformat(f"{BEGINNING}Z")
    except (ValueError, OverflowError):
        return False
    return abs(distance) <= _FURTHEST
