"""How commands read and write whole files: one file or several, all or none, keeping links, mode and owner."""

from __future__ import annotations

import errno
import io
import os
import re
import stat
import sys
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from msgspec import Struct

from reconciler.cli.paths import find_descriptor
from reconciler.cli.signals import defer_signals
from reconciler.errors import FileError, advise_on
from reconciler.masking import KEYS, open_masked
from reconciler.regular_files import LARGEST, read_bounded, read_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Write = Callable[[str], object]


# The suffix of a temporary file beside its target; .gitignore lists it.
TEMP_SUFFIX = ".reconciler-tmp"
# The variable with the file that all commands of a step append to. Source: docs.github.com, "Workflow commands".
_SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
# Errors if a folder takes no new file, or a file cannot be replaced, such as a single file mounted in a container.
_FOLDER_NOT_WRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV})
# A name may have 255 bytes, on some file systems 143, so only the start of a long name is kept.
_TEMP_NAME_LENGTH = 24
# Extended attributes that the system itself gives to a new file. Source: xattr(7).
_SYSTEM_ATTRIBUTES = ("security.", "trusted.")


class StagedFile:
    """The new content of a file: collected by `write`, completed by `finish`, and moved into place by `put`.

    It is a temporary file beside the target; or in memory if it is appended, if the target has several names, or if the
    folder takes no new file. All methods raise OSError.
    """

    def __init__(self, stack: ExitStack, path: Path) -> None:
        self._target = Path(os.path.realpath(path))
        self._status = read_status(self._target)
        self._appends = _is_step_summary(self._target)
        self._temporary: Path | None = None
        self._stream: BinaryIO = io.BytesIO()
        self._content = b""
        if self._appends or (self._status is not None and self._status.st_nlink > 1):
            return
        try:
            self._open_beside(stack)
        except OSError as error:
            if not self._can_write_in_place(error):
                raise

    def write(self, content: bytes) -> None:
        """Append to the new content."""
        self._stream.write(content)

    def finish(self) -> None:
        """Complete the content and close its file: many staged files may wait for `put`."""
        if isinstance(self._stream, io.BytesIO):
            self._content = self._stream.getvalue()
        self._stream.close()
        if self._temporary is not None and self._status is not None:
            self._temporary.chmod(stat.S_IMODE(self._status.st_mode))

    def put(self) -> None:
        """Give the file its new content."""
        if self._temporary is None:
            write_in_place(self._target, self._content, appends=self._appends)
            return
        try:
            self._temporary.replace(self._target)
        except OSError as error:
            if not self._can_write_in_place(error):
                raise
            write_in_place(self._target, self._temporary.read_bytes(), appends=False)
            self._temporary.unlink()

    def _open_beside(self, stack: ExitStack) -> None:
        name = f".{self._target.name[:_TEMP_NAME_LENGTH]}.{os.getpid()}.{os.urandom(6).hex()}{TEMP_SUFFIX}"
        temporary = self._target.with_name(name)
        # Registered before it is created, so that no interruption leaves it behind.
        stack.callback(_remove, temporary)
        # The content of a file that only its owner may read must not be readable meanwhile.
        mode = 0o666 if self._status is None else 0o600
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        stream = os.fdopen(os.open(temporary, flags, mode), "wb")
        stack.callback(_close, stream)
        if self._copies_owner(stream.fileno()) and self._copies_attributes(stream.fileno()):
            self._temporary, self._stream = temporary, stream

    def _copies_owner(self, descriptor: int) -> bool:
        """Whether the temporary file has the owner of the target, or the target cannot be written in place."""
        if self._status is None or sys.platform == "win32":
            return True
        try:
            os.fchown(descriptor, self._status.st_uid, self._status.st_gid)
        except OSError:
            return not may_write_in_place(self._target)
        return True

    def _copies_attributes(self, descriptor: int) -> bool:
        """Whether the temporary file has the access list and attributes of the target, or must replace it anyway."""
        if self._status is None or sys.platform != "linux":
            return True
        names = _list_attributes(self._target)
        try:
            # A folder can give new files an access list that the target does not have.
            for name in _list_attributes(descriptor) - names:
                os.removexattr(descriptor, name)
            for name in names:
                os.setxattr(descriptor, name, os.getxattr(self._target, name))
        except OSError:
            return not may_write_in_place(self._target)
        return True

    def _can_write_in_place(self, error: OSError) -> bool:
        return error.errno in _FOLDER_NOT_WRITABLE and may_write_in_place(self._target)


def _list_attributes(file: Path | int) -> set[str]:
    # Some file systems have no attributes.
    with suppress(OSError):
        return {name for name in os.listxattr(file) if not name.startswith(_SYSTEM_ATTRIBUTES)}
    return set()


def write_in_place(path: Path, content: bytes, *, appends: bool) -> None:
    """Overwrite the file at `path` with `content`, or append it on a new line.

    If the disk is full, the old content is restored. Raises OSError.
    """
    with path.open("r+b", buffering=0) as file:
        before = file.read()
        kept = before if appends else b""
        gap = b"" if not kept or kept.endswith(b"\n") else b"\n"
        try:
            file.seek(len(kept))
            _write_all(file, gap + content)
            file.truncate()
        except OSError:
            file.seek(0)
            _write_all(file, before)
            file.truncate()
            raise


