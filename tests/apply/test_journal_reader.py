from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.apply.journal_entries import (
    Entry,
    RunFinished,
    RunStarted,
    WriteFinished,
    WriteIntended,
    encode_entry,
    render_line,
)
from reconciler.apply.journal_reader import (
    JournalContent,
    find_disagreement,
    parse_journal,
    read_journal,
    result_from_journal,
)
from reconciler.apply.remaining import Write, WriteTarget
from reconciler.apply.writes import RESUME, WriteResult
from reconciler.errors import FileError
from reconciler.model.channels import new_channel_id
from reconciler.model.fields import FORMULA
from reconciler.model.outcomes import ApplyResult, Outcome, OutcomeStatus
from reconciler.model.plan import Blocker, Verdict
from reconciler.planfile.writing import encode_plan
from tests.apply.records import INFO, MULTIPLIER, make_change, make_live, make_plan_of, make_step

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.apply.journal_entries import Entry
    from reconciler.model.channels import Live
    from reconciler.model.plan import Plan
    from reconciler.model.values import Value


AT = "2026-11-21T12:00:00.000+00:00"
PLAN = make_plan_of(make_step("main", 1))
LIVE = make_live()
HEADER = render_line({"kind": "plan", "format_version": "1.0", "plan": encode_plan(PLAN)})
STARTED = RunStarted(AT)
DONE = WriteResult(OutcomeStatus.DONE, found=LIVE)
FINISHED = RunFinished(AT, ApplyResult(()))


def make_intent(number: int) -> WriteIntended:
    return WriteIntended(AT, number, "main", Write(WriteTarget.CHANNEL, {INFO: "main"}), LIVE)


ENTRIES: tuple[Entry, ...] = (STARTED, make_intent(1), WriteFinished(AT, 1, DONE), FINISHED)
LINES = [HEADER, *(render_line(encode_entry(entry)) for entry in ENTRIES)]


def test_a_journal_holds_its_plan_and_its_entries(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"".join(LINES))

    assert read_journal(path) == JournalContent(PLAN, ENTRIES)


def test_a_write_without_an_outcome_is_open() -> None:
    content = JournalContent(PLAN, (STARTED, make_intent(1), make_intent(2), WriteFinished(AT, 1, DONE)))

    assert content.writes == ((make_intent(1), DONE), (make_intent(2), None))
    assert content.writes_by_name == {"main": [(make_intent(1), DONE), (make_intent(2), None)]}
    assert content.open == (make_intent(2),)


@pytest.mark.parametrize(
    ("entries", "is_finished"),
    [
        ((), False),
        ((STARTED,), False),
        ((STARTED, FINISHED), True),
        ((STARTED, FINISHED, STARTED), False),
        ((STARTED, make_intent(1), FINISHED), False),
        ((STARTED, RunFinished(AT, ApplyResult((), interrupted=True))), False),
        ((STARTED, RunFinished(AT, ApplyResult((), aborted_because="so"))), False),
    ],
    ids=["nothing", "killed", "ended", "killed later", "open", "interrupted", "aborted"],
)
def test_a_journal_is_finished_once_its_last_run_ended_and_nothing_is_open(
    entries: tuple[Entry, ...], is_finished: bool
) -> None:
    assert JournalContent(PLAN, entries).is_finished is is_finished


def test_the_last_run_is_what_follows_the_last_beginning() -> None:
    assert JournalContent(PLAN, (STARTED, make_intent(1), STARTED, FINISHED)).last_run == (STARTED, FINISHED)


def test_wherever_a_journal_is_cut_its_whole_lines_are_read(tmp_path: Path) -> None:
    whole = b"".join(LINES)
    ends = [len(b"".join(LINES[:count])) for count in range(len(LINES) + 1)]

    for cut in {*range(0, len(whole), 211), *(end + shift for end in ends[1:] for shift in (-1, 0, 1))}:
        lines = sum(end <= cut for end in ends) - 1
        sound = parse_journal(whole[:cut], tmp_path)
        assert sound == (None if lines == 0 else (JournalContent(PLAN, ENTRIES[: lines - 1]), ends[lines]))


def test_a_last_line_that_the_disk_never_filled_is_left_out(tmp_path: Path) -> None:
    sound = parse_journal(b"".join(LINES) + bytes(100) + b"\n", tmp_path)

    assert sound == (JournalContent(PLAN, ENTRIES), len(b"".join(LINES)))


