"""What a text that is not a valid time looks like, and how to write the time it means."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.readings.zones import is_letters, parse_zone

if TYPE_CHECKING:
    from collections.abc import Callable


class Likeness(Struct, frozen=True):
    """What a text looks like. `rewritten` is the time as it should be written, `fix` what to do where that is open.

    `unit` is that of a number since 1970, if --time-format knows it.
    """

    what: str
    rewritten: str = ""
    fix: str = ""
    unit: str = ""


_DAY = r"(?P<day>\d{4}-\d{2}-\d{2})"
_GAP = r"(?:[T,_: ]|\s)\s*"
_CLOCK = r"(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)"
_TAIL = rf"(?:(?:,?[ T]|\s)\s*{_CLOCK}(?P<rest>\s*\S.*)?)?"
_MONTHS = (
    r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|m\xe4r|mai|okt|dez|f\xe9v|avr|juin|juil|ao\xfb|d\xe9c|ene|abr|ago|dic"
    r"|fev|out|set|gen|mag|giu|lug|ott|mrt|mei"
)
# Signs that look like a hyphen: a plus or a minus may be meant, or a range.
_MINUS = "\u2212"
_DASHES = rf"[\u2010-\u2015{_MINUS}]"
_SAY_OFFSET = "write an offset with a hyphen, as in  2026-03-30T00:15-05:00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Source: the date system of spreadsheets, whose day 1 is 1900-01-01 and which has a 29 February 1900.
_SPREADSHEET = datetime(1899, 12, 30)  # noqa: DTZ001 - local times have no zone
_LOOK_AT_DAY = "check the month and the day"
_NO_CLOCK = "hours go from 00 to 23, minutes and seconds from 00 to 59"
_UNITS = {10: ("seconds", 1), 13: ("milliseconds", 10**3), 16: ("microseconds", 10**6), 19: ("nanoseconds", 10**9)}


def find_likeness(text: str, last_year: int) -> Likeness | None:
    """What `text`, which has no blanks around it, looks like; None where that is anybody's guess."""
    odd = [character for character in text if not character.isascii()]
    if any(character.isdigit() for character in odd):
        return Likeness("digits of another script", fix="write it with the digits 0 to 9")
    if any(character.isspace() for character in odd):
        own = " ".join(text.split())
        return Likeness("a time with a blank in it that is not a space", own, f"write a space, as in  {own}")
    number = text.replace(",", ".", 1)
    if not odd and number.replace(".", "", 1).isdigit():
        return _read_number(number, last_year)
    if compact := _read_compact(text):
        return compact
    for pattern, explain in _SHAPES:
        if match := pattern.fullmatch(text):
            return explain(match)
    return None


def _read_number(text: str, last_year: int) -> Likeness | None:
    """A number may be a time that is counted from some day, or one that is written without signs between."""
    for digits, (unit, per_second) in _UNITS.items():
        whole, _, fraction = text.partition(".")
        if len(whole) in (digits - 1, digits):
            seconds = int(whole) / per_second + float(f"0.{fraction or 0}") / per_second
            at = _EPOCH + timedelta(seconds=seconds) if seconds < 10**10 else _EPOCH
            if 1990 <= at.year <= last_year:
                own = at.replace(microsecond=0).isoformat().replace("+00:00", "Z")
                return Likeness(f"{unit} since 1970", own, unit=unit)
    if re.fullmatch(r"\d{5}(?:\.\d+)?", text):
        at = _SPREADSHEET + timedelta(seconds=round(float(text) * 86_400))
        if 1990 <= at.year <= last_year:
            fix = f"format the column as  yyyy-mm-dd hh:mm  in the spreadsheet ({text} is {at.isoformat()})"
            return Likeness("a spreadsheet day number", fix=fix)
    return _read_compact(text)


