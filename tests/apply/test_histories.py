"""What holds after any history: worlds, wishes, settings, faults, kills, lost power, Ctrl-C and other people's edits.

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
from tests.apply.bench import endings
from tests.apply.inside import Edited, Inside, Killed, Put, Read, Trouble, open_inside
from tests.apply.strategies import CHANNELS, FIRST_ID, FOREIGN, Meddling, Run, busy_wishes, histories, seeds, services
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
Pointing: TypeAlias = "Callable[[dict[str, Any]], Identifiers | None]"
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


class Theatre(Struct):
    """One plan, one service, one journal, and all that happens there."""

    inside: Inside
    editor: Editor
    other: Editor
    environment: Environment
    assignments: tuple[str, ...]
    wished: Definitions
    folder: Path
    plan: Plan
    parallelism: int
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def play(self, step: Run | Meddling) -> None:
        """One step of a history; of a run that ends by itself the account is checked against the service's journal."""
        if isinstance(step, Meddling):
            if edited := self.meddle(step):
                self.inside.moments.append(edited)
            return
        edits = {number: partial(self.meddle, one) for number, one in step.edits.items()}
        trouble = Trouble(step.dies_at, step.dies_after_answer, step.stops_at, edits)
        self.inside.trouble_with(parse_faults(step.faults), trouble)
        begun = len(self.inside.moments)
        try:
            account = self.apply(trouble)
        except Killed:
            self.lose_power(step.lost)
        else:
            check_account(account, [put for put in self.inside.moments[begun:] if isinstance(put, Put)])
        finally:
            self.inside.quiet()

    def apply(self, trouble: Trouble | None = None) -> ApplyResult:
        with open_journal(self.folder, self.plan) as journal:
            stop, patience = (trouble or Trouble()).stop, Patience(sleep=lambda _seconds: None)
            conduct = ApplyOptions(self.parallelism, journal=journal, stop=stop, patience=patience)
            return apply_plan(self.plan, self.editor, self.environment, conduct)

    def meddle(self, meddling: Meddling) -> Edited | None:
        """Edit a channel as somebody else would; None where the service does not let them."""
        channel_id, path = self._aim(meddling)
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

    def _aim(self, meddling: Meddling) -> tuple[int, str]:
        if not meddling.is_planned:
            return FIRST_ID + meddling.number, meddling.path
        change = self.plan.sendable[meddling.number % len(self.plan.sendable)]
        managed = [path for path in FOREIGN if path in change.target_values]
        return change.channel_id, managed[0] if meddling.hits and managed else meddling.path

    def lose_power(self, share: float) -> None:
        """Cut from the journal a share of what no disk was made to have: all behind the last intent."""
        for journal in self.folder.iterdir():
            lines = journal.read_bytes().splitlines(keepends=True)
            durable = max(index for index, line in enumerate(lines) if b'"kind":"landed"' not in line) + 1
            kept, tail = b"".join(lines[:durable]), b"".join(lines[durable:])
            journal.write_bytes(kept + tail[: round(len(tail) * (1 - share))])

    def chronicle(self) -> JournalContent:
        (journal,) = self.folder.iterdir()
        return read_journal(journal)


class End(Struct, frozen=True):
    """How the service stands at the end, what was written until then, and how the changes ended."""

    channels: dict[int, Truth]
    paths: list[str]
    endings: dict[str, str]


def plan_of(editor: Editor, wished: Definitions, environment: Environment) -> Plan:
    return make_plan(wished, editor.read_snapshot(), PlanRequest("0", environment, "sandbox", "2026-11-21T00:00:00Z"))