def open_special(path: Path) -> TextIO | None:
    """A stream for a path written to directly: a standard stream, a descriptor of this process, a pipe or a device.

    None for a regular file, existing or not. Raises OSError.
    """
    number = find_descriptor(path)
    if number in (1, 2):
        return sys.stdout if number == 1 else sys.stderr
    if number is not None:
        return open_masked(os.dup(number), "w", newline="\n")
    return open_masked(path, "w", newline="\n") if is_special(path) else None


def is_special(path: Path) -> bool:
    """Whether `path` is a pipe, a device or the like. Raises OSError if the system cannot tell."""
    status = read_status(path)
    return status is not None and not stat.S_ISREG(status.st_mode)


def read_status(path: Path) -> os.stat_result | None:
    """The status of the file at `path`; None if there is no such file. Raises OSError if the system cannot tell."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def may_write_in_place(path: Path) -> bool:
    """Whether the regular file at `path` may be read and written, whatever the permissions of its folder."""
    return path.is_file() and os.access(path, os.R_OK | os.W_OK)


def _is_step_summary(target: Path) -> bool:
    summary = os.environ.get(_SUMMARY_VARIABLE)
    return bool(summary) and target.is_file() and target.samefile(Path(os.path.realpath(summary or "")))


def _write_all(file: io.FileIO, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[file.write(view) :]


def _close(stream: BinaryIO) -> None:
    # `finish` has raised what went wrong; without it, the content is not needed.
    with suppress(OSError):
        stream.close()


def _remove(temporary: Path) -> None:
    # A temporary file that cannot be removed does no harm.
    with suppress(OSError):
        temporary.unlink(missing_ok=True)


_STDIN = Path("-")
# The name of a temporary file holds the id of the process that writes it.
_TEMP_NAME = re.compile(rf"^\..+\.(\d+)\.[^.]+{re.escape(TEMP_SUFFIX)}$", re.ASCII)


class NotUtf8(FileError):
    """A file that is not UTF-8 text."""


def read_file(path: Path) -> str:
    """The text of `path`, or of stdin for `-`. Raises FileError if it cannot be read or is not UTF-8.

    A pipe, as from `<(command)`, is read; a device, or more than 1 GiB, is not.
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
        raise FileError("stdin is empty", "give a file, or pipe one in")
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8").read()


def _read_bytes(path: Path) -> bytes:
    if path == _STDIN:
        return read_bounded(sys.stdin.buffer)
    if path.is_fifo():
        with path.open("rb") as stream:
            return read_bounded(stream)
    return read_regular(path)


def read_exactly(path: Path) -> str:
    """The text of `path` with its line ends and byte order mark unchanged. Raises FileError."""
    try:
        return read_regular(path).decode()
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}", advise_on(error)) from error
    except UnicodeDecodeError as error:
        raise NotUtf8(f"{path} is not UTF-8 text", "save it as UTF-8") from error


def check_writable(path: Path) -> None:
    """Raise FileError if `write_file` could not write `path`, before any work is done for it."""
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
    """Write `text` to `path` completely or not at all, as `open_atomic` does. Raises FileError."""
    with open_atomic(path) as write:
        write(text)


@contextmanager
def open_atomic(path: Path) -> Iterator[Write]:
    """A function whose texts become the content of `path` at the end of the block; on an error, none of them.

    Links are followed; the file keeps its mode, owner and other names. If the file is writable but its folder is not,
    it is written in place. A step summary of GitHub is appended to. A pipe, a device and /dev/stdout are written
    directly. Raises FileError.
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
    """A function that writes each text to `path` at once, for readers who follow it. Old content is lost.

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
            # Every write was flushed, or has raised.
            with suppress(OSError):
                stream.close()


@contextmanager
def _write_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror}", advise_on(error)) from error


class Replacement(Struct, frozen=True):
    """The content of a file before and after; `before` is None if the file does not exist."""

    path: Path
    before: str | None
    after: str


def replace_files(replacements: Iterable[Replacement], check: Callable[[], None] = lambda: None) -> None:
    """Write all of `replacements`, or none if one cannot be written.

    Each file is staged beside its target, and all are moved into place at the end. An interruption before that leaves
    nothing behind; one during it waits. Raises FileError, also if a file changed since it was read, and whatever
    `check` raises just before the move.
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
    """Remove temporary files in `folder` of processes that no longer run."""
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for remnant in filter(_is_stale, files):
            # A file that cannot be removed does no harm.
            with suppress(OSError):
                Path(place, remnant).unlink()


def _is_stale(name: str) -> bool:
    writer = _TEMP_NAME.search(name)
    return writer is not None and not _is_running(int(writer[1]))


def _is_running(process: int) -> bool:
    if sys.platform == "win32":
        # On Windows, os.kill would end the process.
        return True
    try:
        # PermissionError: the process runs and belongs to another user.
        with suppress(PermissionError):
            os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _refuse_key(one: Replacement) -> None:
    """Raise FileError if a file of the project would hold a key: a mask instead of it would change the channel."""
    if KEYS.finds(one.after) and not KEYS.finds(one.before or ""):
        raise FileError(
            f"{one.path} would contain an API key that is in use; nothing was written",
            "remove the value that contains it, or replace the key in EnergyCAP",
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


def list_paths(root: Path, folder: str) -> frozenset[str]:
    """All paths in `folder` that are not hidden, relative to `root`, in lower case."""
    paths = set()
    for place, folders, files in os.walk(root / folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths |= {Path(place, name).relative_to(root).as_posix().casefold() for name in (*folders, *files)}
    return frozenset(paths)
