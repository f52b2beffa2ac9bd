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

    from reconciler.sandbox.catalogue import Record, SampleDataPoint
    from reconciler.sandbox.worlds import World

FIRST_READING = "2021-07-01T00:15:00-04:00"
LAST_READING = "2026-11-20T23:45:00-05:00"
_IN_MEMORY = Path(":memory:")


class SampleVersion(Struct, frozen=True):
    """A version in few words; `begin_date` None is "from the beginning"."""

    unit: str
    rule: int
    multiplier: float = 1.0
    begin_date: str | None = None
    formula: str | None = None
    offset: float | None = None
    maximum: float | None = None
    minimum: float | None = None


class SampleChannel(Struct, frozen=True):
    """A channel in few words; `last_value` None means it has no readings, interval None that it is calculated."""

    channel_id: int
    point: SampleDataPoint
    name: str
    import_id: str | None
    observation_type: str
    interval: int | None
    versions: tuple[SampleVersion, ...]
    method: str = "Sum"
    description: str | None = None
    primary: str = "-"
    last_value: float | None = None


def make_world(points: Iterable[SampleDataPoint], channels: Iterable[SampleChannel]) -> World:
    """A whole world of these data points and channels, as the service would export it."""
    world = {
        "formatVersion": 1,
        "channels": [_channel_response(channel) for channel in channels],
        "units": catalogue.units(),
        "observationTypes": catalogue.observation_types(),
        "summarizationMethods": catalogue.summarization_methods(),
        "dataPoints": [catalogue.data_point(point) for point in points],
    }
    with open_store(_IN_MEMORY) as store:
        load_world(store, world)
        return export_world(store)


def _channel_response(sample: SampleChannel) -> Record:
    has_readings = sample.last_value is not None
    return {
        "channelId": sample.channel_id,
        "channelInfo": sample.name,
        "channelDescription": sample.description,
        "channelImportId": sample.import_id,
        "channelVersions": [
            _version_response(version, sample.channel_id * 10 + place) for place, version in enumerate(sample.versions)
        ],
        "dataPoint": {"dataPointId": sample.point.point_id},
        "interval": sample.interval,
        "isCalculated": sample.interval is None,
        "isPrimaryDemand": sample.primary == "demand",
        "isPrimaryValue": sample.primary == "value",
        "observationType": {"observationTypeId": catalogue.observation_type_id(sample.observation_type)},
        "summarizationMethod": {"summarizationMethodId": catalogue.summarization_method_id(sample.method)},
        "hasReadings": has_readings,
        "firstReadingDate": FIRST_READING if has_readings else None,
        "lastReadingDate": LAST_READING if has_readings else None,
        "lastReadingValue": _last_value(sample),
    }


def _last_value(sample: SampleChannel) -> Record | None:
    if sample.last_value is None:
        return None
    return {"unit": catalogue.unit_child(sample.versions[-1].unit), "value": sample.last_value}


def _version_response(sample: SampleVersion, version_id: int) -> dict[str, Any]:
    is_odometer = sample.rule == ODOMETER
    return {
        "channelVersionId": version_id,
        "beginDate": sample.begin_date,
        "formula": sample.formula,
        "isValuePositive": False,
        "maximumReading": sample.maximum,
        "minimumReading": sample.minimum,
        "multiplier": sample.multiplier,
        "observationRule": {"observationRuleId": sample.rule, "observationRuleCode": OBSERVATION_RULES[sample.rule]},
        "offset": sample.offset,
        "rollbackAllowance": DEFAULT_ROLLBACK_ALLOWANCE if is_odometer else None,
        "rolloverValue": DEFAULT_ROLLOVER_VALUE if is_odometer else None,
        "unit": {"unitId": catalogue.unit_id(sample.unit)},
    }
