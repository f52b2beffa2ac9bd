"""What holds after any history of worlds, settings, faults, kills, lost power, Ctrl-C and other people's edits.

Two hundred histories with all other tests, twenty thousand with `make soak`.
"""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, assume, event, given, settings
from hypothesis import strategies as st
from msgspec import Struct, field

from reconciler.apply.journal import open_journal
from reconciler.apply.journal_reader import read_journal, result_from_journal
from reconciler.apply.read_back import Patience
from reconciler.apply.run import ApplyOptions, apply_plan
from reconciler.energycap.client import open_editor
from reconciler.errors import ServiceError
from reconciler.model.channels import Definitions
from reconciler.model.identifiers import Feed, Identifiers
from reconciler.model.outcomes import OutcomeStatus
from reconciler.planning.plan import PlanRequest, make_plan
from reconciler.sandbox import generate, parse_faults, parse_settings
from tests.apply.bench import status_by_name
from tests.apply.inside import Edited, Inside, Killed, Put, Read, Trouble, open_inside
from tests.apply.strategies import (
    CHANNELS,
    FIRST_ID,
    FOREIGN,
    ForeignEdit,
    Run,
    desired_channels,
    histories,
    seeds,
    services,
)
from tests.apply.truth import find_channel, is_kept, read_truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from reconciler.apply.journal_reader import JournalContent
    from reconciler.energycap.client import Editor
    from reconciler.model.channels import Desired
    from reconciler.model.outcomes import ApplyResult, Outcome
    from reconciler.model.plan import Plan
    from reconciler.model.project import Environment
    from reconciler.model.values import Value
    from tests.apply.truth import Truth

# How the feed of a channel names it; None for a channel that cannot be named so.
Naming: TypeAlias = "Callable[[dict[str, Any]], Identifiers | None]"
URL = "http://127.0.0.1:1"
# Where journals cost no time; that they reach a disk is tested elsewhere.
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
many = settings(
    max_examples=max(200, settings().max_examples) // 2,
    deadline=None,
    # To explain a failure takes minutes, and the shrunk history explains itself.
    phases=[phase for phase in Phase if phase is not Phase.explain],
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


class Scenario(Struct):
    """One plan, one service, one journal, and all that happens there."""

    inside: Inside
    editor: Editor
    other: Editor
    environment: Environment
    assignments: tuple[str, ...]
    definitions: Definitions
    folder: Path
    plan: Plan
    parallelism: int
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def play(self, step: Run | ForeignEdit) -> None:
        """One step of a history; of a run that ends by itself the result is checked against the service's journal."""
        if isinstance(step, ForeignEdit):
            if edited := self.edit_elsewhere(step):
                self.inside.moments.append(edited)
            return
        edits = {number: partial(self.edit_elsewhere, one) for number, one in step.edits.items()}
        trouble = Trouble(step.dies_at, step.dies_after_answer, step.stops_at, edits)
        self.inside.trouble_with(parse_faults(step.faults), trouble)
        first = len(self.inside.moments)
        try:
            result = self.apply(trouble)
        except Killed:
            self.lose_power(step.lost)
        else:
            check_result(result, [put for put in self.inside.moments[first:] if isinstance(put, Put)])
        finally:
            self.inside.quiet()

    def apply(self, trouble: Trouble | None = None) -> ApplyResult:
        with open_journal(self.folder, self.plan) as journal:
            stop, patience = (trouble or Trouble()).stop, Patience(sleep=lambda _seconds: None)
            options = ApplyOptions(self.parallelism, journal=journal, stop=stop, patience=patience)
            return apply_plan(self.plan, self.editor, self.environment, options)

    def edit_elsewhere(self, edit: ForeignEdit) -> Edited | None:
        """Edit a channel as somebody else would; None where the service does not let them."""
        channel_id, path = self._aim(edit)
        number = next(self._numbers)
        value: Value = 1000 + number if "." in path else f"Foreign {number}"
        with suppress(ServiceError):
            fresh = self.other.read_channel(channel_id)
            if "." in path:
                self.other.edit_version(fresh, {path: value})
            else:
                self.other.edit_channel(fresh, {path: value}, self.environment.channel_edit)
            return Edited(channel_id, path, value)
        return None

    def _aim(self, edit: ForeignEdit) -> tuple[int, str]:
        if not edit.is_planned:
            return FIRST_ID + edit.number, edit.path
        change = self.plan.sendable[edit.number % len(self.plan.sendable)]
        managed = [path for path in FOREIGN if path in change.target_values]
        return change.channel_id, managed[0] if edit.hits and managed else edit.path

    def lose_power(self, share: float) -> None:
        """Cut from the journal a share of what no disk was made to have: all behind the last intent."""
        for journal in self.folder.iterdir():
            lines = journal.read_bytes().splitlines(keepends=True)
            durable = max(index for index, line in enumerate(lines) if b'"kind":"landed"' not in line) + 1
            kept, tail = b"".join(lines[:durable]), b"".join(lines[durable:])
            journal.write_bytes(kept + tail[: round(len(tail) * (1 - share))])

    def read_journal(self) -> JournalContent:
        (journal,) = self.folder.iterdir()
        return read_journal(journal)


class End(Struct, frozen=True):
    """How the service stands at the end, what was written until then, and how the changes ended."""

    channels: dict[int, Truth]
    paths: list[str]
    statuses: dict[str, str]


def plan_of(editor: Editor, definitions: Definitions, environment: Environment) -> Plan:
    return make_plan(
        definitions, editor.read_snapshot(), PlanRequest("0", environment, "sandbox", "2026-11-21T00:00:00Z")
    )


@contextmanager
def open_scenario(
    seed: int, service: tuple[tuple[str, ...], Environment], definitions: Definitions, parallelism: int
) -> Iterator[Scenario]:
    assignments, environment = service
    with ExitStack() as stack:
        inside = stack.enter_context(open_inside(Path(":memory:")))
        folder = Path(stack.enter_context(TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)))
        inside.begin(generate(CHANNELS, seed), parse_settings(assignments))
        editor = stack.enter_context(open_editor(URL, "sandbox", inside, version_dates=environment.version_dates))
        other = stack.enter_context(
            open_editor(URL, "sandbox", inside.other(), version_dates=environment.version_dates)
        )
        plan = plan_of(other, definitions, environment)
        assume(not plan.has_errors and plan.sendable)
        yield Scenario(inside, editor, other, environment, assignments, definitions, folder, plan, parallelism)


