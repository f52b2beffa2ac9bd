"""The table of fields: one row for each value that git can manage.

Loader, API mapping, diff, importer, reports, JSON Schema and docs all read this table. A new field of the API is a
new row here. Source: EsaChannelEdit, EsaChannelVersionEdit and EsaChannelResponse of PUT /api/v202406/esachannel/{id}.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from msgspec import Struct

from reconciler.model.values import Value

VERSION = "esaChannelVersion"
# The list of a channel's versions in a file, which takes the place of `esaChannelVersion` there.
VERSIONS = "channelVersions"
MAX_CODE_LENGTH = 16


class Kind(Enum):
    """How a value is written, compared and shown."""

    TEXT = "text"
    BOOLEAN = "true or false"
    WHOLE = "whole number"
    DECIMAL = "number"
    LOCAL_TIME = "local date and time"
    FORMULA = "formula"


class Impact(Enum):
    """What an edit does beyond the setting itself, from harmless to severe."""

    COSMETIC = "cosmetic"  # names and descriptions
    FORWARD = "forward"  # only future values
    ROUTING = "routing"  # may change which readings reach the channel
    STRUCTURAL = "structural"  # conversion, primary flags
    HISTORY = "history"  # may rewrite stored values


class Help(Struct, frozen=True):
    """The texts about a value: `label` in reports; `title`, `description` and `examples` in editors and docs."""

    label: str
    title: str
    description: str
    examples: tuple[Value, ...]


class Field(Struct, frozen=True):
    """One value that git can manage.

    `path` is its place in EsaChannelEdit and in the files; `response` its place in EsaChannelResponse, for a versioned
    field in EsaChannelVersionResponse. `alias` is a second path in the files, with a code or name instead of the
    numeric id, which differs between environments; `alias_response` is its place in the response, and `alias_choices`
    are the possible codes.
    `impact` is what an edit does to a channel with readings, `impact_without_readings` to one without.
    `odometer_default` is what the service fills in for null under the Odometer rule.
    """

    path: str
    response: tuple[str, ...]
    kind: Kind
    impact: Impact
    impact_without_readings: Impact
    help: Help
    alias: str | None = None
    alias_response: tuple[str, ...] = ()
    alias_help: Help | None = None
    alias_choices: tuple[str, ...] = ()
    alias_max_length: int = MAX_CODE_LENGTH
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

# The impact on a channel with readings, and on one without.
_COSMETIC = Impact.COSMETIC, Impact.COSMETIC
_ROUTING = Impact.ROUTING, Impact.ROUTING
_STRUCTURAL = Impact.STRUCTURAL, Impact.STRUCTURAL
_HISTORY = Impact.HISTORY, Impact.FORWARD
_READING = 999_999_999_999_999
_FACTOR = 9_999_999_999_999


def _version(name: str) -> str:
    return f"{VERSION}.{name}"


def _alike(path: str) -> tuple[str, tuple[str]]:
    """The path in a request, and the place in a response under the same name."""
    return path, (path.rpartition(".")[2],)


CHANNEL_FIELDS = (
    Field(
        *_alike("channelInfo"),
        Kind.TEXT,
        *_COSMETIC,
        max_length=50,
        help=Help(
            "Name",
            "Name of the channel",
            "The name that EnergyCAP shows, at most 50 characters.",
            ("North Building electricity use",),
        ),
    ),
    Field(
        *_alike("channelDescription"),
        Kind.TEXT,
        *_COSMETIC,
        nullable=True,
        max_length=255,
        help=Help(
            "Description",
            "Description",
            "At most 255 characters; null clears it.",
            ("Main meter in the basement", None),
        ),
    ),
    Field(
        *_alike("channelImportId"),
        Kind.TEXT,
        *_ROUTING,
        nullable=True,
        max_length=255,
        help=Help(
            "Import id",
            "Import id",
            (
                "The id that imports and data loggers use for this channel, unique across EnergyCAP, at most 255 "
                "characters; null clears it. If the channel has no select and no channelId, it also finds the live "
                "channel."
            ),
            ("NB-ELEC-01-USE", None),
        ),
    ),
    Field(
        "observationTypeId",
        ("observationType", "observationTypeId"),
        Kind.WHOLE,
        *_ROUTING,
        alias="observationTypeCode",
        alias_response=("observationType", "observationTypeCode"),
        help=Help(
            "Observation type",
            "Observation type, by id",
            (
                "Numeric id of what the channel observes. It differs between environments, so prefer "
                "observationTypeCode."
            ),
            (1,),
        ),
        alias_help=Help(
            "Observation type",
            "Observation type",
            "Code of what the channel observes, as EnergyCAP lists it.",
            ("ELECUSE",),
        ),
    ),
    Field(
        "summarizationMethodId",
        ("summarizationMethod", "summarizationMethodId"),
        Kind.WHOLE,
        *_HISTORY,
        alias="summarizationMethod",
        alias_max_length=255,
        alias_response=("summarizationMethod", "summarizationMethodInfo"),
        help=Help(
            "Summarization",
            "Summarization method, by id",
            "Numeric id of how readings are summarized over time. summarizationMethod says it in words.",
            (1,),
        ),
        alias_help=Help(
            "Summarization",
            "Summarization method",
            "How readings are summarized over time, by the name EnergyCAP shows.",
            ("Sum", "Average"),
        ),
    ),
    Field(
        "intervalMinutes",
        ("interval",),
        Kind.WHOLE,
        *_ROUTING,
        nullable=True,
        choices=INTERVALS,
        help=Help(
            "Interval in minutes",
            "Interval in minutes",
            (
                "Time between two readings: 1440 is a day, 10080 a week, 43200 a month. Required for a simple "
                "channel, null for a calculated one."
            ),
            (15, 60, None),
        ),
    ),
    Field(
        *_alike("isCalculated"),
        Kind.BOOLEAN,
        *_STRUCTURAL,
        help=Help(
            "Calculated",
            "Calculated channel",
            (
                "true: values come from the formula. false: values come from readings. Converting a channel has "
                "preconditions, which the plan checks."
            ),
            (False, True),
        ),
    ),
    Field(
        *_alike("isPrimaryValue"),
        Kind.BOOLEAN,
        *_STRUCTURAL,
        help=Help(
            "Primary value",
            "Primary value channel",
            "Whether this is the channel whose values its data point shows and rolls up.",
            (True, False),
        ),
    ),
    Field(
        *_alike("isPrimaryDemand"),
        Kind.BOOLEAN,
        *_STRUCTURAL,
        help=Help(
            "Primary demand",
            "Primary demand channel",
            "Whether this is the channel whose values its data point shows as demand.",
            (False, True),
        ),
    ),
)

VERSION_FIELDS = (
    Field(
        *_alike(_version("beginDate")),
        Kind.LOCAL_TIME,
        *_HISTORY,
        nullable=True,
        help=Help(
            "Begins",
            "Valid from",
            (
                "Local date and time, in the data point's time zone, after which the version is valid. Leave out "
                "zone and offset: EnergyCAP would ignore them. null means from the beginning."
            ),
            ("2024-07-01", "2024-07-01T06:30:00", None),
        ),
    ),
    Field(
        _version("unitId"),
        ("unit", "unitId"),
        Kind.WHOLE,
        Impact.HISTORY,
        Impact.ROUTING,
        alias=_version("unitCode"),
        alias_response=("unit", "unitCode"),
        help=Help(
            "Unit",
            "Unit, by id",
            (
                "Numeric id of the unit of the channel's values. It differs between environments, so prefer "
                "unitCode. Money units are not allowed."
            ),
            (1,),
        ),
        alias_help=Help(
            "Unit",
            "Unit",
            "Code of the unit of the channel's values, as EnergyCAP lists it. Money units are not allowed.",
            ("KWH",),
        ),
    ),
    Field(
        _version("observationRuleId"),
        ("observationRule", "observationRuleId"),
        Kind.WHOLE,
        *_HISTORY,
        alias=_version("observationRule"),
        alias_choices=tuple(OBSERVATION_RULES),
        alias_response=("observationRule", "observationRuleCode"),
        choices=(ODOMETER, TRIP),
        help=Help(
            "Observation rule",
            "Observation rule, by id",
            "1 is Odometer, 2 is Trip. observationRule says the same in words.",
            (1, 2),
        ),
        alias_help=Help(
            "Observation rule",
            "Observation rule",
            (
                "Odometer: readings are a counter, and use is the difference of two. Trip: each reading is the use "
                "of its own interval. Demand channels cannot have Odometer."
            ),
            ("Odometer", "Trip"),
        ),
    ),
    Field(
        *_alike(_version("multiplier")),
        Kind.DECIMAL,
        *_HISTORY,
        minimum=-_FACTOR,
        maximum=_FACTOR,
        help=Help(
            "Multiplier",
            "Multiplier",
            (
                "Every reading is multiplied by it. On a channel that already has readings a new multiplier may "
                "rewrite them."
            ),
            (1, 0.001),
        ),
    ),
    Field(
        *_alike(_version("offset")),
        Kind.DECIMAL,
        *_HISTORY,
        nullable=True,
        minimum=-_FACTOR,
        maximum=_FACTOR,
        help=Help("Offset", "Offset", "Added to every reading; for the Trip rule only.", (0, None)),
    ),
    Field(
        *_alike(_version("rolloverValue")),
        Kind.DECIMAL,
        *_HISTORY,
        nullable=True,
        minimum=0,
        maximum=_READING,
        odometer_default=_READING,
        help=Help(
            "Rollover value",
            "Rollover value",
            (
                "The reading at which the counter starts again from zero; for the Odometer rule only, null under "
                "Trip. null under Odometer lets EnergyCAP take 999999999999999."
            ),
            (100000, None),
        ),
    ),
    Field(
        *_alike(_version("rollbackAllowance")),
        Kind.DECIMAL,
        *_HISTORY,
        nullable=True,
        minimum=0,
        maximum=1,
        odometer_default=0.1,
        help=Help(
            "Rollback allowance",
            "Rollback allowance",
            (
                "How far a counter may go backwards, from 0 to 1, before that counts as a rollover; for the "
                "Odometer rule only, null under Trip. null under Odometer lets EnergyCAP take 0.1."
            ),
            (0.1, None),
        ),
    ),
    Field(
        *_alike(_version("minimumReading")),
        Kind.DECIMAL,
        *_HISTORY,
        nullable=True,
        minimum=-_READING,
        maximum=_READING,
        help=Help(
            "Lowest accepted reading",
            "Minimum computed reading",
            "Lower limit of the computed value; null means no limit.",
            (0, None),
        ),
    ),
    Field(
        *_alike(_version("maximumReading")),
        Kind.DECIMAL,
        *_HISTORY,
        nullable=True,
        minimum=-_READING,
        maximum=_READING,
        help=Help(
            "Highest accepted reading",
            "Maximum computed reading",
            "Upper limit of the computed value; null means no limit.",
            (5000, None),
        ),
    ),
    Field(
        *_alike(_version("isValuePositive")),
        Kind.BOOLEAN,
        *_HISTORY,
        nullable=True,
        help=Help(
            "Values are positive",
            "Value is always positive",
            "Whether the final value is made positive whatever sign the reading has.",
            (True, False, None),
        ),
    ),
    Field(
        *_alike(_version("formula")),
        Kind.FORMULA,
        *_HISTORY,
        nullable=True,
        help=Help(
            "Formula",
            "Formula",
            (
                "How a calculated channel gets its values. channel(north-use) is a channel by its name in these "
                "files, channel(1042) one by its id; simple channels of the same data point only. null for a "
                "simple channel."
            ),
            ("channel(north-use) * 0.03", "channel(1042) + channel(1043)", None),
        ),
    ),
)

FIELDS = CHANNEL_FIELDS + VERSION_FIELDS


class _FieldsByPath(dict[str, Field]):
    """Fields by their path in a file: the property's own path or its alias.

    Paths that name a version by its begin are found too, but not listed: there is one for every date.
    """

    def __missing__(self, path: str) -> Field:
        if find_version(path) is None:
            raise KeyError(path)
        return self[current_path(path)]

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and self.get(path) is not None

    def get(self, path: str, default: Any = None) -> Any:
        try:
            return self[path]
        except KeyError:
            return default


FIELD_AT = _FieldsByPath(
    {field.path: field for field in FIELDS} | {field.alias: field for field in FIELDS if field.alias}
)


def name_version(begin: str) -> str:
    """The path of the listed version that begins at `begin`, "" for the beginning: `channelVersions[null]`."""
    return f"{VERSIONS}[{begin or 'null'}]"


def version_path(begin: str, path: str) -> str:
    """`path`, which is one of the current version, for the version that begins at `begin`, "" for the beginning.

    As edits and reports have it: `channelVersions[2026-11-02T08:00:00].multiplier`
    """
    return f"{name_version(begin)}.{path.rpartition('.')[2]}"


def current_path(path: str) -> str:
    """`path`, which is one of a listed version, for the current version."""
    return f"{VERSION}.{path.rpartition('.')[2]}"


def find_version(path: str) -> str | None:
    """The begin of the version that `path` is in, "" for the beginning; None if it is in the current one or in none."""
    head, _, _ = path.rpartition(".")
    if not head.startswith(f"{VERSIONS}["):
        return None
    begin = head.removeprefix(f"{VERSIONS}[").removesuffix("]")
    return "" if begin == "null" else begin


# The paths of EsaChannelEdit that several packages need by name.
CHANNEL_INFO = "channelInfo"
CHANNEL_IMPORT_ID = "channelImportId"
INTERVAL_MINUTES = "intervalMinutes"
IS_CALCULATED = "isCalculated"
IS_PRIMARY_DEMAND = "isPrimaryDemand"
IS_PRIMARY_VALUE = "isPrimaryValue"
# Only one channel of a data point has each of them.
PRIMARY_FLAGS = (IS_PRIMARY_VALUE, IS_PRIMARY_DEMAND)
OBSERVATION_TYPE_ID = "observationTypeId"
OBSERVATION_TYPE_CODE = "observationTypeCode"
SUMMARIZATION_METHOD = "summarizationMethod"
BEGIN_DATE = _version("beginDate")
FORMULA = _version("formula")
IS_VALUE_POSITIVE = _version("isValuePositive")
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
