from __future__ import annotations

import pytest

from reconciler.apply.journal_entries import Entry, RunFinished, RunStarted, WriteFinished, WriteIntended
from reconciler.apply.journal_reader import JournalContent, result_from_journal
from reconciler.apply.writes import RESUME, Write, WriteResult, WriteTarget
from reconciler.model.outcomes import ApplyResult, Outcome, OutcomeStatus
from tests.apply.records import INFO, MULTIPLIER, make_change, make_live, make_plan_of

AT = "2026-11-21T12:00:00.000+00:00"
BEFORE = make_live(versions=2)
MAIN = make_change(BEFORE, {INFO: "North", MULTIPLIER: 2})
PLAN = make_plan_of(MAIN)
VERSION_DONE = WriteResult(OutcomeStatus.DONE, found=make_live({MULTIPLIER: 2}, versions=2))
ALL_DONE = WriteResult(OutcomeStatus.DONE, found=make_live({INFO: "North", MULTIPLIER: 2}, versions=2))
BEGAN = RunStarted(AT)
KILLED = Outcome("main", 1, OutcomeStatus.NOT_TRIED, "the run was killed before it came to this", RESUME)
DOUBTFUL = Outcome("main", 1, OutcomeStatus.FAILED, "may have been written, and nobody has looked since", RESUME)
DONE = Outcome("main", 1, OutcomeStatus.DONE)
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


def intend(number: int, part: WriteTarget = WriteTarget.CHANNEL) -> WriteIntended:
    return WriteIntended(AT, number, "main", Write(part, {INFO: "North"}), BEFORE)


def land(number: int, landing: WriteResult = ALL_DONE) -> WriteFinished:
    return WriteFinished(AT, number, landing)


def end(outcome: Outcome) -> RunFinished:
    return RunFinished(AT, ApplyResult((outcome,)))


def with_requests(outcome: Outcome, requests: int) -> Outcome:
    return Outcome(outcome.name, outcome.channel_id, outcome.status, outcome.message, outcome.fix, requests)


REFUSED = Outcome("main", 1, OutcomeStatus.FAILED, "refused", "mend it")
UNSENT = WriteResult(OutcomeStatus.FAILED, "refused", "mend it", was_sent=False)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ((), KILLED),
        ((BEGAN,), KILLED),
        ((BEGAN, end(DONE)), DONE),
        ((BEGAN, end(ALREADY)), ALREADY),
        ((BEGAN, intend(1)), with_requests(DOUBTFUL, 1)),
        ((BEGAN, intend(1), end(REFUSED)), with_requests(DOUBTFUL, 1)),
        ((BEGAN, intend(1, WriteTarget.VERSION), land(1, VERSION_DONE), intend(2), land(2)), CONFIRMED),
        (
            (BEGAN, intend(1, WriteTarget.VERSION), land(1, VERSION_DONE)),
            Outcome("main", 1, OutcomeStatus.FAILED, "was written in part before the run was killed", RESUME, 1),
        ),
        ((BEGAN, intend(1), land(1, UNSENT)), REFUSED),
        ((BEGAN, intend(1), land(1), end(DONE), BEGAN, end(ALREADY)), with_requests(DONE, 1)),
        ((BEGAN, intend(1), land(1), end(DONE), BEGAN), with_requests(DONE, 1)),
        ((BEGAN, end(REFUSED), BEGAN), KILLED),
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
        "done in an earlier run",
        "killed after it was done",
        "killed after it failed",
    ],
)
def test_all_runs_together_make_one_account(entries: tuple[Entry, ...], expected: Outcome) -> None:
    assert result_from_journal(JournalContent(PLAN, entries)).outcomes == (expected,)


@pytest.mark.parametrize(
    ("entries", "interrupted"),
    [
        ((BEGAN,), True),
        ((BEGAN, end(DONE)), False),
        ((BEGAN, RunFinished(AT, ApplyResult((DONE,), interrupted=True))), True),
    ],
    ids=["killed", "ended", "interrupted"],
)
def test_a_run_that_did_not_come_to_its_end_was_interrupted(entries: tuple[Entry, ...], interrupted: bool) -> None:
    assert result_from_journal(JournalContent(PLAN, entries)).interrupted is interrupted
