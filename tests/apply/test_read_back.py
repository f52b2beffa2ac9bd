from __future__ import annotations

from collections import Counter
from itertools import count
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.apply.journal import open_journal
from reconciler.apply.journal_reader import read_journal
from reconciler.apply.read_back import PAUSES, Patience, find_changes, find_mismatches
from reconciler.apply.remaining import Write, WriteTarget, expected_after
from reconciler.apply.run import ApplyOptions
from reconciler.model.canonical import is_same
from reconciler.model.fields import BEGIN_DATE, FIELDS, OBSERVATION_RULE_ID, ODOMETER, ROLLOVER_VALUE
from reconciler.model.outcomes import Outcome, OutcomeCorrected, OutcomeStatus
from tests.apply.bench import CHANNEL, LIST, READ, Interceptor, Sleep, only, status_by_name, want
from tests.apply.records import INFO, MULTIPLIER, make_live
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.model.channels import Desired, Live
    from reconciler.model.fields import Field
    from reconciler.model.outcomes import ApplyResult, Event
    from reconciler.model.values import Value
    from tests.apply.bench import Bench, Start


def test_written_values_are_expected_and_all_others_unchanged() -> None:
    found = make_live({INFO: "North", MULTIPLIER: 2})

    assert (
        find_mismatches(expected_after(make_live(), Write(WriteTarget.CHANNEL, {INFO: "North", MULTIPLIER: 2})), found)
        == ()
    )


def test_a_value_that_reads_differently_is_a_mismatch() -> None:
    expected = expected_after(make_live(), Write(WriteTarget.CHANNEL, {MULTIPLIER: 2}))

    assert find_mismatches(expected, make_live({INFO: "Annex"})) == (
        'channelInfo is "Annex", expected "Main"',
        "esaChannelVersion.multiplier is 1, expected 2",
    )


def test_what_the_service_fills_in_is_no_difference() -> None:
    expected = expected_after(make_live(), Write(WriteTarget.CHANNEL, {OBSERVATION_RULE_ID: ODOMETER}))
    found = make_live({OBSERVATION_RULE_ID: ODOMETER, ROLLOVER_VALUE: 999_999_999_999_999})

    assert find_mismatches(expected, found) == ()


def make_row_of_versions(begin: str | None, end: str | None) -> Live:
    """A channel whose older version ends at `end`, and whose current one begins at `begin`."""
    live = make_live(versions=2)
    older, current = live.versions
    begun = replace(current, begin_date=begin, values={**current.values, BEGIN_DATE: begin})
    return live.with_versions((replace(older, end_date=end), begun))


OLD, NEW = "2024-01-01T00:00:00", "2024-02-01T00:00:00"


@pytest.mark.parametrize(
    ("before", "after", "differences"),
    [
        (OLD, NEW, ()),
        (OLD, f"{NEW}.0", ()),
        (OLD, OLD, (f'in version 10, endDate is "{OLD}", expected "{NEW}"',)),
        (OLD, None, ()),
        (None, OLD, ()),
        ("2023-12-31T23:59:59", OLD, ()),
    ],
    ids=["follows", "another spelling", "leaves a gap", "not said any more", "never said", "never the begin"],
)
def test_a_version_ends_where_the_next_one_begins_if_it_did_before(
    before: str | None, after: str | None, differences: tuple[str, ...]
) -> None:
    write = Write(WriteTarget.VERSION, {BEGIN_DATE: NEW}, 11)
    expected = expected_after(make_row_of_versions(OLD, before), write)

    assert expected.current.begin_date == NEW
    assert find_mismatches(expected, make_row_of_versions(NEW, after)) == differences


def test_an_older_version_that_changed_is_a_difference() -> None:
    before = make_live(versions=2)
    older, current = before.versions
    found = replace(before, versions=(replace(older, values={**older.values, MULTIPLIER: 5}), current))

    assert find_mismatches(before, found) == ("in version 10, esaChannelVersion.multiplier is 5, expected 1",)


