from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.bench import broken, listed, only_edit, reading, send

if TYPE_CHECKING:
    from reconciler.sandbox import World
    from tests.sandbox.bench import Bench, Json, Start


V3 = "/api/v3/reading"
ESA = "/api/v202407/esaReading"
# In the demo world 1049 is a Trip channel in gallons every hour, and 1067 an Odometer; neither has readings.
TRIP, ODOMETER = 1049, 1067

TWO_LEFT = "2 channels have the meter 'NB-WATER-01', observation type 'WATUSE', unit 'GAL', interval 3600"


def test_readings_go_to_the_channel_and_show_on_it(demo: Bench) -> None:
    before = demo.read(TRIP)
    first, last = reading("2026-07-01T00:00:00", 5), reading("2026-12-01T00:15:00", 7, estimated=True, note="by hand")

    answer = send(demo, V3, {"channelId": TRIP, "readings": [last, first]})

    assert answer == {"failedReadings": [], "failedReadingsCount": 0, "importedReadingsCount": 2}
    assert only_edit(before, demo.read(TRIP)) == {
        "firstReadingDate": "2026-07-01T00:00:00-04:00",
        "hasReadings": True,
        "isCalculatedConvertible": False,
        "lastReadingDate": "2026-12-01T00:15:00-05:00",
        "lastReadingValue": {"unit": {"unitCode": "GAL", "unitId": 5, "unitInfo": "Gallons"}, "value": 7},
    }
    assert demo.client.get(f"/api/v3/channel/{TRIP}/reading").json() == {
        "channelId": TRIP,
        "rule": 2,
        "unit": {"unitCode": "GAL", "unitId": 5, "unitInfo": "Gallons"},
        "readings": [
            {
                "observationId": 2,
                "time": "2026-07-01T00:00:00-04:00",
                "value": 5,
                "rawValue": 5,
                "estimated": False,
                "note": None,
            },
            {
                "observationId": 1,
                "time": "2026-12-01T00:15:00-05:00",
                "value": 7,
                "rawValue": 7,
                "estimated": True,
                "note": "by hand",
            },
        ],
    }


def test_a_channel_with_readings_cannot_be_converted(demo: Bench) -> None:
    send(demo, V3, {"channelId": TRIP, "readings": [reading("2026-07-01", 5)]})

    version = {"formula": "1", "multiplier": 1, "observationRuleId": 2, "unitId": 5}
    response = demo.put(TRIP, isCalculated=True, intervalMinutes=None, esaChannelVersion=version)

    assert broken(response) == ["isCalculated"]


def test_readings_of_the_world_and_later_ones_are_one_span(demo: Bench) -> None:
    send(demo, ESA, {"esaChannelId": 1048, "readings": [reading("2025-01-01T00:00:00Z", 5)]})
    unchanged = demo.read(1048)
    send(demo, ESA, {"esaChannelId": 1048, "readings": [reading("2026-12-01T00:00:00Z", 9)]})

    after = demo.read(1048)
    assert (unchanged["firstReadingDate"], unchanged["lastReadingDate"], unchanged["lastReadingValue"]["value"]) == (
        "2021-07-01T00:15:00-04:00",
        "2026-11-20T23:45:00-05:00",
        1240,
    )
    assert (after["lastReadingDate"], after["lastReadingValue"]["value"]) == ("2026-11-30T19:00:00-05:00", 4)


@pytest.mark.parametrize(
    ("channel_id", "parameters", "status"),
    [(7, {}, 404), (TRIP, {"beginDate": "x"}, 400), (TRIP, {"endDate": ""}, 400)],
)
def test_an_invalid_span_is_refused(demo: Bench, channel_id: int, parameters: Json, status: int) -> None:
    assert demo.client.get(f"/api/v3/channel/{channel_id}/reading", params=parameters).status_code == status


@pytest.mark.parametrize(
    ("path", "key", "setting", "failed"),
    [
        (V3, "channelId", "v3_overwrite=upsert", 0),
        (V3, "channelId", "v3_overwrite=fail", 2),
        (ESA, "esaChannelId", "v3_overwrite=fail", 0),
    ],
)
def test_a_reading_at_a_time_that_has_one_is_as_the_setting_says(
    start: Start, path: str, key: str, setting: str, failed: int
) -> None:
    bench = start(setting)
    send(bench, path, {key: TRIP, "readings": [reading("2026-07-01", 1)]})

    again = [reading("2026-07-01", 2), reading("2026-07-01T04:00:00Z", 3), reading("2026-07-02", 4)]
    answer = send(bench, path, {key: TRIP, "readings": again})

    assert (answer["failedReadingsCount"], answer["importedReadingsCount"]) == (failed, 3 - failed)
    assert [raw for _, _, raw in listed(bench, TRIP)] == ([1, 4] if failed else [3, 4])


def test_a_time_given_twice_in_one_call_fails_if_nothing_may_be_overwritten(start: Start) -> None:
    twice = [reading("2026-07-01", 1), reading("2026-07-01", 2)]

    answer = send(start("v3_overwrite=fail"), V3, {"channelId": TRIP, "readings": twice})

    assert answer["failedReadings"][0]["readings"] == [twice[1] | {"error": "the channel has a reading at this time"}]


