"""Every documented constraint of EsaChannelEdit and EsaChannelVersionEdit is a 400 that names the property."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.bench import CHANNELS, broken

if TYPE_CHECKING:
    from tests.sandbox.bench import Bench, Start

ODOMETER_CHANNEL = 1048
TRIP_CHANNEL = 1049
CALCULATED_CHANNEL = 1085
KWH, USD = 1, 14


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("channelDescription", ..., id="description missing"),
        pytest.param("channelDescription", "x" * 256, id="description too long"),
        pytest.param("channelDescription", 7, id="description not a string"),
        pytest.param("channelImportId", ..., id="import id missing"),
        pytest.param("channelImportId", "x" * 256, id="import id too long"),
        pytest.param("channelInfo", ..., id="name missing"),
        pytest.param("channelInfo", None, id="name null"),
        pytest.param("channelInfo", "", id="name empty"),
        pytest.param("channelInfo", "  ", id="name blank"),
        pytest.param("channelInfo", "x" * 51, id="name too long"),
        pytest.param("channelInfo", "\ud800", id="name not Unicode"),
        pytest.param("esaChannelVersion", 1, id="version not an object"),
        pytest.param("intervalMinutes", ..., id="interval missing"),
        pytest.param("intervalMinutes", None, id="interval null"),
        pytest.param("intervalMinutes", 1, id="interval unknown"),
        pytest.param("intervalMinutes", 900, id="interval in seconds"),
        pytest.param("intervalMinutes", "15", id="interval a string"),
        pytest.param("intervalMinutes", 15.5, id="interval a fraction"),
        pytest.param("isCalculated", ..., id="isCalculated missing"),
        pytest.param("isCalculated", None, id="isCalculated null"),
        pytest.param("isPrimaryDemand", ..., id="isPrimaryDemand missing"),
        pytest.param("isPrimaryDemand", None, id="isPrimaryDemand null"),
        pytest.param("isPrimaryDemand", "true", id="isPrimaryDemand a string"),
        pytest.param("isPrimaryValue", ..., id="isPrimaryValue missing"),
        pytest.param("isPrimaryValue", None, id="isPrimaryValue null"),
        pytest.param("isPrimaryValue", 1, id="isPrimaryValue a number"),
        pytest.param("observationTypeId", ..., id="observation type missing"),
        pytest.param("observationTypeId", 9999, id="observation type unknown"),
        pytest.param("observationTypeId", True, id="observation type a boolean"),
        pytest.param("observationTypeId", 2**31, id="observation type beyond int32"),
        pytest.param("summarizationMethodId", ..., id="summarization missing"),
        pytest.param("summarizationMethodId", 9999, id="summarization unknown"),
    ],
)
def test_a_channel_that_breaks_a_rule_is_refused(demo: Bench, name: str, value: Any) -> None:
    assert broken(demo.put(TRIP_CHANNEL, **{name: value})) == [name]


@pytest.mark.parametrize(
    ("channel_id", "name", "value"),
    [
        pytest.param(TRIP_CHANNEL, "beginDate", "yesterday", id="beginDate no date"),
        pytest.param(TRIP_CHANNEL, "beginDate", "2024-13-01", id="beginDate no month"),
        pytest.param(TRIP_CHANNEL, "beginDate", 20240101, id="beginDate a number"),
        pytest.param(TRIP_CHANNEL, "formula", "1", id="formula on a simple channel"),
        pytest.param(TRIP_CHANNEL, "formula", "", id="empty formula on a simple channel"),
        pytest.param(CALCULATED_CHANNEL, "formula", None, id="no formula on a calculated channel"),
        pytest.param(CALCULATED_CHANNEL, "formula", " ", id="blank formula on a calculated channel"),
        pytest.param(TRIP_CHANNEL, "isValuePositive", "no", id="isValuePositive a string"),
        pytest.param(TRIP_CHANNEL, "maximumReading", 10**15, id="maximum too large"),
        pytest.param(TRIP_CHANNEL, "maximumReading", 0.1234567890123456, id="maximum of 16 places"),
        pytest.param(TRIP_CHANNEL, "minimumReading", -(10**15), id="minimum too small"),
        pytest.param(TRIP_CHANNEL, "minimumReading", "0", id="minimum a string"),
        pytest.param(TRIP_CHANNEL, "multiplier", ..., id="multiplier missing"),
        pytest.param(TRIP_CHANNEL, "multiplier", None, id="multiplier null"),
        pytest.param(TRIP_CHANNEL, "multiplier", 10**13, id="multiplier too large"),
        pytest.param(TRIP_CHANNEL, "multiplier", -(10**13), id="multiplier too small"),
        pytest.param(TRIP_CHANNEL, "multiplier", 1e-16, id="multiplier of 16 places"),
        pytest.param(TRIP_CHANNEL, "multiplier", True, id="multiplier a boolean"),
        pytest.param(TRIP_CHANNEL, "observationRuleId", ..., id="rule missing"),
        pytest.param(TRIP_CHANNEL, "observationRuleId", 3, id="rule unknown"),
        pytest.param(TRIP_CHANNEL, "observationRuleId", "Trip", id="rule a name"),
        pytest.param(TRIP_CHANNEL, "offset", 10**13, id="offset too large"),
        pytest.param(ODOMETER_CHANNEL, "offset", 1, id="offset under Odometer"),
        pytest.param(ODOMETER_CHANNEL, "rollbackAllowance", 1.1, id="rollback too large"),
        pytest.param(ODOMETER_CHANNEL, "rollbackAllowance", -0.1, id="rollback too small"),
        pytest.param(TRIP_CHANNEL, "rollbackAllowance", 0.1, id="rollback under Trip"),
        pytest.param(ODOMETER_CHANNEL, "rolloverValue", 10**15, id="rollover too large"),
        pytest.param(ODOMETER_CHANNEL, "rolloverValue", -1, id="rollover too small"),
        pytest.param(TRIP_CHANNEL, "rolloverValue", 100000, id="rollover under Trip"),
        pytest.param(TRIP_CHANNEL, "unitId", ..., id="unit missing"),
        pytest.param(TRIP_CHANNEL, "unitId", 9999, id="unit unknown"),
        pytest.param(TRIP_CHANNEL, "unitId", USD, id="unit of the Money type"),
    ],
)
def test_a_version_that_breaks_a_rule_is_refused(demo: Bench, channel_id: int, name: str, value: Any) -> None:
    version = demo.read(channel_id)["channelVersions"][0]
    path = f"{CHANNELS}/{channel_id}/version/{version['channelVersionId']}"

    assert broken(demo.put_with_version(channel_id, **{name: value})) == [f"esaChannelVersion.{name}"]
    assert broken(demo.put_version(path, **{name: value})) == [name]


def test_of_all_units_only_dollars_are_money(demo: Bench) -> None:
    units = demo.client.get("/api/v202305/unit", params={"pageSize": 1000}).json()

    refused = [
        unit["unitCode"] for unit in units if not demo.put_with_version(TRIP_CHANNEL, unitId=unit["unitId"]).is_success
    ]

    assert refused == ["USD"]


def test_all_violations_are_reported_at_once(demo: Bench) -> None:
    assert broken(demo.client.put(f"{CHANNELS}/{TRIP_CHANNEL}", json={"esaChannelVersion": {}})) == [
        "channelDescription",
        "channelImportId",
        "isCalculated",
        "isPrimaryDemand",
        "isPrimaryValue",
        "channelInfo",
        "intervalMinutes",
        "observationTypeId",
        "summarizationMethodId",
        "esaChannelVersion.observationRuleId",
        "esaChannelVersion.multiplier",
        "esaChannelVersion.unitId",
    ]


def test_violations_of_what_is_stored_are_reported_at_once_too(demo: Bench) -> None:
    version = {"formula": "channel(1)", "multiplier": 1, "observationRuleId": 2, "unitId": USD}

    response = demo.put(
        1048, isCalculated=True, intervalMinutes=None, channelImportId="NB-GAS-01-USE", esaChannelVersion=version
    )

    assert broken(response) == [
        "esaChannelVersion.unitId",
        "isCalculated",
        "esaChannelVersion.formula",
        "channelImportId",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("channelDescription", "x" * 255),
        ("channelDescription", ""),
        ("channelDescription", None),
        ("channelImportId", "x" * 255),
        ("channelInfo", "x" * 50),
        ("channelInfo", "Überlauf 🌊"),
        ("intervalMinutes", 43200),
    ],
)
def test_values_at_the_edge_of_a_rule_are_kept_as_they_are(demo: Bench, name: str, value: Any) -> None:
    demo.put(TRIP_CHANNEL, **{name: value}).raise_for_status()

    assert demo.read(TRIP_CHANNEL)[{"intervalMinutes": "interval"}.get(name, name)] == value


@pytest.mark.parametrize(
    ("channel_id", "name", "value"),
    [
        (TRIP_CHANNEL, "multiplier", 9999999999999),
        (TRIP_CHANNEL, "multiplier", -0.000000000000001),
        (TRIP_CHANNEL, "multiplier", 0),
        (TRIP_CHANNEL, "offset", -3.5),
        (TRIP_CHANNEL, "maximumReading", 999999999999999),
        (TRIP_CHANNEL, "isValuePositive", True),
        (ODOMETER_CHANNEL, "rollbackAllowance", 0),
        (ODOMETER_CHANNEL, "rolloverValue", 99999.5),
    ],
)
def test_version_values_at_the_edge_of_a_rule_are_kept(demo: Bench, channel_id: int, name: str, value: Any) -> None:
    demo.put_with_version(channel_id, **{name: value}).raise_for_status()

    assert demo.read(channel_id)["channelVersions"][0][name] == value


def test_zeros_at_the_end_of_a_fraction_are_not_digits(demo: Bench) -> None:
    body = demo.edit_text(TRIP_CHANNEL).replace('"multiplier": 1.0', '"multiplier": 0.50000000000000000000')

    assert demo.client.put(f"{CHANNELS}/{TRIP_CHANNEL}", content=body).status_code == 200


@pytest.mark.parametrize(
    ("number", "complaints"),
    [
        ("1e20", ["must be between -9999999999999 and 9999999999999"]),
        ("1e29", ["must be between -9999999999999 and 9999999999999"]),
        ("1e30", ["must be between -9999999999999 and 9999999999999", "must have at most 30 digits"]),
        ("1" * 30, ["must be between -9999999999999 and 9999999999999"]),
        ("12e29", ["must be between -9999999999999 and 9999999999999", "must have at most 30 digits"]),
        ("1e-15", []),
        ("0.1234567890123456", ["must have at most 15 decimal places"]),
        ("1e-30", ["must have at most 15 decimal places"]),
        ("1e-31", ["must have at most 15 decimal places", "must have at most 30 digits"]),
    ],
)
def test_zeros_of_an_exponent_are_digits(demo: Bench, number: str, complaints: list[str]) -> None:
    body = demo.edit_text(TRIP_CHANNEL).replace('"multiplier": 1.0', f'"multiplier": {number}')

    response = demo.client.put(f"{CHANNELS}/{TRIP_CHANNEL}", content=body)

    errors = [] if response.is_success else response.json()["errors"]
    assert [error["message"] for error in errors] == complaints


@pytest.mark.parametrize("number", ["1e400", "1" * 31 + ".5", "NaN", "-Infinity"])
def test_numbers_no_double_can_hold_are_refused(demo: Bench, number: str) -> None:
    body = demo.edit_text(TRIP_CHANNEL).replace('"multiplier": 1.0', f'"multiplier": {number}')

    assert demo.client.put(f"{CHANNELS}/{TRIP_CHANNEL}", content=body).status_code == 400


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"text"', "[" * 100_000])
def test_a_body_that_is_not_a_json_object_is_refused(demo: Bench, body: str) -> None:
    response = demo.client.put(f"{CHANNELS}/{TRIP_CHANNEL}", content=body)

    assert (response.status_code, response.json()["errors"]) == (400, [])


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2024-07-01", "2024-07-01T00:00:00"),
        ("2024-07-01T08:30:00Z", "2024-07-01T08:30:00"),
        ("2024-07-01T08:30:00-04:00", "2024-07-01T08:30:00"),
        ("2024-07-01T08:30:15.250", "2024-07-01T08:30:15.250000"),
        ("1899-12-30T00:00:00", None),
        (None, None),
    ],
)
def test_the_zone_of_a_beginning_is_ignored(demo: Bench, written: str | None, kept: str | None) -> None:
    demo.put_with_version(TRIP_CHANNEL, beginDate=written).raise_for_status()

    assert demo.read(TRIP_CHANNEL)["channelVersions"][0]["beginDate"] == kept


def test_a_refused_request_changes_nothing(demo: Bench) -> None:
    before = demo.read(TRIP_CHANNEL)

    demo.put(TRIP_CHANNEL, channelInfo="Renamed", channelDescription="x" * 256)

    assert demo.read(TRIP_CHANNEL) == before


def test_unknown_properties_are_ignored(demo: Bench) -> None:
    assert demo.put(TRIP_CHANNEL, colour="blue").status_code == 200


@pytest.mark.parametrize(
    ("setting", "status", "values"),
    [
        ("missing_defined_key=reject", 400, ["Main switchboard, basement", "NB-ELEC-01-USE"]),
        ("missing_defined_key=keep", 200, ["Main switchboard, basement", "NB-ELEC-01-USE"]),
        ("missing_defined_key=set_null", 200, [None, None]),
    ],
)
def test_a_missing_defined_key_is_as_the_setting_says(
    start: Start, setting: str, status: int, values: list[str | None]
) -> None:
    bench = start(setting)

    response = bench.put(1042, channelDescription=..., channelImportId=...)

    assert response.status_code == status
    assert [bench.read(1042)[name] for name in ("channelDescription", "channelImportId")] == values


@pytest.mark.parametrize(
    ("settings", "sent", "names"),
    [
        (("missing_defined_key=keep",), ..., []),
        (("missing_defined_key=set_null",), ..., ["isPrimaryDemand"]),
        (("missing_defined_key=set_null", "null_boolean=false"), ..., []),
        (("missing_defined_key=keep",), None, ["isPrimaryDemand"]),
        (("null_boolean=false",), None, []),
        (("null_boolean=false",), ..., ["isPrimaryDemand"]),
    ],
)
def test_a_boolean_that_is_missing_or_null_is_as_the_settings_say(
    start: Start, settings: tuple[str, ...], sent: Any, names: list[str]
) -> None:
    response = start(*settings).put(TRIP_CHANNEL, isPrimaryDemand=sent)

    assert [error["property"] for error in response.json().get("errors", [])] == names


def test_a_kept_boolean_keeps_its_value(start: Start) -> None:
    bench = start("missing_defined_key=keep")

    bench.put(1045, isPrimaryDemand=..., channelInfo="Renamed").raise_for_status()

    assert bench.read(1045)["isPrimaryDemand"] is True


@pytest.mark.parametrize(
    ("setting", "rollback", "rollover"),
    [("odometer_nulls=fill", 0.1, 999999999999999), ("odometer_nulls=echo", None, None)],
)
def test_nulls_under_odometer_are_as_the_setting_says(
    start: Start, setting: str, rollback: float | None, rollover: float | None
) -> None:
    bench = start(setting)

    bench.put_with_version(ODOMETER_CHANNEL, rollbackAllowance=None, rolloverValue=...).raise_for_status()

    version = bench.read(ODOMETER_CHANNEL)["channelVersions"][0]
    assert (version["rollbackAllowance"], version["rolloverValue"]) == (rollback, rollover)


def test_an_offset_under_odometer_may_be_allowed(start: Start) -> None:
    bench = start("odometer_offset=allow")

    bench.put_with_version(ODOMETER_CHANNEL, offset=2).raise_for_status()

    assert bench.read(ODOMETER_CHANNEL)["channelVersions"][0]["offset"] == 2


@pytest.mark.parametrize("version", [None, ...])
def test_without_a_version_the_stored_ones_stay(demo: Bench, version: Any) -> None:
    before = demo.read(1046)

    demo.put(1046, esaChannelVersion=version, channelInfo="Gas").raise_for_status()

    assert demo.read(1046) == before | {"channelInfo": "Gas"}


@pytest.mark.parametrize("version", [None, ...])
def test_a_missing_version_may_be_refused(start: Start, version: Any) -> None:
    assert broken(start("missing_version=reject").put(1046, esaChannelVersion=version)) == ["esaChannelVersion"]
