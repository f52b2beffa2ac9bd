from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.sandbox import World, WorldError, generate, read_world, reset
from reconciler.sandbox.demo_world import make_demo_world
from tests.sandbox.bench import CHANNELS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.bench import Bench, Start

SIZE = {"pageSize": 1000}


def everything(bench: Bench) -> Any:
    paths = (CHANNELS, "/api/v202305/unit", "/api/v3/observationtype", "/api/v202406/datapoint/301")
    return [bench.client.get(path, params=SIZE).raise_for_status().json() for path in paths]


@pytest.mark.parametrize("world", [make_demo_world(), generate(50, 3)], ids=["demo", "generated"])
def test_an_exported_world_is_the_world_that_was_loaded(start: Start, world: World) -> None:
    assert start(world=world).service.export() == world


def test_a_loaded_world_gives_the_same_answers(demo: Bench, demo_world: World) -> None:
    demo.put(1042, channelInfo="Renamed").raise_for_status()
    before, exported = everything(demo), demo.service.export()

    demo.service.load(demo_world)
    demo.service.load(exported)

    assert everything(demo) == before


def test_a_world_read_from_the_api_alone_gives_the_same_channels(demo: Bench) -> None:
    channels = demo.client.get(CHANNELS, params=SIZE).json()

    demo.service.load({"formatVersion": 1, "channels": channels})

    assert demo.client.get(CHANNELS, params=SIZE).json() == channels
    assert demo.client.get("/api/v202305/unit").json()[0] == {
        "unitCode": "KWH",
        "unitDisplayName": None,
        "unitId": 1,
        "unitInfo": "Kilowatt-hours",
        "unitType": None,
    }


@pytest.mark.parametrize("setting", ["interval_unit=seconds", "first_version_begin_date=floor"])
def test_a_world_read_under_another_setting_is_the_same_world(start: Start, demo_world: World, setting: str) -> None:
    other = start(setting)
    channels = other.client.get(CHANNELS, params=SIZE).json()

    other.service.load(demo_world | {"channels": channels})

    assert other.client.get(CHANNELS, params=SIZE).json() == channels
    assert other.service.export() == demo_world


def test_what_no_page_mentions_is_kept(start: Start, demo_world: World) -> None:
    world = copy.deepcopy(demo_world)
    world["channels"][0]["colour"] = "blue"
    world["channels"][0]["channelVersions"][0]["shade"] = {"dark": True}

    bench = start(world=world)
    bench.put(1042, channelInfo="Renamed").raise_for_status()

    channel = bench.read(1042)
    assert (channel["colour"], channel["channelVersions"][0]["shade"]) == ("blue", {"dark": True})


@pytest.mark.parametrize("value", [True, False])
def test_whether_values_are_positive_is_kept(start: Start, demo_world: World, value: bool) -> None:
    world = copy.deepcopy(demo_world)
    world["channels"][1]["channelVersions"][0]["isValuePositive"] = value

    assert start(world=world).service.export()["channels"][1]["channelVersions"][0]["isValuePositive"] is value


def test_loading_empties_the_log(demo: Bench, demo_world: World) -> None:
    demo.put(1042)

    demo.service.load(demo_world)

    assert demo.service.requests() == ()


def test_versions_are_put_in_order(start: Start, demo_world: World) -> None:
    world = copy.deepcopy(demo_world)
    world["channels"][4]["channelVersions"].reverse()

    assert start(world=world).service.export() == demo_world


def test_a_data_point_may_have_no_channels_and_call_its_import_id_as_its_own_page_does(start: Start) -> None:
    world = {"formatVersion": 1, "channels": [], "dataPoints": [{"dataPointId": 7, "importId": "X", "channels": []}]}

    bench = start(world=world)

    assert bench.client.get("/api/v202406/datapoint/7").json()["importId"] == "X"
    assert bench.client.get(CHANNELS).json() == []
    assert bench.service.export()["dataPoints"] == [{"dataPointId": 7, "dataPointImportId": "X", "meter": None}]


def broken_world(demo_world: World, path: tuple[str | int, ...], value: Any) -> World:
    world = copy.deepcopy(demo_world)
    *way, last = path
    place: Any = world
    for step in way:
        place = place[step]
    place[last] = value
    return world


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("formatVersion",), 2, "formatVersion must be 1, found 2"),
        (("channels",), None, "channels is required"),
        (("channels",), [1], "channels must be a list of objects"),
        (("units", 0, "unitId"), None, "units[0].unitId is required"),
        (("channels", 1, "channelId"), 1042, "channels must not repeat channelId 1042"),
        (("channels", 1, "channelId"), "x", "channels[1].channelId must be an integer (int32)"),
        (("channels", 1, "channelInfo"), None, "channels[1].channelInfo is required"),
        (("channels", 1, "dataPoint"), None, "channels[1].dataPoint is required"),
        (("channels", 1, "observationType"), 5, "channels[1].observationType must be an object"),
        (("channels", 1, "channelVersions"), [], "channels[1].channelVersions must hold at least one version"),
        (
            ("channels", 1, "channelVersions", 0, "multiplier"),
            "1",
            "channels[1].channelVersions[0].multiplier must be a number",
        ),
        (
            ("channels", 1, "channelVersions", 0, "multiplier"),
            float("inf"),
            "channels[1].channelVersions[0].multiplier must be a number",
        ),
        (
            ("channels", 1, "channelVersions", 0, "observationRule", "observationRuleId"),
            3,
            "channels[1].channelVersions[0].observationRule.observationRuleId must be 1 (Odometer) or 2 (Trip)",
        ),
        (
            ("channels", 1, "channelVersions", 0, "observationRule"),
            None,
            "channels[1].channelVersions[0].observationRule is required",
        ),
        (
            ("channels", 1, "channelVersions", 0, "channelVersionId"),
            10420,
            "channels must not repeat channelVersionId 10420",
        ),
        (
            ("channels", 4, "channelVersions", 1, "beginDate"),
            None,
            "channels[4].channelVersions must not begin at the same time",
        ),
    ],
)
def test_an_invalid_world_is_refused(
    demo: Bench, demo_world: World, path: tuple[str | int, ...], value: Any, complaint: str
) -> None:
    with pytest.raises(WorldError) as failure:
        demo.service.load(broken_world(demo_world, path, value))

    assert str(failure.value) == f"this world cannot be loaded:\n  {complaint}"
    assert demo.service.export() == demo_world


def test_of_many_problems_ten_are_reported(tmp_path: Path) -> None:
    with pytest.raises(WorldError) as failure:
        reset(tmp_path / "sandbox.sqlite3", {"formatVersion": 1, "channels": [{}, {}]})

    lines = str(failure.value).splitlines()
    assert len(lines) == 12
    assert lines[-1] == "  and 2 more"


def test_a_world_is_read_from_a_file(tmp_path: Path, demo_world: World) -> None:
    (tmp_path / "world.json").write_text(json.dumps(demo_world), encoding="utf-8")

    assert read_world(tmp_path / "world.json") == demo_world


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "world.json cannot be read: No such file or directory"),
        ("{", "world.json is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[]", "world.json is not a world: expected a JSON object with formatVersion and channels"),
    ],
)
def test_a_file_without_a_world_is_refused(tmp_path: Path, text: str | None, complaint: str) -> None:
    path = tmp_path / "world.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")

    with pytest.raises(WorldError) as failure:
        read_world(path)

    assert str(failure.value) == f"{tmp_path}/{complaint}"
