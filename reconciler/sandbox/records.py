"""What the sandbox keeps of a channel: what a PUT can set, and what readings leave behind."""

from __future__ import annotations

from msgspec import Struct

ODOMETER = 1
TRIP = 2
# The page gives id and name; that the code equals the name is taken from the legacy API, where it is what one writes.
OBSERVATION_RULES = {ODOMETER: "Odometer", TRIP: "Trip"}

DEFAULT_ROLLBACK_ALLOWANCE = 0.1
DEFAULT_ROLLOVER_VALUE = 999999999999999.0

# The legacy API's earliest date: a plausible echo of "from the beginning".
FLOOR_DATE = "1899-12-30T00:00:00"

INTERVALS = (5, 10, 15, 30, 60, 1440, 10080, 43200)


class VersionSettings(Struct, frozen=True):
    """The properties of EsaChannelVersionEdit.

    `begin_date` is wall time in the data point's zone without offset; None is "from the beginning".
    """

    begin_date: str | None
    formula: str | None
    is_value_positive: bool
    maximum_reading: float | None
    minimum_reading: float | None
    multiplier: float
    observation_rule_id: int
    offset: float | None
    rollback_allowance: float | None
    rollover_value: float | None
    unit_id: int


class Version(Struct, frozen=True):
    """A stored version; its end is the beginning of the next one."""

    version_id: int
    settings: VersionSettings
    # Response properties of a loaded world that no page mentions, as a JSON object: kept, answered, never read.
    unknown: str = "{}"


class ChannelSettings(Struct, frozen=True):
    """The properties of EsaChannelEdit but its version."""

    description: str | None
    import_id: str | None
    name: str
    interval_minutes: int | None
    is_calculated: bool
    is_primary_demand: bool
    is_primary_value: bool
    observation_type_id: int
    summarization_method_id: int


class Evidence(Struct, frozen=True):
    """What the readings of a channel leave on its response. `last_value` is a JSON object or None."""

    has_readings: bool = False
    first_date: str | None = None
    last_date: str | None = None
    last_value: str | None = None


class Channel(Struct, frozen=True):
    """A stored channel with its versions, the earliest first."""

    channel_id: int
    data_point_id: int
    settings: ChannelSettings
    versions: tuple[Version, ...]
    evidence: Evidence = Evidence()
    unknown: str = "{}"


def replace_at(versions: tuple[Version, ...], index: int, version: Version) -> tuple[Version, ...]:
    """`versions` with another one at `index`."""
    return (*versions[:index], version, *versions[index + 1 :])


def begins_before(earlier: str | None, later: str | None) -> bool:
    """Whether one beginning lies before another; None lies before all."""
    return (earlier or "") < (later or "")
