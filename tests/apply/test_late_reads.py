"""Reads that lag behind writes, and writes that are answered with nothing, over a real sandbox."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from math import inf
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from msgspec.structs import replace

from reconciler.apply.journal import open_journal
from reconciler.apply.read_back import PAUSES, SHORTEN_AFTER, Patience
from reconciler.apply.run import ApplyOptions, apply_plan
from reconciler.energycap.client import open_editor
from reconciler.model.outcomes import Outcome, OutcomeStatus
from tests.apply.bench import CHANNEL, GIVE_UP_FIRST, READ, SANDBOX, Interceptor, Sleep, only, status_by_name, want

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.model.channels import Desired
    from reconciler.model.outcomes import ApplyResult
    from reconciler.model.project import Environment
    from tests.apply.bench import Bench, Start

LAGS = ("read_lag=reads",)
SILENT = ("read_lag=reads", "put_answer=no_content")
ANSWERS = [(), ("put_answer=empty",), ("put_answer=no_content",), LAGS, SILENT]
NAMES = ["as documented", "empty answers", "no content", "late reads", "late reads and no content"]
RENAMED = want("use", 1042, channelInfo="Main")
BOTH_LEVELS = want("gas", 1046, channelInfo="Gas", esaChannelVersion__multiplier=2)
CONVERSION = (
    want("losses", 1043, isCalculated=True, esaChannelVersion__formula="channel(use) * 0.03"),
    want("net", 1044, esaChannelVersion__formula="channel(use) * 0.97"),
    want("use", 1042, channelInfo="Main"),
)
MOVE = (want("old", 1078, isPrimaryValue=False, channelInfo="Old"), want("new", 1077, isPrimaryValue=True))
settings = pytest.mark.parametrize("assignments", ANSWERS, ids=NAMES)


@settings
def test_a_plain_edit_is_done_and_plans_nothing_more(start: Start, assignments: tuple[str, ...]) -> None:
    bench = start(*assignments)

    assert only(bench.apply(bench.plan(RENAMED))) == Outcome("use", 1042, OutcomeStatus.DONE, requests=1)
    assert bench.plan(RENAMED).summary.update == 0


@pytest.mark.counts_on("version_dates", reason="a date is sent back, and the project does not say what it means")
@settings
def test_two_writes_to_one_channel_are_done_once_each(start: Start, assignments: tuple[str, ...]) -> None:
    bench = start(*assignments)

    assert only(bench.apply(bench.plan(BOTH_LEVELS))) == Outcome("gas", 1046, OutcomeStatus.DONE, requests=2)
    assert bench.writes() == ["PUT /api/v202406/esachannel/1046/version/10461", "PUT /api/v202406/esachannel/1046"]
    assert bench.plan(BOTH_LEVELS).summary.update == 0


@settings
@pytest.mark.parametrize("parallelism", [1, 4])
def test_what_another_change_makes_legal_is_not_stale(
    start: Start, assignments: tuple[str, ...], parallelism: int
) -> None:
    bench = start(*assignments)

    result = bench.apply(bench.plan(*CONVERSION), ApplyOptions(parallelism))

    assert status_by_name(result) == {"net": "done", "use": "done", "losses": "done"}
    assert len(bench.writes()) == 3
    assert bench.plan(*CONVERSION).summary.update == 0


@settings
@pytest.mark.parametrize("environment", [SANDBOX, GIVE_UP_FIRST], ids=["taken first", "given up first"])
def test_a_primary_flag_moves_and_stays(start: Start, assignments: tuple[str, ...], environment: Environment) -> None:
    bench = start(*assignments, "clear_last_primary=allow")

    result = bench.apply(bench.plan(*MOVE, environment=environment), environment=environment)

    assert set(status_by_name(result).values()) == {"done"}
    assert (bench.read(1077).values["isPrimaryValue"], bench.read(1078).values["isPrimaryValue"]) == (True, False)
    assert bench.read(1078).name == "Old"


@settings
def test_many_channels_are_read_in_one_list_that_may_lag_too(start: Start, assignments: tuple[str, ...]) -> None:
    bench = start(*assignments)
    desired = [want(f"c{number}", number, channelDescription="New") for number in range(1057, 1069)]

    assert set(status_by_name(bench.apply(bench.plan(*desired))).values()) == {"done"}
    assert bench.plan(*desired).summary.update == 0


def test_what_the_service_did_to_another_channel_of_this_run_is_waited_for_and_not_sent_once_more(start: Start) -> None:
    bench = start(*LAGS)

    result = bench.apply(bench.plan(want("old", 1078, isPrimaryValue=False), MOVE[1]))

    assert {outcome.name: outcome.was_already_applied for outcome in result.outcomes} == {"new": False, "old": True}
    assert bench.writes() == ["PUT /api/v202406/esachannel/1077"]


@pytest.mark.counts_on("read_lag", reason="requests are counted")
def test_an_answer_that_shows_the_former_state_is_no_mismatch(start: Start) -> None:
    def answer_late(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method != "PUT":
            return pass_on()
        headers = {"ECI-ApiKey": "sandbox", "Content-Type": "application/json"}
        former = httpx.get(str(request.url), headers=headers, trust_env=False)
        pass_on()
        return httpx.Response(200, content=former.content, headers={"Content-Type": "application/json"})

    bench = start(network=Interceptor(answer_late))

    assert only(bench.apply(bench.plan(RENAMED))) == Outcome("use", 1042, OutcomeStatus.DONE, requests=1)
    assert bench.editor.requests == {READ: 3, CHANNEL: 1}


class Shown:
    """A network on which so many reads of a channel, from its first PUT on, show it changed; by default all of them."""

    def __init__(self, channel_id: int, change: Callable[[Any], object], reads: float = inf, puts: int = 1) -> None:
        self._path = f"/{channel_id}"
        self._change = change
        self._reads = reads
        self._puts = puts

    def intercept(self, request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        is_its = request.url.path.endswith(self._path)
        self._puts -= request.method == "PUT" and is_its
        response = pass_on()
        if request.method == "PUT" or not is_its or self._puts > 0 or self._reads <= 0:
            return response
        self._reads -= 1
        document = response.json()
        self._change(document)
        return httpx.Response(200, json=document)


def apply_slowly(bench: Bench, *desired: Desired, parallelism: int = 1) -> tuple[ApplyResult, list[float]]:
    """The result of an apply, and how long it would have slept."""
    sleep = Sleep()
    options = ApplyOptions(parallelism, patience=Patience(sleep=sleep))
    return apply_plan(bench.plan(*desired), bench.editor, SANDBOX, options), sleep.seconds


@pytest.mark.counts_on("put_answer", "read_lag", reason="requests are counted")
def test_a_foreign_value_that_stays_is_a_mismatch_after_all_patience(start: Start) -> None:
    bench = start(network=Interceptor(Shown(1042, lambda channel: channel.update(channelInfo="Theirs")).intercept))

    result, pauses = apply_slowly(bench, RENAMED, want("fans", 1063, channelInfo="Fans"))

    assert status_by_name(result) == {"fans": "done", "use": "differs"}
    assert pauses == list(PAUSES)
    # Both before their writes and at the end; then only the one that differs.
    assert bench.editor.requests == {READ: 4 + len(PAUSES), CHANNEL: 2}


@pytest.mark.counts_on("put_answer", "read_lag", reason="waits are counted")
def test_a_run_in_which_everything_shows_waits_for_nothing(start: Start) -> None:
    bench = start(
        network=Interceptor(Shown(1042, lambda channel: channel.update(channelDescription="Theirs")).intercept)
    )

    result, pauses = apply_slowly(bench, RENAMED, BOTH_LEVELS)

    assert (set(status_by_name(result).values()), pauses) == ({"done"}, [])


@pytest.mark.counts_on("put_answer", "read_lag", reason="waits are counted")
@pytest.mark.parametrize(("status", "ending"), [(404, "differs"), (400, "done")], ids=["gone", "unreadable"])
def test_a_channel_that_shows_nothing_at_the_end_is_not_waited_for(start: Start, status: int, ending: str) -> None:
    def answer_no_more_reads(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        return httpx.Response(status) if request.method == "GET" and bench.writes() else pass_on()

    bench = start(network=Interceptor(answer_no_more_reads))

    result, pauses = apply_slowly(bench, RENAMED)

    assert (status_by_name(result), pauses) == ({"use": ending}, [])


def test_a_service_that_loses_every_write_is_waited_for_a_few_times_only(start: Start) -> None:
    lose = Interceptor(lambda request, pass_on: httpx.Response(500) if request.method == "PUT" else pass_on())
    bench = start(network=lose)
    crowd = [want(f"c{channel_id}", channel_id, channelInfo="New") for channel_id in (1042, 1046, 1058, 1063, 1078)]

    result, pauses = apply_slowly(bench, *crowd)

    assert {outcome.message.partition(":")[0] for outcome in result.outcomes} == {"was not done"}
    assert pauses == [*PAUSES * SHORTEN_AFTER, *PAUSES[:1] * (len(crowd) - SHORTEN_AFTER), *PAUSES]


class InVain:
    """A network on which the first writes are lost, enough to make waits short; the rest is for `shown`."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._losses = SHORTEN_AFTER

    def intercept(self, request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "PUT" and self._losses:
            self._losses -= 1
            return httpx.Response(500)
        return self._shown.intercept(request, pass_on)


LOST = tuple(want(f"a{channel_id}", channel_id, channelInfo="New") for channel_id in (1042, 1058, 1063))


@pytest.mark.counts_on("version_dates", reason="a date is sent back, and the project does not say what it means")
@pytest.mark.counts_on("put_answer", "read_lag", reason="waits are counted")
def test_a_second_write_waits_for_the_first_to_show_however_many_waits_had_no_effect(start: Start) -> None:
    reads = count(1)

    def show_former(channel: Any) -> None:
        # The first is the fresh read, the second the look at what became of the first write.
        if next(reads) > 2:
            channel["channelVersions"][-1]["multiplier"] = 1

    bench = start(network=Interceptor(InVain(Shown(1046, show_former, reads=2 + 3, puts=0)).intercept))

    result, pauses = apply_slowly(bench, *LOST, BOTH_LEVELS)

    assert status_by_name(result) == {"a1042": "failed", "a1058": "failed", "a1063": "failed", "gas": "done"}
    assert pauses == [*PAUSES * SHORTEN_AFTER, *PAUSES[:3], *PAUSES]


@pytest.mark.counts_on("put_answer", "read_lag", "list_shape", reason="waits are counted")
def test_a_fresh_read_waits_for_what_this_run_did_however_many_waits_had_no_effect(start: Start) -> None:
    late = Shown(1078, lambda channel: channel.update(isPrimaryValue=True), reads=3, puts=0)
    bench = start(network=Interceptor(InVain(late).intercept))

    result, pauses = apply_slowly(bench, *LOST, want("old", 1078, isPrimaryValue=False), MOVE[1])

    assert status_by_name(result) == {
        "a1042": "failed",
        "a1058": "failed",
        "a1063": "failed",
        "new": "done",
        "old": "done",
    }
    assert bench.writes()[-1] == "PUT /api/v202406/esachannel/1077"
    assert pauses == [*PAUSES * SHORTEN_AFTER, *PAUSES[:3], *PAUSES]


def test_a_lost_write_that_shows_late_is_done(start: Start) -> None:
    def lose_answer(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        response = pass_on()
        return httpx.Response(503) if request.method == "PUT" else response

    bench = start("read_lag=reads", network=Interceptor(lose_answer))

    result, pauses = apply_slowly(bench, RENAMED)

    assert only(result) == Outcome("use", 1042, OutcomeStatus.DONE, requests=1)
    assert pauses == list(PAUSES[:2])


@pytest.mark.counts_on("version_dates", reason="a date is sent back, and the project does not say what it means")
@pytest.mark.counts_on("put_answer", "read_lag", reason="requests are counted")
def test_a_continued_run_does_not_write_again_what_reads_do_not_show_yet(start: Start, tmp_path: Path) -> None:
    def stumble(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "PUT" and request.url.path.endswith("/1046"):
            raise ZeroDivisionError
        return pass_on()

    def show_former(channel: Any) -> None:
        channel["channelVersions"][-1]["multiplier"] = 1

    bench = start(network=Interceptor(stumble))
    plan = bench.plan(BOTH_LEVELS)
    with open_journal(tmp_path, plan) as journal, suppress(ZeroDivisionError):
        bench.apply(plan, ApplyOptions(journal=journal))
    # As if it had been killed right before it was about to send the second write.
    journal.path.write_bytes(b"".join(journal.path.read_bytes().splitlines(keepends=True)[:-1]))

    late = Interceptor(Shown(1046, show_former, reads=2, puts=0).intercept)
    with open_editor(bench.service.url, "sandbox", late) as editor, open_journal(tmp_path, plan) as journal:
        result = replace(bench, editor=editor).apply(plan, ApplyOptions(journal=journal))

    assert only(result) == Outcome("gas", 1046, OutcomeStatus.DONE, requests=1)
    assert editor.requests == {READ: 4, CHANNEL: 1}


@pytest.mark.counts_on("put_answer", reason="requests are counted")
def test_what_no_run_saw_shown_is_waited_for_by_every_later_run(start: Start, tmp_path: Path) -> None:
    def stumble(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        return httpx.Response(429) if request.method == "GET" and bench.writes() else pass_on()

    bench = start(network=Interceptor(stumble))
    plan = bench.plan(RENAMED)
    with open_journal(tmp_path, plan) as journal:
        first = only(bench.apply(plan, ApplyOptions(journal=journal)))
    # The second cannot read either, and so ends without a word about what the first wrote.
    with open_journal(tmp_path, plan) as journal:
        second = only(bench.apply(plan, ApplyOptions(journal=journal)))

    former = "North Building electricity use"
    late = Interceptor(Shown(1042, lambda channel: channel.update(channelInfo=former), reads=2, puts=0).intercept)
    with open_editor(bench.service.url, "sandbox", late) as editor, open_journal(tmp_path, plan) as journal:
        third = only(replace(bench, editor=editor).apply(plan, ApplyOptions(journal=journal)))

    assert (first.status, first.unread, second.status) == (OutcomeStatus.DONE, True, OutcomeStatus.FAILED)
    assert third == Outcome("use", 1042, OutcomeStatus.DONE, was_already_applied=True)
    assert len(bench.writes()) == 1