def test_a_bad_reading_fails_alone(demo: Bench) -> None:
    good = reading("2026-07-01", 1)
    bad: list[Any] = [
        reading("soon", 2.5),
        {"value": 3, "estimated": True},
        "x",
        reading("2026-07-01", 4, note=5, estimated="no"),
        reading("0001-01-01T00:00:00+23:00", 6),
    ]

    answer = send(
        demo,
        V3,
        {
            "meterImportId": "NB-WATER-01",
            "unitCode": "GAL",
            "observationTypeCode": "WATUSE",
            "channelIntervalInSeconds": 3600,
            "readings": [],
        },
        {"channelId": TRIP, "readings": [bad[0], good, *bad[1:]]},
    )

    nothing: Json = {"time": None, "value": None, "estimated": None, "note": None}
    assert answer == {
        "failedReadings": [
            {
                "channelId": None,
                "channelImportId": None,
                "meterImportId": "NB-WATER-01",
                "observationTypeCode": "WATUSE",
                "unitCode": "GAL",
                "channelIntervalInSeconds": 3600,
                "error": TWO_LEFT,
                "readings": [],
            },
            {
                "channelId": TRIP,
                "channelImportId": None,
                "meterImportId": None,
                "observationTypeCode": None,
                "unitCode": None,
                "channelIntervalInSeconds": None,
                "error": None,
                "readings": [
                    reading("soon", 2.5) | {"error": "time must be a date and time"},
                    nothing | {"value": 3, "estimated": True, "error": "time is required; note must be there"},
                    nothing | {"error": "a reading must be an object"},
                    bad[3] | {"error": "estimated must be true or false; note must be a string"},
                    bad[4] | {"error": "time must be a date and time"},
                ],
            },
        ],
        "failedReadingsCount": 5,
        "importedReadingsCount": 1,
    }
    assert listed(demo, TRIP) == [("2026-07-01T00:00:00-04:00", 1, 1)]


def test_estimated_and_note_may_be_missing_by_a_setting(start: Start) -> None:
    bench = start("missing_defined_key=keep")

    answer = send(bench, V3, {"channelId": TRIP, "readings": [{"time": "2026-07-01", "value": 1}]})

    assert answer["importedReadingsCount"] == 1


@pytest.mark.parametrize(
    ("path", "group", "names"),
    [
        (V3, {"channelId": "x", "readings": []}, ["[0].channelId"]),
        (V3, {"channelImportId": "x" * 256, "readings": []}, ["[0].channelImportId"]),
        (V3, {"meterImportId": "x" * 256, "readings": []}, ["[0].meterImportId"]),
        (V3, {"observationTypeCode": "x" * 17, "readings": []}, ["[0].observationTypeCode"]),
        (V3, {"unitCode": "x" * 17, "readings": []}, ["[0].unitCode"]),
        (V3, {"channelIntervalInSeconds": 1.5}, ["[0].readings", "[0].channelIntervalInSeconds"]),
        (V3, {"readings": {}}, ["[0].readings"]),
        (ESA, {"readings": []}, ["[0].esaChannelId"]),
        (ESA, {"esaChannelImportId": "x" * 256, "readings": []}, ["[0].esaChannelImportId"]),
        (ESA, {"dataPointImportId": "x" * 256, "readings": []}, ["[0].dataPointImportId"]),
        (
            ESA,
            {"dataPointImportId": "x", "esaChannelIntervalMinutes": "x", "readings": []},
            ["[0].esaChannelIntervalMinutes"],
        ),
    ],
)
def test_identifiers_that_break_a_rule_refuse_the_request(
    demo: Bench, path: str, group: Json, names: list[str]
) -> None:
    assert sorted(broken(demo.client.post(path, json=[group]))) == sorted(names)


@pytest.mark.parametrize("body", ["{}", "[1]", "null"])
def test_a_body_that_is_not_an_array_of_objects_is_refused(demo: Bench, body: str) -> None:
    assert demo.client.post(V3, content=body).status_code == 400


def test_a_calculated_channel_takes_no_readings(demo: Bench) -> None:
    answer = send(demo, V3, {"channelId": 1044, "readings": [reading("2026-07-01", 1)]})

    assert answer["failedReadings"][0]["error"] == "channel 1044 is calculated and takes no readings"
    assert answer["failedReadingsCount"] == 1
    assert answer["failedReadings"][0]["readings"] == [reading("2026-07-01", 1) | {"error": None}]


def test_the_v3_calls_may_know_no_esa_channels(start: Start) -> None:
    bench = start("v3_sees_esa_channels=no")
    group = {"readings": [reading("2026-07-01", 1)]}

    v3 = send(bench, V3, {"channelId": TRIP} | group)
    esa = send(bench, ESA, {"esaChannelId": TRIP} | group)

    assert (v3["importedReadingsCount"], esa["importedReadingsCount"]) == (0, 1)
    assert bench.client.get(f"/api/v3/channel/{TRIP}/reading").status_code == 404


def test_the_log_has_imports_too(demo: Bench) -> None:
    send(demo, V3, {"channelId": TRIP, "readings": []})

    assert [(one.method, one.path, one.status) for one in demo.service.requests()] == [("POST", V3, 200)]


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
def test_a_group_goes_where_the_page_says(meters: Bench, group: Json, outcome: list[int] | str) -> None:
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


def test_a_step_without_its_property_does_not_match_a_channel_without_it(start: Start, demo_world: World) -> None:
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