def encode_header(**changes: object) -> bytes:
    return render_line({"kind": "plan", "format_version": "1.0", "plan": encode_plan(PLAN)} | changes)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"".join((LINES[0], b"[1]\n", *LINES[2:])), "PATH is damaged at line 2"),
        (b"".join((LINES[0], b"[" * 100_000 + b"\n", *LINES[2:])), "PATH is damaged at line 2"),
        (b"".join((LINES[0], b'{"at": ' + b"[" * 500 + b"]" * 500 + b"}\n", *LINES[2:])), "PATH is damaged at line 2"),
        (
            b"".join((LINES[0], b'{"at": 1}\n', *LINES[2:])),
            "PATH is damaged, or no journal: kind is missing",
        ),
        (json.dumps(encode_plan(PLAN)).encode() + b"\n", "PATH is damaged, or no journal: plan is missing"),
        (b"hello\n", "PATH is not a journal: its first line is incomplete"),
        (b"", "PATH is not a journal: its first line is incomplete"),
        (encode_header(format_version="3.0"), "PATH has the format_version '3.0'; this reconciler reads 1.x and 2.x"),
        (encode_header(plan=encode_plan(PLAN) | {"tool_version": "9"}), "PATH: the plan was changed after it was made"),
    ],
    ids=["damaged", "deep", "deep and closed", "no entry", "plan file", "text", "empty", "version", "seal"],
)
def test_what_is_not_a_journal_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)

    with pytest.raises(FileError) as raised:
        read_journal(path)

    assert raised.value.message.startswith(complaint.replace("PATH", str(path)))


def test_a_journal_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"cannot read .*: No such file or directory"):
        read_journal(tmp_path / "a.jsonl")


BEFORE = make_live(versions=2)
MAIN = make_change(BEFORE, {INFO: "North", MULTIPLIER: 2})
PLAN_OF_TWO_WRITES = make_plan_of(MAIN)
VERSION_DONE = WriteResult(OutcomeStatus.DONE, found=make_live({MULTIPLIER: 2}, versions=2))
ALL_DONE = WriteResult(OutcomeStatus.DONE, found=make_live({INFO: "North", MULTIPLIER: 2}, versions=2))
KILLED = Outcome("main", 1, OutcomeStatus.NOT_TRIED, "the run was killed before it came to this", RESUME)
DOUBTFUL = Outcome("main", 1, OutcomeStatus.FAILED, "may have been written, and has not been read since", RESUME)
DONE_OUTCOME = Outcome("main", 1, OutcomeStatus.DONE)
CONFIRMED = Outcome(
    "main",
    1,
    OutcomeStatus.DONE,
    fix="check that nothing is left to do: reconciler plan",
    requests=2,
    remark="EnergyCAP confirmed the write, but the run was killed before the channel was read again at the end",
    unread=True,
)
ALREADY = Outcome("main", 1, OutcomeStatus.DONE, was_already_applied=True)


def intend_in_two(number: int, part: WriteTarget = WriteTarget.CHANNEL) -> WriteIntended:
    return WriteIntended(AT, number, "main", Write(part, {INFO: "North"}), BEFORE)


def finish(number: int, result: WriteResult = ALL_DONE) -> WriteFinished:
    return WriteFinished(AT, number, result)


def end_run(outcome: Outcome) -> RunFinished:
    return RunFinished(AT, ApplyResult((outcome,)))


def with_requests(outcome: Outcome, requests: int) -> Outcome:
    return Outcome(outcome.name, outcome.channel_id, outcome.status, outcome.message, outcome.fix, requests)


