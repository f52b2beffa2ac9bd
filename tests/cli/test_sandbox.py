"""`reconciler sandbox`: the file it is kept in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.workspace import Answer

if TYPE_CHECKING:
    from tests.cli.workspace import Workspace


@pytest.mark.parametrize("command", [("reset",), ("serve", "--port", "0")], ids=lambda command: command[0])
@pytest.mark.parametrize("folder", ["a/b", "reconciler.yaml"], ids=["missing", "a file"])
def test_no_folder_is_made_for_a_file_that_is_named(
    workspace: Workspace, command: tuple[str, ...], folder: str
) -> None:
    before = sorted(workspace.root.rglob("*"))

    answer = workspace.run("sandbox", *command, "--db", f"{folder}/sandbox.sqlite3")

    assert answer == Answer(
        1,
        "",
        f"reconciler: cannot open {folder}/sandbox.sqlite3: no such folder: {folder}\n"
        "  fix: create the folder, or give another file\n",
    )
    assert sorted(workspace.root.rglob("*")) == before


def test_a_file_in_a_folder_that_is_there_is_made(workspace: Workspace) -> None:
    assert workspace.run("sandbox", "reset", "--db", "own.sqlite3").out == "own.sqlite3: reset to the demo data\n"
    assert (workspace.root / "own.sqlite3").is_file()
