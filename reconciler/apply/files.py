"""What operating systems do differently with a file: taking it for one process, and making it durable."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":  # pragma: no cover - the tests run elsewhere
    import msvcrt

    # Far beyond what is written, for a locked byte cannot be read by others.
    _BYTE = 2**40

    def lock(descriptor: int) -> None:
        """Take the open file for this process, however that ends. Raises OSError where another one has it."""
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def make_durable(descriptor: int) -> None:
        """Bring what was written to the open file onto the disk. Raises OSError."""
        os.fsync(descriptor)

    def make_name_durable(path: Path) -> None:
        """Nothing: folders cannot be opened here."""

else:
    import fcntl

    # The file's time of change need not be on the disk: that would take a quarter longer.
    _sync = getattr(os, "fdatasync", os.fsync)

    def lock(descriptor: int) -> None:
        """Take the open file for this process, however that ends. Raises OSError where another one has it."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def make_durable(descriptor: int) -> None:
        """Bring what was written to the open file onto the disk. Raises OSError."""
        _sync(descriptor)

    def make_name_durable(path: Path) -> None:
        """Bring onto the disk that `path` is in its folder. Raises OSError."""
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
