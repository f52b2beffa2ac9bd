from __future__ import annotations

import signal
import sys
import threading
from collections import Counter
from itertools import count
from typing import TYPE_CHECKING

import httpx
import pytest
from msgspec.structs import replace

from reconciler.apply.journal import find_unfinished, open_journal
from reconciler.apply.journal_reader import read_journal
from reconciler.apply.run import ApplyOptions
from reconciler.model.outcomes import ApplyResult, Finished, Outcome, OutcomeStatus, Started, Verifying
from reconciler.model.plan import Verdict
from reconciler.planning.approval import ChangedStep, Comparison, compare_plans
from tests.apply.bench import CHANNEL, GIVE_UP_FIRST, LIST, READ, Interceptor, only, status_by_name, want
from tests.apply.records import make_plan_of, make_step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.model.outcomes import Event
    from tests.apply.bench import Bench, Start

CONVERSION = (
    want("losses", 1043, isCalculated=True, esaChannelVersion__formula="channel(use) * 0.03"),
    want("net", 1044, esaChannelVersion__formula="channel(use) * 0.97"),
    want("use", 1042, channelInfo="Main"),
)
MOVE = (want("old", 1078, isPrimaryValue=False), want("new", 1077, isPrimaryValue=True))


def refuse_put_of(channel_id: int, status: int = 400) -> Interceptor:
    def intercept(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        is_it = request.method == "PUT" and request.url.path.endswith(f"/{channel_id}")
        return httpx.Response(status, text="no") if is_it else pass_on()

    return Interceptor(intercept)


def paths(*channel_ids: int) -> list[str]:
    return [f"PUT /api/v202406/esachannel/{channel_id}" for channel_id in channel_ids]


def test_an_empty_plan_asks_nothing_of_the_service(demo: Bench) -> None:
    assert demo.apply(demo.plan()) == ApplyResult(())
    assert demo.editor.requests == {}


def test_what_another_change_makes_legal_comes_after_it(demo: Bench) -> None:
    result = demo.apply(demo.plan(*CONVERSION))

    assert status_by_name(result) == {"net": "done", "use": "done", "losses": "done"}
    assert demo.writes() == paths(1044, 1042, 1043)
    assert demo.plan(*CONVERSION).summary.update == 0


def test_a_blocked_change_is_never_sent(demo: Bench) -> None:
    plan = demo.plan(want("losses", 1043, isCalculated=True, esaChannelVersion__formula="channel(1042) * 0.03"))

    assert demo.apply(plan) == ApplyResult(())
    assert demo.writes() == []


def test_a_failure_stops_what_depends_on_it_and_nothing_else(start: Start) -> None:
    bench = start(network=refuse_put_of(1044))

    result = bench.apply(bench.plan(*CONVERSION))

    assert status_by_name(result) == {"net": "failed", "use": "done", "losses": "not tried"}
    assert result.outcomes[2] == Outcome(
        "losses",
        1043,
        OutcomeStatus.NOT_TRIED,
        "it comes after net, which ended as: failed",
        "see net, then apply again",
    )
    assert bench.writes() == paths(1042)


@pytest.mark.counts_on("read_lag", reason="somebody edits in between")
def test_what_depends_on_a_stale_change_is_stale_too(demo: Bench) -> None:
    plan = demo.plan(*CONVERSION)
    demo.edit_elsewhere(1044, {"esaChannelVersion.formula": "channel(1042) - 1"})

    result = demo.apply(plan)

    assert status_by_name(result) == {"net": "stale", "use": "done", "losses": "stale"}
    assert result.outcomes[2].message == "it comes after net, which is stale"


def test_what_comes_after_a_blocked_change_is_not_tried(demo: Bench) -> None:
    blocked = replace(make_step("first", 1), verdict=Verdict.BLOCKED)

    result = demo.apply(make_plan_of(blocked, make_step("second", 2, ("first",))))

    assert only(result) == Outcome(
        "second", 1, OutcomeStatus.NOT_TRIED, "it comes after first, which is blocked", "unblock first"
    )


def test_the_rest_of_a_failed_plan_is_the_next_plan(start: Start) -> None:
    bench = start(network=refuse_put_of(1044))
    bench.apply(bench.plan(*CONVERSION))

    assert [change.name for change in bench.plan(*CONVERSION).sendable] == ["net", "losses"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_stops_the_run(start: Start, status: int) -> None:
    bench = start(network=refuse_put_of(1042, status))
    plan = bench.plan(
        want("a", 1042, channelInfo="A"), want("b", 1058, channelInfo="B"), want("c", 1063, channelInfo="C")
    )

    result = bench.apply(plan, ApplyOptions(parallelism=1))

    assert status_by_name(result) == {"a": "failed", "b": "not tried", "c": "not tried"}
    assert result.outcomes[1].message.startswith("the run was stopped: the service refused access: ")
    assert bench.editor.requests == {READ: 1, CHANNEL: 1}


def test_a_key_that_may_not_even_read_stops_the_run(start: Start) -> None:
    bench = start(network=Interceptor(lambda _request, _pass_on: httpx.Response(401)))
    plan = bench.plan(want("a", 1042, channelInfo="A"), want("b", 1058, channelInfo="B"))

    assert status_by_name(bench.apply(plan, ApplyOptions(parallelism=1))) == {"a": "failed", "b": "not tried"}


@pytest.mark.counts_on("put_answer", "read_lag", reason="requests are counted")
def test_a_run_that_is_stopped_finishes_what_is_in_flight_and_nothing_more(start: Start) -> None:
    def stop_at_put(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "PUT":
            options.stop.set()
        return pass_on()

    bench = start(network=Interceptor(stop_at_put))
    options = ApplyOptions(parallelism=1)
    plan = bench.plan(want("a", 1042, channelInfo="A"), want("b", 1058, channelInfo="B"))

    assert bench.apply(plan, options) == ApplyResult(
        (
            Outcome("a", 1042, OutcomeStatus.DONE, requests=1),
            Outcome(
                "b",
                1058,
                OutcomeStatus.NOT_TRIED,
                "the run was interrupted",
                "apply again: what is done already counts as done",
            ),
        ),
        interrupted=True,
    )
    assert bench.editor.requests == {READ: 2, CHANNEL: 1}


def test_a_change_that_waits_for_its_turn_is_not_begun_once_the_run_is_stopped(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop_at_third(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.url.path.endswith("/1063"):
            options.stop.set()
        return pass_on()

    # So far apart that the fourth waits while the third is carried out.
    monkeypatch.setattr("reconciler.apply.scheduler._SHARE", 1e9)
    monkeypatch.setattr("reconciler.apply.scheduler._LONGEST_GAP", 60.0)
    bench = start(network=Interceptor(stop_at_third))
    options = ApplyOptions(parallelism=2)
    ids = {"a": 1042, "b": 1058, "c": 1063, "d": 1077}

    result = bench.apply(bench.plan(*(want(name, id_, channelInfo=name) for name, id_ in ids.items())), options)

    assert status_by_name(result) == {"a": "done", "b": "done", "c": "done", "d": "not tried"}


def test_a_run_that_was_stopped_when_all_was_begun_was_not_interrupted(start: Start) -> None:
    def stop_at_put(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "PUT":
            options.stop.set()
        return pass_on()

    bench = start(network=Interceptor(stop_at_put))
    options = ApplyOptions()

    result = bench.apply(bench.plan(want("a", 1042, channelInfo="A")), options)

    assert result == ApplyResult((Outcome("a", 1042, OutcomeStatus.DONE, requests=1),))


CROWD = tuple(want(f"c{channel_id}", channel_id, channelInfo="New") for channel_id in (1042, 1046, 1058, 1063, 1078))


class Mortal:
    """A network to a service that is dead from the given request on, but for the requests in `alive`."""

    def __init__(self, dies_at: int, alive: range = range(0)) -> None:
        self._numbers = count()
        self._dies_at = dies_at
        self._alive = alive

    def intercept(self, _request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        number = next(self._numbers)
        if number < self._dies_at or number in self._alive:
            return pass_on()
        raise httpx.ConnectError("refused")


def refuse_all_from_the_first_put() -> Callable[[httpx.Request, Callable[[], httpx.Response]], httpx.Response]:
    is_gone = threading.Event()

    def intercept(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "PUT":
            is_gone.set()
        if is_gone.is_set():
            raise httpx.ReadError("reset")
        return pass_on()

    return intercept


@pytest.mark.counts_on("put_answer", reason="the answer to the write is looked at")
def test_a_service_that_is_gone_for_good_stops_the_run_after_three_changes_with_one_reason(
    start: Start, tmp_path: Path
) -> None:
    bench = start(network=Interceptor(Mortal(2).intercept))
    plan = bench.plan(*CROWD)

    with open_journal(tmp_path, plan) as journal:
        result = bench.apply(plan, ApplyOptions(parallelism=1, journal=journal))

    assert list(status_by_name(result).values()) == ["done", "failed", "failed", "failed", "not tried"]
    # It was confirmed, and cannot be read again.
    assert result.unread == result.outcomes[:1]
    assert result.aborted_because.startswith(
        "the service gave no answer to 3 changes in a row, the last time: no answer from "
    )
    assert result.outcomes[-1] == Outcome(
        "c1078",
        1078,
        OutcomeStatus.NOT_TRIED,
        f"the run was stopped: {result.aborted_because}",
        "once that is fixed, continue: reconciler apply --resume",
    )
    assert not result.interrupted


def test_a_run_that_a_dead_service_stopped_can_be_continued(start: Start, tmp_path: Path) -> None:
    bench = start(network=Interceptor(Mortal(2).intercept))
    plan = bench.plan(*CROWD)
    with open_journal(tmp_path, plan) as journal:
        bench.apply(plan, ApplyOptions(parallelism=1, journal=journal))

    path = find_unfinished(tmp_path, "sandbox")
    assert path is not None
    plan = read_journal(path).plan
    with open_journal(tmp_path, plan) as journal:
        result = replace(bench, editor=bench.other).apply(plan, ApplyOptions(journal=journal))

    assert set(status_by_name(result).values()) == {"done"}
    assert sorted(bench.writes()) == sorted(paths(1042, 1046, 1058, 1063, 1078))
    assert find_unfinished(tmp_path, "sandbox") is None


def test_a_service_that_is_still_down_stops_the_continued_run(start: Start, tmp_path: Path) -> None:
    bench = start(network=Interceptor(refuse_all_from_the_first_put()))
    plan = bench.plan(*CROWD)
    for _ in range(2):
        with open_journal(tmp_path, plan) as journal:
            result = bench.apply(plan, ApplyOptions(parallelism=1, journal=journal))

    assert list(status_by_name(result).values()) == ["failed"] * 3 + ["not tried"] * 2
    assert len(read_journal(journal.path).open) == 1


@pytest.mark.parametrize(
    ("channels", "parallelism"), [((1042, 1058), 1), ((1042, 1045), 2)], ids=["nobody waits", "another waits for it"]
)
def test_a_bug_in_one_change_ends_the_run_and_is_not_hidden(
    start: Start, channels: tuple[int, ...], parallelism: int
) -> None:
    def stumble(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        return pass_on() if request.method != "PUT" else httpx.Response(1 // 0)

    bench = start(network=Interceptor(stumble))

    with pytest.raises(ZeroDivisionError):
        bench.apply(
            bench.plan(*(want(f"c{id_}", id_, channelInfo="New") for id_ in channels)), ApplyOptions(parallelism)
        )

    assert bench.editor.requests == {READ: 1, CHANNEL: 1}


def test_a_run_that_could_try_all_was_not_stopped(start: Start) -> None:
    bench = start(network=Interceptor(lambda _request, _pass_on: httpx.Response(401)))

    assert bench.apply(bench.plan(want("a", 1042, channelInfo="A"))).aborted_because == ""


@pytest.mark.counts_on("put_answer", reason="the answer to the write is looked at")
def test_changes_without_an_answer_stop_nothing_where_others_get_one(start: Start) -> None:
    # Each of two changes is asked for twice, then one succeeds; two more, and the last reads.
    bench = start(network=Interceptor(Mortal(0, alive=range(4, 6)).intercept))

    result = bench.apply(bench.plan(*CROWD), ApplyOptions(parallelism=1))

    assert result.aborted_because == ""
    assert list(status_by_name(result).values()) == ["failed", "failed", "done", "failed", "failed"]


@pytest.mark.parametrize("status", [500, 503])
def test_a_service_that_only_ever_says_it_cannot_answer_is_as_good_as_gone(start: Start, status: int) -> None:
    bench = start(network=Interceptor(lambda _request, _pass_on: httpx.Response(status)))

    result = bench.apply(bench.plan(*CROWD), ApplyOptions(parallelism=1))

    assert list(status_by_name(result).values()) == ["failed"] * 3 + ["not tried"] * 2


def test_a_second_interrupt_ends_at_once_and_the_journal_knows_what_was_in_flight(start: Start, tmp_path: Path) -> None:
    sent, may_answer, answered = threading.Semaphore(0), threading.Event(), threading.Semaphore(0)

    def hold(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method != "PUT":
            return pass_on()
        sent.release()
        assert may_answer.wait(20)
        response = pass_on()
        answered.release()
        return response

    def interrupt(event: Event) -> None:
        if isinstance(event, Started) and event.name == "b":
            assert all(sent.acquire(timeout=20) for _ in plan.sendable)
            raise KeyboardInterrupt

    bench = start(network=Interceptor(hold))
    plan = bench.plan(want("a", 1042, channelInfo="A"), want("b", 1058, channelInfo="B"))

    with pytest.raises(KeyboardInterrupt), open_journal(tmp_path, plan) as journal:
        bench.apply(plan, ApplyOptions(on_event=interrupt, journal=journal))

    assert sorted(intent.name for intent in read_journal(journal.path).open) == ["a", "b"]
    may_answer.set()
    assert all(answered.acquire(timeout=20) for _ in plan.sendable)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signal to one thread")
def test_a_signal_that_does_not_wake_the_thread_that_applies_is_noticed_at_once(start: Start) -> None:
    released, waited = threading.Event(), threading.Semaphore(0)

    def interrupt(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "PUT":
            # As one that comes just before that thread begins to wait.
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)
            released.wait(20)
            waited.release()
        return pass_on()

    bench = start(network=Interceptor(interrupt))
    with pytest.raises(KeyboardInterrupt):
        bench.apply(bench.plan(want("a", 1042, channelInfo="A")))

    assert not waited.acquire(blocking=False)
    released.set()
    assert waited.acquire(timeout=20)


def test_nothing_is_begun_after_a_second_interrupt(start: Start) -> None:
    may_answer = threading.Event()

    def hold(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "PUT":
            assert may_answer.wait(20)
        return pass_on()

    def interrupt(_event: Event) -> None:
        raise KeyboardInterrupt

    bench = start(network=Interceptor(hold))
    plan = bench.plan(want("a", 1042, channelInfo="A"), want("b", 1058, channelInfo="B"))
    before = set(threading.enumerate())

    with pytest.raises(KeyboardInterrupt):
        bench.apply(plan, ApplyOptions(parallelism=1, on_event=interrupt))
    (worker,) = (one for one in threading.enumerate() if one not in before and one.name.startswith("energycap"))
    may_answer.set()
    worker.join(20)

    assert bench.writes() == paths(1042)


@pytest.mark.counts_on("put_answer", "read_lag", "list_shape", reason="requests are counted")
def test_the_giver_of_a_primary_value_is_already_demoted_where_the_service_does_so(demo: Bench) -> None:
    result = demo.apply(demo.plan(*MOVE))

    assert result.outcomes == (
        Outcome("new", 1077, OutcomeStatus.DONE, requests=1),
        Outcome("old", 1078, OutcomeStatus.DONE, was_already_applied=True),
    )
    assert demo.editor.requests == {LIST: 2, CHANNEL: 1, READ: 3}
    assert demo.plan(*MOVE).summary.update == 0


def test_the_giver_of_a_primary_value_is_written_where_it_has_more_to_change(demo: Bench) -> None:
    desired = (want("old", 1078, isPrimaryValue=False, channelInfo="Old meter"), MOVE[1])

    assert status_by_name(demo.apply(demo.plan(*desired))) == {"new": "done", "old": "done"}
    assert demo.plan(*desired).summary.update == 0


def test_a_service_that_demotes_nobody_refuses_the_taker_and_keeps_the_giver(start: Start) -> None:
    bench = start("second_primary=reject")

    assert status_by_name(bench.apply(bench.plan(*MOVE))) == {"new": "failed", "old": "not tried"}
    assert bench.read(1078).is_primary_value


def test_such_a_service_takes_the_move_the_other_way_round(start: Start) -> None:
    bench = start("second_primary=reject", "clear_last_primary=allow")
    plan = bench.plan(*MOVE, environment=GIVE_UP_FIRST)

    assert status_by_name(bench.apply(plan, environment=GIVE_UP_FIRST)) == {"old": "done", "new": "done"}
    assert bench.writes() == paths(1078, 1077)


def test_a_giver_that_the_service_will_not_clear_keeps_its_taker_from_being_tried(start: Start) -> None:
    bench = start("second_primary=demote", "clear_last_primary=reject")
    plan = bench.plan(*MOVE, environment=GIVE_UP_FIRST)

    assert status_by_name(bench.apply(plan, environment=GIVE_UP_FIRST)) == {"old": "failed", "new": "not tried"}


def test_an_import_id_is_freed_before_another_channel_has_it(demo: Bench) -> None:
    plan = demo.plan(
        want("a", 1083, channelImportId="FREED"),
        want("b", 1084, channelImportId="CP-ELEC-01-PUMPS"),
    )

    assert status_by_name(demo.apply(plan)) == {"a": "done", "b": "done"}
    assert demo.writes() == paths(1083, 1084)


def test_events_report_each_change_and_then_the_read_back(demo: Bench) -> None:
    events: list[Event] = []
    plan = demo.plan(want("a", 1042, channelInfo="A"), want("b", 1058, channelInfo="B"))

    result = demo.apply(plan, ApplyOptions(parallelism=1, on_event=events.append))

    assert events == [
        Started("a", 1042, 1, 2),
        Finished(result.outcomes[0], 1, 2),
        Started("b", 1058, 2, 2),
        Finished(result.outcomes[1], 2, 2),
        Verifying(2),
    ]


def test_what_never_left_this_machine_is_not_read_back(start: Start) -> None:
    def cut_off(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "PUT":
            raise httpx.ConnectError("refused")
        return pass_on()

    events: list[Event] = []
    bench = start(network=Interceptor(cut_off))

    result = bench.apply(bench.plan(want("a", 1042, channelInfo="A")), ApplyOptions(on_event=events.append))

    assert (only(result).status, only(result).requests) == (OutcomeStatus.FAILED, 0)
    assert events == [Started("a", 1042, 1, 1), Finished(only(result), 1, 1)]


def test_a_change_that_is_not_tried_is_only_finished(demo: Bench) -> None:
    events: list[Event] = []
    options = ApplyOptions(on_event=events.append)
    options.stop.set()

    result = demo.apply(demo.plan(want("a", 1042, channelInfo="A")), options)

    assert events == [Finished(result.outcomes[0], 1, 1)]


def test_events_are_reported_by_the_thread_that_applies(demo: Bench) -> None:
    tellers: set[int] = set()
    options = ApplyOptions(on_event=lambda _event: tellers.add(threading.get_ident()))

    demo.apply(demo.plan(want("a", 1042, channelInfo="A"), want("b", 1058, channelInfo="B")), options)

    assert tellers == {threading.get_ident()}


class Crowd:
    """Counts how many writes are under way at once, in all and on one data point, and waits for company."""

    def __init__(self, points: dict[int, int], company: int) -> None:
        self._points = points
        self._barrier = threading.Barrier(company)
        self._lock = threading.Lock()
        self._now: Counter[int] = Counter()
        self.most_on_point = 0
        self.most = 0

    def intercept(self, request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method != "PUT":
            return pass_on()
        point = self._points[int(request.url.path.rpartition("/")[2])]
        with self._lock:
            self._now[point] += 1
            self.most_on_point = max(self.most_on_point, self._now[point])
            self.most = max(self.most, self._now.total())
        self._barrier.wait(20)
        response = pass_on()
        with self._lock:
            self._now[point] -= 1
        return response


def test_changes_run_side_by_side_but_those_of_one_data_point_one_after_the_other(start: Start) -> None:
    crowd = Crowd({1042: 301, 1045: 301, 1057: 306, 1058: 306}, company=2)
    bench = start(network=Interceptor(crowd.intercept))
    plan = bench.plan(
        *(want(f"c{channel_id}", channel_id, channelInfo="New") for channel_id in (1042, 1045, 1057, 1058))
    )

    result = bench.apply(plan, ApplyOptions(parallelism=4))

    assert set(status_by_name(result).values()) == {"done"}
    assert (crowd.most, crowd.most_on_point) == (2, 1)


def test_no_more_are_under_way_than_parallelism_allows(start: Start) -> None:
    crowd = Crowd({1042: 301, 1046: 302, 1058: 306, 1063: 307}, company=2)
    bench = start(network=Interceptor(crowd.intercept))
    plan = bench.plan(
        *(want(f"c{channel_id}", channel_id, channelInfo="New") for channel_id in (1042, 1046, 1058, 1063))
    )

    bench.apply(plan, ApplyOptions(parallelism=2))

    assert crowd.most == 2


def test_a_service_that_is_too_busy_gets_fewer_changes_at_a_time(start: Start) -> None:
    refused: set[str] = set()
    # Both of the first two changes are begun before either is refused, however slow a thread is to start.
    both = threading.Barrier(2)

    def refuse_first(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.url.path in refused:
            return pass_on()
        refused.add(request.url.path)
        if len(refused) <= both.parties:
            both.wait()
        return httpx.Response(429)

    bench = start(network=Interceptor(refuse_first))
    plan = bench.plan(
        *(want(f"c{channel_id}", channel_id, channelInfo="New") for channel_id in (1042, 1046, 1058, 1063))
    )
    in_flight = [0]

    def count(event: Event) -> None:
        if isinstance(event, Started | Finished):
            in_flight.append(in_flight[-1] + (1 if isinstance(event, Started) else -1))

    assert set(status_by_name(bench.apply(plan, ApplyOptions(parallelism=2, on_event=count))).values()) == {"done"}
    assert in_flight == [0, 1, 2, 1, 0, 1, 0, 1, 0]


def test_a_reviewed_plan_holds_while_what_it_does_not_touch_drifts_and_while_it_is_carried_out(start: Start) -> None:
    bench = start(network=refuse_put_of(1044))
    reviewed = bench.plan(*CONVERSION)
    bench.edit_elsewhere(1042, {"channelDescription": "Drifted"})
    bench.apply(reviewed)

    assert compare_plans(reviewed, bench.plan(*CONVERSION)) == Comparison((), (), (), ("use",))


@pytest.mark.counts_on("read_lag", reason="somebody edits in between")
def test_a_reviewed_plan_does_not_hold_once_what_it_touches_drifted(demo: Bench) -> None:
    reviewed = demo.plan(*CONVERSION)
    demo.edit_elsewhere(1042, {"channelInfo": "Drifted"})

    assert compare_plans(reviewed, demo.plan(*CONVERSION)).changed == (
        ChangedStep("use", ('channelInfo is "Drifted" now, was "North Building electricity use"',)),
    )
