"""Stored channels as EsaChannelResponse, with their versions.

The JSON text of each channel is kept in the store until something in it changes.

Documented: for a calculated channel the first and last dates are those of its summarized readings, and a summarized
reading is at the end of its interval. Not documented, and so decided here: a calculated channel has summarized readings
if all channels in its formula have readings, and lastReadingValue remains that of the world.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.sandbox.formulas import find_references, resolve_references
from reconciler.sandbox.properties import (
    CHANNEL_PROPERTIES,
    FLOOR_DATE,
    UNIT,
    VERSION_PROPERTIES,
    ReferenceKind,
    list_record_ids,
)
from reconciler.sandbox.reading_settings import CalculatedReadings
from reconciler.sandbox.settings import (
    CalculatedInterval,
    FirstVersionBeginDate,
    FormulaText,
    IntervalUnit,
    ListShape,
    NullFormula,
    ReadLag,
    VersionDates,
)
from reconciler.sandbox.store import SETTING
from reconciler.sandbox.tables import Evidence, find_zone, read_channels, read_data_points, read_lagging, read_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from reconciler.sandbox.properties import ChannelSettings, Property, VersionSettings
    from reconciler.sandbox.settings import Settings
    from reconciler.sandbox.store import Store
    from reconciler.sandbox.tables import Channel, DataPoint, Record, Version


class ResponseContext(Struct, frozen=True):
    """What the responses of a batch of channels show besides the channels themselves."""

    settings: Settings
    records: Mapping[ReferenceKind, Mapping[int, Record]]
    data_points: Mapping[int, DataPoint]
    rolled_up: Mapping[int, bool]
    inputs: Mapping[int, Channel]
    used: frozenset[int]


def read_context(store: Store, settings: Settings, channels: Iterable[Channel]) -> ResponseContext:
    """What the responses of these channels show besides them."""
    channels = tuple(channels)
    points = {channel.data_point_id for channel in channels}
    ids: dict[ReferenceKind, set[int]] = {kind: set() for kind in ReferenceKind}
    for kind, record_id in _find_ids(channels):
        ids[kind].add(record_id)
    return ResponseContext(
        settings=settings,
        records={kind: read_records(store, kind, wanted) for kind, wanted in ids.items()},
        data_points=read_data_points(store, points),
        rolled_up=_find_rolled_up(store, points),
        inputs=_read_inputs(store, channels),
        used=_find_used(store, [channel.channel_id for channel in channels]),
    )


def _find_ids(channels: Iterable[Channel]) -> Iterator[tuple[ReferenceKind, int]]:
    """The kind and id of each record that channels and their versions refer to."""
    for channel in channels:
        yield from list_record_ids(CHANNEL_PROPERTIES, channel.settings)
        for version in channel.versions:
            yield from list_record_ids(VERSION_PROPERTIES, version.settings)


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


_SELECT_ROLLED_UP = f"""
SELECT data_point_id, lower(json_extract(record, '$.summarizationMethodInfo')) = 'sum' FROM channels
JOIN summarization_methods ON id = {SETTING.format("summarizationMethodId")}
WHERE {SETTING.format("isPrimaryValue")} AND data_point_id IN (SELECT value FROM json_each(?))
"""  # noqa: S608 - constants


def _find_rolled_up(store: Store, data_point_ids: set[int]) -> dict[int, bool]:
    """Whether the primary value channel's summarization is SUM, by data point: isDataRolledUp on the page of PUT."""
    rows = store.connection.execute(_SELECT_ROLLED_UP, (json.dumps(list(data_point_ids)),))
    return {row[0]: bool(row[1]) for row in rows}


def _find_used(store: Store, channel_ids: list[int]) -> frozenset[int]:
    rows = store.connection.execute(
        "SELECT DISTINCT input_id FROM formula_inputs WHERE input_id IN (SELECT value FROM json_each(?))",
        (json.dumps(channel_ids),),
    )
    return frozenset(row[0] for row in rows)


