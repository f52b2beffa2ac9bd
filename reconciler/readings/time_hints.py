"""Hints on texts that are not valid times: what they probably mean, and how to write that."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from reconciler.readings.zones import is_abbreviation, parse_zone

if TYPE_CHECKING:
    from collections.abc import Callable


class TimeHint(Struct, frozen=True):
    """What a text probably means.

    `rewritten` is the time in ISO 8601; `fix` says what to do if that is not certain. `unit` is the value for
    --time-format if the text is a number since 1970.
    """

    description: str
    rewritten: str = ""
    fix: str = ""
    unit: str = ""


_Explain: TypeAlias = "Callable[[re.Match[str]], TimeHint]"

_DAY = r"(?P<day>\d{4}-\d{2}-\d{2})"
_SEPARATOR = r"(?:[T,_: ]|\s)\s*"
_CLOCK = r"(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)"
_TAIL = rf"(?:(?:,?[ T]|\s)\s*{_CLOCK}(?P<rest>\s*\S.*)?)?"
_MONTHS = (
    r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|m\xe4r|mai|okt|dez|f\xe9v|avr|juin|juil|ao\xfb|d\xe9c|ene|abr|ago|dic"
    r"|fev|out|set|gen|mag|giu|lug|ott|mrt|mei"
)
# Signs that look like a hyphen; a negative offset may be meant, or a range.
_MINUS = "\u2212"
_DASHES = rf"[\u2010-\u2015{_MINUS}]"
_OFFSET_FIX = "write an offset with a hyphen, as in  2026-03-30T00:15-05:00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Source: the date system of spreadsheets, whose day 1 is 1900-01-01 and which has a 29 February 1900.
_SPREADSHEET_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - local times have no zone
_DAY_FIX = "check the month and the day"
_CLOCK_FIX = "hours go from 00 to 23, minutes and seconds from 00 to 59"
# By number of digits: a time in seconds has 10 digits since September 2001, and one fewer before.
_UNITS = {10: ("seconds", 1), 13: ("milliseconds", 10**3), 16: ("microseconds", 10**6), 19: ("nanoseconds", 10**9)}


def find_time_hint(text: str, last_year: int) -> TimeHint | None:
    """What `text`, without blanks around it, looks like; None if that is not known."""
    odd = [character for character in text if not character.isascii()]
    if any(character.isdigit() for character in odd):
        return TimeHint("digits of another script", fix="write it with the digits 0 to 9")
    if any(character.isspace() for character in odd):
        own = " ".join(text.split())
        return TimeHint("a time with a blank in it that is not a space", own, f"write a space, as in  {own}")
    number = text.replace(",", ".", 1)
    if not odd and number.replace(".", "", 1).isdigit():
        return _read_number(number, last_year)
    if compact := _read_compact(text):
        return compact
    for pattern, explain in _SHAPES:
        if match := pattern.fullmatch(text):
            return explain(match)
    return None


def _read_number(text: str, last_year: int) -> TimeHint | None:
    """A number may be a time counted from a fixed day, or a time without separators."""
    for digits, (unit, per_second) in _UNITS.items():
        whole, _, fraction = text.partition(".")
        if len(whole) in (digits - 1, digits):
            seconds = int(whole) / per_second + float(f"0.{fraction or 0}") / per_second
            at = _EPOCH + timedelta(seconds=seconds) if seconds < 10**10 else _EPOCH
            if 1990 <= at.year <= last_year:
                own = at.replace(microsecond=0).isoformat().replace("+00:00", "Z")
                return TimeHint(f"{unit} since 1970", own, unit=unit)
    if re.fullmatch(r"\d{5}(?:\.\d+)?", text):
        at = _SPREADSHEET_EPOCH + timedelta(seconds=round(float(text) * 86_400))
        if 1990 <= at.year <= last_year:
            fix = f"format the column as  yyyy-mm-dd hh:mm  in the spreadsheet ({text} is {at.isoformat()})"
            return TimeHint("a spreadsheet day number", fix=fix)
    return _read_compact(text)


def _read_compact(text: str) -> TimeHint | None:
    match = re.fullmatch(r"(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(\d{2})?)?(Z|[+-]\d{2}:?\d{2})?", text)
    if match is None:
        return None
    year, month, day, hour, minute, second, offset = match.groups()
    clock = "" if hour is None else f"T{hour}:{minute}:{second or '00'}{offset or ''}"
    return TimeHint("a time without separators", f"{year}-{month}-{day}{clock}")


def _write(day: str, clock: str | None, rest: str = "") -> str:
    """A day and a time of day in ISO 8601."""
    if not clock:
        return day
    hour, *others = clock.replace(",", ".").split(":")
    return f"{day}T{int(hour):02}:{':'.join(others)}{rest}"


def _explain_year_last(match: re.Match[str]) -> TimeHint:
    """A date with its year last."""
    one, other, year = (match[name] for name in ("one", "other", "year"))
    if len(year) == 2:
        return TimeHint(
            "a date with a year of two digits", fix="write the year first, with four digits: 2026-03-30T00:15"
        )
    month_first, day_first = f"{year}-{int(one):02}-{int(other):02}", f"{year}-{int(other):02}-{int(one):02}"
    clock = (match["clock"] or "") if not (match["rest"] or "").strip() else ""
    # Only a number above 12 shows which of the two is the day.
    if int(one) > 12:
        return TimeHint("a date with the day first", _write(day_first, clock))
    if int(other) > 12:
        return TimeHint("a date with the month first", _write(month_first, clock))
    month, day = _write(month_first, clock), _write(day_first, clock)
    fix = f"write it as  {month}  if the month is first, or  {day}  if the day is"
    return TimeHint("a date whose first number is the day or the month", fix=fix)


def _explain_year_first(match: re.Match[str]) -> TimeHint:
    """A date that begins with its year, but has other separators, or days and months of one digit."""
    day = f"{match['year']}-{int(match['one']):02}-{int(match['other']):02}"
    rest = (match["rest"] or "").strip()
    return TimeHint("a date without two hyphens and two digits each", "" if rest else _write(day, match["clock"]))


def _explain_12_hours(match: re.Match[str]) -> TimeHint:
    """A 12-hour time with AM or PM."""
    hour, minute, second = int(match["hour"]), match["minute"] or "00", match["second"] or ""
    is_clock, own = 1 <= hour <= 12, hour % 12 + (12 if match["half"].lower() == "p" else 0)
    rewritten = f"{match['day']}T{own:02}:{minute}{second}" if match["day"] and is_clock else ""
    return TimeHint("a 12-hour time", rewritten, "write the hours from 00 to 23, without AM and PM")


def _explain_end_of_day(match: re.Match[str]) -> TimeHint:
    try:
        following = datetime.fromisoformat(match["day"]) + timedelta(days=1)
    except (ValueError, OverflowError):
        return TimeHint("the end of a date that does not exist")
    return TimeHint("the end of a day", f"{following.date().isoformat()}T00:00:00{match['rest'] or ''}")


def _explain_hyphen(match: re.Match[str]) -> TimeHint:
    clock = f"{match['day']}T{match['hour']}:{match['minute']}"
    fix = f"write the time of day with a colon,  {clock};  for a range, write the one time that the reading is for"
    return TimeHint("a time of day with a hyphen, or a range of hours", fix=fix)


def _explain_word(match: re.Match[str]) -> TimeHint:
    word = match["word"]
    own = _write(match["day"], match["clock"])
    if word.upper() in ("UTC", "GMT", "Z"):
        return TimeHint(f"a time with {word} after it", f"{own}Z")
    zone = parse_zone(word)
    if zone is None and not is_abbreviation(word):
        return TimeHint(
            f"a time with {word} after it", fix=f"remove {word};  if it is a time zone, give it with  --zone"
        )
    # Only an example for the fix: the offset of an ambiguous abbreviation is unknown.
    offset = "+01:00" if zone is None else datetime(2026, 1, 1, tzinfo=zone).isoformat()[-6:]
    fix = f"write the offset in its place, as in  {own}{offset},  or remove {word} and give the zone with  --zone"
    return TimeHint(f"a time with {word} after it", fix=fix)


def _explain_zone(match: re.Match[str]) -> TimeHint:
    own = _write(match["day"], match["clock"])
    return TimeHint("a time with an offset and a zone after it", f"{own}{match['offset'].upper()}")


def _explain_range(match: re.Match[str]) -> TimeHint:
    own = _write(match["day"], match["clock"])
    return TimeHint("a range of time", fix=f"write the one time that the reading is for, as in  {own}")


def _explain_dash(match: re.Match[str]) -> TimeHint:
    own = _write(match["day"], match["clock"])
    what = "a time with a dash that is not a hyphen"
    if match["dash"] == _MINUS:
        return TimeHint(what, f"{own}-{match['hours']}:{match['minutes']}", _OFFSET_FIX)
    return TimeHint(what, fix=f"{_OFFSET_FIX};  for a range of time, write the one time that the reading is for")


def _explain_day(match: re.Match[str]) -> TimeHint:
    """A date and a time of day that are not written in ISO 8601."""
    try:
        datetime.fromisoformat(match["day"])
    except ValueError:
        return TimeHint("a date that does not exist", fix=_DAY_FIX)
    return TimeHint("a time in another notation", _write(match["day"], match["clock"]))


def _explain_dotnet(match: re.Match[str]) -> TimeHint:
    at = _EPOCH + timedelta(milliseconds=int(match["number"]))
    return TimeHint("milliseconds since 1970 as .NET writes them", at.isoformat().replace("+00:00", "Z"))


def _explain_offset(match: re.Match[str]) -> TimeHint:
    sign, hours, minutes = match["sign"], match["hours"], match["minutes"] or "00"
    own = _write(match["day"], match["clock"])
    fix = f"write an offset that is in use, from -12:00 to +14:00, or Z:  {own}Z"
    what = "a time with an offset that is not in use, or is written another way"
    return TimeHint(what, f"{own}{sign}{int(hours):02}:{minutes}", fix)


def _shape(pattern: str, explain: Callable[[re.Match[str]], TimeHint]) -> tuple[re.Pattern[str], _Explain]:
    return re.compile(pattern, re.ASCII | re.IGNORECASE | re.DOTALL), explain


def _hint(what: str, fix: str = "") -> _Explain:
    return lambda _: TimeHint(what, fix=fix)


def _hint_rewritten(what: str, template: str) -> _Explain:
    return lambda match: TimeHint(what, match.expand(template))


# The first that matches counts, so special forms come before general ones.
_SHAPES: tuple[tuple[re.Pattern[str], _Explain], ...] = (
    _shape(rf"{_DAY}{_SEPARATOR}24:00(?::00(?:\.0+)?)?(?P<rest>Z|[+-]\d\d:?\d\d)?", _explain_end_of_day),
    _shape(rf"{_DAY}{_SEPARATOR}\d\d:\d\d:60(?:\.\d+)?.*", _hint("a leap second", "write it as second 59")),
    _shape(
        rf"{_DAY}{_SEPARATOR}(\d\d)\.(\d\d)(?:\.\d\d)?", _hint_rewritten("a time of day with a dot", r"\g<day>T\2:\3")
    ),
    _shape(rf"{_DAY}{_SEPARATOR}(?P<hour>\d\d)-(?P<minute>\d\d)", _explain_hyphen),
    _shape(
        rf"(?:{_DAY}{_SEPARATOR})?(?P<hour>\d{{1,2}})(?::(?P<minute>\d\d)(?P<second>:\d\d)?)?\s*(?P<half>[ap])\.?m\.?",
        _explain_12_hours,
    ),
    _shape(
        r".*\d\s*[ap]\.?m\.?",
        _hint("a 12-hour time", "write the hours from 00 to 23: 2026-03-30T13:15"),
    ),
    _shape(rf"{_DAY}{_SEPARATOR}(\d\d)(?:Z|H)?", _hint_rewritten("an hour without minutes", r"\g<day>T\2:00")),
    _shape(
        rf"{_DAY}{_SEPARATOR}(?:2[4-9]|[3-9]\d|\d\d?:[6-9]\d|\d\d?:\d\d:[6-9]\d).*",
        _hint("a time of day that does not exist", _CLOCK_FIX),
    ),
    _shape(rf"{_DAY}{_SEPARATOR}{_CLOCK}", _explain_day),
    _shape(
        rf"{_DAY}{_SEPARATOR}(\d\d)(\d\d)(?:\d\d)?", _hint_rewritten("a time of day without colons", r"\g<day>T\2:\3")
    ),
    _shape(rf"{_DAY}{_SEPARATOR}(\d\d?)h(\d\d)", _hint("a time of day with an h", "write a colon in its place")),
    _shape(rf"{_DAY}{_SEPARATOR}{_CLOCK}\s*(?P<dash>{_DASHES})(?P<hours>\d\d):(?P<minutes>\d\d)", _explain_dash),
    _shape(
        rf"{_DAY}{_SEPARATOR}{_CLOCK}\s*(?P<offset>Z|[+-]\d\d:?\d\d)\s*(?:\[[^\]]*\]|\(.*\)|[A-Z].*)", _explain_zone
    ),
    _shape(
        rf"{_DAY}{_SEPARATOR}{_CLOCK}\s*(?P<sign>[+-])(?P<hours>\d{{1,2}})(?::?(?P<minutes>\d\d))?", _explain_offset
    ),
    _shape(rf"{_DAY}{_SEPARATOR}{_CLOCK}(?:\s+-\s*|\s*(?:--|/|to|bis|{_DASHES})\s*).*[\dMHS]", _explain_range),
    _shape(rf"{_DAY}{_SEPARATOR}{_CLOCK}\s*[(\[]?(?P<word>[A-Z][A-Z/_]*)[)\]]?", _explain_word),
    _shape(
        rf"{_DAY}{_SEPARATOR}{_CLOCK}.+",
        _hint(
            "a time with more text after it",
            "write the time and its offset alone, as in  2026-03-30T00:15-05:00;  without an offset it is local time",
        ),
    ),
    _shape(rf"{_DAY}", _hint("a date that does not exist", _DAY_FIX)),
    _shape(
        rf"{_DAY}\D.*", _hint("a date with something else after it", "write the time of day as in  2026-03-30T00:15")
    ),
    _shape(r"\d{4}-?W\d\d.*", _hint("a week of the year", "write the day:  2026-03-30")),
    _shape(r"\d{4}-\d{3}(\D.*)?", _hint("a day of the year", "write the month and the day:  2026-03-30")),
    _shape(r"\d{4}-\d{2}", _hint("a month", "write the day as well:  2026-03-01")),
    _shape(
        rf"(?P<one>\d{{1,2}})(?P<sign>[/.-])(?P<other>\d{{1,2}})(?P=sign)(?P<year>\d{{4}}|\d\d){_TAIL}",
        _explain_year_last,
    ),
    _shape(
        rf"(?P<year>\d{{4}})(?P<sign>[/.-])(?P<one>\d{{1,2}})(?P=sign)(?P<other>\d{{1,2}}){_TAIL}", _explain_year_first
    ),
    _shape(r"\d{1,2}[:.]\d\d(?:[:.]\d\d)?", _hint("a time without a date", "write the date before it")),
    _shape(
        r"\d{1,2}[:.]\d\d(?:[:.]\d\d)?[\s,]+\d{1,4}[-/.]\d\d?[-/.]\d{1,4}",
        _hint("a time with the date after it", "write the date first: 2026-03-30T00:15"),
    ),
    _shape(r"/date\((?P<number>\d{12,13})(?:[+-]\d{4})?\)/", _explain_dotnet),
    _shape(
        r"\d(?:[.,]\d+)?e\+?\d+",
        _hint(
            "a number with an exponent, which has lost digits",
            "export it again as text; a spreadsheet may have shortened it",
        ),
    ),
    _shape(r"nat|nan|null|none|n/a|-+", _hint("no time", "leave the row out, or skip it with  --skip-bad")),
    _shape(r"#+", _hint("a column that was too narrow", "widen the column in the spreadsheet, and save it again")),
    _shape(
        rf"(?=.*\d).*(?:{_MONTHS}).*",
        _hint("a date with the name of a month", "write the month as a number: 2026-03-30T00:15"),
    ),
)
