"""What operating systems do differently with a file: taking it for one process, and making it durable."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What a system answers if another process has the lock; every other answer means that there are no locks, or worse.
_TAKEN = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, getattr(errno, "EDEADLOCK", errno.EAGAIN)})
# What a file system answers that does not know durable folders. Source: PostgreSQL, fsync_fname_ext; git and SQLite
# also pass over these.
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF})
_NO_FOLDER_OPEN = frozenset({errno.EACCES, errno.EISDIR})

if sys.platform == "win32":  # pragma: no cover - the tests run elsewhere
    import msvcrt

    # Far beyond what is written, for a locked byte cannot be read by others.
    _BYTE = 2**40

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def make_durable(descriptor: int) -> None:
        """Bring what was written to the open file onto the disk. Raises OSError."""
        os.fsync(descriptor)

    def make_name_durable(path: Path) -> None:
        """Nothing: folders cannot be opened here."""

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def make_durable(descriptor: int) -> None:
        """Bring what was written to the open file onto the disk. Raises OSError."""
        # The file's time of change need not be on the disk: that would take a quarter longer.
        getattr(os, "fdatasync", os.fsync)(descriptor)

    def make_name_durable(path: Path) -> None:
        """Bring onto the disk that `path` is in its folder, if the file system can do that. Raises OSError."""
        with _passing_over(_NO_FOLDER_OPEN):
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                with _passing_over(_NO_FOLDER_SYNC):
                    os.fsync(folder)
            finally:
                os.close(folder)

    @contextmanager
    def _passing_over(numbers: frozenset[int]) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in numbers:
                raise


def lock(descriptor: int) -> bool:
    """Whether the open file belongs to this process from now on, however it ends; False if another one has it.

    Raises OSError if the file system has no locks.
    """
    try:
        _lock(descriptor)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise
    return True
