"""Every command and output shown in a document is what it prints today.

To update the documents:  make docs
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.docs.sessions import ROOT, lay_out_demo, run_sessions

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
    if "```console" in path.read_text(encoding="utf-8")
)
# What a document says where it begins with nothing.
EMPTY = "<!-- workspace: an empty folder -->"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty folder, away from the repository."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_session_shows_what_its_commands_print(workspace: Path, name: str) -> None:
    shown = (ROOT / name).read_text(encoding="utf-8")
    if EMPTY not in shown:
        lay_out_demo(workspace)
    printed = run_sessions(shown, workspace)
    if os.environ.get("UPDATE_DOCS"):
        (ROOT / name).write_text(printed, encoding="utf-8")
        shown = printed
    assert printed == shown


def test_files_edits_and_commands_of_a_document_follow_each_other(workspace: Path) -> None:
    document = (
        "```yaml file=channels/a.yaml\na: 1\nb: 1\n```\n"
        "```diff file=channels/a.yaml\n a: 1\n-b: 1\n+b: 2\n```\n"
        "```console\n$ cat channels/a.yaml\nold\n$ false\n```\n"
        "```sh\nnot run\n```\n"
    )

    assert run_sessions(document, workspace) == document.replace("old\n", "a: 1\nb: 2\n")
