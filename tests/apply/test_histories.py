"""What holds after any history of worlds, settings, faults, kills, lost power, Ctrl-C and other people's edits.

With all other tests 80 histories of each kind, with `make soak` 20,000: of settings, of versions, and of new channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.apply.journal_reader import result_from_journal
from reconciler.apply.rollback import make_rollback
from reconciler.model.channels import Definitions
from reconciler.model.identifiers import Feed, Identifiers
from reconciler.model.outcomes import OutcomeStatus
from reconciler.planfile.reading import read_plan
from reconciler.planfile.writing import render_plan_file
from tests.apply.bench import status_by_name
from tests.apply.histories import open_folder, open_scenario, plan_of, read_end
from tests.apply.inside import Edited, Founded
from tests.apply.judge import (
    Case,
    check_done,
    check_posts,
    check_result,
    check_survivors,
    check_undone,
    find_new,
    find_wanted,
    list_done,
    list_touched,
)
from tests.apply.strategies import (
    OF_CREATIONS,
    calm_creating_runs,
    calm_version_runs,
    creating_histories,
    creation_cases,
    desired_channels,
    generate_world,
    histories,
    seeds,
    services,
    version_cases,
    version_histories,
)
from tests.apply.truth import find_channel, read_truth

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

    from reconciler.model.channels import Desired
    from reconciler.model.outcomes import ApplyResult
    from reconciler.model.project import Environment
    from reconciler.sandbox import World
    from tests.apply.histories import End, Scenario
    from tests.apply.strategies import Run, Step, VersionCase
    from tests.apply.truth import Truth

# How the feed of a channel names it; None for a channel that cannot be named so.
Naming: TypeAlias = "Callable[[dict[str, Any]], Identifiers | None]"
many = settings(
    max_examples=max(80, settings().max_examples) // 2,
    deadline=None,
    # To explain a failure takes minutes, and the shrunk history explains itself.
    phases=[phase for phase in Phase if phase is not Phase.explain],
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


def define(desired: tuple[Desired, ...], world: World, identify: Naming | None = None) -> Definitions:
    """What the files say; with `identify`, a feed sends readings to each of their channels that can be named so."""
    live = {f"c{one['channelId']}": one for one in world["channels"]}
    identifiers = {one.name: identify(live[one.name]) if identify else None for one in desired}
    feeds = tuple(
        Feed(f"to-{one.name}", one.locate(), given, one.name) for one in desired if (given := identifiers[one.name])
    )
    return Definitions(desired, feeds, ("channels/demo.yaml",), "sha256:0")


def identify_by_import_id(channel: dict[str, Any]) -> Identifiers | None:
    import_id = channel["channelImportId"]
    return Identifiers(channel_import_id=import_id) if import_id else None


def identify_by_codes(channel: dict[str, Any]) -> Identifiers | None:
    """As loggers do that know their meter and what it measures, but no channel."""
    return Identifiers(
        meter_import_id=channel["dataPoint"]["dataPointImportId"],
        observation_type_code=channel["observationType"]["observationTypeCode"],
        unit_code=channel["channelVersions"][-1]["unit"]["unitCode"],
        interval_seconds=None if channel["isCalculated"] else channel["interval"] * 60,
    )


def check_feeds(scenario: Scenario, reached: Mapping[str, int | None]) -> None:
    """No apply takes readings from a channel that its feed expects to reach; somebody else may."""
    now = find_reached(scenario)
    for feed in scenario.definitions.feeds:
        if f"c{reached[feed.name]}" == feed.expect:
            assert now[feed.name] == reached[feed.name], feed


def find_reached(scenario: Scenario) -> dict[str, int | None]:
    """The channel that the service itself finds for readings of each feed."""
    return {feed.name: find_channel(scenario.inside.store, feed.identifiers) for feed in scenario.definitions.feeds}


def describe_feeds(scenario: Scenario, reached: Mapping[str, int | None]) -> str:
    """What the plan does to feeds, for the statistics."""
    if not scenario.definitions.feeds:
        return "no feeds"
    way = "import ids" if scenario.definitions.feeds[0].identifiers.channel_import_id else "codes"
    fed = [feed.name for feed in scenario.definitions.feeds if f"c{reached[feed.name]}" == feed.expect]
    held = any(route.is_change_blocked for route in scenario.plan.feeds if route.name in fed)
    moved = any(route.steps for route in scenario.plan.feeds)
    what = "none reaches its channel" if not fed else "held" if held else "moved" if moved else "quiet"
    return f"feeds by {way}: {what}"


def make_case(scenario: Scenario, before: Mapping[int, Truth]) -> Case:
    desired = {one.name: one for one in scenario.definitions.channels}
    import_ids = scenario.import_ids
    wanted = {
        change.channel_id: find_wanted(change, desired[change.name], before[change.channel_id], scenario.world)
        for change in scenario.plan.sendable
        if change.name not in import_ids
    }
    new = {import_id: find_new(desired[name], scenario.world) for name, import_id in import_ids.items()}
    stand_ins = {str(change.channel_id): import_ids[change.name] for change in scenario.list_new()}
    return Case(scenario.inside.moments, wanted, scenario.assignments, new, {**import_ids, **stand_ins})


def check_journal(scenario: Scenario, result: ApplyResult, touched: frozenset[str]) -> None:
    """The journal of all runs counts as many writes that were done as the service, and nothing is open."""
    content = scenario.read_journal()
    assert content.open == ()
    assert status_by_name(result_from_journal(content)) == status_by_name(result)
    for change in scenario.plan.sendable:
        if change.name in touched:
            continue
        results = [write_result for _, write_result in content.writes_by_name[change.name] if write_result]
        sent, import_id = scenario.list_sent(), scenario.import_ids.get(change.name)
        # One that somebody else has made just as the plan wants it gets the later versions, as if it were ours.
        founded = [one for one in scenario.inside.moments if isinstance(one, Founded)]
        taken = {one.channel_id for one in founded if one.import_id == import_id}
        added = [one for one in sent if one.is_done and one.channel_id in taken]
        done = list_done(sent, change.channel_id, import_id)
        assert sum(one.status is OutcomeStatus.DONE for one in results) == len(done) + len(added)


def check_end(scenario: Scenario, result: ApplyResult, end: End, undisturbed: End, touched: frozenset[str]) -> None:
    """The next plan is the rest, if anything; where nobody else wrote, all is as after an undisturbed run."""
    undone = {outcome.name for outcome in result.outcomes if outcome.status is not OutcomeStatus.DONE}
    rest = plan_of(scenario.other, scenario.definitions, scenario.environment)
    # Somebody else's edit may unblock what was blocked, as by giving up an import id.
    unblocked = {change.name for change in scenario.plan.blocked} if touched else set()
    assert {change.name for change in rest.sendable} <= undone | touched | unblocked
    if not touched:
        assert end == undisturbed
        assert {change.name for change in rest.blocked} <= undone | {change.name for change in scenario.plan.blocked}


def judge(scenario: Scenario, before: Mapping[int, Truth], result: ApplyResult, undisturbed: End) -> bool:
    """All that holds after the last run, whose `result` it is; returns whether somebody else has changed anything."""
    moments, after = scenario.inside.moments, read_truth(scenario.inside.store)
    case = make_case(scenario, before)
    touched = name_touched(scenario, list_touched(moments), after)
    check_posts(moments)
    check_survivors(case, before, after)
    assert {
        one.channel_id for one in scenario.list_sent() if one.is_done
    } <= case.wanted.keys() | after.keys() - before.keys()
    check_done(case, result, after)
    check_journal(scenario, result, touched)
    check_end(scenario, result, read_end(scenario, before, result), undisturbed, touched)
    return bool(touched)


def name_touched(scenario: Scenario, ids: Collection[int], after: Mapping[int, Truth]) -> frozenset[str]:
    """The changes whose channels somebody else has changed or created, and "" for any other channel."""
    import_ids = {after[one].values["channelImportId"] for one in ids if one in after}
    return frozenset(
        {
            *(one.name for one in scenario.plan.changes if one.channel_id in ids),
            *(name for name, import_id in scenario.import_ids.items() if import_id in import_ids),
            *("" for _ in ids),
        }
    )


def finish(scenario: Scenario) -> ApplyResult:
    """The result of a last run that nothing strikes."""
    first = len(scenario.inside.moments)
    result = scenario.apply()
    check_result(result, scenario.inside.moments[first:], scenario.import_ids)
    return result


@pytest.mark.parametrize("parallelism", [1, 4])
@many
@given(
    seed=seeds,
    service=services(),
    channels=st.tuples(
        desired_channels(), st.sampled_from([None, identify_by_import_id, identify_by_codes, identify_by_codes])
    ),
    history=histories,
)
def test_after_any_history_the_result_is_true_and_nothing_is_lost(
    parallelism: int,
    seed: int,
    service: tuple[tuple[str, ...], Environment],
    channels: tuple[tuple[Desired, ...], Naming | None],
    history: tuple[Step, ...],
) -> None:
    world = generate_world(seed)
    definitions = define(channels[0], world, channels[1])
    with open_scenario(world, service, definitions, parallelism) as calm:
        undisturbed = read_end(calm, read_truth(calm.inside.store), calm.apply())
    with open_scenario(world, service, definitions, parallelism) as scenario:
        before, reached = read_truth(scenario.inside.store), find_reached(scenario)
        event(describe_feeds(scenario, reached))
        for step in history:
            scenario.play(step)
            if not any(isinstance(one, Edited) for one in scenario.inside.moments):
                check_feeds(scenario, reached)

        touched = judge(scenario, before, finish(scenario), undisturbed)

        if not touched:
            check_feeds(scenario, reached)
        event(f"{len(history)} steps, {'with' if touched else 'without'} other people's edits")


@pytest.mark.parametrize("parallelism", [1, 4])
@many
@given(
    service=services(OF_CREATIONS), case=version_cases(), history=version_histories, undo=st.none() | calm_version_runs
)
def test_after_any_history_of_versions_each_is_there_once_and_none_is_lost(
    parallelism: int,
    service: tuple[tuple[str, ...], Environment],
    case: VersionCase,
    history: tuple[Step, ...],
    undo: Run | None,
) -> None:
    check_history(parallelism, service, case, history, undo)


@pytest.mark.parametrize("parallelism", [1, 4])
@many
@given(
    service=services(OF_CREATIONS),
    case=creation_cases(),
    history=creating_histories,
    undo=st.none() | calm_creating_runs,
)
def test_after_any_history_of_new_channels_each_is_there_once(
    parallelism: int,
    service: tuple[tuple[str, ...], Environment],
    case: VersionCase,
    history: tuple[Step, ...],
    undo: Run | None,
) -> None:
    check_history(parallelism, service, case, history, undo)


def check_history(
    parallelism: int,
    service: tuple[tuple[str, ...], Environment],
    case: VersionCase,
    history: tuple[Step, ...],
    undo: Run | None,
) -> None:
    """All that holds of one history, and of its undo."""
    world = case.make_world()
    definitions = define(case.desired, world)
    with open_scenario(world, service, definitions, parallelism) as calm:
        undisturbed = read_end(calm, read_truth(calm.inside.store), calm.apply())
    with open_scenario(world, service, definitions, parallelism) as scenario:
        before = read_truth(scenario.inside.store)
        event(describe_versions(scenario))
        for step in history:
            scenario.play(step)

        touched = judge(scenario, before, finish(scenario), undisturbed)

        event(f"{len(history)} steps, {'with' if touched else 'without'} other people's edits")
        if undo and not touched:
            take_back(scenario, undo, before)


def describe_versions(scenario: Scenario) -> str:
    """What the plan does to versions, for the statistics."""
    actions = {f"{one.action.value} versions" for change in scenario.plan.sendable for one in change.versions}
    new = {"create channels"} if scenario.import_ids else set()
    return f"the plan: {' and '.join(sorted(actions | new)) or 'neither versions nor new channels'}"


def take_back(scenario: Scenario, run: Run, before: Mapping[int, Truth]) -> None:
    """Undo all that the journal says, in a run that goes wrong and one that does not."""
    plan = read_plan(render_plan_file(make_rollback(scenario.read_journal(), "2026-11-22T00:00:00Z")))
    with open_folder() as folder:
        undoing = replace(scenario, plan=plan, folder=folder)
        undoing.play(run)
        result = finish(undoing)
    done = {outcome.channel_id for outcome in result.outcomes if outcome.status is OutcomeStatus.DONE}
    event(f"undone: {'all' if len(done) == len(plan.changes) else 'in part' if done else 'none'}")
    check_undone(scenario.assignments, done, before, read_truth(scenario.inside.store))
