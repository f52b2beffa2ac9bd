"""docs/ci/github/reconciler-plan.yml: what a pull request would change, shown to all, with no more rights than that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.ci.conftest import BLOCKED, RENAMED

if TYPE_CHECKING:
    from tests.ci.conftest import Scene

UNSOUND = ("channelInfo: Channel 2", "chanelInfo: Channel 2")
FOOT = "\nOf {head}. [As a page](https://artifacts/plan.html) · [the run](https://github.com/energy/channels/actions/runs/{run})\n"


def test_the_summary_is_the_plan_and_nothing_is_written(scene: Scene) -> None:
    pull = scene.open_pull(*RENAMED)
    jobs = scene.run("plan", pull)

    head = pull.payload["pull_request"]["head"]["sha"]
    kept = scene.hub.artifact(f"reconciler-plan-7-{head}")
    assert (jobs["plan"].result, jobs["comment"].result) == ("success", "skipped")
    assert jobs["plan"].summary == (kept / "plan.md").read_text()
    assert "**1 channel would change in production" in jobs["plan"].summary
    assert (scene.hub.artifact("plan.html") / "plan.html").read_text().startswith("<!doctype html>")
    assert scene.writes == []
    assert scene.hub.state["calls"] == []


def test_what_the_pull_request_changes_is_told_from_drift(scene: Scene) -> None:
    scene.edit_live(2, channelInfo="By hand")
    pull = scene.open_pull(*RENAMED)
    scene.run("plan", pull)

    kept = scene.hub.artifact(f"reconciler-plan-7-{pull.payload['pull_request']['head']['sha']}")
    plan = json.loads((kept / "plan.json").read_text())
    assert {change["name"]: [edit["origin"] for edit in change["edits"]] for change in plan["resource_changes"]} == {
        "one": ["change"],
        "two": ["drift"],
        "read": [],
    }


def test_a_comment_is_written_once_and_then_anew(scene: Scene) -> None:
    scene.hub.variables["RECONCILER_COMMENT"] = "true"
    pull = scene.open_pull(*RENAMED)
    head = pull.payload["pull_request"]["head"]["sha"]
    first = scene.run("plan", pull)
    (comment,) = scene.hub.state["comments"]["7"]
    assert first["comment"].result == "success"
    assert comment["body"] == first["plan"].summary + FOOT.format(head=head, run=1)
    assert comment["body"].startswith("<!-- reconciler:production -->\n")

    scene.edit_live(2, channelInfo="By hand")
    second = scene.run("plan", pull)
    (comment,) = scene.hub.state["comments"]["7"]
    assert comment["body"] == second["plan"].summary + FOOT.format(head=head, run=2)
    assert second["plan"].summary != first["plan"].summary


def test_a_comment_of_a_person_is_left_alone_whatever_it_begins_with(scene: Scene) -> None:
    scene.hub.variables["RECONCILER_COMMENT"] = "true"
    state = scene.hub.state
    theirs = {"id": 1, "user": {"type": "User"}, "body": "<!-- reconciler:production -->\nHello"}
    other = {"id": 2, "user": {"type": "Bot"}, "body": "<!-- reconciler:elsewhere -->\n"}
    scene.hub.save({**state, "comments": {"7": [theirs, other]}})

    scene.run("plan", scene.open_pull(*RENAMED))

    assert scene.hub.state["comments"]["7"][:2] == [theirs, other]
    assert len(scene.hub.state["comments"]["7"]) == 3


def test_blocked_changes_fail_the_check_and_are_shown_all_the_same(scene: Scene) -> None:
    scene.hub.variables["RECONCILER_COMMENT"] = "true"
    pull = scene.open_pull(*BLOCKED)
    jobs = scene.run("plan", pull)

    assert jobs["plan"].failed == (("Plan", 3),)
    assert "ESA401" in jobs["plan"].summary
    (comment,) = scene.hub.state["comments"]["7"]
    assert comment["body"].startswith(jobs["plan"].summary)


def test_files_with_errors_are_marked_where_they_are_and_not_planned(scene: Scene) -> None:
    jobs = scene.run("plan", scene.open_pull(*UNSOUND))

    assert jobs["plan"].failed == (("Validate", 1),)
    assert jobs["comment"].result == "skipped"
    assert "::error file=channels/all.yaml,line=7,col=5,endColumn=15,title=ESA121" in jobs["plan"].log
    assert scene.hub.state["artifacts"] == []


def test_a_plan_with_errors_fails_and_says_so_in_the_summary(scene: Scene) -> None:
    jobs = scene.run("plan", scene.open_pull("channelId: 2", "channelId: 9"))

    assert jobs["plan"].failed == (("Plan", 1),)
    assert "ESA301" in jobs["plan"].summary


@pytest.mark.parametrize("has_copy", [False, True], ids=["no copy", "a copy"])
def test_a_fork_gets_no_key_and_a_plan_only_from_a_copy(scene: Scene, *, has_copy: bool) -> None:
    scene.hub.variables["RECONCILER_COMMENT"] = "true"
    if has_copy:
        world = {**scene.service.export(), "environment": "production", "taken": "2026-11-22T00:00:00Z"}
        scene.hub.commit({"snapshot.json": json.dumps(world)})
    jobs = scene.run("plan", scene.open_pull(*RENAMED, is_from_fork=True))

    assert (jobs["plan"].result, jobs["comment"].result) == ("success", "skipped")
    assert ("**1 channel would change in production" in jobs["plan"].summary) is has_copy
    assert ("No plan: a pull request from a fork gets no key" in jobs["plan"].summary) is not has_copy
    assert "sandbox-read" not in jobs["plan"].log


def test_a_fork_cannot_reach_the_service_even_where_it_asks_to(scene: Scene) -> None:
    pull = scene.open_pull(*RENAMED, is_from_fork=True)
    pull.payload["pull_request"]["head"]["repo"]["full_name"] = "energy/channels"
    jobs = scene.run("plan", pull)

    assert jobs["plan"].failed == (("Plan", 1),)
    assert "ECI_API_KEY" in jobs["plan"].log
