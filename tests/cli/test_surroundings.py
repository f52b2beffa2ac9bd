"""What a user's machine can be like: each ends in a sentence with a way out, never in a traceback."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.desk import Desk

IGNORED = ".reconciler/\n*.reconciler-tmp\nplan.json\nplan.html\nplan.md\nundo.json\n"


@pytest.mark.parametrize(
    "arguments",
    [["validate"], ["plan"], ["plan", "--out", "p.json"], ["apply"], ["import"], ["snapshot", "--out", "s.json"]],
)
def test_a_working_folder_that_is_gone_is_said(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "gone").mkdir()
    answer = subprocess.run(
        ["sh", "-c", 'rmdir ../gone && exec "$@"', "sh", sys.executable, "-P", "-m", "reconciler", *arguments],
        cwd=tmp_path / "gone",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    message = (
        "reconciler: cannot ask for approval: there is no terminal\n  fix: apply a saved plan, or add --auto-approve\n"
        if arguments == ["apply"]
        else "reconciler: the folder you are in no longer exists\n  fix: change into one that does:  cd FOLDER\n"
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (64 if arguments == ["apply"] else 1, "", message)


def test_a_git_that_may_not_be_run_counts_as_none_unless_it_is_needed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.load(make_world(make_channel(1)))
    desk.define({"one": {"channelId": 1, "channelInfo": "Renamed"}})
    desk.write("bin/git", "")
    monkeypatch.setenv("PATH", str(desk.root / "bin"))

    assert desk.run("plan").code == 0
    answer = desk.run("plan", "--base", "main")
    assert (answer.code, answer.err.splitlines()[0].startswith("reconciler: git cannot be run: Permission denied")) == (
        1,
        True,
    )


@pytest.mark.parametrize("content", [b"# f\xfcr\n", "*.log\n".encode("utf-16")], ids=["latin-1", "UTF-16"])
def test_a_gitignore_in_another_encoding_is_left_alone_and_said(desk: Desk, content: bytes) -> None:
    (desk.root / "new").mkdir()
    (desk.root / "new" / ".gitignore").write_bytes(content)

    answer = desk.run("init", "new")

    assert (desk.root / "new" / ".gitignore").read_bytes() == content
    assert (answer.code, "  = left     new/.gitignore  (it is there already)\n" in answer.out) == (0, True)
    assert ("new/.gitignore is not UTF-8 text and was not changed. Add these lines to it:\n\n" + IGNORED) in answer.err


def test_a_hook_file_in_another_encoding_is_left_alone_too(desk: Desk) -> None:
    (desk.root / "new").mkdir()
    (desk.root / ".pre-commit-config.yaml").write_bytes(b"# f\xfcr\n")

    assert desk.run("init", "new").code == 0
    assert (desk.root / ".pre-commit-config.yaml").read_bytes() == b"# f\xfcr\n"


@pytest.fixture
def impatient(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A project whose sandbox waits for nobody."""
    desk.load(make_world(make_channel(1)))
    desk.define({"one": {"channelId": 1, "channelInfo": "Renamed"}})
    monkeypatch.setattr("reconciler.sandbox.store._LOCK_TIMEOUT_SECONDS", 0)
    return desk


@pytest.mark.parametrize("arguments", [["plan"], ["apply", "--auto-approve"], ["sandbox", "reset"]])
def test_a_sandbox_that_another_program_uses_is_said(impatient: Desk, arguments: list[str]) -> None:
    with closing(sqlite3.connect(impatient.database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        answer = impatient.run(*arguments)

    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        f"reconciler: {impatient.database} is in use by another program: database is locked; "
        "try again when that is done\n"
    )


def damage(database: Path) -> None:
    """Keep the header, so that SQLite takes it for its own."""
    content = bytearray(database.read_bytes())
    content[200:] = os.urandom(len(content) - 200)
    database.write_bytes(content)


def test_a_damaged_sandbox_is_said(impatient: Desk) -> None:
    with closing(sqlite3.connect(impatient.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damage(impatient.database)

    answer = impatient.run("plan")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        f"reconciler: {impatient.database} is damaged: database disk image is malformed; "
        "remove it, and the sandbox starts again\n"
    )


def test_a_machine_without_room_for_temporary_files_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.load(make_world(make_channel(1)))
    (desk.root / "channels").mkdir()
    monkeypatch.setattr("tempfile.tempdir", "/dev/null")

    answer = desk.run("import")

    assert (answer.code, answer.out, list((desk.root / "channels").iterdir())) == (1, "", [])
    assert answer.err.splitlines()[0] == (
        "reconciler: the temporary copy of the files that is planned first cannot be made: Not a directory"
    )


def test_a_name_too_long_for_failed_readings_is_said_before_anything_is_sent(desk: Desk) -> None:
    desk.load(make_world(make_channel(1)))
    name = f"{'n' * 246}.csv"
    desk.write(name, "channelId,time,value\n1,2026-01-01T00:00,7\n")

    answer = desk.run("readings", "import", name)

    failed = f"{'n' * 246}.failed.csv"
    assert (answer.code, answer.err.splitlines()[-2]) == (
        64,
        f"reconciler: {failed} cannot be written: File name too long",
    )
    assert desk.writes == []


@pytest.mark.parametrize("command", ["validate {}", "init {}", "apply --undo {} --auto-approve"])
def test_a_path_that_the_file_system_does_not_take_is_no_bug(desk: Desk, command: str) -> None:
    desk.load(make_world(make_channel(1)))
    path = "n" * 300

    answer = desk.run(*command.format(path).split())

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.endswith(
        ": File name too long\n  fix: the name is too long for this file system: use a shorter one\n"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file")
def test_an_output_need_not_be_readable(desk: Desk) -> None:
    desk.load(make_world(make_channel(1)))
    desk.define({"one": {"channelId": 1}})
    desk.write("plan.json", "").chmod(0o200)

    assert desk.run("plan", "--out", "plan.json").code == 0
