"""The first pass over a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.readings.csv_layout import CsvOptions
from reconciler.readings.file_check import check_file
from reconciler.readings.reading_rows import BrokenFile
from reconciler.readings.readings_file import open_readings_file
from reconciler.readings.routing import Router
from tests.readings.bench import CHANNELS, count, tell, write

if TYPE_CHECKING:
    from pathlib import Path


RANGE_HEADER = "channelImportId,time,value\n"


def rows(*times: str) -> str:
    return RANGE_HEADER + "".join(f"USE,2026-01-01 {time},1\n" for time in times)


@pytest.mark.parametrize(
    "times",
    [
        [f"{hour:02}:00-{hour + 1:02}:00" for hour in range(1, 12)],
        ["01:00-01:15", "01:15-01:30", "01:30-01:45"],
        [f"{hour:02}:00-{(hour + 1) % 24:02}:00" for hour in range(24)],
    ],
    ids=["a morning", "quarters", "a day"],
)
def test_time_ranges_of_an_hour_are_not_offsets(times: list[str], tmp_path: Path) -> None:
    with pytest.raises(BrokenFile) as raised:
        count(write(tmp_path, rows(*times)))

    first = f"2026-01-01 {times[0]}"
    message = f'the times look like ranges of time, not like times with offsets, found "{first}"'
    assert (raised.value.row_error.code, raised.value.row_error.message, raised.value.line) == ("ESA612", message, 2)


def test_time_ranges_in_json_are_not_offsets(tmp_path: Path) -> None:
    readings = [{"time": f"2026-01-01T0{hour}:00-0{hour + 1}:00", "value": 1} for hour in range(1, 5)]

    with pytest.raises(BrokenFile, match="the times look like ranges of time"):
        count(write(tmp_path, json.dumps([{"channelId": 1, "readings": readings}]), "readings.json"))


@pytest.mark.parametrize(
    "times",
    [
        ["05:00-06:00"],
        ["05:00-06:00", "06:00-06:00"],
        ["03:00-04:00", "05:00-05:00"],
        ["03:00:00-04:00", "04:00:00-05:00"],
        ["03:00-04:00", "04:00"],
    ],
    ids=["one", "one offset", "two offsets", "with seconds", "one without"],
)
def test_offsets_that_are_a_little_later_by_chance_are_offsets(times: list[str], tmp_path: Path) -> None:
    assert count(write(tmp_path, rows(*times)))[0].is_valid


HEADER = "channelImportId,meterImportId,time,value\n"
READING = {"time": "2026-01-01T00:00", "value": 1}


def test_rows_are_counted_by_identifiers_in_their_order(tmp_path: Path) -> None:
    rows = "USE,,2026-01-01T00:00,1\n,SB-ELEC-01,2026-01-01T00:00,1\nUSE,,2026-01-02T00:00Z,2\n"

    check, groups = count(write(tmp_path, HEADER + rows))

    assert (check.readings, check.invalid, check.findings, check.is_valid) == (3, 0, (), True)
    assert check.is_naive == {True, False}
    assert [(group.number, group.line, group.readings, group.destination.route.channel_id) for group in groups] == [
        (0, 2, 2, 1),
        (1, 3, 1, 5),
    ]
    assert check.groups == tuple(groups)


def test_groups_of_json_are_reported_one_by_one_and_counted_together(tmp_path: Path) -> None:
    groups_written = [{"channelImportId": "USE", "readings": [READING] * size} for size in (1, 0, 2)]

    check, groups = count(write(tmp_path, json.dumps(groups_written)))

    assert [(group.number, group.readings) for group in groups] == [(0, 1), (1, 0), (2, 2)]
    assert [(group.number, group.readings) for group in check.groups] == [(3, 3)]


def test_single_readings_in_lines_follow_the_groups(tmp_path: Path) -> None:
    values = [{"channelId": 1, **READING}, {"channelId": 2, "readings": [READING]}, {"channelId": 1, **READING}]

    _, groups = count(write(tmp_path, "\n".join(map(json.dumps, values))))

    assert [(group.number, group.line, group.readings) for group in groups] == [(0, 2, 1), (1, 1, 2)]


def test_all_errors_are_found_in_the_order_of_lines(tmp_path: Path) -> None:
    rows = (
        "NOPE,,2026-01-01T00:00,1\n"
        "USE,,soon,1\n"
        "USE,,2026-01-01T00:00\n"
        "NET,,2026-01-01T00:00,1\n"
        "NOPE,,2026-01-02T00:00,1\n"
        "USE,SB-ELEC-01,2026-01-01T00:00,1\n"
        ",,2026-01-01T00:00,1\n"
    )

    check, groups = count(write(tmp_path, HEADER + rows))

    assert tell(check.findings) == [
        '2 ESA615 readings match no channel: none has channelImportId "NOPE"',
        '3 ESA612 time must be a date and time in ISO 8601, found "soon"',
        "4 ESA611 a row must have as many cells as the header, found 3 instead of 4",
        '5 ESA618 channel 4 "Use" is calculated and takes no readings',
        ('7 ESA617 readings go to channel 1 "Use", although meterImportId says "SB-ELEC-01", not "NB-ELEC-01"'),
        "8 ESA614 readings do not say which channel they are for, found no identifier at all",
    ]
    assert check.findings[0].detail == ("2 readings of the file have these identifiers",)
    assert (check.readings, check.invalid, check.errors, check.is_valid) == (7, 6, 5, False)
    assert len(groups) == 5


def test_a_file_with_only_warnings_is_valid(tmp_path: Path) -> None:
    check, _ = count(write(tmp_path, HEADER + "USE,SB-ELEC-01,2026-01-01T00:00,1\n"))

    assert (check.is_valid, check.invalid, [finding.code for finding in check.findings]) == (True, 0, ["ESA617"])


def test_the_first_findings_of_each_kind_are_listed(tmp_path: Path) -> None:
    check, _ = count(write(tmp_path, HEADER + "USE,,soon,x\n" * 1000 + "NOPE,,2026-01-01T00:00,1\n"))

    assert [finding.code for finding in check.findings] == ["ESA612"] * 50 + ["ESA615"]
    assert (check.omitted_findings, check.errors, check.invalid) == (1950, 2001, 1001)


@pytest.mark.parametrize("text", [HEADER, "[]", '[{"channelId": 1, "readings": []}]'])
def test_a_file_without_a_reading_is_an_error(tmp_path: Path, text: str) -> None:
    check, _ = count(write(tmp_path, text))

    assert tell(check.findings) == ["1 ESA611 the file has no readings"]


def test_an_invalid_group_counts_as_one_invalid_reading(tmp_path: Path) -> None:
    check, groups = count(
        write(tmp_path, '[7, {"channelId": 1, "readings": [{"time": "2026-01-01T00:00", "value": 1}]}]')
    )

    assert (check.readings, check.invalid, len(groups)) == (2, 1, 1)
    assert groups[0].number == 1


def test_bad_identifiers_make_all_readings_of_their_group_invalid(tmp_path: Path) -> None:
    value = {"channelId": 1, "esaChannelId": 1, "readings": [READING, {**READING, "value": None}]}

    check, groups = count(write(tmp_path, json.dumps([value])))

    assert (check.readings, check.invalid, groups) == (2, 2, [])


def test_progress_is_reported(tmp_path: Path) -> None:
    told: list[int] = []
    file = open_readings_file(write(tmp_path, HEADER + "USE,,2026-01-01T00:00,1\n" * 1000), CsvOptions())

    check_file(file, Router(CHANNELS), lambda _: None, told.append)

    assert told == [512, 1000]
