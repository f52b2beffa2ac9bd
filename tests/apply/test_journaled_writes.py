from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx
import pytest
from msgspec.structs import replace

from reconciler.apply.journal import open_journal
from reconciler.apply.journal_entries import RunFinished, RunStarted, WriteFinished, WriteIntended
from reconciler.apply.journal_reader import JournalContent, read_journal
from reconciler.apply.run import ApplyOptions
from reconciler.apply.step import JournaledWriter
from reconciler.apply.writes import Write, WriteResult, WriteTarget
from reconciler.energycap.client import open_editor
from reconciler.model.outcomes import Outcome, OutcomeStatus
from reconciler.model.project import ChannelEdit
from tests.apply.bench import Wire, endings, only, want
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
        account = bench.apply(plan, ApplyOptions(parallelism=1, journal=journal))
    return endings(account), read_journal(journal.path)


def kinds(entries: tuple[Entry, ...]) -> list[type]:
    return [type(entry) for entry in entries]


@pytest.mark.counts_on("version_dates", reason="a date is sent back, and the project does not say what it means")
def test_every_write_stands_in_the_journal_before_and_after(demo: Bench, tmp_path: Path) -> None:
    before = demo.read(1046)
    plan = demo.plan(want("gas", 1046, channelInfo="Gas", esaChannelVersion__multiplier=2))

    _, chronicle = apply_with_journal(demo, plan, tmp_path / "journal")

    assert kinds(chronicle.entries) == [
        RunStarted,
        WriteIntended,
        WriteFinished,
        WriteIntended,
        WriteFinished,
        RunFinished,
    ]
    (version, version_landing), (channel, channel_landing) = chronicle.writes
    assert (version.name, version.write) == ("gas", Write(WriteTarget.VERSION, {"esaChannelVersion.multiplier": 2}))
    assert channel.write == Write(WriteTarget.CHANNEL, {"channelInfo": "Gas"})
    assert version.before.versions[0].values["esaChannelVersion.multiplier"] == 10
    assert version.before.name == before.name
    assert version_landing == WriteResult(OutcomeStatus.DONE, found=channel.before)
    assert channel_landing is not None
    assert channel_landing.ending is OutcomeStatus.DONE


