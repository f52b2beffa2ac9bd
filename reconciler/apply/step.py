"""One change applied: read again, checked again, written with its journal entries, read back."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias, cast

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.apply.new_channels import (
    WHICH_IS_MEANT,
    CreatedChannels,
    SeveralChannels,
    blank_of,
    describe_exchange,
    find_unknown_ids,
    import_id_of,
    read_new_channel,
)
from reconciler.apply.read_back import Patience, describe_gone
from reconciler.apply.recheck import find_conflicts, find_worse_impacts
from reconciler.apply.remaining import WriteTarget, as_created, find_writes
from reconciler.apply.write_history import WriteHistory
from reconciler.apply.writes import (
    RESUME,
    FailedWrite,
    WriteResult,
    no_response_reason,
    read_patiently,
    resolve_late_write,
    resolve_write,
    send,
)
from reconciler.energycap.responses import bad_response
from reconciler.errors import FileError, ServiceError, Unauthorized
from reconciler.model.channels import is_new_id
from reconciler.model.fields import PRIMARY_FLAGS
from reconciler.model.outcomes import Outcome, OutcomeStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.apply.journal import Journal
    from reconciler.apply.journal_entries import WriteIntended
    from reconciler.apply.recheck import Rechecker
    from reconciler.apply.remaining import Write
    from reconciler.energycap.client import Editor
    from reconciler.model.channels import Fetched, Live
    from reconciler.model.plan import Change
    from reconciler.model.project import ChannelEdit


_UNANSWERED = "the run that sent it had no answer"


class JournaledWriter(Struct, frozen=True):
    """Sends writes from any number of threads, and records them if there is a `journal`.

    With `patience` channels that do not show a write yet are read again. Confirmed writes are added to `written`, and
    new channels to `created`.
    """

    editor: Editor
    channel_edit: ChannelEdit
    journal: Journal | None = None
    patience: Patience = field(default_factory=Patience)
    written: WriteHistory = field(default_factory=WriteHistory)
    created: CreatedChannels = field(default_factory=CreatedChannels)

    def send(
        self, name: str, write: Write, before: Fetched, holders: Mapping[str, int] = MappingProxyType({})
    ) -> WriteResult:
        """The result of `write`, sent for the change `name` to the channel that was just read as `before`.

        `holders` are recorded with a new channel: the others that have a primary flag of its data point.
        Nothing is sent before it is in the journal. If the journal cannot be written, the run is aborted.
        """
        try:
            number = self.journal.record_intent(name, write, before, holders) if self.journal else 0
        except FileError as error:
            message = f"nothing was sent: {error.message}"
            return WriteResult(OutcomeStatus.FAILED, message, error.fix, was_sent=False, abort_reason=error.message)
        result = send(write, before, self.editor, self.channel_edit, self.patience)
        result = self._note(FailedWrite(number, write, before), result)
        if result.status is OutcomeStatus.FAILED and result.was_sent:
            # The service may still carry it out, which a read at the end of the run would show.
            return replace(result, attempt=FailedWrite(number, write, before))
        return result

    def resolve(self, intent: WriteIntended) -> WriteResult:
        """The result of a write of an earlier run, found by reading its channel; it is not sent again."""
        attempt = FailedWrite(intent.number, intent.write, intent.before)
        try:
            found = read_patiently(attempt, self.editor, self.patience)
        except SeveralChannels as error:
            return self._note(attempt, WriteResult(OutcomeStatus.MISMATCH, error.message, error.fix))
        except ServiceError as error:
            message = f"may have been done by an earlier run, and the channel cannot be read: {error.message}"
            no_response = no_response_reason(error)
            return WriteResult(OutcomeStatus.FAILED, message, RESUME, is_open=True, no_response=no_response)
        return self._note(attempt, resolve_write(intent.write, intent.before, found, _UNANSWERED))

    def resolve_late(self, attempt: FailedWrite, found: Live | None, earlier: WriteResult) -> WriteResult:
        """The result of a failed write by how its channel was `found` at the end; `earlier` if that changes nothing."""
        result = resolve_late_write(attempt, found, earlier)
        return result if result is earlier else self._note(attempt, result)

    def _note(self, attempt: FailedWrite, result: WriteResult) -> WriteResult:
        if result.status is OutcomeStatus.DONE:
            self.written.note(attempt.before, attempt.write, result.found)
            if attempt.write.part is WriteTarget.NEW_CHANNEL and result.found:
                self.created.note(attempt.before.id, result.found.id, is_own=True)
        # Without a result in the journal the write stays open, and a later run resolves it.
        if self.journal is None or result.is_open:
            return result
        try:
            self.journal.record_result(attempt.number, result)
        except FileError as error:
            return replace(result, abort_reason=error.message)
        return result


# The channel of a change, read by its id, or None if it is gone; and the other channels that matter to the change.
_Channels: TypeAlias = "tuple[Fetched | None, tuple[Live, ...]]"

_PLAN_AGAIN = "plan again: reconciler plan"


class ChangeResult(Struct, frozen=True):
    """What happened to one change.

    `written` is its channel as it was read after the last write; None if nothing was written or it could not be read.
    `failed` is the write that failed, if one was sent. `beside` are the other channels of the data point as they were
    right before a channel was created there, None if none was. `abort_reason` says why nothing more may be sent at all,
    `no_response` why the service did not answer; both are "" if other changes may continue.
    """

    outcome: Outcome
    written: Live | None = None
    failed: WriteResult | None = None
    beside: tuple[Live, ...] | None = None
    abort_reason: str = ""
    no_response: str = ""

    @property
    def is_touched(self) -> bool:
        """Whether the channel may have changed, so that it must be read again at the end."""
        return bool(self.written or self.failed)


class ChangeApplier:
    """Applies changes, from any number of threads, but never two of one data point at once.

    `resolved` holds the results of the writes that an earlier run left open, by the name of the change.
    """

    def __init__(self, sender: JournaledWriter, rechecker: Rechecker, resolved: Mapping[str, WriteResult]) -> None:
        self._sender = sender
        self._rechecker = rechecker
        self._resolved = resolved

    def apply_change(self, change: Change) -> ChangeResult:
        """Apply `change`, unless its live channel has changed since the plan, and return what happened.

        Nor is anything written if the result of its last write is unknown: when the channel shows the values later, the
        journal could not say which of the two writes was done.
        """
        earlier = self._resolved.get(change.name)
        if earlier and earlier.is_open:
            return _stop(change, earlier)
        change = self.fill_in(change)
        try:
            fresh, neighbours = self._read(change)
            lost = self._find_loss(change, fresh) if fresh else (describe_gone(change.channel_id),)
            if fresh is None or lost:
                return _end_stale(change, *lost)
            if not find_writes(change, fresh) and not find_conflicts(change, fresh):
                return self._end_unwritten(change, fresh)
            stale = self._judge(change, fresh, neighbours)
        except SeveralChannels as error:
            return _end_stale(change, error.message, error.fix)
        except ServiceError as error:
            return _fail(change, error)
        return stale or self._write(change, fresh, neighbours)

    def fill_in(self, change: Change) -> Change:
        """`change` with the ids of new channels in its formulas, as far as they are there."""
        return self._sender.created.fill_in(change)

    def recheck_failure(self, change: Change, step: ChangeResult, found: Live | None) -> Outcome:
        """The outcome of a `step` whose write failed, by how its channel was `found` at the end.

        The write may have been done since, or its result may have been unknown and is not any more.
        """
        earlier, change = step.failed, self.fill_in(change)
        if earlier is None or earlier.attempt is None:
            return step.outcome
        result = self._sender.resolve_late(earlier.attempt, found, earlier)
        sent_before = step.outcome.message.removesuffix(earlier.message)
        if result.status is not OutcomeStatus.DONE:
            return replace(step.outcome, status=result.status, message=f"{sent_before}{result.message}", fix=result.fix)
        outcome = self._name_created(change, step.outcome)
        if result.found and find_writes(change, result.found):
            write, before = earlier.attempt.write, earlier.attempt.before
            done = _describe_done(write, result.found if is_new_id(before.id) else before)
            late = f"{done}, as the last read shows; nothing more was sent"
            return replace(outcome, message=f"{sent_before}{late}", fix=_PLAN_AGAIN)
        return replace(outcome, status=OutcomeStatus.DONE, message="", fix="")

    def find_new_channel(self, change: Change) -> Live:
        """The channel that `change` was to create as it reads now, blank if it is not there. Raises ServiceError."""
        return read_new_channel(self._sender.editor, blank_of(change), import_id_of(change))

    def list_data_point(self, data_point_id: int) -> tuple[Live, ...]:
        """The channels of a data point, read until they show what this run did. Raises ServiceError."""
        written, editor = self._sender.written, self._sender.editor
        return self._sender.patience.read_on(
            editor.list_channels(data_point_id),
            lambda _channels: editor.list_channels(data_point_id),
            lambda channels: written.lacks_new(data_point_id, channels) or written.is_late(channels),
            is_certain=True,
        )

    def _name_created(self, change: Change, outcome: Outcome) -> Outcome:
        """`outcome` with the id of the channel that `change` creates, if it is there by now, and whether it did so.

        A plan that is made again after an interruption has an update, or nothing to do, for what is there already.
        """
        created = self._sender.created
        channel_id = created.find(change.channel_id) if change.is_creation else outcome.channel_id
        if channel_id is None:
            return outcome
        return replace(outcome, channel_id=channel_id, was_created=created.is_own(channel_id))

    def _find_loss(self, change: Change, fresh: Live) -> tuple[str, ...]:
        """Why the channel of `change` is not `fresh` any more, and a fix if there is one; empty if it still is.

        A channel that this plan has created must not be created again, and another one that got its import id is not
        the one that the other changes were made for.
        """
        known = self._sender.created.find(change.channel_id)
        if known is None or known == fresh.id:
            return ()
        if is_new_id(fresh.id):
            return (describe_gone(known),)
        return describe_exchange(known, fresh.id), WHICH_IS_MEANT

    def _end_unwritten(self, change: Change, fresh: Live) -> ChangeResult:
        self._note_found(change, fresh)
        earlier = self._resolved.get(change.name)
        if earlier and earlier.status is OutcomeStatus.MISMATCH:
            # The wanted values are live, but another value has changed, perhaps by this write.
            return _stop(as_created(change, fresh), earlier)
        outcome = Outcome(change.name, fresh.id, OutcomeStatus.DONE, was_already_applied=True)
        return ChangeResult(self._name_created(change, outcome))

    def _note_found(self, change: Change, fresh: Live) -> None:
        """Keep the id of a new channel that is there already: formulas of other changes may use it."""
        created = self._sender.created
        if change.is_creation and created.find(change.channel_id) is None:
            created.note(change.channel_id, fresh.id, is_own=False)

    def _read(self, change: Change) -> _Channels:
        """The channels that `change` is judged by, read until they show what this run has written."""
        return self._sender.patience.read_on(
            self._rechecker.read(change),
            lambda _channels: self._rechecker.read(change),
            lambda channels: self._is_late(change, *channels),
            is_certain=True,
        )

    def _is_late(self, change: Change, fresh: Live | None, neighbours: Sequence[Live]) -> bool:
        written = self._sender.written
        # The other channels are listed only if they matter. A list has the channel itself, unless it is new.
        is_listed = bool(neighbours) or change.is_creation
        lacks_new = is_listed and written.lacks_new(change.data_point.id, neighbours)
        return lacks_new or written.is_late([*neighbours, *filter(None, [fresh])])

    def _read_between(self, fresh: Fetched) -> Fetched:
        """The channel between two writes to it, read until it shows the first. Raises ServiceError."""
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
        if find_unknown_ids(change):
            return _end_stale(change, "its formula uses a new channel that does not exist yet")
        if conflicts := find_conflicts(change, fresh):
            return _end_stale(change, "; ".join(conflicts))
        if worse := find_worse_impacts(change, fresh):
            return _end_stale(change, "; ".join(worse))
        if blockers := self._rechecker.check_again(change, fresh, neighbours):
            message = "; ".join(f"{blocker.rule} {blocker.message}" for blocker in blockers)
            return _end_stale(change, message, blockers[0].unblock)
        return None

    def _write(self, change: Change, fresh: Fetched, neighbours: tuple[Live, ...]) -> ChangeResult:
        if is_new_id(fresh.id):
            return self._create(change, fresh, neighbours)
        self._note_found(change, fresh)
        step = self._write_rest(as_created(change, fresh), fresh)
        return replace(step, outcome=self._name_created(change, step.outcome))

    def _create(self, change: Change, blank: Fetched, neighbours: tuple[Live, ...]) -> ChangeResult:
        (write,) = find_writes(change, blank)
        holders = {flag: live.id for live in neighbours for flag in PRIMARY_FLAGS if live.values.get(flag) is True}
        result = self._sender.send(change.name, write, blank, holders)
        if result.status is not OutcomeStatus.DONE or result.found is None:
            return _stop(change, result, int(result.was_sent))
        # It was read by its id just now.
        fresh = cast("Fetched", result.found)
        step = self._write_rest(as_created(change, fresh), fresh, f"{_describe_done(write, fresh)}; ")
        outcome, reason = self._name_created(change, step.outcome), step.abort_reason or result.abort_reason
        return replace(step, outcome=outcome, beside=neighbours, abort_reason=reason)

    def _write_rest(self, change: Change, fresh: Fetched, done: str = "") -> ChangeResult:
        """Send what `fresh` lacks of `change`, after what was `done` to it by one write before, if any."""
        written: Live | None = fresh if done else None
        sent, reason = int(bool(done)), ""
        for write in find_writes(change, fresh):
            result = self._send(change, write, fresh, is_first=not done)
            sent += result.was_sent
            if result.status is not OutcomeStatus.DONE:
                return _stop(change, result, sent, done)
            done += f"{_describe_done(write, fresh)}; "
            written, reason = result.found, result.abort_reason
        outcome = Outcome(change.name, change.channel_id, OutcomeStatus.DONE, requests=sent)
        return ChangeResult(outcome, written, abort_reason=reason)

    def _send(self, change: Change, write: Write, fresh: Fetched, *, is_first: bool) -> WriteResult:
        try:
            # The next body is made from a fresh read: the answer to a write may show the state before it.
            before = fresh if is_first else self._read_between(fresh)
        except ServiceError as error:
            return _fail_unread(error)
        # Between two writes somebody else may have set a value that the second would overwrite.
        if conflicts := find_conflicts(change, before):
            return _fail_moved(conflicts)
        return self._sender.send(change.name, write, before)


def _describe_done(write: Write, live: Live) -> str:
    if write.part is WriteTarget.NEW_CHANNEL:
        return f"channel {live.id} was created"
    return f"its {write.describe(live)} was written"


def _end_stale(change: Change, reason: str, fix: str = _PLAN_AGAIN) -> ChangeResult:
    return ChangeResult(
        Outcome(change.name, change.channel_id, OutcomeStatus.STALE, f"moved since the plan: {reason}", fix)
    )


def _fail(change: Change, error: ServiceError) -> ChangeResult:
    outcome = Outcome(
        change.name, change.channel_id, OutcomeStatus.FAILED, f"nothing was written: {error.message}", error.fix
    )
    abort_reason = error.message if isinstance(error, Unauthorized) else ""
    return ChangeResult(outcome, abort_reason=abort_reason, no_response=no_response_reason(error))


def _fail_unread(error: ServiceError) -> WriteResult:
    """The result of a write that was not sent because its channel could not be read."""
    message = f"the rest was not written: {error.message}"
    return WriteResult(OutcomeStatus.FAILED, message, error.fix, was_sent=False, no_response=no_response_reason(error))


def _fail_moved(conflicts: Sequence[str]) -> WriteResult:
    """The result of a write that was not sent because its channel changed after the write before it."""
    message = f"the rest was not written: moved since the plan: {'; '.join(conflicts)}"
    return WriteResult(OutcomeStatus.FAILED, message, _PLAN_AGAIN, was_sent=False)


def _stop(change: Change, result: WriteResult, sent: int = 0, done: str = "") -> ChangeResult:
    outcome = Outcome(
        change.name, change.channel_id, result.status, f"{done}{result.message}", result.fix, requests=sent
    )
    # With a refused key another read would fail as well.
    failed = result if result.attempt and not result.abort_reason else None
    return ChangeResult(outcome, failed=failed, abort_reason=result.abort_reason, no_response=result.no_response)
