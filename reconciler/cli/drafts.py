"""How a file gets its new content: completely or not at all, keeping its links, mode, owner and attributes."""

from __future__ import annotations

import errno
import io
import os
import re
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from reconciler.masking import open_masked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack

# What is written beside its place ends so until it is put there; git is told to ignore it.
TEMP_SUFFIX = ".reconciler-tmp"
# GitHub names here the file that all commands of a step add to. Source: docs.github.com, "Workflow commands".
_SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
# What the system answers if nothing can be put into a folder, or in the place of a file on its own, as of a container.
_FOLDER_NOT_WRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV})
# A name may have 255 bytes, on some file systems 143: of a long one the beginning is enough.
_TEMP_NAME_LENGTH = 24
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")
_STANDARD_STREAMS: Mapping[str, int] = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_MAX_LINKS = 40
# Extended attributes that the system itself gives to a new file. Source: xattr(7).
_SYSTEM_ATTRIBUTES = ("security.", "trusted.")


class StagedFile:
    """The new content of a file, before `put` brings it there: `finish` says that it is whole.

    It stands beside the file; in memory if it is added to the file, if the file has other names, or if its folder takes
    nothing. All methods raise OSError.
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
        """Add to the new content."""
        self._stream.write(content)

    def finish(self) -> None:
        """End the content. Many drafts may wait to be put, so none of them keeps a file open."""
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
        # Before it is made, so that no interruption leaves it behind.
        stack.callback(_remove, temporary)
        # Nobody reads what is written for a file that only its owner may read.
        mode = 0o666 if self._status is None else 0o600
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        stream = os.fdopen(os.open(temporary, flags, mode), "wb")
        stack.callback(_close, stream)
        if self._copies_owner(stream.fileno()) and self._copies_attributes(stream.fileno()):
            self._temporary, self._stream = temporary, stream

    def _copies_owner(self, descriptor: int) -> bool:
        """Whether what is written beside the file can take its place; one that stays somebody else's is kept."""
        if self._status is None or sys.platform == "win32":
            return True
        try:
            os.fchown(descriptor, self._status.st_uid, self._status.st_gid)
        except OSError:
            return not may_write_in_place(self._target)
        return True

    def _copies_attributes(self, descriptor: int) -> bool:
        """Whether what is written beside the file has its access list and its other attributes, too."""
        if self._status is None or sys.platform != "linux":
            return True
        names = _list_attributes(self._target)
        try:
            # A folder can give new files an access list that the old one did not have.
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
    # Some file systems have none.
    with suppress(OSError):
        return {name for name in os.listxattr(file) if not name.startswith(_SYSTEM_ATTRIBUTES)}
    return set()


def write_in_place(path: Path, content: bytes, *, appends: bool) -> None:
    """Give the file at `path` this content, or add it there on a line of its own; if there is no room, it stays as it
    was. Raises OSError.
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
    """What is written to directly: a standard stream by its path, a descriptor of this process, a pipe or a device.

    None for an ordinary file, there or not. Raises OSError.
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


def find_descriptor(path: Path) -> int | None:
    """The number of the open file that `path`, or a link there, stands for, such as /dev/stdout and /dev/fd/63."""
    place = os.path.abspath(path)  # noqa: PTH100 - without following links
    for _ in range(_MAX_LINKS):
        if place in _STANDARD_STREAMS:
            return _STANDARD_STREAMS[place]
        if found := _DESCRIPTOR.fullmatch(place):
            return int(found[1])
        if not os.path.islink(place):  # noqa: PTH114
            return None
        place = os.path.normpath(Path(place).parent / Path(place).readlink())
    return None


def read_status(path: Path) -> os.stat_result | None:
    """What the system says of the file at `path`; None if there is none. Raises OSError if it cannot tell."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def may_write_in_place(path: Path) -> bool:
    """Whether the ordinary file at `path` may be read and written, whatever may be done in its folder."""
    return path.is_file() and os.access(path, os.R_OK | os.W_OK)


def _is_step_summary(target: Path) -> bool:
    summary = os.environ.get(_SUMMARY_VARIABLE)
    return bool(summary) and target.is_file() and target.samefile(Path(os.path.realpath(summary or "")))


def _write_all(file: io.FileIO, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[file.write(view) :]


def _close(stream: BinaryIO) -> None:
    # `finish` has said what went wrong; else the content is not wanted.
    with suppress(OSError):
        stream.close()


def _remove(temporary: Path) -> None:
    # One that cannot be removed any more is in nobody's way.
    with suppress(OSError):
        temporary.unlink(missing_ok=True)
