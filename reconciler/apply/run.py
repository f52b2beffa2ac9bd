"""apply_plan: workers, when to stop, the final verification, the result."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from threading import Condition
from threading import Event as Signal
from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.apply.journal_reader import find_written
from reconciler.apply.read_back import Patience, read_back, verify
from reconciler.apply.recheck import Rechecker, find_remaining
from reconciler.apply.scheduler import ChangeQueue, ConcurrencyLimiter
from reconciler.apply.step import ChangeApplier, ChangeResult, JournaledWriter
from reconciler.energycap.session import open_threads
from reconciler.errors import FileError, ServiceError
from reconciler.model.channels import Live
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
    from collections.abc import Callable, Mapping
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
    """How a plan is carried out.

    Up to `parallelism` changes are carried out side by side, fewer while the service strains. `on_event` is called from
    the thread that applies, one event at a time. Once `stop` is set, from any thread or a signal handler, what is in
    flight is finished and nothing more is begun. With a `journal` every write stands in it before it is sent, and what
    an earlier run left open there is settled first. `known` are outcomes of changes that are not carried out at all, as
    they are live already or stale; the account has them first. With `patience` a channel that does not show a write yet
    is read again.
    """

    parallelism: int = DEFAULT_PARALLELISM
    on_event: Callable[[Event], None] = _watch_nothing
    stop: Signal = field(default_factory=Signal)
    journal: Journal | None = None
    known: tuple[Outcome, ...] = ()
    patience: Patience = field(default_factory=Patience)


# Each was asked for several times by then, over seconds; one or two may be the bad luck of one connection.
MAX_UNANSWERED = 3

_APPLY_AGAIN = "apply again: what is done already counts as done"
_RESUME = "once that is mended, go on: reconciler apply --resume"
_PLAN_AGAIN = "plan again: reconciler plan"


def apply_plan(plan: Plan, editor: Editor, environment: Environment, options: ApplyOptions) -> ApplyResult:
    """Carry out the sendable changes of `plan`, in its order, and say what became of each.

    What depends on a change that does not succeed is not tried, nor is anything after the service refused the key, or
    gave no answer to several changes in a row; nothing else stops for a failure. Nothing that the service does or says
    is raised. A KeyboardInterrupt is, at once: what is in flight then may still be done, and its outcome stays open in
    the journal.
    """
    journal = options.journal
    written = find_written(journal.before if journal else None)
    sender = JournaledWriter(editor, environment.channel_edit, journal, options.patience, written)
    with open_threads(options.parallelism) as pool:
        settled = _settle_open(sender, pool)
        pace = ConcurrencyLimiter(options.parallelism, lambda: editor.throttled_count)
        run = _Run(plan, ChangeApplier(sender, Rechecker(editor, plan.sendable, plan.feeds), settled), options, pace)
        run.carry_out(pool)
        run.read_back(editor, pool)
    account = run.account()
    if journal:
        # Without this line the journal reads as unfinished, and to go on with it does no harm.
        with suppress(FileError):
            journal.end(account)
    return account


def _settle_open(sender: JournaledWriter, executor: Executor) -> Mapping[str, WriteResult]:
    intents = sender.journal.before.open if sender.journal else ()
    return dict(zip((intent.name for intent in intents), executor.map(sender.resolve, intents), strict=True))


class _Run:
    """One carrying out of one plan: what has ended, and how."""

    def __init__(self, plan: Plan, applier: ChangeApplier, options: ApplyOptions, pace: ConcurrencyLimiter) -> None:
        self._changes = plan.sendable
        self._index = {change.name: index for index, change in enumerate(self._changes, 1)}
        self._blocked = frozenset(change.name for change in plan.blocked)
        self._stepper = applier
        self._conduct = options
        self._pace = pace
        self._queue = ChangeQueue(self._changes, options.parallelism)
        self._steps: dict[str, ChangeResult] = {}
        self._halt = ""
        self._silences = 0
        # Why not all was tried, as the account has it.
        self._is_interrupted = False
        self._halted = ""
        # What workers share is theirs while they have the turn; what they have to tell is told by who applies.
        self._turn = Condition()
        self._news: SimpleQueue[Event | Future[None]] = SimpleQueue()
        self._in_flight = 0
        self._is_over = False

    def carry_out(self, executor: Executor) -> None:
        """Bring every change to its end; those that may not be begun end as not tried."""
        workers = [executor.submit(self._work) for _ in range(min(self._conduct.parallelism, len(self._changes)))]
        for worker in workers:
            worker.add_done_callback(self._news.put)
        try:
            self._tell(len(workers))
        finally:
            with self._turn:
                self._is_over = True
                self._turn.notify_all()

    def read_back(self, reader: Reader, executor: Executor) -> None:
        """Read all channels that may have been written once more, and correct the outcomes of those that say else.

        Those that do not show what was written are read again, with patience, and no others.
        """
        touched = [change for change in self._changes if self._steps[change.name].is_touched]
        if not touched:
            return
        self._conduct.on_event(Verifying(len(touched)))

        def list_late(found: Found) -> list[int]:
            return [change.channel_id for change in touched if self._is_late(change, found.get(change.channel_id))]

        def read_late(found: Found) -> Found:
            late = list_late(found)
            others = {channel_id: live for channel_id, live in found.items() if channel_id not in late}
            return {**others, **read_back(late, reader, executor)}

        found = read_back([change.channel_id for change in touched], reader, executor)
        found = self._conduct.patience.read_on(found, read_late, lambda found: bool(list_late(found)), is_certain=True)
        for change in touched:
            self._correct(change, self._steps[change.name], found.get(change.channel_id))

    def account(self) -> ApplyResult:
        """What became of every change, in the plan's order, after what was known before."""
        outcomes = tuple(self._steps[change.name].outcome for change in self._changes)
        return ApplyResult((*self._conduct.known, *outcomes), self._is_interrupted, self._halted)

    def _is_late(self, change: Change, found: Live | ServiceError | None) -> bool:
        """Whether a channel that is `found` so may show by and by what was written, or may have been."""
        step = self._steps[change.name]
        if not isinstance(found, Live):
            return False
        if step.written:
            return bool(find_remaining(change.target_values, found))
        attempt = step.failed.attempt if step.failed and step.failed.is_doubtful else None
        return attempt is not None and bool(find_remaining(attempt.write.wanted, found))

    def _correct(self, change: Change, step: ChangeResult, found: Live | ServiceError | None) -> None:
        if step.written:
            outcome = verify(change, step.outcome, step.written, found)
        elif isinstance(found, ServiceError):
            return
        else:
            outcome = self._stepper.look_again(change, step, found)
        if outcome != step.outcome:
            self._steps[change.name] = ChangeResult(outcome)
            self._conduct.on_event(OutcomeCorrected(outcome))

    def _tell(self, at_work: int) -> None:
        """Pass on what the workers have to tell, until none of them is at work. Raises what one of them raised."""
        while at_work:
            news = self._news.get()
            if isinstance(news, Future):
                news.result()
                at_work -= 1
            else:
                self._conduct.on_event(news)

    def _work(self) -> None:
        """Carry out one change after the other, for as long as there are any."""
        # Without a way back to the thread that applies: a worker that waits for it costs more than a disk.
        while change := self._take():
            self._end(change, self._stepper.apply_change(change))

    def _take(self) -> Change | None:
        """The next change that may be begun, as soon as there is one; None where there will be none."""
        with self._turn:
            while self._queue and not self._is_over:
                pause = self._pace.pause
                change = self._queue.take() if not pause and self._in_flight < self._pace.limit else None
                if change is None:
                    self._turn.wait(pause or None)
                elif refusal := self._refuse(change):
                    self._finish(change, ChangeResult(refusal))
                else:
                    self._begin(change)
                    return change
            return None

    def _begin(self, change: Change) -> None:
        self._in_flight += 1
        self._pace.started(change.name)
        self._news.put(Started(change.name, change.channel_id, self._index[change.name], len(self._changes)))

    def _end(self, change: Change, step: ChangeResult) -> None:
        with self._turn:
            self._in_flight -= 1
            self._pace.finished(change.name)
            self._heed(step)
            self._finish(change, step)

    def _heed(self, step: ChangeResult) -> None:
        """Halt where no other change will fare better than the one that ended with `step`."""
        self._silences = self._silences + 1 if step.no_response else 0
        if step.abort_reason:
            self._halt = self._halt or step.abort_reason
        elif self._silences == MAX_UNANSWERED:
            silence = (
                f"the service gave no answer to {MAX_UNANSWERED} changes in a row, the last time: {step.no_response}"
            )
            self._halt = self._halt or silence

    def _finish(self, change: Change, step: ChangeResult) -> None:
        self._steps[change.name] = step
        self._queue.finish(change.name)
        self._news.put(Finished(step.outcome, self._index[change.name], len(self._changes)))
        self._turn.notify_all()

    def _refuse(self, change: Change) -> Outcome | None:
        """Why `change` may not be begun; None where it may."""
        if self._conduct.stop.is_set():
            self._is_interrupted = True
            return _not_tried(change, "the run was interrupted", _APPLY_AGAIN)
        if self._halt:
            self._halted = self._halt
            return _not_tried(change, f"the run was stopped: {self._halt}", _RESUME)
        for name in change.depends_on:
            if name in self._blocked:
                return _not_tried(change, f"it comes after {name}, which is blocked", f"unblock {name}")
            if name in self._steps and (ending := self._steps[name].outcome.status) is not OutcomeStatus.DONE:
                return _wait_in_vain(change, name, ending)
        return None


def _not_tried(change: Change, reason: str, fix: str) -> Outcome:
    return Outcome(change.name, change.channel_id, OutcomeStatus.NOT_TRIED, reason, fix)


def _wait_in_vain(change: Change, name: str, ending: OutcomeStatus) -> Outcome:
    """The outcome of a change that comes after one which did not succeed: what depends on the stale is stale too."""
    if ending is OutcomeStatus.STALE:
        return Outcome(
            change.name, change.channel_id, OutcomeStatus.STALE, f"it comes after {name}, which is stale", _PLAN_AGAIN
        )
    return _not_tried(change, f"it comes after {name}, which ended as: {ending.value}", f"see {name}, then apply again")
