"""Channels of a world: EsaChannelResponse in, stored channels out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.bodies import Body, Presence
from reconciler.sandbox.records import (
    FLOOR_DATE,
    INTERVALS,
    OBSERVATION_RULES,
    TRIP,
    Channel,
    ChannelSettings,
    Evidence,
    Version,
    VersionSettings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHANNEL_PROPERTIES = frozenset(
    {
        "channelDescription",
        "channelId",
        "channelImportId",
        "channelInfo",
        "channelVersions",
        "dataPoint",
        "firstReadingDate",
        "hasReadings",
        "interval",
        "isCalculated",
        "isCalculatedConvertible",
        "isPrimaryDemand",
        "isPrimaryValue",
        "lastReadingDate",
        "lastReadingValue",
        "meter",
        "observationType",
        "summarizationMethod",
    }
)
_VERSION_PROPERTIES = frozenset(
    {
        "beginDate",
        "channelVersionId",
        "endDate",
        "formula",
        "isValuePositive",
        "maximumReading",
        "minimumReading",
        "multiplier",
        "observationRule",
        "offset",
        "resolvedFormula",
        "rollbackAllowance",
        "rolloverValue",
        "unit",
    }
)


def read_world_channel(body: Body) -> Channel:
    """The channel in an EsaChannelResponse; what is wrong with it goes to the violations of `body`."""
    return Channel(
        channel_id=body.integer("channelId", Presence.REQUIRED) or 0,
        data_point_id=_read_id(body, "dataPoint", "dataPointId"),
        settings=_read_settings(body),
        versions=_read_versions(body),
        evidence=_read_evidence(body),
        unknown=_unknown(body.values, _CHANNEL_PROPERTIES),
    )


def _read_settings(body: Body) -> ChannelSettings:
    is_calculated = body.boolean("isCalculated") or False
    return ChannelSettings(
        description=body.text("channelDescription"),
        import_id=body.text("channelImportId"),
        name=body.text("channelInfo", presence=Presence.REQUIRED) or "",
        # A calculated channel's interval is derived from its inputs whenever it is answered.
        interval_minutes=None if is_calculated else _to_minutes(body.integer("interval")),
        is_calculated=is_calculated,
        is_primary_demand=body.boolean("isPrimaryDemand") or False,
        is_primary_value=body.boolean("isPrimaryValue") or False,
        observation_type_id=_read_id(body, "observationType", "observationTypeId"),
        summarization_method_id=_read_id(body, "summarizationMethod", "summarizationMethodId"),
    )


def _to_minutes(interval: int | None) -> int | None:
    # Whether the service answers minutes or seconds is not known; the two sets have no number in common.
    in_seconds = interval is not None and interval not in INTERVALS and interval // 60 in INTERVALS
    return interval // 60 if interval is not None and in_seconds else interval


def _read_evidence(body: Body) -> Evidence:
    last_value = body.child("lastReadingValue")
    return Evidence(
        has_readings=body.boolean("hasReadings") or False,
        first_date=body.text("firstReadingDate"),
        last_date=body.text("lastReadingDate"),
        last_value=None if last_value is None else json.dumps(last_value.values),
    )


def _read_versions(body: Body) -> tuple[Version, ...]:
    versions = sorted(
        (_read_version(child) for child in body.children("channelVersions")),
        key=lambda version: version.settings.begin_date or "",
    )
    if not versions:
        body.add_violation("channelVersions", "must hold at least one version")
    beginnings = {version.settings.begin_date for version in versions}
    if len(beginnings) < len(versions):
        body.add_violation("channelVersions", "must not begin at the same time")
    return tuple(versions)


def _read_version(body: Body) -> Version:
    rule = _read_id(body, "observationRule", "observationRuleId") or TRIP
    if rule not in OBSERVATION_RULES:
        body.add_violation("observationRule.observationRuleId", "must be 1 (Odometer) or 2 (Trip)")
    begin_date = body.local_time("beginDate")
    return Version(
        version_id=body.integer("channelVersionId", Presence.REQUIRED) or 0,
        settings=VersionSettings(
            begin_date=None if begin_date == FLOOR_DATE else begin_date,
            formula=body.text("formula"),
            is_value_positive=body.boolean("isValuePositive") or False,
            maximum_reading=body.double("maximumReading"),
            minimum_reading=body.double("minimumReading"),
            multiplier=body.double("multiplier", Presence.REQUIRED) or 0.0,
            observation_rule_id=rule,
            offset=body.double("offset"),
            rollback_allowance=body.double("rollbackAllowance"),
            rollover_value=body.double("rolloverValue"),
            unit_id=_read_id(body, "unit", "unitId"),
        ),
        unknown=_unknown(body.values, _VERSION_PROPERTIES),
    )


def _read_id(body: Body, name: str, id_name: str) -> int:
    if body.is_null(name):
        body.add_violation(name, "is required")
    child = body.child(name)
    return 0 if child is None else child.integer(id_name, Presence.REQUIRED) or 0


def _unknown(values: Mapping[str, Any], known: frozenset[str]) -> str:
    return json.dumps({name: value for name, value in values.items() if name not in known})
