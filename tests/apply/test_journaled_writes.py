from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx
import pytest
from msgspec.structs import replace

from reconciler.apply.journal import open_journal
from reconciler.apply.journal_entries import RunFinished, RunStarted, WriteFinished, WriteIntended
from reconciler.apply.journal_reader import JournalContent, read_journal
from reconciler.apply.remaining import Write, WriteTarget
from reconciler.apply.run import ApplyOptions
from reconciler.apply.step import JournaledWriter
from reconciler.apply.writes import RESUME, WriteResult
from reconciler.energycap.client import open_editor
from reconciler.model.outcomes import Outcome, OutcomeStatus
from reconciler.model.project import ChannelEdit
from tests.apply.bench import Interceptor, only, status_by_name, want
from tests.apply.disks import no_disk, no_durability
from tests.apply.records import INFO

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.apply.journal_entries import Entry
    from reconciler.model.channels import Desired
    from reconciler.model.plan import Plan
    from tests.apply.bench import Bench, Start

RENAME = Write(WriteTarget.CHANNEL, {INFO: "Main"})
USE = want("use", 1042, channelInfo="Main")


def apply_with_journal(bench: Bench, plan: Plan, folder: Path) -> tuple[dict[str, str], JournalContent]:
    with open_journal(folder, plan) as journal:
        result = bench.apply(plan, ApplyOptions(parallelism=1, journal=journal))
    return status_by_name(result), read_journal(journal.path)


def kinds(entries: tuple[Entry, ...]) -> list[type]:
    return [type(entry) for entry in entries]


@pytest.mark.counts_on("version_dates", reason="a date is sent back, and the project does not say what it means")
def test_every_write_is_in_the_journal_before_and_after(demo: Bench, tmp_path: Path) -> None:
    before = demo.read(1046)
    current = before.current.id
    plan = demo.plan(want("gas", 1046, channelInfo="Gas", esaChannelVersion__multiplier=2))

    _, content = apply_with_journal(demo, plan, tmp_path / "journal")

    assert kinds(content.entries) == [
        RunStarted,
        WriteIntended,
        WriteFinished,
        WriteIntended,
        WriteFinished,
        RunFinished,
    ]
    (version, version_result), (channel, channel_result) = content.writes
    assert (version.name, version.write) == (
        "gas",
        Write(WriteTarget.VERSION, {"esaChannelVersion.multiplier": 2}, current),
    )
    assert channel.write == Write(WriteTarget.CHANNEL, {"channelInfo": "Gas"}, current)
    assert version.before.versions[0].values["esaChannelVersion.multiplier"] == 10
    assert version.before.name == before.name
    assert version_result == WriteResult(OutcomeStatus.DONE, found=channel.before)
    assert channel_result is not None
    assert channel_result.status is OutcomeStatus.DONE


