"""A second process that reads sound files beside the first, where there is a processor for it."""

from __future__ import annotations

import gc
import marshal
import os
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

from reconciler.definitions.files import read_file
from reconciler.definitions.page import read_sound
from reconciler.definitions.scalars import PlainScalars
from reconciler.model.record import record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reconciler.definitions.page import Sound


@record
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


def share(files: Sequence[str], percent: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """`files` in two parts: so many in a hundred for the first process, and the rest for the second.

    Neighbours are dealt out evenly, as files of one folder tend to be alike.
    """
    parts: tuple[list[str], list[str]] = ([], [])
    for index, file in enumerate(files):
        parts[index * percent % 100 >= percent].append(file)
    return tuple(parts[0]), tuple(parts[1])


def start_second(root: Path, files: Sequence[str]) -> Second | None:
    """A copy of this process that reads `files`; None where there is no room for one, or nothing to gain by it."""
    if not _is_able():
        return None
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


def _is_able() -> bool:
    """Only on Linux, where a copy of a process is cheap and safe, and only where no thread could be cut in half."""
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1 and threading.active_count() == 1


def read_sounds(root: Path, files: Sequence[str]) -> list[Sound | None]:
    """What each of `files` holds, None for one that needs a close look."""
    scalars = PlainScalars()
    contents = (read_file(root, file) for file in files)
    return [read_sound(data, scalars) if isinstance(data, bytes) else None for data in contents]


def _answer(root: Path, files: Sequence[str], pipe: int) -> NoReturn:  # pragma: no cover - runs in the copy
    """Read, answer and end, whatever happens: what does not come through the pipe the first process reads itself."""
    gc.disable()
    try:
        with os.fdopen(pipe, "wb") as stream:
            stream.write(marshal.dumps(read_sounds(root, files)))
    finally:
        os._exit(0)