ABORTED = RunFinished(AT, ApplyResult((), aborted_because="the disk is full"))
REFUSED = Outcome("main", 1, OutcomeStatus.FAILED, "refused", "fix it")
UNTOUCHED = WriteResult(OutcomeStatus.FAILED, "refused", "fix it", found=BEFORE)
UNSHOWN = WriteResult(OutcomeStatus.DONE)
UNSENT = WriteResult(OutcomeStatus.FAILED, "refused", "fix it", was_sent=False)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ((), KILLED),
        ((STARTED,), KILLED),
        ((STARTED, end_run(DONE_OUTCOME)), DONE_OUTCOME),
        ((STARTED, end_run(ALREADY)), ALREADY),
        ((STARTED, intend_in_two(1)), with_requests(DOUBTFUL, 1)),
        ((STARTED, intend_in_two(1), end_run(REFUSED)), with_requests(DOUBTFUL, 1)),
        (
            (STARTED, intend_in_two(1, WriteTarget.VERSION), finish(1, VERSION_DONE), intend_in_two(2), finish(2)),
            CONFIRMED,
        ),
        (
            (STARTED, intend_in_two(1, WriteTarget.VERSION), finish(1, VERSION_DONE)),
            Outcome("main", 1, OutcomeStatus.FAILED, "was written in part before the run was killed", RESUME, 1),
        ),
        ((STARTED, intend_in_two(1), finish(1, UNSENT)), REFUSED),
        ((STARTED, intend_in_two(1), finish(1, UNTOUCHED)), with_requests(REFUSED, 1)),
        ((STARTED, intend_in_two(1), finish(1, UNSHOWN)), replace(CONFIRMED, requests=1)),
        (
            (STARTED, intend_in_two(1), finish(1), end_run(DONE_OUTCOME), STARTED, end_run(ALREADY)),
            with_requests(DONE_OUTCOME, 1),
        ),
        ((STARTED, intend_in_two(1), finish(1), end_run(DONE_OUTCOME), STARTED), with_requests(DONE_OUTCOME, 1)),
        ((STARTED, end_run(REFUSED), STARTED), KILLED),
    ],
    ids=[
        "nothing",
        "killed at once",
        "done",
        "already",
        "open",
        "open at the end",
        "killed after both writes",
        "killed between them",
        "killed after a refusal",
        "killed after a write without effect",
        "killed after a write that was not read",
        "done in an earlier run",
        "killed after it was done",
        "killed after it failed",
    ],
)
def test_all_runs_together_make_one_result(entries: tuple[Entry, ...], expected: Outcome) -> None:
    assert result_from_journal(JournalContent(PLAN_OF_TWO_WRITES, entries)).outcomes == (expected,)


@pytest.mark.parametrize(
    ("entries", "interrupted", "aborted_because"),
    [
        ((STARTED,), True, ""),
        ((STARTED, end_run(DONE_OUTCOME)), False, ""),
        ((STARTED, RunFinished(AT, ApplyResult((DONE_OUTCOME,), interrupted=True))), True, ""),
        ((STARTED, ABORTED), False, "the disk is full"),
        ((STARTED, ABORTED, STARTED), True, ""),
    ],
    ids=["killed", "ended", "interrupted", "aborted", "aborted and then killed"],
)
def test_a_run_that_did_not_come_to_its_end_was_interrupted(
    entries: tuple[Entry, ...], aborted_because: str, *, interrupted: bool
) -> None:
    result = result_from_journal(JournalContent(PLAN_OF_TWO_WRITES, entries))

    assert (result.interrupted, result.aborted_because) == (interrupted, aborted_because)


BLOCKER = Blocker("ESA402", "cannot become calculated", {"versions": 2}, "remove the older version")
TWO_CHANNELS = make_plan_of(
    MAIN,
    replace(make_step("south", 2), channel_id=2, verdict=Verdict.BLOCKED, blocked_by=(BLOCKER,)),
)
NORTH = {INFO: "North"}


def intend(
    number: int = 1,
    name: str = "main",
    wanted: Mapping[str, Value] = NORTH,
    before: Live = BEFORE,
    part: WriteTarget = WriteTarget.CHANNEL,
) -> WriteIntended:
    return WriteIntended(AT, number, name, Write(part, wanted), before)


FAILED = WriteResult(OutcomeStatus.FAILED, "no answer")
MISMATCH = WriteResult(OutcomeStatus.MISMATCH, "reads otherwise")
SOMEWHERE_ELSE = WriteResult(OutcomeStatus.DONE, found=make_live(NORTH, versions=2, channel_id=9))


