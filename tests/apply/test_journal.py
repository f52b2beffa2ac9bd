from __future__ import annotations

import errno
import json
import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.apply.journal import find_journal, find_older_unfinished, find_unfinished, is_locked, open_journal
from reconciler.apply.journal_entries import RunFinished, RunStarted, WriteFinished, WriteIntended
from reconciler.apply.journal_reader import JournalContent, read_journal
from reconciler.apply.remaining import Write, WriteTarget
from reconciler.apply.writes import WriteResult
from reconciler.errors import FileError, UsageError
from reconciler.model.outcomes import ApplyResult, OutcomeStatus
from reconciler.planfile.writing import encode_plan
from tests.apply.disks import full_disk, no_durability
from tests.apply.records import INFO, make_live, make_plan_of, make_step

if TYPE_CHECKING:
    from collections.abc import Callable


PLAN = make_plan_of(make_step("main", 1))
LIVE = make_live()
WRITE = Write(WriteTarget.CHANNEL, {INFO: "main"})
DONE = WriteResult(OutcomeStatus.DONE, found=LIVE)


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def kinds(path: Path) -> list[type]:
    return [type(entry) for entry in read_journal(path).entries]


def test_a_journal_is_named_after_the_digest_of_its_plan(tmp_path: Path) -> None:
    folder = tmp_path / ".reconciler" / "journal"

    with open_journal(folder, PLAN) as journal:
        assert journal.before == JournalContent(PLAN)

    assert f"sha256:{only_file(folder).stem}" == encode_plan(PLAN)["digest"]
    assert only_file(folder).suffix == ".jsonl"


def test_recorded_entries_can_be_read(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN) as journal:
        assert journal.record_intent("main", WRITE, LIVE) == 1
        journal.record_result(1, DONE)
        journal.end(ApplyResult(()))

    started, intent, finished, last = read_journal(only_file(tmp_path)).entries
    assert isinstance(started, RunStarted)
    assert intent == WriteIntended(intent.at, 1, "main", WRITE, LIVE)
    assert finished == WriteFinished(finished.at, 1, DONE)
    assert last == RunFinished(last.at, ApplyResult(()))


def test_an_entry_can_be_read_as_soon_as_it_is_recorded(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN) as journal:
        journal.record_intent("main", WRITE, LIVE)

        assert kinds(only_file(tmp_path)) == [RunStarted, WriteIntended]


def test_another_run_of_the_plan_continues_its_journal(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN) as journal:
        journal.record_intent("main", WRITE, LIVE)

    with open_journal(tmp_path, replace(PLAN, created="2027-01-01T00:00:00Z")) as journal:
        assert [intent.number for intent in journal.before.open] == [1]
        assert journal.record_intent("main", WRITE, LIVE) == 2

    assert kinds(only_file(tmp_path)) == [RunStarted, WriteIntended, RunStarted, WriteIntended]


def test_a_torn_last_line_is_cut_off_before_anything_follows_it(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN) as journal:
        journal.record_intent("main", WRITE, LIVE)
    path = only_file(tmp_path)
    path.write_bytes(path.read_bytes()[:-20])

    with open_journal(tmp_path, PLAN) as journal:
        assert journal.before.open == ()

    assert kinds(path) == [RunStarted, RunStarted]


def test_a_torn_first_line_is_written_again(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN):
        pass
    path = only_file(tmp_path)
    path.write_bytes(path.read_bytes()[:50])

    with open_journal(tmp_path, PLAN):
        pass

    assert read_journal(path).plan == PLAN


def test_a_damaged_journal_is_refused_and_left_alone(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN) as journal:
        journal.record_intent("main", WRITE, LIVE)
    path = only_file(tmp_path)
    damaged = path.read_bytes().replace(b'"kind":"began"', b'"kind";"began"')
    path.write_bytes(damaged)

    with pytest.raises(FileError, match="is damaged at line 2"), open_journal(tmp_path, PLAN):
        pass

    assert path.read_bytes() == damaged


def test_a_journal_that_cannot_be_opened_is_not_kept_open(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN):
        path = only_file(tmp_path)
        before = list_open_files()
        with pytest.raises(FileError, match="another apply"), open_journal(tmp_path, PLAN):
            pass
        assert list_open_files() == before
    path.write_bytes(path.read_bytes().replace(b'"kind":"began"', b'"kind";"began"') + b"{}\n")
    before = list_open_files()

    with pytest.raises(FileError, match="is damaged"), open_journal(tmp_path, PLAN):
        pass

    assert list_open_files() == before
    assert [is_locked(path), is_locked(path)] == [False, False]