def _read_compact(text: str) -> Likeness | None:
    match = re.fullmatch(r"(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(\d{2})?)?(Z|[+-]\d{2}:?\d{2})?", text)
    if match is None:
        return None
    year, month, day, hour, minute, second, offset = match.groups()
    clock = "" if hour is None else f"T{hour}:{minute}:{second or '00'}{offset or ''}"
    return Likeness("a time without separators", f"{year}-{month}-{day}{clock}")


def _write(day: str, clock: str | None, rest: str = "") -> str:
    """A day and a clock as ISO 8601 has them."""
    if not clock:
        return day
    hour, *others = clock.replace(",", ".").split(":")
    return f"{day}T{int(hour):02}:{':'.join(others)}{rest}"


def _swap(match: re.Match[str]) -> Likeness:
    """A date with its year last."""
    one, other, year = (match[name] for name in ("one", "other", "year"))
    if len(year) == 2:
        return Likeness(
            "a date with a year of two digits", fix="write the year first, with four digits: 2026-03-30T00:15"
        )
    month_first, day_first = f"{year}-{int(one):02}-{int(other):02}", f"{year}-{int(other):02}-{int(one):02}"
    clock = (match["clock"] or "") if not (match["rest"] or "").strip() else ""
    if int(one) > 12:
        return Likeness("a date with the day first", _write(day_first, clock))
    if int(other) > 12:
        return Likeness("a date with the month first", _write(month_first, clock))
    month, day = _write(month_first, clock), _write(day_first, clock)
    fix = f"write it as  {month}  if the month is first, or  {day}  if the day is"
    return Likeness("a date whose first number is the day or the month", fix=fix)


def _reorder(match: re.Match[str]) -> Likeness:
    """A date that begins with its year, and has other signs in it, or days and months of one digit."""
    day = f"{match['year']}-{int(match['one']):02}-{int(match['other']):02}"
    rest = (match["rest"] or "").strip()
    return Likeness("a date without two hyphens and two digits each", "" if rest else _write(day, match["clock"]))


def _halve(match: re.Match[str]) -> Likeness:
    """A clock of twelve hours."""
    hour, minute, second = int(match["hour"]), match["minute"] or "00", match["second"] or ""
    is_clock, own = 1 <= hour <= 12, hour % 12 + (12 if match["half"].lower() == "p" else 0)
    rewritten = f"{match['day']}T{own:02}:{minute}{second}" if match["day"] and is_clock else ""
    return Likeness("a 12-hour time", rewritten, "write the hours from 00 to 23, without AM and PM")


def _end_day(match: re.Match[str]) -> Likeness:
    try:
        following = datetime.fromisoformat(match["day"]) + timedelta(days=1)
    except (ValueError, OverflowError):
        return Likeness("the end of a date that does not exist")
    return Likeness("the end of a day", f"{following.date().isoformat()}T00:00:00{match['rest'] or ''}")


def _name_hyphen(match: re.Match[str]) -> Likeness:
    clock = f"{match['day']}T{match['hour']}:{match['minute']}"
    fix = f"write the time of day with a colon,  {clock};  for a range, write the one time that the reading is for"
    return Likeness("a time of day with a hyphen, or a range of hours", fix=fix)


def _name_word(match: re.Match[str]) -> Likeness:
    word = match["word"]
    own = _write(match["day"], match["clock"])
    if word.upper() in ("UTC", "GMT", "Z"):
        return Likeness(f"a time with {word} after it", f"{own}Z")
    zone = parse_zone(word)
    if zone is None and not is_letters(word):
        return Likeness(
            f"a time with {word} after it", fix=f"remove {word};  if it is a time zone, give it with  --zone"
        )
    offset = "+01:00" if zone is None else datetime(2026, 1, 1, tzinfo=zone).isoformat()[-6:]
    fix = f"write the offset in its place, as in  {own}{offset},  or remove {word} and give the zone with  --zone"
    return Likeness(f"a time with {word} after it", fix=fix)


def _name_zone(match: re.Match[str]) -> Likeness:
    own = _write(match["day"], match["clock"])
    return Likeness("a time with an offset and a zone after it", f"{own}{match['offset'].upper()}")


