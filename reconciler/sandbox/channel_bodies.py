"""The bodies EsaChannelEdit, EsaChannelCreate and EsaChannelVersionEdit, and every rule a body alone can break.

Source: the page of PUT /api/v202406/esachannel/{esaChannelId}. Not from there: what the pages leave open is a
setting; "Required" strings refuse "" and blanks, as the framework of the real service does; an absent
isValuePositive is false; the properties of a create that the page of the edit requires but the page of the create
does not (channelDescription, channelImportId, isCalculated, the primary flags) default to null and false.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, assert_never

from msgspec import Struct

from reconciler.sandbox.bodies import Body, Presence, bad_request, read_body
from reconciler.sandbox.channel_table import (
    DEFAULT_ROLLBACK_ALLOWANCE,
    DEFAULT_ROLLOVER_VALUE,
    FLOOR_DATE,
    INTERVALS,
    OBSERVATION_RULES,
    ODOMETER,
    TRIP,
    ChannelSettings,
    VersionSettings,
)
from reconciler.sandbox.settings import (
    EmptyText,
    MissingDefinedKey,
    MissingVersion,
    NullBoolean,
    OdometerNulls,
    OdometerOffset,
    TextBlanks,
)

if TYPE_CHECKING:
    from reconciler.sandbox.bodies import Violation
    from reconciler.sandbox.settings import Settings

_Value = TypeVar("_Value", str, bool)

_READING_BOUNDS = (-999999999999999, 999999999999999)
_FACTOR_BOUNDS = (-9999999999999, 9999999999999)
_ROLLOVER_BOUNDS = (0, 999999999999999)
_ROLLBACK_BOUNDS = (0, 1)


class ChannelEdit(Struct, frozen=True):
    """A body that breaks no rule of its own; `version` is None where the stored versions stay."""

    settings: ChannelSettings
    version: VersionSettings | None


def parse_channel_edit(value: Any, current: ChannelSettings, settings: Settings) -> ChannelEdit:
    """The EsaChannelEdit in a body for the channel that now has `current`. Raises `ApiError` with all violations."""
    violations: list[Violation] = []
    body = read_body(value, "", violations)
    reader = _DefinedReader(body, settings)
    edit = _parse_channel(
        body,
        settings,
        _DefinedValues(
            description=reader.text("channelDescription", current.description),
            import_id=reader.text("channelImportId", current.import_id),
            is_calculated=reader.boolean("isCalculated", current.is_calculated),
            is_primary_demand=reader.boolean("isPrimaryDemand", current.is_primary_demand),
            is_primary_value=reader.boolean("isPrimaryValue", current.is_primary_value),
        ),
    )
    if edit.version is None and settings.missing_version is MissingVersion.REJECT:
        body.add_violation("esaChannelVersion", "is required")
    if violations:
        raise bad_request(*violations)
    return edit


def parse_channel_create(value: Any, settings: Settings) -> tuple[int, ChannelEdit]:
    """The data point and the settings in an EsaChannelCreate. Raises `ApiError` with all violations."""
    violations: list[Violation] = []
    body = read_body(value, "", violations)
    data_point_id = body.integer("dataPointId", Presence.REQUIRED) or 0
    defined = _DefinedValues(
        description=body.text("channelDescription", longest=255),
        import_id=body.text("channelImportId", longest=255),
        is_calculated=body.boolean("isCalculated") or False,
        is_primary_demand=body.boolean("isPrimaryDemand") or False,
        is_primary_value=body.boolean("isPrimaryValue") or False,
    )
    edit = _parse_channel(body, settings, defined)
    if edit.version is None:
        body.add_violation("esaChannelVersion", "is required")
    if violations:
        raise bad_request(*violations)
    return data_point_id, edit


def parse_version_edit(value: Any, settings: Settings, *, is_calculated: bool) -> VersionSettings:
    """The EsaChannelVersionEdit in a body. Raises `ApiError` with all violations."""
    violations: list[Violation] = []
    version = _parse_version(read_body(value, "", violations), settings, is_calculated=is_calculated)
    if violations:
        raise bad_request(*violations)
    return version


def parse_version_create(value: Any, settings: Settings, *, is_calculated: bool) -> VersionSettings:
    """The EsaChannelVersionCreateWithBeginDate in a body, with its beginning. Raises `ApiError` with all violations."""
    violations: list[Violation] = []
    body = read_body(value, "", violations)
    version = _parse_version(body, settings, is_calculated=is_calculated)
    if body.is_null("beginDate"):
        body.add_violation("beginDate", "is required")
    if violations:
        raise bad_request(*violations)
    return version


class _DefinedValues(Struct, frozen=True):
    """The properties whose presence an edit and a create judge differently."""

    description: str | None
    import_id: str | None
    is_calculated: bool
    is_primary_demand: bool
    is_primary_value: bool


class _DefinedReader(Struct, frozen=True):
    """Reads "Required (defined)" properties: the key must be there, null is a value."""

    body: Body
    settings: Settings

    def text(self, name: str, current: str | None) -> str | None:
        if not self.body.has(name):
            return self._missing(name, current)
        return self.body.text(name, longest=255)

    def boolean(self, name: str, current: bool) -> bool:  # noqa: FBT001 - a value that flows, no switch
        if not self.body.is_null(name):
            return self.body.boolean(name) or False
        if not self.body.has(name) and self.settings.missing_defined_key is not MissingDefinedKey.SET_NULL:
            return self._missing(name, current) or False
        if self.settings.null_boolean is NullBoolean.REJECT:
            self.body.add_violation(name, "must be true or false, not null")
        return False

    def _missing(self, name: str, current: _Value | None) -> _Value | None:
        match self.settings.missing_defined_key:
            case MissingDefinedKey.REJECT:
                self.body.add_violation(name, "must be in the body")
                return None
            case MissingDefinedKey.KEEP:
                return current
            case MissingDefinedKey.SET_NULL:
                return None
            case never:
                assert_never(never)


def _parse_channel(body: Body, settings: Settings, defined: _DefinedValues) -> ChannelEdit:
    name = body.text("channelInfo", longest=50, presence=Presence.REQUIRED)
    if name is not None and not name.strip():
        body.add_violation("channelInfo", "is required")
    child = body.child("esaChannelVersion")
    return ChannelEdit(
        settings=ChannelSettings(
            description=_stored_text(defined.description, settings),
            import_id=_stored_text(defined.import_id, settings),
            name=_trimmed(name, settings) or "",
            interval_minutes=_parse_interval(body, is_calculated=defined.is_calculated),
            is_calculated=defined.is_calculated,
            is_primary_demand=defined.is_primary_demand,
            is_primary_value=defined.is_primary_value,
            observation_type_id=body.integer("observationTypeId", Presence.REQUIRED) or 0,
            summarization_method_id=body.integer("summarizationMethodId", Presence.REQUIRED) or 0,
        ),
        version=None if child is None else _parse_version(child, settings, is_calculated=defined.is_calculated),
    )


def _stored_text(text: str | None, settings: Settings) -> str | None:
    trimmed = _trimmed(text, settings)
    match settings.empty_text:
        case EmptyText.TO_EMPTY:
            return trimmed or ""
        case EmptyText.TO_NULL:
            return trimmed or None
        case EmptyText.KEPT:
            return trimmed


def _trimmed(text: str | None, settings: Settings) -> str | None:
    return text.strip() if text is not None and settings.text_blanks is TextBlanks.TRIMMED else text


def _parse_interval(body: Body, *, is_calculated: bool) -> int | None:
    minutes = body.integer("intervalMinutes")
    if is_calculated and not body.is_null("intervalMinutes"):
        body.add_violation("intervalMinutes", "must be null when isCalculated is true")
    elif not is_calculated and body.is_null("intervalMinutes"):
        body.add_violation("intervalMinutes", "is required when isCalculated is false")
    elif minutes is not None and minutes not in INTERVALS:
        body.add_violation("intervalMinutes", f"must be one of {', '.join(map(str, INTERVALS))}")
    return minutes


def _parse_version(body: Body, settings: Settings, *, is_calculated: bool) -> VersionSettings:
    rule = _parse_rule(body)
    begin_date = body.local_time("beginDate")
    return VersionSettings(
        # Both stand for "from the beginning"; only which of them reads back is a setting.
        begin_date=None if begin_date == FLOOR_DATE else begin_date,
        formula=_parse_formula(body, is_calculated=is_calculated),
        is_value_positive=body.boolean("isValuePositive") or False,
        maximum_reading=body.number("maximumReading", _READING_BOUNDS),
        minimum_reading=body.number("minimumReading", _READING_BOUNDS),
        multiplier=body.number("multiplier", _FACTOR_BOUNDS, Presence.REQUIRED) or 0.0,
        observation_rule_id=rule,
        offset=_parse_offset(body, rule, settings),
        rollback_allowance=_parse_roll(body, "rollbackAllowance", rule, settings),
        rollover_value=_parse_roll(body, "rolloverValue", rule, settings),
        unit_id=body.integer("unitId", Presence.REQUIRED) or 0,
    )


def _parse_rule(body: Body) -> int:
    rule = body.integer("observationRuleId", Presence.REQUIRED)
    if rule is not None and rule not in OBSERVATION_RULES:
        body.add_violation("observationRuleId", "must be 1 (Odometer) or 2 (Trip)")
    return rule or TRIP


def _parse_formula(body: Body, *, is_calculated: bool) -> str | None:
    formula = body.text("formula")
    if is_calculated and (formula is None or not formula.strip()):
        body.add_violation("formula", "is required when isCalculated is true")
    elif not is_calculated and formula is not None:
        body.add_violation("formula", "must be null when isCalculated is false")
    return formula


def _parse_offset(body: Body, rule: int, settings: Settings) -> float | None:
    offset = body.number("offset", _FACTOR_BOUNDS)
    if offset is not None and rule == ODOMETER and settings.odometer_offset is OdometerOffset.REJECT:
        body.add_violation("offset", "must be null when observationRuleId is 1 (Odometer)")
    return offset


_ROLL_BOUNDS = {"rollbackAllowance": _ROLLBACK_BOUNDS, "rolloverValue": _ROLLOVER_BOUNDS}
_ROLL_DEFAULTS = {"rollbackAllowance": DEFAULT_ROLLBACK_ALLOWANCE, "rolloverValue": DEFAULT_ROLLOVER_VALUE}


def _parse_roll(body: Body, name: str, rule: int, settings: Settings) -> float | None:
    value = body.number(name, _ROLL_BOUNDS[name])
    if rule == TRIP and not body.is_null(name):
        body.add_violation(name, "must be null when observationRuleId is 2 (Trip)")
    if rule == ODOMETER and body.is_null(name) and settings.odometer_nulls is OdometerNulls.FILL:
        return _ROLL_DEFAULTS[name]
    return value