def test_a_version_that_came_or_went_is_a_difference() -> None:
    assert find_mismatches(make_live(), make_live(versions=2)) == ("its versions are [10, 11], expected [10]",)


def test_an_older_version_may_end_where_the_edited_one_now_begins() -> None:
    before = make_live(versions=2)
    older, current = before.versions
    found = replace(before, versions=(replace(older, end_date="2026-01-01T00:00:00"), current))

    assert find_mismatches(before, found) == ()


# None of them equals a value of another kind in Python only, as 1 and true do: an answer that holds such is malformed.
FOUND = st.sampled_from((None, 2, 2.5, "", "Main", "x"))


@given(st.dictionaries(st.sampled_from(FIELDS), FOUND, max_size=4))
def test_each_value_that_does_not_count_as_the_expected_one_is_named_once_in_order(values: dict[Field, Value]) -> None:
    expected, found = make_live(), make_live({field.path: value for field, value in values.items()})
    rule_id = expected.values[OBSERVATION_RULE_ID]

    assert [mismatch.partition(" is ")[0] for mismatch in find_mismatches(expected, found)] == [
        field.path
        for field in FIELDS
        if not is_same(field.path, expected.values.get(field.path), found.values.get(field.path), rule_id)
    ]


def test_changes_since_a_write_are_described_with_both_values() -> None:
    before = make_live(versions=2)
    older, current = before.versions
    found = replace(before, versions=(replace(older, values={**older.values, MULTIPLIER: 5}), current))

    assert find_changes(make_live(), make_live({INFO: "Annex"}, versions=2)) == (
        'channelInfo from "Main" to "Annex"',
        "the versions from [10] to [10, 11]",
    )
    assert find_changes(before, found) == ("in version 10, esaChannelVersion.multiplier from 1 to 5",)
    assert find_changes(before, before) == ()


# At a channel of which no answer tells whether it was written, by all patience.
LOOKS = 1 + len(PAUSES)
HEADERS = {"ECI-ApiKey": "sandbox", "Content-Type": "application/json"}
CHECK = "once EnergyCAP answers, check that nothing is left to do: reconciler plan"
LOOK = "look at the channel in EnergyCAP, then plan again: reconciler plan"
MAIN = want("use", 1042, channelInfo="Main")
WORLD = make_world(*(make_channel(channel_id, {"maximumReading": 900.0}) for channel_id in range(1, 61)))


def many(count: int) -> tuple[Desired, ...]:
    return tuple(
        want(f"c{channel_id}", channel_id, channelDescription="New") for channel_id in range(1057, 1057 + count)
    )


