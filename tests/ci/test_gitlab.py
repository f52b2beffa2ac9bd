"""docs/ci/gitlab: the pipeline of a merge request, of the default branch, and of a schedule."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.ci.conftest import BLOCKED, FILE, RENAMED, ROOT
from tests.ci.gitlab import Pipeline, run_pipeline

if TYPE_CHECKING:
    from tests.ci.conftest import Scene
    from tests.ci.gitlab import Job

TEMPLATE = ROOT / "docs" / "ci" / "gitlab" / "reconciler.gitlab-ci.yml"
KEYS = {"*": "sandbox-read", "energycap": "sandbox"}


def merge_request(scene: Scene, before: str, after: str, *, is_from_fork: bool = False) -> dict[str, Job]:
    pull = scene.open_pull(before, after)
    variables = {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_DEFAULT_BRANCH": "main",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": scene.hub.git("rev-parse", "main"),
        "CI_MERGE_REQUEST_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2" if is_from_fork else "1",
    }
    head = pull.payload["pull_request"]["head"]["sha"]
    if is_from_fork:
        scene.hub.git("checkout", "--quiet", head)
    return run_pipeline(Pipeline(scene.hub, TEMPLATE, head, variables, {} if is_from_fork else KEYS))


def main_branch(scene: Scene, source: str = "push", *started: str) -> dict[str, Job]:
    variables = {"CI_PIPELINE_SOURCE": source, "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
    commit = scene.hub.git("rev-parse", "main")
    return run_pipeline(Pipeline(scene.hub, TEMPLATE, commit, variables, KEYS, frozenset(started)))


def statuses(jobs: dict[str, Job]) -> dict[str, str]:
    return {name: job.status for name, job in jobs.items()}


def test_a_merge_request_is_validated_and_planned(scene: Scene) -> None:
    scene.edit_live(2, channelInfo="By hand")
    jobs = merge_request(scene, *RENAMED)

    assert statuses(jobs) == {"validate": "success", "plan": "success"}
    assert json.loads(jobs["validate"].read("reconciler-results/codequality.json")) == []
    assert json.loads(jobs["plan"].read("reconciler-results/counts.json")) == {"create": 0, "update": 2, "delete": 0}
    assert jobs["plan"].settings["artifacts"]["expose_as"] == "Channel plan"
    assert jobs["plan"].read("reconciler-results/plan.html").startswith("<!doctype html>")
    origins = [
        change["edits"] for change in json.loads(jobs["plan"].read("reconciler-results/plan.json"))["resource_changes"]
    ]
    assert sorted(edit["origin"] for edits in origins for edit in edits) == ["change", "drift"]
    assert jobs["plan"].log.endswith("Plan: 2 to update, 0 blocked, 1 unchanged, 1 unmanaged.\n")
    assert scene.writes == []


def test_findings_are_in_the_report_of_code_quality_and_stop_the_pipeline(scene: Scene) -> None:
    jobs = merge_request(scene, "channelInfo: Channel 2", "chanelInfo: Channel 2")

    assert (statuses(jobs), jobs["validate"].code) == ({"validate": "failed"}, 1)
    (finding,) = json.loads(jobs["validate"].read("reconciler-results/codequality.json"))
    assert (finding["check_name"], finding["location"]["path"]) == ("ESA121", FILE)


def test_blocked_changes_are_a_warning(scene: Scene) -> None:
    jobs = merge_request(scene, *BLOCKED)

    assert (jobs["plan"].status, jobs["plan"].code) == ("warning", 3)
    assert "ESA401" in jobs["plan"].log


def test_a_plan_with_errors_fails(scene: Scene) -> None:
    jobs = merge_request(scene, "channelId: 2", "channelId: 9")

    assert (jobs["plan"].status, jobs["plan"].code) == ("failed", 1)
    assert "ESA301" in jobs["plan"].read("reconciler-results/plan.md")


@pytest.mark.parametrize("has_copy", [False, True], ids=["no copy", "a copy"])
def test_a_fork_gets_no_key_and_a_plan_only_from_a_copy(scene: Scene, *, has_copy: bool) -> None:
    if has_copy:
        world = {**scene.service.export(), "environment": "production", "taken": "2026-11-22T00:00:00Z"}
        scene.hub.commit({"snapshot.json": json.dumps(world)})
    jobs = merge_request(scene, *RENAMED, is_from_fork=True)

    assert statuses(jobs) == {"validate": "success"} | ({"plan": "success"} if has_copy else {})


def test_the_default_branch_is_applied_once_somebody_starts_it(scene: Scene) -> None:
    pull = scene.open_pull(*RENAMED)
    scene.hub.merge(pull)
    waiting = main_branch(scene)
    assert statuses(waiting) == {"validate": "success", "plan": "success", "apply": "manual"}
    # What was merged is no drift.
    assert "drift" not in waiting["plan"].log
    assert scene.writes == []

    jobs = main_branch(scene, "push", "apply")
    assert jobs["apply"].status == "success"
    assert jobs["apply"].log.endswith("Apply: 1 done, 0 stale, 0 failed, 0 not tried.\n")
    assert jobs["apply"].artifacts == (".reconciler/journal",)
    assert (jobs["apply"].settings["resource_group"], jobs["apply"].settings["environment"]) == (
        "energycap",
        "energycap",
    )
    assert scene.live(1)["channelInfo"] == "Renamed"

    assert main_branch(scene, "push", "apply")["apply"].status == "success"
    assert scene.writes == ["PUT /api/v202406/esachannel/1"]


def test_what_is_blocked_is_a_warning_of_the_apply_too(scene: Scene) -> None:
    scene.hub.merge(scene.open_pull(*BLOCKED))
    jobs = main_branch(scene, "push", "apply")

    assert (jobs["apply"].status, jobs["apply"].code) == ("warning", 3)


def test_a_schedule_fails_where_there_is_drift_and_only_then(scene: Scene) -> None:
    assert statuses(main_branch(scene, "schedule")) == {"validate": "success", "drift": "success"}

    scene.edit_live(2, channelInfo="By hand")
    jobs = main_branch(scene, "schedule")
    assert (jobs["drift"].status, jobs["drift"].code) == ("failed", 2)
    assert "By hand" in jobs["drift"].read("reconciler-results/plan.html")


def test_other_branches_have_no_pipeline(scene: Scene) -> None:
    variables = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "other", "CI_DEFAULT_BRANCH": "main"}
    commit = scene.hub.git("rev-parse", "main")

    assert run_pipeline(Pipeline(scene.hub, TEMPLATE, commit, variables, KEYS)) == {}
