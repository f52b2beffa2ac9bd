"""Small made-up worlds for the sandbox: channels as the service would answer them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

UNITS = {"KWH": (1, "Energy"), "MWH": (2, "Energy"), "KW": (3, "Power"), "USD": (9, "Money")}
TYPES = {"ELECUSE": (1, "Use"), "ELECDEM": (2, "Demand"), "ELECCOST": (3, "Cost")}
METHODS = {"Sum": 1, "Average": 2, "Max": 3}
RULES = {"Odometer": 1, "Trip": 2}


def make_world(*channels: Json) -> Json:
    """A world of these channels, with all units, observation types and summarization methods of this module."""
    return {
        "formatVersion": 1,
        "channels": list(channels),
        "units": [make_unit(code) for code in UNITS],
        "observationTypes": [make_type(code) for code in TYPES],
        "summarizationMethods": [make_method(name) for name in METHODS],
    }


def make_channel(channel_id: int, version: Json | None = None, /, **values: Any) -> Json:
    """A simple channel without readings on data point 1, with `values` in place of the defaults.

    `data_point` (a number) and `readings` (True: it has some) stand for what hangs together; `versions` replaces the
    one version, whose values may be given as `version`.
    """
    point = values.pop("data_point", 1)
    readings = values.pop("readings", False)
    is_calculated = values.get("isCalculated", False)
    channel: Json = {
        "channelId": channel_id,
        "channelInfo": f"Channel {channel_id}",
        "channelDescription": None,
        "channelImportId": f"IMP-{channel_id}",
        "channelVersions": values.pop("versions", None) or [make_version(channel_id * 10, **(version or {}))],
        "dataPoint": make_data_point(point),
        "meter": {"meterId": point, "meterCode": f"M-{point}", "meterInfo": f"Meter {point}"},
        "interval": None if is_calculated else 15,
        "isCalculated": is_calculated,
        "isCalculatedConvertible": not readings,
        "isPrimaryDemand": False,
        "isPrimaryValue": False,
        "hasReadings": readings,
        "firstReadingDate": "2024-01-01T00:15:00-05:00" if readings else None,
        "lastReadingDate": "2026-11-01T00:00:00-05:00" if readings else None,
        "lastReadingValue": None,
        "observationType": make_type(values.pop("type", "ELECUSE")),
        "summarizationMethod": make_method(values.pop("method", "Sum")),
    }
    return channel | values


def make_version(version_id: int, **values: Any) -> Json:
    """A version under the Trip rule in kWh, open at both ends, with `values` in place of the defaults."""
    rule = values.pop("rule", "Trip")
    is_odometer = rule == "Odometer"
    version: Json = {
        "channelVersionId": version_id,
        "beginDate": None,
        "endDate": None,
        "formula": None,
        "resolvedFormula": None,
        "isValuePositive": False,
        "maximumReading": None,
        "minimumReading": None,
        "multiplier": 1.0,
        "observationRule": {
            "observationRuleId": RULES[rule],
            "observationRuleCode": rule,
            "observationRuleInfo": rule,
        },
        "offset": None,
        "rollbackAllowance": 0.1 if is_odometer else None,
        "rolloverValue": 999999999999999.0 if is_odometer else None,
        "unit": {key: value for key, value in make_unit(values.pop("unit", "KWH")).items() if key != "unitType"},
    }
    return version | values


def make_data_point(number: int) -> Json:
    return {
        "dataPointId": number,
        "dataPointCode": f"DP-{number}",
        "dataPointInfo": f"Data point {number}",
        "dataPointImportId": f"DPI-{number}",
        "active": True,
        "isCalculatedDataPoint": False,
        "commodity": {"commodityId": 1, "commodityCode": "ELECTRIC", "commodityInfo": "Electric"},
        "parentPlace": {"placeId": 1, "placeCode": "HALL", "placeInfo": "Town hall"},
        "dataPointTimeZone": {"timeZoneId": 1, "timeZoneCode": "America/New_York", "timeZoneInfo": "Eastern Time"},
    }


def make_unit(code: str) -> Json:
    number, kind = UNITS[code]
    unit_type = {"unitTypeId": number, "unitTypeCode": kind.upper(), "unitTypeInfo": kind}
    return {"unitId": number, "unitCode": code, "unitInfo": code, "unitType": unit_type}


def make_type(code: str) -> Json:
    number, noun = TYPES[code]
    return {
        "observationTypeId": number,
        "observationTypeCode": code,
        "observationTypeInfo": code,
        "nounId": number,
        "nounCode": noun,
        "credit": 2,
    }


def make_method(name: str) -> Json:
    return {"summarizationMethodId": METHODS[name], "summarizationMethodInfo": name}
