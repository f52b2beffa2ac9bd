"""The table of properties: what a channel and its versions consist of, one row for each.

Request bodies, their checks, the store, responses, worlds and generated channel files all read this table. A new
property of the API is a new row at the end of `ChannelSettings` or `VersionSettings`.
Source: EsaChannelEdit, EsaChannelVersionEdit and EsaChannelResponse of PUT /api/v202406/esachannel/{esaChannelId}.
What that page leaves open is a setting; a blank channelInfo is refused because the framework of the service refuses
blanks in a "Required" string.
"""

from __future__ import annotations

from enum import StrEnum
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from reconciler.sandbox.settings import (
    EmptyText,
    NullOffset,
    OdometerNulls,
    OdometerOffset,
    Settings,
    TextBlanks,
    TripRegister,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from msgspec.structs import FieldInfo

    from reconciler.sandbox.bodies import Body


ODOMETER = 1
TRIP = 2
# The page gives id and name. That the code equals the name is taken from the legacy API, which takes the name.
OBSERVATION_RULES = {ODOMETER: "Odometer", TRIP: "Trip"}

DEFAULT_ROLLBACK_ALLOWANCE = 0.1
DEFAULT_ROLLOVER_VALUE = 999999999999999.0

# The legacy API's earliest date: a plausible echo of "from the beginning".
FLOOR_DATE = "1899-12-30T00:00:00"

INTERVALS = (5, 10, 15, 30, 60, 1440, 10080, 43200)

_READING_BOUNDS = (-999999999999999, 999999999999999)
_FACTOR_BOUNDS = (-9999999999999, 9999999999999)
_ROLLOVER_BOUNDS = (0, 999999999999999)
_ROLLBACK_BOUNDS = (0, 1)


class ReferenceKind(StrEnum):
    """The records that ids name, by the table that holds them."""

    UNITS = "units"
    OBSERVATION_TYPES = "observation_types"
    SUMMARIZATION_METHODS = "summarization_methods"


class Sent(Struct, frozen=True):
    """A request body while one of its properties is read.

    `values` holds the properties of the rows before it, by name, and for a version also isCalculated of its channel.
    """

    body: Body
    settings: Settings
    values: Mapping[str, Any]


class Reference(Struct, frozen=True):
    """The kind of record that an id names; `shown` are those of its properties that a response has, () for all."""

    kind: ReferenceKind
    word: str
    shown: tuple[str, ...] = ()


class Traits(Struct, frozen=True):
    """What the API says of a property besides its name, type and default.

    `response` is its path in EsaChannelResponse or EsaChannelVersionResponse; () means its name. For an id, `code` has
    two keys of the text that people write instead: in channel files, and beside the id in responses. `is_defined` is
    the page's "Required (defined)": a PUT must have the key, whatever its value.

    `rule` turns a value that was sent into the value to store, and reports violations. `loaded` does the same for a
    value in a world. `shown` turns a stored value into what the first key of `response` shows.
    """

    response: tuple[str, ...] = ()
    reference: Reference | None = None
    code: tuple[str, str] | None = None
    longest: int | None = None
    bounds: tuple[int, int] | None = None
    is_local_time: bool = False
    is_defined: bool = False
    rule: Callable[[Sent, str, Any], Any] | None = None
    loaded: Callable[[Body, Any, Mapping[str, Any]], Any] | None = None
    shown: Callable[[Any, Any, Settings], Any] | None = None


def _store_text(sent: Sent, _name: str, text: str | None) -> str | None:
    # Whether null and "" read back as they were sent is not documented.
    trimmed = _trim(sent.settings, text)
    match sent.settings.empty_text:
        case EmptyText.TO_EMPTY:
            return trimmed or ""
        case EmptyText.TO_NULL:
            return trimmed or None
        case EmptyText.KEPT:
            return trimmed


def _store_name(sent: Sent, name: str, text: str | None) -> str | None:
    # The validator of ASP.NET refuses blanks where a property is Required.
    if text is not None and not text.strip():
        sent.body.add_violation(name, "is required")
    return _trim(sent.settings, text)


def _trim(settings: Settings, text: str | None) -> str | None:
    return text.strip() if text is not None and settings.text_blanks is TextBlanks.TRIMMED else text


def _check_interval(sent: Sent, name: str, minutes: int | None) -> int | None:
    is_calculated = sent.values["isCalculated"]
    if is_calculated and not sent.body.is_null(name):
        sent.body.add_violation(name, "must be null when isCalculated is true")
    elif not is_calculated and sent.body.is_null(name):
        sent.body.add_violation(name, "is required when isCalculated is false")
    elif minutes is not None and minutes not in INTERVALS:
        sent.body.add_violation(name, f"must be one of {', '.join(map(str, INTERVALS))}")
    return minutes


def _load_interval(_body: Body, interval: int | None, values: Mapping[str, Any]) -> int | None:
    # The interval of a calculated channel is derived from its inputs in each response.
    if interval is None or values["isCalculated"]:
        return None
    # Whether the service answers minutes or seconds is not known; the two sets have no number in common.
    in_seconds = interval not in INTERVALS and interval // 60 in INTERVALS
    return interval // 60 if in_seconds else interval


def _check_observation_rule(sent: Sent, name: str, rule: int | None) -> int:
    if rule is not None and rule not in OBSERVATION_RULES:
        sent.body.add_violation(name, "must be 1 (Odometer) or 2 (Trip)")
    # A missing rule is a violation already; the checks that follow need one.
    return rule or TRIP


def _load_observation_rule(body: Body, rule: int | None, _values: Mapping[str, Any]) -> int:
    if rule and rule not in OBSERVATION_RULES:
        body.add_violation("observationRule.observationRuleId", "must be 1 (Odometer) or 2 (Trip)")
    return rule or TRIP


def _show_observation_rule(rule: int, _version: VersionSettings, _settings: Settings) -> dict[str, Any]:
    name = OBSERVATION_RULES[rule]
    return {"observationRuleCode": name, "observationRuleId": rule, "observationRuleInfo": name}


def _store_begin_date(_sent: Sent, _name: str, begin_date: str | None) -> str | None:
    return _without_floor(begin_date)


def _load_begin_date(_body: Body, begin_date: str | None, _values: Mapping[str, Any]) -> str | None:
    return _without_floor(begin_date)


def _without_floor(begin_date: str | None) -> str | None:
    # Both mean "from the beginning"; which of them a response shows is a setting.
    return None if begin_date == FLOOR_DATE else begin_date


# The page of PUT: formula is for calculated channels only. That a calculated channel needs one is the help center's.
def _check_formula(sent: Sent, name: str, formula: str | None) -> str | None:
    is_calculated = sent.values["isCalculated"]
    if is_calculated and (formula is None or not formula.strip()):
        sent.body.add_violation(name, "is required when isCalculated is true")
    elif not is_calculated and formula is not None:
        sent.body.add_violation(name, "must be null when isCalculated is false")
    return formula


def _check_offset(sent: Sent, name: str, offset: float | None) -> float | None:
    is_odometer = sent.values["observationRuleId"] == ODOMETER
    if offset is not None and is_odometer and sent.settings.odometer_offset is OdometerOffset.REJECT:
        sent.body.add_violation(name, "must be null when observationRuleId is 1 (Odometer)")
    return offset


def _show_offset(offset: float | None, _version: VersionSettings, settings: Settings) -> float | None:
    return 0.0 if offset is None and settings.null_offset is NullOffset.ZERO else offset


def _register(bounds: tuple[int, int], default: float) -> Traits:
    """A property of a register: null under Trip, and under Odometer filled with its default if it is null."""

    def check(sent: Sent, name: str, value: float | None) -> float | None:
        rule = sent.values["observationRuleId"]
        if rule == TRIP and not sent.body.is_null(name):
            sent.body.add_violation(name, "must be null when observationRuleId is 2 (Trip)")
        is_filled = rule == ODOMETER and sent.settings.odometer_nulls is OdometerNulls.FILL
        return default if is_filled and sent.body.is_null(name) else value

    def show(value: float | None, version: VersionSettings, settings: Settings) -> float | None:
        if value is not None or version.observation_rule_id != TRIP:
            return value
        match settings.trip_register:
            case TripRegister.NULL:
                return None
            case TripRegister.DEFAULTS:
                return default
            case TripRegister.ZERO:
                return 0.0

    return Traits(bounds=bounds, rule=check, shown=show)


_OBSERVATION_TYPE = Reference(
    ReferenceKind.OBSERVATION_TYPES,
    "observation type",
    ("credit", "nounCode", "nounId", "observationTypeCode", "observationTypeId", "observationTypeInfo"),
)
_SUMMARIZATION_METHOD = Reference(ReferenceKind.SUMMARIZATION_METHODS, "summarization method")
UNIT = Reference(ReferenceKind.UNITS, "unit", ("unitCode", "unitId", "unitInfo"))


class ChannelSettings(Struct, frozen=True, kw_only=True, rename="camel"):
    """The properties of EsaChannelEdit except its version.

    A row says: name, type, `| None` if null is a value, traits, default. Without a default it is required. A row comes
    after those that its rule reads; beyond that, violations are reported in this order.
    """

    channel_description: Annotated[str | None, Traits(longest=255, is_defined=True, rule=_store_text)] = None
    channel_import_id: Annotated[str | None, Traits(longest=255, is_defined=True, rule=_store_text)] = None
    is_calculated: Annotated[bool, Traits(is_defined=True)] = False
    is_primary_demand: Annotated[bool, Traits(is_defined=True)] = False
    is_primary_value: Annotated[bool, Traits(is_defined=True)] = False
    channel_info: Annotated[str, Traits(longest=50, rule=_store_name)]
    interval_minutes: Annotated[
        int | None, Traits(response=("interval",), rule=_check_interval, loaded=_load_interval)
    ] = None
    observation_type_id: Annotated[
        int,
        Traits(
            response=("observationType", "observationTypeId"),
            reference=_OBSERVATION_TYPE,
            code=("observationTypeCode", "observationTypeCode"),
        ),
    ]
    summarization_method_id: Annotated[
        int,
        Traits(
            response=("summarizationMethod", "summarizationMethodId"),
            reference=_SUMMARIZATION_METHOD,
            code=("summarizationMethod", "summarizationMethodInfo"),
        ),
    ]


class VersionSettings(Struct, frozen=True, kw_only=True, rename="camel"):
    """The properties of EsaChannelVersionEdit, as rows like those of `ChannelSettings`.

    `begin_date` is wall time in the data point's zone without offset; None is "from the beginning".
    """

    observation_rule_id: Annotated[
        int,
        Traits(
            response=("observationRule", "observationRuleId"),
            code=("observationRule", "observationRuleCode"),
            rule=_check_observation_rule,
            loaded=_load_observation_rule,
            shown=_show_observation_rule,
        ),
    ]
    begin_date: Annotated[str | None, Traits(is_local_time=True, rule=_store_begin_date, loaded=_load_begin_date)] = (
        None
    )
    formula: Annotated[str | None, Traits(rule=_check_formula)] = None
    # That an absent isValuePositive is false is a guess.
    is_value_positive: bool = False
    maximum_reading: Annotated[float | None, Traits(bounds=_READING_BOUNDS)] = None
    minimum_reading: Annotated[float | None, Traits(bounds=_READING_BOUNDS)] = None
    multiplier: Annotated[float, Traits(bounds=_FACTOR_BOUNDS)]
    # The page says "exclusive to the Trip observation rule", but not "must be null" as at the next two: whether the
    # service refuses it under Odometer is a setting.
    offset: Annotated[float | None, Traits(bounds=_FACTOR_BOUNDS, rule=_check_offset, shown=_show_offset)] = None
    rollback_allowance: Annotated[float | None, _register(_ROLLBACK_BOUNDS, DEFAULT_ROLLBACK_ALLOWANCE)] = None
    rollover_value: Annotated[float | None, _register(_ROLLOVER_BOUNDS, DEFAULT_ROLLOVER_VALUE)] = None
    unit_id: Annotated[int, Traits(response=("unit", "unitId"), reference=UNIT, code=("unitCode", "unitCode"))]


class Property(Struct, frozen=True):
    """A row of the table: `name` is the API's, `attribute` that of the record, `kind` str, bool, int or float."""

    name: str
    attribute: str
    kind: type
    is_nullable: bool
    is_required: bool
    default: Any
    traits: Traits

    @property
    def response(self) -> tuple[str, ...]:
        """The path in the response."""
        return self.traits.response or (self.name,)

    def fill(self, value: Any) -> Any:
        """`value`, or the default in place of a null that cannot be stored."""
        return self.default if value is None and not self.is_nullable else value

    def read(self, body: Body) -> Any:
        """The value in a request body; what is wrong with it goes to the violations of `body`."""
        if self.traits.is_local_time:
            return body.local_time(self.name, is_required=self.is_required)
        if self.kind is str:
            return body.text(self.name, self.traits.longest, is_required=self.is_required)
        if self.kind is float:
            return body.number(self.name, self.traits.bounds, is_required=self.is_required)
        return _read_plain(self.kind, body, self.name, is_required=self.is_required)

    def load(self, body: Body) -> Any:
        """The value in the response that a world holds, of any length and size, as responses are not checked."""
        *parents, name = self.response
        for parent in parents:
            if self.is_required and body.is_null(parent):
                body.add_violation(parent, "is required")
            child = body.child(parent)
            if child is None:
                return None
            body = child
        if self.traits.is_local_time:
            return body.local_time(name, is_required=self.is_required)
        return _read_plain(self.kind, body, name, is_required=self.is_required)


def _read_plain(kind: type, body: Body, name: str, *, is_required: bool) -> Any:
    if kind is str:
        return body.text(name, is_required=is_required)
    if kind is bool:
        return body.boolean(name, is_required=is_required)
    return body.integer(name, is_required=is_required) if kind is int else body.double(name, is_required=is_required)


def _make_property(row: FieldInfo) -> Property:
    is_annotated = get_origin(row.type) is Annotated
    hint, traits = get_args(row.type) if is_annotated else (row.type, Traits())
    kinds = get_args(hint) or (hint,)
    kind = next(one for one in kinds if one is not NoneType)
    is_required = row.default is NODEFAULT
    return Property(
        name=row.encode_name,
        attribute=row.name,
        kind=kind,
        is_nullable=NoneType in kinds,
        is_required=is_required,
        default=kind() if is_required else row.default,
        traits=traits,
    )


CHANNEL_PROPERTIES = tuple(_make_property(row) for row in fields(ChannelSettings))
VERSION_PROPERTIES = tuple(_make_property(row) for row in fields(VersionSettings))


def list_record_ids(
    properties: tuple[Property, ...], settings: ChannelSettings | VersionSettings
) -> Iterator[tuple[ReferenceKind, int]]:
    """The kind and id of each record that `settings` refer to."""
    for one in properties:
        record_id = getattr(settings, one.attribute)
        if one.traits.reference is not None and record_id is not None:
            yield one.traits.reference.kind, record_id