def test_a_journal_and_its_new_folders_are_closed_after_the_run(tmp_path: Path) -> None:
    before = list_open_files()

    with open_journal(tmp_path / "new" / "journal", PLAN):
        assert len(list_open_files()) == len(before) + 1

    assert list_open_files() == before


def list_open_files() -> list[str]:
    # The listing opens a folder itself, which has the same number each time.
    return sorted(link.name for link in Path("/proc/self/fd").iterdir())


def test_a_journal_is_read_and_written_but_never_run(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN):
        pass

    assert only_file(tmp_path).stat().st_mode & 0o111 == 0


def test_the_journal_of_a_plan_is_found_by_the_plan(tmp_path: Path) -> None:
    assert find_journal(tmp_path, PLAN) is None

    with open_journal(tmp_path, PLAN) as journal:
        journal.record_intent("main", WRITE, LIVE)

        content = find_journal(tmp_path, PLAN)

    assert content == read_journal(journal.path)
    assert find_journal(tmp_path, make_plan_of(make_step("other", 1))) is None


def test_two_applies_of_one_plan_cannot_run_at_once(tmp_path: Path) -> None:
    with (
        open_journal(tmp_path, PLAN),
        pytest.raises(FileError, match="another apply of this plan is running"),
        open_journal(tmp_path, PLAN),
    ):
        pass


def test_a_journal_can_be_read_while_an_apply_uses_it(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN):
        assert read_journal(only_file(tmp_path)).plan == PLAN


@pytest.mark.parametrize("folder", [Path("/dev/null/journal"), Path("/proc/journal")], ids=["a file", "read-only"])
def test_a_folder_that_cannot_be_written_is_said_to_be_so(folder: Path) -> None:
    with pytest.raises(FileError, match=r"the journal .* cannot be written: "), open_journal(folder, PLAN):
        pass


def test_a_journal_whose_name_is_taken_by_a_folder_is_said_to_be_so(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN):
        pass
    path = only_file(tmp_path)
    path.unlink()
    path.mkdir()

    with pytest.raises(FileError, match="cannot be written: Is a directory"), open_journal(tmp_path, PLAN):
        pass


def test_a_full_disk_stops_the_journal_for_good(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN) as journal:
        path = only_file(tmp_path)
        with full_disk(path.stat().st_size + 100), pytest.raises(FileError, match="cannot be written: File too large"):
            journal.record_intent("main", WRITE, LIVE)
        with pytest.raises(FileError, match="cannot be written: File too large"):
            journal.record_intent("main", WRITE, LIVE)

    assert kinds(path) == [RunStarted]


def test_a_disk_that_is_full_from_the_start_stops_the_run_before_it_begins(tmp_path: Path) -> None:
    with full_disk(10), pytest.raises(FileError, match="cannot be written"), open_journal(tmp_path, PLAN):
        pass


def test_a_line_that_cannot_be_made_durable_stops_the_journal(tmp_path: Path) -> None:
    with (
        open_journal(tmp_path, PLAN) as journal,
        no_durability(journal),
        pytest.raises(FileError, match="cannot be written: Invalid argument"),
    ):
        journal.record_intent("main", WRITE, LIVE)


