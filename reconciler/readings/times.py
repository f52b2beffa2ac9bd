"""The times of a file of readings, by one strict grammar; other forms are named in the error."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from reconciler.readings.reading_rows import RowError, describe_json, quote, trim
from reconciler.readings.time_hints import find_time_hint

if TYPE_CHECKING:
    from collections.abc import Sequence

# Interval data is not older. A smaller number as a year is usually something else: 1700 begins a time in seconds.
FIRST_YEAR = 1990
EXAMPLE_TIME = "2026-03-30T00:15:00"

_DAY = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
_QUARTER = r":?(?:00|15|30|45)"
# The offsets in use, from -12:00 to +14:00. In RFC 3339, -00:00 means that the offset is unknown.
_OFFSET = rf"Z|\+(?:(?:0[0-9]|1[0-3]){_QUARTER}|14:?00)|-(?!00:?00)(?:(?:0[0-9]|1[01]){_QUARTER}|12:?00)"
_FULL = re.compile(rf"{_DAY}[T ]{_CLOCK}(?:{_OFFSET})?")
_DATE = re.compile(_DAY)
_DATE_LENGTH = len("2026-03-30")


# Seconds up to the year 5138, which is out of range anyway, and the same for the other units.
_NUMBERS = {
    "seconds": re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,9})?"),
    "milliseconds": re.compile(r"[0-9]{1,14}(?:\.[0-9]{1,6})?"),
    "microseconds": re.compile(r"[0-9]{1,17}(?:\.[0-9]{1,3})?"),
    "nanoseconds": re.compile(r"[0-9]{1,20}"),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class EpochUnit(Enum):
    """The unit of times that are numbers since 1970."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    MICROSECONDS = "microseconds"
    NANOSECONDS = "nanoseconds"


_PER_SECOND = {
    EpochUnit.SECONDS: 1,
    EpochUnit.MILLISECONDS: 10**3,
    EpochUnit.MICROSECONDS: 10**6,
    EpochUnit.NANOSECONDS: 10**9,
}


class ParsedTime(NamedTuple):
    """A time of a file; `is_date` says that it is a day without a time of day, so `at` is its midnight."""

    at: datetime
    is_date: bool = False


