"""How a select, a feed or readings identify a channel, and how that resolves."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from reconciler.model.findings import Location
from reconciler.model.values import Value, canonical_number


class Identifiers(Struct, frozen=True):
    """The identifiers by which a group of readings, a feed, or a `select` names a channel.

    `meter_import_id` is the import id of the meter or of the data point: the readings API says meter, the ESA one data
    point. Source: POST /api/v3/reading, "Channel Identification".
    """

    channel_id: int | None = None
    channel_import_id: str | None = None
    meter_import_id: str | None = None
    observation_type_code: str | None = None
    unit_code: str | None = None
    interval_seconds: int | None = None


def identifiers_as_select(identifiers: Identifiers) -> dict[str, Value]:
    """The `identifiers` that are given, by their keys under `select`; the interval in minutes."""
    seconds = identifiers.interval_seconds
    given: dict[str, Value] = {
        "channelId": identifiers.channel_id,
        "channelImportId": identifiers.channel_import_id,
        "dataPointImportId": identifiers.meter_import_id,
        "observationTypeCode": identifiers.observation_type_code,
        "unitCode": identifiers.unit_code,
        "intervalMinutes": None if seconds is None else seconds // 60,
    }
    return {key: value for key, value in given.items() if value is not None}


class ResolutionStep(Enum):
    """The step of the documented resolution that decided; the values are those of the JSON output."""

    CHANNEL_ID = "channelId"
    CHANNEL_IMPORT_ID = "channelImportId"
    ONLY_CHANNEL = "only channel"
    OBSERVATION_TYPE_CODE = "observationTypeCode"
    UNIT_CODE = "unitCode"
    INTERVAL = "interval"


class ResolutionFailure(Enum):
    """Why identifiers do not resolve to a single channel."""

    UNMATCHED = "unmatched"
    AMBIGUOUS = "ambiguous"
    NO_IDENTIFIER = "no identifier"


class Resolution(Struct, frozen=True):
    """How identifiers resolve: to one channel and the step that decided, or to a failure and the candidates left.

    `candidates` are the channels left at the last step that still had any, ascending. `remaining_by_step` holds, for
    each step taken, the channels left after it.
    """

    channel_id: int | None
    decided_by: ResolutionStep | None
    failure: ResolutionFailure | None
    candidates: tuple[int, ...]
    remaining_by_step: tuple[tuple[ResolutionStep, tuple[int, ...]], ...]


class Feed(Struct, frozen=True):
    """A data logger or import profile: how it names its channel, and which channel must get its readings."""

    name: str
    location: Location
    identifiers: Identifiers
    expect: str


class IdentifierNames(Struct, frozen=True):
    """The property names of one call, and how many seconds its unit of intervals has."""

    channel_id: str
    channel_import_id: str
    meter_import_id: str
    interval: str
    interval_seconds: int
    observation_type_code: str = "observationTypeCode"
    unit_code: str = "unitCode"

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the order of the fields of `Identifiers`."""
        return (
            self.channel_id,
            self.channel_import_id,
            self.meter_import_id,
            self.observation_type_code,
            self.unit_code,
            self.interval,
        )

    def items(self, identifiers: Identifiers) -> tuple[tuple[str, str | int | float], ...]:
        """Each identifier that is given, by its name here, in the order in which the service uses them."""
        seconds = identifiers.interval_seconds
        values = {
            self.channel_id: identifiers.channel_id,
            self.channel_import_id: identifiers.channel_import_id,
            self.meter_import_id: identifiers.meter_import_id,
            self.observation_type_code: identifiers.observation_type_code,
            self.unit_code: identifiers.unit_code,
            self.interval: None if seconds is None else canonical_number(seconds / self.interval_seconds),
        }
        return tuple((name, value) for name, value in values.items() if value is not None)


# POST /api/v3/reading
V3_NAMES = IdentifierNames("channelId", "channelImportId", "meterImportId", "channelIntervalInSeconds", 1)
# POST /api/v202407/esaReading
ESA_NAMES = IdentifierNames("esaChannelId", "esaChannelImportId", "dataPointImportId", "esaChannelIntervalMinutes", 60)
