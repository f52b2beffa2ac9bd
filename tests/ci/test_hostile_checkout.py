"""What a commit holds is never run by what installs, never passes for a result, and never sees a key."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ci.conftest import CHANNELS, FILE, RENAMED, ROOT
from tests.ci.gitlab import Pipeline, run_pipeline
from tests.ci.planted import FORGED, plant_code, plant_links, plant_results
from tests.ci.runner import grant, make_site, run_action
from tests.ci.stand_ins import STAND_INS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.ci.conftest import Scene
    from tests.ci.gitlab import Job
    from tests.ci.hub import Event
    from tests.ci.runner import StepRun
    from tests.ci.stand_ins import Site

TEMPLATE = ROOT / "docs" / "ci" / "gitlab" / "reconciler.gitlab-ci.yml"
UNSOUND = CHANNELS.replace("channelInfo: Channel 2", "chanelInfo: Channel 2")
# What a workflow of the user's own may set for all its jobs, relative to wherever a step runs.
LOOSE = {"PYTHONPATH": ".", "PYTHONSTARTUP": "json.py", "PIP_CONFIG_FILE": "pip.conf"}
KINDS = ["results", "links"]


@pytest.fixture
def marker(scene: Scene, tmp_path: Path) -> Path:
    """Where planted code would leave a trace; pip itself starts beside it."""
    scene.hub.found = tmp_path / "found"
    scene.hub.found.mkdir()
    return tmp_path / "ran"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file outside of the checkout that no link may lead to."""
    file = tmp_path / "outside" / "file"
    file.parent.mkdir()
    file.write_text(FORGED, encoding="utf-8")
    return file


def plant(kind: str, outside: Path) -> Mapping[str, str | Path]:
    return {**plant_results()} if kind == "results" else {**plant_links(outside)}


def read_kept(scene: Scene) -> str:
    """All that the runs so far kept as artefacts."""
    folder = scene.hub.root / "artifacts"
    return "".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*")) if path.is_file())


def is_untouched(outside: Path) -> bool:
    return outside.read_text(encoding="utf-8") == FORGED and list(outside.parent.iterdir()) == [outside]