@contextmanager
def open_theatre(
    seed: int, service: tuple[tuple[str, ...], Environment], wished: Definitions, parallelism: int
) -> Iterator[Theatre]:
    assignments, environment = service
    with ExitStack() as stack:
        inside = stack.enter_context(open_inside(Path(":memory:")))
        folder = Path(stack.enter_context(TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)))
        inside.begin(generate(CHANNELS, seed), parse_settings(assignments))
        editor = stack.enter_context(open_editor(URL, "sandbox", inside, version_dates=environment.version_dates))
        other = stack.enter_context(
            open_editor(URL, "sandbox", inside.other(), version_dates=environment.version_dates)
        )
        plan = plan_of(other, wished, environment)
        assume(not plan.has_errors and plan.sendable)
        yield Theatre(inside, editor, other, environment, assignments, wished, folder, plan, parallelism)


def define(wished: tuple[Desired, ...], seed: int, point: Pointing | None) -> Definitions:
    """What the files say; with `point`, a feed sends readings to each of their channels that can be named so."""
    live = {f"c{one['channelId']}": one for one in generate(CHANNELS, seed)["channels"]}
    pointers = {one.name: point(live[one.name]) if point else None for one in wished}
    feeds = tuple(
        Feed(f"to-{one.name}", one.locate(), given, one.name) for one in wished if (given := pointers[one.name])
    )
    return Definitions(wished, feeds, ("channels/demo.yaml",), "sha256:0")


def point_by_import_id(channel: dict[str, Any]) -> Identifiers | None:
    import_id = channel["channelImportId"]
    return Identifiers(channel_import_id=import_id) if import_id else None


def point_by_codes(channel: dict[str, Any]) -> Identifiers | None:
    """As loggers do that know their meter and what it measures, but no channel."""
    return Identifiers(
        meter_import_id=channel["dataPoint"]["dataPointImportId"],
        observation_type_code=channel["observationType"]["observationTypeCode"],
        unit_code=channel["channelVersions"][-1]["unit"]["unitCode"],
        interval_seconds=None if channel["isCalculated"] else channel["interval"] * 60,
    )


def check_feeds(theatre: Theatre, reached: Mapping[str, int | None]) -> None:
    """No apply takes readings from a channel that its feed expects to reach; somebody else may."""
    now = find_reached(theatre)
    for feed in theatre.wished.feeds:
        if f"c{reached[feed.name]}" == feed.expect:
            assert now[feed.name] == reached[feed.name], feed


def find_reached(theatre: Theatre) -> dict[str, int | None]:
    """The channel that the service itself finds for readings of each feed."""
    return {feed.name: find_channel(theatre.inside.store, feed.identifiers) for feed in theatre.wished.feeds}


def tell_feeds(theatre: Theatre, reached: Mapping[str, int | None]) -> str:
    """What the plan does to feeds, for the statistics."""
    if not theatre.wished.feeds:
        return "no feeds"
    way = "import ids" if theatre.wished.feeds[0].identifiers.channel_import_id else "codes"
    fed = [feed.name for feed in theatre.wished.feeds if f"c{reached[feed.name]}" == feed.expect]
    held = any(route.is_change_blocked for route in theatre.plan.feeds if route.name in fed)
    moved = any(route.steps for route in theatre.plan.feeds)
    what = "none reaches its channel" if not fed else "held" if held else "moved" if moved else "quiet"
    return f"feeds by {way}: {what}"


def see_end(theatre: Theatre, account: ApplyResult) -> End:
    puts = [one for one in theatre.inside.moments if isinstance(one, Put) and one.is_done]
    return End(read_truth(theatre.inside.store), sorted(put.path for put in puts), endings(account))


def check_account(account: ApplyResult, puts: Sequence[Put]) -> None:
    """Each outcome of one run says what the service's own journal says of its channel."""
    for outcome in account.outcomes:
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
    return (len(re.findall(r" was written(?:;|, the last look shows;) ", outcome.message)),)


