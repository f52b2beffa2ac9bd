"""One change carried out: read again, judged again, written, read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.proof import describe_gone
from reconciler.apply.staleness import find_graver, find_movement, find_remaining
from reconciler.apply.writing import Landing, find_silence, find_writes
from reconciler.energycap.answers import unusable
from reconciler.errors import ServiceError, Unauthorized
from reconciler.model.outcomes import Outcome, OutcomeStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.apply.evidence import Witness
    from reconciler.apply.sending import Sender
    from reconciler.apply.writing import Write
    from reconciler.model.channels import Fetched, Live
    from reconciler.model.plan import Change

# The channel of a change as it reads by its id, None where it is gone, and the channels around it that matter to it.
_Sight: TypeAlias = "tuple[Fetched | None, tuple[Live, ...]]"

_PLAN_AGAIN = "plan again: reconciler plan"


class Step(Struct, frozen=True):
    """What became of one change.

    `written` is its channel as it read after the last write, None where nothing was written or it could not be read;
    `failed` is the write that failed, where one was sent. `halt` says why nothing more may be sent at all, `silence`
    why the service gave no answer; both are empty where the others may go on.
    """

    outcome: Outcome
    written: Live | None = None
    failed: Landing | None = None
    halt: str = ""
    silence: str = ""

    @property
    def is_touched(self) -> bool:
        """Whether the channel may read otherwise than before, so that it is to be read once more at the end."""
        return bool(self.written or self.failed)


class Stepper:
    """Carries out changes, from any number of threads, but never two of one data point at once.

    `settled` holds, by the name of the change, what was found out about writes that an earlier run left open.
    """

    def __init__(self, sender: Sender, witness: Witness, settled: Mapping[str, Landing]) -> None:
        self._sender = sender
        self._witness = witness
        self._settled = settled

    def carry_out(self, change: Change) -> Step:
        """What became of `change`; nothing of it is written where live has moved since the plan.

        Nor is it where nobody knows what became of its last write, for the journal could not tell the two apart.
        """
        earlier = self._settled.get(change.name)
        if earlier and earlier.is_open:
            return _stop(change, earlier)
        try:
            fresh, neighbours = self._read(change)
            if fresh is None:
                return _find_stale(change, describe_gone(change.channel_id))
            if not find_remaining(change.target_values, fresh):
                return self._find_already(change)
            stale = self._judge(change, fresh, neighbours)
        except ServiceError as error:
            return _fail(change, error)
        return stale or self._write(change, fresh)

    def look_again(self, change: Change, step: Step, found: Live | None) -> Outcome:
        """The outcome of a `step` whose write failed, by how its channel is `found` at the end.

        It may have been done since, and where nobody knew what became of it, that may be known now.
        """
        earlier = step.failed
        if earlier is None or earlier.attempt is None:
            return step.outcome
        landing = self._sender.settle_late(earlier.attempt, found, earlier)
        said = step.outcome.message.removesuffix(earlier.message)
        if landing.ending is not OutcomeStatus.DONE:
            return replace(step.outcome, status=landing.ending, message=f"{said}{landing.message}", fix=landing.fix)
        if landing.found and find_remaining(change.target_values, landing.found):
            late = f"its {earlier.attempt.write.part.value} was written, the last look shows; nothing more was sent"
            return replace(step.outcome, message=f"{said}{late}", fix=_PLAN_AGAIN)
        return replace(step.outcome, status=OutcomeStatus.DONE, message="", fix="")

    def _find_already(self, change: Change) -> Step:
        earlier = self._settled.get(change.name)
        if earlier and earlier.ending is OutcomeStatus.MISMATCH:
            return _stop(change, earlier)
        return Step(Outcome(change.name, change.channel_id, OutcomeStatus.DONE, was_already_applied=True))

    def _read(self, change: Change) -> _Sight:
        """What `change` is judged by, read until it is not older than what this run itself has written."""
        return self._sender.patience.read_on(
            self._witness.read(change),
            lambda _sight: self._witness.read(change),
            lambda sight: self._sender.written.is_late([*sight[1], *filter(None, sight[:1])]),
            is_certain=True,
        )

    def _read_on(self, fresh: Fetched) -> Fetched:
        """The channel once more, between two writes to it, read until it shows the first. Raises ServiceError."""
        written, editor = self._sender.written, self._sender.editor
        found = self._sender.patience.read_on(
            editor.read_channel(fresh.id),
            lambda _found: editor.read_channel(fresh.id),
            lambda found: written.is_late([found]),
            is_certain=True,
        )
        if written.is_late([found]):
            raise unusable(f"channel {fresh.id} still reads as it did before the write")
        return found

    def _judge(self, change: Change, fresh: Live, neighbours: Sequence[Live]) -> Step | None:
        if movement := find_movement(change, fresh):
            return _find_stale(change, "; ".join(movement))
        if graver := find_graver(change, fresh):
            return _find_stale(change, "; ".join(graver))
        if blocks := self._witness.check_again(change, fresh, neighbours):
            message = "; ".join(f"{block.rule} {block.message}" for block in blocks)
            return _find_stale(change, message, blocks[0].unblock)
        return None

    def _write(self, change: Change, fresh: Fetched) -> Step:
        written: Live | None = None
        sent, done, halt = 0, "", ""
        for write in find_writes(change, fresh):
            landing = self._send(change, write, fresh, is_first=not done)
            sent += landing.was_sent
            if landing.ending is not OutcomeStatus.DONE:
                return _stop(change, landing, sent, done)
            written, done, halt = landing.found, f"its {write.part.value} was written; ", landing.halt
        return Step(Outcome(change.name, change.channel_id, OutcomeStatus.DONE, requests=sent), written, halt=halt)

    def _send(self, change: Change, write: Write, fresh: Fetched, *, is_first: bool) -> Landing:
        try:
            # The answer to a write is not yet a read, and the next body is made of what is read.
            before = fresh if is_first else self._read_on(fresh)
        except ServiceError as error:
            return _find_unread(error)
        if movement := find_movement(change, before):
            return _find_moved(movement)
        return self._sender.send(change.name, write, before)


def _find_stale(change: Change, reason: str, fix: str = _PLAN_AGAIN) -> Step:
    return Step(Outcome(change.name, change.channel_id, OutcomeStatus.STALE, f"moved since the plan: {reason}", fix))


def _fail(change: Change, error: ServiceError) -> Step:
    outcome = Outcome(
        change.name, change.channel_id, OutcomeStatus.FAILED, f"nothing was written: {error.message}", error.fix
    )
    halt = error.message if isinstance(error, Unauthorized) else ""
    return Step(outcome, halt=halt, silence=find_silence(error))


def _find_unread(error: ServiceError) -> Landing:
    """What became of a write whose channel could not be read before: it was not sent."""
    message = f"the rest was not written: {error.message}"
    return Landing(OutcomeStatus.FAILED, message, error.fix, was_sent=False, silence=find_silence(error))


def _find_moved(movement: Sequence[str]) -> Landing:
    """What became of a write whose channel moved after the one before it: it was not sent."""
    message = f"the rest was not written: moved since the plan: {'; '.join(movement)}"
    return Landing(OutcomeStatus.FAILED, message, _PLAN_AGAIN, was_sent=False)


def _stop(change: Change, landing: Landing, sent: int = 0, done: str = "") -> Step:
    outcome = Outcome(
        change.name, change.channel_id, landing.ending, f"{done}{landing.message}", landing.fix, requests=sent
    )
    # Who is not let in learns nothing by another look.
    failed = landing if landing.attempt and not landing.halt else None
    return Step(outcome, failed=failed, halt=landing.halt, silence=landing.silence)
