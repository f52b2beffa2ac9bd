"""The last read-back: every channel that was written, once more, for an answer is not yet a read-back."""

from __future__ import annotations

from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Written:
    """What was made of a change that was written, and its channel as it read right after."""

    outcome: Outcome
    live: Live


def verify(written: Sequence[Written], reader: Reader, executor: Executor) -> tuple[Outcome, ...]:
    """New outcomes for those changes whose channel reads otherwise now, or cannot be read; none where all is well.

    Few channels are read one by one, side by side, many by one complete list.
    """
    found = _read([one.live.id for one in written], reader, executor)
    outcomes = (_compare(one, found.get(one.live.id)) for one in written)
    return tuple(outcome for outcome in outcomes if outcome is not None)


def _read(ids: Sequence[int], reader: Reader, executor: Executor) -> Mapping[int, Live | ServiceError]:
    if len(ids) <= READ_SINGLY:
        reads = executor.map(lambda channel_id: _read_alone(channel_id, reader), ids)
        return {channel_id: read for channel_id, read in zip(ids, reads, strict=True) if read is not None}
    try:
        return {live.id: live for live in reader.list_channels()}
    except ServiceError as error:
        return dict.fromkeys(ids, error)


def _read_alone(channel_id: int, reader: Reader) -> Live | ServiceError | None:
    try:
        return read_if_there(reader, channel_id)
    except ServiceError as error:
        return error


def _compare(one: Written, found: Live | ServiceError | None) -> Outcome | None:
    if found is None:
        return _differ(one, f"channel {one.live.id} is not there any more")
    if isinstance(found, ServiceError):
        message = f"was written and answered so, but cannot be read again: {found.message}"
        return replace(one.outcome, ending=Ending.FAILED, message=message, fix=_PLAN_AGAIN)
    differences = find_differences(one.live, found)
    return _differ(one, "; ".join(differences)) if differences else None


def _differ(one: Written, reason: str) -> Outcome:
    message = f"read otherwise at the end than it was written: {reason}"
    return replace(one.outcome, ending=Ending.DIFFERS, message=message, fix=_PLAN_AGAIN)
