"""One write: what it says, and whether it was done."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from reconciler.apply.read_back import describe_gone, expected_after, find_mismatches
from reconciler.apply.recheck import find_remaining, read_if_there
from reconciler.energycap.transport import NotSent
from reconciler.errors import BadResponse, Rejected, ServiceError, Unauthorized, Unavailable, Unreachable
from reconciler.model.fields import FIELD_AT, OBSERVATION_RULE_ID, ODOMETER
from reconciler.model.outcomes import OutcomeStatus

if TYPE_CHECKING:
    from reconciler.apply.read_back import Patience
    from reconciler.energycap.client import Editor
    from reconciler.model.channels import Fetched, Live
    from reconciler.model.plan import Change
    from reconciler.model.project import ChannelEdit
    from reconciler.model.values import Spec


_LOOK = "look at the channel in EnergyCAP, then plan again: reconciler plan"
RESUME = "go on once the service answers, which looks first: reconciler apply --resume"
_AGAIN = "apply again, or plan again: reconciler plan"


class WriteTarget(Enum):
    """What a write is sent to."""

    CHANNEL = "channel"
    VERSION = "version"  # the current one, by its id


class Write(Struct, frozen=True):
    """One PUT to come: what it is sent to, and the values it is sent for, by the paths of EsaChannelEdit."""

    part: WriteTarget
    wanted: Spec


class FailedWrite(Struct, frozen=True):
    """A write that was sent: its number in the journal (0 without one), and how its channel read right before."""

    number: int
    write: Write
    before: Live


class WriteResult(Struct, frozen=True):
    """What became of one write.

    `found` is the channel as it read afterwards, None if it was not read. `was_sent` says whether anything left this
    machine, `is_open` that nobody knows whether the write was done. `abort_reason` says why no other write will do
    better, "" if one may. `no_response` says why the service did not answer at all, not even to reads; "" if it did.
    `attempt` is the write itself if it failed, to be read back once more at the end.
    """

    ending: OutcomeStatus
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
        """Whether the write failed by what reads showed, or did not show: a later read may know better."""
        return self.is_open or (self.ending is OutcomeStatus.FAILED and self.found is not None)


def find_writes(change: Change, fresh: Live) -> tuple[Write, ...]:
    """The PUTs that bring `fresh` to what `change` wants, in order; none where it has all of it.

    A channel with one version takes everything in one. With several, edits of the version go to the version itself,
    and go first, but where it becomes Odometer: a demand channel cannot be that, so what the channel observes comes
    first there, and last where it becomes a demand channel.
    """
    remaining = find_remaining(change.target_values, fresh)
    if len(fresh.versions) == 1:
        return (Write(WriteTarget.CHANNEL, remaining),) if remaining else ()
    versioned = {path: value for path, value in remaining.items() if FIELD_AT[path].is_versioned}
    of_channel = {path: value for path, value in remaining.items() if path not in versioned}
    writes = (Write(WriteTarget.VERSION, versioned), Write(WriteTarget.CHANNEL, of_channel))
    if versioned.get(OBSERVATION_RULE_ID) == ODOMETER:
        writes = writes[::-1]
    return tuple(write for write in writes if write.wanted)


def send(write: Write, before: Fetched, editor: Editor, channel_edit: ChannelEdit, patience: Patience) -> WriteResult:
    """Send `write` to the channel that read as `before` a moment ago, and say what became of it.

    Where no answer shows it done, the channel is read, with `patience`; it is never sent a second time.
    """
    try:
        answer = _put(write, before, editor, channel_edit)
    except (NotSent, BadResponse) as error:
        return WriteResult(
            OutcomeStatus.FAILED, error.message, error.fix, was_sent=False, no_response=no_response_reason(error)
        )
    except Rejected as error:
        return WriteResult(OutcomeStatus.FAILED, error.message, error.fix)
    except Unauthorized as error:
        return WriteResult(OutcomeStatus.FAILED, error.message, error.fix, abort_reason=error.message)
    except ServiceError as error:
        return _look(FailedWrite(0, write, before), editor, patience, lost=error.message)
    if answer is None or find_remaining(write.wanted, answer):
        return _look(FailedWrite(0, write, before), editor, patience, answer)
    return resolve_write(write, before, answer)


def resolve_write(write: Write, before: Live, found: Live | None, lost: str = "") -> WriteResult:
    """What became of `write`, judged by how the channel read `before` and how it is `found`; None: it is gone.

    `lost` says why there is no answer, empty where the service said that it was done.
    """
    if found is None:
        return WriteResult(OutcomeStatus.MISMATCH, describe_gone(before.id), _LOOK)
    # Strict with what is not managed too: here it may be this write that changed it, and only its answer could tell.
    differences = find_mismatches(expected_after(before, write.wanted), found)
    if not differences:
        return WriteResult(OutcomeStatus.DONE, found=found)
    if lost and _is_untouched(write, before, found):
        return WriteResult(OutcomeStatus.FAILED, f"was not done: {lost}", _AGAIN, found)
    return WriteResult(
        OutcomeStatus.MISMATCH, f"reads otherwise than it was written: {'; '.join(differences)}", _LOOK, found
    )


def read_patiently(
    attempt: FailedWrite, editor: Editor, patience: Patience, answer: Live | None = None, *, is_certain: bool = False
) -> Live | None:
    """The channel of `attempt`, read until it shows what was written, or patience is at its end; None: it is gone.

    `answer` is what the write itself was answered with, where that was the channel, `is_certain` that it was answered
    at all. Raises ServiceError.
    """

    def read(_found: Live | None) -> Live | None:
        return read_if_there(editor, attempt.before.id)

    def is_late(found: Live | None) -> bool:
        return found is not None and bool(find_remaining(attempt.write.wanted, found))

    return patience.read_on(answer or read(None), read, is_late, is_certain=is_certain)


def resolve_late_write(attempt: FailedWrite, found: Live | None, earlier: WriteResult) -> WriteResult:
    """What became of a write that failed, by how its channel is `found` at the end; `earlier` where that is no news.

    A write that was given up, or even refused, may have been done all the same, and late.
    """
    is_there = found is not None and len(find_remaining(attempt.write.wanted, found)) < len(attempt.write.wanted)
    if is_there or earlier.is_open:
        return resolve_write(attempt.write, attempt.before, found, "no answer came")
    return earlier


def no_response_reason(error: ServiceError) -> str:
    """Why the service gave no answer, in spite of all repeats; empty where `error` is an answer."""
    return error.message if isinstance(error, Unreachable | Unavailable) else ""


def _put(write: Write, before: Fetched, editor: Editor, channel_edit: ChannelEdit) -> Live | None:
    match write.part:
        case WriteTarget.CHANNEL:
            return editor.edit_channel(before, write.wanted, channel_edit)
        case WriteTarget.VERSION:
            editor.edit_version(before, write.wanted)
            return None
        case never:
            assert_never(never)


def _look(
    attempt: FailedWrite, editor: Editor, patience: Patience, answer: Live | None = None, lost: str = ""
) -> WriteResult:
    try:
        found = read_patiently(attempt, editor, patience, answer, is_certain=not lost)
    except ServiceError as error:
        message = f"may have been done, and the channel cannot be read: {lost or 'it was accepted'}; {error.message}"
        return WriteResult(OutcomeStatus.FAILED, message, RESUME, is_open=True, no_response=no_response_reason(error))
    return resolve_write(attempt.write, attempt.before, found, lost)


def _is_untouched(write: Write, before: Live, found: Live) -> bool:
    """Whether all that was to be written reads as it did before, on the same versions."""
    was = {path: before.values.get(path) for path in write.wanted}
    has_same_versions = [version.id for version in before.versions] == [version.id for version in found.versions]
    return has_same_versions and not find_remaining(was, found)
