"""The last read-back: every channel that was written, once more, for an answer is not yet a read-back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from reconciler.apply.evidence import read_if_there
from reconciler.apply.proof import describe_gone, find_changes
from reconciler.apply.staleness import find_remaining
from reconciler.errors import BadResponse, ServiceError
from reconciler.model.channels import Live
from reconciler.model.outcomes import OutcomeStatus
from reconciler.planning.messages import show_values

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from reconciler.energycap.client import Reader
    from reconciler.model.outcomes import Outcome
    from reconciler.model.plan import Change

# Up to here single reads cost less than the list of all channels, whose pages hold up to 1,000.
READ_SINGLY = 10

_PLAN_AGAIN = "look at the channel in EnergyCAP, then plan again: reconciler plan"
_CHANGED = "somebody else, or EnergyCAP itself, changed it after"
_CHECK = "once EnergyCAP answers, check that nothing is left to do: reconciler plan"

# What was read at the end, by the id of the channel; those that are gone are left out.
Found: TypeAlias = Mapping[int, Live | ServiceError]


def read_again(ids: Sequence[int], reader: Reader, executor: Executor) -> Found:
    """The channels with these ids as they are now, or why they cannot be read; those that are gone are left out.

    Few channels are read one by one, side by side, many by one complete list.
    """
    if len(ids) <= READ_SINGLY:
        reads = executor.map(lambda channel_id: _read_alone(channel_id, reader), ids)
        return {channel_id: read for channel_id, read in zip(ids, reads, strict=True) if read is not None}
    try:
        return {
            live.id: BadResponse(f"channel {live.id}: {live.flaw}") if live.flaw else live
            for live in reader.list_channels(only=frozenset(ids))
        }
    except ServiceError as error:
        return dict.fromkeys(ids, error)


def verify(change: Change, outcome: Outcome, written: Live, found: Live | ServiceError | None) -> Outcome:
    """The `outcome` of a `change` that was seen `written`, by how its channel is `found` at the end; None: it is gone.

    The write itself was confirmed. So what reads otherwise by now was edited by somebody else: a value that the files
    manage has to be looked at, anything else is only worth a remark.
    """
    if found is None:
        return _differ(outcome, describe_gone(written.id))
    if isinstance(found, ServiceError):
        remark = f"EnergyCAP confirmed the write, but the channel could not be read again at the end: {found.message}"
        return replace(outcome, remark=remark, fix=_CHECK, unread=True)
    if remaining := find_remaining(change.target_values, found):
        differences = (
            "{} is {}, expected {}".format(path, *show_values(found.values.get(path), value))
            for path, value in remaining.items()
        )
        return _differ(outcome, f"now {'; '.join(differences)}: {_CHANGED} this write")
    if changes := find_changes(written, found):
        return replace(outcome, remark=f"{_CHANGED} this write: {'; '.join(changes)}")
    return outcome


def _read_alone(channel_id: int, reader: Reader) -> Live | ServiceError | None:
    try:
        return read_if_there(reader, channel_id)
    except ServiceError as error:
        return error


def _differ(outcome: Outcome, reason: str) -> Outcome:
    message = f"was verified after the write, but {reason}"
    return replace(outcome, status=OutcomeStatus.MISMATCH, message=message, fix=_PLAN_AGAIN)
