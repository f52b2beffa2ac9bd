"""Channels as EsaChannelResponse: the JSON text of each is kept in the store until something in it changes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.channel_table import read_channels
from reconciler.sandbox.choices import CalculatedInterval, FirstVersionBeginDate, FormulaText, IntervalUnit
from reconciler.sandbox.formulas import find_references, resolve_references
from reconciler.sandbox.records import OBSERVATION_RULES
from reconciler.sandbox.reference_table import Kind, read_data_points, read_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.sandbox.records import Channel, Version
    from reconciler.sandbox.reference_table import DataPoint, Record
    from reconciler.sandbox.settings import Settings
    from reconciler.sandbox.store import Store

# The legacy API's earliest date: a plausible echo of "from the beginning".
FLOOR_DATE = "1899-12-30T00:00:00"

# So few are made faster than kept.
_FEW = 10


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """All that the responses of a batch of channels show besides the channels themselves."""

    settings: Settings
    units: Mapping[int, Record]
    observation_types: Mapping[int, Record]
    summarization_methods: Mapping[int, Record]
    data_points: Mapping[int, DataPoint]
    rolled_up: Mapping[int, bool]
    inputs: Mapping[int, tuple[str, int | None]]
    used: frozenset[int]


def render_channel(store: Store, settings: Settings, channel_id: int) -> str:
    """The EsaChannelResponse of a stored channel as JSON text."""
    return render_channels(store, settings, (channel_id,))[0]


def render_channels(
    store: Store, settings: Settings, channel_ids: Sequence[int], *, with_versions: bool = True
) -> list[str]:
    """The EsaChannelResponse of each stored channel as JSON text, in the order of the ids."""
    view = _view(settings, with_versions=with_versions)
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
            texts = _render(store, settings, missing, with_versions=with_versions)
            rows = [(channel_id, view, text) for channel_id, text in texts.items()]
            store.connection.executemany("INSERT OR REPLACE INTO rendered VALUES (?, ?, ?)", rows)
        known |= texts
    elif missing:
        with store.reading():
            known |= _render(store, settings, missing, with_versions=with_versions)
    return [known[channel_id] for channel_id in channel_ids]


def render_version(store: Store, settings: Settings, channel_id: int, version_id: int) -> dict[str, Any] | None:
    """One EsaChannelVersionResponse out of its channel's response, or None."""
    versions = json.loads(render_channel(store, settings, channel_id))["channelVersions"]
    return next((version for version in versions if version["channelVersionId"] == version_id), None)


def _view(settings: Settings, *, with_versions: bool) -> str:
    return (
        f"{settings.interval_unit} {settings.calculated_interval} {settings.first_version_begin_date} "
        f"{settings.formula_text} {with_versions}"
    )


def _render(store: Store, settings: Settings, channel_ids: list[int], *, with_versions: bool) -> dict[int, str]:
    channels = read_channels(store, channel_ids)
    around = _gather(store, settings, channels.values())
    texts = {}
    for channel_id, channel in channels.items():
        response = _channel_response(channel, around)
        if with_versions:
            response["channelVersions"] = _version_responses(channel, around)
        texts[channel_id] = json.dumps(response)
    return texts


def _gather(store: Store, settings: Settings, channels: Iterable[Channel]) -> _Surroundings:
    channels = tuple(channels)
    points = {channel.data_point_id for channel in channels}
    versions = [version.settings for channel in channels for version in channel.versions]
    inputs = read_channels(store, {used for version in versions for used in find_references(version.formula)})
    types = {channel.settings.observation_type_id for channel in channels}
    methods = {channel.settings.summarization_method_id for channel in channels}
    return _Surroundings(
        settings=settings,
        units=read_records(store, Kind.UNITS, {version.unit_id for version in versions}),
        observation_types=read_records(store, Kind.OBSERVATION_TYPES, types),
        summarization_methods=read_records(store, Kind.SUMMARIZATION_METHODS, methods),
        data_points=read_data_points(store, points),
        rolled_up=_find_rolled_up(store, points),
        inputs={one.channel_id: (one.settings.name, one.settings.interval_minutes) for one in inputs.values()},
        used=_find_used(store, [channel.channel_id for channel in channels]),
    )


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