# A calculated meter names primary value channels, which may be calculated from simple ones.
_MAX_DEPTH = 3
_MINUTES_OF_A_DAY = 1440


def read_evidence(store: Store, settings: Settings, channel: Channel) -> Evidence:
    """The evidence of readings on a stored channel, summarized ones included."""
    return find_evidence(channel, read_context(store, settings, (channel,)))


def find_evidence(channel: Channel, context: ResponseContext, depth: int = 0) -> Evidence:
    """The evidence of readings on a channel, summarized ones included; its inputs are in `context`."""
    is_without = context.settings.calculated_readings is CalculatedReadings.NONE
    if is_without or not channel.settings.is_calculated or channel.evidence.has_readings or depth > _MAX_DEPTH:
        return channel.evidence
    references = {used for version in channel.versions for used in find_references(version.settings.formula)}
    inputs = [context.inputs[one] for one in references if one in context.inputs]
    found = [find_evidence(one, context, depth + 1) for one in inputs]
    if not references or len(inputs) < len(references) or not all(one.has_readings for one in found):
        return channel.evidence
    zone = find_zone(context.data_points.get(channel.data_point_id))
    # The help center: the interval of a calculated channel comes from its inputs, here the coarsest of them.
    minutes = max((one.settings.interval_minutes or 1 for one in inputs), default=1)
    first = max(_parse(one.first_date for one in found), default=None)
    last = min(_parse(one.last_date for one in found), default=None)
    return Evidence(
        has_readings=True,
        first_date=_end_of_interval(first, zone, minutes),
        last_date=_end_of_interval(last, zone, minutes),
    )


def _parse(dates: Iterable[str | None]) -> list[datetime]:
    return [datetime.fromisoformat(date) for date in dates if date is not None]


