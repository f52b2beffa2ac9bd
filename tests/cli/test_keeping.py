"""`import --update` leaves what somebody edited: what is not committed, and what the branch changed."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from tests.cli.desk import Answer, Desk

FILE = "channels/all.yaml"
TEXT = """\
channels:
  one:
    channelId: 1
    channelInfo: One
    channelDescription: First
    esaChannelVersion:
      multiplier: 1
  two:
    channelId: 2
    channelInfo: Two
"""


def git(desk: Desk, *words: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    subprocess.run(["git", *identity, *words], cwd=desk.root, check=True, capture_output=True)


@pytest.fixture
def drifted(desk: Desk) -> Desk:
    """A repository with a commit on main; in EnergyCAP all values are others by now."""
    (desk.root / ".git").rmdir()
    desk.load(
        make_world(
            make_channel(1, {"multiplier": 7}, channelInfo="Live one", channelDescription="Live"),
            make_channel(2, channelInfo="Live two"),
        )
    )
    desk.write(FILE, TEXT)
    git(desk, "init", "-b", "main")
    git(desk, "add", FILE, "reconciler.yaml")
    git(desk, "commit", "-m", "first")
    return desk


def edit(desk: Desk, before: str, after: str) -> str:
    text = (desk.root / FILE).read_text()
    assert text.count(before) == 1
    desk.write(FILE, text.replace(before, after))
    return (desk.root / FILE).read_text()


def update(desk: Desk, *options: str) -> tuple[Answer, str]:
    answer = desk.run("import", "--update", *options)
    return answer, (desk.root / FILE).read_text()


UNTOLD = (
    "git cannot tell where this branch left the main branch, so edits committed on it look like drift and are not "
    "kept; --base REF keeps the edits made since REF\n"
)


@pytest.mark.parametrize("has_trunk", [True, False])
def test_a_shallow_clone_of_a_branch_says_that_it_cannot_keep_what_was_committed(
    drifted: Desk, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, has_trunk: bool
) -> None:
    git(drifted, "checkout", "-b", "work")
    edit(drifted, "First", "Second")
    git(drifted, "commit", "-am", "second")
    git(drifted, "checkout", "main")
    clone = tmp_path_factory.mktemp("clone")
    git(drifted, "clone", "--depth=1", "--branch=work", f"file://{drifted.root}", str(clone))
    drifted.database.parent.rename(clone / ".reconciler")
    monkeypatch.chdir(clone)
    if has_trunk:
        command = ["git", "fetch", "--depth=1", "origin", "main:refs/remotes/origin/main"]
        subprocess.run(command, cwd=clone, check=True, capture_output=True)

    assert UNTOLD in drifted.run("import", "--update").err


def test_a_branch_that_is_the_only_one_says_so_too(drifted: Desk) -> None:
    git(drifted, "branch", "-m", "production")

    assert UNTOLD in update(drifted)[0].err


LIVE = (
    TEXT.replace("Info: One", "Info: Live one")
    .replace("First", "Live")
    .replace("r: 1", "r: 7")
    .replace("Two", "Live two")
)


def test_what_is_committed_is_taken_over(drifted: Desk) -> None:
    answer, text = update(drifted)
    assert (answer.code, text) == (0, LIVE)
    assert answer.out.endswith("Import: 2 channels updated, 0 files new, 1 changed, 2 managed before, 0 left out.\n")


@pytest.mark.parametrize("words", [(), ("add", FILE)], ids=["working tree", "index"])
def test_an_edit_that_is_not_committed_is_kept_and_named(drifted: Desk, words: tuple[str, ...]) -> None:
    edit(drifted, "multiplier: 1", "multiplier: 100")
    if words:
        git(drifted, *words)

    answer, text = update(drifted)

    assert text == LIVE.replace("multiplier: 7", "multiplier: 100")
    assert (answer.code, answer.out) == (
        0,
        """\
1 file took over what sandbox has for 2 channels; a plan of them has edits only of what is kept.

  ~ changed  channels/all.yaml  2 channels

Kept as in the files; --force overwrites these as well:
  one  esaChannelVersion.multiplier  100
      not committed; EnergyCAP has 7

