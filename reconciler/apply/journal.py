"""The journal: a durable intent before each write, the result after it; and which journal is the last one."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from reconciler.apply.journal_entries import (
    RunFinished,
    RunStarted,
    WriteFinished,
    WriteIntended,
    encode_entry,
    render_line,
)
from reconciler.apply.journal_reader import JournalContent, find_format, parse_journal, read_if_started
from reconciler.errors import FileError, UsageError, advise_on
from reconciler.masking import KEYS
from reconciler.planfile.writing import encode_plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reconciler.apply.journal_entries import Entry
    from reconciler.apply.remaining import Write
    from reconciler.apply.writes import WriteResult
    from reconciler.model.channels import Live
    from reconciler.model.outcomes import ApplyResult
    from reconciler.model.plan import Plan


# The errors of a system on which another process has the lock; any other error means that there are no locks, or worse.
_TAKEN = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, getattr(errno, "EDEADLOCK", errno.EAGAIN)})
# The errors of a file system that cannot sync folders. Source: PostgreSQL, fsync_fname_ext; git and SQLite ignore them
# as well.
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF})
_NO_FOLDER_OPEN = frozenset({errno.EACCES, errno.EISDIR})

if sys.platform == "win32":  # pragma: no cover - the tests run elsewhere
    import msvcrt

    # Far beyond the content, because others cannot read a locked byte.
    _BYTE = 2**40

    def _lock_file(descriptor: int) -> None:
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def make_durable(descriptor: int) -> None:
        """Bring what was written to the open file onto the disk. Raises OSError."""
        os.fsync(descriptor)

    def make_name_durable(path: Path) -> None:
        """Nothing: folders cannot be opened here."""

else:
    import fcntl

    def _lock_file(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def make_durable(descriptor: int) -> None:
        """Bring what was written to the open file onto the disk. Raises OSError."""
        # The file's modification time need not be on the disk: syncing it as well takes a quarter longer.
        getattr(os, "fdatasync", os.fsync)(descriptor)

    def make_name_durable(path: Path) -> None:
        """Bring onto the disk that `path` is in its folder, if the file system can do that. Raises OSError."""
        with _ignoring(_NO_FOLDER_OPEN):
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                with _ignoring(_NO_FOLDER_SYNC):
                    os.fsync(folder)
            finally:
                os.close(folder)

    @contextmanager
    def _ignoring(numbers: frozenset[int]) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in numbers:
                raise


def lock(descriptor: int) -> bool:
    """Lock the open file until this process ends, however it ends; False if another process has the lock.

    Raises OSError if the file system has no locks.
    """
    try:
        _lock_file(descriptor)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise
    return True


_NEEDED = "without a journal nothing is written to EnergyCAP"

_NO_LOCKS = "some network drives have no locks: work in a clone of the project on a local disk"


class Journal:
    """The journal of one run, for any number of threads.

    An intent is durable before `record_intent` returns. A result is written at once and durable with the next intent or
    at the end: if the power fails first, the intent is open, and reading the channel settles it. Every method raises
    FileError if it cannot write an entry, and from then on always: nothing may follow a line that is not whole.
    """

    def __init__(self, descriptor: int, path: Path, before: JournalContent) -> None:
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
        """Record that a run began."""
        self._sync(self._append(RunStarted(_now())))

    def record_intent(
        self, name: str, write: Write, before: Live, holders: Mapping[str, int] = MappingProxyType({})
    ) -> int:
        """Record that `write` will be sent for the change `name` to the channel `before`; returns its number.

        `holders` as in WriteIntended.
        """
        with self._appending:
            self._numbers += 1
            number = self._numbers
        self._sync(self._append(WriteIntended(_now(), number, name, write, before, holders)))
        return number

    def record_result(self, number: int, result: WriteResult) -> None:
        """Record the result of the write with this `number`."""
        self._append(WriteFinished(_now(), number, result))

    def end(self, result: ApplyResult) -> None:
        """Record that the run ended."""
        self._sync(self._append(RunFinished(_now(), result)))

    def close(self) -> None:
        """Close the file and so release its lock. Threads that are still running can record nothing more."""
        with self._appending, self._syncing:
            self._failure = FileError(f"the journal {self.path} is closed", _NEEDED)
            os.close(self._descriptor)

    def _append(self, entry: Entry) -> int:
        """Write `entry`, and return how many lines were written so far."""
        line = render_line(encode_entry(entry))
        with self._appending, self._failing_for_good():
            _write(self._descriptor, line)
            self._appended += 1
            return self._appended

    def _sync(self, lines: int) -> None:
        """Make so many lines durable, and those that other threads have appended: they then need not wait again."""
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
    """The journal of `plan` in `folder`, for a run that begins now; continues the journal of an earlier run.

    Raises FileError if it cannot be written, is damaged, or another apply is using it.
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


