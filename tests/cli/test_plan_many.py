"""A plan of many files, run as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROJECT = """\
definitions: channels
defaultEnvironment: sandbox
environments:
  sandbox: {url: sandbox}
  silent: {url: "http://127.0.0.1:1", apiKeyEnv: ECI_KEY}
"""


def run(folder: Path, *arguments: str, key: str = "") -> tuple[int, str, str]:
    """The exit code and output of a command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ECI_KEY": key},
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve hundred channels in files, of which twelve are not as in the sandbox."""
    folder = tmp_path_factory.mktemp("many")
    (folder / "reconciler.yaml").write_text(PROJECT, encoding="utf-8")
    made = ("--channels", "1200", "--out", "world.json", "--definitions", "channels", "--changed", "1")
    for arguments in (("generate", *made), ("reset", "--world", "world.json")):
        assert run(folder, "sandbox", *arguments)[0] == 0
    return folder


@pytest.fixture
def broken(project: Path) -> Iterator[Path]:
    """The same with a file that is no list of channels."""
    (project / "channels" / "broken.yaml").write_text("- a\n", encoding="utf-8")
    yield project
    (project / "channels" / "broken.yaml").unlink()


def test_many_files_are_planned_whole(project: Path) -> None:
    code, out, _ = run(project, "plan")
    assert (code, out.splitlines()[-1]) == (0, "Plan: 12 to update, 0 blocked, 1188 unchanged, 0 unmanaged.")


@pytest.mark.parametrize(
    ("environment", "key"), [("sandbox", ""), ("silent", "k" * 40), ("silent", "")], ids=["sound", "silent", "keyless"]
)
def test_what_is_wrong_with_the_files_comes_before_what_is_wrong_with_the_service(
    broken: Path, environment: str, key: str
) -> None:
    code, out, err = run(broken, "plan", "--environment", environment, key=key)
    assert code == 1
    assert out.startswith("channels/broken.yaml:1:1  ESA123  ")
    assert err.endswith(
        "reconciler: the definitions have errors; nothing was planned\n  fix: mend what is listed above\n"
    )


def test_a_service_that_does_not_answer_is_said_where_the_files_are_sound(project: Path) -> None:
    code, out, err = run(project, "plan", "--environment", "silent", key="k" * 40)
    assert (code, out) == (1, "")
    assert "127.0.0.1:1" in err
