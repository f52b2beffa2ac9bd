"""Readings as they are computed: their times, the rules, and the versions valid at each."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.bench import CHANNELS, listed, reading, send

if TYPE_CHECKING:
    from reconciler.sandbox import World
    from tests.sandbox.bench import Bench, Start


V3 = "/api/v3/reading"
# In the demo world 1049 is a Trip channel in gallons every hour, and 1067 an Odometer; neither has readings.
TRIP, ODOMETER = 1049, 1067


def test_a_time_is_wall_time_unless_it_has_an_offset(demo: Bench) -> None:
    times = ("2026-07-01T12:00:00", "2026-07-01T12:00:00Z", "2026-07-01T12:00:00+02:00")
    send(demo, V3, {"channelId": TRIP, "readings": [reading(time, 1) for time in times]})

    assert [time for time, _, _ in listed(demo, TRIP)] == [
        "2026-07-01T06:00:00-04:00",
        "2026-07-01T08:00:00-04:00",
        "2026-07-01T12:00:00-04:00",
    ]


def test_without_a_zone_times_are_in_utc(start: Start, demo_world: World) -> None:
    bench = start(world={"formatVersion": 1, "channels": demo_world["channels"]})
    send(bench, V3, {"channelId": TRIP, "readings": [reading("2026-07-01T12:00:00", 1)]})

    assert listed(bench, TRIP) == [("2026-07-01T12:00:00+00:00", 1, 1)]


@pytest.mark.parametrize("code", ["Eastern Standard Time", "America", "../x", "x" * 5000, "a\0b"])
def test_a_time_without_offset_fails_if_the_zone_is_not_known(start: Start, demo_world: World, code: str) -> None:
    points = [one | {"dataPointTimeZone": {"timeZoneCode": code}} for one in demo_world["dataPoints"]]
    bench = start(world=demo_world | {"dataPoints": points})

    answer = send(
        bench, V3, {"channelId": TRIP, "readings": [reading("2026-07-01", 5), reading("2026-07-02T00:00Z", 6)]}
    )

    (group,) = answer["failedReadings"]
    assert [(one["time"], one["error"]) for one in group["readings"]] == [
        ("2026-07-01", f"time needs an offset: the time zone {code!r} is not known here")
    ]
    assert listed(bench, TRIP) == [("2026-07-02T00:00:00+00:00", 6, 6)]


def test_zones_are_known_without_a_database_of_the_system() -> None:
    """Windows and slim containers have none; the package tzdata brings its own."""
    program = "from zoneinfo import ZoneInfo; print(ZoneInfo('America/New_York'))"

    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONTZPATH": ""}, capture_output=True, text=True, check=True
    )

    assert done.stdout == "America/New_York\n"


def test_trip_is_multiplied_and_offset(demo: Bench) -> None:
    demo.put_with_version(TRIP, multiplier=2, offset=0.5, isValuePositive=True).raise_for_status()

    send(demo, V3, {"channelId": TRIP, "readings": [reading("2026-07-01", 3), reading("2026-07-02", -3)]})

    assert [value for _, value, _ in listed(demo, TRIP)] == [6.5, 5.5]


def test_odometer_is_the_difference_to_the_reading_before(demo: Bench) -> None:
    demo.put_with_version(ODOMETER, multiplier=10, rolloverValue=1000, rollbackAllowance=0.1).raise_for_status()
    values = [(1, 900), (2, 950), (3, 940), (4, 10)]

    send(demo, V3, {"channelId": ODOMETER, "readings": [reading(f"2026-07-0{day}", value) for day, value in values]})

    # Not known yet; 50 more; 10 less, which is tolerated; 930 less, which is a rollover.
    assert [value for _, value, _ in listed(demo, ODOMETER)] == [None, 500, -100, 700]
    assert demo.read(ODOMETER)["lastReadingValue"]["value"] == 700


def test_each_reading_is_computed_by_the_version_valid_then(demo: Bench) -> None:
    version = {"beginDate": "2026-07-02T00:00:00", "multiplier": 100, "observationRuleId": 2, "unitId": 5}
    demo.client.post(f"{CHANNELS}/{TRIP}/version", json=version).raise_for_status()
    times = ("2026-07-01T23:00:00", "2026-07-02T00:00:00", "2026-07-02T00:00:01")

    send(demo, V3, {"channelId": TRIP, "readings": [reading(time, 1) for time in times]})

    # The beginning itself still belongs to the version before.
    assert [value for _, value, _ in listed(demo, TRIP)] == [1, 1, 100]


@pytest.mark.parametrize(("setting", "values"), [("new", [None, 50, 3000, 2000]), ("old", [None, 50, 30, 2000])])
def test_the_difference_across_the_beginning_of_a_version_belongs_to_either(
    start: Start, setting: str, values: list[float | None]
) -> None:
    bench = start(f"boundary_difference={setting}")
    version = {"beginDate": "2026-07-02T12:00:00", "multiplier": 100, "observationRuleId": 1, "unitId": 1}
    bench.client.post(f"{CHANNELS}/{ODOMETER}/version", json=version).raise_for_status()
    days = [reading(f"2026-07-0{day}", raw) for day, raw in ((1, 900), (2, 950), (3, 980), (4, 1000))]

    send(bench, V3, {"channelId": ODOMETER, "readings": days})

    assert [value for _, value, _ in listed(bench, ODOMETER)] == values
    assert bench.read(ODOMETER)["lastReadingValue"]["value"] == 2000


def test_a_difference_belongs_to_no_version_under_trip(start: Start) -> None:
    bench = start("boundary_difference=old")
    version = {"beginDate": "2026-07-02T12:00:00", "multiplier": 100, "observationRuleId": 2, "unitId": 1}
    bench.client.post(f"{CHANNELS}/{ODOMETER}/version", json=version).raise_for_status()
    days = [reading(f"2026-07-0{day}", raw) for day, raw in ((1, 900), (2, 950), (3, 7))]

    send(bench, V3, {"channelId": ODOMETER, "readings": days})

    assert [value for _, value, _ in listed(bench, ODOMETER)] == [None, 50, 700]


def test_an_edit_in_place_changes_what_older_readings_compute_to(demo: Bench) -> None:
    send(demo, V3, {"channelId": TRIP, "readings": [reading("2026-07-01", 3)]})

    demo.put_with_version(TRIP, multiplier=4).raise_for_status()

    assert listed(demo, TRIP) == [("2026-07-01T00:00:00-04:00", 12, 3)]


@pytest.mark.parametrize(
    ("span", "values"),
    [
        ({}, [None, 1, 2, 3]),
        ({"beginDate": "2026-07-02"}, [1, 2, 3]),
        ({"beginDate": "2026-07-02", "endDate": "2026-07-03T00:00:00"}, [1, 2]),
        ({"endDate": "2026-07-01T04:00:00Z"}, [None]),
        ({"beginDate": "2027-01-01"}, []),
    ],
)
def test_a_span_includes_both_ends(demo: Bench, span: dict[str, str], values: list[float | None]) -> None:
    days = [reading(f"2026-07-0{day}", raw) for day, raw in ((1, 0), (2, 1), (3, 3), (4, 6))]
    send(demo, V3, {"channelId": ODOMETER, "readings": days})

    assert [value for _, value, _ in listed(demo, ODOMETER, **span)] == values
