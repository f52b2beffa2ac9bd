"""Several files written as one: all of them, or none."""

from __future__ import annotations

import os
import re
import signal
import stat
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.documents import UNFINISHED
from reconciler.cli.interrupts import STOPPING
from reconciler.errors import FileError
from reconciler.masking import KEYS
from reconciler.ordinary import read_ordinary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType


# The process that writes a file is in its name until it is done.
_REMNANT = re.compile(rf"^\..+\.(\d+)\.[^.]+{re.escape(UNFINISHED)}$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Replacement:
    """What a file holds now, and what it is to hold; None where it is not there yet."""

    path: Path
    before: str | None
    after: str


def read_exactly(path: Path) -> str:
    """The text of `path` with its line ends and byte order mark as they are. Raises FileError."""
    try:
        return read_ordinary(path).decode()
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}", "look at its permissions") from error


def replace_files(replacements: Iterable[Replacement], check: Callable[[], None] = lambda: None) -> None:
    """Write all of `replacements` or, where one cannot be written, none.

    Each file is written beside its place, and all are put there at the end; an interruption before leaves nothing
    behind, one during that moment waits. Raises FileError, also where a file is no longer as it was read, and what
    `check` raises at the last moment.
    """
    with ExitStack() as stack:
        staged = [(_stage(stack, one), one) for one in replacements]
        for _, one in staged:
            _check_unmoved(one)
        check()
        with hold_signals():
            for temporary, one in staged:
                _put(temporary, one.path)
        stack.pop_all()


def remove_remnants(folder: Path) -> None:
    """Remove what processes that were killed left in `folder`; what others are writing at this moment stays."""
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for remnant in filter(_is_remnant, files):
            # One that cannot be removed is in nobody's way.
            with suppress(OSError):
                Path(place, remnant).unlink()


def _is_remnant(name: str) -> bool:
    writer = _REMNANT.search(name)
    return writer is not None and not _is_running(int(writer[1]))


def _is_running(process: int) -> bool:
    if sys.platform == "win32":
        # There the question itself would end it.
        return True
    try:
        # Who may not be asked is there, and somebody else's.
        with suppress(PermissionError):
            os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    return True


def _refuse_key(one: Replacement) -> None:
    """Raise FileError where a key would come into a file of the project, for there nothing may stand in its place."""
    if KEYS.finds(one.after) and not KEYS.finds(one.before or ""):
        raise FileError(
            f"{one.path} would hold an API key that is in use; nothing was written",
            "leave what holds it out, or replace the key in EnergyCAP",
        )


def _stage(stack: ExitStack, one: Replacement) -> Path:
    _refuse_key(one)
    target = one.path.resolve()
    try:
        for folder in reversed([folder for folder in target.parents if not folder.exists()]):
            folder.mkdir()
            stack.callback(_remove_empty, folder)
        with hold_signals():
            handle, name = tempfile.mkstemp(UNFINISHED, f".{target.name}.{os.getpid()}.", target.parent)
            stack.callback(Path(name).unlink, missing_ok=True)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(one.after)
        Path(name).chmod(_find_mode(target))
    except OSError as error:
        raise FileError(
            f"cannot write {one.path}: {error.strerror}", "nothing was written; look at its permissions, or make room"
        ) from error
    return Path(name)


def _check_unmoved(one: Replacement) -> None:
    is_there = one.path.exists() or one.path.is_symlink()
    if (read_exactly(one.path) if is_there else None) != one.before:
        raise FileError(f"{one.path} was changed meanwhile; nothing was written", "run the command again")


def _put(temporary: Path, path: Path) -> None:
    try:
        temporary.replace(path.resolve())
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror}", "look at git status for what was written") from error


def _find_mode(target: Path) -> int:
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _remove_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


@contextmanager
def hold_signals() -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP wait until the block is done."""
    waiting: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        waiting.append(number)

    previous = {number: signal.signal(number, hold) for number in STOPPING}
    try:
        yield
    finally:
        for held, handler in previous.items():
            signal.signal(held, handler)
        for number in waiting:
            signal.raise_signal(number)
