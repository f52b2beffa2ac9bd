"""Outputs that would overwrite a file in use, and a project below the root of its repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.workspace import Workspace


READ = "would overwrite {}, which this command reads"
PROJECT = "would overwrite reconciler.yaml, the project file"
DEFINITIONS = "would overwrite a definition file: all .yaml files in channels are read"
DATABASE = "would overwrite .reconciler/sandbox.sqlite3, the sandbox of the project"


@pytest.fixture
def full(workspace: Workspace) -> Workspace:
    """A project with one file of each kind that a command reads, each with links and other names."""
    workspace.load(make_world(make_channel(1)))
    workspace.define({"one": {"channelId": 1, "channelInfo": "Renamed"}})
    workspace.write("r.csv", "channelId,time,value\n1,2026-01-01T00:00,7\n")
    for arguments in ("snapshot -q --out s.json", "plan -q --out p.json", "apply -q p.json"):
        assert workspace.run(*arguments.split()).code == 0
    (journal,) = (workspace.root / ".reconciler" / "journal").iterdir()
    os.link(journal, workspace.root / "j.jsonl")
    (workspace.root / "soft.csv").symlink_to("r.csv")
    os.link(workspace.root / "r.csv", workspace.root / "hard.csv")
    os.link(workspace.root / "channels" / "all.yaml", workspace.root / "hard.txt")
    (workspace.root / "soft.txt").symlink_to("channels/all.yaml")
    (workspace.root / "later.json").symlink_to("nowhere.json")
    return workspace


def read_all(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and "sqlite3" not in path.name)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("readings route r.csv --format json=r.csv", f"--format json=r.csv {READ.format('r.csv')}"),
        ("readings route r.csv --format json=./r.csv", f"--format json=r.csv {READ.format('r.csv')}"),
        ("readings route r.csv --format json=soft.csv", f"--format json=soft.csv {READ.format('r.csv')}"),
        ("readings route soft.csv --format json=hard.csv", f"--format json=hard.csv {READ.format('soft.csv')}"),
        (
            "readings route r.csv --snapshot s.json --format json=s.json",
            f"--format json=s.json {READ.format('--snapshot s.json')}",
        ),
        ("readings import r.csv --format json=r.csv", f"--format json=r.csv {READ.format('r.csv')}"),
        ("readings import r.csv --failed r.csv", f"--failed r.csv {READ.format('r.csv')}"),
        (
            "readings import r.csv --format json=r.failed.csv",
            "--format json=r.failed.csv and --failed r.failed.csv are the same file",
        ),
        ("plan --snapshot s.json --out s.json", f"--out s.json {READ.format('--snapshot s.json')}"),
        ("plan --out new.json --format html=new.json", "--format html=new.json and --out new.json are the same file"),
        (
            "plan --format html=./new.json --format json=x/../new.json --out other.json",
            "--format html=new.json and --format json=x/../new.json are the same file",
        ),
        (
            "plan --out nowhere.json --format html=later.json",
            "--format html=later.json and --out nowhere.json are the same file",
        ),
        ("plan --out reconciler.yaml", f"--out reconciler.yaml {PROJECT}"),
        ("plan --format html=channels/all.yaml", f"--format html=channels/all.yaml {DEFINITIONS}"),
        ("plan --format html=channels/new.YML", f"--format html=channels/new.YML {DEFINITIONS}"),
        ("plan --format html=soft.txt", f"--format html=soft.txt {DEFINITIONS}"),
        (
            "plan --format html=hard.txt",
            "--format html=hard.txt would overwrite a definition file, which has another name there",
        ),
        ("plan --out .reconciler/sandbox.sqlite3", f"--out .reconciler/sandbox.sqlite3 {DATABASE}"),
        ("snapshot --out .reconciler/sandbox.sqlite3-wal", f"--out .reconciler/sandbox.sqlite3-wal {DATABASE}"),
        ("snapshot --out reconciler.yaml", f"--out reconciler.yaml {PROJECT}"),
        ("validate --format sarif=channels/all.yaml", f"--format sarif=channels/all.yaml {DEFINITIONS}"),
        ("import --snapshot s.json --format text=s.json", f"--format text=s.json {READ.format('--snapshot s.json')}"),
        ("apply p.json --format json=p.json", f"--format json=p.json {READ.format('p.json')}"),
        ("apply --undo j.jsonl --format json=j.jsonl", f"--format json=j.jsonl {READ.format('--undo j.jsonl')}"),
        ("show p.json --format html=p.json", f"--format html=p.json {READ.format('p.json')}"),
        ("show j.jsonl --inverse j.jsonl", f"--inverse j.jsonl {READ.format('j.jsonl')}"),
        ("sandbox generate --channels 1 --out reconciler.yaml", f"--out reconciler.yaml {PROJECT}"),
        ("sandbox reset --world s.json --db s.json", f"--db s.json {READ.format('--world s.json')}"),
    ],
)
def test_an_output_over_another_file_is_refused_before_anything_is_read(
    full: Workspace, command: str, message: str
) -> None:
    before = read_all(full.root)

    answer = full.run(*command.split())

    assert (answer.code, answer.out, answer.err.splitlines()[0]) == (64, "", f"reconciler: {message}")
    assert read_all(full.root) == before


def test_the_journal_of_another_apply_is_not_overwritten(full: Workspace) -> None:
    (journal,) = (full.root / ".reconciler" / "journal").iterdir()

    answer = full.run("plan", "--out", str(journal))

    assert (answer.code, answer.err.splitlines()[0]) == (
        64,
        f"reconciler: --out {journal} would overwrite {journal.name}, the journal of an apply",
    )


def test_what_stdout_is_redirected_to_counts_as_an_output(full: Workspace) -> None:
    with (full.root / "both.json").open("w") as out:
        command = [sys.executable, "-m", "reconciler", "plan", "--out", "both.json"]
        answer = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, check=False)

    assert (answer.returncode, answer.stderr.splitlines()[0]) == (
        64,
        "reconciler: --out both.json and stdout are the same file",
    )


def test_a_folder_that_ignores_case_has_one_file_for_two_spellings(full: Workspace) -> None:
    """As the folder itself can be written either way, its names can."""
    (full.root / "out").mkdir()
    (full.root / "OUT").symlink_to("out")

    answer = full.run("plan", "--out", "out/p.json", "--format", "html=out/P.JSON")

    assert (answer.code, answer.err.splitlines()[0]) == (
        64,
        "reconciler: --format html=out/P.JSON and --out out/p.json are the same file",
    )


@pytest.mark.parametrize(
    "command",
    [
        "plan --out one.json --format html=ONE.json",
        "plan --format html=/dev/null --out /dev/null",
        "plan --out .reconciler/plan.json",
        "plan --out channels/plan.json",
        "show p.json --format html=/dev/stdout",
        "validate --format json=.github.yaml",
    ],
)
def test_an_output_of_its_own_is_written(full: Workspace, command: str) -> None:
    assert full.run(*command.split()).code == 0


@pytest.mark.parametrize("command", ["plan --out {}", "plan --format html={}", "snapshot --out {}", "show {}"])
def test_a_path_that_is_too_long_is_said(full: Workspace, command: str) -> None:
    path = "n" * 300

    answer = full.run(*command.format(path).split())

    action = "read" if command.startswith("show") else "write"
    assert (answer.code, answer.err.splitlines()[0]) == (1, f"reconciler: cannot {action} {path}: File name too long")


@pytest.fixture
def below(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A repository with a project in sites/north, which is the working directory; channel 1 has a slip."""
    project = (workspace.root / "reconciler.yaml").read_text()
    (workspace.root / "reconciler.yaml").unlink()
    workspace.write("sites/north/reconciler.yaml", project)
    workspace.write("sites/north/channels/all.yaml", "channels:\n  one:\n    channelId: one\n")
    monkeypatch.chdir(workspace.root / "sites" / "north")
    return workspace


