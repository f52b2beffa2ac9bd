"""The pipelines that `init` writes for projects below the root: each has its own plan, comment, journal and names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.init import Pipeline, list_pipeline
from tests.ci import gitlab
from tests.ci.conftest import CHANNELS, PROJECT, RENAMED
from tests.ci.runner import run_workflow

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ci.conftest import Scene

FOLDERS = ("campus", "sites/my north")
LABELS = {"campus": "campus", "sites/my north": "sites-my-north"}


@pytest.fixture
def below(scene: Scene, tmp_path: Path) -> Scene:
    """The scene with a project in each of FOLDERS, and the files of their pipelines in `tmp_path`."""
    project = PROJECT.format(url=scene.service.url)
    for folder in FOLDERS:
        scene.hub.commit({f"{folder}/reconciler.yaml": project, f"{folder}/channels/all.yaml": CHANNELS})
        for pipeline in (Pipeline.GITHUB, Pipeline.GITLAB):
            for name, text in list_pipeline(pipeline, folder).items():
                file = tmp_path / LABELS[folder] / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
    return scene


def workflow(tmp_path: Path, folder: str, name: str) -> Path:
    label = LABELS[folder]
    return tmp_path / label / ".github" / "workflows" / f"reconciler-{name}-{label}.yml"


def test_each_project_is_planned_commented_and_applied_by_itself(below: Scene, tmp_path: Path) -> None:
    below.hub.variables["RECONCILER_COMMENT"] = "true"
    changed = {f"{FOLDERS[1]}/channels/all.yaml": CHANNELS.replace(*RENAMED)}
    pull = below.hub.open_pull(changed)
    for folder in FOLDERS:
        jobs = run_workflow(below.hub, workflow(tmp_path, folder, "plan"), pull)
        assert {name: job.result for name, job in jobs.items()} == {"plan": "success", "comment": "success"}
    bodies = [comment["body"].splitlines() for comment in below.hub.state["comments"]["7"]]
    assert [(body[0], body[2]) for body in bodies] == [
        ("<!-- reconciler:campus~production -->", "## EnergyCAP plan for `production`, project `campus`"),
        (
            "<!-- reconciler:sites%2Fmy%20north~production -->",
            "## EnergyCAP plan for `production`, project `sites/my north`",
        ),
    ]

    jobs = run_workflow(below.hub, workflow(tmp_path, FOLDERS[1], "apply"), below.hub.merge(pull))

    assert {name: job.result for name, job in jobs.items()} == {"plan": "success", "apply": "success"}
    assert below.writes == ["PUT /api/v202406/esachannel/1"]
    (journal,) = below.hub.artifact("reconciler-journal-sites-my-north").iterdir()
    assert journal.suffix == ".jsonl"


def test_findings_of_a_project_below_are_annotations_of_files_of_the_repository(below: Scene, tmp_path: Path) -> None:
    pull = below.hub.open_pull({"campus/channels/all.yaml": CHANNELS.replace("channelInfo", "chanelInfo")})
    jobs = run_workflow(below.hub, workflow(tmp_path, "campus", "plan"), pull)

    assert jobs["plan"].failed == (("Validate", 1),)
    assert "::error file=campus/channels/all.yaml,line=4," in jobs["plan"].log


def test_drift_of_a_project_below_has_an_issue_of_its_own(below: Scene, tmp_path: Path) -> None:
    below.edit_live(2, channelInfo="By hand")
    for folder in FOLDERS:
        run_workflow(below.hub, workflow(tmp_path, folder, "drift"), below.hub.push("schedule"))

    assert [issue["body"].splitlines()[0] for issue in below.hub.state["issues"]] == [
        "<!-- reconciler:campus~production -->",
        "<!-- reconciler:sites%2Fmy%20north~production -->",
    ]


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_pipeline_of_gitlab_works_in_the_folder(below: Scene, tmp_path: Path, folder: str) -> None:
    pull = below.hub.open_pull({f"{folder}/channels/all.yaml": CHANNELS.replace(*RENAMED)})
    variables = {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_DEFAULT_BRANCH": "main",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": below.hub.git("rev-parse", "main"),
        "CI_MERGE_REQUEST_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
    }
    template = tmp_path / LABELS[folder] / ".gitlab-ci.yml"
    head = pull.payload["pull_request"]["head"]["sha"]
    jobs = gitlab.run_pipeline(gitlab.Pipeline(below.hub, template, head, variables, {"*": "sandbox-read"}))

    assert {name: job.status for name, job in jobs.items()} == {"validate": "success", "plan": "success"}
    assert json.loads(jobs["validate"].read(f"{folder}/reconciler-results/codequality.json")) == []
    plan = json.loads(jobs["plan"].read(f"{folder}/reconciler-results/plan.json"))
    assert (plan["definitions"]["folder"], plan["summary"]["update"]) == (folder, 1)


def test_gitlab_follows_no_link_in_the_place_of_the_folder(below: Scene, tmp_path: Path) -> None:
    (below.hub.work / "campus").rename(below.hub.work / "moved")
    (below.hub.work / "campus").symlink_to("moved")
    below.hub.git("add", "--all")
    below.hub.git("commit", "--quiet", "-m", "a link")
    variables = {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
    template, head = tmp_path / "campus" / ".gitlab-ci.yml", below.hub.git("rev-parse", "HEAD")
    jobs = gitlab.run_pipeline(gitlab.Pipeline(below.hub, template, head, variables, {"*": "sandbox-read"}))

    assert {job.status for job in jobs.values()} == {"failed"}
    assert list(below.service.requests()) == []


def test_gitlab_applies_the_plan_of_the_folder_and_keeps_its_journal(below: Scene, tmp_path: Path) -> None:
    below.hub.merge(below.hub.open_pull({"campus/channels/all.yaml": CHANNELS.replace(*RENAMED)}))
    variables = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
    keys = {"*": "sandbox-read", "energycap": "sandbox"}
    jobs = gitlab.run_pipeline(
        gitlab.Pipeline(
            below.hub,
            tmp_path / "campus" / ".gitlab-ci.yml",
            below.hub.git("rev-parse", "main"),
            variables,
            keys,
            frozenset(["apply"]),
        )
    )

    assert jobs["apply"].status == "success"
    assert below.writes == ["PUT /api/v202406/esachannel/1"]
    assert jobs["apply"].artifacts == ("campus/.reconciler/journal",)
