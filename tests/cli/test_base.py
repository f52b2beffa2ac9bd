"""`plan --base`: what this change brings, and what is drift."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from tests.cli.desk import Desk


def git(desk: Desk, *words: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    subprocess.run(["git", *identity, *words], cwd=desk.root, check=True, capture_output=True)


@pytest.fixture
def committed(desk: Desk) -> Desk:
    """A desk whose first commit names channel 1, and whose files now describe it too."""
    (desk.root / ".git").rmdir()
    desk.load(make_world(make_channel(1)))
    desk.define({"one": {"channelId": 1, "channelInfo": "Renamed"}})
    git(desk, "init")
    git(desk, "add", "channels", "reconciler.yaml")
    git(desk, "commit", "-m", "first")
    desk.define({"one": {"channelId": 1, "channelInfo": "Renamed", "channelDescription": "Described"}})
    return desk


def origins(desk: Desk, *arguments: str) -> dict[str, str | None]:
    plan = json.loads(desk.run("plan", "--format", "json", *arguments).out)
    return {edit["path"]: edit["origin"] for edit in plan["resource_changes"][0]["edits"]}


def test_what_the_base_said_already_is_drift(committed: Desk) -> None:
    assert origins(committed, "--base", "HEAD") == {"channelInfo": "drift", "channelDescription": "change"}


def test_without_a_base_nothing_is_told_apart(committed: Desk) -> None:
    assert origins(committed) == {"channelInfo": None, "channelDescription": None}


def test_a_base_before_the_folder_makes_everything_this_change(committed: Desk) -> None:
    git(committed, "checkout", "--orphan", "other")
    git(committed, "rm", "-r", "-f", "--cached", "channels")
    git(committed, "commit", "-m", "without channels")
    assert origins(committed, "--base", "HEAD") == {"channelInfo": "change", "channelDescription": "change"}


@pytest.mark.parametrize("reference", ["nope", "--output=x"])
def test_a_base_that_git_does_not_have_is_said(committed: Desk, reference: str) -> None:
    answer = committed.run("plan", f"--base={reference}")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        f"reconciler: git has no commit {reference!r} in {committed.root}\n"
        f"  fix: look at the name; in a shallow clone:  git fetch --depth=1 origin {reference}\n"
    )
