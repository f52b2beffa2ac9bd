"""docs/ci/github/reconciler-drift.yml: one issue, opened, kept up to date and closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.ci.conftest import Scene

FOOT = """\

[As a page](https://artifacts/plan.html) · [the run](https://github.com/energy/channels/actions/runs/{run})

To keep what EnergyCAP says: `reconciler import --update`, and a pull request with the files. \
To put it back: run the workflow “Apply channels” by hand.
"""


def test_an_issue_is_opened_then_changed_then_closed(scene: Scene) -> None:
    night = scene.hub.push("schedule")
    assert scene.run("drift", night)["issue"].result == "success"
    assert scene.hub.state["issues"] == []

    scene.edit_live(2, channelInfo="By hand")
    first = scene.run("drift", night)
    (issue,) = scene.hub.state["issues"]
    assert (issue["title"], issue["state"]) == ("EnergyCAP differs from the files", "open")
    assert issue["body"] == first["compare"].summary + FOOT.format(run=2)

    scene.edit_live(1, channelInfo="By hand, too")
    second = scene.run("drift", night)
    (issue,) = scene.hub.state["issues"]
    assert issue["body"] == second["compare"].summary + FOOT.format(run=3)
    assert "**2 channels would change in production" in issue["body"]

    scene.edit_live(1, channelInfo="Channel 1")
    scene.edit_live(2, channelInfo="Channel 2")
    scene.run("drift", night)
    (issue,) = scene.hub.state["issues"]
    assert (issue["state"], issue["state_reason"]) == ("closed", "completed")
    (comment,) = scene.hub.state["comments"][str(issue["number"])]
    assert comment["body"] == ("EnergyCAP says what the files say: https://github.com/energy/channels/actions/runs/4")
    assert scene.writes == []


def test_drift_that_comes_back_is_a_new_issue(scene: Scene) -> None:
    night = scene.hub.push("schedule")
    for name in ("By hand", "Channel 2", "By hand"):
        scene.edit_live(2, channelInfo=name)
        scene.run("drift", night)

    assert [issue["state"] for issue in scene.hub.state["issues"]] == ["closed", "open"]


def test_issues_and_pull_requests_of_others_are_left_alone(scene: Scene) -> None:
    body = "<!-- reconciler:production -->\n"
    others = [
        {"number": 1, "state": "open", "user": {"type": "User"}, "body": body},
        {"number": 2, "state": "open", "user": {"type": "Bot"}, "body": None},
        {"number": 3, "state": "open", "user": {"type": "Bot"}, "body": body, "pull_request": {}},
    ]
    scene.hub.save({**scene.hub.state, "issues": others})
    scene.run("drift", scene.hub.push("schedule"))

    assert scene.hub.state["issues"] == others


def test_drift_that_is_blocked_is_drift(scene: Scene) -> None:
    scene.edit_live(3, isCalculated=True, interval=None)
    jobs = scene.run("drift", scene.hub.push("schedule"))

    assert jobs["compare"].outputs["differs"] == "true"
    assert len(scene.hub.state["issues"]) == 1


def test_a_comparison_that_fails_leaves_the_issue_as_it_was(scene: Scene) -> None:
    scene.hub.secrets["ECI_API_KEY_READ"] = "no such key"
    jobs = scene.run("drift", scene.hub.push("schedule"))

    assert jobs["compare"].failed == (("Compare", 1),)
    assert jobs["issue"].result == "skipped"
