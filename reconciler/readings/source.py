"""A file of readings as text: regular, UTF-8, and without lines that fill the memory."""

from __future__ import annotations

import codecs
import io
import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from msgspec import Struct

from reconciler.errors import FileError, advise_on
from reconciler.readings.flaws import BrokenFile
from reconciler.readings.kinds import AS_UTF8, refuse_odd_kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A row of a thousand columns has a tenth of that.
LONGEST_LINE = 2**20
_CHUNK = 2**16


class Source(Struct, frozen=True):
    """A file of readings, as it was when it was first looked at; `head` is the text it begins with."""

    path: Path
    head: str
    size: int
    modified: int

    @property
    def name(self) -> str:
        return self.path.as_posix()

    @contextmanager
    def open(self, longest_line: int | None = LONGEST_LINE) -> Iterator[io.TextIOBase]:
        """The text of the file, line ends as they are; a byte order mark is left out.

        Raises BrokenFile, also while it is read, where it changed, is not UTF-8 text, or has a line that is longer
        than `longest_line` bytes; FileError where it cannot be read.
        """
        with _explained(self.path), self.path.open("rb", buffering=0) as file:
            if _measure(file) != (self.size, self.modified):
                raise BrokenFile("the file was changed while it was read", fix="leave the file alone, and try again")
            guard = _Guard(file, longest_line)
            with io.TextIOWrapper(cast(BinaryIO, guard), encoding="utf-8-sig", newline="") as text:
                yield text


def look_at(path: Path) -> Source:
    """The file of readings at `path`. Raises BrokenFile where it is not UTF-8 text, and FileError where no file."""
    if path.name == "-" and not path.exists():
        raise FileError("readings cannot come from standard input", "save them to a file: it is read more than once")
    with _explained(path):
        if not stat.S_ISREG(path.stat().st_mode):
            raise FileError(f"{path} is no ordinary file", "save the readings to a file: it is read more than once")
        with path.open("rb") as file:
            size, modified = _measure(file)
            head = file.read(_CHUNK)
        refuse_odd_kind(head)
        _refuse_zero_byte(head, 1)
        # The head may end within a character; what is wrong elsewhere is found when it is read.
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    return Source(path, text, size, modified)


def _measure(file: BinaryIO | io.FileIO) -> tuple[int, int]:
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError:
        raise BrokenFile("the file is not UTF-8 text, found other bytes", _find_odd_line(path), AS_UTF8) from None
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}", advise_on(error)) from error


def _find_odd_line(path: Path) -> int:
    """The number of the first line that is no UTF-8."""
    decoder, lines = codecs.getincrementaldecoder("utf-8-sig")(), 1
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            try:
                lines += decoder.decode(chunk).count("\n")
            except UnicodeDecodeError as error:
                return lines + error.object[: error.start].count(b"\n")
    return lines


def _refuse_zero_byte(chunk: bytes, line: int) -> None:
    odd = chunk.find(b"\0")
    if odd >= 0:
        fix = "write the file again as UTF-8 text; a logger that lost power may leave zero bytes, which can be deleted"
        raise BrokenFile("the file is not text, found a zero byte", line + chunk.count(b"\n", 0, odd), fix)


class _Guard(io.BufferedIOBase):
    """Bytes on their way to be text, stopped where a line gets longer than it may be, and at a byte that is none.

    They come in pieces of their own size, for text asks for an eighth of what reads well.
    """

    def __init__(self, file: io.FileIO, longest_line: int | None) -> None:
        super().__init__()
        self._file = file
        self._longest = longest_line
        self._lines = 1
        self._length = 0

    def readable(self) -> bool:
        return True

    def read(self, _size: int | None = -1, /) -> bytes:
        return b"".join(iter(self.read1, b""))

    def read1(self, _size: int = -1, /) -> bytes:
        chunk = self._file.read(_CHUNK) or b""
        self._check(chunk)
        return chunk

    def _check(self, chunk: bytes) -> None:
        _refuse_zero_byte(chunk, self._lines)
        end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        self._length = self._length + len(chunk) if end < 0 else len(chunk) - end - 1
        self._lines += chunk.count(b"\n")
        if self._longest is not None and self._length > self._longest:
            raise BrokenFile(f"a line is longer than {self._longest:,} bytes", self._lines)
