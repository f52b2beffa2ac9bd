from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.bench import CHANNELS, broken, only_edit

if TYPE_CHECKING:
    from tests.sandbox.bench import Bench, Json, Start

# In the demo world the formula of 1044 uses 1042 and 1043; 1049 is simple, unused and without readings.
CALCULATED = {"isCalculated": True, "intervalMinutes": None}
SIMPLE = {"isCalculated": False, "intervalMinutes": 15}


def version(**changes: Any) -> Json:
    return {"multiplier": 1, "observationRuleId": 2, "unitId": 5} | changes


def test_a_simple_channel_without_readings_becomes_calculated(demo: Bench) -> None:
    before = demo.read(1065)

    demo.put(1065, **CALCULATED, esaChannelVersion=version(formula="channel(1064) / 2")).raise_for_status()

    after = demo.read(1065)
    assert only_edit(before, after) == {
        "channelVersions": after["channelVersions"],
        # That of its input, whose readings are summarized for it.
        "interval": 60,
        "isCalculated": True,
        "isCalculatedConvertible": False,
        "hasReadings": True,
        "firstReadingDate": "2021-07-01T01:00:00-04:00",
        "lastReadingDate": "2026-11-21T00:00:00-05:00",
    }
    assert after["channelVersions"][0]["resolvedFormula"] == "channel(Science Center gas use) / 2"


def test_a_calculated_channel_without_readings_becomes_simple(start: Start) -> None:
    demo = start("calculated_readings=none")
    demo.put(1049, **CALCULATED, esaChannelVersion=version(formula="channel(1048) / 2")).raise_for_status()

    demo.put(1049, **SIMPLE, esaChannelVersion=version()).raise_for_status()

    after = demo.read(1049)
    assert (after["isCalculated"], after["interval"], after["channelVersions"][0]["formula"]) == (False, 15, None)


@pytest.mark.parametrize(
    ("channel_id", "message"),
    [
        pytest.param(1048, "must not change: the channel has readings", id="readings"),
        pytest.param(1043, "must not change: the channel is used in the formulas of 1044", id="used in a formula"),
    ],
)
def test_a_simple_channel_stays_simple_while_something_depends_on_it(
    demo: Bench, channel_id: int, message: str
) -> None:
    response = demo.put(channel_id, **CALCULATED, esaChannelVersion=version(formula="1"))

    assert response.status_code == 400
    assert response.json()["errors"] == [{"property": "isCalculated", "message": message}]
    assert demo.read(channel_id)["isCalculatedConvertible"] is False


def test_a_simple_channel_of_several_versions_stays_simple(demo: Bench) -> None:
    demo.client.post(f"{CHANNELS}/1049/version", json=version(beginDate="2025-01-01")).raise_for_status()

    response = demo.put(1049, **CALCULATED, esaChannelVersion=version(formula="1", beginDate="2025-01-01"))

    assert [error["message"] for error in response.json()["errors"]] == ["must not change: the channel has 2 versions"]
    assert demo.read(1049)["isCalculatedConvertible"] is False


def test_a_calculated_channel_with_readings_stays_calculated(demo: Bench) -> None:
    assert broken(demo.put(1085, **SIMPLE, esaChannelVersion=version())) == ["isCalculated"]
    assert demo.read(1085)["isCalculatedConvertible"] is False


def test_a_conversion_needs_a_version(demo: Bench) -> None:
    assert broken(demo.put(1049, **CALCULATED, esaChannelVersion=None)) == ["esaChannelVersion"]


def test_a_channel_without_readings_and_users_and_with_one_version_is_convertible(demo: Bench) -> None:
    channels = demo.client.get(CHANNELS, params={"pageSize": 1000}).json()

    assert [one["channelId"] for one in channels if one["isCalculatedConvertible"]] == [1049, 1065, 1067, 1100]


def test_a_conversion_becomes_legal_once_the_formula_does_not_use_the_channel(demo: Bench) -> None:
    demo.put_with_version(1044, formula="channel(1042) * 0.97").raise_for_status()

    assert demo.read(1043)["isCalculatedConvertible"] is True
    losses = version(formula="channel(1042) * 0.03", unitId=1)
    assert demo.put(1043, **CALCULATED, esaChannelVersion=losses).status_code == 200


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("channel(1057)", "channel(1057) belongs to another data point"),
        ("channel(1)", "channel(1) does not exist"),
        ("channel(1044)", "channel(1044) is the channel itself"),
        ("channel(1042", "expected a closing parenthesis at column 13, found 'the end'"),
    ],
)
def test_a_formula_may_use_simple_channels_of_its_data_point_only(demo: Bench, formula: str, message: str) -> None:
    response = demo.put_with_version(1044, formula=formula)

    assert response.json()["errors"] == [{"property": "esaChannelVersion.formula", "message": message}]


def test_a_formula_may_not_use_a_calculated_channel(demo: Bench) -> None:
    response = demo.put(1049, **CALCULATED, esaChannelVersion=version(formula="channel(1048)"))
    created = demo.client.post(CHANNELS, json=_another_calculated())

    assert response.status_code == 200
    assert created.json()["errors"] == [
        {"property": "esaChannelVersion.formula", "message": "channel(1049) is a calculated channel"}
    ]


def _another_calculated() -> Json:
    return {
        "dataPointId": 303,
        "channelInfo": "Half of the irrigation",
        "isCalculated": True,
        "observationTypeId": 4,
        "summarizationMethodId": 1,
        "esaChannelVersion": version(formula="channel(1049)"),
    }


@pytest.mark.parametrize(
    ("formula", "status"),
    [("channel(1061) + channel(1072)", 200), ("channel(1058)", 400), ("channel(1101)", 400), ("channel(9)", 400)],
)
def test_a_calculated_meter_uses_primary_value_channels_of_others(demo: Bench, formula: str, status: int) -> None:
    assert demo.put_with_version(1101, formula=formula).status_code == status