def find_journal(folder: Path, plan: Plan) -> JournalContent | None:
    """The content of the journal of `plan` in `folder`, even if in use; None if it has none. Raises FileError."""
    path = _find_path(folder, encode_plan(plan))
    return read_if_started(path) if path.exists() else None


def is_locked(path: Path) -> bool:
    """Whether an apply is using the journal at `path`, so that the journal is not complete yet."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not lock(descriptor)
    except OSError:
        # A file system without locks: unknown, but an apply refuses to run there.
        return False
    finally:
        os.close(descriptor)


def _find_path(folder: Path, document: Mapping[str, object]) -> Path:
    return folder / f"{str(document['digest']).removeprefix('sha256:')}.jsonl"


def _make_folder(folder: Path) -> None:
    """Make `folder`, so that it is still there after a power loss."""
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


def _take_up(descriptor: int, path: Path, plan: Plan, document: dict[str, object]) -> JournalContent:
    """The content of the open journal, cut after its last complete line; writes the first line if there is none."""
    try:
        data = path.read_bytes()
        parsed = parse_journal(data, path)
        # Followed by another line, an incomplete one would count as damage.
        os.ftruncate(descriptor, parsed.length if parsed else 0)
        if parsed is None:
            _write(descriptor, render_line({"kind": "plan", "format_version": find_format(plan), "plan": document}))
            make_name_durable(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    return parsed.content if parsed else JournalContent(plan)


def _write(descriptor: int, line: bytes) -> None:
    # The service may repeat the key in an error message.
    line = KEYS.hide_bytes(line)
    while line:
        line = line[os.write(descriptor, line) :]


def _unwritable(path: Path, error: OSError) -> FileError:
    message = f"the journal {path} cannot be written: {error.strerror}"
    return FileError(message, f"{advise_on(error)}; {_NEEDED}")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class _Candidate(NamedTuple):
    """A journal, whether it is finished, and the time of its last entry; None if that has no usable time."""

    path: Path
    is_finished: bool
    moment: datetime | None


def find_unfinished(folder: Path, environment: str) -> Path | None:
    """The last journal in `folder` of a plan for `environment`, if it is not finished; None if it is.

    Raises FileError for one that cannot be read, and UsageError if the journals do not say which is the last.
    """
    journals = _read_journals(folder, environment)
    last = _find_last(journals)
    if all(one.is_finished for one in last):
        return None
    if len(last) > 1:
        raise _ask_which(last)
    return last[0].path


def find_older_unfinished(folder: Path, environment: str) -> Path | None:
    """The last unfinished journal of a plan for `environment`, even if a later one is finished. Raises FileError."""
    unfinished = [one for one in _read_journals(folder, environment) if not one.is_finished]
    last = _find_last(unfinished)
    return last[0].path if last else None


def _read_journals(folder: Path, environment: str) -> list[_Candidate]:
    read = ((path, read_if_started(path)) for path in sorted(folder.glob("*.jsonl")))
    return [
        _Candidate(path, content.is_finished, _find_time(content))
        for path, content in read
        if content and content.plan.environment == environment
    ]


def _find_last(journals: list[_Candidate]) -> list[_Candidate]:
    """The latest journal; several if it is unknown which is the latest."""
    undated = [one for one in journals if one.moment is None]
    moments = [one.moment for one in journals if one.moment is not None]
    return undated + [one for one in journals if moments and one.moment == max(moments)]


def _find_time(content: JournalContent) -> datetime | None:
    # Not the time of the file, which changes when it is copied or restored.
    last = content.entries[-1].at if content.entries else ""
    try:
        moment = datetime.fromisoformat(last)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _ask_which(last: list[_Candidate]) -> UsageError:
    seen = ", ".join(f"{one.path} ({_describe(one)})" for one in last)
    return UsageError(
        f"it is unknown which of these journals is the last one: {seen}",
        "look at each with  reconciler show JOURNAL  and name the one to continue: reconciler apply --resume JOURNAL",
    )


def _describe(one: _Candidate) -> str:
    state = "finished" if one.is_finished else "not finished"
    moment = f"its last entry is from {one.moment.isoformat()}" if one.moment else "its last entry has no time"
    return f"{state}, {moment}"
