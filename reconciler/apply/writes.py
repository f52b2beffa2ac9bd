"""One write: what is sent, and whether it was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from reconciler.apply.new_channels import SeveralChannels, UnreadChannel, read_if_there, read_new_channel
from reconciler.apply.read_back import describe_gone, find_mismatches
from reconciler.apply.remaining import WriteTarget, at_version, expected_after, find_remaining, find_unwritten
from reconciler.energycap.transport import NotSent
from reconciler.errors import BadResponse, Rejected, ServiceError, Unauthorized, Unavailable, Unreachable
from reconciler.model.channels import is_new_id
from reconciler.model.fields import CHANNEL_IMPORT_ID
from reconciler.model.outcomes import OutcomeStatus

if TYPE_CHECKING:
    from reconciler.apply.read_back import Patience
    from reconciler.apply.remaining import Write
    from reconciler.energycap.client import Editor
    from reconciler.model.channels import Fetched, Live
    from reconciler.model.project import ChannelEdit


_LOOK = "look at the channel in EnergyCAP, then plan again: reconciler plan"
RESUME = "continue once the service answers; this reads the channel first: reconciler apply --resume"
_AGAIN = "apply again, or plan again: reconciler plan"


class FailedWrite(Struct, frozen=True):
    """A write that was sent: its number in the journal (0 without one), and its channel as read right before."""

    number: int
    write: Write
    before: Live


class WriteResult(Struct, frozen=True):
    """The result of one write.

    `found` is the channel as read afterwards, None if it was not read. `was_sent` says whether anything left this
    machine, `is_open` that it is unknown whether the write was done. `abort_reason` says why every other write would
    fail too, "" if one may succeed. `no_response` says why the service did not answer at all, not even to reads; "" if
    it did. `attempt` is the write itself if it failed, so that its channel can be read again at the end.
    """

    status: OutcomeStatus
    message: str = ""
    fix: str = ""
    found: Live | None = None
    was_sent: bool = True
    is_open: bool = False
    abort_reason: str = ""
    no_response: str = ""
    attempt: FailedWrite | None = None

    @property
    def is_doubtful(self) -> bool:
        """Whether the write counts as failed because reads did not show it: a later read may still show it."""
        return self.is_open or (self.status is OutcomeStatus.FAILED and self.found is not None)


def send(write: Write, before: Fetched, editor: Editor, channel_edit: ChannelEdit, patience: Patience) -> WriteResult:
    """Send `write` to the channel that was just read as `before`, and return its result.

    If the answer does not show that it was done, the channel is read, with `patience`. It is never sent a second time.
    """
    try:
        answer = _send(write, before, editor, channel_edit)
    # BadResponse is about the read before: a body cannot be made from it. An unusable answer to the PUT is Unreachable.
    except (NotSent, BadResponse) as error:
        return WriteResult(
            OutcomeStatus.FAILED, error.message, error.fix, was_sent=False, no_response=no_response_reason(error)
        )
    except Rejected as error:
        return WriteResult(OutcomeStatus.FAILED, error.message, error.fix)
    except Unauthorized as error:
        return WriteResult(OutcomeStatus.FAILED, error.message, error.fix, abort_reason=error.message)
    except ServiceError as error:
        return _read_result(FailedWrite(0, write, before), editor, patience, lost=error.message)
    if answer is None or find_unwritten(write, answer):
        return _read_result(FailedWrite(0, write, before), editor, patience, answer)
    return resolve_write(write, before, answer)


def resolve_write(write: Write, before: Live, found: Live | None, lost: str = "") -> WriteResult:
    """The result of `write`, by the channel as read `before` and as `found` afterwards; None if it is gone.

    `lost` says why there was no answer; it is empty if the service confirmed the write.
    """
    if found is None:
        return WriteResult(OutcomeStatus.MISMATCH, describe_gone(before.id), _LOOK)
    if is_new_id(found.id):
        return _resolve_absent(found, lost)
    # Values that are not managed count too: this write may have changed them, and no later read can show that.
    differences = find_mismatches(expected_after(before, write), found)
    if not differences:
        return WriteResult(OutcomeStatus.DONE, found=found)
    if lost and _is_untouched(write, before, found):
        return WriteResult(OutcomeStatus.FAILED, f"was not done: {lost}", _AGAIN, found)
    name = f"channel {found.id} " if write.part is WriteTarget.NEW_CHANNEL else ""
    message = f"{name}reads differently from what was written: {'; '.join(differences)}"
    return WriteResult(OutcomeStatus.MISMATCH, message, _LOOK, found)


def _resolve_absent(blank: Live, lost: str) -> WriteResult:
    """The result of a creation after which no channel with its import id is on the data point of `blank`."""
    if lost:
        return WriteResult(OutcomeStatus.FAILED, f"was not created: {lost}", _AGAIN, blank)
    message = f"was accepted, but data point {blank.data_point.id} does not show the new channel yet"
    return WriteResult(OutcomeStatus.FAILED, message, RESUME, blank, is_open=True)


def read_patiently(
    attempt: FailedWrite, editor: Editor, patience: Patience, answer: Live | None = None, *, is_certain: bool = False
) -> Live | None:
    """The channel of `attempt`, read until it shows what was written or patience ends; None if it is gone.

    `answer` is the channel in the answer to the write, if there was one. `is_certain` says that the write was answered.
    Raises ServiceError.
    """

    def read(_found: Live | UnreadChannel | None) -> Live | UnreadChannel | None:
        if attempt.write.part is not WriteTarget.NEW_CHANNEL:
            return read_if_there(editor, attempt.before.id)
        try:
            return read_new_channel(editor, attempt.before, attempt.write.wanted.get(CHANNEL_IMPORT_ID))
        except UnreadChannel as error:
            return error

    def is_late(found: Live | UnreadChannel | None) -> bool:
        return isinstance(found, UnreadChannel) or (found is not None and bool(find_unwritten(attempt.write, found)))

    found = patience.read_on(answer or read(None), read, is_late, is_certain=is_certain)
    if isinstance(found, UnreadChannel):
        raise found
    return found


def resolve_late_write(attempt: FailedWrite, found: Live | None, earlier: WriteResult) -> WriteResult:
    """The result of a failed write by how its channel was `found` at the end; `earlier` if that changes nothing.

    The service may have carried out a write late that it did not answer, or even refused.
    """
    if attempt.write.part is WriteTarget.NEW_CHANNEL:
        return _resolve_late_creation(attempt, found, earlier)
    is_there = found is not None and len(find_unwritten(attempt.write, found)) < len(attempt.write.wanted)
    if is_there or earlier.is_open:
        return resolve_write(attempt.write, attempt.before, found, "no answer came")
    return earlier


def _resolve_late_creation(attempt: FailedWrite, found: Live | None, earlier: WriteResult) -> WriteResult:
    # If the service refused it, a channel that is there was made by somebody else. And if it is still not there, this
    # read says no more than the one before.
    is_there = found is not None and not is_new_id(found.id)
    if not earlier.is_doubtful or (earlier.found and not is_there):
        return earlier
    return resolve_write(attempt.write, attempt.before, found, "no answer came")


def no_response_reason(error: ServiceError) -> str:
    """Why the service gave no answer to any attempt; empty if `error` is an answer."""
    return error.message if isinstance(error, Unreachable | Unavailable) else ""


def _send(write: Write, before: Fetched, editor: Editor, channel_edit: ChannelEdit) -> Live | None:
    match write.part:
        case WriteTarget.CHANNEL:
            return editor.edit_channel(before, write.wanted, channel_edit)
        case WriteTarget.VERSION:
            # The vendor does not document what this PUT answers.
            editor.edit_version(before, write.wanted, write.version_id)
            return None
        case WriteTarget.NEW_VERSION:
            editor.create_version(before, write.wanted)
            return None
        case WriteTarget.NEW_CHANNEL:
            # Even if the answer shows it: whether it is the only one with its import id, the list alone can tell.
            editor.create_channel(before.data_point.id, write.wanted)
            return None
        case never:
            assert_never(never)


def _read_result(
    attempt: FailedWrite, editor: Editor, patience: Patience, answer: Live | None = None, lost: str = ""
) -> WriteResult:
    try:
        found = read_patiently(attempt, editor, patience, answer, is_certain=not lost)
    except SeveralChannels as error:
        return WriteResult(OutcomeStatus.MISMATCH, error.message, error.fix)
    except ServiceError as error:
        message = f"may have been done, and the channel cannot be read: {lost or 'it was accepted'}; {error.message}"
        return WriteResult(OutcomeStatus.FAILED, message, RESUME, is_open=True, no_response=no_response_reason(error))
    return resolve_write(attempt.write, attempt.before, found, lost)


def _is_untouched(write: Write, before: Live, found: Live) -> bool:
    """Whether all that was to be written reads as it did before, on the same versions."""
    if [version.id for version in before.versions] != [version.id for version in found.versions]:
        return False
    if write.part is WriteTarget.NEW_VERSION:
        return True
    then, now = at_version(before, write.version_id), at_version(found, write.version_id)
    if then is None or now is None:
        return False
    return not find_remaining({path: then.values.get(path) for path in write.wanted}, now)
