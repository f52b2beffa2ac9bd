"""A project below the root of its repository: what a host shows is counted from there, and names the project."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.desk import Desk


@pytest.fixture
def below(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The desk's repository with a project in sites/north, which is the working directory; channel 1 has a slip."""
    project = (desk.root / "reconciler.yaml").read_text()
    (desk.root / "reconciler.yaml").unlink()
    desk.write("sites/north/reconciler.yaml", project)
    desk.write("sites/north/channels/all.yaml", "channels:\n  one:\n    channelId: one\n")
    monkeypatch.chdir(desk.root / "sites" / "north")
    return desk


FILE = "sites/north/channels/all.yaml"


def paths_of(desk: Desk, name: str) -> str:
    out = desk.run("validate", "--format", name).out
    match name:
        case "github":
            return out.partition("file=")[2].partition(",")[0]
        case "gitlab":
            return str(json.loads(out)[0]["location"]["path"])
        case "sarif":
            (result,) = json.loads(out)["runs"][0]["results"]
            return str(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        case _:
            return out.partition('file="')[2].partition('"')[0]


@pytest.mark.parametrize("stand", [".", "channels"])
@pytest.mark.parametrize("name", ["github", "gitlab", "sarif", "junit"])
def test_annotations_count_from_the_root_of_the_repository(
    below: Desk, monkeypatch: pytest.MonkeyPatch, name: str, stand: str
) -> None:
    monkeypatch.chdir(stand)
    assert paths_of(below, name) == FILE


def test_a_worktree_and_a_submodule_are_repositories_of_their_own(below: Desk) -> None:
    (below.root / "sites" / ".git").write_text("gitdir: elsewhere\n", encoding="utf-8")
    assert paths_of(below, "github") == "north/channels/all.yaml"


def test_a_link_to_the_project_makes_no_other_path(below: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    (below.root / "short").symlink_to("sites/north")
    monkeypatch.chdir(below.root / "short")
    assert paths_of(below, "gitlab") == FILE


def test_without_a_repository_paths_count_from_where_the_user_stands(below: Desk) -> None:
    (below.root / ".git").rmdir()
    assert paths_of(below, "sarif") == "channels/all.yaml"


def test_text_and_json_name_files_from_where_the_user_stands(below: Desk) -> None:
    assert below.run("validate").out.startswith("channels/all.yaml:3:")
    (found,) = json.loads(below.run("validate", "--format", "json").out)["diagnostics"]
    assert found["range"]["filename"] == "channels/all.yaml"


def render(desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(folder)
    (folder / ".reconciler").mkdir(exist_ok=True)
    desk.run("sandbox", "reset")
    return desk.run("plan", "--format", "markdown").out.splitlines()[:3]


def test_each_project_and_environment_has_a_comment_of_its_own(below: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    north = below.root / "sites" / "north"
    below.write("reconciler.yaml", (north / "reconciler.yaml").read_text())
    for name in ("channels/all.yaml", "sites/north/channels/all.yaml"):
        below.write(name, "channels:\n  one:\n    channelId: 1\n    channelInfo: One\n")
    below.load(make_world(make_channel(1)))

    assert render(below, below.root, monkeypatch) == [
        "<!-- reconciler:sandbox -->",
        "",
        "## EnergyCAP plan for `sandbox`",
    ]
    assert render(below, north, monkeypatch) == [
        "<!-- reconciler:sites%2Fnorth~sandbox -->",
        "",
        "## EnergyCAP plan for `sandbox`, project `sites/north`",
    ]


def test_a_plan_that_cannot_be_made_marks_its_own_comment(below: Desk) -> None:
    answer = below.run("plan", "--format", "markdown")

    assert (answer.code, answer.out.splitlines()[0]) == (1, "<!-- reconciler:sites%2Fnorth~sandbox -->")


def test_a_saved_plan_knows_its_project(below: Desk) -> None:
    below.write("sites/north/channels/all.yaml", "channels:\n  one:\n    channelId: 1042\n")
    below.run("plan", "--out", "plan.json")

    assert (
        json.loads((below.root / "sites" / "north" / "plan.json").read_text())["definitions"]["folder"] == "sites/north"
    )
    assert below.run("show", "plan.json", "--format", "markdown").out.startswith(
        "<!-- reconciler:sites%2Fnorth~sandbox -->\n"
    )
