"""Files written whole, several as one: links, pipes, modes and other names, and failures that leave what was there."""

from __future__ import annotations

import io
import json
import os
import signal
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

from reconciler.cli.file_io import (
    Replacement,
    check_writable,
    open_atomic,
    read_exactly,
    remove_stale_temp_files,
    replace_files,
    write_file,
)
from reconciler.cli.signals import defer_signals
from reconciler.errors import FileError
from reconciler.regular_files import read_bounded
from tests.apply.disks import full_disk
from tests.cli.workspace import PROJECT
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.workspace import Workspace


WRITE_ONE_AND_WAIT = """\
import sys
from pathlib import Path
from reconciler.cli.signals import end_on_signals
from reconciler.cli.file_io import Replacement, replace_files

def list_files():
    yield Replacement(Path("a/new.yaml"), None, "")
    print("written", flush=True)
    sys.stdin.read()

end_on_signals()
replace_files(list_files())
"""


def list_names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_new_files_get_their_folders_and_old_ones_their_content(tmp_path: Path) -> None:
    old = tmp_path / "old.yaml"
    old.write_bytes(b"\xef\xbb\xbfa: 1\r\n")
    old.chmod(0o640)

    replace_files(
        [
            Replacement(old, read_exactly(old), "\ufeffa: 2\r\n"),
            Replacement(tmp_path / "a/b/new.yaml", None, "b: ü\n"),
        ]
    )

    assert old.read_bytes() == b"\xef\xbb\xbfa: 2\r\n"
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert (tmp_path / "a/b/new.yaml").read_bytes() == "b: ü\n".encode()
    assert list_names(tmp_path) == ["a", "a/b", "a/b/new.yaml", "old.yaml"]


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text("a: 1\n")
    (tmp_path / "link.yaml").symlink_to("real.yaml")

    replace_files([Replacement(tmp_path / "link.yaml", "a: 1\n", "a: 2\n")])

    assert (tmp_path / "link.yaml").is_symlink()
    assert (tmp_path / "real.yaml").read_text() == "a: 2\n"


@pytest.mark.parametrize("before", [None, "a: 0\n"], ids=["was not there", "was otherwise"])
def test_a_file_that_was_changed_meanwhile_stops_all(tmp_path: Path, before: str | None) -> None:
    (tmp_path / "old.yaml").write_text("a: 1\n")

    with pytest.raises(FileError, match=r"old\.yaml has changed in the meantime; nothing was written"):
        replace_files(
            [Replacement(tmp_path / "new.yaml", None, ""), Replacement(tmp_path / "old.yaml", before, "a: 2\n")]
        )

    assert list_names(tmp_path) == ["old.yaml"]
    assert (tmp_path / "old.yaml").read_text() == "a: 1\n"


def test_a_file_that_is_gone_meanwhile_stops_all(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="changed in the meantime"):
        replace_files([Replacement(tmp_path / "old.yaml", "a: 1\n", "a: 2\n")])

    assert list_names(tmp_path) == []


def test_where_one_cannot_be_written_none_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(FileError, match=r"cannot write .*file/new\.yaml: Not a directory"):
        replace_files(
            [Replacement(tmp_path / "a/new.yaml", None, ""), Replacement(tmp_path / "file/new.yaml", None, "")]
        )

    assert list_names(tmp_path) == ["file"]


def test_a_folder_in_place_of_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "new.yaml").mkdir()

    with pytest.raises(FileError, match=r"cannot read .*new\.yaml: Is a directory"):
        replace_files([Replacement(tmp_path / "new.yaml", None, "")])


def test_an_interruption_on_the_way_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupt() -> Iterator[Replacement]:
        yield Replacement(tmp_path / "a/new.yaml", None, "")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_files(interrupt())

    assert list_names(tmp_path) == []