def test_an_intent_is_in_the_journal_before_anything_is_sent(start: Start, tmp_path: Path) -> None:
    seen: list[list[type]] = []

    def look(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "PUT":
            (path,) = (tmp_path / "journal").iterdir()
            seen.append(kinds(read_journal(path).entries))
        return pass_on()

    bench = start(wire=Wire(look))

    apply_with_journal(bench, bench.plan(USE), tmp_path / "journal")

    assert seen == [[RunStarted, WriteIntended]]


def test_the_account_ends_the_journal(demo: Bench, tmp_path: Path) -> None:
    plan = demo.plan(USE)
    with open_journal(tmp_path / "journal", plan) as journal:
        account = demo.apply(plan, ApplyOptions(journal=journal))

    ended = read_journal(journal.path).entries[-1]
    assert isinstance(ended, RunFinished)
    assert ended.account == account


TWO = (want("a", 1042, channelInfo="A"), want("b", 1058, channelInfo="B"))


def test_what_cannot_be_noted_is_not_sent_and_nothing_after_it(demo: Bench, tmp_path: Path) -> None:
    plan = demo.plan(*TWO)
    with open_journal(tmp_path / "journal", plan) as journal, no_durability(journal):
        account = demo.apply(plan, ApplyOptions(parallelism=1, journal=journal))

    assert endings(account) == {"a": "failed", "b": "not tried"}
    assert account.outcomes[0].message.startswith("nothing was sent: the journal ")
    assert account.outcomes[1].message.startswith("the run was stopped: the journal ")
    assert demo.writes() == []


def test_an_outcome_that_cannot_be_noted_still_counts_but_nothing_is_sent_after_it(
    start: Start, tmp_path: Path
) -> None:
    trouble = ExitStack()

    def break_journal(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "PUT":
            trouble.enter_context(no_disk(journal))
        return pass_on()

    bench = start(wire=Wire(break_journal))
    plan = bench.plan(*TWO)
    with open_journal(tmp_path / "journal", plan) as journal, trouble:
        account = bench.apply(plan, ApplyOptions(parallelism=1, journal=journal))

    assert endings(account) == {"a": "done", "b": "not tried"}
    assert [intent.name for intent in read_journal(journal.path).open] == ["a"]


class Darkness:
    """A wire on which, from the first PUT on, what is asked is done but no answer comes, until the light is on."""

    def __init__(self, *, writes: bool) -> None:
        self._writes = writes
        self.is_dark = False

    def meddle(self, request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "PUT" and not self.is_dark:
            self.is_dark = True
            if self._writes:
                pass_on()
        if self.is_dark:
            raise httpx.ReadTimeout("nothing came")
        return pass_on()


def leave_open(start: Start, folder: Path, desired: Desired, *, writes: bool = True) -> tuple[Bench, Plan]:
    """A sandbox, and a plan whose only write went into the dark; what was done of it is in the sandbox."""
    bench = start(wire=Wire(Darkness(writes=writes).meddle))
    plan = bench.plan(desired)
    ended, chronicle = apply_with_journal(bench, plan, folder)
    assert ended == {desired.name: "failed"}
    assert [intent.name for intent in chronicle.open] == [desired.name]
    return bench, plan


def land_of(chronicle: JournalContent) -> WriteResult:
    """What became of the first write."""
    landing = chronicle.writes[0][1]
    assert landing is not None
    return landing


def turn_on_the_light(bench: Bench) -> Bench:
    """The same sandbox over a network without trouble."""
    return replace(bench, editor=bench.other)


@pytest.mark.parametrize("writes", [True, False], ids=["done", "not done"])
def test_a_write_of_which_nobody_knows_is_settled_by_the_next_run(start: Start, tmp_path: Path, writes: bool) -> None:
    bench, plan = leave_open(start, tmp_path / "journal", USE, writes=writes)

    ended, chronicle = apply_with_journal(turn_on_the_light(bench), plan, tmp_path / "journal")

    assert ended == {"use": "done"}
    assert land_of(chronicle).ending is (OutcomeStatus.DONE if writes else OutcomeStatus.FAILED)
    assert chronicle.open == ()
    assert bench.writes() == ["PUT /api/v202406/esachannel/1042"]


def test_a_write_that_was_done_is_already_so_for_the_next_run(start: Start, tmp_path: Path) -> None:
    bench, plan = leave_open(start, tmp_path / "journal", USE)

    with open_journal(tmp_path / "journal", plan) as journal:
        account = turn_on_the_light(bench).apply(plan, ApplyOptions(journal=journal))

    assert only(account) == Outcome("use", 1042, OutcomeStatus.DONE, was_already_applied=True)


def test_what_was_not_done_says_why_nobody_knew(start: Start, tmp_path: Path) -> None:
    bench, plan = leave_open(start, tmp_path / "journal", USE, writes=False)

    _, chronicle = apply_with_journal(turn_on_the_light(bench), plan, tmp_path / "journal")

    assert land_of(chronicle).message == "was not done: the run that sent it had no answer"


@pytest.mark.counts_on("read_lag", reason="somebody edits in between")
def test_an_open_write_that_reads_otherwise_than_sent_is_told_once(start: Start, tmp_path: Path) -> None:
    bench, plan = leave_open(start, tmp_path / "journal", USE)
    bench.meddle(1042, {"channelDescription": "Edited"})
    light = turn_on_the_light(bench)

    with open_journal(tmp_path / "journal", plan) as journal:
        first = light.apply(plan, ApplyOptions(journal=journal))
    ended, _ = apply_with_journal(light, plan, tmp_path / "journal")

    assert only(first) == Outcome(
        "use",
        1042,
        OutcomeStatus.MISMATCH,
        'reads otherwise than it was written: channelDescription is "Edited", expected "Main switchboard, basement"',
        "look at the channel in EnergyCAP, then plan again: reconciler plan",
    )
    assert ended == {"use": "done"}


def test_a_write_stays_open_as_long_as_its_channel_cannot_be_read(start: Start, tmp_path: Path) -> None:
    bench, plan = leave_open(start, tmp_path / "journal", USE)

    ended, chronicle = apply_with_journal(bench, plan, tmp_path / "journal")

    assert ended == {"use": "failed"}
    assert [intent.number for intent in chronicle.open] == [1]


def test_a_change_is_not_sent_again_before_its_open_write_is_settled(start: Start, tmp_path: Path) -> None:
    def refuse_single_reads(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        return httpx.Response(503) if request.url.path.endswith("/1042") and request.method == "GET" else pass_on()

    # One that is judged by the list of its data point, which can be read.
    bench, plan = leave_open(start, tmp_path / "journal", want("use", 1042, channelImportId="NEW"), writes=False)
    with open_editor(bench.service.url, "sandbox", Wire(refuse_single_reads)) as editor:
        ended, chronicle = apply_with_journal(replace(bench, editor=editor), plan, tmp_path / "journal")

    assert ended == {"use": "failed"}
    assert [intent.number for intent, _ in chronicle.writes] == [1]
    assert bench.writes() == []


def test_without_a_journal_an_open_write_can_be_settled_too(start: Start, tmp_path: Path) -> None:
    bench, plan = leave_open(start, tmp_path / "journal", USE)
    with open_journal(tmp_path / "journal", plan) as journal:
        (intent,) = journal.before.open

    landing = JournaledWriter(bench.other, ChannelEdit.OMIT_VERSION).resolve(intent)

    assert landing == WriteResult(OutcomeStatus.DONE, found=bench.read(1042))
