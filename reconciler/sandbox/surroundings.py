"""What the response of a channel shows besides the channel itself, read for many channels at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.sandbox.channel_table import read_channels
from reconciler.sandbox.formulas import find_references
from reconciler.sandbox.reference_table import ReferenceKind, read_data_points, read_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.sandbox.records import Channel
    from reconciler.sandbox.reference_table import DataPoint, Record
    from reconciler.sandbox.settings import Settings
    from reconciler.sandbox.store import Store


class ResponseContext(Struct, frozen=True):
    """All that the responses of a batch of channels show besides the channels themselves."""

    settings: Settings
    units: Mapping[int, Record]
    observation_types: Mapping[int, Record]
    summarization_methods: Mapping[int, Record]
    data_points: Mapping[int, DataPoint]
    rolled_up: Mapping[int, bool]
    inputs: Mapping[int, Channel]
    used: frozenset[int]


def read_context(store: Store, settings: Settings, channels: Iterable[Channel]) -> ResponseContext:
    """The surroundings of these channels."""
    channels = tuple(channels)
    points = {channel.data_point_id for channel in channels}
    versions = [version.settings for channel in channels for version in channel.versions]
    types = {channel.settings.observation_type_id for channel in channels}
    methods = {channel.settings.summarization_method_id for channel in channels}
    return ResponseContext(
        settings=settings,
        units=read_records(store, ReferenceKind.UNITS, {version.unit_id for version in versions}),
        observation_types=read_records(store, ReferenceKind.OBSERVATION_TYPES, types),
        summarization_methods=read_records(store, ReferenceKind.SUMMARIZATION_METHODS, methods),
        data_points=read_data_points(store, points),
        rolled_up=_find_rolled_up(store, points),
        inputs=_read_inputs(store, channels),
        used=_find_used(store, [channel.channel_id for channel in channels]),
    )


def _read_inputs(store: Store, channels: Iterable[Channel]) -> dict[int, Channel]:
    """The channels in the formulas of channels, and those in theirs."""
    inputs: dict[int, Channel] = {}
    found = channels
    while wanted := {
        used for channel in found for version in channel.versions for used in find_references(version.settings.formula)
    } - set(inputs):
        read = read_channels(store, wanted)
        found = read.values()
        inputs |= read
    return inputs


def _find_rolled_up(store: Store, data_point_ids: set[int]) -> dict[int, bool]:
    """Whether the primary value channel's summarization is SUM, by data point. `[PUT]` isDataRolledUp."""
    rows = store.connection.execute(
        "SELECT data_point_id, lower(json_extract(record, '$.summarizationMethodInfo')) = 'sum' FROM channels "
        "JOIN summarization_methods ON id = summarization_method_id "
        "WHERE is_primary_value AND data_point_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(data_point_ids)),),
    )
    return {row[0]: bool(row[1]) for row in rows}


def _find_used(store: Store, channel_ids: list[int]) -> frozenset[int]:
    rows = store.connection.execute(
        "SELECT DISTINCT input_id FROM formula_inputs WHERE input_id IN (SELECT value FROM json_each(?))",
        (json.dumps(channel_ids),),
    )
    return frozenset(row[0] for row in rows)