FILE = "sites/north/channels/all.yaml"


def paths_of(workspace: Workspace, name: str) -> str:
    out = workspace.run("validate", "--format", name).out
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
    below: Workspace, monkeypatch: pytest.MonkeyPatch, name: str, stand: str
) -> None:
    monkeypatch.chdir(stand)
    assert paths_of(below, name) == FILE


def test_a_worktree_and_a_submodule_are_repositories_of_their_own(below: Workspace) -> None:
    (below.root / "sites" / ".git").write_text("gitdir: elsewhere\n", encoding="utf-8")
    assert paths_of(below, "github") == "north/channels/all.yaml"


def test_a_link_to_the_project_makes_no_other_path(below: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    (below.root / "short").symlink_to("sites/north")
    monkeypatch.chdir(below.root / "short")
    assert paths_of(below, "gitlab") == FILE


def test_without_a_repository_paths_are_relative_to_the_current_folder(below: Workspace) -> None:
    (below.root / ".git").rmdir()
    assert paths_of(below, "sarif") == "channels/all.yaml"


def test_text_and_json_give_paths_from_the_current_folder(below: Workspace) -> None:
    assert below.run("validate").out.startswith("channels/all.yaml:3:")
    (found,) = json.loads(below.run("validate", "--format", "json").out)["diagnostics"]
    assert found["range"]["filename"] == "channels/all.yaml"


def render(workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(folder)
    (folder / ".reconciler").mkdir(exist_ok=True)
    workspace.run("sandbox", "reset")
    return workspace.run("plan", "--format", "markdown").out.splitlines()[:3]


def test_each_project_and_environment_has_a_comment_of_its_own(
    below: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_a_plan_that_cannot_be_made_marks_its_own_comment(below: Workspace) -> None:
    answer = below.run("plan", "--format", "markdown")

    assert (answer.code, answer.out.splitlines()[0]) == (1, "<!-- reconciler:sites%2Fnorth~sandbox -->")


def test_a_saved_plan_knows_its_project(below: Workspace) -> None:
    below.write("sites/north/channels/all.yaml", "channels:\n  one:\n    channelId: 1042\n")
    below.run("plan", "--out", "plan.json")

    assert (
        json.loads((below.root / "sites" / "north" / "plan.json").read_text())["definitions"]["folder"] == "sites/north"
    )
    assert below.run("show", "plan.json", "--format", "markdown").out.startswith(
        "<!-- reconciler:sites%2Fnorth~sandbox -->\n"
    )
