"""Readings with the same channel and time."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.readings.csv_layout import CsvOptions
from reconciler.readings.delivery import make_batches
from reconciler.readings.duplicates import TimeRanges
from reconciler.readings.readings_file import open_readings_file
from reconciler.readings.routing import Router
from tests.cases import note_case
from tests.readings.bench import CHANNELS, METER, count, tell, write

if TYPE_CHECKING:
    from pathlib import Path


RANGE_START = datetime(2026, 1, 1)  # noqa: DTZ001 - local times have no zone


def at(*minutes: int) -> list[datetime]:
    return [RANGE_START + timedelta(minutes=minute) for minute in minutes]


@pytest.mark.parametrize(
    "added",
    [
        [at(0, 15), at(30, 45), at(60)],
        [at(30, 45), at(0, 15)],
        [at(45, 30), at(15, 0)],
        [at(30, 0, 15), at(45)],
        [at(15), at(30), at(0), at(45)],
    ],
    ids=["oldest first", "latest part first", "latest first", "out of order within a part", "before and after"],
)
def test_times_outside_a_range_are_not_duplicates(added: list[list[datetime]]) -> None:
    spans = TimeRanges(is_naive=True)
    for times in added:
        spans.add(1, times)

    assert spans.suspects == set()


@pytest.mark.parametrize(
    "added",
    [[at(0, 0)], [at(0, 15), at(15)], [at(0, 30), at(15)], [at(0, 60), at(15, 30)], [at(0, 15, 0)]],
    ids=["twice at once", "its end again", "within", "a part within", "back again"],
)
def test_times_within_a_range_may_be_duplicates(added: list[list[datetime]]) -> None:
    spans = TimeRanges(is_naive=True)
    for times in added:
        spans.add(1, times)
    spans.add(2, at(0))

    assert spans.suspects == {1}


def test_times_with_offsets_are_compared_as_instants() -> None:
    spans = TimeRanges(is_naive=False)
    spans.add(1, [RANGE_START.replace(tzinfo=UTC)])
    spans.add(1, [(RANGE_START + timedelta(hours=1)).replace(tzinfo=timezone(timedelta(hours=1)))])

    assert spans.suspects == {1}


def test_readings_in_the_order_of_time_are_not_duplicates() -> None:
    spans = TimeRanges(is_naive=True)
    spans.add_mixed([1, 2, None], at(0, 0, 0))
    spans.add_mixed([1, 2, 1], at(15, 15, 30))
    spans.add_mixed([3, 3], at(5, 20))

    assert spans.suspects == set()


_ADDED = st.lists(
    st.lists(st.tuples(st.sampled_from([1, 2, 3]), st.integers(0, 40)), min_size=1, max_size=8), max_size=6
)


@given(_ADDED, st.booleans())
def test_no_channel_with_two_readings_at_one_time_is_missed(added: list[list[tuple[int, int]]], is_one: bool) -> None:
    spans = TimeRanges(is_naive=True)
    for part in added:
        if is_one:
            spans.add(1, at(*(minute for _, minute in part)))
        else:
            spans.add_mixed([channel for channel, _ in part], at(*(minute for _, minute in part)))

    flat = [(1 if is_one else channel, minute) for part in added for channel, minute in part]
    doubled = {channel for channel, minute in flat if flat.count((channel, minute)) > 1}
    note_case(reached=doubled)
    assert doubled <= spans.suspects


HEADER = "channelId,time,value\n"
START = datetime(2026, 1, 1)  # noqa: DTZ001 - local times have no zone


def find(folder: Path, text: str) -> list[str]:
    check, _ = count(write(folder, text))
    return tell(check.findings)


def test_two_values_for_one_time_are_an_error_that_names_both_lines(tmp_path: Path) -> None:
    rows = "1,2026-01-01T00:15,1.5\n1,2026-01-01T00:30,2\n1,2026-01-01T00:15,1234567.89\n"

    check, _ = count(write(tmp_path, HEADER + rows))

    assert tell(check.findings) == [
        "4 ESA620 one channel gets two values for one time, found 1234567.89 here and 1.5 in line 2"
    ]
    assert check.findings[0].detail == ('at 2026-01-01T00:15:00 on channel 1 "Use"',)
    assert (check.readings, check.invalid, check.is_valid) == (3, 2, False)


def test_the_same_reading_twice_is_a_warning(tmp_path: Path) -> None:
    check, _ = count(write(tmp_path, HEADER + "1,2026-01-01T00:15,2\n1,2026-01-01T00:15,2\n"))

    assert tell(check.findings) == ["3 ESA621 a reading is in the file twice, also in line 2"]
    assert (check.readings, check.invalid, check.is_valid) == (2, 0, True)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2026-01-01T00:15", "2026-01-01 00:15:00.000"),
        ("2026-01-01T00:15Z", "2026-01-01T01:15+01:00"),
        ("2026-01-01T00:00", " 2026-01-01 00:00:00.0000000\u00a0"),
        ("1990-01-01T00:00+14:00", "1990-01-01T00:00+14:00"),
    ],
)
def test_equal_times_in_different_notation_are_duplicates(first: str, second: str, tmp_path: Path) -> None:
    assert find(tmp_path, f"{HEADER}1,{first},1\n1,{second},2\n") == [
        "3 ESA620 one channel gets two values for one time, found 2 here and 1 in line 2"
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2026-11-01T01:15-04:00", "2026-11-01T01:15-05:00"),
        ("2026-11-01T01:15", "2026-11-01T01:15-05:00"),
        ("2026-11-01T01:15", "2026-11-01T01:15:00.000001"),
    ],
    ids=["the hour that clocks repeat", "with and without offset", "a microsecond apart"],
)
def test_other_times_are_not_compared(first: str, second: str, tmp_path: Path) -> None:
    assert find(tmp_path, f"{HEADER}1,{first},1\n1,{second},2\n") == []


def test_one_channel_with_different_identifiers_has_duplicates(tmp_path: Path) -> None:
    header = "channelId,channelImportId,meterImportId,observationTypeCode,unitCode,time,value\n"
    rows = (
        "1,,,,,2026-01-01T00:15,1\n"
        ",USE-KW,,,,2026-01-01T00:15,2\n"
        f",,{METER},ELECUSE,KWH,2026-01-01T00:15,3\n"
        ",USE,,,,2026-01-01T00:15,4\n"
    )

    assert [finding[:8] for finding in find(tmp_path, header + rows) if "ESA62" in finding] == ["4 ESA620", "5 ESA620"]


def test_invalid_readings_and_those_without_a_channel_are_not_duplicates(tmp_path: Path) -> None:
    cells = [("1", "x"), ("1", "1"), ("99", "1"), ("99", "2"), ("4", "1"), ("4", "2")]
    rows = "".join(f"{channel},2026-01-01T00:00,{value}\n" for channel, value in cells) + "1,soon,1\n"

    assert [finding for finding in find(tmp_path, HEADER + rows) if "ESA62" in finding] == []


def test_lines_of_json_are_those_of_the_readings(tmp_path: Path) -> None:
    groups = [
        {
            "channelId": 1,
            "readings": [{"time": "2026-01-01T00:00", "value": 1}, {"time": "2026-01-02T00:00", "value": 1}],
        },
        {"channelImportId": "USE", "readings": [{"time": "2026-01-02T00:00", "value": 2}]},
    ]

    assert find(tmp_path, json.dumps(groups, indent=1)) == [
        "18 ESA620 one channel gets two values for one time, found 2 here and 1 in line 9"
    ]


def test_each_reading_in_json_lines_has_its_own_line(tmp_path: Path) -> None:
    values = [{"channelId": 1, "time": "2026-01-01T00:00", "value": value} for value in (1, 2)]

    assert find(tmp_path, "\n".join(map(json.dumps, values))) == [
        "2 ESA620 one channel gets two values for one time, found 2 here and 1 in line 1"
    ]


def test_contradicting_readings_are_left_out_and_the_rest_are_sent(tmp_path: Path) -> None:
    first = "1,2026-01-01T00:00,1\n1,2026-01-01T00:00,1\n1,2026-01-01T00:00,2\n"
    rows = f"{first}1,2026-01-02T00:00,7\n2,2026-01-01T00:00,1\n2,2026-01-01T00:00,1\n"
    path, router = write(tmp_path, HEADER + rows), Router(CHANNELS)
    check, _ = count(path, router)
    left_out = []

    assert check.duplicates is not None
    marked = check.duplicates.mark(open_readings_file(path, CsvOptions()).read_groups())
    (batch,) = make_batches(marked, router, lambda _, row, reason: left_out.append((row.line, reason)))

    reason = "ESA620 one channel gets two values for one time, the first of them in line 2"
    assert left_out == [(2, reason), (3, reason), (4, reason)]
    assert [load.row.line for load in batch] == [5, 6, 7]
    assert check.invalid == 3


def test_the_last_row_of_a_long_file_is_compared_with_the_first(tmp_path: Path) -> None:
    rows = [f"{1 + number % 2},{(START + timedelta(minutes=number)).isoformat()},1\n" for number in range(3000)]
    random.Random(7).shuffle(rows)  # noqa: S311 - repeatable, not secret

    assert find(tmp_path, HEADER + "".join(rows)) == []
    twice = rows[0].replace(",1\n", ",2\n")
    assert find(tmp_path, HEADER + "".join([*rows, twice])) == [
        "3002 ESA620 one channel gets two values for one time, found 2 here and 1 in line 2"
    ]


_ROWS = st.lists(
    st.tuples(st.sampled_from(["1", "2", "5", "99"]), st.integers(0, 9), st.sampled_from(["1", "2", "x"])),
    min_size=6,
    max_size=30,
)


@given(_ROWS)
def test_exactly_the_duplicates_are_reported(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int, str]]
) -> None:
    text = HEADER + "".join(f"{channel},2026-01-01T00:0{minute},{value}\n" for channel, minute, value in rows)

    found = find(tmp_path_factory.mktemp("repeats"), text)

    firsts: dict[tuple[str, int], str] = {}
    expected = []
    for line, (channel, minute, value) in enumerate(rows, start=2):
        if channel != "99" and value != "x":
            first = firsts.setdefault((channel, minute), f"{line} {value}")
            if not first.startswith(f"{line} "):
                expected.append(f"{line} {'ESA621' if first.endswith(f' {value}') else 'ESA620'}")
    note_case(reached=expected)
    assert [" ".join(finding.split()[:2]) for finding in found if "ESA62" in finding] == expected
