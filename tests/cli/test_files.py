"""Several files that are written as one."""

from __future__ import annotations

import io
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.file_io import Replacement, read_exactly, remove_stale_temp_files, replace_files
from reconciler.cli.signals import defer_signals
from reconciler.errors import FileError
from reconciler.regular_files import read_bounded

if TYPE_CHECKING:
    from collections.abc import Iterator


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


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path: Path) -> None:
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