class TimeParser(Struct, frozen=True):
    """How the times of a file are read: up to the end of `last_year`.

    Times without an offset are in `zone`; if that is None, they are local time of the data point. With a `unit`, all
    times must be numbers of that unit since 1970.
    """

    last_year: int
    zone: tzinfo | None = None
    unit: EpochUnit | None = None

    def read(self, text: str) -> ParsedTime | RowError:
        """`text` as a time: `2026-03-30T00:15[:00[.5]]`, with or without Z or ±HH:MM, or only a day.

        Blanks around it are ignored. A time in the hour that the clocks of `zone` repeat stays without an offset.
        """
        trimmed = trim(text)
        at = _parse(trimmed) if self.unit is None else _from_epoch(trimmed, self.unit)
        if at is None:
            return self._refuse(text, trimmed)
        if not FIRST_YEAR <= at.year <= self.last_year:
            message = f"time must be from {FIRST_YEAR} to {self.last_year}, found {quote(text)}"
            return RowError("ESA622", message)
        is_date = self.unit is None and len(trimmed) == _DATE_LENGTH
        # A day is one of the data point, whatever the zone of the times.
        placed = at if is_date else self._add_offset(at)
        return placed if isinstance(placed, RowError) else ParsedTime(placed, is_date)

    def read_json(self, value: object) -> ParsedTime | RowError:
        """A `value` of a JSON document as a time."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if isinstance(value, str) or (is_number and self.unit is not None):
            return self.read(value if isinstance(value, str) else repr(value))
        message = f"time must be a date and time in quotes, found {describe_json(value)}"
        hint = find_time_hint(repr(value).removesuffix(".0"), self.last_year) if is_number else None
        if hint is None:
            return RowError("ESA612", message, f'write it as in  "{EXAMPLE_TIME}"')
        fix = f'write it as  "{hint.rewritten}"' if hint.rewritten else hint.fix
        fix += f";  or say  --time-format {hint.unit}" if hint.unit else ""
        return RowError("ESA612", f"{message}, which looks like {hint.description}", fix)

    def read_all(self, texts: Sequence[str]) -> list[datetime] | None:
        """`texts` as times; None if one of them must be read on its own."""
        if self.unit is not None or not all(map(_FULL.fullmatch, texts)):
            return None
        if min(texts)[:4] < str(FIRST_YEAR) or max(texts)[:4] > str(self.last_year):
            return None
        try:
            times = list(map(datetime.fromisoformat, texts))
        except ValueError:
            return None
        if self.zone is None:
            return times
        placed = [at for at in map(self._add_offset, times) if isinstance(at, datetime) and at.tzinfo is not None]
        return placed if len(placed) == len(times) else None

    def _add_offset(self, at: datetime) -> datetime | RowError:
        """`at` with the offset of `zone` at that time; unchanged if it has one, or if two are possible."""
        if self.zone is None or at.tzinfo is not None:
            return at
        offsets = find_offsets(at, self.zone)
        if not offsets:
            return skipped_time(at, self.zone)
        return at.replace(tzinfo=timezone(offsets[0])) if len(offsets) == 1 else at

    def _refuse(self, text: str, trimmed: str) -> RowError:
        if self.unit is not None:
            found = quote(text) if trimmed else "nothing"
            message = f"time must be a number of {self.unit.value} since 1970, found {found}"
            return RowError("ESA612", message, "correct the time, or leave  --time-format  out")
        message = f"time must be a date and time in ISO 8601, found {quote(text) if trimmed else 'nothing'}"
        hint = find_time_hint(trimmed, self.last_year)
        if hint is None:
            return RowError("ESA612", message, f"write it as in  {EXAMPLE_TIME}")
        is_valid = _parse(hint.rewritten) is not None
        fix = f"write it as  {hint.rewritten}" if is_valid else hint.fix or f"write it as in  {EXAMPLE_TIME}"
        fix += f";  or say  --time-format {hint.unit}" if hint.unit else ""
        return RowError("ESA612", f"{message}, which looks like {hint.description}", fix)


def _from_epoch(text: str, unit: EpochUnit) -> datetime | None:
    if _NUMBERS[unit.value].fullmatch(text) is None:
        return None
    return _EPOCH + timedelta(microseconds=int(Fraction(text) * 10**6 / _PER_SECOND[unit]))


def _parse(text: str) -> datetime | None:
    trimmed = text.upper()
    if _FULL.fullmatch(trimmed) is None and _DATE.fullmatch(trimmed) is None:
        return None
    try:
        return datetime.fromisoformat(trimmed)
    except ValueError:
        return None


def make_time_parser(zone: tzinfo | None = None, unit: EpochUnit | None = None) -> TimeParser:
    """The parser for times up to the end of next year."""
    return TimeParser(datetime.now(UTC).year + 1, zone, unit)


def find_offsets(at: datetime, zone: tzinfo) -> tuple[timedelta, ...]:
    """The offsets that a local time may have in `zone`: usually one.

    Two in the hour that clocks repeat, with the earlier instant first; none in the hour that they skip.
    """
    first, second = at.replace(tzinfo=zone, fold=0).utcoffset(), at.replace(tzinfo=zone, fold=1).utcoffset()
    if first is None or second is None or first == second:
        return () if first is None else (first,)
    # fold=0 gives the offset before the change in both cases: the smaller one for a gap, the larger one for a repeat.
    return (first, second) if first > second else ()


def skipped_time(at: datetime, zone: tzinfo) -> RowError:
    """The error for a local time in the hour that the clocks of `zone` skip."""
    message = f"the local time {at.isoformat()} does not exist in {zone}: the clocks skip it"
    return RowError("ESA624", message)