def test_an_intent_is_in_the_journal_before_anything_is_sent(start: Start, tmp_path: Path) -> None:
    kinds_at_put: list[list[type]] = []

    def read_at_put(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "PUT":
            (path,) = (tmp_path / "journal").iterdir()
            kinds_at_put.append(kinds(read_journal(path).entries))
        return pass_on()

    bench = start(network=Interceptor(read_at_put))

    apply_with_journal(bench, bench.plan(USE), tmp_path / "journal")

    assert kinds_at_put == [[RunStarted, WriteIntended]]


def test_the_result_ends_the_journal(demo: Bench, tmp_path: Path) -> None:
    plan = demo.plan(USE)
    with open_journal(tmp_path / "journal", plan) as journal:
        result = demo.apply(plan, ApplyOptions(journal=journal))

    last = read_journal(journal.path).entries[-1]
    assert isinstance(last, RunFinished)
    assert last.result == result


TWO = (want("a", 1042, channelInfo="A"), want("b", 1058, channelInfo="B"))


def test_a_write_that_cannot_be_recorded_is_not_sent_nor_anything_after_it(demo: Bench, tmp_path: Path) -> None:
    plan = demo.plan(*TWO)
    with open_journal(tmp_path / "journal", plan) as journal, no_durability(journal):
        result = demo.apply(plan, ApplyOptions(parallelism=1, journal=journal))

    assert status_by_name(result) == {"a": "failed", "b": "not tried"}
    assert [outcome.requests for outcome in result.outcomes] == [0, 0]
    assert result.outcomes[0].message.startswith("nothing was sent: the journal ")
    assert result.outcomes[1].message.startswith("the run was stopped: the journal ")
    assert demo.writes() == []


def test_a_result_that_cannot_be_recorded_still_counts_but_nothing_is_sent_after_it(
    start: Start, tmp_path: Path
) -> None:
    trouble = ExitStack()

    def break_journal(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "PUT":
            trouble.enter_context(no_disk(journal))
        return pass_on()

    bench = start(network=Interceptor(break_journal))
    plan = bench.plan(*TWO)
    with open_journal(tmp_path / "journal", plan) as journal, trouble:
        result = bench.apply(plan, ApplyOptions(parallelism=1, journal=journal))

    assert status_by_name(result) == {"a": "done", "b": "not tried"}
    assert [intent.name for intent in read_journal(journal.path).open] == ["a"]


class NoAnswers:
    """A network on which, from the first PUT on, requests are done but not answered, until it is restored."""

    def __init__(self, *, writes: bool) -> None:
        self._writes = writes
        self.is_silent = False

    def intercept(self, request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "PUT" and not self.is_silent:
            self.is_silent = True
            if self._writes:
                pass_on()
        if self.is_silent:
            raise httpx.ReadTimeout("nothing came")
        return pass_on()


def leave_open(start: Start, folder: Path, desired: Desired, *, writes: bool = True) -> tuple[Bench, Plan]:
    """A sandbox, and a plan whose only write went into the dark; what was done of it is in the sandbox."""
    bench = start(network=Interceptor(NoAnswers(writes=writes).intercept))
    plan = bench.plan(desired)
    statuses, content = apply_with_journal(bench, plan, folder)
    assert statuses == {desired.name: "failed"}
    assert [intent.name for intent in content.open] == [desired.name]
    return bench, plan


def find_first_result(content: JournalContent) -> WriteResult:
    """The result of the first write."""
    result = content.writes[0][1]
    assert result is not None
    return result


def restore_network(bench: Bench) -> Bench:
    """The same sandbox over a network without trouble."""
    return replace(bench, editor=bench.other)


@pytest.mark.parametrize("writes", [True, False], ids=["done", "not done"])
def test_a_write_with_an_unknown_result_is_resolved_by_the_next_run(start: Start, tmp_path: Path, writes: bool) -> None:
    bench, plan = leave_open(start, tmp_path / "journal", USE, writes=writes)

    statuses, content = apply_with_journal(restore_network(bench), plan, tmp_path / "journal")

    assert statuses == {"use": "done"}
    assert find_first_result(content).status is (OutcomeStatus.DONE if writes else OutcomeStatus.FAILED)
    assert content.open == ()
    assert bench.writes() == ["PUT /api/v202406/esachannel/1042"]


def test_a_write_that_was_done_is_already_so_for_the_next_run(start: Start, tmp_path: Path) -> None:
    bench, plan = leave_open(start, tmp_path / "journal", USE)

    with open_journal(tmp_path / "journal", plan) as journal:
        result = restore_network(bench).apply(plan, ApplyOptions(journal=journal))

    assert only(result) == Outcome("use", 1042, OutcomeStatus.DONE, was_already_applied=True)


def test_what_was_not_done_says_why_nobody_knew(start: Start, tmp_path: Path) -> None:
    bench, plan = leave_open(start, tmp_path / "journal", USE, writes=False)

    _, content = apply_with_journal(restore_network(bench), plan, tmp_path / "journal")

    assert find_first_result(content).message == "was not done: the run that sent it had no answer"


@pytest.mark.counts_on("read_lag", reason="somebody edits in between")
def test_an_open_write_that_reads_differently_is_reported_once(start: Start, tmp_path: Path) -> None:
    bench, plan = leave_open(start, tmp_path / "journal", USE)
    bench.edit_elsewhere(1042, {"channelDescription": "Edited"})
    restored = restore_network(bench)

    with open_journal(tmp_path / "journal", plan) as journal:
        first = restored.apply(plan, ApplyOptions(journal=journal))
    statuses, _ = apply_with_journal(restored, plan, tmp_path / "journal")

    assert only(first) == Outcome(
        "use",
        1042,
        OutcomeStatus.MISMATCH,
        "reads differently from what was written: "
        'channelDescription is "Edited", expected "Main switchboard, basement"',
        "look at the channel in EnergyCAP, then plan again: reconciler plan",
    )
    assert statuses == {"use": "done"}


def test_a_write_stays_open_as_long_as_its_channel_cannot_be_read(start: Start, tmp_path: Path) -> None:
    bench, plan = leave_open(start, tmp_path / "journal", USE)

    statuses, content = apply_with_journal(bench, plan, tmp_path / "journal")

    assert statuses == {"use": "failed"}
    assert [intent.number for intent in content.open] == [1]


def test_a_change_is_not_sent_again_before_its_open_write_is_resolved(start: Start, tmp_path: Path) -> None:
    def refuse_single_reads(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        return httpx.Response(503) if request.url.path.endswith("/1042") and request.method == "GET" else pass_on()

    # One that is judged by the list of its data point, which can be read.
    bench, plan = leave_open(start, tmp_path / "journal", want("use", 1042, channelImportId="NEW"), writes=False)
    with open_editor(bench.service.url, "sandbox", Interceptor(refuse_single_reads)) as editor:
        statuses, content = apply_with_journal(replace(bench, editor=editor), plan, tmp_path / "journal")

    assert statuses == {"use": "failed"}
    assert [intent.number for intent, _ in content.writes] == [1]
    assert bench.writes() == []


def test_a_write_that_was_refused_but_carried_out_is_done_in_the_journal_too(start: Start, tmp_path: Path) -> None:
    def refuse_afterwards(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        response = pass_on()
        return httpx.Response(400, text="no") if request.method == "PUT" else response

    bench = start(network=Interceptor(refuse_afterwards))

    statuses, content = apply_with_journal(bench, bench.plan(USE), tmp_path / "journal")

    assert statuses == {"use": "done"}
    results = [entry.result.status for entry in content.entries if isinstance(entry, WriteFinished)]
    assert results == [OutcomeStatus.FAILED, OutcomeStatus.DONE]


def test_an_open_write_stays_open_while_its_channel_cannot_be_read(start: Start, tmp_path: Path) -> None:
    bench, plan = leave_open(start, tmp_path / "journal", USE)

    with open_journal(tmp_path / "journal", plan) as journal:
        result = bench.apply(plan, ApplyOptions(parallelism=1, journal=journal))

    outcome = only(result)
    assert outcome.message.startswith("may have been done by an earlier run, and the channel cannot be read: ")
    assert (outcome.status, outcome.requests, outcome.fix) == (OutcomeStatus.FAILED, 0, RESUME)
    assert len(read_journal(journal.path).open) == 1


def test_an_open_write_can_be_resolved_without_a_journal(start: Start, tmp_path: Path) -> None:
    bench, plan = leave_open(start, tmp_path / "journal", USE)
    with open_journal(tmp_path / "journal", plan) as journal:
        (intent,) = journal.before.open

    result = JournaledWriter(bench.other, ChannelEdit.OMIT_VERSION).resolve(intent)

    assert result == WriteResult(OutcomeStatus.DONE, found=bench.read(1042))
