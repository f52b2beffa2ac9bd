"""docs/ci/github/reconciler-apply.yml: what was reviewed is applied, once, with the key of its own environment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.ci.conftest import BLOCKED, CHANNELS, FILE, RENAMED

if TYPE_CHECKING:
    from tests.ci.conftest import Scene

WRITE = "PUT /api/v202406/esachannel/1"


def test_the_plan_of_the_pull_request_is_applied(scene: Scene) -> None:
    pull = scene.open_pull(*RENAMED)
    planned = scene.run("plan", pull)
    jobs = scene.run("apply", scene.hub.merge(pull))

    assert (jobs["plan"].result, jobs["apply"].result) == ("success", "success")
    assert jobs["plan"].summary == planned["plan"].summary
    assert "Apply: 1 done, 0 stale, 0 failed, 0 not tried." in jobs["apply"].summary
    assert jobs["apply"].summary.startswith("## EnergyCAP apply to `production`\n\n**1 of 1 change done in production")
    assert scene.live(1)["channelInfo"] == "Renamed"
    assert scene.writes == [WRITE]
    (journal,) = scene.hub.artifact("reconciler-journal").iterdir()
    assert journal.suffix == ".jsonl"


def test_drift_since_the_review_is_not_touched(scene: Scene) -> None:
    pull = scene.open_pull(*RENAMED)
    scene.run("plan", pull)
    scene.edit_live(2, channelInfo="By hand")
    jobs = scene.run("apply", scene.hub.merge(pull))

    assert jobs["apply"].result == "success"
    assert scene.live(2)["channelInfo"] == "By hand"
    assert scene.writes == [WRITE]


def test_a_stale_plan_is_not_applied_and_the_next_step_is_said(scene: Scene) -> None:
    pull = scene.open_pull(*RENAMED)
    scene.run("plan", pull)
    scene.edit_live(1, channelInfo="By hand")
    jobs = scene.run("apply", scene.hub.merge(pull))

    assert jobs["apply"].failed == (("Apply", 5),)
    assert "::error title=Stale::" in jobs["apply"].log
    assert 'channelInfo is `"By hand"` now' in jobs["apply"].summary
    assert scene.writes == []

    again = scene.run("apply", scene.hub.push("workflow_dispatch"))
    assert again["apply"].result == "success"
    assert scene.live(1)["channelInfo"] == "Renamed"


def test_what_no_pull_request_showed_is_shown_and_not_applied(scene: Scene) -> None:
    scene.hub.commit({FILE: CHANNELS.replace(*RENAMED)})
    jobs = scene.run("apply", scene.hub.push())

    assert jobs["plan"].failed == (("Show the reviewed plan, or plan again", 1),)
    assert jobs["apply"].result == "skipped"
    assert "::error title=Not reviewed::" in jobs["plan"].log
    assert "**1 channel would change in production" in jobs["plan"].summary
    assert scene.writes == []


@pytest.mark.parametrize("kind", ["of a fork", "expired"])
def test_a_plan_that_cannot_be_trusted_or_fetched_is_no_reviewed_plan(scene: Scene, kind: str) -> None:
    pull = scene.open_pull(*RENAMED)
    scene.run("plan", pull)
    state = scene.hub.state
    for artifact in state["artifacts"]:
        artifact["expired"] = kind == "expired"
        artifact["workflow_run"]["head_repository_id"] = 2 if kind == "of a fork" else 1
    scene.hub.save(state)
    jobs = scene.run("apply", scene.hub.merge(pull))

    assert (jobs["plan"].result, jobs["apply"].result) == ("failure", "skipped")
    assert scene.writes == []


def test_where_nothing_differs_nobody_is_asked(scene: Scene) -> None:
    jobs = scene.run("apply", scene.hub.push())

    assert (jobs["plan"].result, jobs["apply"].result) == ("success", "skipped")


def test_what_is_not_blocked_is_applied_and_the_run_says_that_something_was(scene: Scene) -> None:
    pull = scene.hub.open_pull({FILE: CHANNELS.replace(*RENAMED).replace(*BLOCKED)})
    scene.run("plan", pull)
    jobs = scene.run("apply", scene.hub.merge(pull))

    assert jobs["apply"].failed == (("Apply", 3),)
    assert scene.writes == [WRITE]


def test_a_guard_stops_the_apply_and_says_which(scene: Scene) -> None:
    project = (scene.hub.work / "reconciler.yaml").read_text() + "guards:\n  maxChanges: 0\n"
    pull = scene.hub.open_pull({FILE: CHANNELS.replace(*RENAMED), "reconciler.yaml": project})
    scene.run("plan", pull)
    jobs = scene.run("apply", scene.hub.merge(pull))

    assert jobs["apply"].failed == (("Apply", 4),)
    assert "guards.maxChanges" in jobs["apply"].summary
    assert scene.writes == []


def test_the_key_to_write_is_in_the_environment_alone(scene: Scene) -> None:
    scene.hub.environments["energycap"] = {"ECI_API_KEY_WRITE": "sandbox-read"}
    jobs = scene.run("apply", scene.hub.push("workflow_dispatch"))
    assert jobs["apply"].result == "skipped"

    scene.hub.commit({FILE: CHANNELS.replace(*RENAMED)})
    jobs = scene.run("apply", scene.hub.push("workflow_dispatch"))
    assert jobs["plan"].result == "success"
    assert jobs["apply"].failed == (("Apply", 6),)
    assert scene.live(1)["channelInfo"] == "Channel 1"


def test_another_branch_is_not_applied(scene: Scene) -> None:
    pull = scene.open_pull(*RENAMED)
    event = scene.hub.push("workflow_dispatch")
    elsewhere = type(event)("workflow_dispatch", pull.commit, "pull-7", {})
    jobs = scene.run("apply", elsewhere)

    assert (jobs["plan"].result, jobs["apply"].result) == ("skipped", "skipped")


BASED = [
    *("another pull request", "another workflow", "another event", "another commit"),
    *("a base that main never had", "no commit", "a commit that is gone", "no plan"),
]


@pytest.mark.parametrize("kind", BASED)
def test_only_the_plan_that_this_pull_request_showed_is_the_reviewed_one(scene: Scene, kind: str) -> None:
    pull = scene.open_pull(*RENAMED)
    head = pull.payload["pull_request"]["head"]["sha"]
    if kind == "another pull request":
        scene.run("plan", scene.hub.open_pull_of(head, "main", number=8))
    elif kind == "a base that main never had":
        scene.hub.commit({"README.md": "another branch"}, "elsewhere")
        scene.run("plan", scene.hub.open_pull_of(head, "elsewhere", number=7))
    else:
        scene.run("plan", pull)
        _forge(scene, kind, head)
    jobs = scene.run("apply", scene.hub.merge(pull))

    assert jobs["plan"].failed == (("Show the reviewed plan, or plan again", 1),)
    assert "::error title=Not reviewed::" in jobs["plan"].log
    assert "**1 channel would change in production" in jobs["plan"].summary
    assert (jobs["apply"].result, scene.writes) == ("skipped", [])


def _forge(scene: Scene, kind: str, head: str) -> None:
    """Make what the pull request kept look as if it was made by, or for, something else."""
    state = scene.hub.state
    changes = {
        "another workflow": {"path": ".github/workflows/other.yml"},
        "another event": {"event": "workflow_dispatch"},
        "another commit": {"head_sha": "0" * 40},
    }
    state["runs"][-1].update(changes.get(kind, {}))
    scene.hub.save(state)
    file = scene.hub.artifact(f"reconciler-plan-7-{head}") / "plan.json"
    plan = json.loads(file.read_text())
    commits = {"no commit": None, "a commit that is gone": "0" * 40}
    plan["definitions"]["commit"] = commits.get(kind, plan["definitions"]["commit"])
    file.write_text("[]" if kind == "no plan" else json.dumps(plan))


def test_a_plan_is_still_the_reviewed_one_when_main_got_other_files_since(scene: Scene) -> None:
    pull = scene.open_pull(*RENAMED)
    scene.run("plan", pull)
    scene.hub.commit({"README.md": "Something else"})

    assert scene.run("apply", scene.hub.merge(pull))["apply"].result == "success"
    assert scene.live(1)["channelInfo"] == "Renamed"


def test_a_journal_that_was_committed_is_not_kept_as_that_of_the_apply(scene: Scene) -> None:
    scene.hub.commit({".reconciler/journal/forged.jsonl": "forged"})
    pull = scene.open_pull(*RENAMED)
    scene.run("plan", pull)
    scene.run("apply", scene.hub.merge(pull))

    (journal,) = scene.hub.artifact("reconciler-journal").iterdir()
    assert journal.name != "forged.jsonl"
