"""The journal of a plan: what is about to be written stands in it before it is sent, and what became of it after."""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

from reconciler.apply.chronicle import FORMAT_VERSION, Chronicle, parse_journal, read_begun
from reconciler.apply.entries import Began, Ended, Intent, Landed
from reconciler.apply.entry_lines import encode_entry, render_line
from reconciler.apply.files import lock, make_durable, make_name_durable
from reconciler.errors import FileError, advise_on
from reconciler.masking import KEYS
from reconciler.planfile.writing import encode_plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reconciler.apply.entries import Entry
    from reconciler.apply.writing import Landing, Write
    from reconciler.model.channels import Live
    from reconciler.model.outcomes import ApplyResult
    from reconciler.model.plan import Plan

_NEEDED = "without a journal nothing is written to EnergyCAP"

_NO_LOCKS = "some network drives have no locks: work in a clone of the project on a local disk"


class Journal:
    """The journal of one run, for any number of threads.

    An intent is durable before `intend` returns. An outcome is noted at once and durable with the next intent, or at
    the end: one that is lost with the power leaves its intent open, and that is settled by reading. Every method raises
    FileError where it cannot note something, and then for good: nothing may stand behind a line that is not whole.
    """

    def __init__(self, descriptor: int, path: Path, before: Chronicle) -> None:
        self.path = path
        self.before = before
        self._descriptor = descriptor
        self._numbers = max((intent.number for intent, _ in before.writes), default=0)
        self._failure: FileError | None = None
        self._appending = Lock()
        self._syncing = Lock()
        self._appended = 0
        self._synced = 0

    def begin(self) -> None:
        """Note that a run began."""
        self._sync(self._append(Began(_now())))

    def intend(self, name: str, write: Write, before: Live) -> int:
        """Note that `write` is about to be sent for the change `name`, whose channel reads as `before`: its number."""
        with self._appending:
            self._numbers += 1
            number = self._numbers
        self._sync(self._append(Intent(_now(), number, name, write, before)))
        return number

    def land(self, number: int, landing: Landing) -> None:
        """Note what became of the write with this `number`."""
        self._append(Landed(_now(), number, landing))

    def end(self, account: ApplyResult) -> None:
        """Note that the run came to its end."""
        self._sync(self._append(Ended(_now(), account)))

    def close(self) -> None:
        """Give the file back. Whoever is still at work cannot note anything any more."""
        with self._appending, self._syncing:
            self._failure = FileError(f"the journal {self.path} is closed", _NEEDED)
            os.close(self._descriptor)

    def _append(self, entry: Entry) -> int:
        """How many lines there are once that of `entry` is written."""
        line = render_line(encode_entry(entry))
        with self._appending, self._failing_for_good():
            _write(self._descriptor, line)
            self._appended += 1
            return self._appended

    def _sync(self, lines: int) -> None:
        """Make so many lines durable; what others appended meanwhile goes along, so that they need not wait again."""
        with self._syncing:
            if self._synced < lines:
                appended = self._appended
                with self._failing_for_good():
                    make_durable(self._descriptor)
                self._synced = appended

    @contextmanager
    def _failing_for_good(self) -> Iterator[None]:
        if self._failure:
            raise FileError(self._failure.message, self._failure.fix)
        try:
            yield
        except OSError as error:
            self._failure = _unwritable(self.path, error)
            raise self._failure from error


@contextmanager
def open_journal(folder: Path, plan: Plan) -> Iterator[Journal]:
    """The journal of `plan` in `folder`, for a run that begins now; that of an earlier run is gone on with.

    Raises FileError where it cannot be written, is damaged, or another apply is at work on it.
    """
    document = encode_plan(plan)
    path = _find_path(folder, document)
    descriptor = _open(path)
    try:
        journal = Journal(descriptor, path, _take_up(descriptor, path, plan, document))
    except FileError:
        os.close(descriptor)
        raise
    try:
        journal.begin()
        yield journal
    finally:
        journal.close()


def tell_journal(folder: Path, plan: Plan) -> Chronicle | None:
    """The content of the journal of `plan` in `folder`, even if in use; None if it has none. Raises FileError."""
    path = _find_path(folder, encode_plan(plan))
    return read_begun(path) if path.exists() else None


def is_at_work(path: Path) -> bool:
    """Whether an apply is using the journal at `path`, so that the journal is not complete yet."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not lock(descriptor)
    except OSError:
        # Without locks nobody can tell; an apply refuses to run there.
        return False
    finally:
        os.close(descriptor)


def _find_path(folder: Path, document: Mapping[str, object]) -> Path:
    return folder / f"{str(document['digest']).removeprefix('sha256:')}.jsonl"


def _make_folder(folder: Path) -> None:
    """Make `folder`, so that it is still there after the power was lost."""
    new = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in new:
        make_name_durable(each)


def _open(path: Path) -> int:
    try:
        _make_folder(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        _lock(descriptor, path)
    except FileError:
        os.close(descriptor)
        raise
    return descriptor


def _lock(descriptor: int, path: Path) -> None:
    try:
        is_ours = lock(descriptor)
    except OSError as error:
        raise FileError(
            f"the journal {path} cannot be locked, so another apply could run unseen: {error.strerror}", _NO_LOCKS
        ) from error
    if not is_ours:
        raise FileError(f"another apply of this plan is running, with the journal {path}", "wait until it has ended")


def _take_up(descriptor: int, path: Path, plan: Plan, document: dict[str, object]) -> Chronicle:
    """What the open journal tells so far, cut to what is whole; where that is nothing, its first line is written."""
    try:
        content = path.read_bytes()
        sound = parse_journal(content, path)
        os.ftruncate(descriptor, sound.length if sound else 0)
        if sound is None:
            _write(descriptor, render_line({"kind": "plan", "format_version": FORMAT_VERSION, "plan": document}))
            make_name_durable(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    return sound.chronicle if sound else Chronicle(plan)


def _write(descriptor: int, line: bytes) -> None:
    line = KEYS.hide_bytes(line)
    while line:
        line = line[os.write(descriptor, line) :]


def _unwritable(path: Path, error: OSError) -> FileError:
    message = f"the journal {path} cannot be written: {error.strerror}"
    return FileError(message, f"{advise_on(error)}; {_NEEDED}")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
