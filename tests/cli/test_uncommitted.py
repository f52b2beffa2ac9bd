"""The commit that a plan says it is from, where the files are not as that commit has them."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from tests.cli.desk import Desk

ONE = "channels:\n  one:\n    channelId: 1\n    channelInfo: Renamed\n"


def git(desk: Desk, *words: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    command = ["git", *identity, *words]
    return subprocess.run(command, cwd=desk.root, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def clean(desk: Desk) -> Desk:
    """A project in a repository whose only commit has all its files."""
    (desk.root / ".git").rmdir()
    desk.load(make_world(make_channel(1), make_channel(2)))
    desk.write("channels/one.yaml", ONE)
    desk.write(".gitignore", ".reconciler\nchannels/mine.yaml\n")
    git(desk, "init")
    git(desk, "add", ".")
    git(desk, "commit", "-m", "first")
    return desk


def told(desk: Desk) -> dict[str, object]:
    definitions = json.loads(desk.run("plan", "--format", "json").out)["definitions"]
    return {key: definitions[key] for key in ("commit", "uncommitted")}


def test_a_clean_tree_is_the_commit(clean: Desk) -> None:
    assert told(clean) == {"commit": git(clean, "rev-parse", "HEAD"), "uncommitted": False}
    assert "uncommitted" not in clean.run("plan").out


def test_a_change_that_is_not_committed_is_said_in_every_format(clean: Desk) -> None:
    clean.write("channels/one.yaml", ONE.replace("Renamed", "Again"))
    commit = git(clean, "rev-parse", "HEAD")

    text = clean.run("plan", "--format", "text", "--format", "markdown=plan.md", "--format", "html=plan.html").out

    assert f"Planned from commit {commit[:7]} + uncommitted changes.\n" in text
    assert f" from commit `{commit}` + uncommitted changes at " in (clean.root / "plan.md").read_text()
    assert f"<code>{commit}</code> + uncommitted changes" in (clean.root / "plan.html").read_text()
    assert told(clean) == {"commit": commit, "uncommitted": True}


@pytest.mark.parametrize("option", ["--assume-unchanged", "--skip-worktree"])
@pytest.mark.parametrize(
    ("file", "text"), [("channels/one.yaml", ONE.replace("Renamed", "Again")), ("reconciler.yaml", "# mine\n")]
)
def test_a_change_that_git_is_told_to_overlook_is_not_committed(clean: Desk, option: str, file: str, text: str) -> None:
    git(clean, "update-index", option, "channels/one.yaml", "reconciler.yaml")
    assert told(clean)["uncommitted"] is False

    clean.write(file, (clean.root / file).read_text() + text if text.startswith("#") else text)

    assert told(clean)["uncommitted"] is True


def test_a_file_that_is_gone_is_not_committed_though_git_is_told_to_overlook_it(clean: Desk) -> None:
    clean.write("channels/two.yaml", ONE.replace("one", "two").replace(": 1", ": 2"))
    git(clean, "add", ".")
    git(clean, "commit", "-m", "second")
    git(clean, "update-index", "--assume-unchanged", "channels/two.yaml")
    (clean.root / "channels" / "two.yaml").unlink()

    assert told(clean)["uncommitted"] is True


def test_line_ends_that_git_converts_are_as_committed_though_it_is_told_to_overlook_them(clean: Desk) -> None:
    git(clean, "config", "core.autocrlf", "true")
    git(clean, "update-index", "--assume-unchanged", "channels/one.yaml")
    (clean.root / "channels" / "one.yaml").write_bytes(ONE.replace("\n", "\r\n").encode())

    assert told(clean)["uncommitted"] is False


@pytest.mark.parametrize(
    ("file", "uncommitted"),
    [
        ("channels/deeper/two.yml", True),
        ("channels/Two.YAML", True),
        ("channels/mine.yaml", False),
        ("channels/notes.txt", False),
        ("channels/.hidden/two.yaml", False),
        ("plan.yaml", False),
    ],
)
def test_a_file_that_git_does_not_track_counts_where_it_defines_channels(
    clean: Desk, file: str, uncommitted: bool
) -> None:
    clean.write(file, ONE.replace("one", "two").replace(": 1", ": 2"))
    assert told(clean)["uncommitted"] is uncommitted


@pytest.mark.parametrize(
    "words",
    [
        ("add", "channels"),
        ("rm", "--cached", "channels/one.yaml"),
        ("mv", "channels/one.yaml", "channels/new.yaml"),
    ],
)
def test_what_is_only_in_the_index_is_not_committed(clean: Desk, words: tuple[str, ...]) -> None:
    clean.write("channels/two.yaml", ONE.replace("one", "two").replace(": 1", ": 2"))
    git(clean, *words)
    assert told(clean)["uncommitted"] is True


def test_the_project_file_counts_and_files_of_others_do_not(clean: Desk) -> None:
    clean.write(".gitignore", ".reconciler\n")
    assert told(clean)["uncommitted"] is False
    clean.write("reconciler.yaml", (clean.root / "reconciler.yaml").read_text() + "# more\n")
    assert told(clean)["uncommitted"] is True


def test_a_project_below_the_root_of_its_repository_answers_for_itself_alone(clean: Desk) -> None:
    (clean.root / "site").mkdir()
    for name in ("channels", "reconciler.yaml", ".reconciler"):
        (clean.root / name).rename(clean.root / "site" / name)
    git(clean, "add", "--all", ".")
    git(clean, "commit", "-m", "moved")
    clean.write("channels/other.yaml", "channels: {}\n")

    def plan() -> object:
        return json.loads(clean.run("plan", "--format", "json").out)["definitions"]["uncommitted"]

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(clean.root / "site")
        assert plan() is False
        clean.write("site/channels/one.yaml", ONE.replace("Renamed", "Again"))
        assert plan() is True


def test_without_a_repository_nothing_is_said(desk: Desk) -> None:
    desk.load(make_world(make_channel(1)))
    desk.write("channels/one.yaml", ONE)
    assert told(desk) == {"commit": None, "uncommitted": None}
