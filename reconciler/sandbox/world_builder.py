"""Sample worlds: units, observation types, data points, and channels described in a few words.

EnergyCAP publishes no list of ids or codes, so every id and code here is invented, and real ones differ.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from msgspec import Struct

from reconciler.sandbox.properties import (
    DEFAULT_ROLLBACK_ALLOWANCE,
    DEFAULT_ROLLOVER_VALUE,
    ODOMETER,
    ChannelSettings,
    VersionSettings,
)
from reconciler.sandbox.store import open_store
from reconciler.sandbox.tables import Channel, Evidence, Version, add_channels
from reconciler.sandbox.worlds import export_world, load_world

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.sandbox.worlds import World


Record = dict[str, Any]

_UNIT_TYPES = {
    "ENERGY": (1, "Energy"),
    "POWER": (2, "Power"),
    "VOLUME": (3, "Volume"),
    "FLOW": (4, "Flow"),
    "MASS": (5, "Mass"),
    "TEMP": (6, "Temperature"),
    "MONEY": (7, "Money"),
}
# Code, name, type; the position in the list is the id.
_UNITS = (
    ("KWH", "Kilowatt-hours", "ENERGY"),
    ("KW", "Kilowatts", "POWER"),
    ("CCF", "Hundred cubic feet", "VOLUME"),
    ("THERM", "Therms", "ENERGY"),
    ("GAL", "Gallons", "VOLUME"),
    ("KGAL", "Thousand gallons", "VOLUME"),
    ("GPM", "Gallons per minute", "FLOW"),
    ("LB", "Pounds of steam", "MASS"),
    ("KLB", "Thousand pounds of steam", "MASS"),
    ("LBHR", "Pounds of steam per hour", "FLOW"),
    ("TONHR", "Ton-hours of cooling", "ENERGY"),
    ("TON", "Tons of cooling", "POWER"),
    ("DEGF", "Degrees Fahrenheit", "TEMP"),
    ("USD", "US dollars", "MONEY"),
)
_COMMODITIES = {
    "ELECTRIC": (1, "Electric"),
    "NATURALGAS": (2, "Natural gas"),
    "WATER": (3, "Water"),
    "STEAM": (4, "Steam"),
    "CHILLEDWATER": (5, "Chilled water"),
}
_NOUNS = {"Use": 1, "Demand": 2, "Cost": 3, "Temperature": 4}
# `credit` of an observation type on the page of PUT: 1 Credit, 2 Debit, 3 Ignore.
_DEBIT = 2
# Code, name, noun, commodity; the position in the list is the id.
_TYPES = (
    ("ELECUSE", "Electric use", "Use", "ELECTRIC"),
    ("ELECDEM", "Electric demand", "Demand", "ELECTRIC"),
    ("GASUSE", "Gas use", "Use", "NATURALGAS"),
    ("WATUSE", "Water use", "Use", "WATER"),
    ("WATFLOW", "Water flow", "Demand", "WATER"),
    ("STMUSE", "Steam use", "Use", "STEAM"),
    ("STMFLOW", "Steam flow", "Demand", "STEAM"),
    ("CHWUSE", "Chilled water use", "Use", "CHILLEDWATER"),
    ("CHWDEM", "Chilled water demand", "Demand", "CHILLEDWATER"),
    ("CHWTEMP", "Chilled water temp", "Temperature", "CHILLEDWATER"),
)
# The names are those of the help centre.
_METHODS = ("Sum", "Average", "Max")

TIME_ZONE = {"timeZoneId": 1, "timeZoneCode": "America/New_York", "timeZoneInfo": "Eastern Time"}


def make_units() -> list[Record]:
    """All units, as GET /api/v202305/unit shows them."""
    return [
        {
            "unitId": number,
            "unitCode": code,
            "unitInfo": name,
            "unitDisplayName": name,
            "unitType": {
                "unitTypeId": _UNIT_TYPES[kind][0],
                "unitTypeCode": kind,
                "unitTypeInfo": _UNIT_TYPES[kind][1],
            },
        }
        for number, (code, name, kind) in enumerate(_UNITS, start=1)
    ]


def make_observation_types() -> list[Record]:
    """All observation types, with the commodity one can filter by."""
    return [
        {
            "observationTypeId": number,
            "observationTypeCode": code,
            "observationTypeInfo": name,
            "nounId": _NOUNS[noun],
            "nounCode": noun,
            "credit": _DEBIT,
            "commodity": _commodity(commodity),
        }
        for number, (code, name, noun, commodity) in enumerate(_TYPES, start=1)
    ]


def make_summarization_methods() -> list[Record]:
    """All summarization methods."""
    return [
        {"summarizationMethodId": number, "summarizationMethodInfo": name}
        for number, name in enumerate(_METHODS, start=1)
    ]


def unit_child(code: str) -> Record:
    """The unit with this code as responses show it inside other objects."""
    return {"unitCode": code, "unitId": unit_id(code), "unitInfo": _UNITS[unit_id(code) - 1][1]}


def unit_id(code: str) -> int:
    """The id of the unit with this code."""
    return [unit[0] for unit in _UNITS].index(code) + 1


def observation_type_id(code: str) -> int:
    """The id of the observation type with this code."""
    return [one[0] for one in _TYPES].index(code) + 1


def summarization_method_id(name: str) -> int:
    """The id of the summarization method with this name."""
    return _METHODS.index(name) + 1


class SampleDataPoint(Struct, frozen=True):
    """A made-up data point with its meter; `code` is its import id too."""

    point_id: int
    code: str
    name: str
    place: str
    commodity: str
    is_calculated: bool = False


def make_data_point(point: SampleDataPoint) -> Record:
    """The data point as a world holds it, with its meter."""
    shared = {
        "active": True,
        "commodity": _commodity(point.commodity),
        "parentPlace": _named_location(point.place),
        "serialNumber": f"{point.commodity[:1]}{83_000 + 17 * point.point_id}",
    }
    return {
        **shared,
        "dataPointId": point.point_id,
        "dataPointCode": point.code,
        "dataPointInfo": point.name,
        "dataPointImportId": point.code,
        "isCalculatedDataPoint": point.is_calculated,
        "dataPointDescription": None,
        "dataPointTimeZone": TIME_ZONE,
        "createdBy": {"systemUserId": 1, "fullName": "Campus Energy Office"},
        "createdDate": "2021-07-01T09:00:00-04:00",
        "meter": {
            **shared,
            "isCalculatedMeter": point.is_calculated,
            "isEsaCalculatedMeter": point.is_calculated,
            "isSplitChildMeter": False,
            "isSplitParentMeter": False,
            "meterCode": point.code,
            "meterId": point.point_id + 200,
            "meterInfo": point.name,
            "meterType": {"meterTypeId": 1, "meterTypeCode": "UTILITY", "meterTypeInfo": "Utility"},
        },
    }


def _commodity(code: str) -> Record:
    number, name = _COMMODITIES[code]
    icon = {"code": f"icon-{code.lower()}", "color": "blue"}
    return {"commodityId": number, "commodityCode": code, "commodityInfo": name, "commodityIcon": icon}


def _named_location(name: str) -> Record:
    code = "".join(word[0] for word in name.split()).upper()
    kind = {
        "icon": {"code": "icon-building", "color": "gray"},
        "isSystemPlaceType": True,
        "placeEntityType": {"placeEntityTypeId": 2, "placeEntityTypeInfo": "Building"},
        "placeTypeCode": "BUILDING",
        "placeTypeId": 4,
        "placeTypeInfo": "Building",
        "structure": True,
    }
    return {
        "isDataRolledUp": True,
        "placeCode": code,
        # Any number, as long as one name always gives the same.
        "placeId": crc32(name.encode()) % 1_000_000,
        "placeInfo": name,
        "placeType": kind,
    }


FIRST_READING = "2021-07-01T00:15:00-04:00"
LAST_READING = "2026-11-20T23:45:00-05:00"
_IN_MEMORY = Path(":memory:")


class SampleVersion(Struct, frozen=True):
    """A version in few words; `begin_date` None means "from the beginning"."""

    unit: str
    rule: int
    multiplier: float = 1.0
    begin_date: str | None = None
    formula: str | None = None
    offset: float | None = None
    maximum: float | None = None
    minimum: float | None = None


class SampleChannel(Struct, frozen=True):
    """A channel in few words; without `last_value` it has no readings, without `interval` it is calculated."""

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
    """The world of these data points and channels, as an export of it."""
    reference_data = {
        "formatVersion": 1,
        "channels": [],
        "units": make_units(),
        "observationTypes": make_observation_types(),
        "summarizationMethods": make_summarization_methods(),
        "dataPoints": [make_data_point(point) for point in points],
    }
    with open_store(_IN_MEMORY) as store:
        load_world(store, reference_data)
        add_channels(store, (_make_channel(channel) for channel in channels))
        return export_world(store)


def _make_channel(sample: SampleChannel) -> Channel:
    return Channel(
        channel_id=sample.channel_id,
        data_point_id=sample.point.point_id,
        settings=ChannelSettings(
            channel_description=sample.description,
            channel_import_id=sample.import_id,
            channel_info=sample.name,
            interval_minutes=sample.interval,
            is_calculated=sample.interval is None,
            is_primary_demand=sample.primary == "demand",
            is_primary_value=sample.primary == "value",
            observation_type_id=observation_type_id(sample.observation_type),
            summarization_method_id=summarization_method_id(sample.method),
        ),
        versions=tuple(
            Version(sample.channel_id * 10 + place, _make_version(version))
            for place, version in enumerate(sample.versions)
        ),
        evidence=_make_evidence(sample),
    )


def _make_version(sample: SampleVersion) -> VersionSettings:
    is_odometer = sample.rule == ODOMETER
    return VersionSettings(
        begin_date=sample.begin_date,
        formula=sample.formula,
        maximum_reading=sample.maximum,
        minimum_reading=sample.minimum,
        multiplier=sample.multiplier,
        observation_rule_id=sample.rule,
        offset=sample.offset,
        rollback_allowance=DEFAULT_ROLLBACK_ALLOWANCE if is_odometer else None,
        rollover_value=DEFAULT_ROLLOVER_VALUE if is_odometer else None,
        unit_id=unit_id(sample.unit),
    )


def _make_evidence(sample: SampleChannel) -> Evidence:
    if sample.last_value is None:
        return Evidence()
    last_value = {"unit": unit_child(sample.versions[-1].unit), "value": sample.last_value}
    return Evidence(
        has_readings=True, first_date=FIRST_READING, last_date=LAST_READING, last_value=json.dumps(last_value)
    )
