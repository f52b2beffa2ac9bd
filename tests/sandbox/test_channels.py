from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.bench import CHANNELS, broken, edit_of, only_edit

if TYPE_CHECKING:
    from reconciler.sandbox import World
    from tests.sandbox.bench import Bench, Json, Start

NEW: Json = {
    "dataPointId": 303,
    "channelInfo": "Cistern level",
    "intervalMinutes": 60,
    "observationTypeId": 4,
    "summarizationMethodId": 2,
    "esaChannelVersion": {"multiplier": 2, "observationRuleId": 1, "unitId": 5},
}


def test_a_channel_is_answered_as_the_page_shows_it(demo: Bench, demo_world: World) -> None:
    assert demo.read(1042) == demo_world["channels"][0]
    assert list(edit_of(demo.read(1042))) == [
        "channelDescription",
        "channelImportId",
        "channelInfo",
        "esaChannelVersion",
        "intervalMinutes",
        "isCalculated",
        "isPrimaryDemand",
        "isPrimaryValue",
        "observationTypeId",
        "summarizationMethodId",
    ]


@pytest.mark.parametrize("channel_id", ["7", "99999999999999999999", "north"])
def test_a_channel_that_does_not_exist_is_a_404(demo: Bench, channel_id: str) -> None:
    assert demo.client.get(f"{CHANNELS}/{channel_id}").status_code == 404
    assert demo.client.put(f"{CHANNELS}/{channel_id}", json={}).status_code == 404


def test_a_put_without_a_change_changes_nothing(demo: Bench, demo_world: World) -> None:
    answers = [demo.put(channel["channelId"]).raise_for_status().json() for channel in demo_world["channels"]]

    assert len(answers) == 60
    assert answers == demo_world["channels"]


def test_a_put_answers_what_is_stored(demo: Bench) -> None:
    before = demo.read(1049)

    response = demo.put(1049, channelInfo="Water", intervalMinutes=30, observationTypeId=3, summarizationMethodId=3)

    after = demo.read(1049)
    assert response.json() == after
    assert only_edit(before, after) == {
        "channelInfo": "Water",
        "interval": 30,
        "observationType": before["observationType"]
        | {"observationTypeCode": "GASUSE", "observationTypeId": 3, "observationTypeInfo": "Gas use"},
        "summarizationMethod": {"summarizationMethodId": 3, "summarizationMethodInfo": "Max"},
    }


def test_a_new_name_shows_in_the_formulas_that_use_it(demo: Bench) -> None:
    demo.put(1042, channelInfo="Main").raise_for_status()

    assert demo.read(1044)["channelVersions"][0]["resolvedFormula"] == (
        "channel(Main) - channel(North Building feeder losses)"
    )
    assert demo.read(1101)["channelVersions"][0]["resolvedFormula"].startswith("channel(Main) + ")


def test_a_calculated_channel_has_the_longest_interval_of_its_inputs(demo: Bench) -> None:
    demo.put(1058, intervalMinutes=60).raise_for_status()

    assert demo.read(1059)["interval"] == 60


def test_a_created_channel_has_an_id_and_an_open_beginning(demo: Bench) -> None:
    response = demo.client.post(CHANNELS, json=NEW)

    created = response.raise_for_status().json()
    assert created == demo.read(1102)
    assert edit_of(created) == {
        "channelDescription": None,
        "channelImportId": None,
        "channelInfo": "Cistern level",
        "esaChannelVersion": {
            "beginDate": None,
            "formula": None,
            "isValuePositive": False,
            "maximumReading": None,
            "minimumReading": None,
            "multiplier": 2,
            "observationRuleId": 1,
            "offset": None,
            "rollbackAllowance": 0.1,
            "rolloverValue": 999999999999999,
            "unitId": 5,
        },
        "intervalMinutes": 60,
        "isCalculated": False,
        "isPrimaryDemand": False,
        "isPrimaryValue": False,
        "observationTypeId": 4,
        "summarizationMethodId": 2,
    }
    assert (created["hasReadings"], created["lastReadingValue"], created["dataPoint"]["dataPointId"]) == (
        False,
        None,
        303,
    )


def test_a_created_primary_demotes_the_old_one(demo: Bench) -> None:
    demo.client.post(CHANNELS, json=NEW | {"isPrimaryValue": True}).raise_for_status()

    assert [demo.read(one)["isPrimaryValue"] for one in (1048, 1102)] == [False, True]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"dataPointId": None}, ["dataPointId"]),
        ({"dataPointId": 7}, ["dataPointId"]),
        ({"esaChannelVersion": None}, ["esaChannelVersion"]),
        ({"channelInfo": None, "channelImportId": "x" * 256}, ["channelImportId", "channelInfo"]),
        ({"channelImportId": "NB-WATER-01-USE"}, ["channelImportId"]),
        ({"observationTypeId": 5}, ["esaChannelVersion.observationRuleId"]),
    ],
)
def test_a_create_obeys_the_rules(demo: Bench, changes: Json, names: list[str]) -> None:
    assert broken(demo.client.post(CHANNELS, json=NEW | changes)) == names


@pytest.mark.parametrize(
    ("setting", "intervals"),
    [
        ("interval_unit=minutes", [15, 60, 15]),
        ("interval_unit=seconds", [900, 3600, 900]),
        ("calculated_interval=null", [15, 60, None]),
    ],
)
def test_the_interval_reads_as_the_setting_says(start: Start, setting: str, intervals: list[int | None]) -> None:
    bench = start(setting)

    assert [bench.read(one)["interval"] for one in (1042, 1046, 1044)] == intervals


@pytest.mark.parametrize(
    ("setting", "formula", "resolved"),
    [
        ("verbatim", " channel( 1042 )  * 2 ", " channel(North Building electricity use)  * 2 "),
        ("stripped", "channel(1042)*2", "channel(North Building electricity use)*2"),
    ],
)
def test_a_formula_reads_back_as_the_setting_says(start: Start, setting: str, formula: str, resolved: str) -> None:
    bench = start(f"formula_text={setting}")

    bench.put_with_version(1044, formula=" channel( 1042 )  * 2 ").raise_for_status()

    version = bench.read(1044)["channelVersions"][0]
    assert (version["formula"], version["resolvedFormula"]) == (formula, resolved)


def test_a_change_of_settings_shows_in_what_was_answered_before(start: Start) -> None:
    minutes = start().read(1042)["interval"]

    # Both run on the same file.
    seconds = start("interval_unit=seconds").read(1042)["interval"]

    assert (minutes, seconds) == (15, 900)
