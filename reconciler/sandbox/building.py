"""Made-up channels in few words, and worlds made of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.sandbox import catalogue
from reconciler.sandbox.records import DEFAULT_ROLLBACK_ALLOWANCE, DEFAULT_ROLLOVER_VALUE, OBSERVATION_RULES, ODOMETER
from reconciler.sandbox.store import open_store
from reconciler.sandbox.worlds import export_world, load_world

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.sandbox.catalogue import Point, Record
    from reconciler.sandbox.worlds import World

FIRST_READING = "2021-07-01T00:15:00-04:00"
LAST_READING = "2026-11-20T23:45:00-05:00"
_IN_MEMORY = Path(":memory:")


class MadeVersion(Struct, frozen=True):
    """A version in few words; `begin_date` None is "from the beginning"."""

    unit: str
    rule: int
    multiplier: float = 1.0
    begin_date: str | None = None
    formula: str | None = None
    offset: float | None = None
    maximum: float | None = None
    minimum: float | None = None


class MadeChannel(Struct, frozen=True):
    """A channel in few words; `last_value` None means it has no readings, interval None that it is calculated."""

    channel_id: int
    point: Point
    name: str
    import_id: str | None
    observation_type: str
    interval: int | None
    versions: tuple[MadeVersion, ...]
    method: str = "Sum"
    description: str | None = None
    primary: str = "-"
    last_value: float | None = None


def make_world(points: Iterable[Point], channels: Iterable[MadeChannel]) -> World:
    """A whole world of these data points and channels, as the service would export it."""
    world = {
        "formatVersion": 1,
        "channels": [_channel(channel) for channel in channels],
        "units": catalogue.units(),
        "observationTypes": catalogue.observation_types(),
        "summarizationMethods": catalogue.summarization_methods(),
        "dataPoints": [catalogue.data_point(point) for point in points],
    }
    with open_store(_IN_MEMORY) as store:
        load_world(store, world)
        return export_world(store)


def _channel(made: MadeChannel) -> Record:
    has_readings = made.last_value is not None
    return {
        "channelId": made.channel_id,
        "channelInfo": made.name,
        "channelDescription": made.description,
        "channelImportId": made.import_id,
        "channelVersions": [
            _version(version, made.channel_id * 10 + place) for place, version in enumerate(made.versions)
        ],
        "dataPoint": {"dataPointId": made.point.point_id},
        "interval": made.interval,
        "isCalculated": made.interval is None,
        "isPrimaryDemand": made.primary == "demand",
        "isPrimaryValue": made.primary == "value",
        "observationType": {"observationTypeId": catalogue.observation_type_id(made.observation_type)},
        "summarizationMethod": {"summarizationMethodId": catalogue.summarization_method_id(made.method)},
        "hasReadings": has_readings,
        "firstReadingDate": FIRST_READING if has_readings else None,
        "lastReadingDate": LAST_READING if has_readings else None,
        "lastReadingValue": _last_value(made),
    }


def _last_value(made: MadeChannel) -> Record | None:
    if made.last_value is None:
        return None
    return {"unit": catalogue.unit_child(made.versions[-1].unit), "value": made.last_value}


def _version(made: MadeVersion, version_id: int) -> dict[str, Any]:
    is_odometer = made.rule == ODOMETER
    return {
        "channelVersionId": version_id,
        "beginDate": made.begin_date,
        "formula": made.formula,
        "isValuePositive": False,
        "maximumReading": made.maximum,
        "minimumReading": made.minimum,
        "multiplier": made.multiplier,
        "observationRule": {"observationRuleId": made.rule, "observationRuleCode": OBSERVATION_RULES[made.rule]},
        "offset": made.offset,
        "rollbackAllowance": DEFAULT_ROLLBACK_ALLOWANCE if is_odometer else None,
        "rolloverValue": DEFAULT_ROLLOVER_VALUE if is_odometer else None,
        "unit": {"unitId": catalogue.unit_id(made.unit)},
    }
