"""One change applied: read again, checked again, written with its journal entries, read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.apply.journal_reader import WriteHistory
from reconciler.apply.read_back import Patience, describe_gone
from reconciler.apply.recheck import find_conflicts, find_remaining, find_worse_impacts
from reconciler.apply.writes import (
    RESUME,
    FailedWrite,
    WriteResult,
    find_writes,
    no_response_reason,
    read_patiently,
    resolve_late_write,
    resolve_write,
    send,
)
from reconciler.energycap.responses import bad_response
from reconciler.errors import FileError, ServiceError, Unauthorized
from reconciler.model.outcomes import Outcome, OutcomeStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.apply.journal import Journal
    from reconciler.apply.journal_entries import WriteIntended
    from reconciler.apply.recheck import Rechecker
    from reconciler.apply.writes import Write
    from reconciler.energycap.client import Editor
    from reconciler.model.channels import Fetched, Live
    from reconciler.model.plan import Change
    from reconciler.model.project import ChannelEdit


_UNANSWERED = "the run that sent it had no answer"


class JournaledWriter(Struct, frozen=True):
    """Sends writes from any number of threads, through `journal` where there is one.

    With `patience` channels are read again that do not show a write yet; what was seen done is noted in `written`.
    """

    editor: Editor
    channel_edit: ChannelEdit
    journal: Journal | None = None
    patience: Patience = field(default_factory=Patience)
    written: WriteHistory = field(default_factory=WriteHistory)

    def send(self, name: str, write: Write, before: Fetched) -> WriteResult:
        """What became of `write`, sent for the change `name` to the channel that read as `before` a moment ago.

        Nothing is sent that is not in the journal first; a journal that cannot be written halts the run.
        """
        try:
            number = self.journal.record_intent(name, write, before) if self.journal else 0
        except FileError as error:
            message = f"nothing was sent: {error.message}"
            return WriteResult(OutcomeStatus.FAILED, message, error.fix, was_sent=False, abort_reason=error.message)
        result = send(write, before, self.editor, self.channel_edit, self.patience)
        result = self._note(FailedWrite(number, write, before), result)
        if result.ending is OutcomeStatus.FAILED and result.was_sent:
            return replace(result, attempt=FailedWrite(number, write, before))
        return result

    def resolve(self, intent: WriteIntended) -> WriteResult:
        """What became of a write of an earlier run, found out by reading its channel; not sent again."""
        attempt = FailedWrite(intent.number, intent.write, intent.before)
        try:
            found = read_patiently(attempt, self.editor, self.patience)
        except ServiceError as error:
            message = f"may have been done by an earlier run, and the channel cannot be read: {error.message}"
            silence = no_response_reason(error)
            return WriteResult(OutcomeStatus.FAILED, message, RESUME, was_sent=False, is_open=True, no_response=silence)
        return self._note(attempt, resolve_write(intent.write, intent.before, found, _UNANSWERED))

    def settle_late(self, attempt: FailedWrite, found: Live | None, earlier: WriteResult) -> WriteResult:
        """What became of a write that failed, by how its channel is `found` at the end; `earlier` without news."""
        result = resolve_late_write(attempt, found, earlier)
        return result if result is earlier else self._note(attempt, result)

    def _note(self, attempt: FailedWrite, result: WriteResult) -> WriteResult:
        if result.ending is OutcomeStatus.DONE:
            self.written.note(attempt.before, attempt.write.wanted)
        if self.journal is None or result.is_open:
            return result
        try:
            self.journal.record_result(attempt.number, result)
        except FileError as error:
            return replace(result, abort_reason=error.message)
        return result


# The channel of a change as it reads by its id, None where it is gone, and the channels around it that matter to it.
_Sight: TypeAlias = "tuple[Fetched | None, tuple[Live, ...]]"

_PLAN_AGAIN = "plan again: reconciler plan"


class ChangeResult(Struct, frozen=True):
    """What became of one change.

    `written` is its channel as it read after the last write, None if nothing was written or it could not be read;
    `failed` is the write that failed, if one was sent. `abort_reason` says why nothing more may be sent at all,
    `no_response` why the service did not answer; both are "" if the other changes may go on.
    """

    outcome: Outcome
    written: Live | None = None
    failed: WriteResult | None = None
    abort_reason: str = ""
    no_response: str = ""

    @property
    def is_touched(self) -> bool:
        """Whether the channel may read otherwise than before, so that it is to be read once more at the end."""
        return bool(self.written or self.failed)


class ChangeApplier:
    """Carries out changes, from any number of threads, but never two of one data point at once.

    `settled` holds, by the name of the change, what was found out about writes that an earlier run left open.
    """

    def __init__(self, sender: JournaledWriter, rechecker: Rechecker, settled: Mapping[str, WriteResult]) -> None:
        self._sender = sender
        self._witness = rechecker
        self._settled = settled

    def apply_change(self, change: Change) -> ChangeResult:
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

    def look_again(self, change: Change, step: ChangeResult, found: Live | None) -> Outcome:
        """The outcome of a `step` whose write failed, by how its channel is `found` at the end.

        It may have been done since, and where nobody knew what became of it, that may be known now.
        """
        earlier = step.failed
        if earlier is None or earlier.attempt is None:
            return step.outcome
        result = self._sender.settle_late(earlier.attempt, found, earlier)
        said = step.outcome.message.removesuffix(earlier.message)
        if result.ending is not OutcomeStatus.DONE:
            return replace(step.outcome, status=result.ending, message=f"{said}{result.message}", fix=result.fix)
        if result.found and find_remaining(change.target_values, result.found):
            late = f"its {earlier.attempt.write.part.value} was written, the last look shows; nothing more was sent"
            return replace(step.outcome, message=f"{said}{late}", fix=_PLAN_AGAIN)
        return replace(step.outcome, status=OutcomeStatus.DONE, message="", fix="")

    def _find_already(self, change: Change) -> ChangeResult:
        earlier = self._settled.get(change.name)
        if earlier and earlier.ending is OutcomeStatus.MISMATCH:
            return _stop(change, earlier)
        return ChangeResult(Outcome(change.name, change.channel_id, OutcomeStatus.DONE, was_already_applied=True))

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
            raise bad_response(f"channel {fresh.id} still reads as it did before the write")
        return found

    def _judge(self, change: Change, fresh: Live, neighbours: Sequence[Live]) -> ChangeResult | None:
        if movement := find_conflicts(change, fresh):
            return _find_stale(change, "; ".join(movement))
        if graver := find_worse_impacts(change, fresh):
            return _find_stale(change, "; ".join(graver))
        if blocks := self._witness.check_again(change, fresh, neighbours):
            message = "; ".join(f"{block.rule} {block.message}" for block in blocks)
            return _find_stale(change, message, blocks[0].unblock)
        return None

    def _write(self, change: Change, fresh: Fetched) -> ChangeResult:
        written: Live | None = None
        sent, done, halt = 0, "", ""
        for write in find_writes(change, fresh):
            result = self._send(change, write, fresh, is_first=not done)
            sent += result.was_sent
            if result.ending is not OutcomeStatus.DONE:
                return _stop(change, result, sent, done)
            written, done, halt = result.found, f"its {write.part.value} was written; ", result.abort_reason
        return ChangeResult(
            Outcome(change.name, change.channel_id, OutcomeStatus.DONE, requests=sent), written, abort_reason=halt
        )

    def _send(self, change: Change, write: Write, fresh: Fetched, *, is_first: bool) -> WriteResult:
        try:
            # The answer to a write is not yet a read, and the next body is made of what is read.
            before = fresh if is_first else self._read_on(fresh)
        except ServiceError as error:
            return _find_unread(error)
        if movement := find_conflicts(change, before):
            return _find_moved(movement)
        return self._sender.send(change.name, write, before)


def _find_stale(change: Change, reason: str, fix: str = _PLAN_AGAIN) -> ChangeResult:
    return ChangeResult(
        Outcome(change.name, change.channel_id, OutcomeStatus.STALE, f"moved since the plan: {reason}", fix)
    )


def _fail(change: Change, error: ServiceError) -> ChangeResult:
    outcome = Outcome(
        change.name, change.channel_id, OutcomeStatus.FAILED, f"nothing was written: {error.message}", error.fix
    )
    halt = error.message if isinstance(error, Unauthorized) else ""
    return ChangeResult(outcome, abort_reason=halt, no_response=no_response_reason(error))


def _find_unread(error: ServiceError) -> WriteResult:
    """What became of a write whose channel could not be read before: it was not sent."""
    message = f"the rest was not written: {error.message}"
    return WriteResult(OutcomeStatus.FAILED, message, error.fix, was_sent=False, no_response=no_response_reason(error))


def _find_moved(movement: Sequence[str]) -> WriteResult:
    """What became of a write whose channel moved after the one before it: it was not sent."""
    message = f"the rest was not written: moved since the plan: {'; '.join(movement)}"
    return WriteResult(OutcomeStatus.FAILED, message, _PLAN_AGAIN, was_sent=False)


def _stop(change: Change, result: WriteResult, sent: int = 0, done: str = "") -> ChangeResult:
    outcome = Outcome(
        change.name, change.channel_id, result.ending, f"{done}{result.message}", result.fix, requests=sent
    )
    # Who is not let in learns nothing by another look.
    failed = result if result.attempt and not result.abort_reason else None
    return ChangeResult(outcome, failed=failed, abort_reason=result.abort_reason, no_response=result.no_response)