def test_an_interruption_at_the_end_waits() -> None:
    seen = []

    def be_interrupted() -> None:
        with defer_signals():
            signal.raise_signal(signal.SIGINT)
            seen.append("all is written")

    with pytest.raises(KeyboardInterrupt):
        be_interrupted()
    assert seen == ["all is written"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_end_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    with begin_writing(tmp_path) as process:
        process.send_signal(number)

    assert list_names(tmp_path) == []


def test_what_a_killed_process_left_is_removed_and_what_a_running_one_writes_is_not(tmp_path: Path) -> None:
    with begin_writing(tmp_path) as process:
        remove_stale_temp_files(tmp_path)
        (remnant,) = (name for name in list_names(tmp_path) if name != "a")
        process.kill()

    assert remnant.startswith(f"a/.new.yaml.{process.pid}.")
    assert remnant.endswith(".reconciler-tmp")
    assert list_names(tmp_path) == ["a", remnant]
    remove_stale_temp_files(tmp_path)
    assert list_names(tmp_path) == ["a"]


@pytest.mark.parametrize(
    ("name", "is_kept"),
    [
        (".new.yaml.99999999999999999999.x.reconciler-tmp", False),
        (".new.yaml.1.x.reconciler-tmp", True),
        ("new.yaml.99999999999999999999.x.reconciler-tmp", True),
        (".git/.new.yaml.99999999999999999999.x.reconciler-tmp", True),
        (".new.yaml.99999999999999999999.x.tmp", True),
    ],
)
def test_only_what_nobody_writes_any_more_is_a_remnant(tmp_path: Path, name: str, is_kept: bool) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("")

    remove_stale_temp_files(tmp_path)

    assert file.exists() is is_kept


def begin_writing(folder: Path) -> subprocess.Popen[str]:
    """A process that has written the first of several files, and waits."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE_ONE_AND_WAIT],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    return process


@pytest.mark.skipif(sys.platform == "win32", reason="no device there gives bytes without end")
@pytest.mark.parametrize("largest", [0, 3, 2**20, 2**20 + 1, 3 * 2**20])
def test_a_stream_without_end_is_read_to_one_byte_beyond_the_limit(largest: int) -> None:
    with Path("/dev/zero").open("rb") as stream:
        assert len(read_bounded(stream, largest)) == largest + 1


def test_a_stream_that_is_short_enough_is_read_to_its_end() -> None:
    assert read_bounded(io.BytesIO(b"abc"), 3) == b"abc"


NOBODY = 65534


def names_in(folder: Path) -> list[str]:
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
    assert names_in(tmp_path / "far") == ["real"]


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
    ("name", "value"), [("user.origin", b"workspace"), ("system.posix_acl_access", make_access_list(NOBODY))]
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

        assert ((folder / "file").read_text(), names_in(folder)) == ("last", ["file"])


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
    names = names_in(tmp_path)

    with full_disk(1000), pytest.raises(FileError, match=r"cannot write .*file: File too large"):
        write_file(path, "a" * size)

    assert (path.read_text(), names_in(tmp_path)) == ("before", names)


def test_what_fails_on_the_way_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("before")

    def fail() -> None:
        with open_atomic(tmp_path / "file") as write:
            write("after")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert ((tmp_path / "file").read_text(), names_in(tmp_path)) == ("before", ["file"])


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
def test_stdout_by_its_path_is_added_to_as_it_is(workspace: Workspace, name: str) -> None:
    """A file behind it is neither replaced nor emptied, nor is the device."""
    (workspace.root / "log").write_text("before\n")
    (workspace.root / "link").symlink_to("/dev/stdout")
    with (workspace.root / "log").open("a") as log:
        command = [sys.executable, "-m", "reconciler", "validate", "--format", f"concise={name}", "-q"]
        subprocess.run(command, stdout=log, check=False)

    lines = (workspace.root / "log").read_text().splitlines()
    assert (lines[0], lines[1].split(":")[0], Path("/dev/stdout").is_symlink()) == ("before", "reconciler.yaml", True)


HIDDEN = "hunter2-of-a-test"
RENAMED = {"one": {"channelId": 1, "channelInfo": "Renamed"}}


@pytest.fixture
def outside(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file beyond the project that would be a finding line by line, were it read."""
    workspace.load(make_world(make_channel(1)))
    workspace.define(RENAMED)
    path = tmp_path_factory.mktemp("outside") / "reconciler.yaml"
    path.write_text(f"password: {HIDDEN}\n")
    return path


def link(workspace: Workspace, name: str, target: str | Path) -> None:
    (workspace.root / name).unlink(missing_ok=True)
    (workspace.root / name).symlink_to(target)


@pytest.mark.parametrize("command", [["validate"], ["plan"], ["apply", "--auto-approve"], ["import"]])
def test_a_link_from_the_project_file_out_of_the_project_is_refused_unread(
    workspace: Workspace, outside: Path, command: list[str]
) -> None:
    link(workspace, "reconciler.yaml", outside)

    answer = workspace.run(*command)

    assert answer.code == 1
    assert f"reconciler.yaml:1:1  ESA101  the link leads out of the project, found {outside}\n" in answer.out
    assert "  fix: replace the link by a copy of its target, or delete it\n" in answer.out
    assert HIDDEN not in answer.out + answer.err


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_the_environment_of_the_process_is_not_read_as_a_project(workspace: Workspace, outside: Path) -> None:
    link(workspace, "reconciler.yaml", "/proc/self/environ")
    answer = subprocess.run(
        [sys.executable, "-m", "reconciler", "validate"],
        cwd=workspace.root,
        env={**os.environ, "ECI_API_KEY": HIDDEN},
        check=False,
        capture_output=True,
        text=True,
    )

    assert (answer.returncode, answer.stdout) == (
        1,
        (
            "reconciler.yaml:1:1  ESA101  the link leads out of the project, found /proc/self/environ\n"
            "  fix: replace the link by a copy of its target, or delete it\n"
            "\n"
            "1 error in 1 file.\n"
        ),
    )
    assert outside.exists()


@pytest.mark.parametrize("target", [".env", ".git/config.yaml", "credentials.json", "nowhere.yaml/../../x.yaml"])
def test_nor_is_what_lies_hidden_in_the_project_or_is_no_yaml(workspace: Workspace, target: str) -> None:
    workspace.write(".env", f"KEY={HIDDEN}\n")
    workspace.write(".git/config.yaml", f"{HIDDEN}\n")
    workspace.write("credentials.json", f'"{HIDDEN}"\n')
    link(workspace, "reconciler.yaml", target)

    answer = workspace.run("validate")

    assert answer.code == 1
    assert f"the link leads out of the project, found {target}" in answer.out
    assert HIDDEN not in answer.out


def test_a_link_within_the_project_is_followed(workspace: Workspace) -> None:
    workspace.define(RENAMED)
    workspace.write("settings/project.yaml", PROJECT)
    link(workspace, "reconciler.yaml", "settings/project.yaml")

    assert workspace.run("validate").out == "1 file, 1 channel: no findings.\n"


def test_a_link_to_itself_is_said(workspace: Workspace) -> None:
    link(workspace, "reconciler.yaml", "reconciler.yaml")

    assert "ESA101  the file cannot be read: Too many levels of symbolic links" in workspace.run("validate").out


@pytest.mark.parametrize("target", ["/dev/zero", "/dev/null"])
def test_a_device_is_not_a_project(workspace: Workspace, target: str) -> None:
    link(workspace, "reconciler.yaml", target)

    assert f"the link leads out of the project, found {target}" in workspace.run("validate").out


def test_a_pipe_is_not_a_project_and_nobody_waits_for_it(workspace: Workspace) -> None:
    (workspace.root / "reconciler.yaml").unlink()
    os.mkfifo(workspace.root / "reconciler.yaml")

    assert workspace.run("validate").out.startswith(
        "reconciler.yaml:1:1  ESA101  the file cannot be read: it is a pipe, a socket or a device\n"
    )


def test_a_project_above_does_not_stand_in_for_one_that_cannot_be_read(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = workspace.root / "below"
    below.mkdir()
    (below / "reconciler.yaml").symlink_to("nowhere.yaml")
    monkeypatch.chdir(below)

    answer = workspace.run("validate")

    assert answer.out.startswith("reconciler.yaml:1:1  ESA101  the file cannot be read: No such file or directory\n")


def test_channels_that_lead_to_what_is_no_yaml_are_refused(workspace: Workspace) -> None:
    workspace.define(RENAMED)
    workspace.write("channels/credentials.json", f'"{HIDDEN}"\n')
    link(workspace, "channels/more.yaml", "credentials.json")

    answer = workspace.run("validate")

    assert "channels/more.yaml:1:1  ESA101  the link leads out of the definitions, found credentials.json" in answer.out
    assert HIDDEN not in answer.out


def test_a_folder_of_definitions_that_is_a_link_to_what_is_hidden_is_refused(workspace: Workspace) -> None:
    workspace.write(".git/channels/all.yaml", f"{HIDDEN}\n")
    (workspace.root / "channels").symlink_to(".git/channels", target_is_directory=True)

    answer = workspace.run("validate")

    assert "ESA144  a definitions folder must be inside the project, found channels, a link out of it" in answer.out
    assert HIDDEN not in answer.out


def test_a_zero_byte_in_the_name_of_a_folder_is_a_finding(workspace: Workspace) -> None:
    workspace.write("reconciler.yaml", 'definitions: "a\\0b"\n')

    assert workspace.run("validate").code == 1


@pytest.mark.parametrize("name", [".reconciler", ".reconciler/journal"])
def test_no_journal_is_written_beyond_the_project(workspace: Workspace, outside: Path, name: str) -> None:
    elsewhere = outside.parent
    if name == ".reconciler":
        workspace.database.rename(elsewhere / "sandbox.sqlite3")
        workspace.database.parent.rmdir()
    (workspace.root / name).symlink_to(elsewhere, target_is_directory=True)
    before = sorted(elsewhere.iterdir())

    answer = workspace.run("apply", "--auto-approve")

    assert (answer.code, answer.err.splitlines()[-2:]) == (
        1,
        [
            f"reconciler: {workspace.root / name} is a link that leads out of the project",
            "  fix: replace it by a regular folder or file",
        ],
    )
    assert sorted(elsewhere.iterdir()) == before


def test_no_schema_is_written_beyond_the_project(workspace: Workspace, outside: Path) -> None:
    workspace.load(make_world(make_channel(1), make_channel(2, data_point=2)))
    (workspace.root / "schemas").symlink_to(outside.parent, target_is_directory=True)

    answer = workspace.run("import")

    assert answer.err.startswith(f"reconciler: {workspace.root / 'schemas'} is a link that leads out of the project\n")
    assert list(outside.parent.iterdir()) == [outside]


@pytest.mark.parametrize("name", [".gitignore", "reconciler.yaml", "schemas", "channels"])
def test_init_writes_nothing_through_a_link(workspace: Workspace, outside: Path, name: str) -> None:
    place = outside.parent / "new"
    (workspace.root / "fresh").mkdir()
    (workspace.root / "fresh" / name).symlink_to(place)

    answer = workspace.run("init", "fresh")

    assert (answer.code, answer.err.splitlines()[0]) == (
        1,
        f"reconciler: {Path('fresh', name)} is a link that leads out of the project",
    )
    assert not place.exists()


@pytest.mark.parametrize(
    ("command", "code"), [(["plan", "--snapshot"], 1), (["show"], 1), (["apply"], 1)], ids=["snapshot", "show", "apply"]
)
@pytest.mark.parametrize("target", ["/dev/zero", "/dev/tty0"])
def test_a_device_is_neither_a_plan_nor_a_snapshot(
    workspace: Workspace, outside: Path, command: list[str], code: int, target: str
) -> None:
    if not Path(target).exists():
        pytest.skip(f"there is no {target}")
    link(workspace, "given.json", target)

    answer = workspace.run(*command, "given.json")

    assert (answer.code, answer.err.splitlines()[0]) == (
        code,
        "reconciler: cannot read given.json: it is a pipe, a socket or a device",
    )
    assert outside.exists()


def test_nothing_of_a_file_that_is_no_snapshot_is_shown(workspace: Workspace, outside: Path) -> None:
    link(workspace, "copy.json", outside)

    answer = workspace.run("plan", "--snapshot", "copy.json")

    assert answer.err.startswith("reconciler: the file is not a snapshot, or was cut short: it is not JSON\n")
    assert HIDDEN not in answer.out + answer.err


def test_a_base_with_a_link_out_of_the_definitions_is_read_without_it(workspace: Workspace, outside: Path) -> None:
    (workspace.root / ".git").rmdir()
    for words in (["init"], ["add", "channels", "reconciler.yaml"]):
        subprocess.run(["git", *words], cwd=workspace.root, check=True, capture_output=True)
    link(workspace, "channels/out.yaml", outside)
    link(workspace, "channels/up.yaml", "../../up.yaml")
    identity = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    subprocess.run(["git", "add", "channels"], cwd=workspace.root, check=True, capture_output=True)
    subprocess.run(["git", *identity, "commit", "-m", "x"], cwd=workspace.root, check=True, capture_output=True)
    for name in ("out.yaml", "up.yaml"):
        (workspace.root / "channels" / name).unlink()

    answer = workspace.run("plan", "--base", "HEAD", "--format", "json")

    assert [edit["origin"] for edit in json.loads(answer.out)["resource_changes"][0]["edits"]] == ["drift"]
