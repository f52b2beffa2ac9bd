from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.energycap.reading_pages import StoredRow
from reconciler.energycap.reading_times import UnclearTime, order_rows
from reconciler.energycap.responses import UnexpectedType
from reconciler.model.project import VersionDates
from tests.cases import note_case

NEW_YORK = ZoneInfo("America/New_York")
ZONES = [NEW_YORK, ZoneInfo("Europe/London"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/St_Johns")]
WALL, INSTANT = VersionDates.WALL_TIME, VersionDates.UTC


def order(*times: str, meaning: VersionDates | None = None, zone: ZoneInfo | None = NEW_YORK) -> list[str]:
    """The local times of rows in the order that they are given, each with its place among `times`."""
    rows = [StoredRow(1, time, None, None, None, place) for place, time in enumerate(times)]
    return [f"{row.time} {row.id}" for row in order_rows(rows, meaning, zone)]


@pytest.mark.parametrize(
    ("time", "meaning", "local"),
    [
        ("2026-07-01T12:15:00", None, "2026-07-01T12:15:00"),
        ("2026-07-01 12:15", None, "2026-07-01T12:15:00"),
        ("2026-07-01", None, "2026-07-01T00:00:00"),
        ("2026-07-01T12:15:00.500", None, "2026-07-01T12:15:00.5"),
        ("2026-07-01T12:15:00-04:00", None, "2026-07-01T12:15:00"),
        ("2026-07-01T12:15:00.25-0400", None, "2026-07-01T12:15:00.25"),
        ("2026-11-01T00:30:00-04:00", None, "2026-11-01T00:30:00"),
        ("2026-11-01T01:30:00-05:00", None, "2026-11-01T01:30:00"),
        ("2026-07-01T16:15:00Z", INSTANT, "2026-07-01T12:15:00"),
        ("2026-11-01T06:30:00Z", INSTANT, "2026-11-01T01:30:00"),
        ("2026-07-01T12:15:00+02:00", INSTANT, "2026-07-01T06:15:00"),
        ("2026-07-01T12:15:00Z", WALL, "2026-07-01T12:15:00"),
        ("2026-07-01T12:15:00+09:00", WALL, "2026-07-01T12:15:00"),
    ],
)
def test_a_time_becomes_local_time_of_the_data_point(time: str, meaning: VersionDates | None, local: str) -> None:
    assert order(time, meaning=meaning) == [f"{local} 0"]


@pytest.mark.parametrize(
    ("time", "meaning", "zone"),
    [
        ("2026-07-01T12:15:00Z", None, NEW_YORK),
        ("2026-01-01T12:15:00Z", None, ZoneInfo("Europe/London")),
        ("2026-07-01T12:15:00-05:00", None, NEW_YORK),
        ("2026-11-01T00:30:00-05:00", None, NEW_YORK),
        ("2026-07-01T12:15:00-04:00", None, None),
        ("2026-07-01T12:15:00Z", INSTANT, None),
        ("9999-12-31T23:15:00-12:00", INSTANT, ZoneInfo("Pacific/Apia")),
    ],
)
def test_a_time_whose_zone_means_nothing_certain_is_an_error(
    time: str, meaning: VersionDates | None, zone: ZoneInfo | None
) -> None:
    with pytest.raises(UnclearTime, match=time):
        order(time, meaning=meaning, zone=zone)


@pytest.mark.parametrize(
    "time",
    ["", "yesterday", "2026-02-30T12:00:00", "2026-W27-3T12:00:00", "0000-01-01T00:00:00", "2026-07-01T25:00:00"],
)
def test_what_is_not_a_time_is_an_error(time: str) -> None:
    with pytest.raises(UnexpectedType, match="the time of a reading should be one date and time, found text"):
        order("2026-07-01T12:00:00", time)


def test_instants_decide_the_order_where_clocks_repeat_an_hour() -> None:
    times = ("2026-11-01T01:30:00-05:00", "2026-11-01T01:45:00-04:00", "2026-11-01T02:00:00-05:00")

    assert order(*times) == ["2026-11-01T01:45:00 1", "2026-11-01T01:30:00 0", "2026-11-01T02:00:00 2"]


REPEATED = ["2026-11-01T01:00:00", "2026-11-01T01:30:00"]


def test_without_a_zone_a_repeated_hour_stays_as_it_came_if_all_else_is_in_order() -> None:
    came = ["2026-11-01T00:30:00", *REPEATED, *REPEATED, "2026-11-01T02:00:00"]

    assert order(*came) == [f"{time} {place}" for place, time in enumerate(came)]


@pytest.mark.parametrize(
    "came",
    [
        ["2026-11-01T02:00:00", "2026-11-01T01:30:00"],
        ["2026-11-01T01:00:00", "2026-11-01T02:00:00", "2026-11-01T01:30:00"],
        ["2026-11-01T01:00:00", "2026-11-01T04:00:00", "2026-11-01T01:00:00"],
        [*REPEATED, *REPEATED, "2026-11-01T00:30:00"],
    ],
    ids=["late", "sent late", "three hours later", "late after a repeated hour"],
)
def test_without_a_zone_rows_are_sorted_where_no_clock_explains_their_order(came: list[str]) -> None:
    assert [time.partition(" ")[0] for time in order(*came)] == sorted(came)


@given(
    st.lists(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), max_size=20),  # noqa: DTZ001 - made UTC below
    st.sampled_from(ZONES),
    st.sampled_from(["offset", "utc", "mixed"]),
    st.booleans(),
)
def test_rows_come_by_their_instants_with_their_local_times(
    moments: list[datetime], zone: ZoneInfo, shape: str, near_a_change: bool
) -> None:
    # The clocks of New York went back on this day, those of Lord Howe within this year.
    change = datetime(2026, 11, 1, 4, tzinfo=UTC)
    instants = [
        change + timedelta(minutes=moment.minute + 60 * (moment.hour % 6))
        if near_a_change
        else moment.replace(microsecond=0, tzinfo=UTC)
        for moment in moments
    ]
    written = [
        f"{instant.replace(tzinfo=None).isoformat()}Z"
        if shape == "utc" or (shape == "mixed" and place % 2)
        else instant.astimezone(zone).isoformat()
        for place, instant in enumerate(instants)
    ]
    note_case(reached=len(set(instants)) > 1 or not instants)

    found = order(*written, meaning=INSTANT, zone=zone)

    expected = sorted(range(len(instants)), key=instants.__getitem__)
    local = [instants[place].astimezone(zone).replace(tzinfo=None).isoformat() for place in expected]
    assert found == [f"{time} {place}" for time, place in zip(local, expected, strict=True)]