def define(desired: tuple[Desired, ...], seed: int, identify: Naming | None) -> Definitions:
    """What the files say; with `identify`, a feed sends readings to each of their channels that can be named so."""
    live = {f"c{one['channelId']}": one for one in generate(CHANNELS, seed)["channels"]}
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


def read_end(scenario: Scenario, result: ApplyResult) -> End:
    puts = [one for one in scenario.inside.moments if isinstance(one, Put) and one.is_done]
    return End(read_truth(scenario.inside.store), sorted(put.path for put in puts), status_by_name(result))


def check_result(result: ApplyResult, puts: Sequence[Put]) -> None:
    """Each outcome of one run says what the service's own journal says of its channel."""
    for outcome in result.outcomes:
        done = sum(put.is_done for put in puts if put.channel_id == outcome.channel_id)
        assert is_true(outcome, done), (outcome, done)


def is_true(outcome: Outcome, done: int) -> bool:
    match outcome.status:
        case OutcomeStatus.DONE:
            return done == outcome.requests and outcome.was_already_applied == (done == 0)
        case OutcomeStatus.STALE | OutcomeStatus.NOT_TRIED:
            return done == outcome.requests == 0
        case OutcomeStatus.MISMATCH:
            # Of a lost answer and a foreign edit together nobody can tell whether the write was done.
            return outcome.requests - 1 <= done <= outcome.requests
        case OutcomeStatus.FAILED:
            return done in _said_to_be_done(outcome)


def _said_to_be_done(outcome: Outcome) -> tuple[int, ...]:
    if "may have been done" in outcome.message:
        return outcome.requests - 1, outcome.requests
    return (len(re.findall(r" was written(?:;|, the last read shows;) ", outcome.message)),)


def check_survivors(scenario: Scenario, before: Mapping[int, Truth], after: Mapping[int, Truth]) -> None:
    """Every value is what it was or what the plan wants; another person's is kept that a fresh read could see."""
    wanted = {change.channel_id: change.target_values for change in scenario.plan.sendable}
    assert before.keys() == after.keys()
    for channel_id, new in after.items():
        old = before[channel_id]
        for path, found in new.values.items():
            start = [old.values[path]]
            if path in wanted.get(channel_id, {}):
                start.append(wanted[channel_id][path])
            allowed = find_allowed(scenario.inside.moments, channel_id, path, start)
            assert any(is_kept(path, value, found, new, scenario.assignments) for value in allowed), (
                channel_id,
                path,
                allowed,
                found,
            )
        assert list(new.versions) == list(old.versions)
        assert list(new.versions.values())[:-1] == list(old.versions.values())[:-1]


