"""One write: what it says, whether it was done, and whether the channel then reads as it must."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, assert_never

from reconciler.apply.proof import expect, find_differences
from reconciler.apply.staleness import find_remaining
from reconciler.energycap.transport import Unsent
from reconciler.errors import BadAnswer, Refused, ServiceError, Unauthorized
from reconciler.model.fields import FIELD_AT, OBSERVATION_RULE_ID, ODOMETER
from reconciler.model.outcomes import Ending

if TYPE_CHECKING:
    from reconciler.energycap.client import Editor
    from reconciler.model.live import Live
    from reconciler.model.plan import Change
    from reconciler.model.project import ChannelEdit
    from reconciler.model.values import Spec

_LOOK = "look at the channel in EnergyCAP, then plan again: reconciler plan"
_AGAIN = "apply again, or plan again: reconciler plan"


class Part(Enum):
    """What a write is sent to."""

    CHANNEL = "channel"
    VERSION = "version"  # the current one, by its id


@dataclass(frozen=True, slots=True)
class Write:
    """One PUT to come: what it is sent to, and the values it is sent for, by the paths of EsaChannelEdit."""

    part: Part
    wanted: Spec


@dataclass(frozen=True, slots=True)
class Landing:
    """What became of one write.

    `found` is the channel as it read after it, None where nobody could look. `was_sent` says whether anything left
    this machine, `is_refused_key` that no other write will fare better.
    """

    ending: Ending
    message: str = ""
    fix: str = ""
    found: Live | None = None
    was_sent: bool = True
    is_refused_key: bool = False


def find_writes(change: Change, fresh: Live) -> tuple[Write, ...]:
    """The PUTs that bring `fresh` to what `change` wants, in order; none where it has all of it.

    A channel with one version takes everything in one. With several, edits of the version go to the version itself,
    and go first, but where it becomes Odometer: a demand channel cannot be that, so what the channel observes comes
    first there, and last where it becomes a demand channel.
    """
    remaining = find_remaining(change.wanted, fresh)
    if len(fresh.versions) == 1:
        return (Write(Part.CHANNEL, remaining),) if remaining else ()
    versioned = {path: value for path, value in remaining.items() if FIELD_AT[path].is_versioned}
    of_channel = {path: value for path, value in remaining.items() if path not in versioned}
    writes = (Write(Part.VERSION, versioned), Write(Part.CHANNEL, of_channel))
    if versioned.get(OBSERVATION_RULE_ID) == ODOMETER:
        writes = writes[::-1]
    return tuple(write for write in writes if write.wanted)


def send(write: Write, before: Live, editor: Editor, channel_edit: ChannelEdit) -> Landing:
    """Send `write` to the channel that read as `before` a moment ago, and say what became of it.

    Where no answer tells whether it was done, the channel is read; it is never sent a second time.
    """
    try:
        answer = _put(write, before, editor, channel_edit)
    except (Unsent, BadAnswer) as error:
        return Landing(Ending.FAILED, error.message, error.fix, was_sent=False)
    except (Unauthorized, Refused) as error:
        return Landing(Ending.FAILED, error.message, error.fix, is_refused_key=isinstance(error, Unauthorized))
    except ServiceError as error:
        return _look(write, before, editor, error)
    return _look(write, before, editor) if answer is None else settle(write, before, answer)


def settle(write: Write, before: Live, found: Live, lost: ServiceError | None = None) -> Landing:
    """What became of `write`, judged by how the channel read `before` and how it is `found`.

    `lost` is the error that came in place of an answer, None where the service said it was done.
    """
    expected = expect(before, write.wanted)
    differences = find_differences(expected, found)
    if not differences:
        return Landing(Ending.DONE, found=found)
    if lost and _is_untouched(write, before, found):
        return Landing(Ending.FAILED, f"was not done: {lost.message}", _AGAIN, found)
    return Landing(Ending.DIFFERS, f"reads otherwise than it was written: {'; '.join(differences)}", _LOOK, found)


def _put(write: Write, before: Live, editor: Editor, channel_edit: ChannelEdit) -> Live | None:
    match write.part:
        case Part.CHANNEL:
            return editor.edit_channel(before, write.wanted, channel_edit)
        case Part.VERSION:
            editor.edit_version(before, write.wanted)
            return None
        case never:
            assert_never(never)


def _look(write: Write, before: Live, editor: Editor, lost: ServiceError | None = None) -> Landing:
    try:
        found = editor.read_channel(before.id)
    except ServiceError as error:
        doubt = lost.message if lost else "it was accepted"
        return Landing(
            Ending.FAILED, f"may have been done, and the channel cannot be read: {doubt}; {error.message}", _LOOK
        )
    return settle(write, before, found, lost)


def _is_untouched(write: Write, before: Live, found: Live) -> bool:
    """Whether all that was to be written reads as it did before, on the same versions."""
    was = {path: before.values.get(path) for path in write.wanted}
    has_same_versions = [version.id for version in before.versions] == [version.id for version in found.versions]
    return has_same_versions and not find_remaining(was, found)
