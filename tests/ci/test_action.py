"""action.yml: one step that validates, plans or applies, whatever its inputs hold."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
import yaml
from msgspec.structs import replace

from tests.ci.conftest import BLOCKED, CHANNELS, FILE, RENAMED, ROOT, WORKFLOWS
from tests.ci.runner import grant, make_site, run_action, run_shell, run_steps
from tests.ci.stand_ins import STAND_INS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ci.conftest import Scene
    from tests.ci.runner import StepRun
    from tests.ci.stand_ins import Site

PAGE = ROOT / "docs" / "ci" / "README.md"
COUNTS = ("has-changes", "update", "blocked", "unchanged", "unmanaged", "drift")
ENDINGS = ("exit-code", "done", "stale", "failed", "not-tried")


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner's temporary folder: the first step that needs the action's own environment makes it there."""
    return tmp_path_factory.mktemp("environment")


@pytest.fixture
def site(scene: Scene, installed: Path) -> Site:
    """A job that has checked out the main branch, on a machine that has the environment of the action."""
    event = scene.hub.push("workflow_dispatch")
    site = make_site(scene.hub, event, "job", scene.hub.begin_run(event, {}))
    site.temporary.rmdir()
    site.temporary.symlink_to(installed)
    return grant(site, {"contents": "read"})


def use(site: Site, command: str, *, key: str = "sandbox-read", **inputs: str) -> StepRun:
    """The step, with the files of the branch it is on."""
    named = {name.replace("_", "-"): value for name, value in inputs.items()}
    return run_action(site, ROOT / "action.yml", {"command": command, **named}, {"ECI_API_KEY": key})


def check_out(site: Site, before: str = "", after: str = "") -> Site:
    STAND_INS["actions/checkout"](site, {"persist-credentials": "false"})
    (site.workspace / FILE).write_text(CHANNELS.replace(before, after), encoding="utf-8")
    return site


def test_the_tool_is_installed_from_the_commit_of_the_action(site: Site, installed: Path) -> None:
    check_out(site)
    step = use(site, "validate")

    assert (step.code, step.outputs["exit-code"], step.summary) == (0, "0", "")
    assert step.log.rstrip().endswith("1 file, 3 channels: no findings.")
    assert (installed / "reconciler" / "bin" / "reconciler").exists()


def test_what_was_installed_brings_the_pipelines_along(site: Site, installed: Path) -> None:
    check_out(site)
    use(site, "validate")
    # Outside of a repository: below the root of one, `init` fits them to the folder.
    init = f'"{installed}/reconciler/bin/reconciler" init new --ci github'
    script = f'cd "$(mktemp -d)" && {init} && cat new/.github/workflows/*.yml'
    step = run_shell(site, script, {}, ("bash", site.workspace))

    assert step.code == 0
    assert step.log.endswith("".join(path.read_text(encoding="utf-8") for path in sorted(WORKFLOWS.glob("*.yml"))))


def test_findings_fail_the_step_and_are_marked_in_the_files(site: Site) -> None:
    step = use(check_out(site, "channelInfo: Channel 2", "chanelInfo: Channel 2"), "validate")

    assert (step.code, step.outputs["exit-code"]) == (1, "1")
    assert "::error file=channels/all.yaml,line=7,col=5,endColumn=15,title=ESA121::" in step.log


def test_a_plan_is_saved_outside_of_the_checkout_shown_and_counted(scene: Scene, site: Site) -> None:
    check_out(site, *RENAMED)
    step = use(site, "plan", base="HEAD")

    assert step.code == 0
    assert {name: step.outputs[name] for name in ("exit-code", *COUNTS)} == {
        "exit-code": "2",
        "has-changes": "true",
        "update": "1",
        "blocked": "0",
        "unchanged": "2",
        "unmanaged": "1",
        "drift": "0",
    }
    folder = site.temporary / "reconciler-plan"
    files = [step.outputs[name] for name in ("plan-file", "html-file", "markdown-file")]
    assert files == [f"{folder}/plan.json", f"{folder}/plan.html", f"{folder}/plan.md"]
    assert step.summary == (folder / "plan.md").read_text()
    assert json.loads((folder / "plan.json").read_text())["environment"]["name"] == "production"
    assert scene.writes == []


def test_a_plan_file_outside_of_the_workspace_is_named_as_it_is(site: Site, tmp_path: Path) -> None:
    step = use(check_out(site), "plan", plan_file=f"{tmp_path}/plan.json")

    files = [step.outputs[name] for name in ("plan-file", "html-file", "markdown-file")]
    assert files == [f"{tmp_path}/plan.json", f"{tmp_path}/plan.html", f"{tmp_path}/plan.md"]


@pytest.mark.parametrize(
    ("before", "after", "outputs"),
    [
        pytest.param("", "", {"exit-code": "0", "has-changes": "false", "unchanged": "3"}, id="nothing to do"),
        pytest.param(*BLOCKED, {"exit-code": "3", "has-changes": "false", "blocked": "1"}, id="blocked"),
        pytest.param("channelId: 2", "channelId: 9", {"exit-code": "1", "has-changes": "false"}, id="not found"),
        pytest.param("channelId: 2", "chanelId: 2", {"exit-code": "1", "has-changes": ""}, id="unsound"),
    ],
)
def test_other_plans(site: Site, before: str, after: str, outputs: dict[str, str]) -> None:
    step = use(check_out(site, before, after), "plan")

    assert str(step.code) == outputs["exit-code"]
    assert {name: step.outputs[name] for name in outputs} == outputs


