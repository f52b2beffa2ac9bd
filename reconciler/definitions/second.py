"""A second process that reads sound files beside the first, where there is a processor for it."""

from __future__ import annotations

import marshal
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from reconciler.definitions.files import read_file
from reconciler.definitions.page import read_sound
from reconciler.definitions.scalars import PlainScalars

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reconciler.definitions.page import Sound

# About 1,000 channels: below that, the start of a process costs more than it saves.
_WORTH_IT = 700_000


@dataclass(frozen=True, slots=True)
class Second:
    """A process that reads `count` files; what it read comes through a pipe."""

    process: int
    pipe: int
    count: int

    def collect(self) -> Sequence[Sound | None]:
        """What each file holds, None for one that needs a close look; nothing but None where the process died."""
        with os.fdopen(self.pipe, "rb") as stream:
            answer = stream.read()
        os.waitpid(self.process, 0)
        try:
            sounds: list[Sound | None] = marshal.loads(answer)  # noqa: S302 - from this program's own copy
        except (EOFError, ValueError):
            return [None] * self.count
        return sounds


def does_pay(size: int) -> bool:
    """Whether files of `size` bytes together are read sooner by two processes.

    Only on Linux, where a copy of a process is safe and cheap, and only where no thread could be cut in half.
    """
    if size < _WORTH_IT:
        return False
    # Imported here, as only many files need to know.
    import threading  # noqa: PLC0415

    is_able = sys.platform == "linux" and threading.active_count() == 1
    return is_able and len(os.sched_getaffinity(0)) > 1


def start_second(root: Path, files: Sequence[str]) -> Second | None:
    """A copy of this process that reads `files`, None where the system has no room for one."""
    receiving, sending = os.pipe()
    try:
        process = os.fork()
    except OSError:
        os.close(receiving)
        os.close(sending)
        return None
    if process == 0:  # pragma: no cover - what the copy does is not seen from here
        os.close(receiving)
        _answer(root, files, sending)
    os.close(sending)
    return Second(process, receiving, len(files))


def read_sounds(root: Path, files: Sequence[str]) -> list[Sound | None]:
    """What each of `files` holds, None for one that needs a close look."""
    scalars = PlainScalars()
    contents = (read_file(root, file) for file in files)
    return [read_sound(data, scalars) if isinstance(data, bytes) else None for data in contents]


def _answer(root: Path, files: Sequence[str], pipe: int) -> NoReturn:  # pragma: no cover - runs in the copy
    """Read, answer and end, whatever happens: what does not come through the pipe the first process reads itself."""
    try:
        with os.fdopen(pipe, "wb") as stream:
            stream.write(marshal.dumps(read_sounds(root, files)))
    finally:
        os._exit(0)
