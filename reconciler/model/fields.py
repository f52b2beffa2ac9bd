"""The table of fields: one row for each value that git can govern.

Loader, wire mapping, diff, importer, reports, JSON Schema and docs all read this table. A new field of the API is a
new row here. Source: EsaChannelEdit, EsaChannelVersionEdit and EsaChannelResponse of PUT /api/v202406/esachannel/{id}.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

VERSION = "esaChannelVersion"


class Kind(Enum):
    """How a value is written, compared and shown."""

    TEXT = "text"
    BOOLEAN = "true or false"
    WHOLE = "whole number"
    DECIMAL = "number"
    LOCAL_TIME = "local date and time"
    FORMULA = "formula"


class Impact(Enum):
    """What an edit does beyond the setting itself, from harmless to grave."""

    COSMETIC = "cosmetic"  # names and descriptions
    FORWARD = "forward"  # only future values
    ROUTING = "routing"  # may change which readings land here
    STRUCTURAL = "structural"  # conversion, primary flags
    HISTORY = "history"  # may rewrite stored values


class Field(Struct, frozen=True):
    """One value that git can govern.

    `path` is its place in EsaChannelEdit and in the files; `response` its place in EsaChannelResponse, for a versioned
    field in EsaChannelVersionResponse. `alias` is a second path in the files, where a code or name stands for the
    numeric id, which differs between environments; `alias_response` is its place in the response.
    `impact` is what an edit does to a channel with readings, `impact_without_readings` to one without.
    `odometer_default` is what the service fills in for null under the Odometer rule.
    """

    path: str
    response: tuple[str, ...]
    kind: Kind
    impact: Impact
    impact_without_readings: Impact
    alias: str | None = None
    alias_response: tuple[str, ...] = ()
    nullable: bool = False
    max_length: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[int, ...] = ()
    odometer_default: float | None = None

    @property
    def is_versioned(self) -> bool:
        return self.path.startswith(VERSION)

    @property
    def key(self) -> str:
        """The last part of the path: the property's own name in the API."""
        return self.path.rpartition(".")[2]


INTERVALS = (5, 10, 15, 30, 60, 1440, 10080, 43200)
ODOMETER, TRIP = 1, 2
OBSERVATION_RULES = {"Odometer": ODOMETER, "Trip": TRIP}

_C, _F, _R, _S, _H = Impact.COSMETIC, Impact.FORWARD, Impact.ROUTING, Impact.STRUCTURAL, Impact.HISTORY
_READING = 999_999_999_999_999
_FACTOR = 9_999_999_999_999


def _version(name: str) -> str:
    return f"{VERSION}.{name}"


CHANNEL_FIELDS = (
    Field("channelInfo", ("channelInfo",), Kind.TEXT, _C, _C, max_length=50),
    Field("channelDescription", ("channelDescription",), Kind.TEXT, _C, _C, nullable=True, max_length=255),
    Field("channelImportId", ("channelImportId",), Kind.TEXT, _R, _R, nullable=True, max_length=255),
    Field(
        "observationTypeId",
        ("observationType", "observationTypeId"),
        Kind.WHOLE,
        _R,
        _R,
        alias="observationTypeCode",
        alias_response=("observationType", "observationTypeCode"),
    ),
    Field(
        "summarizationMethodId",
        ("summarizationMethod", "summarizationMethodId"),
        Kind.WHOLE,
        _H,
        _F,
        alias="summarizationMethod",
        alias_response=("summarizationMethod", "summarizationMethodInfo"),
    ),
    Field("intervalMinutes", ("interval",), Kind.WHOLE, _R, _R, nullable=True, choices=INTERVALS),
    Field("isCalculated", ("isCalculated",), Kind.BOOLEAN, _S, _S),
    Field("isPrimaryValue", ("isPrimaryValue",), Kind.BOOLEAN, _S, _S),
    Field("isPrimaryDemand", ("isPrimaryDemand",), Kind.BOOLEAN, _S, _S),
)

VERSION_FIELDS = (
    Field(_version("beginDate"), ("beginDate",), Kind.LOCAL_TIME, _H, _F, nullable=True),
    Field(
        _version("unitId"),
        ("unit", "unitId"),
        Kind.WHOLE,
        _H,
        _R,
        alias=_version("unitCode"),
        alias_response=("unit", "unitCode"),
    ),
    Field(
        _version("observationRuleId"),
        ("observationRule", "observationRuleId"),
        Kind.WHOLE,
        _H,
        _F,
        alias=_version("observationRule"),
        alias_response=("observationRule", "observationRuleCode"),
        choices=(ODOMETER, TRIP),
    ),
    Field(_version("multiplier"), ("multiplier",), Kind.DECIMAL, _H, _F, minimum=-_FACTOR, maximum=_FACTOR),
    Field(
        _version("offset"),
        ("offset",),
        Kind.DECIMAL,
        _H,
        _F,
        nullable=True,
        minimum=-_FACTOR,
        maximum=_FACTOR,
    ),
    Field(
        _version("rolloverValue"),
        ("rolloverValue",),
        Kind.DECIMAL,
        _H,
        _F,
        nullable=True,
        minimum=0,
        maximum=_READING,
        odometer_default=_READING,
    ),
    Field(
        _version("rollbackAllowance"),
        ("rollbackAllowance",),
        Kind.DECIMAL,
        _H,
        _F,
        nullable=True,
        minimum=0,
        maximum=1,
        odometer_default=0.1,
    ),
    Field(
        _version("minimumReading"),
        ("minimumReading",),
        Kind.DECIMAL,
        _H,
        _F,
        nullable=True,
        minimum=-_READING,
        maximum=_READING,
    ),
    Field(
        _version("maximumReading"),
        ("maximumReading",),
        Kind.DECIMAL,
        _H,
        _F,
        nullable=True,
        minimum=-_READING,
        maximum=_READING,
    ),
    Field(_version("isValuePositive"), ("isValuePositive",), Kind.BOOLEAN, _H, _F, nullable=True),
    Field(_version("formula"), ("formula",), Kind.FORMULA, _H, _F, nullable=True),
)

FIELDS = CHANNEL_FIELDS + VERSION_FIELDS

# By the path in a file: the property's own path, or its alias.
FIELD_AT = {field.path: field for field in FIELDS} | {field.alias: field for field in FIELDS if field.alias}

# The paths of EsaChannelEdit that more than one room speaks of.
CHANNEL_INFO = "channelInfo"
CHANNEL_IMPORT_ID = "channelImportId"
INTERVAL_MINUTES = "intervalMinutes"
IS_CALCULATED = "isCalculated"
IS_PRIMARY_DEMAND = "isPrimaryDemand"
IS_PRIMARY_VALUE = "isPrimaryValue"
OBSERVATION_TYPE_ID = "observationTypeId"
OBSERVATION_TYPE_CODE = "observationTypeCode"
SUMMARIZATION_METHOD = "summarizationMethod"
BEGIN_DATE = _version("beginDate")
FORMULA = _version("formula")
MAXIMUM_READING = _version("maximumReading")
MINIMUM_READING = _version("minimumReading")
MULTIPLIER = _version("multiplier")
OBSERVATION_RULE_ID = _version("observationRuleId")
OBSERVATION_RULE = _version("observationRule")
OFFSET = _version("offset")
ROLLBACK_ALLOWANCE = _version("rollbackAllowance")
ROLLOVER_VALUE = _version("rolloverValue")
UNIT_ID = _version("unitId")
UNIT_CODE = _version("unitCode")
