"""Versions edited and created over HTTP: under each answer of a service, lost answers, late reads, a kill, an undo."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from msgspec.structs import replace

from reconciler.apply.journal import open_journal
from reconciler.apply.journal_reader import read_journal, result_from_journal
from reconciler.apply.rollback import judge_created, make_rollback
from reconciler.apply.run import ApplyOptions
from reconciler.errors import PlanFileError, Unreachable
from reconciler.model.fields import Impact
from reconciler.model.outcomes import OutcomeStatus
from reconciler.model.plan import Action, Verdict
from reconciler.planfile.reading import read_plan
from reconciler.planfile.writing import render_plan_file, seal
from reconciler.reports.change_words import describe_effect
from tests.apply.bench import Interceptor, only, status_by_name, want, want_versions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.apply.journal_reader import JournalContent
    from reconciler.model.channels import Desired, Fetched
    from reconciler.model.plan import Plan
    from reconciler.model.values import Value
    from tests.apply.bench import Bench, Start

V = "esaChannelVersion."
# An Odometer channel of the demo world with two versions, and one with a single version.
GAS, USE = 1046, 1042
SWAP = "2027-01-01T08:00:00"
CREATE = "POST /api/v202406/esachannel/{}/version"


def list_versions(name: str, channel_id: int, *versions: tuple[str, dict[str, Value]], **spec: Value) -> Desired:
    """A channel with these versions: the begin of each, and what the file manages of it."""
    listed = [(begin, {f"{V}{key}": value for key, value in settings.items()}) for begin, settings in versions]
    return want_versions(name, channel_id, *listed, **spec)


def describe(live: Fetched) -> list[tuple[str | None, Value]]:
    """Each version by its begin and its multiplier."""
    return [(version.begin_date, version.values[f"{V}multiplier"]) for version in live.versions]


def posts(bench: Bench, channel_id: int) -> int:
    return bench.writes().count(CREATE.format(channel_id))


def swap(**settings: Value) -> Desired:
    """The channel USE with a new version at the swap."""
    return list_versions("use", USE, ("", {}), (SWAP, {"multiplier": 7, **settings}))


def on_post(intercept: Callable[[Callable[[], httpx.Response]], httpx.Response]) -> Interceptor:
    """A network that leaves all but the creation of versions alone."""
    return Interceptor(
        lambda request, pass_on: (
            intercept(pass_on) if request.method == "POST" and request.url.path.endswith("/version") else pass_on()
        )
    )


def lose_after(pass_on: Callable[[], httpx.Response]) -> httpx.Response:
    pass_on()
    raise httpx.ReadError("gone")


def lose_before(_pass_on: Callable[[], httpx.Response]) -> httpx.Response:
    raise httpx.ReadError("gone")


def apply_and_read_journal(bench: Bench, folder: Path, plan: Plan) -> JournalContent:
    with open_journal(folder, plan) as journal:
        bench.apply(plan, ApplyOptions(parallelism=1, journal=journal))
    return read_journal(journal.path)


@pytest.mark.parametrize(
    "assignments",
    [
        (),
        ("put_answer=empty",),
        ("put_answer=no_content",),
        ("trip_register=zero", "null_offset=zero", "null_formula=empty"),
        ("odometer_nulls=echo", "first_version_begin_date=floor"),
        ("put_version_semantics=ignore", "list_shape=without_bounds"),
        ("version_begin_inside=reject",),
    ],
    ids=" ".join,
)
def test_a_new_version_is_created_once_and_the_next_plan_is_empty(start: Start, assignments: tuple[str, ...]) -> None:
    bench = start(*assignments)
    before = bench.read(USE)
    desired = swap()
    plan = read_plan(render_plan_file(bench.plan(desired)))

    outcome = only(bench.apply(plan))

    after = bench.read(USE)
    assert (outcome.status, outcome.message) == (OutcomeStatus.DONE, "")
    assert describe(after) == [*describe(before), (SWAP, 7)]
    # All else of the new version is that of the one before it, and that one is unchanged.
    settings = {
        path: value for path, value in before.current.values.items() if not path.endswith(("beginDate", "multiplier"))
    }
    assert {path: after.current.values[path] for path in settings} == settings
    assert after.versions[0].values == before.versions[0].values
    assert posts(bench, USE) == 1
    (change,) = bench.plan(desired).changes
    assert change.action is Action.NO_OP


def test_an_older_version_the_current_one_and_a_new_one_in_one_change(demo: Bench) -> None:
    first, second = demo.read(GAS).versions
    begin = second.begin_date or ""
    desired = list_versions(
        "gas", GAS, ("", {"multiplier": 3}), (begin, {"multiplier": 4}), (SWAP, {"multiplier": 5}), channelInfo="Gas"
    )

    assert status_by_name(demo.apply(demo.plan(desired))) == {"gas": "done"}

    after = demo.read(GAS)
    assert describe(after) == [(first.begin_date, 3), (begin, 4), (SWAP, 5)]
    assert after.name == "Gas"
    assert demo.writes() == [
        f"PUT /api/v202406/esachannel/{GAS}/version/{first.id}",
        f"PUT /api/v202406/esachannel/{GAS}/version/{second.id}",
        f"PUT /api/v202406/esachannel/{GAS}",
        CREATE.format(GAS),
    ]


def test_a_change_that_fails_names_each_version_that_was_written(start: Start) -> None:
    bench = start(network=on_post(lose_before))
    begin = bench.read(GAS).versions[1].begin_date or ""
    desired = list_versions(
        "gas", GAS, ("", {"multiplier": 3}), (begin, {"multiplier": 4}), (SWAP, {"multiplier": 5}), channelInfo="Gas"
    )

    outcome = only(bench.apply(bench.plan(desired)))

    assert outcome.message.partition(" was not done: ")[0] == (
        "its version from the beginning was written; its version was written; its channel was written;"
    )
    assert outcome.requests == 4


def test_a_new_version_with_the_settings_of_the_one_before_is_created_in_the_time_of_readings(demo: Bench) -> None:
    desired = list_versions("use", USE, ("", {}), ("2026-11-02T08:00:00", {}))

    outcome = only(demo.apply(demo.plan(desired)))

    assert (outcome.status, outcome.message) == (OutcomeStatus.DONE, "")
    assert describe(demo.read(USE)) == [(None, 1), ("2026-11-02T08:00:00", 1)]


def test_a_new_version_that_names_its_settings_as_they_are_before_it_is_in_a_plan_that_can_be_read(demo: Bench) -> None:
    multiplier, unit = (demo.read(USE).current.values[f"{V}{name}"] for name in ("multiplier", "unitCode"))
    desired = swap(multiplier=multiplier, unitCode=unit)
    plan = demo.plan(desired)

    assert read_plan(render_plan_file(plan)) == plan
    assert status_by_name(demo.apply(plan)) == {"use": "done"}
    assert describe(demo.read(USE)) == [(None, multiplier), (SWAP, multiplier)]


def test_readings_that_came_since_the_plan_stop_a_version_that_would_change_them(start: Start) -> None:
    bench = start()
    desired = swap()
    plan = bench.plan(desired)
    (change,) = plan.changes
    # As if the plan had been made before the readings of the new version came.
    early = list_versions("use", USE, ("", {}), ("2026-11-02T08:00:00", {"multiplier": 7}))
    (history,) = bench.plan(early).changes
    forward = replace(history, edits=tuple(replace(edit, impact=change.edits[0].impact) for edit in history.edits))

    outcome = only(bench.apply(replace(plan, changes=(forward,))))

    path = "channelVersions[2026-11-02T08:00:00].multiplier"
    assert outcome.status is OutcomeStatus.STALE
    assert f"the edit of {path} is history now, was forward: readings came since" in outcome.message
    assert posts(bench, USE) == 0


def test_an_answer_that_is_lost_after_the_write_is_found_out_by_reading(start: Start) -> None:
    bench = start(network=on_post(lose_after))

    outcome = only(bench.apply(bench.plan(swap())))

    assert outcome.status is OutcomeStatus.DONE
    assert posts(bench, USE) == 1
    assert describe(bench.read(USE))[-1] == (SWAP, 7)


def test_an_answer_that_is_lost_before_the_write_is_not_sent_again_in_the_same_run(start: Start) -> None:
    bench = start(network=on_post(lose_before))

    outcome = only(bench.apply(bench.plan(swap())))

    assert (outcome.status, outcome.message.partition(":")[0]) == (OutcomeStatus.FAILED, "was not done")
    assert posts(bench, USE) == 0


@pytest.mark.parametrize("lose", [lose_after, lose_before], ids=["written", "not written"])
def test_a_run_that_was_killed_at_the_creation_is_settled_and_goes_on(
    start: Start, tmp_path: Path, lose: Callable[[Callable[[], httpx.Response]], httpx.Response]
) -> None:
    class Killed(BaseException):
        pass

    killed: list[bool] = []

    def kill(pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if killed:
            return pass_on()
        killed.append(True)
        try:
            return lose(pass_on)
        except httpx.ReadError:
            raise Killed from None

    bench = start(network=on_post(kill))
    plan = bench.plan(swap())

    with pytest.raises(Killed), open_journal(tmp_path / "journal", plan) as journal:
        bench.apply(plan, ApplyOptions(parallelism=1, journal=journal))
    content = apply_and_read_journal(bench, tmp_path / "journal", plan)

    assert [outcome.status for outcome in content.last_run[-1].result.outcomes] == [OutcomeStatus.DONE]  # type: ignore[union-attr]
    assert posts(bench, USE) == 1
    assert describe(bench.read(USE))[-1] == (SWAP, 7)


def test_reads_that_lag_behind_the_creation_make_no_second_one(start: Start) -> None:
    bench = start("read_lag=reads")

    outcome = only(bench.apply(bench.plan(swap())))

    assert outcome.status is OutcomeStatus.DONE
    assert posts(bench, USE) == 1


def test_a_version_that_somebody_made_since_the_plan_stops_the_change(demo: Bench) -> None:
    plan = demo.plan(swap())
    fresh = demo.read(USE)
    other = {**fresh.current.values, f"{V}beginDate": SWAP, f"{V}multiplier": 9}
    demo.other.create_version(fresh, {path: value for path, value in other.items() if path in plan.changes[0].live})

    outcome = only(demo.apply(plan))

    assert outcome.status is OutcomeStatus.STALE
    assert f"in the version from {SWAP}, which the plan would create, {V}multiplier is 9, planned 7" in outcome.message
    assert posts(demo, USE) == 1


def test_the_same_version_made_by_somebody_else_counts_as_done(demo: Bench) -> None:
    plan = demo.plan(swap())
    demo.other.create_version(demo.read(USE), plan.changes[0].versions[0].target_values)

    outcome = only(demo.apply(plan))

    assert (outcome.status, outcome.was_already_applied) == (OutcomeStatus.DONE, True)
    assert posts(demo, USE) == 1


def test_a_version_created_elsewhere_at_another_time_is_a_conflict(demo: Bench) -> None:
    plan = demo.plan(swap())
    wanted = {**plan.changes[0].versions[0].target_values, f"{V}beginDate": "2026-12-24T00:00:00"}
    demo.other.create_version(demo.read(USE), wanted)

    outcome = only(demo.apply(plan))

    assert outcome.status is OutcomeStatus.STALE
    assert "it has 2 versions, the plan saw 1 version" in outcome.message.replace("plan saw 1", "plan saw 1 version")


def test_an_undo_gives_the_new_version_the_settings_of_the_one_before_it(demo: Bench, tmp_path: Path) -> None:
    before = demo.read(USE)
    content = apply_and_read_journal(demo, tmp_path / "journal", demo.plan(swap(rolloverValue=5000)))

    undo = read_plan(render_plan_file(make_rollback(content, "2026-11-30T00:00:00Z")))
    outcome = only(demo.apply(undo))

    after = demo.read(USE)
    settings = [path for path in before.current.values if not path.endswith("beginDate")]
    assert outcome.status is OutcomeStatus.DONE
    assert [(finding.code, finding.message) for finding in undo.findings] == [
        (
            "ESA714",
            (
                f"the version of use from {SWAP} stays: it gets the settings before it; stored values change only if "
                "readings have come in its time since it was planned"
            ),
        )
    ]
    (effect, *_) = (describe_effect(edit, undo.changes) for edit in undo.changes[0].edits)
    assert effect == "may rewrite stored values (only if readings after 2027-01-01 08:00 have come since)"
    assert [version.begin_date for version in after.versions] == [before.current.begin_date, SWAP]
    assert [after.current.values[path] for path in settings] == [before.current.values[path] for path in settings]


def test_an_undo_puts_back_each_version_that_was_edited(demo: Bench, tmp_path: Path) -> None:
    before = demo.read(GAS)
    begin = before.current.begin_date or ""
    desired = list_versions("gas", GAS, ("", {"multiplier": 3}), (begin, {"multiplier": 4}), channelInfo="Gas")
    content = apply_and_read_journal(demo, tmp_path / "journal", demo.plan(desired))

    undo = read_plan(render_plan_file(make_rollback(content, "2026-11-30T00:00:00Z")))

    assert [edit.path for edit in undo.changes[0].edits] == [
        "channelInfo",
        f"{V}multiplier",
        "channelVersions[null].multiplier",
    ]
    assert status_by_name(demo.apply(undo)) == {"gas": "done"}
    after = demo.read(GAS)
    assert (after.values, after.versions) == (before.values, before.versions)


def fail_from_the_creation_on(sent: list[bool]) -> Interceptor:
    """A network that breaks with the first creation of a version."""

    def fail_all(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        if sent:
            raise httpx.ReadError("gone")
        if request.method == "POST" and request.url.path.endswith("/version"):
            sent.append(True)
            raise httpx.ReadError("gone")
        return pass_on()

    return Interceptor(fail_all)


def test_a_creation_whose_outcome_is_open_is_not_put_back(start: Start, tmp_path: Path) -> None:
    bench = start(network=fail_from_the_creation_on([]))
    plan = bench.plan(swap())
    content = apply_and_read_journal(bench, tmp_path / "journal", plan)

    (change,) = make_rollback(content, "2026-11-30T00:00:00Z").changes

    assert change.verdict is not Verdict.ALLOWED
    assert [block.rule for block in change.blocked_by] == ["ESA713"]


def list_inverse(content: JournalContent) -> tuple[list[tuple[str, str]], list[str]]:
    """The changes of the saved inverse plan with their verdicts, and the codes of its findings."""
    undo = read_plan(render_plan_file(make_rollback(content, "2026-11-30T00:00:00Z")))
    return [(change.name, change.verdict.value) for change in undo.changes], [one.code for one in undo.findings]


def test_an_undo_leaves_out_a_new_version_that_is_as_the_one_before_it(demo: Bench, tmp_path: Path) -> None:
    plan = demo.plan(list_versions("use", USE, ("", {}), (SWAP, {})), want("gas", GAS, channelInfo="Gas"))
    content = apply_and_read_journal(demo, tmp_path / "journal", plan)

    assert list_inverse(content) == ([("gas", "allowed")], ["ESA714"])


def test_an_undo_names_a_creation_of_the_same_settings_whose_outcome_is_open(start: Start, tmp_path: Path) -> None:
    bench = start(network=fail_from_the_creation_on([]))
    content = apply_and_read_journal(
        bench, tmp_path / "journal", bench.plan(list_versions("use", USE, ("", {}), (SWAP, {})))
    )

    assert list_inverse(content) == ([("use", "blocked")], [])


def test_a_plan_with_a_version_changed_by_hand_is_refused(demo: Bench) -> None:
    text = render_plan_file(demo.plan(swap()))

    def change(**edits: Any) -> str:
        document = json.loads(text)
        version = document["resource_changes"][0]["change"]["versions"][0]
        for key, value in edits.items():
            part, _, inner = key.partition("__")
            if inner:
                version[part][inner] = value
            else:
                version[part] = value
        document["digest"] = seal(document)
        return json.dumps(document)

    forged: tuple[dict[str, Any], ...] = (
        {"api": {"before": {}, "after": {"multiplier": 9}}},
        {"after__multiplier": 9},
        {"begin": None},
        {"id": 4},
        {"inherited": {}},
        {"action": "update"},
    )

    assert read_plan(change()) == read_plan(text)
    for edits in forged:
        with pytest.raises(PlanFileError, match="contradicts itself"):
            read_plan(change(**edits))


EARLIER, LATER = "2023-05-01T00:00:00", "2023-06-01T00:00:00"


@pytest.mark.parametrize("begin", [EARLIER, LATER])
@pytest.mark.parametrize(
    "assignments",
    [
        (),
        ("put_answer=no_content",),
        ("put_version_semantics=first", "first_version_begin_date=floor"),
        ("read_lag=reads", "put_version_semantics=reject"),
    ],
    ids=" ".join,
)
def test_a_begin_moves_between_its_neighbours_and_an_undo_puts_it_back(
    start: Start, tmp_path: Path, begin: str, assignments: tuple[str, ...]
) -> None:
    bench = start(*assignments)
    before = bench.read(GAS)
    plan = read_plan(render_plan_file(bench.plan(want("gas", GAS, **{f"{V}beginDate": begin}))))

    content = apply_and_read_journal(bench, tmp_path / "journal", plan)

    after = bench.read(GAS)
    older, current = before.versions
    assert plan.changes[0].moved_span is not None
    assert status_by_name(result_from_journal(content)) == {"gas": "done"}
    assert after.versions == (
        replace(older, end_date=begin),
        replace(current, begin_date=begin, values={**current.values, f"{V}beginDate": begin}),
    )
    undo = read_plan(render_plan_file(make_rollback(content, "2026-11-30T00:00:00Z")))
    assert status_by_name(bench.apply(undo)) == {"gas": "done"}
    assert bench.read(GAS).versions == before.versions


def test_a_service_that_leaves_a_gap_before_a_begin_that_moved_is_found_out(start: Start) -> None:
    def keep_end(request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        response = pass_on()
        if request.method != "GET" or not request.url.path.endswith(f"/{GAS}"):
            return response
        channel = response.json()
        channel["channelVersions"][0]["endDate"] = "2023-05-15T08:00:00"
        return httpx.Response(200, json=channel)

    bench = start(network=Interceptor(keep_end))

    outcome = only(bench.apply(bench.plan(want("gas", GAS, **{f"{V}beginDate": LATER}))))

    assert outcome.status is OutcomeStatus.MISMATCH
    assert f'endDate is "2023-05-15T08:00:00", expected "{LATER}"' in outcome.message


def test_readings_that_came_into_a_span_that_was_reviewed_as_empty_stop_the_move(demo: Bench) -> None:
    plan = demo.plan(want("gas", GAS, **{f"{V}beginDate": LATER}))
    (change,) = plan.changes
    # As if the plan had been made before any reading came between the two begins.
    empty = replace(change, edits=tuple(replace(edit, impact=Impact.FORWARD) for edit in change.edits))

    outcome = only(demo.apply(replace(plan, changes=(empty,))))

    assert outcome.status is OutcomeStatus.STALE
    assert f"the edit of {V}beginDate is history now, was forward: readings came since" in outcome.message
    assert demo.writes() == []


@pytest.mark.parametrize(
    ("begin", "impact"), [(SWAP, Impact.FORWARD), ("2026-11-02T08:00:00", Impact.HISTORY)], ids=["unread", "read"]
)
def test_an_undo_rewrites_only_if_readings_lie_in_the_time_of_the_version_that_stays(
    demo: Bench, tmp_path: Path, begin: str, impact: Impact
) -> None:
    desired = list_versions("use", USE, ("", {}), (begin, {"multiplier": 7}))
    content = apply_and_read_journal(demo, tmp_path / "journal", demo.plan(desired))
    undo = make_rollback(content, "2026-11-30T00:00:00Z")

    judged = judge_created(undo, content.plan, demo.read)

    assert [edit.impact for edit in undo.changes[0].edits] == [Impact.HISTORY]
    assert [edit.impact for edit in judged.changes[0].edits] == [impact]
    assert only(demo.apply(judged)).status is OutcomeStatus.DONE


def test_versions_that_cannot_be_read_count_as_read(demo: Bench, tmp_path: Path) -> None:
    def fail(_channel_id: int) -> Fetched | None:
        raise Unreachable("gone", "try again")

    content = apply_and_read_journal(demo, tmp_path / "journal", demo.plan(swap()))
    undo = make_rollback(content, "2026-11-30T00:00:00Z")

    assert judge_created(undo, content.plan, fail) == undo
    assert judge_created(undo, content.plan, lambda _id: None) == undo
    assert judge_created(undo, content.plan, lambda id_: replace(demo.read(id_), has_readings=None)) == undo
