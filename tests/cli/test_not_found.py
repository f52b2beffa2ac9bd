"""guards.notFound: what becomes of a plan and its apply if a channel of the files is not in EnergyCAP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.workspace import PROJECT
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from tests.cli.workspace import Workspace

WORLD = make_world(make_channel(1), make_channel(3))
SKIP = f"{PROJECT}guards: {{notFound: skip}}\n"
ONE: dict[str, Any] = {"channelId": 1, "channelInfo": "Renamed"}
GONE: dict[str, Any] = {"channelImportId": "GONE", "channelInfo": "Gone"}
NET: dict[str, Any] = {
    "channelId": 3,
    "isCalculated": True,
    "intervalMinutes": None,
    "esaChannelVersion": {"formula": "channel(gone) * 2"},
}


@pytest.fixture
def skipping(workspace: Workspace) -> Workspace:
    """A project with one channel that EnergyCAP has and one that it does not have."""
    workspace.load(WORLD)
    workspace.write("reconciler.yaml", SKIP)
    workspace.define({"one": ONE, "gone": GONE})
    return workspace


def read_plan(workspace: Workspace) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(workspace.run("plan", "--format", "json").out)
    return plan


def test_by_default_a_channel_that_is_not_there_stops_everything(skipping: Workspace) -> None:
    skipping.write("reconciler.yaml", PROJECT)

    answer = skipping.run("apply", "--auto-approve")

    assert (answer.code, skipping.writes) == (1, [])
    assert "ESA301" in answer.out


def test_with_skip_it_is_named_and_the_other_changes_are_applied(skipping: Workspace) -> None:
    planned = skipping.run("plan", "--out", "plan.json")
    answer = skipping.run("apply", "plan.json")

    assert planned.code == 0
    assert "ESA536  warning: channel is skipped because guards.notFound is skip: no live channel" in planned.out
    assert (answer.code, answer.out.splitlines()[-1]) == (0, "Apply: 1 done, 0 stale, 0 failed, 0 not tried.")
    assert skipping.live(1)["channelInfo"] == "Renamed"
    assert skipping.run("plan", "--detailed-exitcode").code == 0


def test_an_apply_without_a_saved_plan_goes_on_too(skipping: Workspace) -> None:
    answer = skipping.run("apply", "--auto-approve")

    assert (answer.code, skipping.writes) == (0, [("PUT", "/api/v202406/esachannel/1")])
    assert "ESA536" in answer.out


def test_a_formula_that_uses_it_is_blocked_with_the_reason(skipping: Workspace) -> None:
    skipping.define({"one": ONE, "gone": GONE, "net": NET})

    plan = read_plan(skipping)
    applied = skipping.run("apply", "--auto-approve")

    verdicts = {change["name"]: (change["verdict"], change["blocked_by"]) for change in plan["resource_changes"]}
    assert verdicts["one"] == ("allowed", [])
    assert verdicts["net"][0] == "blocked"
    assert [(block["rule"], block["message"]) for block in verdicts["net"][1]] == [
        ("ESA313", "formula uses a channel that was not found in EnergyCAP and is skipped, found channel(gone)")
    ]
    assert (applied.code, skipping.writes) == (3, [("PUT", "/api/v202406/esachannel/1")])


def test_a_channel_that_appears_after_the_review_is_not_sent(skipping: Workspace) -> None:
    skipping.run("plan", "--out", "plan.json")
    skipping.load(make_world(make_channel(1), make_channel(2, channelImportId="GONE"), make_channel(3)))

    answer = skipping.run("apply", "plan.json")

    assert (answer.code, skipping.writes) == (0, [("PUT", "/api/v202406/esachannel/1")])
    assert "not reviewed, so not sent: gone" in answer.err


def test_a_channel_that_disappears_after_the_review_makes_the_plan_stale(skipping: Workspace) -> None:
    skipping.define({"one": ONE, "other": {"channelId": 3}})
    skipping.run("plan", "--out", "plan.json")
    skipping.load(make_world(make_channel(3)))

    answer = skipping.run("apply", "plan.json")

    assert (answer.code, skipping.writes) == (5, [])


def test_if_no_channel_is_there_it_is_an_error_all_the_same(skipping: Workspace) -> None:
    skipping.define({"gone": GONE})

    answer = skipping.run("apply", "--auto-approve")

    assert (answer.code, skipping.writes) == (1, [])
    assert "ESA301" in answer.out