def _end_of_interval(time: datetime | None, zone: tzinfo, minutes: int) -> str | None:
    if time is None:
        return None
    # The help center's example: a reading at 12:24 goes to the five minutes that end at 12:25.
    local = time.astimezone(zone).replace(tzinfo=None)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    step = timedelta(minutes=min(minutes, _MINUTES_OF_A_DAY))
    end = midnight + -((midnight - local) // step) * step
    return end.replace(tzinfo=zone).isoformat()


_BOUNDS = ("offset", "minimumReading", "maximumReading")
_FLAGS = ("isCalculated", "isPrimaryValue", "isPrimaryDemand")


def shape_row(response: Record, shape: ListShape) -> Record:
    """The response of a channel as a row of the list has it."""
    match shape:
        case ListShape.FULL:
            return response
        case ListShape.WITHOUT_VERSIONS:
            return _without(response, ("channelVersions",))
        case ListShape.WITHOUT_FLAGS:
            return _without(response, _FLAGS)
        case ListShape.WITHOUT_BOUNDS:
            versions: list[Record] = [_without(version, _BOUNDS) for version in response["channelVersions"]]
        case ListShape.NULL_BOUNDS:
            versions = [version | dict.fromkeys(_BOUNDS) for version in response["channelVersions"]]
    return response | {"channelVersions": versions}


def _without(record: Record, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


def version_responses(channel: Channel, context: ResponseContext) -> list[dict[str, Any]]:
    """The versions of a channel, the earliest first."""
    zone = find_zone(context.data_points[channel.data_point_id])
    # No body has an endDate: a version ends where the next one begins.
    beginnings = [version.settings.begin_date for version in channel.versions]
    first = _open_beginning(context.settings) if beginnings[0] is None else beginnings[0]
    dates = [_format_date(date, zone, context.settings) for date in (first, *beginnings[1:], None)]
    return [
        _version_response(version, context) | {"beginDate": dates[place], "endDate": dates[place + 1]}
        for place, version in enumerate(channel.versions)
    ]


def unit_child(unit: Record) -> Record:
    """A unit as responses show it inside other objects."""
    return _child(unit, UNIT.shown)


def _version_response(version: Version, context: ResponseContext) -> dict[str, Any]:
    settings = version.settings
    return {
        **json.loads(version.unknown),
        "channelVersionId": version.version_id,
        **{one.response[0]: _show(one, settings, context) for one in VERSION_PROPERTIES},
        **_formula(settings.formula, context),
    }


def _show(one: Property, settings: ChannelSettings | VersionSettings, context: ResponseContext) -> Any:
    """What a response has at the first key of the path of a property."""
    value = getattr(settings, one.attribute)
    if one.traits.shown is not None:
        return one.traits.shown(value, settings, context.settings)
    reference = one.traits.reference
    if reference is None or value is None:
        return value
    record = context.records[reference.kind][value]
    return _child(record, reference.shown) if reference.shown else record


def _child(record: Record, properties: tuple[str, ...]) -> Record:
    return {name: record.get(name) for name in properties}


def _format_date(date: str | None, zone: tzinfo, settings: Settings) -> str | None:
    if date is None or settings.version_dates is VersionDates.NAIVE:
        return date
    if settings.version_dates is VersionDates.Z_WALL_TIME:
        return f"{date}Z"
    local = datetime.fromisoformat(date).replace(tzinfo=zone)
    if settings.version_dates is VersionDates.OFFSET:
        return local.isoformat()
    return f"{local.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def _formula(formula: str | None, context: ResponseContext) -> dict[str, str | None]:
    if formula is None:
        formula = "" if context.settings.null_formula is NullFormula.EMPTY else None
        return {"formula": formula, "resolvedFormula": formula}
    if context.settings.formula_text is FormulaText.STRIPPED:
        formula = "".join(formula.split())

    def name_of(channel_id: int) -> str:
        channel = context.inputs.get(channel_id)
        return channel.settings.channel_info if channel else str(channel_id)

    return {"formula": formula, "resolvedFormula": resolve_references(formula, name_of)}


def _open_beginning(settings: Settings) -> str | None:
    return FLOOR_DATE if settings.first_version_begin_date is FirstVersionBeginDate.FLOOR else None


# Rendering so few channels again is faster than storing their text.
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
        # One transaction: a write in between would leave the text of a channel that is out of date.
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
    """What a read shows of each channel: `render_channels`, except for reads that lag behind a write.

    A channel that this read does not show yet is left out.
    """
    if settings.read_lag is ReadLag.NONE:
        return render_channels(store, settings, channel_ids, shape)
    lagging = read_lagging(store, channel_ids)
    shown = [channel_id for channel_id in channel_ids if lagging.get(channel_id, channel_id) is not None]
    texts = render_channels(store, settings, shown, shape)
    former = _render(store, settings, {id_: channel for id_, channel in lagging.items() if channel}, shape)
    return [former.get(channel_id, text) for channel_id, text in zip(shown, texts, strict=True)]


@lru_cache
def _view(settings: Settings, shape: ListShape) -> str:
    # All settings, so that none of those that change a response can be forgotten.
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
        "channelId": channel.channel_id,
        **{one.response[0]: _show(one, settings, context) for one in CHANNEL_PROPERTIES},
        "dataPoint": data_point.record | {"isDataRolledUp": context.rolled_up.get(channel.data_point_id, False)},
        "firstReadingDate": evidence.first_date,
        "hasReadings": evidence.has_readings,
        "interval": _interval(channel, context),
        "isCalculatedConvertible": not evidence.has_readings and _is_convertible(channel, context),
        "lastReadingDate": evidence.last_date,
        "lastReadingValue": json.loads(evidence.last_value or "null"),
        "meter": data_point.meter,
        "channelVersions": version_responses(channel, context),
    }


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
    """isCalculatedConvertible, by the page of PUT, of a channel without readings, for its one possible direction."""
    return channel.settings.is_calculated or (len(channel.versions) == 1 and channel.channel_id not in context.used)
