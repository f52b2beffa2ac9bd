"""Hints on texts that are not valid times."""

from __future__ import annotations

import pytest

from reconciler.readings.reading_rows import RowError
from reconciler.readings.times import TimeParser

TIMES = TimeParser(2027)
SECONDS = 'write it as  "2025-03-01T00:00:00Z";  or say  --time-format seconds'
TODAY = "time must be a date and time in ISO 8601, found "


@pytest.mark.parametrize(
    ("text", "likeness", "fix"),
    [
        ("2025-03-01 00.15", "a time of day with a dot", "write it as  2025-03-01T00:15"),
        (
            "2025-03-01 05-00",
            "a time of day with a hyphen, or a range of hours",
            (
                "write the time of day with a colon,  2025-03-01T05:00;  "
                "for a range, write the one time that the reading is for"
            ),
        ),
        (
            "1740787200",
            "seconds since 1970",
            "write it as  2025-03-01T00:00:00Z;  or say  --time-format seconds",
        ),
        (
            "1740787200000",
            "milliseconds since 1970",
            "write it as  2025-03-01T00:00:00Z;  or say  --time-format milliseconds",
        ),
        (
            "1740787200000000000",
            "nanoseconds since 1970",
            "write it as  2025-03-01T00:00:00Z;  or say  --time-format nanoseconds",
        ),
        (
            "45717.5",
            "a spreadsheet day number",
            "format the column as  yyyy-mm-dd hh:mm  in the spreadsheet (45717.5 is 2025-03-01T12:00:00)",
        ),
        ("20250301T0015", "a time without separators", "write it as  2025-03-01T00:15:00"),
        ("20250301001500Z", "a time without separators", "write it as  2025-03-01T00:15:00Z"),
        ("20250301", "a time without separators", "write it as  2025-03-01"),
        (
            "03/01/2025 00:15",
            "a date whose first number is the day or the month",
            "write it as  2025-03-01T00:15  if the month is first, or  2025-01-03T00:15  if the day is",
        ),
        ("30.01.2026 00:15", "a date with the day first", "write it as  2026-01-30T00:15"),
        ("01/30/2026", "a date with the month first", "write it as  2026-01-30"),
        (
            "03/01/25 1:15",
            "a date with a year of two digits",
            "write the year first, with four digits: 2026-03-30T00:15",
        ),
        ("2025-03-01 12:15 AM", "a 12-hour time", "write it as  2025-03-01T00:15"),
        ("2025-03-01 12:15:30pm", "a 12-hour time", "write it as  2025-03-01T12:15:30"),
        ("3/1/2025 1:00 PM", "a 12-hour time", "write the hours from 00 to 23: 2026-03-30T13:15"),
        (
            "01-Mar-2025 00:15",
            "a date with the name of a month",
            "write the month as a number: 2026-03-30T00:15",
        ),
        ("2025-12-31 24:00", "the end of a day", "write it as  2026-01-01T00:00:00"),
        ("2025-12-31T23:59:60Z", "a leap second", "write it as second 59"),
        *(
            (
                f"2025-12-31T{clock}",
                "a time of day that does not exist",
                "hours go from 00 to 23, minutes and seconds from 00 to 59",
            )
            for clock in ("25:00", "24:15", "00:60")
        ),
        *(
            (text, "a date that does not exist", "check the month and the day")
            for text in ("2025-02-30", "2025-02-29T00:15", "2025-02-29 0:15:00")
        ),
        ("2025-W09-6", "a week of the year", "write the day:  2026-03-30"),
        ("2025-060", "a day of the year", "write the month and the day:  2026-03-30"),
        ("2025-03", "a month", "write the day as well:  2026-03-01"),
        ("00:15", "a time without a date", "write the date before it"),
        ("2025-03-01 05", "an hour without minutes", "write it as  2025-03-01T05:00"),
        ("2025-03-01 0:15", "a time in another notation", "write it as  2025-03-01T00:15"),
        ("2025-03-01_00:15", "a time in another notation", "write it as  2025-03-01T00:15"),
        ("2025-03-01T00:15:00,5", "a time in another notation", "write it as  2025-03-01T00:15:00.5"),
        ("2025/03/01 00:15", "a date without two hyphens and two digits each", "write it as  2025-03-01T00:15"),
        ("2025-3-1 0:15", "a date without two hyphens and two digits each", "write it as  2025-03-01T00:15"),
        (
            "2025-03-01 00:15:00+01",
            "a time with an offset that is not in use, or is written another way",
            "write it as  2025-03-01T00:15:00+01:00",
        ),
        (
            "2025-03-01T00:15-15:00",
            "a time with an offset that is not in use, or is written another way",
            "write an offset that is in use, from -12:00 to +14:00, or Z:  2025-03-01T00:15Z",
        ),
        ("2025-03-01 00:15 UTC", "a time with UTC after it", "write it as  2025-03-01T00:15Z"),
        *(
            (
                f"2025-03-01 00:15 {word}",
                f"a time with {word} after it",
                (
                    f"write the offset in its place, as in  2025-03-01T00:15{offset},  "
                    f"or remove {word} and give the zone with  --zone"
                ),
            )
            for word, offset in (("EST", "-05:00"), ("EDT", "-04:00"), ("CET", "+01:00"), ("America/Bogota", "-05:00"))
        ),
        (
            "2025-03-01 00:15 Uhr",
            "a time with Uhr after it",
            "remove Uhr;  if it is a time zone, give it with  --zone",
        ),
        ("2025-03-01T00:15:00 Z", "a time with Z after it", "write it as  2025-03-01T00:15:00Z"),
        *(
            (
                f"2025-03-01T00:15-05:00{zone}",
                "a time with an offset and a zone after it",
                "write it as  2025-03-01T00:15-05:00",
            )
            for zone in ("[America/New_York]", " (Eastern Standard Time)", " EST")
        ),
        (
            "2025-03-01T00:15\u221205:00",
            "a time with a dash that is not a hyphen",
            "write it as  2025-03-01T00:15-05:00",
        ),
        (
            "2025-03-01T00:15\u201305:00",
            "a time with a dash that is not a hyphen",
            (
                "write an offset with a hyphen, as in  2026-03-30T00:15-05:00;  "
                "for a range of time, write the one time that the reading is for"
            ),
        ),
        *(
            (
                f"2025-03-01 00:00{rest}",
                "a range of time",
                "write the one time that the reading is for, as in  2025-03-01T00:00",
            )
            for rest in (" - 00:15", "/2025-03-01 00:15", "/PT15M", " to 00:15", " - 2025-03-01 00:15")
        ),
        (
            "2025-03-01 00:15 Eastern Standard Time",
            "a time with more text after it",
            "write the time and its offset alone, as in  2026-03-30T00:15-05:00;  without an offset it is local time",
        ),
        ("2025-03-01T001500", "a time of day without colons", "write it as  2025-03-01T00:15"),
        ("2025-03-01 0h15", "a time of day with an h", "write a colon in its place"),
        ("00:15 01.03.2025", "a time with the date after it", "write the date first: 2026-03-30T00:15"),
        ("1. M\xe4rz 2025 00:15", "a date with the name of a month", "write the month as a number: 2026-03-30T00:15"),
        (
            "45717,5",
            "a spreadsheet day number",
            "format the column as  yyyy-mm-dd hh:mm  in the spreadsheet (45717.5 is 2025-03-01T12:00:00)",
        ),
        (
            "1.74079E+12",
            "a number with an exponent, which has lost digits",
            "export it again as text; a spreadsheet may have shortened it",
        ),
        (
            "/Date(1740787200000-0500)/",
            "milliseconds since 1970 as .NET writes them",
            "write it as  2025-03-01T00:00:00Z",
        ),
        ("NaT", "no time", "leave the row out, or skip it with  --skip-bad"),
        ("#######", "a column that was too narrow", "widen the column in the spreadsheet, and save it again"),
        ("\u0662\u0660\u0662\u0666-01-01", "digits of another script", "write it with the digits 0 to 9"),
        (
            "2025-03-01\u00a000:15",
            "a time with a blank in it that is not a space",
            "write it as  2025-03-01 00:15",
        ),
    ],
)
def test_an_invalid_time_is_refused_with_what_it_looks_like(text: str, likeness: str, fix: str) -> None:
    error = TIMES.read(text)

    assert isinstance(error, RowError)
    assert (error.code, error.message.rpartition(", which looks like ")[2], error.fix) == ("ESA612", likeness, fix)


@pytest.mark.parametrize("text", ["", "soon", "2025030115", "-2026-01-01", "9" * 400, "12026-01-01"])
def test_text_that_looks_like_no_time_gets_an_example(text: str) -> None:
    error = TIMES.read(text)

    assert isinstance(error, RowError)
    assert (error.message[: len(TODAY)], error.fix) == (TODAY, "write it as in  2026-03-30T00:15:00")