def test_a_power_loss_does_not_take_the_name_of_a_journal_with_an_intent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file whose folder was never brought onto the disk may be gone after the power was lost, whatever it holds."""
    durable: list[int] = []
    sync = os.fsync

    def watch(descriptor: int) -> None:
        sync(descriptor)
        durable.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "fsync", watch)
    folder = tmp_path / ".reconciler" / "journal"
    with open_journal(folder, PLAN) as journal:
        names = {each.stat().st_ino for each in (folder, folder.parent, tmp_path)}

        assert names <= set(durable)

        durable.clear()
        journal.record_intent("main", WRITE, LIVE)

    assert names.isdisjoint(durable)
    with open_journal(folder, PLAN):
        pass
    assert names.isdisjoint(durable)


def read_kinds(content: bytes) -> list[str]:
    return [json.loads(line)["kind"] for line in content.splitlines()]


def test_a_power_loss_takes_neither_an_intent_nor_the_begin_or_end_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    durable: list[list[str]] = []
    sync = os.fdatasync

    def watch(descriptor: int) -> None:
        sync(descriptor)
        durable.append(read_kinds(os.pread(descriptor, 1_000_000, 0)))

    monkeypatch.setattr(os, "fdatasync", watch)
    with open_journal(tmp_path, PLAN) as journal:
        assert durable == [["plan", "began"]]

        journal.record_intent("main", WRITE, LIVE)
        journal.record_result(1, DONE)
        assert durable[1:] == [["plan", "began", "intent"]]

        journal.end(ApplyResult(()))
        assert durable[2:] == [["plan", "began", "intent", "landed", "ended"]]


def test_entries_recorded_while_the_disk_is_busy_become_durable_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that was noted after the disk began to work may not be on it, and needs another turn of the disk."""
    durable: list[int] = []
    is_busy, is_free = Event(), Event()
    sync = os.fdatasync

    def count_lines() -> int:
        return journal.path.read_bytes().count(b"\n")

    def wait(descriptor: int) -> None:
        lines = count_lines()
        is_busy.set()
        is_free.wait()
        sync(descriptor)
        durable.append(lines)

    with open_journal(tmp_path, PLAN) as journal, ThreadPoolExecutor(9) as pool:
        monkeypatch.setattr(os, "fdatasync", wait)
        noted = [pool.submit(journal.record_intent, "main", WRITE, LIVE)]
        is_busy.wait()
        noted += [pool.submit(journal.record_intent, "main", WRITE, LIVE) for _ in range(8)]
        while count_lines() < 11:
            os.sched_yield()
        is_free.set()
        assert sorted(each.result() for each in noted) == list(range(1, 10))

        assert durable == [3, 11]


def test_a_closed_journal_records_nothing_more(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN) as journal:
        pass

    with pytest.raises(FileError, match=r"the journal .* is closed"):
        journal.record_result(1, DONE)

    assert kinds(only_file(tmp_path)) == [RunStarted]


def test_many_threads_record_whole_lines_with_numbers_of_their_own(tmp_path: Path) -> None:
    def note(_turn: int) -> None:
        journal.record_result(journal.record_intent("main", WRITE, LIVE), DONE)

    with open_journal(tmp_path, PLAN) as journal, ThreadPoolExecutor(8) as pool:
        list(pool.map(note, range(100)))

    content = read_journal(only_file(tmp_path))
    assert sorted(intent.number for intent, _ in content.writes) == list(range(1, 101))
    assert content.open == ()


def test_a_journal_is_locked_as_long_as_its_run(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN):
        assert is_locked(only_file(tmp_path))

    assert not is_locked(only_file(tmp_path))
    assert not is_locked(tmp_path / "missing.jsonl")


def fail_with(number: int) -> Callable[..., None]:
    """What a system call does on a file system that does not have it; none of those was at hand."""

    def fail(*_arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("number", [errno.EWOULDBLOCK, errno.EACCES])
def test_a_lock_that_another_one_has_is_another_apply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr("fcntl.flock", fail_with(number))

    with pytest.raises(FileError, match="another apply of this plan is running"), open_journal(tmp_path, PLAN):
        pass
    assert is_locked(only_file(tmp_path))


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EIO])
def test_a_file_system_without_locks_is_not_another_apply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr("fcntl.flock", fail_with(number))

    with pytest.raises(FileError) as caught, open_journal(tmp_path, PLAN):
        pass

    path = only_file(tmp_path)
    assert (caught.value.message, caught.value.fix) == (
        f"the journal {path} cannot be locked, so another apply could run unseen: {os.strerror(number)}",
        "some network drives have no locks: work in a clone of the project on a local disk",
    )
    assert not is_locked(path)


def fail_for_folders(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    sync = os.fsync
    fail = fail_with(number)
    monkeypatch.setattr("os.fsync", lambda file: fail() if stat.S_ISDIR(os.fstat(file).st_mode) else sync(file))


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF])
def test_a_file_system_that_cannot_sync_folders_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    fail_for_folders(monkeypatch, number)

    with open_journal(tmp_path, PLAN) as journal:
        journal.record_intent("main", WRITE, LIVE)

    assert kinds(only_file(tmp_path)) == [RunStarted, WriteIntended]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_disk_that_fails_to_sync_a_folder_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    fail_for_folders(monkeypatch, number)

    reason = f"cannot be written: {os.strerror(number)}"
    with pytest.raises(FileError, match=reason), open_journal(tmp_path, PLAN):
        pass


MONDAY, TUESDAY = "2026-06-01T10:00:00.000+00:00", "2026-06-02T10:00:00.000+00:00"


