"""A second process that reads sound files beside the first, where there is a processor for it."""

from __future__ import annotations

import gc
import marshal
import os
import sys
import threading
from contextlib import suppress
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, NoReturn

from reconciler.definitions.files import read_file
from reconciler.definitions.page import read_sound
from reconciler.definitions.scalars import PlainScalars
from reconciler.model.record import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from reconciler.definitions.page import Sound

# Bytes that say how long the answer behind them is.
_HEAD = 4


@record
class Second:
    """A process that reads `count` files; what it reads comes through a pipe, file by file."""

    process: int
    pipe: int
    count: int

    def collect(self) -> Iterator[Sound | None]:
        """What each file holds, as soon as it is read; None for one that needs a close look, or was never answered."""
        try:
            with os.fdopen(self.pipe, "rb") as stream:
                yield from islice(chain(_receive(stream), repeat(None)), self.count)
        finally:
            # Where whoever started this process let it ignore SIGCHLD, the system has waited for it already.
            with suppress(ChildProcessError):
                os.waitpid(self.process, 0)


def _receive(stream: BinaryIO) -> Iterator[Sound | None]:
    """The answers in `stream`, as far as they are whole."""
    while len(head := stream.read(_HEAD)) == _HEAD:
        size = int.from_bytes(head, "big")
        answer = stream.read(size)
        if len(answer) < size:
            return
        sound: Sound | None = marshal.loads(answer)  # noqa: S302 - from this program's own copy
        yield sound


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


def read_sounds(root: Path, files: Sequence[str]) -> Iterator[Sound | None]:
    """What each of `files` holds, None for one that needs a close look."""
    scalars = PlainScalars()
    for file in files:
        data = read_file(root, file)
        yield read_sound(data, scalars) if isinstance(data, bytes) else None


def _answer(root: Path, files: Sequence[str], pipe: int) -> NoReturn:  # pragma: no cover - runs in the copy
    """Read, answer and end, whatever happens: what does not come through the pipe the first process reads itself."""
    gc.disable()
    try:
        send(read_sounds(root, files), pipe)
    finally:
        os._exit(0)


def send(sounds: Iterable[Sound | None], pipe: int) -> None:
    """Write all `sounds` into `pipe`, and wait for nobody before the last of them is made."""
    os.set_blocking(pipe, False)
    waiting = bytearray()
    for sound in sounds:
        answer = marshal.dumps(sound)
        waiting += len(answer).to_bytes(_HEAD, "big") + answer
        with suppress(BlockingIOError):
            del waiting[: os.write(pipe, waiting)]
    os.set_blocking(pipe, True)
    while waiting:
        del waiting[: os.write(pipe, waiting)]
