"""Live channels by what points at them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.fields import CHANNEL_IMPORT_ID
from reconciler.model.formulas import find_references

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.channels import Live


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