def write_journal(folder: Path, name: str, at: str, *, is_finished: bool) -> Path:
    """A journal whose entries are all of the time `at`."""
    written = folder / "written"
    with open_journal(written, PLAN) as journal:
        if is_finished:
            journal.end(ApplyResult(()))
    source, path = only_file(written), folder / f"{name}.jsonl"
    path.write_text(re.sub(r'"at": ?"[^"]*"', f'"at": "{at}"', source.read_text("utf-8")), encoding="utf-8")
    source.unlink()
    return path


def copy_in_order(*paths: Path) -> None:
    """Give the files times as if they had been copied in this order."""
    for second, path in enumerate(paths):
        os.utime(path, (1_800_000_000 + second,) * 2)


def test_the_youngest_unfinished_journal_of_an_environment_is_found(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN):
        pass

    assert find_unfinished(tmp_path, "sandbox") == only_file(tmp_path)
    assert find_unfinished(tmp_path, "production") is None


def test_a_finished_journal_leaves_nothing_to_continue(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN) as journal:
        journal.end(ApplyResult(()))

    assert find_unfinished(tmp_path, "sandbox") is None


def test_where_nothing_was_applied_nothing_is_unfinished(tmp_path: Path) -> None:
    assert find_unfinished(tmp_path / "nowhere", "sandbox") is None


def test_a_journal_whose_first_line_is_not_whole_hides_no_other(tmp_path: Path) -> None:
    with open_journal(tmp_path, PLAN):
        pass
    unfinished = only_file(tmp_path)
    (tmp_path / "torn.jsonl").write_text('{"kind": "pl', encoding="utf-8")

    assert find_unfinished(tmp_path, "sandbox") == unfinished


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["as written", "the older one restored last"])
def test_the_last_journal_is_last_by_its_entries_not_by_its_file(order: tuple[int, int], tmp_path: Path) -> None:
    paths = (
        write_journal(tmp_path, "a", MONDAY, is_finished=False),
        write_journal(tmp_path, "b", TUESDAY, is_finished=True),
    )
    copy_in_order(*(paths[number] for number in order))

    assert find_unfinished(tmp_path, "sandbox") is None
    assert find_older_unfinished(tmp_path, "sandbox") == paths[0]


def test_times_are_compared_as_moments_not_as_texts(tmp_path: Path) -> None:
    earlier = write_journal(tmp_path, "a", "2026-06-02T11:00:00.000+02:00", is_finished=True)
    later = write_journal(tmp_path, "b", "2026-06-02T10:00:00Z", is_finished=False)
    copy_in_order(later, earlier)

    assert find_unfinished(tmp_path, "sandbox") == later


@pytest.mark.parametrize(
    ("times", "reasons"),
    [
        ((MONDAY, MONDAY), ("its last entry is from 2026-06-01T10:00:00+00:00",) * 2),
        (("", TUESDAY), ("its last entry has no time", "its last entry is from 2026-06-02T10:00:00+00:00")),
        (("2026-06-01T10:00", "yesterday"), ("its last entry has no time",) * 2),
    ],
    ids=["equal", "missing", "without a zone"],
)
def test_journals_that_do_not_say_which_is_the_last_are_named(
    times: tuple[str, str], reasons: tuple[str, str], tmp_path: Path
) -> None:
    one = write_journal(tmp_path, "a", times[0], is_finished=False)
    other = write_journal(tmp_path, "b", times[1], is_finished=True)
    copy_in_order(one, other)

    with pytest.raises(UsageError) as asked:
        find_unfinished(tmp_path, "sandbox")

    assert asked.value.message == (
        "it is unknown which of these journals is the last one: "
        f"{one} (not finished, {reasons[0]}), {other} (finished, {reasons[1]})"
    )
    assert asked.value.fix == (
        "look at each with  reconciler show JOURNAL  and name the one to continue: reconciler apply --resume JOURNAL"
    )


def test_journals_of_equal_times_that_are_all_finished_ask_nothing(tmp_path: Path) -> None:
    write_journal(tmp_path, "a", MONDAY, is_finished=True)
    write_journal(tmp_path, "b", MONDAY, is_finished=True)

    assert find_unfinished(tmp_path, "sandbox") is None
    assert find_older_unfinished(tmp_path, "sandbox") is None


def test_a_journal_alone_needs_no_time(tmp_path: Path) -> None:
    alone = write_journal(tmp_path, "a", "", is_finished=False)

    assert find_unfinished(tmp_path, "sandbox") == alone