@pytest.mark.parametrize("workflow", ["plan", "apply", "drift"])
def test_a_workflow_runs_nothing_that_a_commit_holds(scene: Scene, marker: Path, workflow: str) -> None:
    pull = scene.hub.open_pull({FILE: CHANNELS.replace(*RENAMED), **plant_code(marker)})
    jobs = scene.run("plan", pull)
    if workflow != "plan":
        jobs = scene.run(workflow, scene.hub.merge(pull) if workflow == "apply" else scene.hub.push("schedule"))

    assert {job.result for job in jobs.values()} <= {"success", "skipped"}
    assert not marker.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_kept_or_commented_when_the_files_are_unsound(scene: Scene, outside: Path, kind: str) -> None:
    scene.hub.variables["RECONCILER_COMMENT"] = "true"
    jobs = scene.run("plan", scene.hub.open_pull({FILE: UNSOUND, **plant(kind, outside)}))

    assert jobs["plan"].failed == (("Validate", 1),)
    assert jobs["comment"].result == "skipped"
    assert (scene.hub.state["artifacts"], scene.hub.state["comments"]) == ([], {})


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_kept_when_the_plan_cannot_be_made(scene: Scene, outside: Path, kind: str) -> None:
    scene.hub.variables["RECONCILER_COMMENT"] = "true"
    scene.hub.secrets["ECI_API_KEY_READ"] = "no such key"
    jobs = scene.run("plan", scene.hub.open_pull({FILE: CHANNELS.replace(*RENAMED), **plant(kind, outside)}))

    assert jobs["plan"].failed == (("Plan", 1),)
    assert jobs["comment"].result == "skipped"
    assert (scene.hub.state["artifacts"], scene.hub.state["comments"]) == ([], {})


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_a_fork_is_kept_when_there_is_no_copy_to_plan_against(
    scene: Scene, outside: Path, kind: str
) -> None:
    pull = scene.hub.open_pull({FILE: CHANNELS.replace(*RENAMED), **plant(kind, outside)}, is_from_fork=True)

    assert scene.run("plan", pull)["plan"].result == "success"
    assert scene.hub.state["artifacts"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_commented_and_applied_is_what_the_tool_made(scene: Scene, outside: Path, kind: str) -> None:
    scene.hub.variables["RECONCILER_COMMENT"] = "true"
    pull = scene.hub.open_pull({FILE: CHANNELS.replace(*RENAMED), **plant(kind, outside)})
    planned = scene.run("plan", pull)
    applied = scene.run("apply", scene.hub.merge(pull))

    (comment,) = scene.hub.state["comments"]["7"]
    assert comment["body"].startswith(planned["plan"].summary)
    assert applied["apply"].result == "success"
    assert FORGED not in read_kept(scene)
    assert is_untouched(outside)


@pytest.mark.parametrize("kind", KINDS)
def test_a_committed_plan_is_no_reviewed_plan(scene: Scene, outside: Path, kind: str) -> None:
    scene.hub.commit({FILE: CHANNELS.replace(*RENAMED), **plant(kind, outside)})
    jobs = scene.run("apply", scene.hub.push())

    assert jobs["plan"].failed == (("Show the reviewed plan, or plan again", 1),)
    assert "::error title=Not reviewed::" in jobs["plan"].log
    assert FORGED not in read_kept(scene)
    assert is_untouched(outside)
    assert scene.writes == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_issue_on_drift_says_what_the_tool_found(scene: Scene, outside: Path, kind: str) -> None:
    scene.hub.commit(plant(kind, outside))
    scene.edit_live(2, channelInfo="By hand")
    jobs = scene.run("drift", scene.hub.push("schedule"))

    (issue,) = scene.hub.state["issues"]
    assert issue["body"].startswith(jobs["compare"].summary)
    assert FORGED not in read_kept(scene)
    assert is_untouched(outside)


MARKS = ["", "<!-- other-bot:report -->", "<!-- reconciler: -->", "<!-- reconciler:production", "Hello"]


@pytest.mark.parametrize("first", MARKS, ids=lambda mark: mark or "an empty line")
@pytest.mark.parametrize("workflow", ["plan", "drift"])
def test_only_the_mark_of_the_reconciler_chooses_what_is_written_anew(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, workflow: str, first: str
) -> None:
    scene.hub.variables["RECONCILER_COMMENT"] = "true"
    bot = {"login": "github-actions[bot]", "type": "Bot"}
    body = f"{first}\nof another workflow"
    others = [{"id": 1, "number": 1, "state": "open", "user": bot, "body": body}]
    scene.hub.save({**scene.hub.state, "comments": {"7": others}, "issues": others})
    scene.edit_live(2, channelInfo="By hand")
    download = STAND_INS["actions/download-artifact"]

    def bring_forged(site: Site, inputs: Mapping[str, str]) -> None:
        download(site, inputs)
        (Path(inputs["path"]) / "plan.md").write_text(f"{first}\n{FORGED}\n", encoding="utf-8")

    monkeypatch.setitem(STAND_INS, "actions/download-artifact", bring_forged)
    jobs = scene.run(workflow, scene.open_pull(*RENAMED) if workflow == "plan" else scene.hub.push("schedule"))

    assert [job.result for job in jobs.values()] == ["success", "failure"]
    assert (scene.hub.state["comments"], scene.hub.state["issues"]) == ({"7": others}, others)


def test_a_comment_of_another_bot_is_left_alone_whatever_it_begins_with(scene: Scene) -> None:
    scene.hub.variables["RECONCILER_COMMENT"] = "true"
    theirs = {"id": 1, "user": {"login": "other[bot]", "type": "Bot"}, "body": "<!-- reconciler:production -->\nHello"}
    longer = {"id": 2, "user": {"login": "github-actions[bot]"}, "body": "<!-- reconciler:production --> and more"}
    scene.hub.save({**scene.hub.state, "comments": {"7": [theirs, longer]}})
    scene.run("plan", scene.open_pull(*RENAMED))

    assert scene.hub.state["comments"]["7"][:2] == [theirs, longer]
    assert len(scene.hub.state["comments"]["7"]) == 3


# The action


def check_out(scene: Scene, event: Event) -> Site:
    """A job that has checked `event` out, on a machine where the action was not used yet."""
    site = grant(make_site(scene.hub, event, "job", scene.hub.begin_run(event, {})), {"contents": "read"})
    STAND_INS["actions/checkout"](site, {"persist-credentials": "false", "fetch-depth": "2"})
    return site


def use(site: Site, inputs: Mapping[str, str], variables: Mapping[str, str] = LOOSE) -> StepRun:
    return run_action(site, ROOT / "action.yml", inputs, {"ECI_API_KEY": "sandbox", **variables})


def test_the_action_runs_nothing_that_a_commit_holds(scene: Scene, marker: Path) -> None:
    site = check_out(scene, scene.hub.open_pull({FILE: CHANNELS.replace(*RENAMED), **plant_code(marker)}))
    codes = [use(site, {"command": command}).code for command in ("validate", "plan", "apply")]

    assert codes == [0, 0, 0]
    assert not marker.exists()
    assert scene.live(1)["channelInfo"] == "Renamed"


# In an environment of Python: each start of it is told, with the keys that it sees.
TELL = """\
import os, sys
with open({log!r}, "a") as stream:
    keys = sorted(name for name, value in os.environ.items() if name.startswith("ECI_") and value)
    stream.write(f"{{' '.join(' '.join(sys.orig_argv[1:4]).split()[:4])}}: {{', '.join(keys)}}\\n")
"""
# Stands for the Python of the machine, and puts that into each environment which is made with it.
SPY = """\
#!/bin/sh
env | grep "^ECI_.*=." >> "{log}"
"{python}" "$@" || exit
[ "$3" != venv ] || cp "{folder}"/tell.* "$4"/lib/python*/site-packages
"""


def test_the_key_is_there_for_the_tool_and_for_nothing_else_of_the_action(scene: Scene, tmp_path: Path) -> None:
    site = check_out(scene, scene.open_pull(*RENAMED))
    log, spy = tmp_path / "started", tmp_path / "spy"
    spy.mkdir()
    (spy / "tell.py").write_text(TELL.format(log=str(log)), encoding="utf-8")
    (spy / "tell.pth").write_text("import tell", encoding="utf-8")
    (spy / "python").write_text(SPY.format(log=log, python=site.folder / "tools" / "python", folder=spy), "utf-8")
    (spy / "python").chmod(0o755)
    path = os.pathsep.join((str(spy), str(Path(sys.executable).parent), os.environ["PATH"]))
    keys = {"PATH": path, "ECI_API_KEY_OTHER": "sandbox"}

    assert [use(site, {"command": command}, keys).code for command in ("plan", "apply")] == [0, 0]
    assert set(log.read_text(encoding="utf-8").splitlines()) == {
        "-I -m pip: ",
        "-I -c import sysconfig;: ",
        "-I -m reconciler: ECI_API_KEY, ECI_API_KEY_OTHER",
        "-I -c import json,: ",
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["", "plan.json", "reviewed/plan.json"], ids=["by default", "at the root", "below"])
def test_what_the_action_names_is_what_the_tool_made(scene: Scene, outside: Path, kind: str, place: str) -> None:
    site = check_out(scene, scene.hub.open_pull({FILE: UNSOUND, **plant(kind, outside)}))
    failed = use(site, {"command": "plan", "plan-file": place})
    (site.workspace / FILE).write_text(CHANNELS.replace(*RENAMED), encoding="utf-8")
    made = use(site, {"command": "plan", "plan-file": place})

    assert (failed.code in (1, 64), failed.outputs["plan-file"], failed.outputs["html-file"]) == (True, "", "")
    is_led_elsewhere = kind == "links" and "/" in place
    assert made.code == (64 if is_led_elsewhere else 0)
    assert is_untouched(outside)
    if not is_led_elsewhere:
        texts = [
            Path(made.outputs[f"{name}-file"]).read_text(encoding="utf-8") for name in ("plan", "html", "markdown")
        ]
        assert FORGED not in "".join(texts)
        assert texts[2] == made.summary


@pytest.mark.parametrize("where", ["working-directory", "plan-file"])
def test_the_action_follows_no_link_of_the_checkout(scene: Scene, outside: Path, where: str) -> None:
    site = check_out(scene, scene.hub.open_pull({"project": outside.parent}))
    for command in ("plan", "apply"):
        step = use(site, {"command": command, where: "project/plan.json" if where == "plan-file" else "project"})
        assert (step.code, step.outputs["exit-code"]) == (64, "")
        assert "a link is in the way" in step.log
    assert is_untouched(outside)


def test_a_folder_in_place_of_the_plan_is_refused_and_stays(scene: Scene) -> None:
    site = check_out(scene, scene.hub.open_pull({"plan.json/file": FORGED}))
    step = use(site, {"command": "plan", "plan-file": "plan.json"})

    assert (step.code, step.outputs["plan-file"]) == (64, "")
    assert (site.workspace / "plan.json" / "file").read_text(encoding="utf-8") == FORGED


def test_a_committed_plan_is_not_applied_by_the_action(scene: Scene, tmp_path: Path) -> None:
    site = check_out(scene, scene.open_pull(*RENAMED))
    plan = tmp_path / "plan.json"
    use(site, {"command": "plan", "plan-file": str(plan)})
    event = scene.hub.open_pull({"plan.json": plan.read_text(encoding="utf-8"), FILE: CHANNELS.replace(*RENAMED)})
    step = use(check_out(scene, event), {"command": "apply", "plan-file": "plan.json"})

    assert step.code == 64
    assert "the plan to apply is committed" in step.log
    assert scene.writes == []


# GitLab


def run_gitlab(scene: Scene, commit: str, variables: Mapping[str, str], *started: str) -> dict[str, Job]:
    keys = {"*": "sandbox-read", "energycap": "sandbox"}
    given = {"CI_DEFAULT_BRANCH": "main", **variables}
    return run_pipeline(Pipeline(scene.hub, TEMPLATE, commit, given, keys, frozenset(started)))


MERGE_REQUEST = {"CI_PIPELINE_SOURCE": "merge_request_event"}
MAIN = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"}
SCHEDULE = {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main"}


def read_reports(jobs: Mapping[str, Job]) -> str:
    """All that the jobs kept, as one text."""
    files = [job.folder / name for job in jobs.values() for name in job.artifacts]
    files = [file for one in files for file in (one.rglob("*") if one.is_dir() else [one]) if file.is_file()]
    return "".join(file.read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize("variables", [MERGE_REQUEST, MAIN, SCHEDULE], ids=["merge request", "main", "schedule"])
def test_the_pipeline_runs_nothing_that_a_commit_holds(
    scene: Scene, marker: Path, variables: Mapping[str, str]
) -> None:
    commit = scene.hub.commit(plant_code(marker))
    jobs = run_gitlab(scene, commit, variables, "apply")

    assert {job.status for job in jobs.values()} == {"success"}
    assert not marker.exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", [UNSOUND, CHANNELS.replace("channelId: 2", "channelId: 9"), CHANNELS])
def test_the_reports_of_the_pipeline_are_those_of_the_tool(scene: Scene, outside: Path, kind: str, text: str) -> None:
    commit = scene.hub.commit({FILE: text, **plant(kind, outside)}, "hostile")
    jobs = run_gitlab(scene, commit, MERGE_REQUEST)

    assert FORGED not in read_reports(jobs)
    json.loads(jobs["validate"].read("reconciler-results/codequality.json"))
    assert is_untouched(outside)


@pytest.mark.parametrize("kind", KINDS)
def test_reports_are_gone_when_nothing_can_be_installed(scene: Scene, outside: Path, kind: str) -> None:
    commit = scene.hub.commit(plant(kind, outside), "hostile")
    jobs = run_gitlab(scene, commit, {**MERGE_REQUEST, "PIP_REQUIREMENT": "/no/such/file"})

    assert [(job.status, job.artifacts) for job in jobs.values()] == [("failed", ())]
    assert is_untouched(outside)


def test_a_committed_plan_is_not_applied_by_the_pipeline(scene: Scene) -> None:
    commit = scene.hub.commit({FILE: CHANNELS.replace(*RENAMED), **plant_results()})
    jobs = run_gitlab(scene, commit, MAIN, "apply")

    assert (jobs["apply"].status, jobs["apply"].artifacts) == ("failed", ())
    assert "reconciler-results is committed." in jobs["apply"].log
    assert scene.writes == []


def test_the_key_is_there_for_plan_and_apply_and_for_nothing_else_of_the_pipeline(scene: Scene, tmp_path: Path) -> None:
    spy = tmp_path / "spy"
    spy.mkdir()
    for name in ("python", "reconciler"):
        tool = Path(sys.executable).parent / name
        (spy / name).write_text(
            f'#!/bin/sh\necho "{name} $1 $2 $3 ${{ECI_API_KEY:-no key}}" >> {spy}/started\nexec "{tool}" "$@"\n',
            encoding="utf-8",
        )
        (spy / name).chmod(0o755)
    commit = scene.hub.commit({FILE: CHANNELS.replace(*RENAMED)})
    run_gitlab(scene, commit, {**MAIN, "PATH": f"{spy}{os.pathsep}{os.environ['PATH']}"}, "apply")

    started = (spy / "started").read_text(encoding="utf-8").splitlines()
    install = [f"python -I -m {module} no key" for module in ("pip", "reconciler.requirements", "pip")]
    assert started == [
        *(*install, "reconciler validate --format text no key"),
        *(*install, "reconciler plan --out reconciler-results/plan.json sandbox-read"),
        *(*install, "reconciler apply reconciler-results/plan.json  sandbox"),
    ]