@pytest.mark.parametrize(
    ("channel_id", "changes", "name"),
    [
        pytest.param(1045, {"observationRuleId": 1}, "esaChannelVersion.observationRuleId", id="demand type"),
        pytest.param(1053, {"observationRuleId": 1}, "esaChannelVersion.observationRuleId", id="primary demand"),
    ],
)
def test_a_demand_channel_cannot_be_an_odometer(
    demo: Bench, channel_id: int, changes: dict[str, Any], name: str
) -> None:
    assert broken(demo.put_with_version(channel_id, **changes)) == [name]


def test_an_odometer_cannot_become_a_demand_channel(demo: Bench) -> None:
    by_flag = demo.put(1048, isPrimaryDemand=True)
    by_type = demo.put(1048, observationTypeId=5, esaChannelVersion=None)

    assert broken(by_flag) == broken(by_type) == ["esaChannelVersion.observationRuleId"]


@pytest.mark.parametrize(("setting", "status"), [("400", 400), ("409", 409), ("allow", 200)])
def test_a_duplicate_import_id_is_as_the_setting_says(start: Start, setting: str, status: int) -> None:
    response = start(f"duplicate_import_id={setting}").put(1049, channelImportId="NB-WATER-01-USE")

    assert response.status_code == status


def test_a_duplicate_import_id_names_its_owner(demo: Bench) -> None:
    response = demo.put(1049, channelImportId="NB-WATER-01-USE")

    assert response.json() == {
        "message": "The request is not valid.",
        "errors": [
            {
                "property": "channelImportId",
                "message": "'NB-WATER-01-USE' is already the import id of channel 1048",
            }
        ],
    }


def test_an_import_id_given_up_can_be_taken(demo: Bench) -> None:
    demo.put(1048, channelImportId=None).raise_for_status()

    assert demo.put(1049, channelImportId="NB-WATER-01-USE").status_code == 200


def test_channels_without_import_id_do_not_collide(demo: Bench) -> None:
    assert [demo.put(one, channelImportId="").status_code for one in (1048, 1049, 1049)] == [200, 200, 200]


def test_a_new_primary_demotes_the_old_one(demo: Bench) -> None:
    before = demo.read(1057)

    demo.put(1059, isPrimaryValue=True).raise_for_status()

    assert demo.read(1059)["isPrimaryValue"] is True
    assert demo.read(1057) == before | {"isPrimaryValue": False}


def test_a_new_primary_demand_demotes_the_old_one_and_no_other_flag(demo: Bench) -> None:
    demo.put(1044, isPrimaryDemand=True).raise_for_status()

    flags = {one: (demo.read(one)["isPrimaryValue"], demo.read(one)["isPrimaryDemand"]) for one in (1042, 1044, 1045)}
    assert flags == {1042: (True, False), 1044: (False, True), 1045: (False, False)}


@pytest.mark.parametrize(("channel_id", "name"), [(1059, "isPrimaryValue"), (1058, "isPrimaryDemand")])
def test_a_second_primary_may_be_refused(start: Start, channel_id: int, name: str) -> None:
    bench = start("second_primary=reject")

    # A Trip version, for a demand channel cannot be an Odometer.
    trip = version(unitId=1, formula="1") if channel_id == 1059 else version(unitId=1)
    assert broken(bench.put(channel_id, **{name: True}, esaChannelVersion=trip)) == [name]


def test_the_last_primary_value_cannot_be_cleared(demo: Bench) -> None:
    assert broken(demo.put(1057, isPrimaryValue=False)) == ["isPrimaryValue"]


def test_the_last_primary_value_may_be_cleared_by_a_setting(start: Start) -> None:
    bench = start("clear_last_primary=allow")

    bench.put(1057, isPrimaryValue=False).raise_for_status()

    assert bench.read(1057)["isPrimaryValue"] is False
    assert bench.read(1057)["dataPoint"]["isDataRolledUp"] is False


def test_the_only_primary_demand_may_be_cleared(demo: Bench) -> None:
    assert demo.put(1060, isPrimaryDemand=False).status_code == 200


def test_the_data_point_is_rolled_up_while_its_primary_value_is_a_sum(demo: Bench) -> None:
    demo.put(1042, summarizationMethodId=2).raise_for_status()

    assert [demo.read(one)["dataPoint"]["isDataRolledUp"] for one in (1042, 1045, 1057)] == [False, False, True]


@pytest.mark.parametrize(
    ("changes", "in_version", "name"),
    [
        ({"observationTypeId": 3}, {}, "observationTypeId"),
        ({"intervalMinutes": 30}, {}, "intervalMinutes"),
        (
            {},
            {"observationRuleId": 2, "rolloverValue": None, "rollbackAllowance": None},
            "esaChannelVersion.observationRuleId",
        ),
    ],
)
def test_type_interval_and_rule_of_a_channel_with_readings_are_as_the_setting_says(
    start: Start, changes: dict[str, Any], in_version: dict[str, Any], name: str
) -> None:
    strict = start("edit_with_readings=reject")
    edited = version(observationRuleId=1, unitId=5) | in_version

    assert broken(strict.put(1048, **changes, esaChannelVersion=edited)) == [name]
    assert start().put(1048, **changes, esaChannelVersion=edited).status_code == 200


def test_other_edits_of_a_channel_with_readings_are_never_refused(start: Start) -> None:
    bench = start("edit_with_readings=reject")

    assert bench.put(1048, channelInfo="Renamed").status_code == 200
    assert bench.put(1049, intervalMinutes=5).status_code == 200
