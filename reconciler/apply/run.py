"""apply_plan: workers, when to stop, the final verification, the result."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Condition
from threading import Event as Signal
from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.apply.new_channels import CreatedChannels
from reconciler.apply.read_back import Patience, check_beside, check_holders, read_back, verify
from reconciler.apply.recheck import Rechecker
from reconciler.apply.remaining import find_unwritten, find_writes
from reconciler.apply.scheduler import ChangeQueue, ConcurrencyLimiter
from reconciler.apply.step import ChangeApplier, ChangeResult, JournaledWriter
from reconciler.apply.write_history import find_holders_before, find_written
from reconciler.energycap.session import open_threads
from reconciler.errors import FileError, ServiceError
from reconciler.model.channels import Live, is_new_id
from reconciler.model.outcomes import (
    ApplyResult,
    Finished,
    Outcome,
    OutcomeCorrected,
    OutcomeStatus,
    Started,
    Verifying,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor

    from reconciler.apply.journal import Journal
    from reconciler.apply.read_back import Found
    from reconciler.apply.writes import WriteResult
    from reconciler.energycap.client import Editor, Reader
    from reconciler.model.outcomes import Event
    from reconciler.model.plan import Change, Plan
    from reconciler.model.project import Environment


DEFAULT_PARALLELISM = 4


def _watch_nothing(_event: Event) -> None:
    pass


class ApplyOptions(Struct, frozen=True):
    """How a plan is applied.

    Up to `parallelism` changes are applied side by side, fewer while the service is overloaded. `on_event` is called
    from the thread that applies, one event at a time. Once `stop` is set, from any thread or a signal handler, changes
    in flight are finished and no other is begun. With a `journal` every write is recorded before it is sent, and writes
    that an earlier run left open are resolved first. `known` are outcomes of changes that are not applied, because they
    are live already or stale; they come first in the result. With `patience` a channel that does not show a write yet
    is read again.
    """

    parallelism: int = DEFAULT_PARALLELISM
    on_event: Callable[[Event], None] = _watch_nothing
    stop: Signal = field(default_factory=Signal)
    journal: Journal | None = None
    known: tuple[Outcome, ...] = ()
    patience: Patience = field(default_factory=Patience)


# Each has been requested several times over seconds by then. One or two may be bad luck with a connection.
MAX_UNANSWERED = 3

_APPLY_AGAIN = "apply again: what is done already counts as done"
_RESUME = "once that is fixed, continue: reconciler apply --resume"
_PLAN_AGAIN = "plan again: reconciler plan"


def apply_plan(plan: Plan, editor: Editor, environment: Environment, options: ApplyOptions) -> ApplyResult:
    """Apply the sendable changes of `plan` in its order, and return the outcome of each.

    A change is not tried if one that it depends on does not succeed. No more changes are tried once the service refuses
    the key or does not answer several changes in a row; any other failure stops nothing else. Errors of the service
    become outcomes and are never raised. A KeyboardInterrupt is raised at once: writes in flight may still be done, and
    stay open in the journal.
    """
    journal = options.journal
    # Reads may not show yet what an earlier run has written.
    written = find_written(journal.before if journal else None)
    created = CreatedChannels(journal.before.created if journal else {})
    sender = JournaledWriter(editor, environment.channel_edit, journal, options.patience, written, created)
    with open_threads(options.parallelism) as pool:
        # Before anything is sent: a change whose last write may have been done must not be sent again.
        resolved = _resolve_open(sender, pool)
        limiter = ConcurrencyLimiter(options.parallelism, lambda: editor.throttled_count)
        rechecker = Rechecker(editor, plan.sendable, plan.feeds, created)
        holders = find_holders_before(journal.before if journal else None)
        run = _Run(plan, ChangeApplier(sender, rechecker, resolved), options, limiter, holders)
        run.carry_out(pool)
        run.read_back(editor, pool)
        run.check_beside()
    result = run.result()
    if journal:
        # Without this line the journal counts as unfinished, and continuing it does no harm.
        with suppress(FileError):
            journal.end(result)
    return result


def _resolve_open(sender: JournaledWriter, executor: Executor) -> Mapping[str, WriteResult]:
    intents = sender.journal.before.open if sender.journal else ()
    return dict(zip((intent.name for intent in intents), executor.map(sender.resolve, intents), strict=True))


# Seconds after which a signal is noticed at the latest.
_LONGEST_WAIT = 0.2


class _Run:
    """One run of a plan: which changes have ended, and how."""

    def __init__(
        self,
        plan: Plan,
        applier: ChangeApplier,
        options: ApplyOptions,
        limiter: ConcurrencyLimiter,
        holders: Mapping[str, Mapping[str, int]],
    ) -> None:
        self._changes = plan.sendable
        self._index = {change.name: index for index, change in enumerate(self._changes, 1)}
        self._blocked = frozenset(change.name for change in plan.blocked)
        self._applier = applier
        self._options = options
        self._limiter = limiter
        # Who had the primary flags before an earlier run created a channel, by the name of the change.
        self._holders = holders
        self._queue = ChangeQueue(self._changes, options.parallelism)
        self._steps: dict[str, ChangeResult] = {}
        self._abort_reason = ""
        self._unanswered = 0
        # Why some changes were not tried, for the result; the reason above may have come when all were begun.
        self._is_interrupted = False
        self._aborted_because = ""
        # Workers change all of this only while they hold the lock, and put events into a queue: callbacks need not be
        # safe for threads, as only the thread that applies calls them.
        self._lock = Condition()
        self._events: SimpleQueue[Event | Future[None]] = SimpleQueue()
        self._in_flight = 0
        self._is_over = False

    def carry_out(self, executor: Executor) -> None:
        """Apply every change that may be begun; the others end as not tried."""
        workers = [executor.submit(self._work) for _ in range(min(self._options.parallelism, len(self._changes)))]
        for worker in workers:
            worker.add_done_callback(self._events.put)
        try:
            self._report(len(workers))
        finally:
            # After a KeyboardInterrupt the workers still run, and must not begin another change.
            with self._lock:
                self._is_over = True
                self._lock.notify_all()

    def read_back(self, reader: Reader, executor: Executor) -> None:
        """Read all channels that may have been written, and correct the outcomes that these reads contradict.

        With patience, channels that do not show their write yet are read again, and only these.
        """
        touched = [change for change in self._changes if self._steps[change.name].is_touched]
        if not touched:
            return
        self._options.on_event(Verifying(len(touched)))

        ids = {change.name: self._steps[change.name].outcome.channel_id for change in touched}

        def list_late(found: Found) -> list[Change]:
            return [change for change in touched if self._is_late(change, found.get(ids[change.name]))]

        def read(changes: Sequence[Change]) -> Found:
            known = [ids[change.name] for change in changes if not is_new_id(ids[change.name])]
            new = [change for change in changes if is_new_id(ids[change.name])]
            return {**read_back(known, reader, executor), **{one.channel_id: self._read_new(one) for one in new}}

        def read_late(found: Found) -> Found:
            late = list_late(found)
            again = {ids[change.name] for change in late}
            others = {channel_id: live for channel_id, live in found.items() if channel_id not in again}
            return {**others, **read(late)}

        found = self._options.patience.read_on(
            read(touched), read_late, lambda found: bool(list_late(found)), is_certain=True
        )
        for change in touched:
            self._correct(change, self._steps[change.name], found.get(ids[change.name]))

    def _read_new(self, change: Change) -> Live | ServiceError:
        try:
            return self._applier.find_new_channel(change)
        except ServiceError as error:
            return error

    def check_beside(self) -> None:
        """Compare the channels beside each new one with what they were before it was created."""
        now: dict[int, tuple[Live, ...] | ServiceError] = {}
        for change in self._changes:
            step, point = self._steps[change.name], change.data_point.id
            before, holders = self._list_unplanned(step), self._find_holders(change, step)
            if step.outcome.status is not OutcomeStatus.DONE or not (before or holders):
                continue
            if point not in now:
                now[point] = self._list_now(point)
            outcome = check_beside(step.outcome, before, now[point])
            self._report_correction(change, check_holders(outcome, holders, now[point]) if holders else outcome)

    def _list_now(self, data_point_id: int) -> tuple[Live, ...] | ServiceError:
        try:
            return self._applier.list_data_point(data_point_id)
        except ServiceError as error:
            return error

    def _list_unplanned(self, step: ChangeResult) -> tuple[Live, ...]:
        """The channels beside a new one as they were, without those that this plan changes too."""
        planned = self._list_planned() if step.beside else ()
        return tuple(live for live in step.beside or () if live.id not in planned)

    def _find_holders(self, change: Change, step: ChangeResult) -> Mapping[str, int]:
        """The other channels that had a primary flag before an earlier run created this one, but for planned ones."""
        holders = self._holders.get(change.name, {}) if step.beside is None else {}
        planned = self._list_planned() if holders else ()
        return {flag: channel_id for flag, channel_id in holders.items() if channel_id not in planned}

    def _list_planned(self) -> frozenset[int]:
        ends = (step.outcome.channel_id for step in self._steps.values())
        return frozenset((*ends, *(change.channel_id for change in self._changes)))

    def result(self) -> ApplyResult:
        """The outcomes that were known before, then those of all changes in the plan's order."""
        outcomes = tuple(self._steps[change.name].outcome for change in self._changes)
        return ApplyResult((*self._options.known, *outcomes), self._is_interrupted, self._aborted_because)

    def _is_late(self, change: Change, found: Live | ServiceError | None) -> bool:
        """Whether a channel that was read as `found` may show a write later that was done, or may have been."""
        step = self._steps[change.name]
        if not isinstance(found, Live):
            return False
        if step.written:
            return bool(find_writes(self._applier.fill_in(change), found))
        attempt = step.failed.attempt if step.failed and step.failed.is_doubtful else None
        return attempt is not None and bool(find_unwritten(attempt.write, found))

    def _correct(self, change: Change, step: ChangeResult, found: Live | ServiceError | None) -> None:
        if step.written:
            outcome = verify(self._applier.fill_in(change), step.outcome, step.written, found)
        elif isinstance(found, ServiceError):
            # Nothing new about a write that failed.
            return
        else:
            outcome = self._applier.recheck_failure(change, step, found)
        self._report_correction(change, outcome)

    def _report_correction(self, change: Change, outcome: Outcome) -> None:
        step = self._steps[change.name]
        if outcome != step.outcome:
            self._steps[change.name] = ChangeResult(outcome, beside=step.beside)
            self._options.on_event(OutcomeCorrected(outcome))

    def _report(self, running: int) -> None:
        """Pass on the events of the workers until all have ended. Raises what one of them raised."""
        while running:
            event = self._next_event()
            if isinstance(event, Future):
                event.result()
                running -= 1
            else:
                self._options.on_event(event)

    def _next_event(self) -> Event | Future[None]:
        while True:
            # A signal that comes just before a wait, or to another thread, does not end it.
            with suppress(Empty):
                return self._events.get(timeout=_LONGEST_WAIT)

    def _work(self) -> None:
        """Apply one change after the other, as long as there are any."""
        # A worker takes its next change by itself: handing each over by the main thread costs more than a disk access.
        while change := self._take():
            self._end(change, self._applier.apply_change(change))

    def _take(self) -> Change | None:
        """The next change that may be begun, as soon as there is one; None if there will be no other."""
        with self._lock:
            while self._queue and not self._is_over:
                pause = self._limiter.pause
                change = self._queue.take() if not pause and self._in_flight < self._limiter.limit else None
                if change is None:
                    self._lock.wait(pause or None)
                elif refusal := self._refuse(change):
                    self._finish(change, ChangeResult(refusal))
                else:
                    self._begin(change)
                    return change
            return None

    def _begin(self, change: Change) -> None:
        self._in_flight += 1
        self._limiter.started(change.name)
        self._events.put(Started(change.name, change.channel_id, self._index[change.name], len(self._changes)))

    def _end(self, change: Change, step: ChangeResult) -> None:
        with self._lock:
            self._in_flight -= 1
            self._limiter.finished(change.name)
            self._note_response(step)
            self._finish(change, step)

    def _note_response(self, step: ChangeResult) -> None:
        """Stop the run if no other change can do better than the one that ended with `step`."""
        self._unanswered = self._unanswered + 1 if step.no_response else 0
        if step.abort_reason:
            self._abort_reason = self._abort_reason or step.abort_reason
        elif self._unanswered == MAX_UNANSWERED:
            reason = (
                f"the service gave no answer to {MAX_UNANSWERED} changes in a row, the last time: {step.no_response}"
            )
            self._abort_reason = self._abort_reason or reason

    def _finish(self, change: Change, step: ChangeResult) -> None:
        self._steps[change.name] = step
        self._queue.finish(change.name)
        self._events.put(Finished(step.outcome, self._index[change.name], len(self._changes)))
        self._lock.notify_all()

    def _refuse(self, change: Change) -> Outcome | None:
        """The outcome of `change` if it may not be begun; None if it may."""
        if self._options.stop.is_set():
            self._is_interrupted = True
            return _not_tried(change, "the run was interrupted", _APPLY_AGAIN)
        if self._abort_reason:
            # Only now: a run in which no change had to be left out was not aborted.
            self._aborted_because = self._abort_reason
            return _not_tried(change, f"the run was stopped: {self._abort_reason}", _RESUME)
        for name in change.depends_on:
            if name in self._blocked:
                return _not_tried(change, f"it comes after {name}, which is blocked", f"unblock {name}")
            if name in self._steps and (status := self._steps[name].outcome.status) is not OutcomeStatus.DONE:
                return _skip_dependent(change, name, status)
        return None


def _not_tried(change: Change, reason: str, fix: str) -> Outcome:
    return Outcome(change.name, change.channel_id, OutcomeStatus.NOT_TRIED, reason, fix)


def _skip_dependent(change: Change, name: str, status: OutcomeStatus) -> Outcome:
    """The outcome of a change that depends on `name`, which did not succeed; after a stale change it is stale too."""
    if status is OutcomeStatus.STALE:
        return Outcome(
            change.name, change.channel_id, OutcomeStatus.STALE, f"it comes after {name}, which is stale", _PLAN_AGAIN
        )
    return _not_tried(change, f"it comes after {name}, which ended as: {status.value}", f"see {name}, then apply again")
