"""The one place where commands read whole files and write them: one file or several, all or none."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.cli.drafts import TEMP_SUFFIX, StagedFile, is_special, may_write_in_place, open_special
from reconciler.cli.interrupts import defer_signals
from reconciler.errors import FileError, advise_on
from reconciler.masking import KEYS, open_masked
from reconciler.regular_files import LARGEST, read_bounded, read_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TextIO

    Write = Callable[[str], object]

_STDIN = Path("-")
# The process that writes a file is in its name until it is done.
_TEMP_NAME = re.compile(rf"^\..+\.(\d+)\.[^.]+{re.escape(TEMP_SUFFIX)}$", re.ASCII)


class NotUtf8(FileError):
    """A file of text in another encoding, or of no text."""


def read_file(path: Path) -> str:
    """The text of `path`, of stdin for `-`; raises FileError if it cannot be read or is not UTF-8.

    A pipe is read, as of `<(command)`; a device and what is larger than 1 GiB are not.
    """
    try:
        return _read(path)
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}", advise_on(error)) from error
    except UnicodeDecodeError as error:
        raise FileError(
            f"{path} is not UTF-8 text", "give a file that reconciler wrote: plan --out, snapshot"
        ) from error


def _read(path: Path) -> str:
    data = _read_bytes(path)
    name = "stdin" if path == _STDIN else str(path)
    if len(data) > LARGEST:
        raise FileError(f"{name} is larger than 1 GiB", "give a plan or a snapshot")
    if path == _STDIN and not data:
        raise FileError("nothing came on stdin", "give a file, or pipe one in")
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8").read()


def _read_bytes(path: Path) -> bytes:
    if path == _STDIN:
        return read_bounded(sys.stdin.buffer)
    if path.is_fifo():
        with path.open("rb") as stream:
            return read_bounded(stream)
    return read_regular(path)


def read_exactly(path: Path) -> str:
    """The text of `path` with its line ends and byte order mark as they are. Raises FileError."""
    try:
        return read_regular(path).decode()
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}", advise_on(error)) from error
    except UnicodeDecodeError as error:
        raise NotUtf8(f"{path} is not UTF-8 text", "save it as UTF-8") from error


def check_writable(path: Path) -> None:
    """Raise FileError where `write_file` would find no place for `path`: before anything is done, not after."""
    with _write_errors(path):
        target = Path(os.path.realpath(path))
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if is_special(path):
            is_writable = os.access(path, os.W_OK)
        else:
            is_writable = may_write_in_place(target) or os.access(target.parent, os.W_OK | os.X_OK)
        if not is_writable:
            number = errno.EACCES if target.parent.is_dir() else errno.ENOENT
            raise OSError(number, os.strerror(number))


def write_file(path: Path, text: str) -> None:
    """Write `text` to `path` whole or not at all; raises FileError. What is written to is as `open_atomic` says."""
    with open_atomic(path) as write:
        write(text)


@contextmanager
def open_atomic(path: Path) -> Iterator[Write]:
    """A function whose texts become the content of `path` at the end of the block, all or, on an error, none.

    A link is followed; the file keeps its mode, its owner and its other names. If its folder may not be written though
    the file may, it is written in place. A step summary of GitHub is added to. A pipe, a device and /dev/stdout are
    written to directly. Raises FileError.
    """
    with _write_errors(path):
        special = open_special(path)
    if special is not None:
        with _open_lines(path, special) as write:
            yield write
        return
    with ExitStack() as stack:
        with _write_errors(path):
            draft = StagedFile(stack, path)

        def keep(text: str) -> None:
            with _write_errors(path):
                draft.write(KEYS.hide(text).encode())

        yield keep
        with _write_errors(path):
            draft.finish()
            draft.put()


@contextmanager
def open_unbuffered(path: Path) -> Iterator[Write]:
    """A function whose texts are in `path` at once, for readers who follow it; what the file held before is gone.

    Raises FileError.
    """
    with _write_errors(path):
        stream = open_special(path) or open_masked(path, "w", newline="\n")
    with _open_lines(path, stream) as write:
        yield write


@contextmanager
def _open_lines(path: Path, stream: TextIO) -> Iterator[Write]:
    def write(text: str) -> None:
        with _write_errors(path):
            stream.write(text)
            stream.flush()

    try:
        yield write
    finally:
        if stream not in (sys.stdout, sys.stderr):
            # All is flushed, or it was said why not.
            with suppress(OSError):
                stream.close()


@contextmanager
def _write_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror}", advise_on(error)) from error


class Replacement(Struct, frozen=True):
    """What a file holds now, and what it is to hold; None where it is not there yet."""

    path: Path
    before: str | None
    after: str


def replace_files(replacements: Iterable[Replacement], check: Callable[[], None] = lambda: None) -> None:
    """Write all of `replacements` or, where one cannot be written, none.

    Each file is written beside its place, and all are put there at the end; an interruption before leaves nothing
    behind, one during that moment waits. Raises FileError, also where a file is no longer as it was read, and what
    `check` raises at the last moment.
    """
    with ExitStack() as stack:
        staged = [(_stage_file(stack, one), one) for one in replacements]
        for _, one in staged:
            _check_unchanged(one)
        check()
        with defer_signals():
            for draft, one in staged:
                _replace(draft, one.path)
        stack.pop_all()


def remove_stale_temp_files(folder: Path) -> None:
    """Remove what processes that were killed left in `folder`; what others are writing at this moment stays."""
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for remnant in filter(_is_stale, files):
            # One that cannot be removed is in nobody's way.
            with suppress(OSError):
                Path(place, remnant).unlink()


def _is_stale(name: str) -> bool:
    writer = _TEMP_NAME.search(name)
    return writer is not None and not _is_running(int(writer[1]))


def _is_running(process: int) -> bool:
    if sys.platform == "win32":
        # There the question itself would end it.
        return True
    try:
        # Who may not be asked is there, and somebody else's.
        with suppress(PermissionError):
            os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _refuse_key(one: Replacement) -> None:
    """Raise FileError where a key would come into a file of the project, for there nothing may stand in its place."""
    if KEYS.finds(one.after) and not KEYS.finds(one.before or ""):
        raise FileError(
            f"{one.path} would hold an API key that is in use; nothing was written",
            "leave out what holds it, or replace the key in EnergyCAP",
        )


def _stage_file(stack: ExitStack, one: Replacement) -> StagedFile:
    _refuse_key(one)
    target = Path(os.path.realpath(one.path))
    try:
        for folder in reversed([folder for folder in target.parents if not folder.exists()]):
            folder.mkdir()
            stack.callback(_remove_empty, folder)
        draft = StagedFile(stack, one.path)
        draft.write(one.after.encode())
        draft.finish()
    except OSError as error:
        raise FileError(f"cannot write {one.path}: {error.strerror}; nothing was written", advise_on(error)) from error
    return draft


def _check_unchanged(one: Replacement) -> None:
    is_there = one.path.exists() or one.path.is_symlink()
    if (read_exactly(one.path) if is_there else None) != one.before:
        raise FileError(f"{one.path} has changed in the meantime; nothing was written", "run the command again")


def _replace(draft: StagedFile, path: Path) -> None:
    try:
        draft.put()
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror}", "see what was written:  git status") from error


def _remove_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()