def check_survivors(theatre: Theatre, before: Mapping[int, Truth], after: Mapping[int, Truth]) -> None:
    """Every value is what it was or what the plan wants; another person's is kept that a fresh read could see."""
    wanted = {change.channel_id: change.target_values for change in theatre.plan.sendable}
    assert before.keys() == after.keys()
    for channel_id, new in after.items():
        old = before[channel_id]
        for path, found in new.values.items():
            start = [old.values[path]]
            if path in wanted.get(channel_id, {}):
                start.append(wanted[channel_id][path])
            allowed = find_allowed(theatre.inside.moments, channel_id, path, start)
            assert any(is_kept(path, value, found, new, theatre.assignments) for value in allowed), (
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


def check_journal(theatre: Theatre, account: ApplyResult, edited: frozenset[int]) -> None:
    """The journal of all runs counts as many writes that were done as the service, and nothing is open."""
    chronicle = theatre.chronicle()
    assert chronicle.open == ()
    assert endings(result_from_journal(chronicle)) == endings(account)
    for change in theatre.plan.sendable:
        if change.channel_id in edited:
            continue
        told = [landing for _, landing in chronicle.writes_by_name[change.name] if landing]
        done = [one for one in theatre.inside.moments if isinstance(one, Put) and one.is_done]
        assert sum(landing.ending is OutcomeStatus.DONE for landing in told) == sum(
            put.channel_id == change.channel_id for put in done
        )


def check_end(theatre: Theatre, account: ApplyResult, undisturbed: End, edited: frozenset[int]) -> None:
    """The next plan is the rest, if anything; where nobody else wrote, all is as after an undisturbed run."""
    undone = {outcome.channel_id for outcome in account.outcomes if outcome.status is not OutcomeStatus.DONE}
    rest = plan_of(theatre.other, theatre.wished, theatre.environment)
    # Somebody else's edit may unblock what was blocked, as by giving up an import id.
    unblocked = {change.channel_id for change in theatre.plan.blocked} if edited else set()
    assert {change.channel_id for change in rest.sendable} <= undone | edited | unblocked
    if not edited:
        assert see_end(theatre, account) == undisturbed
        assert {change.channel_id for change in rest.blocked} <= undone | {
            change.channel_id for change in theatre.plan.blocked
        }


@pytest.mark.parametrize("parallelism", [1, 4])
@many
@given(
    seed=seeds,
    service=services(),
    channels=st.tuples(busy_wishes(), st.sampled_from([None, point_by_import_id, point_by_codes, point_by_codes])),
    history=histories,
)
def test_after_any_history_the_account_is_true_and_nothing_is_lost(
    parallelism: int,
    seed: int,
    service: tuple[tuple[str, ...], Environment],
    channels: tuple[tuple[Desired, ...], Pointing | None],
    history: tuple[Run | Meddling, ...],
) -> None:
    wished = define(channels[0], seed, channels[1])
    with open_theatre(seed, service, wished, parallelism) as calm:
        undisturbed = see_end(calm, calm.apply())
    with open_theatre(seed, service, wished, parallelism) as theatre:
        before, reached = read_truth(theatre.inside.store), find_reached(theatre)
        event(tell_feeds(theatre, reached))
        for step in history:
            theatre.play(step)
            if not any(isinstance(one, Edited) for one in theatre.inside.moments):
                check_feeds(theatre, reached)
        begun = len(theatre.inside.moments)
        account = theatre.apply()

        check_account(account, [one for one in theatre.inside.moments[begun:] if isinstance(one, Put)])
        edited = frozenset(one.channel_id for one in theatre.inside.moments if isinstance(one, Edited))
        puts = {one.channel_id for one in theatre.inside.moments if isinstance(one, Put)}
        assert puts <= {change.channel_id for change in theatre.plan.sendable}
        check_survivors(theatre, before, read_truth(theatre.inside.store))
        check_journal(theatre, account, edited)
        check_end(theatre, account, undisturbed, edited)
        if not edited:
            check_feeds(theatre, reached)
        event(f"{len(history)} steps, {'with' if edited else 'without'} other people's edits")
