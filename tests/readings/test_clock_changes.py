"""Local times that clocks skip and repeat, in the zones of data points."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.readings.clock_changes import explain_clock_change, find_offsets_by_order, find_transitions
from reconciler.readings.csv_layout import CsvOptions
from reconciler.readings.delivery import make_batches
from reconciler.readings.readings_file import open_readings_file
from reconciler.readings.routing import Router
from reconciler.readings.times import find_offsets
from tests.cases import note_case
from tests.readings.bench import CHANNELS, count, tell, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reconciler.readings.file_check import FileCheck

NEW_YORK = ZoneInfo("America/New_York")
HEADER = "channelImportId,time,value\n"
# 2 November 2025: 01:00 to 02:00 occurs twice.
HOUR = ["01:00", "01:15", "01:30", "01:45"]
EARLIER, LATER = [f"2025-11-02T{clock}:00-04:00" for clock in HOUR], [f"2025-11-02T{clock}:00-05:00" for clock in HOUR]


def look(path: Path, zone: tzinfo | None = None, zones: Mapping[int, tzinfo] | None = None) -> FileCheck:
    known = dict.fromkeys(range(1000), NEW_YORK) if zones is None else zones
    return count(path, zone=zone, find_zones=lambda _: known)[0]


def rows(*clocks: str, day: str = "2025-11-02", channel: str = "USE") -> str:
    return "".join(f"{channel},{day} {clock},5\n" for clock in clocks)


def send(path: Path, check: FileCheck, zone: tzinfo | None = None) -> list[str]:
    """The times that are sent."""
    file, router = open_readings_file(path, CsvOptions(zone=zone)), Router(CHANNELS)
    groups = check.clock_changes.read_groups(file, router)
    batches = make_batches(groups, router, lambda *_: None, zones=check.zones)
    return [load.reading.time for batch in batches for load in batch]


def test_a_time_that_clocks_skip_is_an_error(tmp_path: Path) -> None:
    check = look(write(tmp_path, HEADER + rows("01:45", "02:00", "02:45", "03:00", day="2025-03-09")))

    skipped = "does not exist in America/New_York: the clocks skip it"
    assert tell(check.findings) == [
        f"3 ESA624 the local time 2025-03-09T02:00:00 {skipped}",
        f"4 ESA624 the local time 2025-03-09T02:45:00 {skipped}",
    ]
    assert (check.readings, check.invalid, check.is_valid) == (4, 2, False)


@pytest.mark.parametrize(
    ("clocks", "expected"),
    [
        (["00:45", *HOUR, *HOUR, "02:00"], [*EARLIER, *LATER]),
        (["02:00", *HOUR[::-1], *HOUR[::-1], "00:45"], [*LATER[::-1], *EARLIER[::-1]]),
        ([*HOUR, *HOUR], [*EARLIER, *LATER]),
        (["01:30", "01:45", *HOUR], [*EARLIER[2:], *LATER]),
        (["00:00", "01:00", "01:00", "02:00"], [EARLIER[0], LATER[0]]),
        (["02:00", "01:00", "01:00"], [LATER[0], EARLIER[0]]),
    ],
    ids=["rising", "falling", "the hour alone", "from its middle", "hours", "hours that fall"],
)
def test_a_repeated_hour_is_resolved_by_the_order_of_readings(
    clocks: list[str], expected: list[str], tmp_path: Path
) -> None:
    path = write(tmp_path, HEADER + rows(*clocks))

    check = look(path)

    assert (check.findings, check.clock_changes.placed) == ((), len(expected))
    assert [time for time in send(path, check) if "T01" in time] == expected


@pytest.mark.parametrize(
    "clocks",
    [
        ["00:45", *HOUR, "02:00"],
        ["00:45", *HOUR, *HOUR, *HOUR, "02:00"],
        ["00:45", "01:00", "01:00", "01:15", "01:15", "02:00"],
        ["01:00", "01:00"],
        ["01:00", "01:30", "01:00"],
        ["00:45", *HOUR, "02:00", "00:45", *HOUR, "02:00"],
        ["00:45", "01:45", "01:30", "01:45", "01:30", "02:00"],
        ["00:45", "01:00", "01:00", "00:45"],
    ],
    ids=["once", "thrice", "in pairs", "two alone", "to and fro", "two copies", "against the rest", "in between"],
)
def test_a_repeated_hour_in_an_ambiguous_order_is_an_error(clocks: list[str], tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + rows(*clocks))

    check = look(path)

    found = [finding for finding in check.findings if finding.code == "ESA625"]
    assert len(found) == sum(clock.startswith("01") for clock in clocks)
    assert not any("T01" in time for time in send(path, check))
    assert found[0].fix.startswith("write it as  2025-11-02T01:")
    assert found[0].fix.endswith("-05:00  for the later")


def test_times_with_their_offset_are_two_readings(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + rows("01:00-04:00", "01:00-05:00"))

    check = look(path)

    assert (check.findings, send(path, check)) == ((), [EARLIER[0], LATER[0]])


def test_each_channel_has_its_own_order(tmp_path: Path) -> None:
    pairs = [(channel, clock) for clock in ["00:45", *HOUR, *HOUR, "02:00"] for channel in ("USE", "USE-KW")]
    path = write(tmp_path, HEADER + "".join(rows(clock, channel=channel) for channel, clock in pairs))

    check = look(path)

    assert check.findings == ()
    assert [time for time in send(path, check) if "T01" in time] == [
        time for time in (*EARLIER, *LATER) for _ in range(2)
    ]


def test_groups_of_json_have_the_same_order(tmp_path: Path) -> None:
    times = [f"2025-11-02 {clock}" for clock in ("00:45", *HOUR, *HOUR)]
    groups = [{"channelId": 1, "readings": [{"time": time, "value": 1} for time in times]}]
    path = write(tmp_path, json.dumps(groups, indent=1), "readings.json")

    check = look(path)

    assert (check.findings, send(path, check)[1:]) == ((), [*EARLIER, *LATER])


def test_a_duplicate_in_a_repeated_hour_is_only_a_warning(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + rows(*HOUR, *HOUR) + rows("01:00-04:00"))

    assert tell(look(path).findings) == ["10 ESA621 a reading is in the file twice, also in line 2"]


def test_an_unknown_zone_is_a_warning(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + rows("01:00", "01:15"))

    check = look(path, zones={})

    assert tell(check.findings) == [
        (
            "2 ESA626 the time zone of a data point is not known: "
            "times that the clocks skip or repeat there could not be checked"
        )
    ]
    assert check.is_valid
    assert look(path, UTC, {}).findings == ()
    assert look(write(tmp_path, HEADER + rows("01:00Z")), zones={}).findings == ()


def test_the_zone_of_a_file_has_repeated_hours_too(tmp_path: Path) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    path = write(tmp_path, HEADER + rows("01:00", "02:00", "02:00", "03:00", day="2025-10-26"))

    check = look(path, berlin)

    assert check.findings == ()
    assert send(path, check, berlin) == [
        "2025-10-25T19:00:00-04:00",
        "2025-10-25T20:00:00-04:00",
        "2025-10-25T21:00:00-04:00",
        "2025-10-25T22:00:00-04:00",
    ]
    once = look(write(tmp_path, HEADER + rows("02:00", day="2025-10-26")), berlin)
    assert [f"{finding.code} {finding.message}" for finding in once.findings] == [
        "ESA625 the local time 2025-10-26T02:00:00 occurs twice in Europe/Berlin, and nothing says which is meant"
    ]


def test_a_time_with_an_offset_is_sent_with_that_of_its_data_point(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "USE,2025-07-01T18:30:00Z,1\nUSE,2025-12-01T18:30:00Z,1\n")

    assert send(path, look(path)) == ["2025-07-01T14:30:00-04:00", "2025-12-01T13:30:00-05:00"]


def test_a_change_of_clocks_is_found_anywhere_in_a_long_file(tmp_path: Path) -> None:
    start = datetime(2025, 10, 25, tzinfo=UTC)
    timestamps = [(start + timedelta(minutes=15 * number)).astimezone(NEW_YORK) for number in range(1500)]
    path = write(tmp_path, HEADER + "".join(f"USE,{at.replace(tzinfo=None)},5\n" for at in timestamps))

    check = look(path)

    assert check.findings == ()
    sent = [datetime.fromisoformat(time) for time in send(path, check)]
    instants = [(at if at.tzinfo else at.replace(tzinfo=NEW_YORK)).astimezone(UTC) for at in sent]
    assert instants == [at.astimezone(UTC) for at in timestamps]


ZONES = [ZoneInfo(name) for name in ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")]


def list_odd_quarters() -> list[tuple[ZoneInfo, datetime]]:
    """The quarters of an hour from 2007 on that the clocks of a zone skip or repeat, by the standard library."""
    days = [datetime(2007, 1, 1) + timedelta(days=number) for number in range(20 * 365)]  # noqa: DTZ001
    changed = [
        (zone, day)
        for zone in ZONES
        for day in days
        if day.replace(tzinfo=zone).utcoffset() != (day + timedelta(days=1)).replace(tzinfo=zone).utcoffset()
    ]
    quarters = ((zone, day + timedelta(minutes=15 * number)) for zone, day in changed for number in range(96))
    return [
        (zone, wall)
        for zone, wall in quarters
        if wall.replace(tzinfo=zone).utcoffset() != wall.replace(tzinfo=zone, fold=1).utcoffset()
    ]


ODD_QUARTERS = list_odd_quarters()


@given(
    st.tuples(st.sampled_from(ZONES), st.datetimes(datetime(1991, 1, 1), datetime(2026, 12, 31)))  # noqa: DTZ001 - local times
    | st.sampled_from(ODD_QUARTERS)
    | st.sampled_from(ODD_QUARTERS)
    | st.sampled_from(ODD_QUARTERS),
    st.integers(0, 899),
)
def test_changes_of_clocks_match_the_time_zone_database(at: tuple[ZoneInfo, datetime], seconds: int) -> None:
    zone, wall = at[0], at[1] + timedelta(seconds=seconds)
    change = next((one for one in find_transitions(zone, wall.year) if one.begin <= wall < one.end), None)

    note_case(reached=change is not None)
    # PEP 495: the two differ only where clocks change, and the earlier one is greater where an hour occurs twice.
    earlier, later = (wall.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    assert earlier is not None
    assert later is not None
    assert find_offsets(wall, zone) == ((earlier,) if earlier == later else (earlier, later) if earlier > later else ())
    assert (change and (change.before, change.after)) == (None if earlier == later else (earlier, later))


@given(st.lists(st.integers(0, 59), unique=True), st.lists(st.integers(0, 59), unique=True), st.booleans())
def test_two_runs_beside_other_readings_are_always_resolved(
    first: Sequence[int], second: Sequence[int], is_rising: bool
) -> None:
    (change,) = [one for one in find_transitions(NEW_YORK, 2025) if not one.is_skipped]
    runs = [sorted(run, reverse=not is_rising) for run in (first, second)]
    times = [change.begin + timedelta(minutes=minute) for run in runs for minute in run]
    is_cut = first and second and (runs[0][-1] >= runs[1][0] if is_rising else runs[0][-1] <= runs[1][0])
    beside = change.begin - timedelta(hours=1), change.end + timedelta(hours=1)
    before, following = beside if is_rising else beside[::-1]

    found = find_offsets_by_order(times, change, before, following)

    note_case(reached=is_cut)
    if is_cut:
        offsets = (change.before, change.after) if is_rising else (change.after, change.before)
        assert found == [offsets[0]] * len(first) + [offsets[1]] * len(second)
    else:
        assert found is None


@pytest.mark.parametrize(
    ("time", "zone", "expected"),
    [
        (
            "2026-03-08T02:30:00",
            "America/New_York",
            (
                (
                    "does not exist in America/New_York, where the clocks go from 2026-03-08T02:00:00 to "
                    "2026-03-08T03:00:00"
                ),
                "before 2026-03-08T02:00:00, or  2026-03-08T03:00:00",
            ),
        ),
        (
            "2026-11-01T01:00:00",
            "America/New_York",
            (
                "occurs twice in America/New_York, at -04:00 and -05:00",
                "before 2026-11-01T01:00:00, or  2026-11-01T02:00:00",
            ),
        ),
        ("2026-11-01T02:00:00", "America/New_York", None),
        ("2026-03-08T03:00:00", "America/New_York", None),
        ("2026-03-08T02:30:00", "Europe/Berlin", None),
        ("9999-12-31T23:00:00", "Europe/Berlin", None),
    ],
)
def test_a_local_time_is_explained_only_where_the_clocks_change(
    time: str, zone: str, expected: tuple[str, str] | None
) -> None:
    assert explain_clock_change(datetime.fromisoformat(time), ZoneInfo(zone)) == expected