class Afterwards:
    """A network on which something happens once all writes are done: at the first request after the last PUT."""

    def __init__(self, puts: int, act: Callable[[], httpx.Response | None]) -> None:
        self._puts = puts
        self._act = act

    def intercept(self, request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "PUT":
            self._puts -= 1
        elif self._puts == 0:
            return self._act() or pass_on()
        return pass_on()


def start_with(start: Start, act: Callable[[Bench], httpx.Response | None], puts: int = 1) -> Bench:
    bench: Bench = start("deletion=legacy", network=Interceptor(Afterwards(puts, lambda: act(bench)).intercept))
    return bench


@pytest.mark.counts_on("put_answer", "read_lag", reason="requests are counted")
def test_up_to_ten_channels_are_read_one_by_one(demo: Bench) -> None:
    assert set(status_by_name(demo.apply(demo.plan(*many(10)))).values()) == {"done"}
    assert demo.editor.requests == {READ: 20, CHANNEL: 10}


@pytest.mark.counts_on("put_answer", "read_lag", "list_shape", "version_dates", reason="requests are counted")
def test_more_are_read_in_one_complete_list(demo: Bench) -> None:
    assert set(status_by_name(demo.apply(demo.plan(*many(11)))).values()) == {"done"}
    assert demo.editor.requests == {READ: 12, CHANNEL: 11, LIST: 1}


@pytest.mark.counts_on("put_answer", "read_lag", "list_shape", "version_dates", reason="requests are counted")
def test_of_a_list_that_leaves_out_values_only_written_channels_are_read_by_their_ids(start: Start) -> None:
    reads: Counter[int] = Counter()
    puts = count(1)

    def lose_every_second_write(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "PUT" and next(puts) % 2 == 0:
            raise httpx.ReadTimeout("nothing came")
        if request.method == "GET" and request.url.path.startswith("/api/v202406/esachannel/"):
            reads[int(request.url.path.rpartition("/")[2])] += 1
        return pass_on()

    bench = start("list_shape=without_bounds", world=WORLD, network=Interceptor(lose_every_second_write))
    plan = bench.plan(*(want(f"c{channel_id}", channel_id, channelDescription="New") for channel_id in range(31, 61)))

    found = status_by_name(bench.apply(plan, ApplyOptions(parallelism=1)))

    assert Counter(found.values()) == {"done": 15, "failed": 15}
    # Before its write and at the end; those that were lost as often as they are waited for.
    done = {channel_id for channel_id in range(31, 61) if found[f"c{channel_id}"] == "done"}
    assert {channel_id: reads[channel_id] for channel_id in done} == dict.fromkeys(done, 2)
    # And one that the list is compared with, whichever shows the most.
    assert sum(reads[channel_id] for channel_id in range(1, 31)) == 1


@pytest.mark.counts_on("put_answer", "read_lag", "list_shape", "version_dates", reason="requests are counted")
def test_a_list_row_that_is_malformed_is_not_read_by_its_id_unless_it_was_written(start: Start) -> None:
    reads: Counter[int] = Counter()

    def break_the_first_rows(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        response = pass_on()
        channel_id = request.url.path.rpartition("/")[2]
        if request.method == "GET" and channel_id.isdigit():
            reads[int(channel_id)] += 1
        elif request.method == "GET" and channel_id == "esachannel":
            rows = [row | ({"channelInfo": []} if row["channelId"] <= 35 else {}) for row in response.json()]
            headers = {key: value for key, value in response.headers.items() if key.startswith(("total", "page"))}
            return httpx.Response(200, json=rows, headers=headers)
        return response

    bench = start(world=WORLD, network=Interceptor(break_the_first_rows))
    plan = bench.plan(*(want(f"c{channel_id}", channel_id, channelDescription="New") for channel_id in range(31, 61)))

    assert set(status_by_name(bench.apply(plan, ApplyOptions(parallelism=1))).values()) == {"done"}
    # Before its write, at the end because its row does not show it, and again if the list is compared with it.
    assert {reads[channel_id] for channel_id in range(31, 36)} <= {2, 3}
    assert [reads[channel_id] for channel_id in range(1, 31)] == [0] * 30


@pytest.mark.counts_on("put_answer", reason="somebody edits in between")
def test_a_value_that_reads_differently_at_the_end_differs(start: Start) -> None:
    bench = start_with(start, lambda bench: bench.edit_elsewhere(1042, {"channelInfo": "Other"}))
    events: list[Event] = []

    outcome = only(bench.apply(bench.plan(MAIN), ApplyOptions(on_event=events.append)))

    assert outcome == Outcome(
        "use",
        1042,
        OutcomeStatus.MISMATCH,
        'was verified after the write, but now channelInfo is "Other", expected "Main": '
        "somebody else, or EnergyCAP itself, changed it after this write",
        LOOK,
        requests=1,
    )
    assert events[-1] == OutcomeCorrected(outcome)


@pytest.mark.counts_on("put_answer", "read_lag", reason="somebody edits in between")
def test_what_somebody_else_edits_after_the_write_and_the_plan_does_not_manage_is_a_remark(start: Start) -> None:
    bench = start_with(start, lambda bench: bench.edit_elsewhere(1042, {"channelDescription": "Other"}))
    events: list[Event] = []

    outcome = only(bench.apply(bench.plan(MAIN), ApplyOptions(on_event=events.append)))

    remark = (
        "somebody else, or EnergyCAP itself, changed it after this write: channelDescription "
        'from "Main switchboard, basement" to "Other"'
    )
    assert outcome == Outcome("use", 1042, OutcomeStatus.DONE, requests=1, remark=remark)
    assert events[-1] == OutcomeCorrected(outcome)
    assert bench.editor.requests == {READ: 2, CHANNEL: 1}


@pytest.mark.counts_on("put_answer", reason="the answer to the write is looked at")
def test_a_channel_that_is_gone_at_the_end_differs(start: Start) -> None:
    def delete(bench: Bench) -> None:
        url = f"{bench.service.url}/api/v202406/esachannel/1049"
        httpx.delete(url, headers=HEADERS, trust_env=False).raise_for_status()

    bench = start_with(start, delete)

    outcome = only(bench.apply(bench.plan(want("irrigation", 1049, channelInfo="New"))))

    assert (outcome.status, outcome.message) == (
        OutcomeStatus.MISMATCH,
        (
            "was verified after the write, but EnergyCAP has no channel 1049 now: "
            "it was deleted, or the key's user may no longer see it"
        ),
    )


@pytest.mark.counts_on("put_answer", reason="the answer to the write is looked at")
def test_a_confirmed_write_that_cannot_be_read_at_the_end_is_done_and_says_so(start: Start) -> None:
    bench = start_with(start, lambda _bench: httpx.Response(500))

    outcome = only(bench.apply(bench.plan(MAIN)))

    assert (outcome.status, outcome.requests, outcome.unread, outcome.fix) == (OutcomeStatus.DONE, 1, True, CHECK)
    assert outcome.remark.startswith(
        "EnergyCAP confirmed the write, but the channel could not be read again at the end: the service could not"
    )


@pytest.mark.counts_on("put_answer", reason="the answer to the write is looked at")
def test_a_list_that_cannot_be_read_at_the_end_leaves_all_unread(start: Start) -> None:
    bench = start_with(start, lambda _bench: httpx.Response(500), puts=11)

    result = bench.apply(bench.plan(*many(11)), ApplyOptions(parallelism=1))

    assert set(status_by_name(result).values()) == {"done"}
    assert len(result.unread) == 11


@pytest.mark.counts_on("read_lag", reason="somebody edits in between")
def test_what_was_not_written_is_not_read_again(demo: Bench) -> None:
    plan = demo.plan(MAIN)
    demo.edit_elsewhere(1042, {"channelInfo": "Main"})
    demo.apply(plan)

    assert demo.editor.requests == {READ: 1}


class Late:
    """A network on which the first PUT is lost, and done only right before the given read of the channel after it."""

    def __init__(self, reads: int, also: Callable[[], object] = lambda: None) -> None:
        self._reads = reads
        self._also = also
        self._do: Callable[[], httpx.Response] | None = None

    def intercept(self, request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "PUT" and self._do is None:
            self._do = pass_on
            raise httpx.ReadTimeout("nothing came")
        if self._do:
            self._reads -= 1
            if self._reads == 0:
                self._do()
                self._also()
        return pass_on()


def test_a_write_that_was_given_up_and_done_late_is_done_after_all(start: Start, tmp_path: Path) -> None:
    bench = start(network=Interceptor(Late(reads=LOOKS + 1).intercept))
    plan = bench.plan(MAIN)
    events: list[Event] = []

    with open_journal(tmp_path, plan) as journal:
        outcome = only(bench.apply(plan, ApplyOptions(on_event=events.append, journal=journal)))

    assert outcome == Outcome("use", 1042, OutcomeStatus.DONE, requests=1)
    assert events[-1] == OutcomeCorrected(outcome)
    ((_, result),) = read_journal(journal.path).writes
    assert result is not None
    assert result.status is OutcomeStatus.DONE


@pytest.mark.counts_on("version_dates", reason="a date is sent back, and the project does not say what it means")
def test_a_first_write_that_was_done_late_says_that_the_second_is_missing(start: Start) -> None:
    bench = start(network=Interceptor(Late(reads=LOOKS + 1).intercept))

    outcome = only(bench.apply(bench.plan(want("gas", 1046, channelInfo="Gas", esaChannelVersion__multiplier=2))))

    assert (outcome.status, outcome.message, outcome.fix) == (
        OutcomeStatus.FAILED,
        "its version was written, as the last read shows; nothing more was sent",
        "plan again: reconciler plan",
    )


@pytest.mark.counts_on("read_lag", reason="somebody edits in between")
def test_a_write_that_was_done_late_and_edited_at_once_differs(start: Start) -> None:
    bench: Bench = start(
        network=Interceptor(
            Late(LOOKS + 1, lambda: bench.edit_elsewhere(1042, {"channelDescription": "Other"})).intercept
        )
    )

    outcome = only(bench.apply(bench.plan(MAIN)))

    assert (outcome.status, outcome.message) == (
        OutcomeStatus.MISMATCH,
        'reads differently from what was written: channelDescription is "Other", expected "Main switchboard, basement"',
    )


def test_a_write_whose_channel_could_not_be_read_is_resolved_at_the_end(start: Start, tmp_path: Path) -> None:
    lost = count()

    def lose_four(_request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        # The fresh read, then the PUT and both looks at what became of it.
        if next(lost) in {1, 2, 3}:
            raise httpx.ReadTimeout("nothing came")
        return pass_on()

    bench = start(network=Interceptor(lose_four))
    plan = bench.plan(MAIN)

    with open_journal(tmp_path, plan) as journal:
        outcome = only(bench.apply(plan, ApplyOptions(journal=journal)))

    assert (outcome.status, outcome.message) == (OutcomeStatus.FAILED, "was not done: no answer came")
    assert read_journal(journal.path).open == ()


def test_a_write_that_failed_for_good_is_still_failed_at_the_end(start: Start) -> None:
    refuse = Interceptor(lambda request, pass_on: httpx.Response(400) if request.method == "PUT" else pass_on())
    bench = start(network=refuse)

    outcome = only(bench.apply(bench.plan(MAIN)))

    assert (outcome.status, outcome.requests) == (OutcomeStatus.FAILED, 1)
    assert bench.editor.requests == {READ: 2, CHANNEL: 1}


class Busy:
    """Somebody who edits a channel right after each write to it, and does not stop."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._numbers = count(1)
        self.bench: Bench | None = None

    def intercept(self, request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        response = pass_on()
        if self.bench and request.method == "PUT":
            channel_id = int(request.url.path.split("/")[4])
            value = next(self._numbers) if "." in self._path else f"Theirs {next(self._numbers)}"
            self.bench.edit_elsewhere(channel_id, {self._path: value})
        return response


def apply_busily(start: Start, path: str, *desired: Desired) -> ApplyResult:
    busy = Busy(path)
    busy.bench = bench = start(network=Interceptor(busy.intercept))
    return bench.apply(bench.plan(*desired), ApplyOptions(parallelism=1))


@pytest.mark.counts_on("version_dates", reason="a date is sent back, and the project does not say what it means")
@pytest.mark.counts_on("put_answer", "read_lag", reason="somebody edits in between")
@pytest.mark.parametrize("path", ["channelInfo", "channelImportId", "esaChannelVersion.maximumReading"])
def test_a_busy_foreign_writer_turns_no_done_change_into_a_mismatch(start: Start, path: str) -> None:
    result = apply_busily(start, path, *many(11), want("gas", 1046, channelDescription="New"))

    assert set(status_by_name(result).values()) == {"done"}
    assert len({outcome.remark for outcome in result.outcomes}) == 12
    begin = f"somebody else, or EnergyCAP itself, changed it after this write: {path} from "
    assert [outcome.remark for outcome in result.outcomes if not outcome.remark.startswith(begin)] == []
    assert result.unread == ()


@pytest.mark.counts_on("put_answer", "read_lag", reason="somebody edits in between")
def test_a_busy_foreign_writer_of_a_managed_value_leaves_a_mismatch_that_says_whose_it_is(start: Start) -> None:
    outcome = only(apply_busily(start, "channelInfo", MAIN))

    assert outcome.status is OutcomeStatus.MISMATCH
    assert outcome.message == (
        'was verified after the write, but now channelInfo is "Theirs 1", expected "Main": '
        "somebody else, or EnergyCAP itself, changed it after this write"
    )


@pytest.mark.counts_on("put_answer", "read_lag", reason="somebody edits in between")
def test_a_version_that_somebody_adds_after_the_write_is_a_remark(start: Start) -> None:
    def add(bench: Bench) -> None:
        current = bench.read(1042).current.values
        body = {path.rpartition(".")[2]: value for path, value in current.items() if not path.endswith("Code")}
        url = f"{bench.service.url}/api/v202406/esachannel/1042/version"
        body = {**body, "beginDate": "2026-11-01T00:00:00", "multiplier": 3}
        httpx.post(url, json=body, headers=HEADERS, trust_env=False).raise_for_status()

    bench = start_with(start, add)

    outcome = only(bench.apply(bench.plan(MAIN)))

    assert outcome.status is OutcomeStatus.DONE
    assert outcome.remark.startswith(
        "somebody else, or EnergyCAP itself, changed it after this write: the versions from ["
    )


def read_without_effect(patience: Patience, times: int) -> None:
    for _ in range(times):
        patience.read_on(0, lambda number: number + 1, lambda _number: True, is_certain=False)


@pytest.mark.parametrize(
    ("without_effect", "shows_at", "is_certain", "expected"),
    [
        pytest.param(0, 0, False, (0, []), id="shown already"),
        pytest.param(0, 1, False, (1, [1]), id="shown by the first read"),
        pytest.param(0, 3, False, (3, [1, 2, 4]), id="shown by the last read"),
        pytest.param(0, 4, False, (3, [1, 2, 4]), id="never shown"),
        pytest.param(2, 4, False, (3, [1, 2, 4]), id="after two waits without effect"),
        pytest.param(3, 4, False, (1, [1]), id="after three waits without effect"),
        pytest.param(4, 4, False, (1, [1]), id="after four waits without effect"),
        pytest.param(3, 3, True, (3, [1, 2, 4]), id="certain after three waits without effect"),
    ],
)
def test_reads_are_repeated_until_the_write_shows_or_time_is_up(
    without_effect: int, shows_at: int, is_certain: bool, expected: tuple[int, list[float]]
) -> None:
    sleep = Sleep()
    patience = Patience((1, 2, 4), sleep)
    read_without_effect(patience, without_effect)
    sleep.seconds.clear()

    found = patience.read_on(0, lambda number: number + 1, lambda number: number < shows_at, is_certain=is_certain)

    assert (found, sleep.seconds) == expected


def test_waits_are_long_again_after_one_that_had_an_effect() -> None:
    sleep = Sleep()
    patience = Patience((1, 2), sleep)
    read_without_effect(patience, 3)
    patience.read_on(0, lambda number: number + 1, lambda number: number < 1, is_certain=False)
    sleep.seconds.clear()

    read_without_effect(patience, 4)

    assert sleep.seconds == [1, 2, 1, 2, 1, 2, 1]


def test_a_write_that_never_shows_is_waited_for_for_about_eight_seconds() -> None:
    sleep = Sleep()

    read_without_effect(Patience(sleep=sleep), 1)

    assert sum(sleep.seconds) == pytest.approx(8, abs=0.5)
