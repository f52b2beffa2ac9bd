"""Versions as EsaChannelVersionResponse."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.choices import (
    FirstVersionBeginDate,
    FormulaText,
    NullFormula,
    NullOffset,
    TripRegister,
    VersionDates,
)
from reconciler.sandbox.formulas import resolve_references
from reconciler.sandbox.records import (
    DEFAULT_ROLLBACK_ALLOWANCE,
    DEFAULT_ROLLOVER_VALUE,
    FLOOR_DATE,
    OBSERVATION_RULES,
    TRIP,
)
from reconciler.sandbox.zones import find_zone

if TYPE_CHECKING:
    from datetime import tzinfo

    from reconciler.sandbox.records import Channel, Version, VersionSettings
    from reconciler.sandbox.reference_table import Record
    from reconciler.sandbox.settings import Settings
    from reconciler.sandbox.surroundings import ResponseContext

_UNIT_CHILD = ("unitCode", "unitId", "unitInfo")
# rolloverValue and rollbackAllowance.
_TRIP_REGISTERS: dict[TripRegister, tuple[float | None, float | None]] = {
    TripRegister.NULL: (None, None),
    TripRegister.DEFAULTS: (DEFAULT_ROLLOVER_VALUE, DEFAULT_ROLLBACK_ALLOWANCE),
    TripRegister.ZERO: (0.0, 0.0),
}


def version_responses(channel: Channel, context: ResponseContext) -> list[dict[str, Any]]:
    """The versions of a channel, the earliest first."""
    zone = find_zone(context.data_points[channel.data_point_id])
    beginnings = [version.settings.begin_date for version in channel.versions]
    first = _open_beginning(context.settings) if beginnings[0] is None else beginnings[0]
    dates = [_format_date(date, zone, context.settings) for date in (first, *beginnings[1:], None)]
    return [
        _version_response(version, context) | {"beginDate": dates[place], "endDate": dates[place + 1]}
        for place, version in enumerate(channel.versions)
    ]


def unit_child(unit: Record) -> Record:
    """A unit as responses show it inside other objects."""
    return {name: unit.get(name) for name in _UNIT_CHILD}


def _version_response(version: Version, context: ResponseContext) -> dict[str, Any]:
    settings = version.settings
    rollover, rollback = _register(settings, context.settings)
    return {
        **json.loads(version.unknown),
        "beginDate": None,
        "channelVersionId": version.version_id,
        "endDate": None,
        **_formula(settings.formula, context),
        "isValuePositive": settings.is_value_positive,
        "maximumReading": settings.maximum_reading,
        "minimumReading": settings.minimum_reading,
        "multiplier": settings.multiplier,
        "observationRule": _observation_rule(settings.observation_rule_id),
        "offset": _offset(settings.offset, context.settings),
        "rollbackAllowance": rollback,
        "rolloverValue": rollover,
        "unit": unit_child(context.units[settings.unit_id]),
    }


def _register(version: VersionSettings, settings: Settings) -> tuple[float | None, float | None]:
    rollover, rollback = version.rollover_value, version.rollback_allowance
    if version.observation_rule_id != TRIP:
        return rollover, rollback
    plain = _TRIP_REGISTERS[settings.trip_register]
    return plain[0] if rollover is None else rollover, plain[1] if rollback is None else rollback


def _offset(offset: float | None, settings: Settings) -> float | None:
    return 0.0 if offset is None and settings.null_offset is NullOffset.ZERO else offset


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
        return channel.settings.name if channel else str(channel_id)

    return {"formula": formula, "resolvedFormula": resolve_references(formula, name_of)}


def _open_beginning(settings: Settings) -> str | None:
    return FLOOR_DATE if settings.first_version_begin_date is FirstVersionBeginDate.FLOOR else None


def _observation_rule(rule_id: int) -> Record:
    name = OBSERVATION_RULES[rule_id]
    return {"observationRuleCode": name, "observationRuleId": rule_id, "observationRuleInfo": name}
