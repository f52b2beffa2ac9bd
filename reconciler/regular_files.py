"""Files, read within bounds: a device, a pipe or a file of /proc could hang a command, fill memory, or hold secrets."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

# Far beyond any plan, snapshot or journal, and little enough for the memory of a small machine.
LARGEST = 1024**3
_PIECE = 1024**2
# Without waiting for somebody at the other end of a pipe; Windows has neither.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_regular(path: Path, largest: int = LARGEST) -> bytes:
    """The content of the file at `path`, and of one that is larger the first `largest` bytes and one more.

    Raises OSError if it cannot be read, or is not a regular file.
    """
    descriptor = os.open(path, _FLAGS)
    with os.fdopen(descriptor, "rb") as stream:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is a pipe, a socket or a device", str(path))
        # The size that the system gives is not asked for: of the files in /proc it is 0.
        return read_bounded(stream, largest)


def read_bounded(stream: BinaryIO, largest: int = LARGEST) -> bytes:
    """What comes from `stream`, and if that is more than `largest` bytes, these and one more."""
    # One read of all would reserve room for it, however little comes.
    content = bytearray()
    while piece := stream.read(min(_PIECE, largest + 1 - len(content))):
        content += piece
    return bytes(content)
