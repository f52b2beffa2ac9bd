"""A file for one process at a time; the lock goes with the process, however that ends."""

from __future__ import annotations

import sys

if sys.platform == "win32":  # pragma: no cover - the tests run elsewhere
    import msvcrt
    import os

    # Far beyond what is written: there a locked byte keeps others from reading it.
    _BYTE = 2**40

    def lock(descriptor: int) -> None:
        """Take the open file for this process. Raises OSError where another one has it."""
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def lock(descriptor: int) -> None:
        """Take the open file for this process. Raises OSError where another one has it."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