@pytest.mark.parametrize(
    ("entries", "disagreement"),
    [
        ((intend(), intend()), "two intents have the number 1"),
        ((intend(name="nobody"),), 'intent 1, of "nobody", is not for a change that its plan may send'),
        (
            (intend(name="south", before=make_live(point=2, channel_id=2)),),
            'intent 1, of "south", is not for a change that its plan may send',
        ),
        (
            (intend(before=make_live(versions=2, channel_id=9)),),
            'intent 1, of "main", is for channel 9 on data point 1, but in its plan it is channel 1 on 1',
        ),
        (
            (intend(before=make_live(versions=2, point=8)),),
            'intent 1, of "main", is for channel 1 on data point 8, but in its plan it is channel 1 on 1',
        ),
        (
            (intend(wanted={INFO: "South"}),),
            'intent 1, of "main", writes channelInfo, but not with an edit of its plan',
        ),
        (
            (intend(wanted={"channelDescription": None}),),
            'intent 1, of "main", writes channelDescription, but not with an edit of its plan',
        ),
        (
            (intend(before=make_live({INFO: "Annex"}, versions=2)),),
            'intent 1, of "main", found another channelInfo than its plan saw',
        ),
        (
            (intend(part=WriteTarget.VERSION),),
            'intent 1, of "main", writes channelInfo to a version, which has no such value',
        ),
        ((intend(), finish(2)), "a result has the number 2, but no intent before it has that number"),
        ((intend(), finish(1, SOMEWHERE_ELSE)), "the result of intent 1 is for channel 9, not 1"),
        ((intend(), finish(1), finish(1)), "intent 1 has another result after it ended as done"),
        ((intend(), finish(1, MISMATCH), finish(1)), "intent 1 has another result after it ended as differs"),
        (
            (end_run(Outcome("nobody", 1, OutcomeStatus.NOT_TRIED)),),
            'a result has "nobody" on channel 1, but its plan does not',
        ),
        (
            (end_run(Outcome("main", 2, OutcomeStatus.NOT_TRIED)),),
            'a result has "main" on channel 2, but its plan does not',
        ),
        ((RunFinished(AT, ApplyResult((KILLED, KILLED))),), 'a result has "main" twice'),
        (
            (end_run(DONE_OUTCOME),),
            'a result says that "main" was written, but the journal has no earlier intent for it',
        ),
        (
            (end_run(DONE_OUTCOME), intend()),
            'a result says that "main" was written, but the journal has no earlier intent for it',
        ),
    ],
    ids=[
        "number twice",
        "no change",
        "blocked change",
        "channel",
        "data point",
        "value",
        "unmanaged path",
        "found otherwise",
        "not of a version",
        "result without intent",
        "result of another channel",
        "done twice",
        "done after it differed",
        "outcome of no change",
        "outcome of another channel",
        "outcome twice",
        "done without a write",
        "done before its write",
    ],
)
def test_a_journal_that_contradicts_itself_is_refused(
    tmp_path: Path, entries: tuple[Entry, ...], disagreement: str
) -> None:
    with pytest.raises(FileError) as raised:
        parse_journal(render_journal(TWO_CHANNELS, entries), tmp_path)

    assert raised.value.message == f"{tmp_path} contradicts itself: {disagreement}"


def test_a_forged_formula_with_an_endless_id_is_a_contradiction() -> None:
    planned = make_change(make_live(), {FORMULA: f"channel({new_channel_id('level')})"})
    forged = intend(wanted={FORMULA: f"channel({'9' * 5000})"}, before=make_live())

    disagreement = find_disagreement(make_plan_of(planned), (forged,))

    assert disagreement == f'intent 1, of "main", writes {FORMULA}, but not with an edit of its plan'


@pytest.mark.parametrize(
    "entries",
    [
        (intend(wanted={MULTIPLIER: 2}, part=WriteTarget.VERSION), finish(1, VERSION_DONE), intend(2), finish(2)),
        (intend(before=make_live({INFO: "North"}, versions=2)),),
        (intend(), finish(1, FAILED), finish(1, FAILED), finish(1)),
        (end_run(ALREADY),),
        (end_run(REFUSED), end_run(KILLED)),
        (intend(), finish(1), end_run(DONE_OUTCOME), STARTED, end_run(DONE_OUTCOME)),
    ],
    ids=["two writes", "set meanwhile", "done late", "live already", "not written", "done in an earlier run"],
)
def test_a_journal_that_agrees_with_its_plan_is_read(tmp_path: Path, entries: tuple[Entry, ...]) -> None:
    content = render_journal(TWO_CHANNELS, entries)

    assert parse_journal(content, tmp_path) == (JournalContent(TWO_CHANNELS, entries), len(content))


def render_journal(plan: Plan, entries: tuple[Entry, ...]) -> bytes:
    header = render_line({"kind": "plan", "format_version": "1.0", "plan": encode_plan(plan)})
    return header + b"".join(render_line(encode_entry(entry)) for entry in entries)
