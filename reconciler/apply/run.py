"""A plan carried out: each change in its turn, then all that was written read once more, and the account of it."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from reconciler.apply.conduct import Conduct
from reconciler.apply.evidence import Witness
from reconciler.apply.order import Queue
from reconciler.apply.pace import Pace
from reconciler.apply.sending import Sender
from reconciler.apply.step import Step, Stepper
from reconciler.apply.verifying import Written, verify
from reconciler.errors import FileError
from reconciler.model.events import Differed, Finished, Started, Verifying
from reconciler.model.outcomes import Account, Ending, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Executor, Future

    from reconciler.apply.writing import Landing
    from reconciler.energycap.client import Editor, Reader
    from reconciler.model.plan import Change, Plan
    from reconciler.model.project import Environment

_APPLY_AGAIN = "apply again: what is done already counts as done"
_PLAN_AGAIN = "plan again: reconciler plan"


def apply_plan(plan: Plan, editor: Editor, environment: Environment, conduct: Conduct | None = None) -> Account:
    """Carry out the sendable changes of `plan`, in its order, and say what became of each.

    What depends on a change that does not succeed is not tried, nor is anything after the service refused the key;
    nothing else stops for a failure. Nothing that the service does or says is raised. A KeyboardInterrupt is, at once:
    what is in flight then may still be done, and its outcome stays open in the journal.
    """
    conduct = conduct or Conduct()
    sender = Sender(editor, environment.channel_edit, conduct.journal)
    with _open_pool(conduct.parallelism) as pool:
        settled = _settle_open(sender, pool)
        pace = Pace(conduct.parallelism, lambda: editor.refusals)
        run = _Run(plan, Stepper(sender, Witness(editor, plan.sendable), settled), conduct, pace)
        run.carry_out(pool)
        run.verify(editor, pool)
    account = run.account()
    if conduct.journal:
        # Without this line the journal reads as unfinished, and to go on with it does no harm.
        with suppress(FileError):
            conduct.journal.end(account)
    return account


@contextmanager
def _open_pool(parallelism: int) -> Iterator[Executor]:
    pool = ThreadPoolExecutor(parallelism, thread_name_prefix="apply")
    is_patient = True
    try:
        yield pool
    except KeyboardInterrupt:
        is_patient = False
        raise
    finally:
        pool.shutdown(is_patient, cancel_futures=True)


def _settle_open(sender: Sender, executor: Executor) -> Mapping[str, Landing]:
    intents = sender.journal.before.open if sender.journal else ()
    return dict(zip((intent.name for intent in intents), executor.map(sender.settle, intents), strict=True))


class _Run:
    """One carrying out of one plan: what has ended, and how."""

    def __init__(self, plan: Plan, stepper: Stepper, conduct: Conduct, pace: Pace) -> None:
        self._changes = plan.sendable
        self._index = {change.name: index for index, change in enumerate(self._changes, 1)}
        self._blocked = frozenset(change.name for change in plan.blocked)
        self._stepper = stepper
        self._conduct = conduct
        self._pace = pace
        self._queue = Queue(self._changes)
        self._steps: dict[str, Step] = {}
        self._halt = ""

    def carry_out(self, executor: Executor) -> None:
        """Bring every change to its end; those that may not be begun end as not tried."""
        in_flight: dict[Future[Step], Change] = {}
        while self._queue:
            while len(in_flight) < self._pace.limit and (change := self._queue.take()):
                self._begin(change, executor, in_flight)
            ended, _ = wait(in_flight, return_when=FIRST_COMPLETED)
            for future in ended:
                change = in_flight.pop(future)
                self._pace.end(change.name)
                self._finish(change, future.result())

    def verify(self, reader: Reader, executor: Executor) -> None:
        """Read all channels that were written once more, and correct the outcomes of those that read otherwise."""
        written = [
            Written(step.outcome, step.written)
            for change in self._changes
            if (step := self._steps[change.name]).written and step.outcome.ending is Ending.DONE
        ]
        if not written:
            return
        self._conduct.on_event(Verifying(len(written)))
        for outcome in verify(written, reader, executor):
            self._steps[outcome.name] = Step(outcome)
            self._conduct.on_event(Differed(outcome))

    def account(self) -> Account:
        """What became of every change, in the plan's order."""
        outcomes = tuple(self._steps[change.name].outcome for change in self._changes)
        return Account(outcomes, interrupted=self._conduct.stop.is_set())

    def _begin(self, change: Change, executor: Executor, in_flight: dict[Future[Step], Change]) -> None:
        if refusal := self._refuse(change):
            self._finish(change, Step(refusal))
            return
        self._conduct.on_event(Started(change.name, change.channel_id, self._index[change.name], len(self._changes)))
        self._pace.begin(change.name)
        in_flight[executor.submit(self._stepper.carry_out, change)] = change

    def _finish(self, change: Change, step: Step) -> None:
        self._steps[change.name] = step
        self._halt = self._halt or step.halt
        self._queue.finish(change.name)
        self._conduct.on_event(Finished(step.outcome, self._index[change.name], len(self._changes)))

    def _refuse(self, change: Change) -> Outcome | None:
        """Why `change` may not be begun; None where it may."""
        if self._conduct.stop.is_set():
            return _not_tried(change, "the run was interrupted", _APPLY_AGAIN)
        if self._halt:
            return _not_tried(change, f"the run was stopped: {self._halt}", _APPLY_AGAIN)
        for name in change.depends_on:
            if name in self._blocked:
                return _not_tried(change, f"it comes after {name}, which is blocked", f"unblock {name}")
            if name in self._steps and (ending := self._steps[name].outcome.ending) is not Ending.DONE:
                return _wait_in_vain(change, name, ending)
        return None


def _not_tried(change: Change, reason: str, fix: str) -> Outcome:
    return Outcome(change.name, change.channel_id, Ending.NOT_TRIED, reason, fix)


def _wait_in_vain(change: Change, name: str, ending: Ending) -> Outcome:
    """The outcome of a change that comes after one which did not succeed: what depends on the stale is stale too."""
    if ending is Ending.STALE:
        return Outcome(
            change.name, change.channel_id, Ending.STALE, f"it comes after {name}, which is stale", _PLAN_AGAIN
        )
    return _not_tried(change, f"it comes after {name}, which ended as: {ending.value}", f"see {name}, then apply again")
