"""A second process that reads files, and may judge them, beside the first, where there is a processor for it."""

from __future__ import annotations

import gc
import marshal
import os
import sys
import threading
from contextlib import suppress
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, NoReturn

from msgspec import Struct

from reconciler.definitions.files import read_file
from reconciler.definitions.page import read_sound
from reconciler.definitions.scalars import PlainScalars

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO, TypeAlias

    from reconciler.definitions.page import Sound

    Sounds: TypeAlias = Sequence[Sound | None]
    # Whether nothing is wrong with all files, of which this is what was read.
    Judge: TypeAlias = Callable[[Sounds], bool]
    # What a file holds, None where it needs a close look; behind those of all files the judgement.
    Answer: TypeAlias = Sound | bool | None

# Bytes that say how long the answer behind them is.
_HEAD = 4


class Second(Struct, frozen=True):
    """A process that gives `count` answers, which come through a pipe as soon as each is known."""

    process: int
    pipe: int
    count: int

    def collect(self) -> Iterator[Answer]:
        """The answers; None for each that never came."""
        try:
            with os.fdopen(self.pipe, "rb") as stream:
                yield from islice(chain(_receive(stream), repeat(None)), self.count)
        finally:
            # Where whoever started this process let it ignore SIGCHLD, the system has waited for it already.
            with suppress(ChildProcessError):
                os.waitpid(self.process, 0)


def _receive(stream: BinaryIO) -> Iterator[Answer]:
    """The answers in `stream`, as far as they are whole."""
    while len(head := stream.read(_HEAD)) == _HEAD:
        size = int.from_bytes(head, "big")
        answer = stream.read(size)
        if len(answer) < size:
            return
        known: Answer = marshal.loads(answer)  # noqa: S302 - from this program's own copy
        yield known


def share(files: Sequence[str], percent: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """`files` in two parts: so many in a hundred for the first process, and the rest for the second.

    Neighbours are dealt out evenly, as files of one folder tend to be alike.
    """
    parts: tuple[list[str], list[str]] = ([], [])
    for index, file in enumerate(files):
        parts[index * percent % 100 >= percent].append(file)
    return tuple(parts[0]), tuple(parts[1])


def start_second(root: Path, files: Sequence[str], judge: Judge | None = None) -> Second | None:
    """A copy of this process that reads `files`, and then judges them, where a judge is given.

    None where there is no room for one, or nothing to gain by it.
    """
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
        _answer(root, files, judge, sending)
    os.close(sending)
    return Second(process, receiving, len(files) + (judge is not None))


def _is_able() -> bool:
    """Only on Linux, where a copy of a process is cheap and safe, and only where no thread could be cut in half."""
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1 and threading.active_count() == 1


def find_answers(root: Path, files: Sequence[str], judge: Judge | None = None) -> Iterator[Answer]:
    """What each of `files` holds, None for one that needs a close look; then what `judge` says, where there is one."""
    scalars = PlainScalars()
    sounds: list[Sound | None] = []
    for file in files:
        data = read_file(root, file)
        sound = read_sound(data, scalars) if isinstance(data, bytes) else None
        yield sound
        if judge is not None:
            sounds.append(sound)
    if judge is not None:
        yield judge(sounds)


def _answer(
    root: Path, files: Sequence[str], judge: Judge | None, pipe: int
) -> NoReturn:  # pragma: no cover - runs in the copy
    """Read, answer and end, whatever happens: what does not come through the pipe the first process reads itself."""
    gc.disable()
    try:
        send(find_answers(root, files, judge), pipe)
    finally:
        os._exit(0)


def send(answers: Iterable[Answer], pipe: int) -> None:
    """Write all `answers` into `pipe`, and wait for nobody before the last of them is known."""
    os.set_blocking(pipe, False)
    waiting = bytearray()
    for answer in answers:
        packed = marshal.dumps(answer)
        waiting += len(packed).to_bytes(_HEAD, "big") + packed
        with suppress(BlockingIOError):
            del waiting[: os.write(pipe, waiting)]
    os.set_blocking(pipe, True)
    while waiting:
        del waiting[: os.write(pipe, waiting)]
