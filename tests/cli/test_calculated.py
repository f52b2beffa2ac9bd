"""Calculated channels with summarized readings: what a plan makes of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.worlds import make_channel, make_version, make_world

if TYPE_CHECKING:
    from tests.cli.desk import Desk

INPUT = make_channel(1, readings=True)
IDLE = make_channel(2)
SUM = make_channel(3, isCalculated=True, versions=[make_version(30, formula="channel(1)")])
IDLE_SUM = make_channel(4, isCalculated=True, versions=[make_version(40, formula="channel(2)")])
SIMPLE = {"isCalculated": False, "intervalMinutes": 15, "esaChannelVersion": {"formula": None}}


def test_a_calculated_channel_becomes_simple_only_while_it_has_no_summarized_readings(desk: Desk) -> None:
    desk.load(make_world(INPUT, IDLE, SUM, IDLE_SUM))
    desk.define({"sum": {"channelId": 3, **SIMPLE}, "idle-sum": {"channelId": 4, **SIMPLE}})

    answer = desk.run("plan", "--format", "json")

    changes = {change["name"]: change for change in json.loads(answer.out)["resource_changes"]}
    assert answer.code == 3
    assert (changes["idle-sum"]["verdict"], changes["idle-sum"]["blocked_by"]) == ("allowed", [])
    (block,) = changes["sum"]["blocked_by"]
    assert (block["rule"], block["message"]) == ("ESA404", "cannot become simple: it has readings")
    assert block["unblock"] == "leave it calculated and make a new simple channel in EnergyCAP"


def test_an_edit_of_a_calculated_channel_says_what_it_does_to_its_summarized_values(desk: Desk) -> None:
    desk.load(make_world(INPUT, IDLE, SUM, IDLE_SUM))
    edit = {"esaChannelVersion": {"multiplier": 2}}
    desk.define({"sum": {"channelId": 3, **edit}, "idle-sum": {"channelId": 4, **edit}})

    answer = desk.run("plan")

    said = " ".join(answer.out.split())
    assert answer.code == 0
    assert said.count("may rewrite stored values (from 2024-01-01") == 1
    assert "make a new version" not in said
