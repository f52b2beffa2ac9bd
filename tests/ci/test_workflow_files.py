"""What holds for every workflow, the action and the pipeline: pinned, of one version, no right too many."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from reconciler import __version__
from tests.ci.conftest import ROOT, WORKFLOWS

if TYPE_CHECKING:
    from pathlib import Path

OWN = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
COPIED = sorted(WORKFLOWS.glob("*.yml"))
PIPELINE = ROOT / "docs" / "ci" / "gitlab" / "reconciler.gitlab-ci.yml"
# The tags of these commits were looked up in the repositories of the actions; that of the last one in those who use it.
PINS = {
    "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
    "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0",
    "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0",
    "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1",
    "pypa/gh-action-pypi-publish@dc37677b2e1c63e2034f94d8a5b11f265b73ba33 # v1.14.2",
}


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_there_are_workflows_to_copy() -> None:
    assert [path.name for path in COPIED] == ["reconciler-apply.yml", "reconciler-drift.yml", "reconciler-plan.yml"]
    assert [path.name for path in OWN] == ["ci.yml", "release.yml"]


@pytest.mark.parametrize("path", [*OWN, *COPIED, ROOT / "action.yml"], ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_commit(path: Path) -> None:
    used = re.findall(r"uses: ([^.\s].*)", path.read_text(encoding="utf-8"))
    assert used
    assert set(used) <= PINS


@pytest.mark.parametrize("path", [*COPIED, PIPELINE], ids=lambda path: path.name)
def test_what_is_copied_installs_this_version_and_then_its_lock_isolated_and_outside_of_the_checkout(
    path: Path,
) -> None:
    text = path.read_text(encoding="utf-8")
    (script,) = set(re.findall(r"^ *cd /\n(?:.*(?:pip|requirements).*\n)+", text, re.MULTILINE))
    assert [line.strip() for line in script.splitlines()] == [
        "cd /",
        f"python -I -m pip install --quiet --no-deps esa-reconciler=={__version__}",
        "lock=$(python -I -m reconciler.requirements)",
        'python -I -m pip install --quiet --require-hashes --requirement "$lock"',
    ]
    assert "pip install" not in text.replace(script, "")


@pytest.mark.parametrize("path", COPIED, ids=lambda path: path.name)
def test_what_is_copied_installs_before_a_file_of_the_repository_or_a_key_is_there(path: Path) -> None:
    checked_out = 0
    for job in read(path)["jobs"].values():
        names = [step.get("name", step.get("uses", "").partition("@")[0]) for step in job["steps"]]
        if any(step.get("uses", "").startswith("actions/checkout@") for step in job["steps"]):
            checked_out += 1
            assert names[:2] == ["actions/setup-python", "Install"]
            assert names.index("Install") < names.index("actions/checkout")
        keys = [step["name"] for step in job["steps"] if "secrets." in yaml.safe_dump(step)]
        assert keys in ([], ["Plan"], ["Compare"], ["Apply"], ["Show the reviewed plan, or plan again"])
        assert "secrets." not in yaml.safe_dump({name: one for name, one in job.items() if name != "steps"})
    assert checked_out


@pytest.mark.parametrize("path", [*OWN, *COPIED], ids=lambda path: path.name)
def test_a_workflow_grants_nothing_and_each_job_what_it_needs(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {}
    assert all(job["permissions"] for job in workflow["jobs"].values())
    writes = {
        f"{name}: {kind}"
        for name, job in workflow["jobs"].items()
        for kind, level in job["permissions"].items()
        if level == "write"
    }
    assert writes == {
        "reconciler-plan.yml": {"comment: pull-requests"},
        "reconciler-drift.yml": {"issue: issues"},
        "release.yml": {"publish: id-token"},
    }.get(path.name, set())


def test_a_job_that_may_write_has_no_key_and_no_files() -> None:
    jobs = [job for path in COPIED for job in read(path)["jobs"].values() if "write" in job["permissions"].values()]
    assert len(jobs) == 2
    for job in jobs:
        text = yaml.safe_dump(job)
        assert "secrets." not in text
        assert "actions/checkout" not in text


def test_an_apply_is_never_broken_off_and_has_its_turn() -> None:
    assert read(WORKFLOWS / "reconciler-apply.yml")["concurrency"] == {
        "group": "reconciler-apply",
        "cancel-in-progress": False,
        "queue": "max",
    }


def test_no_expression_stands_in_a_script() -> None:
    scripts = [
        step["run"]
        for path in (*OWN, *COPIED)
        for job in read(path)["jobs"].values()
        for step in job.get("steps", [])
        if "run" in step
    ]
    scripts += [step["run"] for step in read(ROOT / "action.yml")["runs"]["steps"] if "run" in step]
    assert len(scripts) > 10
    assert not [script for script in scripts if "${{" in script]


def test_the_project_runs_the_same_as_anybody_does() -> None:
    (script,) = [step["run"] for step in read(OWN[0])["jobs"]["run"]["steps"] if "run" in step]
    assert script == ".ci/run"
    assert (ROOT / script).stat().st_mode & 0o111


@pytest.mark.parametrize("path", [*OWN, *COPIED], ids=lambda path: path.name)
def test_no_workflow_is_started_with_the_rights_of_the_base(path: Path) -> None:
    # YAML 1.1 takes `on` for true.
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(read(path)[True])
