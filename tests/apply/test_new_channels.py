"""Channels created over HTTP: under each answer of a service, lost answers, late reads, kills and second writers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from msgspec.structs import replace

from reconciler.apply.journal import open_journal
from reconciler.apply.journal_reader import read_journal, result_from_journal
from reconciler.apply.rollback import make_rollback
from reconciler.apply.run import ApplyOptions
from reconciler.errors import FileError
from reconciler.model.channels import Desired, DesiredVersion, new_channel_id
from reconciler.model.findings import Location
from reconciler.model.identifiers import Feed, Identifiers
from reconciler.model.outcomes import Outcome, OutcomeStatus
from reconciler.model.plan import Action
from reconciler.planfile.reading import read_plan
from reconciler.planfile.writing import render_plan_file
from reconciler.sandbox.store import open_store
from reconciler.sandbox.worlds import export_world
from tests.apply.bench import GIVE_UP_FIRST, Interceptor, only, status_by_name, want

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.model.outcomes import ApplyResult
    from reconciler.model.plan import Plan
    from reconciler.model.values import Value
    from reconciler.sandbox import World
    from tests.apply.bench import Bench, Start

    Answer = Callable[[Callable[[], httpx.Response]], httpx.Response]


V = "esaChannelVersion."
POINT, OTHER_POINT, OLD_PRIMARY, BESIDE = 303, 302, 1048, 1049
CREATED = 1102
IMPORT_ID = "NB-WATER-01-LEVEL"
CREATE = "POST /api/v202406/esachannel"
SWAP = "2027-01-01T08:00:00"


def new(name: str = "level", import_id: str = IMPORT_ID, *versions: DesiredVersion, **spec: Value) -> Desired:
    """A channel that the files create on the data point of the water meter."""
    values: dict[str, Value] = {
        "channelImportId": import_id,
        "channelInfo": f"Cistern {name}",
        "observationTypeCode": "WATUSE",
        "intervalMinutes": 60,
        "summarizationMethod": "Sum",
        f"{V}unitCode": "GAL",
        f"{V}observationRule": "Odometer",
        f"{V}multiplier": 2,
        **{key.replace("__", "."): value for key, value in spec.items()},
    }
    desired = Desired(name, "channels/demo.yaml", 1, Identifiers(channel_import_id=import_id), values)
    return replace(desired, versions=versions, creates=True, data_point_id=POINT)


def calculated(name: str, formula: str) -> Desired:
    """A new channel with a formula."""
    return new(
        name,
        f"NB-WATER-01-{name.upper()}",
        isCalculated=True,
        intervalMinutes=None,
        esaChannelVersion__observationRule="Trip",
        esaChannelVersion__multiplier=1,
        esaChannelVersion__formula=formula,
    )


def swapped() -> Desired:
    """A new channel with a second version."""
    first: dict[str, Value] = {f"{V}unitCode": "GAL", f"{V}observationRule": "Odometer", f"{V}multiplier": 2}
    listed = DesiredVersion("", 0, first), DesiredVersion(SWAP, 1, {f"{V}multiplier": 7})
    return new("level", IMPORT_ID, *listed, esaChannelVersion__multiplier=7)


def on_create(answer: Answer) -> Interceptor:
    """A network that leaves all but creations of channels alone."""
    return Interceptor(
        lambda request, pass_on: (
            answer(pass_on) if request.method == "POST" and request.url.path.endswith("/esachannel") else pass_on()
        )
    )


def lose_after(pass_on: Callable[[], httpx.Response]) -> httpx.Response:
    pass_on()
    raise httpx.ReadError("gone")


def lose_before(_pass_on: Callable[[], httpx.Response]) -> httpx.Response:
    raise httpx.ReadError("gone")


def fail_after(pass_on: Callable[[], httpx.Response]) -> httpx.Response:
    pass_on()
    return httpx.Response(503)


def fail_before(_pass_on: Callable[[], httpx.Response]) -> httpx.Response:
    return httpx.Response(500)


def answer_oddly(pass_on: Callable[[], httpx.Response]) -> httpx.Response:
    pass_on()
    return httpx.Response(200, html="<p>Welcome</p>")


def stored(bench: Bench) -> World:
    """All that the sandbox holds."""
    with open_store(bench.service.database) as store:
        return export_world(store)


def posts(bench: Bench) -> int:
    return bench.writes().count(CREATE)


def check_one_was_created(bench: Bench, before: World, *, versions: int = 1) -> None:
    """Exactly one channel has the import id, it is as the files want it, and nothing else in the sandbox changed."""
    after = stored(bench)
    kept = [channel for channel in after["channels"] if channel["channelId"] != CREATED]
    (created,) = [channel for channel in after["channels"] if channel["channelId"] == CREATED]
    assert {**after, "channels": kept} == before
    assert (created["channelImportId"], created["dataPoint"]["dataPointId"]) == (IMPORT_ID, POINT)
    assert (created["channelInfo"], created["interval"], len(created["channelVersions"])) == (
        "Cistern level",
        60,
        versions,
    )
    first = created["channelVersions"][0]
    assert (first["multiplier"], first["observationRule"]["observationRuleId"]) == (2, 1)
    assert (created["isPrimaryValue"], created["isPrimaryDemand"], created["isCalculated"]) == (False, False, False)


def done(**more: object) -> Outcome:
    return replace(Outcome("level", CREATED, OutcomeStatus.DONE, requests=1, was_created=True), **more)


def nothing_left(bench: Bench, *desired: Desired) -> bool:
    return all(change.action is Action.NO_OP for change in bench.plan(*desired).changes)


def run(bench: Bench, plan: Plan, folder: Path) -> ApplyResult:
    with open_journal(folder, plan) as journal:
        return bench.apply(plan, ApplyOptions(parallelism=1, journal=journal))


@pytest.mark.parametrize(
    "assignments",
    [
        (),
        ("post_answer=created",),
        ("post_answer=empty",),
        ("post_answer=no_content",),
        ("read_lag=reads",),
        ("read_lag=reads", "post_answer=no_content"),
        ("trip_register=zero", "null_offset=zero", "null_formula=empty", "empty_text=to_empty"),
        ("odometer_nulls=echo", "first_version_begin_date=floor", "interval_unit=seconds"),
        ("list_shape=without_versions",),
        ("list_shape=without_flags", "paging_headers=total_pages_only", "text_blanks=trimmed"),
        ("version_dates=utc",),
        ("duplicate_import_id=allow", "second_primary=reject"),
    ],
    ids=" ".join,
)
def test_a_channel_is_created_once_and_the_next_plan_is_empty(start: Start, assignments: tuple[str, ...]) -> None:
    bench = start(*assignments)
    before = stored(bench)
    plan = read_plan(render_plan_file(bench.plan(new())))

    outcome = only(bench.apply(plan))

    assert outcome == done()
    assert posts(bench) == 1
    check_one_was_created(bench, before)
    assert nothing_left(bench, new())


@pytest.mark.parametrize("assignments", [(), ("post_answer=empty", "read_lag=reads")], ids=["plain", "late and empty"])
def test_the_later_versions_of_a_new_channel_are_created_after_it(start: Start, assignments: tuple[str, ...]) -> None:
    bench = start(*assignments)
    before = stored(bench)

    outcome = only(bench.apply(bench.plan(swapped())))

    assert outcome == done(requests=2)
    assert bench.writes() == [CREATE, f"POST /api/v202406/esachannel/{CREATED}/version"]
    check_one_was_created(bench, before, versions=2)
    assert nothing_left(bench, swapped())


@pytest.mark.parametrize("assignments", [(), ("read_lag=reads",)], ids=["plain", "late reads"])
@pytest.mark.parametrize("parallelism", [1, 4])
def test_formulas_get_the_ids_of_the_new_channels_that_they_use(
    start: Start, assignments: tuple[str, ...], parallelism: int
) -> None:
    bench = start(*assignments)
    desired = (
        calculated("net", "channel(use) - channel(level) - channel(1049)"),
        new(),
        want("use", OLD_PRIMARY, channelInfo="Water"),
    )

    result = bench.apply(bench.plan(*desired), ApplyOptions(parallelism))

    ids = {outcome.name: outcome.channel_id for outcome in result.outcomes}
    assert status_by_name(result) == {"level": "done", "net": "done", "use": "done"}
    assert ids["use"] == OLD_PRIMARY
    assert {ids["level"], ids["net"]} == {CREATED, CREATED + 1}
    assert bench.read(ids["net"]).values[f"{V}formula"] == f"channel(1048) - channel({ids['level']}) - channel(1049)"
    assert nothing_left(bench, *desired)


def test_a_formula_of_a_channel_that_is_there_may_use_a_new_one(start: Start) -> None:
    bench = start()
    desired = (
        replace(new("relief", "NB-GAS-01-RELIEF"), data_point_id=OTHER_POINT),
        want("energy", 1047, esaChannelVersion__formula="channel(1046) * 1.037 - channel(relief)"),
    )

    result = bench.apply(bench.plan(*desired))

    assert status_by_name(result) == {"energy": "done", "relief": "done"}
    assert bench.read(1047).values[f"{V}formula"] == f"channel(1046) * 1.037 - channel({CREATED})"


@pytest.mark.parametrize("lag", ["none", "reads"])
@pytest.mark.parametrize("answer", [lose_after, fail_after, answer_oddly])
def test_a_creation_without_a_clear_answer_is_found_by_its_import_id(start: Start, answer: Answer, lag: str) -> None:
    bench = start(f"read_lag={lag}", network=on_create(answer))
    before = stored(bench)

    outcome = only(bench.apply(bench.plan(new())))

    assert outcome == done()
    assert posts(bench) == 1
    check_one_was_created(bench, before)


@pytest.mark.parametrize("answer", [lose_before, fail_before])
def test_a_creation_that_never_shows_is_not_sent_again_in_the_same_run(start: Start, answer: Answer) -> None:
    sent: list[int] = []

    def count(pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        sent.append(1)
        return answer(pass_on)

    bench = start(network=on_create(count))
    before = stored(bench)

    outcome = only(bench.apply(bench.plan(new())))

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.message.startswith("was not created: ")
    assert (outcome.channel_id, outcome.requests, len(sent)) == (new_channel_id("level"), 1, 1)
    assert stored(bench) == before


def test_a_creation_that_shows_only_at_the_end_is_done(start: Start) -> None:
    held: list[Callable[[], httpx.Response]] = []

    def hold(pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        held.append(pass_on)
        raise httpx.ReadTimeout("slow")

    def intercept(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if request.method == "POST":
            return hold(pass_on)
        # The service carries it out after the patience for the write, before that of the last read.
        reads.append(request.url.path)
        if held and len(reads) > 10:
            held.pop()()
        return pass_on()

    reads: list[str] = []
    bench = start(network=Interceptor(intercept))
    before = stored(bench)

    outcome = only(bench.apply(bench.plan(new())))

    assert outcome == done()
    check_one_was_created(bench, before)


def test_a_creation_that_was_accepted_and_does_not_show_stays_open_and_is_settled_later(
    start: Start, tmp_path: Path
) -> None:
    hidden: list[bool] = [True]

    def hide(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        response = pass_on()
        if not hidden or request.method != "GET" or not request.url.path.endswith("/esachannel"):
            return response
        rows = [row for row in response.json() if row["channelId"] != CREATED]
        return httpx.Response(200, json=rows, headers={"TotalNumberOfRecords": str(len(rows)), "TotalPages": "1"})

    bench = start(network=Interceptor(hide))
    before = stored(bench)
    plan = bench.plan(new())

    first = only(run(bench, plan, tmp_path))
    (path,) = tmp_path.glob("*.jsonl")
    opened = read_journal(path)
    hidden.clear()
    second = only(run(bench, plan, tmp_path))

    assert first.status is OutcomeStatus.FAILED
    assert first.message == "was accepted, but data point 303 does not show the new channel yet"
    assert len(opened.open) == 1
    assert second == done(requests=0, was_already_applied=True)
    assert only(result_from_journal(read_journal(path))) == done()
    assert posts(bench) == 1
    check_one_was_created(bench, before)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(13))
def test_a_run_that_is_killed_at_any_request_is_continued_and_creates_nothing_twice(
    start: Start, tmp_path: Path, number: int, moment: str
) -> None:
    seen: list[str] = []
    over: list[bool] = []

    def kill(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if over:
            return pass_on()
        seen.append(str(request.url))
        is_last = len(seen) == number + 1
        if is_last and moment == "before":
            over.append(True)
            raise Killed
        response = pass_on()
        if is_last:
            over.append(True)
            raise Killed
        return response

    bench = start(network=Interceptor(kill))
    before = stored(bench)
    plan = bench.plan(swapped())

    with pytest.raises(Killed):
        run(bench, plan, tmp_path)
    result = run(bench, plan, tmp_path)

    outcome = only(result)
    assert (outcome.status, outcome.channel_id, outcome.was_created) == (OutcomeStatus.DONE, CREATED, True)
    assert bench.writes() == [CREATE, f"POST /api/v202406/esachannel/{CREATED}/version"]
    check_one_was_created(bench, before, versions=2)


def test_a_continued_run_fills_in_the_id_that_an_earlier_one_got(start: Start, tmp_path: Path) -> None:
    armed = [True]

    def kill(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if armed and bench.writes() and request.method == "POST" and request.url.path.endswith("/esachannel"):
            armed.clear()
            raise Killed
        return pass_on()

    bench = start("read_lag=reads", network=Interceptor(kill))
    desired = (calculated("net", "channel(1048) - channel(level)"), new())
    plan = bench.plan(*desired)

    with pytest.raises(Killed):
        run(bench, plan, tmp_path)
    result = run(bench, plan, tmp_path)

    assert [(one.name, one.channel_id, one.was_created) for one in result.outcomes] == [
        ("level", CREATED, True),
        ("net", CREATED + 1, True),
    ]
    assert bench.read(CREATED + 1).values[f"{V}formula"] == f"channel(1048) - channel({CREATED})"
    assert posts(bench) == 2
    assert nothing_left(bench, *desired)


def create_elsewhere(bench: Bench, desired: Desired, point: int = POINT) -> None:
    """Create a channel as somebody else would."""
    (change,) = bench.plan(desired).changes
    bench.other.create_channel(point, change.target_values)


@pytest.mark.counts_on("read_lag", reason="somebody edits in between")
def test_the_same_channel_made_by_somebody_else_counts_as_done(demo: Bench) -> None:
    plan = demo.plan(new())
    create_elsewhere(demo, new())

    assert only(demo.apply(plan)) == Outcome("level", CREATED, OutcomeStatus.DONE, was_already_applied=True)
    assert posts(demo) == 1


@pytest.mark.counts_on("read_lag", reason="somebody edits in between")
def test_a_channel_with_its_import_id_and_other_values_stops_the_creation(demo: Bench) -> None:
    plan = demo.plan(new())
    create_elsewhere(demo, new(channelInfo="Theirs"))

    assert only(demo.apply(plan)) == Outcome(
        "level",
        new_channel_id("level"),
        OutcomeStatus.STALE,
        'moved since the plan: channel 1102 has its import id, and channelInfo is "Theirs", planned "Cistern level"',
        "plan again: reconciler plan",
    )
    assert posts(demo) == 1


def hide_by_id(times: int) -> Interceptor:
    """A service that lists a new channel, and does not have it by its id for so many reads."""
    left = [times]

    def intercept(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        response = pass_on()
        if request.method == "GET" and request.url.path.endswith(f"/{CREATED}") and response.is_success and left[0]:
            left[0] -= 1
            return httpx.Response(404)
        return response

    return Interceptor(intercept)


@pytest.mark.counts_on("read_lag", reason="somebody creates in between")
def test_a_channel_that_is_listed_but_not_there_by_its_id_is_not_created_again(start: Start) -> None:
    bench = start("duplicate_import_id=allow", network=hide_by_id(1000))
    plan = bench.plan(new())
    create_elsewhere(bench, new())

    outcome = only(bench.apply(plan))

    assert outcome.status is OutcomeStatus.FAILED
    assert outcome.message == (
        "nothing was written: channel 1102 is listed with the import id of the new channel, "
        "but cannot be read by its id"
    )
    assert posts(bench) == 1


def test_a_new_channel_that_is_there_by_its_id_only_later_is_done(start: Start) -> None:
    bench = start(network=hide_by_id(2))
    before = stored(bench)

    assert only(bench.apply(bench.plan(new()))) == done()
    check_one_was_created(bench, before)


def test_a_new_channel_that_stays_hidden_by_its_id_is_open_until_a_later_run(start: Start, tmp_path: Path) -> None:
    bench = start(network=hide_by_id(12))
    before, plan = stored(bench), bench.plan(new())

    first, second = only(run(bench, plan, tmp_path)), only(run(bench, plan, tmp_path))

    assert (first.status, second.status) == (OutcomeStatus.FAILED, OutcomeStatus.DONE)
    assert first.message.startswith("may have been done, and the channel cannot be read: it was accepted; channel 1102")
    assert posts(bench) == 1
    check_one_was_created(bench, before)


@pytest.mark.counts_on("read_lag", reason="somebody edits in between")
@pytest.mark.parametrize("setting", ["400", "409", "allow"])
def test_an_import_id_on_another_data_point_stops_the_creation(start: Start, setting: str) -> None:
    bench = start(f"duplicate_import_id={setting}")
    plan = bench.plan(new())
    create_elsewhere(bench, new(), OTHER_POINT)

    outcome = only(bench.apply(plan))

    assert outcome.status is OutcomeStatus.STALE
    assert outcome.message.startswith(
        f'moved since the plan: ESA408 cannot have import id "{IMPORT_ID}": 1102 "Cistern'
    )
    assert posts(bench) == 1


@pytest.mark.parametrize(
    ("setting", "status", "message"),
    [
        ("400", OutcomeStatus.FAILED, "is already the import id of channel 1102"),
        ("409", OutcomeStatus.FAILED, "is already the import id of channel 1102"),
        (
            "allow",
            OutcomeStatus.MISMATCH,
            "channels 1102 and 1103 both have the import id of the new channel",
        ),
    ],
)
def test_a_second_writer_at_the_same_moment_is_named(
    start: Start, setting: str, status: OutcomeStatus, message: str
) -> None:
    def overtake(pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        create_elsewhere(bench, new(channelInfo="Theirs"))
        return pass_on()

    bench = start(f"duplicate_import_id={setting}", network=on_create(overtake))

    outcome = only(bench.apply(bench.plan(new())))

    assert outcome.status is status
    assert message in outcome.message
    assert outcome.fix


@pytest.mark.parametrize(("status", "is_aborted"), [(401, True), (403, True), (404, False), (400, False)])
def test_a_creation_that_is_refused_fails_and_nothing_is_created(start: Start, status: int, is_aborted: bool) -> None:
    bench = start(network=on_create(lambda _pass_on: httpx.Response(status, text="No.")))
    before = stored(bench)

    result = bench.apply(bench.plan(new(), calculated("net", "channel(level)")), ApplyOptions(parallelism=1))

    assert status_by_name(result) == {"level": "failed", "net": "not tried"}
    assert bool(result.aborted_because) is is_aborted
    assert stored(bench) == before


def test_a_busy_service_is_asked_again(start: Start) -> None:
    refused: list[int] = []

    def refuse_once(pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if refused:
            return pass_on()
        refused.append(429)
        return httpx.Response(429)

    bench = start(network=on_create(refuse_once))
    before = stored(bench)

    assert only(bench.apply(bench.plan(new()))) == done()
    check_one_was_created(bench, before)


@pytest.mark.parametrize("lag", ["none", "reads"])
def test_a_new_primary_takes_the_flag_from_the_one_that_the_plan_says(start: Start, lag: str) -> None:
    bench = start(f"read_lag={lag}")
    desired = (new(isPrimaryValue=True), want("use", OLD_PRIMARY, isPrimaryValue=False))

    result = bench.apply(bench.plan(*desired))

    assert status_by_name(result) == {"level": "done", "use": "done"}
    assert (bench.read(CREATED).is_primary_value, bench.read(OLD_PRIMARY).is_primary_value) == (True, False)
    assert bench.writes() == [CREATE]
    assert nothing_left(bench, *desired)


def test_a_flag_may_be_given_up_before_a_new_channel_takes_it(start: Start) -> None:
    bench = start("second_primary=reject", "clear_last_primary=allow")
    desired = (new(isPrimaryValue=True), want("use", OLD_PRIMARY, isPrimaryValue=False))
    plan = bench.plan(*desired, environment=GIVE_UP_FIRST)

    result = bench.apply(plan, environment=GIVE_UP_FIRST)

    assert status_by_name(result) == {"level": "done", "use": "done"}
    assert bench.writes() == [f"PUT /api/v202406/esachannel/{OLD_PRIMARY}", CREATE]


def test_a_flag_that_a_creation_takes_from_another_channel_differs(start: Start) -> None:
    def take_more(pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        response = pass_on()
        bench.edit_elsewhere(BESIDE, {"isPrimaryValue": True})
        return response

    bench = start(network=on_create(take_more))

    outcome = only(bench.apply(bench.plan(new())))

    assert outcome == done(
        status=OutcomeStatus.MISMATCH,
        message="was verified after the write, but other channels of its data point have changed since: channel 1048: "
        "isPrimaryValue from true to false; channel 1049: isPrimaryValue from false to true",
        fix="look at the channel in EnergyCAP, then plan again: reconciler plan",
    )


def test_an_edit_of_another_channel_meanwhile_is_a_remark(start: Start) -> None:
    def edit(pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        response = pass_on()
        bench.edit_elsewhere(BESIDE, {"channelInfo": "Theirs"})
        return response

    bench = start(network=on_create(edit))

    outcome = only(bench.apply(bench.plan(new())))

    assert outcome == done(
        remark="other channels of its data point have changed since: channel 1049: "
        'channelInfo from "North Building irrigation" to "Theirs"'
    )


@pytest.mark.parametrize("moment", ["before the answer", "at the end"])
def test_a_flag_that_a_creation_took_is_found_by_the_run_that_goes_on_after_a_kill(
    start: Start, tmp_path: Path, moment: str
) -> None:
    armed = [True]

    def kill(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        response = pass_on()
        if armed and request.method == "POST":
            # The service takes the flag away for the new channel, and gives it to nobody.
            bench.edit_elsewhere(OLD_PRIMARY, {"isPrimaryValue": False})
            if moment == "before the answer":
                armed.clear()
                raise Killed
        elif armed and bench.writes() and request.url.path.endswith(f"/{CREATED}"):
            armed.append(True)
            if len(armed) == 3:
                armed.clear()
                raise Killed
        return response

    bench = start("clear_last_primary=allow", network=Interceptor(kill))
    plan = bench.plan(new())

    with pytest.raises(Killed):
        run(bench, plan, tmp_path)
    outcome = only(run(bench, plan, tmp_path))

    assert (outcome.status, outcome.channel_id, outcome.was_created) == (OutcomeStatus.MISMATCH, CREATED, True)
    assert outcome.message == (
        "was verified after the write, but other channels of its data point have changed since: "
        "channel 1048: isPrimaryValue from true to false"
    )
    assert posts(bench) == 1


@pytest.mark.counts_on("read_lag", reason="somebody edits in between")
def test_a_new_channel_that_somebody_edits_before_the_end_differs(start: Start) -> None:
    def edit(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        response = pass_on()
        if request.url.path.endswith("/version") and request.method == "POST":
            bench.edit_elsewhere(CREATED, {"channelInfo": "Theirs"})
        return response

    bench = start(network=Interceptor(edit))

    outcome = only(bench.apply(bench.plan(swapped())))

    assert (outcome.status, outcome.channel_id, outcome.was_created) == (OutcomeStatus.MISMATCH, CREATED, True)
    assert outcome.message.startswith(
        'channel 1102 was created; reads differently from what was written: channelInfo is "Theirs"'
    )


def test_a_new_channel_whose_version_is_refused_is_there_and_is_continued(start: Start, tmp_path: Path) -> None:
    refused: list[int] = []

    def refuse_once(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if not refused and request.method == "POST" and request.url.path.endswith("/version"):
            refused.append(400)
            return httpx.Response(400, text="Not now.")
        return pass_on()

    bench = start(network=Interceptor(refuse_once))
    plan = bench.plan(swapped())

    first = only(run(bench, plan, tmp_path))
    second = only(run(bench, plan, tmp_path))

    assert (first.status, first.channel_id, first.was_created, first.requests) == (
        OutcomeStatus.FAILED,
        CREATED,
        True,
        2,
    )
    assert first.message.startswith("channel 1102 was created; the service refused: POST")
    assert second == done()
    assert posts(bench) == 1
    assert nothing_left(bench, swapped())


def test_a_new_channel_that_was_deleted_since_is_not_created_again_by_the_same_plan(
    start: Start, tmp_path: Path
) -> None:
    bench = start("deletion=legacy")
    plan = bench.plan(new())
    run(bench, plan, tmp_path)
    httpx.delete(
        f"{bench.service.url}/api/v202406/esachannel/{CREATED}",
        headers={"ECI-ApiKey": "sandbox", "Content-Type": "application/json"},
        trust_env=False,
    ).raise_for_status()

    outcome = only(run(bench, plan, tmp_path))

    assert outcome.status is OutcomeStatus.STALE
    assert outcome.message.startswith("moved since the plan: EnergyCAP has no channel 1102 now: it was deleted")
    assert posts(bench) == 1


EXCHANGED = "channel 1102, which this plan created, no longer has its import id: channel {} has it now"


def test_another_channel_that_got_the_import_id_of_a_new_one_is_not_taken_for_it(start: Start, tmp_path: Path) -> None:
    bench = start()
    plan = bench.plan(swapped())
    run(bench, plan, tmp_path)
    bench.edit_elsewhere(CREATED, {"channelImportId": "OTHER"})
    bench.edit_elsewhere(BESIDE, {"channelImportId": IMPORT_ID})
    before = bench.writes()

    outcome = only(run(bench, plan, tmp_path))

    assert (outcome.status, outcome.message) == (
        OutcomeStatus.STALE,
        f"moved since the plan: {EXCHANGED.format(BESIDE)}",
    )
    assert outcome.fix.startswith("decide in EnergyCAP which of the two is meant")
    assert bench.writes() == before
    # It is read again, so it must not contradict itself.
    with open_journal(tmp_path, plan) as journal:
        assert list(journal.before.created.values()) == [CREATED]


@pytest.mark.counts_on("read_lag", reason="somebody edits in between")
def test_a_creation_that_would_take_readings_from_a_channel_now_is_stale(demo: Bench) -> None:
    identifiers = Identifiers(
        meter_import_id="NB-WATER-01", observation_type_code="WATUSE", unit_code="GAL", interval_seconds=3600
    )
    feeds = (Feed("logger", Location("channels/demo.yaml", 9), identifiers, "use"),)
    plan = demo.plan(new(), want("use", OLD_PRIMARY), feeds=feeds)
    # Two channels matched when the plan was made; now one of them gets the readings, until there is a third.
    demo.edit_elsewhere(BESIDE, {"intervalMinutes": 30})

    outcome = only(demo.apply(plan))

    assert outcome.status is OutcomeStatus.STALE
    assert "would take the readings of feed logger away from" in outcome.message
    assert posts(demo) == 0


def test_a_journal_with_new_channels_has_a_format_that_older_programs_refuse(demo: Bench, tmp_path: Path) -> None:
    run(demo, demo.plan(new()), tmp_path / "new")
    run(demo, demo.plan(want("use", OLD_PRIMARY, channelInfo="Water")), tmp_path / "old")

    headers = [next((tmp_path / name).glob("*.jsonl")).read_bytes()[:45] for name in ("new", "old")]

    assert headers == [
        b'{"kind":"plan","format_version":"2.0","plan":',
        b'{"kind":"plan","format_version":"1.0","plan":',
    ]


@pytest.mark.parametrize(
    ("kind", "change", "complaint"),
    [
        ("intent", {"part": "channel"}, "is for a version that its plan does not write"),
        ("intent", {"wanted": {"channelInfo": "Forged"}}, "writes channelInfo, but not with an edit of its plan"),
        ("intent", {"wanted": {f"{V}formula": "channel(7)"}}, f"writes {V}formula, but not with an edit of its plan"),
        ("landed", {"found": {"data_point": 7}}, "is for channel 1102, not"),
    ],
    ids=["another target", "another value", "another formula", "another data point"],
)
def test_a_journal_of_a_creation_that_was_forged_is_refused(
    demo: Bench, tmp_path: Path, kind: str, change: dict[str, Any], complaint: str
) -> None:
    run(demo, demo.plan(new()), tmp_path)
    (path,) = tmp_path.glob("*.jsonl")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    (line,) = [one for one in lines if one["kind"] == kind]
    for key, value in change.items():
        line[key] = {**line[key], **value} if isinstance(value, dict) else value
    path.write_text("".join(f"{json.dumps(one)}\n" for one in lines), encoding="utf-8")

    with pytest.raises(FileError, match="contradicts itself") as raised:
        read_journal(path)

    assert complaint in raised.value.message


UNDONE = "2026-11-30T00:00:00Z"


def test_an_undo_takes_a_new_channel_out_of_formulas_and_leaves_it(demo: Bench, tmp_path: Path) -> None:
    relief = replace(new("relief", "NB-GAS-01-RELIEF"), data_point_id=OTHER_POINT)
    energy = want("energy", 1047, esaChannelVersion__formula="channel(1046) * 1.037 - channel(relief)")
    before = demo.read(1047)
    run(demo, demo.plan(relief, energy), tmp_path)
    (path,) = tmp_path.glob("*.jsonl")

    undo = read_plan(render_plan_file(make_rollback(read_journal(path), UNDONE)))

    (warning,) = [finding for finding in undo.findings if finding.code == "ESA715"]
    assert warning.message == "channel 1102 was created; it cannot be deleted by this tool"
    assert [change.name for change in undo.changes] == ["energy"]
    assert status_by_name(demo.apply(undo)) == {"energy": "done"}
    assert (demo.read(1047).values, demo.read(1047).versions) == (before.values, before.versions)
    assert demo.read(CREATED).name == "Cistern relief"


def test_an_undo_after_a_creation_with_an_unknown_outcome_says_so(start: Start, tmp_path: Path) -> None:
    def lose_all(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if sent or request.method == "POST":
            sent.append(request.method)
            raise httpx.ReadError("gone")
        return pass_on()

    sent: list[str] = []
    bench = start(network=Interceptor(lose_all))
    outcome = only(run(bench, bench.plan(new()), tmp_path))
    (path,) = tmp_path.glob("*.jsonl")

    undo = make_rollback(read_journal(path), UNDONE)

    assert outcome.message.startswith("may have been done, and the channel cannot be read: ")
    assert [(one.code, one.message) for one in undo.findings] == [
        ("ESA716", f'unknown whether level was created, with the import id "{IMPORT_ID}"')
    ]
    assert undo.changes == ()
