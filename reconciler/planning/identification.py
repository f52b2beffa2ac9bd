"""The vendor's "Channel Identification" over an index of live channels."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.channels import is_new_id
from reconciler.model.fields import CHANNEL_IMPORT_ID, INTERVAL_MINUTES, OBSERVATION_TYPE_CODE, UNIT_CODE
from reconciler.model.formulas import find_references
from reconciler.model.identifiers import Resolution, ResolutionFailure, ResolutionStep

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.channels import Live
    from reconciler.model.identifiers import Identifiers
    from reconciler.model.values import Value


def resolve(identifiers: Identifiers, channels: Index) -> Resolution:
    """The one of `channels` that `identifiers` match, or the failure and the candidates, with every step taken.

    The first one given of channel id, channel import id and meter import id decides; the others of the three are
    ignored. The only channel of a meter matches whatever the other identifiers are. Codes and import ids are compared
    exactly, letter case included; an empty text counts as not given.

    Two things are not documented, and resolved strictly here: an identifier that matches nothing is not replaced by
    another one, and several channels are ambiguous if the next identifier to compare is not given, even if a later one
    is.
    Source: POST /api/v3/reading, "Channel Identification".
    """
    if identifiers.channel_id is not None:
        found = channels.by_id.get(identifiers.channel_id)
        return _conclude([(ResolutionStep.CHANNEL_ID, () if found is None else (found,))])
    if identifiers.channel_import_id:
        return _conclude(
            [(ResolutionStep.CHANNEL_IMPORT_ID, channels.by_import_id.get(identifiers.channel_import_id, ()))]
        )
    if identifiers.meter_import_id:
        return _conclude(_narrow(identifiers, channels.by_meter.get(identifiers.meter_import_id, ())))
    return Resolution(None, None, ResolutionFailure.NO_IDENTIFIER, (), ())


def _narrow(identifiers: Identifiers, on_meter: Sequence[Live]) -> list[tuple[ResolutionStep, Sequence[Live]]]:
    steps: list[tuple[ResolutionStep, Sequence[Live]]] = [(ResolutionStep.ONLY_CHANNEL, on_meter)]
    left = on_meter
    for step, path, wanted in _compared(identifiers):
        if len(left) <= 1 or not wanted:
            break
        # A value that could not be read may match, so its channel stays a candidate.
        left = [channel for channel in left if channel.values.get(path) == wanted or path in channel.unread]
        steps.append((step, left))
    return steps


def _compared(identifiers: Identifiers) -> tuple[tuple[ResolutionStep, str, Value], ...]:
    seconds = identifiers.interval_seconds
    return (
        (ResolutionStep.OBSERVATION_TYPE_CODE, OBSERVATION_TYPE_CODE, identifiers.observation_type_code),
        (ResolutionStep.UNIT_CODE, UNIT_CODE, identifiers.unit_code),
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
    """Live channels by each identifier; several with the same one are ascending by id.

    `by_meter` goes by the import id of the data point, which the readings API calls that of the meter. `flawed` are the
    channels that could not be read in full.
    """

    by_id: Mapping[int, Live]
    by_import_id: Mapping[str, Sequence[Live]]
    by_meter: Mapping[str, Sequence[Live]]
    by_data_point: Mapping[int, Sequence[Live]]
    flawed: Sequence[Live] = ()


def make_index(channels: Iterable[Live]) -> Index:
    """The index of `channels`, the same whatever their order."""
    # Sorted, so that candidates are listed in the same order in every run.
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


def add_new_channels(index: Index, channels: Iterable[Live]) -> Index:
    """`index` with `channels` that are yet to be created: by their ids and on their data points.

    Nothing identifies them before they exist.
    """
    by_id, by_data_point = dict(index.by_id), dict(index.by_data_point)
    for channel in channels:
        by_id[channel.id] = channel
        by_data_point[channel.data_point.id] = [*by_data_point.get(channel.data_point.id, ()), channel]
    return replace(index, by_id=by_id, by_data_point=by_data_point)


def index_again(channels: Iterable[Live]) -> Index:
    """The index of `channels` as just read, with those among them that are yet to be created as `add_new_channels`."""
    read = tuple(channels)
    index = make_index(live for live in read if not is_new_id(live.id))
    new = [live for live in read if is_new_id(live.id)]
    return add_new_channels(index, new) if new else index


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


# No 64-bit number has more digits, and Python refuses to convert more than 4300.
_MOST_DIGITS = 20


def read_id(reference: str) -> int | None:
    """The id in a `channel(…)`; None if it is a name."""
    is_id = reference.isascii() and reference.isdigit() and len(reference) <= _MOST_DIGITS
    return int(reference) if is_id else None
