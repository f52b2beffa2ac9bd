"""Documents as the service sends them, complete, with what a test wants changed in them."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]

KWH = {"unitId": 1, "unitCode": "KWH", "unitInfo": "Kilowatt hour"}
ODOMETER = {"observationRuleId": 1, "observationRuleCode": "ODO", "observationRuleInfo": "Odometer"}
TRIP = {"observationRuleId": 2, "observationRuleCode": "TRIP", "observationRuleInfo": "Trip"}


def make_version(**changes: object) -> Document:
    """An EsaChannelVersionResponse of an odometer."""
    return {
        "channelVersionId": 10420,
        "beginDate": None,
        "endDate": None,
        "formula": None,
        "resolvedFormula": None,
        "isValuePositive": False,
        "maximumReading": None,
        "minimumReading": None,
        "multiplier": 1.0,
        "observationRule": ODOMETER,
        "offset": None,
        "rollbackAllowance": 0.1,
        "rolloverValue": 999999999999999.0,
        "unit": KWH,
    } | changes


def make_data_point(**changes: object) -> Document:
    """A DataPointChildWithParentAndImportId."""
    return {
        "active": True,
        "commodity": {"commodityCode": "ELEC", "commodityIcon": {}, "commodityId": 1, "commodityInfo": "Electric"},
        "dataPointCode": "NB-ELEC",
        "dataPointId": 301,
        "dataPointImportId": "NB-ELEC-01",
        "dataPointInfo": "North Building main electric",
        "isCalculatedDataPoint": False,
        "isDataRolledUp": True,
        "parentPlace": {"placeCode": "NB", "placeId": 7, "placeInfo": "North Building"},
        "serialNumber": "E-1",
    } | changes


def make_channel(**changes: object) -> Document:
    """An EsaChannelResponse of a simple channel with one version."""
    return {
        "channelDescription": "Main switchboard",
        "channelId": 1042,
        "channelImportId": "NB-ELEC-01-USE",
        "channelInfo": "North Building use",
        "channelVersions": [make_version()],
        "dataPoint": make_data_point(),
        "firstReadingDate": "2021-07-01T00:15:00-05:00",
        "hasReadings": True,
        "interval": 15,
        "isCalculated": False,
        "isCalculatedConvertible": False,
        "isPrimaryDemand": False,
        "isPrimaryValue": True,
        "lastReadingDate": "2026-11-20T23:45:00-06:00",
        "lastReadingValue": {"unit": KWH, "value": 12.5},
        "meter": {"meterId": 9, "meterCode": "M-9"},
        "observationType": {"observationTypeId": 3, "observationTypeCode": "ELECUSE", "nounCode": "Use", "credit": 2},
        "summarizationMethod": {"summarizationMethodId": 5, "summarizationMethodInfo": "Sum"},
    } | changes


def make_versions(*versions: Document) -> Document:
    """A channel with these versions."""
    return make_channel(channelVersions=list(versions))
