"""How a file gets its new content: links, modes and other names stay, and a failure leaves what was there."""

from __future__ import annotations

import os
import stat
import struct
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.file_io import Replacement, check_writable, open_atomic, replace_files, write_file
from reconciler.errors import FileError
from tests.apply.disks import full_disk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.desk import Desk

NOBODY = 65534


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def closed_folder() -> Iterator[Path]:
    """A folder in which this process, the superuser's too, may not make a file, but write to the one that is there."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        (folder / "file").write_text("before\n")
        (folder / "file").chmod(0o666)
        folder.chmod(0o555)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            if is_root:
                os.seteuid(0)
            folder.chmod(0o755)


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "real").write_text("before")
    (tmp_path / "link").symlink_to("far/real")

    write_file(tmp_path / "link", "after")

    assert ((tmp_path / "link").is_symlink(), (tmp_path / "far" / "real").read_text()) == (True, "after")
    assert list_names(tmp_path / "far") == ["real"]


def test_a_link_to_what_is_not_there_yet_makes_it(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("new")

    write_file(tmp_path / "link", "after")

    assert ((tmp_path / "link").is_symlink(), (tmp_path / "new").read_text()) == (True, "after")


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o755])
def test_a_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    (tmp_path / "file").write_text("before")
    (tmp_path / "file").chmod(mode)

    write_file(tmp_path / "file", "after")

    assert (stat.S_IMODE((tmp_path / "file").stat().st_mode), (tmp_path / "file").read_text()) == (mode, "after")


def test_a_new_file_has_the_mode_of_its_maker(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_file(tmp_path / "file", "after")
    finally:
        os.umask(mask)

    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can give a file away")
def test_a_file_keeps_its_owner(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("before")
    os.chown(tmp_path / "file", NOBODY, NOBODY)

    write_file(tmp_path / "file", "after")

    status = (tmp_path / "file").stat()
    assert (status.st_uid, status.st_gid) == (NOBODY, NOBODY)


def make_access_list(user: int) -> bytes:
    """An access list by which `user` may read. Source: Linux, include/uapi/linux/posix_acl_xattr.h."""
    nobody = 0xFFFFFFFF
    entries = ((0x01, 6, nobody), (0x02, 4, user), (0x04, 0, nobody), (0x10, 4, nobody), (0x20, 0, nobody))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other calls for these")
@pytest.mark.parametrize(
    ("name", "value"), [("user.origin", b"desk"), ("system.posix_acl_access", make_access_list(NOBODY))]
)
def test_a_file_keeps_its_extended_attributes(tmp_path: Path, name: str, value: bytes) -> None:
    (tmp_path / "file").write_text("before")
    try:
        os.setxattr(tmp_path / "file", name, value)
    except OSError as error:
        pytest.skip(f"this file system does not have them: {error}")
    mode = (tmp_path / "file").stat().st_mode

    write_file(tmp_path / "file", "after")

    assert (os.getxattr(tmp_path / "file", name), (tmp_path / "file").stat().st_mode) == (value, mode)
    assert (tmp_path / "file").read_text() == "after"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other calls for these")
def test_a_file_gets_no_access_list_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("before")
    try:
        os.setxattr(tmp_path, "system.posix_acl_default", make_access_list(NOBODY))
    except OSError as error:
        pytest.skip(f"this file system does not have them: {error}")

    write_file(tmp_path / "file", "after")

    assert os.listxattr(tmp_path / "file") == []


def test_other_names_of_a_file_have_its_new_content(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("before, and longer")
    os.link(tmp_path / "one", tmp_path / "two")

    write_file(tmp_path / "one", "after")

    assert ((tmp_path / "two").read_text(), (tmp_path / "one").stat().st_nlink) == ("after", 2)


@pytest.mark.parametrize("letter", ["n", "ü"])
def test_a_name_may_be_as_long_as_the_file_system_lets_it(tmp_path: Path, letter: str) -> None:
    path = tmp_path / (letter * (255 // len(letter.encode())))

    write_file(path, "after")

    assert path.read_text() == "after"


@pytest.mark.parametrize(("before", "after"), [("", "new"), ("old\n", "old\nnew"), ("old", "old\nnew")])
def test_a_step_summary_is_added_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, after: str) -> None:
    (tmp_path / "summary").write_text(before)
    (tmp_path / "link").symlink_to("summary")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "link"))

    write_file(tmp_path / "summary", "new")

    assert (tmp_path / "summary").read_text() == after


def test_a_file_in_a_closed_folder_is_written_in_place() -> None:
    with closed_folder() as folder:
        check_writable(folder / "file")
        write_file(folder / "file", "after")
        with pytest.raises(FileError, match=r"cannot write .*new: Permission denied"):
            write_file(folder / "new", "")
        replace_files([Replacement(folder / "file", "after", "last")])

        assert ((folder / "file").read_text(), list_names(folder)) == ("last", ["file"])


@pytest.mark.parametrize("size", [2_000, 200_000], ids=["noticed at the end", "noticed on the way"])
@pytest.mark.parametrize("kind", ["a file", "a file with two names", "a step summary"])
def test_a_full_disk_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, size: int
) -> None:
    path = tmp_path / "file"
    path.write_text("before")
    if kind == "a file with two names":
        os.link(path, tmp_path / "other")
    if kind == "a step summary":
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    names = list_names(tmp_path)

    with full_disk(1000), pytest.raises(FileError, match=r"cannot write .*file: File too large"):
        write_file(path, "a" * size)

    assert (path.read_text(), list_names(tmp_path)) == ("before", names)


def test_what_fails_on_the_way_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("before")

    def fail() -> None:
        with open_atomic(tmp_path / "file") as write:
            write("after")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert ((tmp_path / "file").read_text(), list_names(tmp_path)) == ("before", ["file"])


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    read: list[str] = []
    reader = Thread(target=lambda: read.append((tmp_path / "pipe").read_text()), daemon=True)
    reader.start()

    write_file(tmp_path / "pipe", "after")
    reader.join(60)

    assert (read, (tmp_path / "pipe").is_fifo()) == (["after"], True)


def test_a_folder_is_said_to_be_one(tmp_path: Path) -> None:
    for write in (check_writable, lambda path: write_file(path, "")):
        with pytest.raises(FileError, match=r"cannot write .*: Is a directory"):
            write(tmp_path)


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
def test_stdout_by_its_path_is_added_to_as_it_is(desk: Desk, name: str) -> None:
    """A file behind it is neither replaced nor emptied, nor is the device."""
    (desk.root / "log").write_text("before\n")
    (desk.root / "link").symlink_to("/dev/stdout")
    with (desk.root / "log").open("a") as log:
        command = [sys.executable, "-m", "reconciler", "validate", "--format", f"concise={name}", "-q"]
        subprocess.run(command, stdout=log, check=False)

    lines = (desk.root / "log").read_text().splitlines()
    assert (lines[0], lines[1].split(":")[0], Path("/dev/stdout").is_symlink()) == ("before", "reconciler.yaml", True)
