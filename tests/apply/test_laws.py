"""Laws of every apply, for any world, desired channels and answers to what the vendor does not document."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import asdict

from reconciler.apply.journal import open_journal
from reconciler.apply.journal_reader import read_journal, result_from_journal
from reconciler.apply.read_back import find_mismatches
from reconciler.apply.rollback import make_rollback
from reconciler.apply.run import ApplyOptions
from reconciler.energycap.client import open_editor
from reconciler.sandbox import Options, generate, parse_settings, running
from tests.apply.bench import Bench, Interceptor, status_by_name
from tests.apply.strategies import CHANNELS, creation_cases, desired_channels, seeds, version_cases
from tests.apply.truth import read_world
from tests.cases import note_case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.model.channels import Desired
    from reconciler.model.plan import Plan
    from reconciler.sandbox import World
    from tests.apply.strategies import VersionCase

few = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


class Killed(BaseException):
    """The process ends here: nothing catches it, as nothing would run after a kill -9."""


class Trouble(Struct):
    """What goes wrong: from one PUT on the service fails, or at one request the process ends. Both count from 0."""

    fails_at: int | None = None
    dies_at: int | None = None
    dies_after_answer: bool = False
    puts: int = 0
    requests: int = 0

    def become(self, other: Trouble) -> None:
        for name, value in asdict(other).items():
            setattr(self, name, value)

    def intercept(self, request: httpx.Request, pass_on: Callable[[], httpx.Response]) -> httpx.Response:
        self.requests += 1
        self.puts += request.method == "PUT"
        is_last = self.dies_at is not None and self.requests > self.dies_at
        if is_last and not self.dies_after_answer:
            raise Killed
        if request.method == "PUT" and self.fails_at is not None and self.puts > self.fails_at:
            return httpx.Response(500, text="out of order")
        response = pass_on()
        if is_last:
            raise Killed
        return response


class Stage(Struct, frozen=True):
    """One sandbox for many worlds, and the trouble that an apply has there."""

    bench: Bench
    trouble: Trouble

    def begin(self, seed: int | World, trouble: Trouble | None = None) -> None:
        """Start again from a world, or that of `seed`."""
        self.bench.service.load(generate(CHANNELS, seed) if isinstance(seed, int) else seed)
        self.trouble.become(trouble or Trouble())

    def plan(self, desired: tuple[Desired, ...]) -> Plan:
        """The plan of channels that break no rule offline and are all found."""
        plan = self.bench.plan(*desired)
        # Every law needs something to apply, and counts by itself what else it is about.
        if plan.has_errors or not plan.sendable:
            note_case(reached=False)
            reject()
        return plan


@contextmanager
def set_stage(folder: Path, *assignments: str) -> Iterator[Stage]:
    with ExitStack() as stack:
        options = Options(settings=parse_settings(assignments))
        service = stack.enter_context(running(folder / "sandbox.sqlite3", generate(CHANNELS, 0), options))
        trouble = Trouble()
        editor = stack.enter_context(open_editor(service.url, "sandbox", Interceptor(trouble.intercept)))
        other = stack.enter_context(open_editor(service.url, "sandbox"))
        yield Stage(Bench(service, editor, other), trouble)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with set_stage(tmp_path_factory.mktemp("stage")) as one:
        yield one


@pytest.fixture(scope="module", params=["latest", "first", "ignore", "reject"])
def odd_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    oddities = (
        "first_version_begin_date=floor",
        "odometer_nulls=echo",
        "interval_unit=seconds",
        "formula_text=stripped",
        # With summarized readings no conversion can be taken back.
        "calculated_readings=none",
    )
    with set_stage(tmp_path_factory.mktemp("odd"), f"put_version_semantics={request.param}", *oddities) as one:
        yield one


def list_unmanaged(stage: Stage, plan: Plan) -> dict[int, object]:
    """All that `plan` has no say in: channels without a change, and of the others the values it does not want."""
    wanted = {change.channel_id: change.target_values for change in plan.sendable}
    return {
        id_: (
            # This service drops the blanks of a formula with each write.
            {
                path: str(value).replace(" ", "") if path.endswith("formula") else value
                for path, value in truth.values.items()
                if path not in wanted.get(id_, {})
            },
            list(truth.versions.values())[:-1],
        )
        for id_, truth in read_world(stage.bench.service.export()).items()
    }


@few
@given(seed=seeds, desired=desired_channels())
def test_a_plan_after_an_apply_is_empty_or_only_blocked(
    odd_stage: Stage, seed: int, desired: tuple[Desired, ...]
) -> None:
    odd_stage.begin(seed)
    plan = odd_stage.plan(desired)

    result = odd_stage.bench.apply(plan)

    note_case(reached=True)
    assert [outcome for outcome in result.outcomes if outcome.message] == []
    after = odd_stage.bench.plan(*desired)
    assert after.sendable == ()
    assert {change.name for change in after.blocked} <= {change.name for change in plan.blocked}


@few
@given(case=version_cases() | creation_cases())
def test_a_plan_after_an_apply_of_versions_or_new_channels_is_empty_or_only_blocked(
    odd_stage: Stage, case: VersionCase
) -> None:
    odd_stage.begin(case.make_world())
    plan = odd_stage.plan(case.desired)

    result = odd_stage.bench.apply(plan)

    note_case(reached=True)
    assert [outcome for outcome in result.outcomes if outcome.message] == []
    after = odd_stage.bench.plan(*case.desired)
    assert after.sendable == ()
    assert {change.name for change in after.blocked} <= {change.name for change in plan.blocked}


@few
@given(case=version_cases())
def test_versions_that_no_file_lists_stay_as_they_are_but_for_the_end_of_the_last(
    odd_stage: Stage, case: VersionCase
) -> None:
    odd_stage.begin(case.make_world())
    plan = odd_stage.plan(case.desired)
    listed = {change.channel_id: {one.begin for one in change.versions} for change in plan.sendable if change.versions}
    before = list_versions(odd_stage)

    odd_stage.bench.apply(plan)

    note_case(reached=listed)
    after = list_versions(odd_stage)
    for change in plan.sendable:
        begins = {one.begin for one in change.versions}
        # The current version may be edited beside them, or sent with its channel.
        kept = [
            id_
            for id_, one in before[change.channel_id].items()
            if (one["beginDate"] or "") not in begins and id_ != change.version_id
        ]
        unchanged, found = before[change.channel_id], after[change.channel_id]
        assert [found[id_] for id_ in kept] == [unchanged[id_] | {"endDate": found[id_]["endDate"]} for id_ in kept]
        ends = [one["endDate"] for one in found.values()]
        assert ends == [*[one["beginDate"] for one in found.values()][1:], None]


def list_versions(stage: Stage) -> dict[int, dict[int, dict[str, object]]]:
    """All that the service shows of each version, by channel and by version."""
    channels = stage.bench.service.export()["channels"]
    return {
        channel["channelId"]: {one["channelVersionId"]: one for one in channel["channelVersions"]}
        for channel in channels
    }


@few
@given(seed=seeds, desired=desired_channels())
def test_applying_twice_writes_nothing_the_second_time(stage: Stage, seed: int, desired: tuple[Desired, ...]) -> None:
    stage.begin(seed)
    plan = stage.plan(desired)
    stage.bench.apply(plan)
    writes = stage.bench.writes()

    again = stage.bench.apply(plan)

    note_case(reached=writes)
    assert stage.bench.writes() == writes
    assert all(outcome.was_already_applied for outcome in again.outcomes)


@few
@given(seed=seeds, desired=desired_channels())
def test_what_is_not_managed_never_changes(odd_stage: Stage, seed: int, desired: tuple[Desired, ...]) -> None:
    odd_stage.begin(seed)
    plan = odd_stage.plan(desired)
    before = list_unmanaged(odd_stage, plan)

    odd_stage.bench.apply(plan)

    note_case(reached=odd_stage.bench.writes())
    assert list_unmanaged(odd_stage, plan) == before


@few
@given(seed=seeds, desired=desired_channels(), at=st.integers(0, 2))
def test_a_failure_at_any_write_keeps_those_before_it_and_the_next_plan_is_the_rest(
    stage: Stage, seed: int, desired: tuple[Desired, ...], at: int
) -> None:
    stage.begin(seed)
    plan = stage.plan(desired)
    stage.trouble.become(Trouble(fails_at=at))

    statuses = status_by_name(stage.bench.apply(plan, ApplyOptions(parallelism=1)))

    note_case(reached="failed" in statuses.values())
    assert set(statuses.values()) <= {"done", "failed", "not tried"}
    rest = stage.bench.plan(*desired)
    assert {change.name for change in rest.sendable} == {name for name, status in statuses.items() if status != "done"}


@few
@given(
    seed=seeds,
    desired=desired_channels(),
    foreign=st.sampled_from(["Somebody", "North"]),
    number=st.integers(0, CHANNELS - 1),
)
def test_what_moved_after_planning_is_never_overwritten(
    stage: Stage, seed: int, desired: tuple[Desired, ...], foreign: str, number: int
) -> None:
    stage.begin(seed)
    plan = stage.plan(desired)
    channel_id = plan.sendable[number % len(plan.sendable)].channel_id
    is_moved = stage.bench.read(channel_id).name != foreign
    note_case(reached=is_moved)
    assume(is_moved)
    stage.bench.edit_elsewhere(channel_id, {"channelInfo": foreign})

    stage.bench.apply(plan)

    assert stage.bench.read(channel_id).name == foreign


@few
@given(seed=seeds, desired=desired_channels())
def test_the_inverse_of_an_apply_brings_back_what_was_there(
    odd_stage: Stage, seed: int, desired: tuple[Desired, ...]
) -> None:
    odd_stage.begin(seed)
    plan = odd_stage.plan(desired)
    before = odd_stage.bench.other.list_channels()
    with TemporaryDirectory() as folder, open_journal(Path(folder), plan) as journal:
        odd_stage.bench.apply(plan, ApplyOptions(journal=journal))
        content = read_journal(journal.path)

    inverse = make_rollback(content, "2026-11-22T00:00:00Z")
    result = odd_stage.bench.apply(inverse)

    note_case(reached=content.writes_by_name)
    assert [outcome for outcome in result.outcomes if outcome.message] == []
    after = odd_stage.bench.other.list_channels()
    assert [find_mismatches(*pair) for pair in zip(before, after, strict=True)] == [()] * CHANNELS


deaths = st.builds(Trouble, dies_at=st.integers(0, 12), dies_after_answer=st.booleans())


@few
@given(seed=seeds, desired=desired_channels(), death=deaths, parallelism=st.sampled_from([1, 4]))
def test_a_run_continued_after_a_kill_writes_what_was_missing_and_nothing_twice(
    stage: Stage, seed: int, desired: tuple[Desired, ...], death: Trouble, parallelism: int
) -> None:
    stage.begin(seed)
    plan = stage.plan(desired)
    stage.bench.apply(plan)
    end, writes = stage.bench.other.list_channels(), sorted(stage.bench.writes())

    stage.begin(seed, death)
    with TemporaryDirectory() as folder:
        is_killed = True
        with suppress(Killed), open_journal(Path(folder), plan) as journal:
            stage.bench.apply(plan, ApplyOptions(parallelism, journal=journal))
            is_killed = False
        note_case(reached=is_killed)
        stage.trouble.become(Trouble())
        with open_journal(Path(folder), plan) as journal:
            result = stage.bench.apply(plan, ApplyOptions(parallelism, journal=journal))
        recorded = result_from_journal(read_journal(journal.path))

    assert [outcome for outcome in result.outcomes if outcome.message] == []
    assert stage.bench.other.list_channels() == end
    assert sorted(stage.bench.writes()) == writes
    assert set(status_by_name(recorded).values()) <= {"done"}
