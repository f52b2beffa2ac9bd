"""A `beginDate` that would take stored readings out of their version: blocked, and not written by `apply` either."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.worlds import make_channel, make_version, make_world

if TYPE_CHECKING:
    from tests.cli.desk import Desk

READINGS = "channelId,time,value\n1,2024-12-01T00:15,100\n1,2025-04-01T00:15,100\n"
LATER = [
    make_version(10, endDate="2025-01-01T00:00:00"),
    make_version(11, beginDate="2025-01-01T00:00:00"),
]


@pytest.mark.parametrize(
    ("channel", "begin"),
    [
        pytest.param(make_channel(1), "2025-03-01", id="an only version"),
        pytest.param(make_channel(1, versions=LATER), "2025-05-01", id="a later version, later"),
        pytest.param(make_channel(1, versions=LATER), "2024-06-01", id="a later version, earlier"),
    ],
)
def test_a_begin_that_moves_past_readings_is_blocked_and_not_written(
    desk: Desk, channel: dict[str, object], begin: str
) -> None:
    desk.load(make_world(channel))
    desk.write("readings.csv", READINGS)
    assert desk.run("readings", "import", "readings.csv").code == 0
    before = desk.live(1)["channelVersions"]
    desk.define({"one": {"channelId": 1, "esaChannelVersion": {"multiplier": 2, "beginDate": begin}}})

    plan = desk.run("plan", "--format", "json", "--out", "plan.json")

    (change,) = json.loads(plan.out)["resource_changes"]
    assert (plan.code, [block["rule"] for block in change["blocked_by"]]) == (3, ["ESA420"])
    assert desk.run("apply", "plan.json").code == 3
    assert desk.live(1)["channelVersions"] == before


def test_a_begin_without_readings_is_moved_and_says_what_that_means_for_older_ones(desk: Desk) -> None:
    desk.load(make_world(make_channel(1)))
    desk.define({"one": {"channelId": 1, "esaChannelVersion": {"beginDate": "2025-03-01"}}})

    plan = desk.run("plan", "--out", "plan.json")

    assert "readings up to 2025-03-01 would belong to no version" in plan.out
    assert desk.run("apply", "plan.json").code == 0
    (version,) = desk.live(1)["channelVersions"]
    assert version["beginDate"].startswith("2025-03-01T00:00:00")


def test_readings_that_came_after_the_review_stop_the_begin(desk: Desk) -> None:
    desk.load(make_world(make_channel(1)))
    desk.define({"one": {"channelId": 1, "esaChannelVersion": {"beginDate": "2025-03-01"}}})
    desk.run("plan", "--out", "plan.json")
    desk.write("readings.csv", READINGS)
    desk.run("readings", "import", "readings.csv")

    assert desk.run("apply", "plan.json").code == 5
    (version,) = desk.live(1)["channelVersions"]
    assert version["beginDate"] is None
