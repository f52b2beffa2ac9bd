"""Finds the channel that a group of readings means.

Documented: the six steps of "Channel Identification" on the page of POST /api/v3/reading. Not documented, and so
decided here: a direct pointer that matches nothing is an error, not a reason to look further; so is a step that leaves
nothing, and one that its property is missing for; of several direct pointers the first counts and the others are not
compared; texts compare exactly; the meter's import id is that of the data point, the only one responses show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox.channel_table import find_by_import_id, read_channels, read_data_point_channels
from reconciler.sandbox.reference_table import ReferenceKind, read_record

if TYPE_CHECKING:
    from reconciler.sandbox.reading_bodies import SentGroup
    from reconciler.sandbox.records import Channel
    from reconciler.sandbox.store import Store


class UnresolvedError(Exception):
    """A group leads to no single channel; the text says at which step it ended."""


def resolve_channel(store: Store, group: SentGroup) -> Channel:
    """The channel that the group's identifiers lead to. Raises `UnresolvedError`."""
    if group.channel_id is not None:
        by_id = read_channels(store, (group.channel_id,))
        return _single(tuple(by_id.values()), f"the id {group.channel_id}")
    if group.channel_import_id is not None:
        return _single(find_by_import_id(store, group.channel_import_id), f"the import id {group.channel_import_id!r}")
    if group.parent_import_id is not None:
        return _resolve_by_steps(store, group, group.parent_import_id)
    raise UnresolvedError("the group names no channel, meter or data point")


def _resolve_by_steps(store: Store, group: SentGroup, parent_import_id: str) -> Channel:
    remaining = _read_parent_channels(store, parent_import_id)
    description = [f"the meter {parent_import_id!r}"]
    steps = (
        ("observation type", group.observation_type_code, _observation_type_code),
        ("unit", group.unit_code, _unit_code),
        ("interval", group.interval_seconds, _interval_seconds),
    )
    for word, wanted, value_of in steps:
        if len(remaining) <= 1:
            break
        description.append(f"{word} {wanted!r}")
        remaining = tuple(channel for channel in remaining if wanted is not None and value_of(store, channel) == wanted)
    return _single(remaining, ", ".join(description))


def _read_parent_channels(store: Store, import_id: str) -> tuple[Channel, ...]:
    rows = store.connection.execute(
        "SELECT id FROM data_points WHERE json_extract(record, '$.dataPointImportId') = ? ORDER BY id", (import_id,)
    )
    return tuple(channel for row in rows.fetchall() for channel in read_data_point_channels(store, row[0]))


def _single(found: tuple[Channel, ...], description: str) -> Channel:
    match found:
        case (channel,):
            return channel
        case ():
            raise UnresolvedError(f"no channel has {description}")
        case _:
            raise UnresolvedError(f"{len(found)} channels have {description}")


def _observation_type_code(store: Store, channel: Channel) -> object:
    record = read_record(store, ReferenceKind.OBSERVATION_TYPES, channel.settings.observation_type_id)
    return (record or {}).get("observationTypeCode")


def _unit_code(store: Store, channel: Channel) -> object:
    # The page says "output unit"; of several versions the latest has it.
    record = read_record(store, ReferenceKind.UNITS, channel.versions[-1].settings.unit_id)
    return (record or {}).get("unitCode")


def _interval_seconds(_store: Store, channel: Channel) -> object:
    minutes = channel.settings.interval_minutes
    return None if minutes is None else minutes * 60
