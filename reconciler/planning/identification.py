"""The vendor's "Channel Identification" over an index of live channels."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.fields import CHANNEL_IMPORT_ID, INTERVAL_MINUTES, OBSERVATION_TYPE_CODE, UNIT_CODE
from reconciler.model.formulas import find_references
from reconciler.model.identifiers import Resolution, ResolutionFailure, ResolutionStep

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.channels import Live
    from reconciler.model.identifiers import Identifiers
    from reconciler.model.values import Value


def resolve(pointers: Identifiers, channels: Index) -> Resolution:
    """Where `pointers` lead among `channels`: one channel, or a problem and who was left, with every step taken.

    The first pointer given of channel id, channel import id and meter import id decides where to look; the others of
    the three are not compared with it. The only channel of a meter is taken whatever the remaining pointers say. Codes
    and import ids are compared exactly, letter case included; an empty text is not given.

    The page leaves open what this reads on the safe side: a pointer that matches nothing is unmatched, and is followed
    by no other; several channels are ambiguous where the next pointer to tell them apart is not given, even if one
    after it is.
    Source: POST /api/v3/reading, "Channel Identification".
    """
    if pointers.channel_id is not None:
        found = channels.by_id.get(pointers.channel_id)
        return _conclude([(ResolutionStep.CHANNEL_ID, () if found is None else (found,))])
    if pointers.channel_import_id:
        return _conclude(
            [(ResolutionStep.CHANNEL_IMPORT_ID, channels.by_import_id.get(pointers.channel_import_id, ()))]
        )
    if pointers.meter_import_id:
        return _conclude(_narrow(pointers, channels.by_meter.get(pointers.meter_import_id, ())))
    return Resolution(None, None, ResolutionFailure.NO_IDENTIFIER, (), ())


def _narrow(pointers: Identifiers, on_meter: Sequence[Live]) -> list[tuple[ResolutionStep, Sequence[Live]]]:
    steps: list[tuple[ResolutionStep, Sequence[Live]]] = [(ResolutionStep.ONLY_CHANNEL, on_meter)]
    left = on_meter
    for step, path, wanted in _compared(pointers):
        if len(left) <= 1 or not wanted:
            break
        # What could not be read of a channel may fit.
        left = [channel for channel in left if channel.values.get(path) == wanted or path in channel.unread]
        steps.append((step, left))
    return steps


def _compared(pointers: Identifiers) -> tuple[tuple[ResolutionStep, str, Value], ...]:
    seconds = pointers.interval_seconds
    return (
        (ResolutionStep.OBSERVATION_TYPE_CODE, OBSERVATION_TYPE_CODE, pointers.observation_type_code),
        (ResolutionStep.UNIT_CODE, UNIT_CODE, pointers.unit_code),
        (ResolutionStep.INTERVAL, INTERVAL_MINUTES, None if seconds is None else seconds / 60),
    )


def _conclude(steps: Sequence[tuple[ResolutionStep, Sequence[Live]]]) -> Resolution:
    left = tuple([(step, tuple([channel.id for channel in channels])) for step, channels in steps])
    step, ids = left[-1]
    match ids:
        case (only,):
            return Resolution(only, step, None, ids, left)
        case ():
            before = next((ids for _, ids in reversed(left) if ids), ())
            return Resolution(None, None, ResolutionFailure.UNMATCHED, before, left)
        case _:
            return Resolution(None, None, ResolutionFailure.AMBIGUOUS, ids, left)


class Index(Struct, frozen=True):
    """Live channels by what points at them; where a pointer leads to several, ascending by id.

    `by_meter` goes by the import id of the data point, which the readings API calls that of the meter. `flawed` are the
    channels of which not all could be read.
    """

    by_id: Mapping[int, Live]
    by_import_id: Mapping[str, Sequence[Live]]
    by_meter: Mapping[str, Sequence[Live]]
    by_data_point: Mapping[int, Sequence[Live]]
    flawed: Sequence[Live] = ()


def make_index(channels: Iterable[Live]) -> Index:
    """The index of `channels`, the same whatever their order."""
    by_id = {channel.id: channel for channel in sorted(channels, key=lambda channel: channel.id)}
    by_import_id: dict[str, list[Live]] = defaultdict(list)
    by_meter: dict[str, list[Live]] = defaultdict(list)
    by_data_point: dict[int, list[Live]] = defaultdict(list)
    for channel in by_id.values():
        import_id = channel.values.get(CHANNEL_IMPORT_ID)
        if isinstance(import_id, str):
            by_import_id[import_id].append(channel)
        if channel.data_point.import_id is not None:
            by_meter[channel.data_point.import_id].append(channel)
        by_data_point[channel.data_point.id].append(channel)
    flawed = tuple([channel for channel in by_id.values() if channel.flaw])
    return Index(by_id, dict(by_import_id), dict(by_meter), dict(by_data_point), flawed)


def find_users(index: Index) -> Mapping[int, Sequence[Live]]:
    """The channels whose formulas, in any version, use another one: by the id of that one, ascending by their own."""
    users: dict[int, list[Live]] = defaultdict(list)
    for channel in index.by_id.values():
        for used in find_inputs(channel.formulas):
            users[used].append(channel)
    return dict(users)


def find_inputs(formulas: Iterable[str]) -> tuple[int, ...]:
    """The ids of the channels that `formulas` use, in order of appearance, each once."""
    texts = [reference for formula in formulas for reference in find_references(formula)]
    # Most channels have no formula.
    if not texts:
        return ()
    ids = (read_id(text) for text in texts)
    return tuple(dict.fromkeys(id_ for id_ in ids if id_ is not None))


def read_id(reference: str) -> int | None:
    """The id that stands in a `channel(…)`; None where it is a name."""
    return int(reference) if reference.isascii() and reference.isdigit() else None
