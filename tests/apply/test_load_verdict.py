"""The judge of the load run finds what it is there to find."""

from __future__ import annotations

import json

import httpx
import pytest

from benchmarks.applies import name_wanted
from benchmarks.load_verdict import Evidence, Foreign, Run, read_puts
from benchmarks.load_watch import Signature, Watch
from reconciler.model.outcomes import ApplyResult, Outcome, OutcomeStatus
from reconciler.sandbox import LoggedRequest

PATH = "/api/v202406/esachannel/1"
NAME = name_wanted(1)
DONE = Outcome("c1", 1, OutcomeStatus.DONE, requests=1)
THEIRS = Foreign(1, "channelDescription", "Theirs", begin=10, end=11)


def say(name: str, description: str | None = None) -> dict[str, object]:
    """The part of a PUT that is judged."""
    return {"channelInfo": name, "channelDescription": description}


def is_theirs(written: dict[str, object]) -> bool:
    return written["channelDescription"] == "Theirs" and written["channelInfo"] != NAME


def judge(*written: dict[str, object], outcome: Outcome = DONE, live: dict[str, object] | None = None) -> Evidence:
    """A run in which these bodies were written in order."""
    bodies = [f"{json.dumps(one)}{Signature.MARK if is_theirs(one) else ''}" for one in written]
    requests = [LoggedRequest(number, "PUT", PATH, body, 200, None) for number, body in enumerate(bodies, 1)]
    puts = read_puts(requests)
    run = Run(0, 0, len(written), ApplyResult((outcome,)))
    edits = [THEIRS] if any(map(is_theirs, written)) else []
    return Evidence([run], puts, edits, {1: live or dict(written[-1])}, Watch())  # type: ignore[dict-item]


def test_a_run_without_trouble_is_sound() -> None:
    evidence = judge(say(NAME))

    assert (*evidence.find_lost(), *evidence.find_overwritten(), *evidence.find_unaccounted()) == ()


def test_a_value_that_is_called_done_and_not_live_is_lost() -> None:
    assert len(list(judge(say(NAME), live=say("Old")).find_lost())) == 2


def test_a_value_that_somebody_else_wrote_over_later_is_not_lost() -> None:
    assert list(judge(say(NAME), say("Old", "Theirs")).find_lost()) == []


def test_an_edit_that_a_later_write_keeps_was_not_overwritten() -> None:
    assert list(judge(say("Old", "Theirs"), say(NAME, "Theirs")).find_overwritten()) == []


@pytest.mark.parametrize(("read_sent", "is_in_window"), [(10.5, True), (12.0, False)], ids=["before", "after"])
def test_an_edit_that_a_later_write_undid_was_overwritten(read_sent: float, is_in_window: bool) -> None:
    evidence = judge(say("Old", "Theirs"), say(NAME))
    request = httpx.Request("PUT", f"http://a.example{PATH}", content=json.dumps(say(NAME)))
    evidence.watch.note(httpx.Request("GET", request.url), 1, read_sent, 13.0)
    evidence.watch.note(request, 1, 14.0, 15.0)

    assert [inside for _, inside in evidence.find_overwritten()] == [is_in_window]


@pytest.mark.parametrize(
    ("shown", "count"), [("Theirs", 0), ("Old", 1)], ids=["the plan shows it", "the plan does not"]
)
def test_an_edit_of_a_managed_value_may_be_undone_by_a_plan_that_shows_it(shown: str, count: int) -> None:
    bodies = [f"{json.dumps(say('Theirs'))}{Signature.MARK}", json.dumps(say(NAME))]
    puts = read_puts([LoggedRequest(number, "PUT", PATH, body, 200, None) for number, body in enumerate(bodies, 1)])
    run = Run(0, 0, 2, ApplyResult((DONE,)), {1: {"channelInfo": shown}})
    edit = Foreign(1, "channelInfo", "Theirs", begin=10, end=11)

    evidence = Evidence([run], puts, [edit], {1: say(NAME)}, Watch())  # type: ignore[dict-item]

    assert len(list(evidence.find_overwritten())) == count


@pytest.mark.parametrize(
    ("outcome", "count"),
    [
        (DONE, 0),
        (Outcome("c1", 1, OutcomeStatus.DONE, requests=2), 1),
        (Outcome("c1", 1, OutcomeStatus.DONE, was_already_applied=True), 1),
        (Outcome("c1", 1, OutcomeStatus.STALE), 1),
        (Outcome("c1", 1, OutcomeStatus.NOT_TRIED), 1),
        (Outcome("c1", 1, OutcomeStatus.MISMATCH, requests=1), 0),
        (Outcome("c1", 1, OutcomeStatus.FAILED, "was not done: so", requests=1), 1),
        (Outcome("c1", 1, OutcomeStatus.FAILED, "may have been done, and so on", requests=1), 0),
        (Outcome("c1", 1, OutcomeStatus.DONE, requests=1, unread=True), 0),
    ],
    ids=["done", "twice", "already", "stale", "not tried", "differs", "failed", "doubtful", "unread"],
)
def test_an_outcome_must_say_what_the_journal_of_the_service_says(outcome: Outcome, count: int) -> None:
    assert len(list(judge(say(NAME), outcome=outcome).find_unaccounted())) == count