def _channel_response(channel: Channel, around: _Surroundings) -> dict[str, Any]:
    settings, evidence = channel.settings, channel.evidence
    data_point = around.data_points[channel.data_point_id]
    return {
        **json.loads(channel.unknown),
        "channelDescription": settings.description,
        "channelId": channel.channel_id,
        "channelImportId": settings.import_id,
        "channelInfo": settings.name,
        "dataPoint": data_point.record | {"isDataRolledUp": around.rolled_up.get(channel.data_point_id, False)},
        "firstReadingDate": evidence.first_date,
        "hasReadings": evidence.has_readings,
        "interval": _interval(channel, around),
        "isCalculated": settings.is_calculated,
        "isCalculatedConvertible": _is_convertible(channel, around),
        "isPrimaryDemand": settings.is_primary_demand,
        "isPrimaryValue": settings.is_primary_value,
        "lastReadingDate": evidence.last_date,
        "lastReadingValue": json.loads(evidence.last_value or "null"),
        "meter": data_point.meter,
        "observationType": _child(around.observation_types[settings.observation_type_id], _TYPE_CHILD),
        "summarizationMethod": around.summarization_methods[settings.summarization_method_id],
    }


_TYPE_CHILD = ("credit", "nounCode", "nounId", "observationTypeCode", "observationTypeId", "observationTypeInfo")
_UNIT_CHILD = ("unitCode", "unitId", "unitInfo")


def _child(record: Record, properties: tuple[str, ...]) -> Record:
    return {name: record.get(name) for name in properties}


def unit_child(unit: Record) -> Record:
    """A unit as responses show it inside other objects."""
    return _child(unit, _UNIT_CHILD)


def _interval(channel: Channel, around: _Surroundings) -> int | None:
    minutes = channel.settings.interval_minutes
    if channel.settings.is_calculated and around.settings.calculated_interval == CalculatedInterval.DERIVED:
        minutes = max(_input_intervals(channel, around), default=None)
    if minutes is None or around.settings.interval_unit == IntervalUnit.MINUTES:
        return minutes
    return minutes * 60


def _input_intervals(channel: Channel, around: _Surroundings) -> list[int]:
    used = {one for version in channel.versions for one in find_references(version.settings.formula)}
    return [minutes for one in used if one in around.inputs and (minutes := around.inputs[one][1])]


def _is_convertible(channel: Channel, around: _Surroundings) -> bool:
    """`[PUT]` isCalculatedConvertible, for the direction the channel can go."""
    if channel.evidence.has_readings:
        return False
    return channel.settings.is_calculated or (len(channel.versions) == 1 and channel.channel_id not in around.used)


def _version_responses(channel: Channel, around: _Surroundings) -> list[dict[str, Any]]:
    ends = [version.settings.begin_date for version in channel.versions[1:]]
    return [_version(version, end, around) for version, end in zip(channel.versions, [*ends, None], strict=True)]


def _version(version: Version, end_date: str | None, around: _Surroundings) -> dict[str, Any]:
    settings = version.settings
    return {
        **json.loads(version.unknown),
        "beginDate": settings.begin_date or _open_beginning(around.settings),
        "channelVersionId": version.version_id,
        "endDate": end_date,
        **_formula(settings.formula, around),
        "isValuePositive": settings.is_value_positive,
        "maximumReading": settings.maximum_reading,
        "minimumReading": settings.minimum_reading,
        "multiplier": settings.multiplier,
        "observationRule": _observation_rule(settings.observation_rule_id),
        "offset": settings.offset,
        "rollbackAllowance": settings.rollback_allowance,
        "rolloverValue": settings.rollover_value,
        "unit": unit_child(around.units[settings.unit_id]),
    }


def _formula(formula: str | None, around: _Surroundings) -> dict[str, str | None]:
    if formula is None:
        return {"formula": None, "resolvedFormula": None}
    if around.settings.formula_text == FormulaText.STRIPPED:
        formula = "".join(formula.split())

    def name_of(channel_id: int) -> str:
        return around.inputs.get(channel_id, (str(channel_id), None))[0]

    return {"formula": formula, "resolvedFormula": resolve_references(formula, name_of)}


def _open_beginning(settings: Settings) -> str | None:
    return FLOOR_DATE if settings.first_version_begin_date == FirstVersionBeginDate.FLOOR else None


def _observation_rule(rule_id: int) -> Record:
    name = OBSERVATION_RULES[rule_id]
    return {"observationRuleCode": name, "observationRuleId": rule_id, "observationRuleInfo": name}