def _name_range(match: re.Match[str]) -> Likeness:
    own = _write(match["day"], match["clock"])
    return Likeness("a range of time", fix=f"write the one time that the reading is for, as in  {own}")


def _name_dash(match: re.Match[str]) -> Likeness:
    own = _write(match["day"], match["clock"])
    what = "a time with a dash that is not a hyphen"
    if match["dash"] == _MINUS:
        return Likeness(what, f"{own}-{match['hours']}:{match['minutes']}", _SAY_OFFSET)
    return Likeness(what, fix=f"{_SAY_OFFSET};  for a range of time, write the one time that the reading is for")


def _check_day(match: re.Match[str]) -> Likeness:
    """A date and a clock with something odd about one of them."""
    try:
        datetime.fromisoformat(match["day"])
    except ValueError:
        return Likeness("a date that does not exist", fix=_LOOK_AT_DAY)
    return Likeness("a time in another notation", _write(match["day"], match["clock"]))


def _count_milliseconds(match: re.Match[str]) -> Likeness:
    at = _EPOCH + timedelta(milliseconds=int(match["number"]))
    return Likeness("milliseconds since 1970 as .NET writes them", at.isoformat().replace("+00:00", "Z"))


def _name_offset(match: re.Match[str]) -> Likeness:
    sign, hours, minutes = match["sign"], match["hours"], match["minutes"] or "00"
    own = _write(match["day"], match["clock"])
    fix = f"write an offset that is in use, from -12:00 to +14:00, or Z:  {own}Z"
    what = "a time with an offset that is not in use, or is written another way"
    return Likeness(what, f"{own}{sign}{int(hours):02}:{minutes}", fix)


def _shape(pattern: str, explain: Callable[[re.Match[str]], Likeness]) -> tuple[re.Pattern[str], _Explain]:
    return re.compile(pattern, re.ASCII | re.IGNORECASE | re.DOTALL), explain


def _say(what: str, fix: str = "") -> _Explain:
    return lambda _: Likeness(what, fix=fix)


def _say_rewritten(what: str, template: str) -> _Explain:
    return lambda match: Likeness(what, match.expand(template))


if TYPE_CHECKING:
    _Explain = Callable[[re.Match[str]], Likeness]

