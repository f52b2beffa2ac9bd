"""Channels as EsaChannelResponse: the JSON text of each is kept in the store until something in it changes."""

from __future__ import annotations

import json
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.channel_table import read_channels
from reconciler.sandbox.choices import CalculatedInterval, IntervalUnit, ListShape, ReadLag
from reconciler.sandbox.formulas import find_references
from reconciler.sandbox.lag import read_lagging
from reconciler.sandbox.list_rows import shape_row
from reconciler.sandbox.summaries import find_evidence
from reconciler.sandbox.surroundings import read_context
from reconciler.sandbox.version_responses import version_responses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.sandbox.records import Channel
    from reconciler.sandbox.reference_table import Record
    from reconciler.sandbox.settings import Settings
    from reconciler.sandbox.store import Store
    from reconciler.sandbox.surroundings import ResponseContext

# So few are made faster than kept.
_FEW = 10


def render_channel(store: Store, settings: Settings, channel_id: int) -> str:
    """The EsaChannelResponse of a stored channel as JSON text."""
    return render_channels(store, settings, (channel_id,))[0]


def render_channels(
    store: Store, settings: Settings, channel_ids: Sequence[int], shape: ListShape = ListShape.FULL
) -> list[str]:
    """The EsaChannelResponse of each stored channel as JSON text, in the order of the ids."""
    view = _view(settings, shape)
    wanted = json.dumps(list(channel_ids))
    known: dict[int, str] = dict(
        store.connection.execute(
            "SELECT channel_id, text FROM rendered WHERE view = ? AND channel_id IN (SELECT value FROM json_each(?))",
            (view, wanted),
        )
    )
    missing = [channel_id for channel_id in channel_ids if channel_id not in known]
    if len(missing) > _FEW:
        # Read and kept in one transaction, lest a text outlives a write that came between.
        with store.writing():
            texts = _render(store, settings, read_channels(store, missing), shape)
            rows = [(channel_id, view, text) for channel_id, text in texts.items()]
            store.connection.executemany("INSERT OR REPLACE INTO rendered VALUES (?, ?, ?)", rows)
        known |= texts
    elif missing:
        with store.reading():
            known |= _render(store, settings, read_channels(store, missing), shape)
    return [known[channel_id] for channel_id in channel_ids]


def render_for_read(
    store: Store, settings: Settings, channel_ids: Sequence[int], shape: ListShape = ListShape.FULL
) -> list[str]:
    """What a read shows of each channel: as `render_channels`, but for those that lag behind."""
    texts = render_channels(store, settings, channel_ids, shape)
    if settings.read_lag is ReadLag.NONE:
        return texts
    former = _render(store, settings, read_lagging(store, channel_ids), shape)
    return [former.get(channel_id, text) for channel_id, text in zip(channel_ids, texts, strict=True)]


@lru_cache
def _view(settings: Settings, shape: ListShape) -> str:
    # Of all settings, lest one that counts is forgotten.
    return sha256(f"{settings} {shape}".encode()).hexdigest()[:16]


def _render(store: Store, settings: Settings, channels: Mapping[int, Channel], shape: ListShape) -> dict[int, str]:
    context = read_context(store, settings, channels.values())
    return {
        channel_id: json.dumps(shape_row(_channel_response(channel, context), shape))
        for channel_id, channel in channels.items()
    }


def _channel_response(channel: Channel, context: ResponseContext) -> dict[str, Any]:
    settings, evidence = channel.settings, find_evidence(channel, context)
    data_point = context.data_points[channel.data_point_id]
    return {
        **json.loads(channel.unknown),
        "channelDescription": settings.description,
        "channelId": channel.channel_id,
        "channelImportId": settings.import_id,
        "channelInfo": settings.name,
        "dataPoint": data_point.record | {"isDataRolledUp": context.rolled_up.get(channel.data_point_id, False)},
        "firstReadingDate": evidence.first_date,
        "hasReadings": evidence.has_readings,
        "interval": _interval(channel, context),
        "isCalculated": settings.is_calculated,
        "isCalculatedConvertible": not evidence.has_readings and _is_convertible(channel, context),
        "isPrimaryDemand": settings.is_primary_demand,
        "isPrimaryValue": settings.is_primary_value,
        "lastReadingDate": evidence.last_date,
        "lastReadingValue": json.loads(evidence.last_value or "null"),
        "meter": data_point.meter,
        "observationType": _child(context.observation_types[settings.observation_type_id], _TYPE_CHILD),
        "summarizationMethod": context.summarization_methods[settings.summarization_method_id],
        "channelVersions": version_responses(channel, context),
    }


_TYPE_CHILD = ("credit", "nounCode", "nounId", "observationTypeCode", "observationTypeId", "observationTypeInfo")


def _child(record: Record, properties: tuple[str, ...]) -> Record:
    return {name: record.get(name) for name in properties}


def _interval(channel: Channel, context: ResponseContext) -> int | None:
    minutes = channel.settings.interval_minutes
    if channel.settings.is_calculated and context.settings.calculated_interval == CalculatedInterval.DERIVED:
        minutes = max(_input_intervals(channel, context), default=None)
    if minutes is None or context.settings.interval_unit == IntervalUnit.MINUTES:
        return minutes
    return minutes * 60


def _input_intervals(channel: Channel, context: ResponseContext) -> list[int]:
    used = {one for version in channel.versions for one in find_references(version.settings.formula)}
    return [
        minutes for one in used if one in context.inputs and (minutes := context.inputs[one].settings.interval_minutes)
    ]


def _is_convertible(channel: Channel, context: ResponseContext) -> bool:
    """`[PUT]` isCalculatedConvertible of a channel without readings, for the direction it can go."""
    return channel.settings.is_calculated or (len(channel.versions) == 1 and channel.channel_id not in context.used)
