"""`validate`: the short way past click, and the projects that it finds."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.command_line import call
from reconciler.cli.main import main
from tests.cli.workspace import PROJECT

if TYPE_CHECKING:
    from tests.cli.workspace import Workspace


SOUND = "channels: {sound: {channelId: 1}}\n"
BROKEN = "channels: {broken: {chanelId: 1}}\n"


@pytest.mark.parametrize(
    "paths",
    [
        (),
        ("channels",),
        ("channels/sound.yaml",),
        ("channels/broken.yaml", "channels/sound.yaml"),
        (".",),
        ("",),
        ("channels/*.yaml",),
        ("missing",),
        ("/",),
        ("validate",),
    ],
    ids=" ".join,
)
def test_both_ways_find_and_say_the_same(paths: tuple[str, ...], workspace: Workspace) -> None:
    workspace.write("channels/sound.yaml", SOUND)
    workspace.write("channels/broken.yaml", BROKEN)

    assert workspace.run("validate", *paths) == workspace.run("validate", "--color", "auto", *paths)


@pytest.mark.parametrize("option", ["--quiet", "--format=json", "--color=never", "--help", "--"])
def test_a_call_with_options_is_read_by_click(
    option: str, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace.write("channels/sound.yaml", SOUND)
    capsys.readouterr()

    read = (int(call(["validate", option])), *capsys.readouterr())

    assert (main(["validate", option]), *capsys.readouterr()) == read


@pytest.mark.parametrize("stream", ["1", "2"])
def test_with_a_stream_closed_the_exit_code_still_says_it(stream: str, workspace: Workspace) -> None:
    workspace.write("channels/broken.yaml", BROKEN)

    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m reconciler validate {stream}>&-', sys.executable],
        cwd=workspace.root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, "Traceback" in done.stdout + done.stderr) == (1, False)


FOUND = "  ESA121  unknown key chanelId in channel broken"


def git(workspace: Workspace, *words: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *identity, *words], cwd=workspace.root, check=True, capture_output=True)


@pytest.fixture
def two(workspace: Workspace) -> Workspace:
    """A repository with two projects below its root, one of which is broken."""
    (workspace.root / "reconciler.yaml").unlink()
    (workspace.root / ".git").rmdir()
    git(workspace, "init")
    for name, file in (("campus", SOUND), ("plants/north", BROKEN)):
        workspace.write(f"{name}/reconciler.yaml", PROJECT)
        workspace.write(f"{name}/channels/all.yaml", file)
    return workspace


@pytest.mark.parametrize("is_tracked", [True, False])
def test_every_project_of_the_repository_is_checked(two: Workspace, is_tracked: bool) -> None:
    if is_tracked:
        git(two, "add", ".")
    answer = two.run("validate", "--format", "concise")
    assert (answer.code, answer.out) == (1, f"plants/north/channels/all.yaml:1:21:{FOUND.replace('  ', ' ')}\n")
    assert answer.err == "2 projects: campus, plants/north\n"


def test_valid_projects_are_counted_together(two: Workspace) -> None:
    two.write("plants/north/channels/all.yaml", SOUND)
    answer = two.run("validate")
    assert (answer.code, answer.out) == (0, "2 files, 2 channels: no findings.\n")


def test_machines_are_told_the_places_from_the_root_of_the_repository(two: Workspace) -> None:
    document = json.loads(two.run("validate", "--format", "json").out)
    (diagnostic,) = document["diagnostics"]
    assert diagnostic["range"]["filename"] == "plants/north/channels/all.yaml"


def test_one_project_below_is_checked_as_if_one_stood_in_it(two: Workspace) -> None:
    for name in ("channels/all.yaml", "reconciler.yaml"):
        (two.root / "campus" / name).unlink()
    answer = two.run("validate")
    assert (answer.code, answer.err) == (1, "")
    assert answer.out.startswith(f"plants/north/channels/all.yaml:1:21{FOUND}")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("campus", 0),
        ("campus/channels/all.yaml", 0),
        ("plants/north/channels/all.yaml", 1),
        ("plants", 1),
        (".", 1),
    ],
)
def test_a_path_is_checked_in_its_own_project(two: Workspace, path: str, code: int) -> None:
    answer = two.run("validate", path)
    assert (answer.code, FOUND in answer.out) == (code, bool(code))


def test_paths_of_several_projects_are_checked_at_once(two: Workspace) -> None:
    answer = two.run("validate", "campus/channels/all.yaml", "plants/north/channels/all.yaml")
    assert (answer.code, answer.err) == (1, "2 projects: campus, plants/north\n")


def test_what_git_is_told_to_ignore_is_passed_over(two: Workspace) -> None:
    two.write(".gitignore", "plants\n")
    answer = two.run("validate")
    assert (answer.code, answer.out, answer.err) == (0, "1 file, 1 channel: no findings.\n", "")


def test_without_git_the_folders_below_are_looked_through(two: Workspace) -> None:
    (two.root / ".git").rename(two.root / ".moved")
    assert two.run("validate").err == "2 projects: campus, plants/north\n"


def test_other_commands_name_the_projects_below(two: Workspace) -> None:
    answer = two.run("plan")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        f"reconciler: no reconciler.yaml in {two.root} or above it, up to the root of its git repository; "
        "below it: campus, plants/north\n"
        "  fix: cd campus\n"
    )


@pytest.fixture
def submodule(two: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A repository whose only project is in a submodule."""
    git(two, "add", ".")
    git(two, "commit", "-m", "both")
    inner = two.root.parent / f"{two.root.name}-inner"
    two.root.rename(inner)
    two.root.mkdir()
    monkeypatch.chdir(two.root)
    git(two, "init")
    git(two, "submodule", "add", str(inner), "sites")
    git(two, "commit", "-m", "sites")
    return two


def test_projects_in_a_submodule_are_checked(submodule: Workspace) -> None:
    assert submodule.run("validate").err == "2 projects: sites/campus, sites/plants/north\n"


def test_a_submodule_that_is_not_checked_out_fails_and_is_named(submodule: Workspace) -> None:
    git(submodule, "submodule", "deinit", "--force", "sites")
    answer = submodule.run("validate")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        "reconciler: no project here, but these submodules are not checked out: sites\n"
        "  fix: git submodule update --init -- sites\n"
    )


def test_beside_a_project_a_submodule_that_is_not_checked_out_is_said(submodule: Workspace) -> None:
    git(submodule, "submodule", "deinit", "--force", "sites")
    submodule.write("own/reconciler.yaml", PROJECT)
    submodule.write("own/channels/all.yaml", SOUND)
    answer = submodule.run("validate")
    assert (answer.code, answer.err) == (0, "not validated, because these submodules are not checked out: sites\n")