# The first that fits counts.
_SHAPES: tuple[tuple[re.Pattern[str], _Explain], ...] = (
    _shape(rf"{_DAY}{_GAP}24:00(?::00(?:\.0+)?)?(?P<rest>Z|[+-]\d\d:?\d\d)?", _end_day),
    _shape(rf"{_DAY}{_GAP}\d\d:\d\d:60(?:\.\d+)?.*", _say("a leap second", "write it as second 59")),
    _shape(rf"{_DAY}{_GAP}(\d\d)\.(\d\d)(?:\.\d\d)?", _say_rewritten("a time of day with a dot", r"\g<day>T\2:\3")),
    _shape(rf"{_DAY}{_GAP}(?P<hour>\d\d)-(?P<minute>\d\d)", _name_hyphen),
    _shape(
        rf"(?:{_DAY}{_GAP})?(?P<hour>\d{{1,2}})(?::(?P<minute>\d\d)(?P<second>:\d\d)?)?\s*(?P<half>[ap])\.?m\.?", _halve
    ),
    _shape(
        r".*\d\s*[ap]\.?m\.?",
        _say("a 12-hour time", "write the hours from 00 to 23: 2026-03-30T13:15"),
    ),
    _shape(rf"{_DAY}{_GAP}(\d\d)(?:Z|H)?", _say_rewritten("an hour without minutes", r"\g<day>T\2:00")),
    _shape(
        rf"{_DAY}{_GAP}(?:2[4-9]|[3-9]\d|\d\d?:[6-9]\d|\d\d?:\d\d:[6-9]\d).*",
        _say("a time of day that does not exist", _NO_CLOCK),
    ),
    _shape(rf"{_DAY}{_GAP}{_CLOCK}", _check_day),
    _shape(rf"{_DAY}{_GAP}(\d\d)(\d\d)(?:\d\d)?", _say_rewritten("a time of day without colons", r"\g<day>T\2:\3")),
    _shape(rf"{_DAY}{_GAP}(\d\d?)h(\d\d)", _say("a time of day with an h", "write a colon in its place")),
    _shape(rf"{_DAY}{_GAP}{_CLOCK}\s*(?P<dash>{_DASHES})(?P<hours>\d\d):(?P<minutes>\d\d)", _name_dash),
    _shape(rf"{_DAY}{_GAP}{_CLOCK}\s*(?P<offset>Z|[+-]\d\d:?\d\d)\s*(?:\[[^\]]*\]|\(.*\)|[A-Z].*)", _name_zone),
    _shape(rf"{_DAY}{_GAP}{_CLOCK}\s*(?P<sign>[+-])(?P<hours>\d{{1,2}})(?::?(?P<minutes>\d\d))?", _name_offset),
    _shape(rf"{_DAY}{_GAP}{_CLOCK}(?:\s+-\s*|\s*(?:--|/|to|bis|{_DASHES})\s*).*[\dMHS]", _name_range),
    _shape(rf"{_DAY}{_GAP}{_CLOCK}\s*[(\[]?(?P<word>[A-Z][A-Z/_]*)[)\]]?", _name_word),
    _shape(
        rf"{_DAY}{_GAP}{_CLOCK}.+",
        _say(
            "a time with more text after it",
            "write the time and its offset alone, as in  2026-03-30T00:15-05:00;  without an offset it is local time",
        ),
    ),
    _shape(rf"{_DAY}", _say("a date that does not exist", _LOOK_AT_DAY)),
    _shape(
        rf"{_DAY}\D.*", _say("a date with something else after it", "write the time of day as in  2026-03-30T00:15")
    ),
    _shape(r"\d{4}-?W\d\d.*", _say("a week of the year", "write the day:  2026-03-30")),
    _shape(r"\d{4}-\d{3}(\D.*)?", _say("a day of the year", "write the month and the day:  2026-03-30")),
    _shape(r"\d{4}-\d{2}", _say("a month", "write the day as well:  2026-03-01")),
    _shape(rf"(?P<one>\d{{1,2}})(?P<sign>[/.-])(?P<other>\d{{1,2}})(?P=sign)(?P<year>\d{{4}}|\d\d){_TAIL}", _swap),
    _shape(rf"(?P<year>\d{{4}})(?P<sign>[/.-])(?P<one>\d{{1,2}})(?P=sign)(?P<other>\d{{1,2}}){_TAIL}", _reorder),
    _shape(r"\d{1,2}[:.]\d\d(?:[:.]\d\d)?", _say("a time without a date", "write the date before it")),
    _shape(
        r"\d{1,2}[:.]\d\d(?:[:.]\d\d)?[\s,]+\d{1,4}[-/.]\d\d?[-/.]\d{1,4}",
        _say("a time with the date after it", "write the date first: 2026-03-30T00:15"),
    ),
    _shape(r"/date\((?P<number>\d{12,13})(?:[+-]\d{4})?\)/", _count_milliseconds),
    _shape(
        r"\d(?:[.,]\d+)?e\+?\d+",
        _say(
            "a number with an exponent, which has lost digits",
            "export it again as text; a spreadsheet may have shortened it",
        ),
    ),
    _shape(r"nat|nan|null|none|n/a|-+", _say("no time", "leave the row out, or skip it with  --skip-bad")),
    _shape(r"#+", _say("a column that was too narrow", "widen the column in the spreadsheet, and save it again")),
    _shape(
        rf"(?=.*\d).*(?:{_MONTHS}).*",
        _say("a date with the name of a month", "write the month as a number: 2026-03-30T00:15"),
    ),
)
