"""The last read-back: every channel that was written, once more, for an answer is not yet a read-back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.apply.evidence import read_if_there
from reconciler.apply.proof import find_differences
from reconciler.errors import ServiceError
from reconciler.model.outcomes import Ending

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Executor

    from reconciler.energycap.client import Reader
    from reconciler.model.live import Live
    from reconciler.model.outcomes import Outcome

# Up to here single reads cost less than the list of all channels, whose pages hold up to 1,000.
READ_SINGLY = 10

_PLAN_AGAIN = "look at the channel in EnergyCAP, then plan again: reconciler plan"


def read_again(ids: Sequence[int], reader: Reader, executor: Executor) -> Mapping[int, Live | ServiceError]:
    """The channels with these ids as they are now, or why they cannot be read; those that are gone are left out.

    Few channels are read one by one, side by side, many by one complete list.
    """
    if len(ids) <= READ_SINGLY:
        reads = executor.map(lambda channel_id: _read_alone(channel_id, reader), ids)
        return {channel_id: read for channel_id, read in zip(ids, reads, strict=True) if read is not None}
    try:
        return {live.id: live for live in reader.list_channels()}
    except ServiceError as error:
        return dict.fromkeys(ids, error)


def compare(outcome: Outcome, written: Live, found: Live | ServiceError | None) -> Outcome:
    """The `outcome` of a change that was `written`, by how its channel is `found` at the end; None: it is gone."""
    if found is None:
        return _differ(outcome, f"channel {written.id} is not there any more")
    if isinstance(found, ServiceError):
        message = f"was written and answered so, but cannot be read again: {found.message}"
        return replace(outcome, ending=Ending.FAILED, message=message, fix=_PLAN_AGAIN)
    differences = find_differences(written, found)
    return _differ(outcome, "; ".join(differences)) if differences else outcome


def _read_alone(channel_id: int, reader: Reader) -> Live | ServiceError | None:
    try:
        return read_if_there(reader, channel_id)
    except ServiceError as error:
        return error


def _differ(outcome: Outcome, reason: str) -> Outcome:
    message = f"read otherwise at the end than it was written: {reason}"
    return replace(outcome, ending=Ending.DIFFERS, message=message, fix=_PLAN_AGAIN)
