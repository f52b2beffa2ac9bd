"""The grammar of times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.readings.reading_rows import RowError
from reconciler.readings.times import EpochUnit, ParsedTime, TimeParser, make_time_parser
from reconciler.readings.zones import parse_zone
from tests.cases import mostly, note_case

if TYPE_CHECKING:
    from datetime import tzinfo

TIMES = TimeParser(2027)
SECONDS = 'write it as  "2025-03-01T00:00:00Z";  or say  --time-format seconds'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-30T00:15", datetime(2026, 3, 30, 0, 15)),  # noqa: DTZ001 - local times have no zone
        ("2026-03-30 00:15:30.5", datetime(2026, 3, 30, 0, 15, 30, 500_000)),  # noqa: DTZ001
        ("2026-03-30 00:15:30.0000000", datetime(2026, 3, 30, 0, 15, 30)),  # noqa: DTZ001
        ("2026-03-30T00:15:00Z", datetime(2026, 3, 30, 0, 15, tzinfo=UTC)),
        ("2026-03-30t00:15z", datetime(2026, 3, 30, 0, 15, tzinfo=UTC)),
        ("2026-03-30T00:15-04:00", datetime(2026, 3, 30, 0, 15, tzinfo=timezone(timedelta(hours=-4)))),
        ("2026-03-30T00:15:00+0530", datetime(2026, 3, 30, 0, 15, tzinfo=timezone(timedelta(hours=5, minutes=30)))),
        (" 2026-03-30 00:15\t", datetime(2026, 3, 30, 0, 15)),  # noqa: DTZ001
        ("\ufeff\u00a02026-03-30 00:15\u200b ", datetime(2026, 3, 30, 0, 15)),  # noqa: DTZ001
    ],
)
def test_these_times_are_accepted(text: str, expected: datetime) -> None:
    assert TIMES.read(text) == TIMES.read_json(text) == ParsedTime(expected)


def test_a_date_alone_is_its_midnight_and_marked_as_a_date() -> None:
    assert TIMES.read("2026-03-30") == ParsedTime(datetime(2026, 3, 30), is_date=True)  # noqa: DTZ001


@pytest.mark.parametrize("text", ["1989-12-31", "2028-01-01T00:00", "1700-01-01T00:00Z", "0001-01-01", "9999-12-31"])
def test_years_are_from_1990_to_the_next(text: str) -> None:
    assert TIMES.read(text) == RowError("ESA622", f'time must be from 1990 to 2027, found "{text}"')
    assert TIMES.read_all([text]) is None
    assert make_time_parser().last_year == datetime.now(UTC).year + 1


@pytest.mark.parametrize(
    ("value", "message", "fix"),
    [
        (1740787200, "a number, which looks like seconds since 1970", SECONDS),
        (1740787200000.0, "a number, which looks like milliseconds since 1970", f"{SECONDS[:-7]}milliseconds"),
        (20250301, "a number, which looks like a time without separators", 'write it as  "2025-03-01"'),
        (7, "a number", 'write it as in  "2026-03-30T00:15:00"'),
        (None, "nothing", 'write it as in  "2026-03-30T00:15:00"'),
        (True, "true", 'write it as in  "2026-03-30T00:15:00"'),
    ],
)
def test_a_time_of_json_is_text(value: object, message: str, fix: str) -> None:
    assert TIMES.read_json(value) == RowError("ESA612", f"time must be a date and time in quotes, found {message}", fix)


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        (EpochUnit.SECONDS, "1740787200", "2025-03-01T00:00:00+00:00"),
        (EpochUnit.SECONDS, " 1740787200.25 ", "2025-03-01T00:00:00.250000+00:00"),
        (EpochUnit.SECONDS, 1740787200, "2025-03-01T00:00:00+00:00"),
        (EpochUnit.MILLISECONDS, "1740787200250", "2025-03-01T00:00:00.250000+00:00"),
        (EpochUnit.MILLISECONDS, 1740787200000.0, "2025-03-01T00:00:00+00:00"),
        (EpochUnit.MICROSECONDS, "1740787200250000", "2025-03-01T00:00:00.250000+00:00"),
        (EpochUnit.NANOSECONDS, "1740787200250000999", "2025-03-01T00:00:00.250000+00:00"),
        (EpochUnit.NANOSECONDS, 1740787200250000999, "2025-03-01T00:00:00.250000+00:00"),
        (EpochUnit.NANOSECONDS, "1740787200", 'time must be from 1990 to 2027, found "1740787200"'),
        (EpochUnit.SECONDS, "1740787200000", 'time must be a number of seconds since 1970, found "1740787200000"'),
        (EpochUnit.SECONDS, "2025-03-01", 'time must be a number of seconds since 1970, found "2025-03-01"'),
        (EpochUnit.SECONDS, "1e9", 'time must be a number of seconds since 1970, found "1e9"'),
        (EpochUnit.SECONDS, "", "time must be a number of seconds since 1970, found nothing"),
        (EpochUnit.SECONDS, "86400", 'time must be from 1990 to 2027, found "86400"'),
        (EpochUnit.MILLISECONDS, "1740787200", 'time must be from 1990 to 2027, found "1740787200"'),
    ],
)
def test_times_can_be_numbers_since_1970_if_the_user_says_so(unit: EpochUnit, value: object, expected: str) -> None:
    found = TimeParser(2027, unit=unit).read_json(value)

    assert (found.message if isinstance(found, RowError) else found.at.isoformat()) == expected
    assert TimeParser(2027, unit=unit).read_all(["1740787200"]) is None


NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("zone", "text", "expected"),
    [
        (UTC, "2025-03-01 18:30:00", "2025-03-01T18:30:00+00:00"),
        (parse_zone("EST"), "2025-07-01 00:15", "2025-07-01T00:15:00-05:00"),
        (NEW_YORK, "2025-07-01 00:15", "2025-07-01T00:15:00-04:00"),
        (NEW_YORK, "2025-01-01 00:15", "2025-01-01T00:15:00-05:00"),
        (NEW_YORK, "2025-01-01 00:15Z", "2025-01-01T00:15:00+00:00"),
        (NEW_YORK, "2025-11-02 01:15", "2025-11-02T01:15:00"),
        (NEW_YORK, "2025-11-02", "2025-11-02T00:00:00"),
    ],
)
def test_times_without_an_offset_are_those_of_the_zone(zone: tzinfo, text: str, expected: str) -> None:
    found = TimeParser(2027, zone).read(text)

    assert isinstance(found, ParsedTime)
    assert found.at.isoformat() == expected
    glance = TimeParser(2027, zone).read_all([text])
    assert glance is None or [at.isoformat() for at in glance] == [expected]


def test_a_time_that_the_zone_skips_is_refused() -> None:
    message = "the local time 2025-03-09T02:15:00 does not exist in America/New_York: the clocks skip it"

    assert TimeParser(2027, NEW_YORK).read("2025-03-09 02:15") == RowError("ESA624", message)
    assert TimeParser(2027, NEW_YORK).read_all(["2025-03-09 02:15"]) is None


_DIGITS = st.text("0123456789", min_size=1, max_size=4)
_MOMENTS = st.datetimes(datetime(1980, 1, 1), datetime(2030, 1, 1))  # noqa: DTZ001
_ISO = st.builds(
    "{:%Y-%m-%d}{}{}{}".format,
    st.datetimes(datetime(1990, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001
    st.sampled_from("T "),
    st.sampled_from(["00:15", "23:45:00", "07:30:59.125", "12:00"]),
    st.sampled_from(["", "Z", "-04:00", "+0530", "+14:00", "-12:15"]),
)
_TEXTS = mostly(
    _ISO,
    st.text("0123456789-:T Z+./", max_size=26),
    _MOMENTS.map(str),
    st.from_regex(
        r"(199|20[012])[0-9]-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]([:.-][0-6][0-9]){0,3}"
        r"(Z|[+-][01][0-9](:?[0-6][05])?)?)?",
        fullmatch=True,
    ),
)


def refer(text: str) -> str | None:
    """The same grammar, character by character: `text` as a time, or None."""
    day, sign, clock = text[:10], text[10:11], text[11:]
    year, month, date = day[:4], day[5:7], day[8:]
    if len(day) != 10 or day[4] + day[7] != "--" or not (year + month + date).isdigit():
        return None
    lengths = [31, 29 if int(year) % 4 == 0 and int(year) != 2100 else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    if not (1990 <= int(year) <= 2027 and 1 <= int(month) <= 12 and 1 <= int(date) <= lengths[int(month) - 1]):
        return None
    if text == day:
        return f"{day}T00:00:00"
    return refer_clock(day, clock) if sign in ("T", " ") else None


def refer_clock(day: str, clock: str) -> str | None:
    if not clock[:2].isdigit() or clock[2:3] != ":" or not clock[3:5].isdigit():
        return None
    hour, minute, rest, second, fraction = clock[:2], clock[3:5], clock[5:], "00", ""
    if rest[:1] == ":" and len(rest[1:3]) == 2 and rest[1:3].isdigit():
        second, rest = rest[1:3], rest[3:]
        if rest[:1] == ".":
            digits = len(rest[1:]) - len(rest[1:].lstrip("0123456789"))
            fraction, rest = rest[1 : 1 + digits], rest[1 + digits :]
            if not 1 <= digits <= 9:
                return None
    fraction = fraction[:6].ljust(6, "0") if fraction.rstrip("0")[:6] else ""
    fraction = f".{fraction}" if fraction.strip("0") else ""
    if int(hour) > 23 or int(minute) > 59 or int(second) > 59:
        return None
    offset = refer_offset(rest)
    return None if offset is None else f"{day}T{hour}:{minute}:{second}{fraction}{offset}"


def refer_offset(text: str) -> str | None:
    if text in ("", "Z"):
        return "+00:00" if text else ""
    sign, digits = text[0], text[1:].replace(":", "", 1) if text[3:4] == ":" else text[1:]
    if sign not in "+-" or len(digits) != 4 or not digits.isdigit() or digits[2:] not in ("00", "15", "30", "45"):
        return None
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    is_in_use = minutes <= 840 if sign == "+" else 0 < minutes <= 720
    return f"{sign}{digits[:2]}:{digits[2:]}" if is_in_use else None


@given(_TEXTS)
def test_each_text_is_the_one_instant_of_the_grammar_or_refused(text: str) -> None:
    found, expected = TIMES.read(text), refer(text.strip())
    note_case(reached=expected is not None)

    assert (found.at.isoformat() if isinstance(found, ParsedTime) else None) == expected
    glance = TIMES.read_all([text])
    assert glance is None or [at.isoformat() for at in glance] == [expected]


# Notations of other programs for the same instant.
_OTHERWISE = st.builds(
    "{:{}}".format,
    st.datetimes(datetime(1990, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001
    st.sampled_from(
        [
            *("%Y/%m/%d %H:%M", "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%Y%m%d%H%M", "%Y%m%dT%H%M%SZ"),
            *("%Y-%m-%d %H.%M", "%Y-%m-%dT%H", "%Y-%m-%d %H:%M UTC"),
        ]
    ),
)


@given(mostly(_OTHERWISE, _TEXTS))
def test_a_time_that_a_fix_shows_is_accepted(text: str) -> None:
    error = TIMES.read(text)

    has_fix = isinstance(error, RowError) and error.fix.startswith("write it as ")
    note_case(reached=has_fix)
    assume(has_fix)
    assert isinstance(error, RowError)
    again = TIMES.read(error.fix.split("  ")[1].rstrip(";"))
    assert isinstance(again, ParsedTime) or again.code == "ESA622"