def find_allowed(
    moments: Sequence[Read | Put | Edited], channel_id: int, path: str, start: Sequence[Value]
) -> list[Value]:
    """What a value may be in the end; only edits between a change's fresh read and its PUT may be lost."""
    allowed = list(start)
    for index, moment in enumerate(moments):
        if isinstance(moment, Edited) and (moment.channel_id, moment.path) == (channel_id, path):
            value: Value = moment.value  # type: ignore[assignment]
            allowed = [*allowed, value] if falls_into_window(moments, index) else [value]
    return allowed


def falls_into_window(moments: Sequence[Read | Put | Edited], index: int) -> bool:
    """Whether the next write to the edited channel was made from what its own thread had read before the edit."""
    edited = moments[index]
    assert isinstance(edited, Edited)
    readers = set()
    for moment in moments[index + 1 :]:
        if isinstance(moment, Read) and moment.channel_id == edited.channel_id:
            readers.add(moment.thread)
        if isinstance(moment, Put) and moment.channel_id == edited.channel_id and moment.is_done:
            return moment.thread not in readers
    return False


def check_journal(scenario: Scenario, result: ApplyResult, edited: frozenset[int]) -> None:
    """The journal of all runs counts as many writes that were done as the service, and nothing is open."""
    content = scenario.read_journal()
    assert content.open == ()
    assert status_by_name(result_from_journal(content)) == status_by_name(result)
    for change in scenario.plan.sendable:
        if change.channel_id in edited:
            continue
        results = [write_result for _, write_result in content.writes_by_name[change.name] if write_result]
        done = [one for one in scenario.inside.moments if isinstance(one, Put) and one.is_done]
        assert sum(write_result.status is OutcomeStatus.DONE for write_result in results) == sum(
            put.channel_id == change.channel_id for put in done
        )


def check_end(scenario: Scenario, result: ApplyResult, undisturbed: End, edited: frozenset[int]) -> None:
    """The next plan is the rest, if anything; where nobody else wrote, all is as after an undisturbed run."""
    undone = {outcome.channel_id for outcome in result.outcomes if outcome.status is not OutcomeStatus.DONE}
    rest = plan_of(scenario.other, scenario.definitions, scenario.environment)
    # Somebody else's edit may unblock what was blocked, as by giving up an import id.
    unblocked = {change.channel_id for change in scenario.plan.blocked} if edited else set()
    assert {change.channel_id for change in rest.sendable} <= undone | edited | unblocked
    if not edited:
        assert read_end(scenario, result) == undisturbed
        assert {change.channel_id for change in rest.blocked} <= undone | {
            change.channel_id for change in scenario.plan.blocked
        }


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
    history: tuple[Run | ForeignEdit, ...],
) -> None:
    definitions = define(channels[0], seed, channels[1])
    with open_scenario(seed, service, definitions, parallelism) as calm:
        undisturbed = read_end(calm, calm.apply())
    with open_scenario(seed, service, definitions, parallelism) as scenario:
        before, reached = read_truth(scenario.inside.store), find_reached(scenario)
        event(describe_feeds(scenario, reached))
        for step in history:
            scenario.play(step)
            if not any(isinstance(one, Edited) for one in scenario.inside.moments):
                check_feeds(scenario, reached)
        first = len(scenario.inside.moments)
        result = scenario.apply()

        check_result(result, [one for one in scenario.inside.moments[first:] if isinstance(one, Put)])
        edited = frozenset(one.channel_id for one in scenario.inside.moments if isinstance(one, Edited))
        puts = {one.channel_id for one in scenario.inside.moments if isinstance(one, Put)}
        assert puts <= {change.channel_id for change in scenario.plan.sendable}
        check_survivors(scenario, before, read_truth(scenario.inside.store))
        check_journal(scenario, result, edited)
        check_end(scenario, result, undisturbed, edited)
        if not edited:
            check_feeds(scenario, reached)
        event(f"{len(history)} steps, {'with' if edited else 'without'} other people's edits")
