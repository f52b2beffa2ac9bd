"""Every command and output shown in a document is what it prints today.

To write the documents anew:  UPDATE_DOCS=1 make test ARGS=tests/docs
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.docs.sessions import ROOT, run_sessions

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
    if "```console" in path.read_text(encoding="utf-8")
)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A copy of what the demo needs, away from the repository."""
    (tmp_path / ".git").mkdir()
    shutil.copy(ROOT / "reconciler.yaml", tmp_path)
    shutil.copytree(ROOT / "channels", tmp_path / "channels")
    return tmp_path


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_session_shows_what_its_commands_print(desk: Path, name: str) -> None:
    shown = (ROOT / name).read_text(encoding="utf-8")
    printed = run_sessions(shown, desk)
    if os.environ.get("UPDATE_DOCS"):
        (ROOT / name).write_text(printed, encoding="utf-8")
    assert printed == shown
