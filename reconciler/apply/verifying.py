"""The last read-back: every channel that was written, once more, for an answer is not yet a read-back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from reconciler.apply.proof import find_differences
from reconciler.errors import Refused, ServiceError
from reconciler.model.fields import IS_PRIMARY_DEMAND, IS_PRIMARY_VALUE
from reconciler.model.live import Live
from reconciler.model.outcomes import Ending

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from concurrent.futures import Executor

    from reconciler.energycap.client import Reader
    from reconciler.model.outcomes import Outcome
    from reconciler.model.plan import Change

# Up to here single reads cost less than the list of all channels, whose pages hold up to 1,000.
READ_SINGLY = 10

_PRIMARY_FLAGS = (IS_PRIMARY_VALUE, IS_PRIMARY_DEMAND)
_PLAN_AGAIN = "look at the channel in EnergyCAP, then plan again: reconciler plan"

# A primary flag of a data point, by the id of that.
Flag: TypeAlias = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Written:
    """A change that was written, what was made of it, and its channel as it read right after."""

    change: Change
    outcome: Outcome
    live: Live


def verify(written: Sequence[Written], reader: Reader, executor: Executor) -> tuple[Outcome, ...]:
    """New outcomes for those changes whose channel reads otherwise now, or cannot be read; none where all is well.

    Few channels are read one by one, side by side, many by one complete list. That another change of `written` took a
    primary flag away is no difference.
    """
    taken = {(one.change.data_point.id, path) for one in written for path in _list_taken(one.change)}
    found = _read(written, reader, executor)
    outcomes = (_compare(one, found.get(one.live.id), taken) for one in written)
    return tuple(outcome for outcome in outcomes if outcome is not None)


def _read(written: Sequence[Written], reader: Reader, executor: Executor) -> Mapping[int, Live | ServiceError]:
    ids = [one.live.id for one in written]
    if len(ids) <= READ_SINGLY:
        reads = executor.map(lambda channel_id: _read_alone(channel_id, reader), ids)
        return {channel_id: read for channel_id, read in zip(ids, reads, strict=True) if read is not None}
    try:
        return {live.id: live for live in reader.list_channels()}
    except ServiceError as error:
        return dict.fromkeys(ids, error)


def _read_alone(channel_id: int, reader: Reader) -> Live | ServiceError | None:
    try:
        return reader.read_channel(channel_id)
    except ServiceError as error:
        return None if isinstance(error, Refused) and error.status == 404 else error


def _list_taken(change: Change) -> tuple[str, ...]:
    return tuple(path for path in _PRIMARY_FLAGS if change.wanted.get(path) is True)


def _compare(one: Written, found: Live | ServiceError | None, taken: Collection[Flag]) -> Outcome | None:
    match found:
        case None:
            return _differ(one, f"channel {one.live.id} is not there any more")
        case ServiceError():
            message = f"was written and answered so, but cannot be read again: {found.message}"
            return replace(one.outcome, ending=Ending.FAILED, message=message, fix=_PLAN_AGAIN)
        case Live():
            differences = find_differences(_concede(one, found, taken), found)
            return _differ(one, "; ".join(differences)) if differences else None


def _concede(one: Written, found: Live, taken: Collection[Flag]) -> Live:
    """The channel as it was written, without the flags that it does not manage and another change took."""
    lost = {
        path: False
        for path in _PRIMARY_FLAGS
        if (one.change.data_point.id, path) in taken and path not in one.change.wanted and not found.values.get(path)
    }
    return replace(one.live, values={**one.live.values, **lost})


def _differ(one: Written, reason: str) -> Outcome:
    message = f"read otherwise at the end than it was written: {reason}"
    return replace(one.outcome, ending=Ending.DIFFERS, message=message, fix=_PLAN_AGAIN)