def test_a_plan_of_some_channels_in_a_folder_against_a_copy_needs_no_key(scene: Scene, site: Site) -> None:
    check_out(site)
    world = {**scene.service.export(), "environment": "production", "taken": "2026-11-22T00:00:00Z"}
    (site.workspace / "copy.json").write_text(json.dumps(world), encoding="utf-8")
    scene.edit_live(1, channelInfo="By hand")
    scene.edit_live(2, channelInfo="By hand")
    given = {"working_directory": "channels", "only": "one\ntw*\n", "plan_file": "two.plan.json"}
    live = use(site, "plan", **given)
    copied = use(site, "plan", key="", snapshot="../copy.json", environment="production", **given)

    assert (live.outputs["update"], copied.outputs["update"]) == ("2", "0")
    assert copied.outputs["html-file"] == f"{site.workspace}/channels/two.plan.html"
    assert (site.workspace / "channels" / "two.plan.md").read_text() == copied.summary


def test_a_plan_is_applied(scene: Scene, site: Site) -> None:
    check_out(site, *RENAMED)
    use(site, "plan")
    step = use(site, "apply", key="sandbox")

    assert step.code == 0
    assert {name: step.outputs[name] for name in ENDINGS} == dict(zip(ENDINGS, "01000", strict=True))
    assert step.log.splitlines()[-1] == "Apply: 1 done, 0 stale, 0 failed, 0 not tried."
    assert step.summary.endswith("\n\nApply: 1 done, 0 stale, 0 failed, 0 not tried.\n")
    assert scene.live(1)["channelInfo"] == "Renamed"


@pytest.mark.parametrize(
    ("key", "moved", "counts"),
    [
        pytest.param("sandbox", "By hand", "50100", id="stale"),
        pytest.param("sandbox-read", "Channel 1", "60010", id="may only read"),
    ],
)
def test_an_apply_that_does_not_go_through(scene: Scene, site: Site, key: str, moved: str, counts: str) -> None:
    check_out(site, *RENAMED)
    use(site, "plan")
    scene.edit_live(1, channelInfo=moved)
    step = use(site, "apply", key=key)

    assert {name: step.outputs[name] for name in ENDINGS} == dict(zip(ENDINGS, counts, strict=True))
    assert str(step.code) == step.outputs["exit-code"]
    assert scene.live(1)["channelInfo"] == moved


@pytest.mark.parametrize("name", ["command", "environment", "only", "base", "snapshot", "plan-file"])
@pytest.mark.parametrize(
    "hostile",
    ['"; touch ran; "$(touch ran)`touch ran`', "--help", "x\nexit-code=0\n"],
)
def test_no_input_is_ever_run(site: Site, name: str, hostile: str) -> None:
    check_out(site, *RENAMED)
    given = {"command": "plan", name: f"{hostile}.json" if name == "plan-file" else hostile}
    step = run_action(site, ROOT / "action.yml", given, {"ECI_API_KEY": "sandbox-read"})

    assert not any(site.workspace.rglob("ran"))
    assert str(step.code) in ("0", step.outputs["exit-code"] or "64")
    assert (step.code == 0) is (name == "plan-file" and "\n" not in hostile)


def test_a_plan_file_that_its_own_page_would_overwrite_is_refused(site: Site) -> None:
    step = use(check_out(site, *RENAMED), "plan", plan_file="plan.html")

    assert step.code == 64
    assert "plan-file must end in .json" in step.log


def test_an_unknown_command_says_which_there_are(site: Site) -> None:
    step = use(check_out(site), "destroy")

    assert step.code == 64
    assert "none of validate, plan and apply" in step.log


def test_the_action_sees_no_secret(site: Site) -> None:
    with_secret = replace(site, contexts={**site.contexts, "secrets": {"KEY": "secret"}})
    step = use(check_out(with_secret), "plan", environment="${{ secrets.KEY }}")

    assert "secret\n" not in step.log


def test_the_example_of_the_docs_works(scene: Scene, site: Site) -> None:
    (example,) = re.findall(r"^```yml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    pull = scene.open_pull(*RENAMED)
    contexts = {**site.contexts, "secrets": {"ECI_API_KEY_READ": "sandbox-read"}}
    steps, _ = run_steps(replace(site, event=pull, contexts=contexts), yaml.safe_load(example)["steps"], {})

    assert [step.code for step in steps] == [0, 0, 0]
    assert steps[-1].log == "1 channels would change\n"


def test_the_docs_name_all_inputs_and_outputs() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    rows = re.findall(r"^\| (`.*?`) \|", PAGE.read_text(encoding="utf-8").partition("| input |")[2], re.MULTILINE)
    assert [name for row in rows for name in re.findall(r"`([\w-]+)`", row)] == _list_names(action)


def _list_names(action: dict[str, dict[str, object]]) -> list[str]:
    return [*action["inputs"], *action["outputs"]]
