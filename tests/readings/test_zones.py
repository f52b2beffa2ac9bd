"""Time zones as users, headers and data points name them."""

from __future__ import annotations

import shlex
from datetime import UTC, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from reconciler.energycap.time_zones import load_zone
from reconciler.readings.csv_header import detect_column_zone
from reconciler.readings.csv_layout import CsvOptions
from reconciler.readings.reading_rows import BrokenFile
from reconciler.readings.zones import parse_zone
from tests.readings.bench import count, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("UTC", "UTC"),
        ("gmt", "UTC"),
        ("Z", "UTC"),
        ("+01:00", "UTC+01:00"),
        ("-0530", "UTC-05:30"),
        ("UTC-5", "UTC-05:00"),
        ("EST", "EST"),
        ("Europe/Berlin", "Europe/Berlin"),
        ("CET", "None"),
        ("PT", "None"),
        ("+15:00", "None"),
        ("Mars/Olympus", "None"),
        ("../etc/passwd", "None"),
        ("America", "None"),
        ("America/\u00e9", "None"),
        ("a\0b", "None"),
        ("", "None"),
    ],
)
def test_a_zone_is_named_by_utc_an_offset_letters_or_a_place(text: str, shown: str) -> None:
    assert str(parse_zone(text)) == shown


def test_data_points_may_name_zones_as_windows_does() -> None:
    assert str(load_zone("Eastern Standard Time")) == "America/New_York"
    assert load_zone("Nowhere Standard Time") is None


def test_a_name_with_hundreds_of_parts_is_not_a_zone() -> None:
    name = "A/" * 1000 + "A"

    assert (load_zone(name), parse_zone(name), detect_column_zone(f"time {name}", None)) == (None, None, None)


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("time(UTC)", "UTC"),
        ("timestamp_utc", "UTC"),
        ("TimestampUTC", "UTC"),
        ("datetimeutc", "UTC"),
        ("Time [GMT]", "UTC"),
        ("time (Z)", "UTC"),
        ("Zeit (UTC+1)", "UTC+01:00"),
        ("Local time -05:00", "UTC-05:00"),
        ("Time (America/Chicago)", "America/Chicago"),
        ("Time Etc/GMT+5", "Etc/GMT+5"),
        ("GMT+1 (no DST)", "UTC+01:00"),
        ("time", "None"),
        ("Read Time/Date", "None"),
        ("outcome", "None"),
        ("best estimate", "None"),
    ],
)
def test_a_header_can_name_the_zone(header: str, shown: str) -> None:
    assert str(detect_column_zone(header, None)) == shown


@pytest.mark.parametrize(
    ("header", "zone", "message", "fix"),
    [
        (
            "time (UTC)",
            "EST",
            'the header of the times does not agree with --zone EST, found "time (UTC)"',
            "leave --zone out, or correct the header",
        ),
        (
            "time EST",
            "UTC",
            'the header of the times does not agree with --zone UTC, found "time EST"',
            "leave --zone out, or correct the header",
        ),
        (
            "time EST",
            None,
            'the header of the times says EST, with or without summer time, found "time EST"',
            (
                "say  --zone EST  if clocks stay on standard time,"
                "  or  --zone America/New_York  if clocks change in summer"
            ),
        ),
        (
            "Zeit (MEZ)",
            None,
            'the header of the times says MEZ, with or without summer time, found "Zeit (MEZ)"',
            "say  --zone Europe/Berlin  if clocks change in summer",
        ),
        (
            "Time (CPT)",
            None,
            'the header of the times says CPT, with or without summer time, found "Time (CPT)"',
            "say  --zone America/Chicago  if clocks change in summer",
        ),
        *(
            (
                f"Time ({said})",
                None,
                f'the header of the times says {said}, but not of which zone, found "Time ({said})"',
                "give its offset, such as  --zone +01:00,  or its letters, such as  --zone EST",
            )
            for said in ("Standard Time", "no DST", "Winterzeit", "LST")
        ),
    ],
)
def test_a_header_with_an_ambiguous_zone_is_refused(header: str, zone: str | None, message: str, fix: str) -> None:
    with pytest.raises(BrokenFile) as raised:
        detect_column_zone(header, parse_zone(zone) if zone else None)

    assert (raised.value.row_error.code, raised.value.row_error.message, raised.value.row_error.fix) == (
        "ESA627",
        message,
        fix,
    )


@pytest.mark.parametrize(
    ("header", "zone"),
    [
        ("time EST", "America/New_York"),
        ("time EST", "EST"),
        ("t +00:00", "Z"),
        ("time (standard time)", "-05:00"),
    ],
)
def test_a_zone_that_agrees_with_the_header_is_accepted(header: str, zone: str) -> None:
    assert detect_column_zone(header, parse_zone(zone)) == parse_zone(zone)


def test_a_column_of_times_is_recognised_with_its_zone(tmp_path: Path) -> None:
    check, _ = count(write(tmp_path, "channelImportId,Time (UTC),value\nUSE,2026-01-01 00:15,1\n"))

    assert (check.is_naive, check.findings) == ({False}, ())


@pytest.mark.parametrize(
    "header", ["timezone", "Time Zone", "tz", "TZ name", "utc_offset", "UTCOffset", "offset", "UTC offset (h)"]
)
def test_an_unused_column_of_zones_is_refused(header: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"channelImportId,time,value,{header}\nUSE,2026-01-01 00:15,1,x\n")

    with pytest.raises(BrokenFile) as raised:
        count(path)

    message = f'a column names the time zone of each time, but is not used, found "{header}"'
    assert (raised.value.row_error.code, raised.value.row_error.message, raised.value.line) == ("ESA627", message, 1)
    assert raised.value.row_error.fix.endswith(f"--map {shlex.quote(f'{header}=')}")
    assert count(path, zone=UTC)[0].is_valid
    assert count(path, names={header: ""})[0].is_valid


def test_blanks_around_headers_and_cells_are_ignored(tmp_path: Path) -> None:
    path = write(tmp_path, '\ufeff\ufeffchannelImportId\u00a0, "time" ,value\n USE\u00a0, " 2026-01-01 00:15", 1 \n')

    check, groups = count(path)

    assert (check.findings, [group.destination.route.channel_id for group in groups]) == ((), [1])


@pytest.mark.parametrize("text", ['[{"channelId": 1, "readings": [%s]}]', '{"channelId": 1, "readings": [%s]}'])
def test_a_zone_applies_to_json_too(text: str, tmp_path: Path) -> None:
    path = write(tmp_path, text % '{"time": "2026-01-01 00:15", "value": 1}', "readings.json")

    check, _ = count(path, zone=timezone(timedelta(hours=1)))

    assert check.is_naive == {False}
    assert CsvOptions(zone=UTC).zone is UTC
