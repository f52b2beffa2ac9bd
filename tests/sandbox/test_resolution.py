"""The six steps of "Channel Identification", in the page's own order."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox import World
    from tests.sandbox.bench import Bench, Json, Start

ONE_READING = [{"time": "2026-07-01", "value": 1, "estimated": False, "note": None}]


def landed(bench: Bench, path: str, group: Json) -> list[int] | str:
    """The channels on which a reading landed, or the error of its group."""
    answer = bench.client.post(path, json=[group | {"readings": ONE_READING}]).raise_for_status().json()
    if answer["failedReadings"]:
        return str(answer["failedReadings"][0]["error"])
    with_readings = bench.service.export()["channels"]
    return [one["channelId"] for one in with_readings if str(one["lastReadingDate"]).startswith("2026-07-01")]


@pytest.fixture
def meters(start: Start, demo_world: World) -> Bench:
    """One meter with 1042 (use, kWh, 15), 1043 (use, kWh, 15), 1045 (demand) and two more uses; one with 1076 only."""
    world = copy.deepcopy(demo_world)
    for channel in world["channels"]:
        channel |= {"hasReadings": False, "firstReadingDate": None, "lastReadingDate": None, "lastReadingValue": None}
        if channel["channelId"] == 1044:
            channel |= {"isCalculated": False, "interval": 60}
            channel["channelVersions"][0]["formula"] = None
        if channel["channelId"] == 1043:
            channel["channelVersions"][0]["unit"] = {"unitId": 2}
    return start(world=world)


@pytest.mark.parametrize(
    ("group", "outcome"),
    [
        pytest.param({"channelId": 1043, "channelImportId": "NB-ELEC-01-USE"}, [1043], id="1: the id, whatever else"),
        pytest.param({"channelId": 7, "channelImportId": "NB-ELEC-01-USE"}, "no channel has the id 7", id="1: none"),
        pytest.param({"channelImportId": "NB-ELEC-01-USE", "meterImportId": "x"}, [1042], id="2: the import id"),
        pytest.param(
            {"channelImportId": "x", "meterImportId": "LB-GAS-01"},
            "no channel has the import id 'x'",
            id="2: none, and no further look",
        ),
        pytest.param({"meterImportId": "LB-GAS-01"}, [1076], id="3: the only channel"),
        pytest.param({"meterImportId": "LB-GAS-01", "unitCode": "KWH"}, [1076], id="3: the only one, whatever else"),
        pytest.param({"meterImportId": "x"}, "no channel has the meter 'x'", id="3: none"),
        pytest.param({"meterImportId": "NB-ELEC-01", "observationTypeCode": "ELECDEM"}, [1045], id="4: the type"),
        pytest.param(
            {"meterImportId": "NB-ELEC-01", "observationTypeCode": "elecdem"},
            "no channel has the meter 'NB-ELEC-01', observation type 'elecdem'",
            id="4: none",
        ),
        pytest.param(
            {"meterImportId": "NB-ELEC-01", "unitCode": "KW"},
            "no channel has the meter 'NB-ELEC-01', observation type None",
            id="4: not given",
        ),
        pytest.param(
            {"meterImportId": "NB-ELEC-01", "observationTypeCode": "ELECUSE", "unitCode": "KW"},
            [1043],
            id="5: the unit",
        ),
        pytest.param(
            {"meterImportId": "NB-ELEC-01", "observationTypeCode": "ELECUSE", "unitCode": "GAL"},
            "no channel has the meter 'NB-ELEC-01', observation type 'ELECUSE', unit 'GAL'",
            id="5: none",
        ),
        pytest.param(
            {
                "meterImportId": "NB-ELEC-01",
                "observationTypeCode": "ELECUSE",
                "unitCode": "KWH",
                "channelIntervalInSeconds": 900,
            },
            [1042],
            id="6: the interval",
        ),
        pytest.param(
            {
                "meterImportId": "NB-ELEC-01",
                "observationTypeCode": "ELECUSE",
                "unitCode": "KWH",
                "channelIntervalInSeconds": 60,
            },
            "no channel has the meter 'NB-ELEC-01', observation type 'ELECUSE', unit 'KWH', interval 60",
            id="6: none",
        ),
        pytest.param({}, "the group names no channel, meter or data point", id="no identifier"),
        pytest.param(
            {"channelImportId": "", "meterImportId": ""},
            "the group names no channel, meter or data point",
            id="empty identifiers",
        ),
    ],
)
def test_a_group_lands_where_the_page_says(meters: Bench, group: Json, outcome: list[int] | str) -> None:
    assert landed(meters, "/api/v3/reading", group) == outcome


def test_several_channels_left_at_the_end_are_an_error(demo: Bench) -> None:
    group = {
        "meterImportId": "CP-CHW-01",
        "observationTypeCode": "CHWTEMP",
        "unitCode": "DEGF",
        "channelIntervalInSeconds": 900,
    }

    assert landed(demo, "/api/v3/reading", group) == (
        "2 channels have the meter 'CP-CHW-01', observation type 'CHWTEMP', unit 'DEGF', interval 900"
    )


def test_a_step_that_its_property_is_missing_for_does_not_match_a_channel_without_it(
    start: Start, demo_world: World
) -> None:
    # The calculated channel has no interval; the other one has.
    world = copy.deepcopy(demo_world)
    world["channels"] = [channel for channel in world["channels"] if channel["channelId"] in (1042, 1044)]
    for channel in world["channels"]:
        channel |= {"hasReadings": False, "firstReadingDate": None, "lastReadingDate": None, "lastReadingValue": None}
        if channel["channelId"] == 1044:
            channel["channelVersions"][0]["formula"] = "channel(1042)"
    bench = start(world=world)

    assert (
        landed(
            bench,
            "/api/v3/reading",
            {"meterImportId": "NB-ELEC-01", "observationTypeCode": "ELECUSE", "unitCode": "KWH"},
        )
        == "no channel has the meter 'NB-ELEC-01', observation type 'ELECUSE', unit 'KWH', interval None"
    )


def test_two_channels_of_one_import_id_are_an_error(start: Start) -> None:
    bench = start("duplicate_import_id=allow")
    bench.put(1049, channelImportId="NB-WATER-01-USE").raise_for_status()

    assert landed(bench, "/api/v3/reading", {"channelImportId": "NB-WATER-01-USE"}) == (
        "2 channels have the import id 'NB-WATER-01-USE'"
    )


@pytest.mark.parametrize(
    ("group", "outcome"),
    [
        ({"esaChannelId": 1043}, [1043]),
        ({"esaChannelImportId": "NB-ELEC-01-USE"}, [1042]),
        (
            {
                "dataPointImportId": "NB-ELEC-01",
                "observationTypeCode": "ELECUSE",
                "unitCode": "KWH",
                "esaChannelIntervalMinutes": 60,
            },
            [1044],
        ),
    ],
)
def test_the_esa_call_has_its_own_names_and_minutes(meters: Bench, group: Json, outcome: list[int]) -> None:
    assert landed(meters, "/api/v202407/esaReading", group) == outcome


def test_the_output_unit_is_that_of_the_latest_version(meters: Bench) -> None:
    version = {"beginDate": "2026-01-01", "multiplier": 1, "observationRuleId": 2, "unitId": 1}
    meters.client.post("/api/v202406/esachannel/1043/version", json=version).raise_for_status()
    group = {
        "meterImportId": "NB-ELEC-01",
        "observationTypeCode": "ELECUSE",
        "unitCode": "KWH",
        "channelIntervalInSeconds": 900,
    }

    assert landed(meters, "/api/v3/reading", group) == (
        "2 channels have the meter 'NB-ELEC-01', observation type 'ELECUSE', unit 'KWH', interval 900"
    )