Import: 2 channels updated, 0 files new, 1 changed, 2 managed before, 0 left out, 1 value kept.
""",
    )
    assert drifted.run("plan", "--detailed-exitcode").code == 2


def test_what_the_branch_changed_is_kept_and_what_it_did_not_is_taken_over(drifted: Desk) -> None:
    git(drifted, "checkout", "-b", "work")
    edit(drifted, "channelInfo: Two", "channelInfo: Second")
    git(drifted, "commit", "-am", "second")

    answer, text = update(drifted)

    assert text == LIVE.replace("Live two", "Second")
    assert (
        '  two  channelInfo  "Second"\n      this branch changed it since main; EnergyCAP has "Live two"\n'
        in answer.out
    )


def test_a_branch_that_was_pushed_is_compared_with_the_main_one_all_the_same(drifted: Desk) -> None:
    git(drifted, "update-ref", "refs/remotes/origin/main", "main")
    git(drifted, "checkout", "-b", "work")
    edit(drifted, "channelInfo: Two", "channelInfo: Second")
    git(drifted, "commit", "-am", "second")
    git(drifted, "update-ref", "refs/remotes/origin/work", "work")
    git(drifted, "branch", "-f", "main", "work")
    assert "this branch changed it since origin/main" in update(drifted)[0].out


def test_a_base_that_is_named_counts(drifted: Desk) -> None:
    edit(drifted, "channelInfo: Two", "channelInfo: Second")
    git(drifted, "commit", "-am", "second")
    assert update(drifted, "--base", "HEAD~1", "--dry-run")[0].out.count("since HEAD~1") == 1
    answer, text = update(drifted)
    assert (answer.code, text) == (0, LIVE)


def test_a_channel_that_is_in_no_commit_is_kept_whole(drifted: Desk) -> None:
    git(drifted, "rm", "--cached", FILE)
    git(drifted, "commit", "-m", "untracked")
    answer, text = update(drifted)
    assert (answer.code, text) == (0, TEXT)
    assert answer.out.startswith("The files keep what was edited; nothing else differs from sandbox.\n")
    assert (
        "Import: 0 channels updated, 0 files new, 0 changed, 2 managed before, 0 left out, 4 values kept." in answer.out
    )


def test_a_channel_that_was_led_elsewhere_is_kept_whole(drifted: Desk) -> None:
    drifted.write(FILE, TEXT.replace("channelId: 1\n", "channelId: 3\n").replace("channelId: 2\n", "channelId: 2\n"))
    drifted.load(
        make_world(make_channel(3, {"multiplier": 9}, channelInfo="Three"), make_channel(2, channelInfo="Two"))
    )
    before = (drifted.root / FILE).read_text()
    assert update(drifted)[1] == before


def test_a_channel_with_another_name_is_not_taken_for_a_new_one(drifted: Desk) -> None:
    edit(drifted, "  two:", "  north:")
    assert update(drifted)[1] == LIVE.replace("  two:", "  north:")


def test_force_takes_everything_over(drifted: Desk) -> None:
    edit(drifted, "multiplier: 1", "multiplier: 100")
    assert update(drifted, "--force")[1] == LIVE


def test_before_the_first_commit_everything_is_kept(desk: Desk) -> None:
    (desk.root / ".git").rmdir()
    git(desk, "init")
    desk.load(make_world(make_channel(1, channelInfo="Live")))
    desk.write(FILE, "channels: {one: {channelId: 1, channelInfo: Mine}}\n")

    answer, after = update(desk)

    assert (answer.code, "not committed" in answer.out, "Mine" in after) == (0, True, True)


def test_outside_of_a_repository_all_is_taken_over_and_that_is_said(desk: Desk) -> None:
    (desk.root / ".git").rmdir()
    desk.load(make_world(make_channel(1, channelInfo="Live")))
    desk.write(FILE, "channels: {one: {channelId: 1, channelInfo: Mine}}\n")

    answer, after = update(desk)

    assert (answer.code, "Live" in after) == (0, True)
    assert answer.err == ("not in a git repository, so your own edits look like drift and are not kept\n")


def test_where_nothing_differs_no_commit_is_needed(desk: Desk) -> None:
    desk.load(make_world(make_channel(1, channelInfo="Mine")))
    desk.write(FILE, "channels: {one: {channelId: 1, channelInfo: Mine}}\n")
    assert update(desk)[0].code == 0
