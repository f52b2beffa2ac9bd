"""The pre-commit hook as a user's repository gets it: installed and run by pre-commit itself."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.hooking import commit_all, copy_package, git, make_variables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROJECT = "definitions: channels\nenvironments:\n  sandbox:\n    url: sandbox\n"
USE = "channels:\n  use:\n    channelId: 1\n    channelInfo: Use\n"
LOSSES = "channels:\n  losses:\n    channelId: 2\n    esaChannelVersion:\n      formula: channel(use) * 0.03\n"


@pytest.fixture(scope="session")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment for git and pre-commit."""
    return make_variables(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def hook_repository(tmp_path_factory: pytest.TempPathFactory, variables: Mapping[str, str]) -> Path:
    """This project as a repository with one commit, whatever the state of the working tree."""
    repository = tmp_path_factory.mktemp("reconciler")
    copy_package(repository)
    commit_all(repository, variables)
    return repository


@pytest.fixture
def workspace(tmp_path: Path, variables: Mapping[str, str]) -> Path:
    """A user's repository with two files, one of which refers to the other."""
    (tmp_path / "channels").mkdir()
    (tmp_path / "reconciler.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "channels" / "use.yaml").write_text(USE, encoding="utf-8")
    (tmp_path / "channels" / "losses.yaml").write_text(LOSSES, encoding="utf-8")
    commit_all(tmp_path, variables)
    return tmp_path


def test_a_good_commit_passes(workspace: Path, hook_repository: Path, variables: Mapping[str, str]) -> None:
    (workspace / "channels" / "use.yaml").write_text(USE.replace("Use", "Electricity use"), encoding="utf-8")
    assert _run_hook(workspace, hook_repository, variables) == (0, [])


def test_a_bad_commit_is_stopped_with_the_place(
    workspace: Path, hook_repository: Path, variables: Mapping[str, str]
) -> None:
    (workspace / "channels" / "use.yaml").write_text(USE.replace("channelInfo", "chanelInfo"), encoding="utf-8")
    code, findings = _run_hook(workspace, hook_repository, variables)
    assert (code, findings) == (1, ["channels/use.yaml:4:5  ESA121  unknown key chanelInfo in channel use"])


def test_a_commit_that_only_deletes_what_others_refer_to_is_stopped(
    workspace: Path, hook_repository: Path, variables: Mapping[str, str]
) -> None:
    (workspace / "channels" / "use.yaml").unlink()
    code, findings = _run_hook(workspace, hook_repository, variables)
    assert code == 1
    assert [finding[:33] for finding in findings] == ["channels/losses.yaml:5:16  ESA320"]


def test_a_repository_without_definitions_is_left_in_peace(
    tmp_path: Path, hook_repository: Path, variables: Mapping[str, str]
) -> None:
    (tmp_path / "other.yaml").write_text("a: 1\n", encoding="utf-8")
    commit_all(tmp_path, variables)
    assert _run_hook(tmp_path, hook_repository, variables) == (0, [])


def _run_hook(workspace: Path, hook_repository: Path, variables: Mapping[str, str]) -> tuple[int, list[str]]:
    """The exit code of pre-commit over what is staged in `workspace`, and the first line of each finding."""
    git(workspace, variables, "add", "--all")
    answer = subprocess.run(
        ["pre-commit", "try-repo", str(hook_repository), "--ref", "HEAD", "--color", "never"],
        cwd=workspace,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert "validate ESA channel definitions" in answer.stdout, answer.stdout
    return answer.returncode, [line for line in answer.stdout.splitlines() if "  ESA" in line]
