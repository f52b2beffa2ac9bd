"""What the demo's definitions find live, so that the first plan shows every kind of change."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.sandbox.bench import CHANNELS, broken, edit_of, version_edit_of

if TYPE_CHECKING:
    import httpx

    from reconciler.sandbox import World
    from tests.sandbox.bench import Bench, Json

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "channels").glob("*.yaml"))

# What each change of the demo is for, by name, with the live side that makes it so.
PURPOSES = {
    "nb-elec-use": ("history: multiplier on a channel with readings", {"channelId": 1042, "hasReadings": True}),
    "nb-elec-losses": (
        "conversion, made legal by nb-elec-net",
        {"hasReadings": False, "isCalculatedConvertible": False},
    ),
    "nb-elec-net": ("drops its reference to nb-elec-losses", {"isCalculated": True}),
    "nb-elec-demand": ("unchanged", {"isPrimaryDemand": True}),
    "nb-cooling-use": ("unchanged", {"isPrimaryValue": True}),
    "nb-cooling-demand": ("unchanged", {"isPrimaryDemand": True}),
    "nb-cooling-supply": ("unchanged", {}),
    "nb-cooling-return": ("unchanged", {}),
    "sc-elec-feeder-a": ("structural: gives the primary value up", {"isPrimaryValue": True}),
    "sc-elec-feeder-b": ("cosmetic", {"channelDescription": None}),
    "sc-elec-total": ("structural: takes the primary value", {"isPrimaryValue": False, "isCalculated": True}),
    "sc-elec-demand": ("history: a limit on a channel with readings", {"hasReadings": True}),
    "sc-water-use": ("history: multiplier on a channel with readings", {"hasReadings": True}),
    "sc-water-deionized": ("Odometer to Trip: implies nulls, forward only", {"hasReadings": False}),
    "sc-steam-use": ("several versions, edited on both levels", {"channelDescription": None}),
    "sc-gas-kiln": ("forward: no readings yet; found without an import id", {"channelImportId": None}),
    "lb-water-old": ("frees an import id", {"channelImportId": "LB-WATER-01-USE"}),
    "lb-water-use": ("takes the import id", {"channelImportId": "LB-WATER-01-NEW"}),
    "lb-water-flow": ("unchanged", {}),
    "cp-steam-made": ("unchanged", {"isPrimaryValue": True}),
    "cp-steam-sold": ("cosmetic", {"channelDescription": None}),
    "cp-steam-losses": ("blocked: a conversion of a channel with readings", {"hasReadings": True}),
}
# A new version and a new channel: these are not PUT, but POSTed.
SWAPPED, CREATED = "cp-gas-boiler-2", "cp-gas-boiler-3"
BLOCKED = "cp-steam-losses"
# The order that the changes need of each other; all others may go anywhere.
FIRST = ("nb-elec-net", "sc-elec-total", "lb-water-old")


def load() -> dict[str, Json]:
    """The definitions that edit what is there."""
    return {name: channel for name, channel in load_all().items() if name not in (SWAPPED, CREATED)}


def load_all() -> dict[str, Json]:
    channels = {}
    for path in FILES:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        defaults = document.get("defaults", {})
        for name, channel in document["channels"].items():
            version = defaults.get("esaChannelVersion", {}) | channel.get("esaChannelVersion", {})
            channels[name] = defaults | channel | ({"esaChannelVersion": version} if version else {})
    return channels


def find_live(world: World, select: Json) -> Json:
    found = [channel for channel in world["channels"] if _fits(channel, select)]
    assert len(found) == 1, select
    return dict(found[0])


def _fits(channel: Json, select: Json) -> bool:
    values = {
        "channelId": channel["channelId"],
        "channelImportId": channel["channelImportId"],
        "dataPointImportId": channel["dataPoint"]["dataPointImportId"],
        "observationTypeCode": channel["observationType"]["observationTypeCode"],
        "unitCode": channel["channelVersions"][-1]["unit"]["unitCode"],
        "intervalMinutes": channel["interval"],
    }
    return all(values[name] == value for name, value in select.items())


@pytest.fixture
def desired(demo_world: World) -> dict[str, Json]:
    """The definitions in the API's own terms, each with the channel it finds live."""
    channels = load()
    ids = {name: find_live(demo_world, channel["select"])["channelId"] for name, channel in channels.items()}
    units = {unit["unitCode"]: unit["unitId"] for unit in demo_world["units"]}
    for channel in channels.values():
        version = channel.get("esaChannelVersion", {})
        if "unitCode" in version:
            version["unitId"] = units[version.pop("unitCode")]
        if "observationRule" in version:
            version["observationRuleId"] = {"Odometer": 1, "Trip": 2}[version.pop("observationRule")]
        if isinstance(version.get("beginDate"), datetime):
            version["beginDate"] = version["beginDate"].isoformat()
        for name, channel_id in ids.items():
            if "formula" in version:
                version["formula"] = version["formula"].replace(f"channel({name})", f"channel({channel_id})")
    return channels


def put(bench: Bench, channel: Json, channel_id: int) -> httpx.Response:
    """Carries one definition out, as the design says: with several versions each level by its own PUT."""
    live = bench.read(channel_id)
    body = edit_of(live)
    version = body["esaChannelVersion"] | channel.get("esaChannelVersion", {})
    if version["observationRuleId"] == 2:
        version |= {"rolloverValue": None, "rollbackAllowance": None}
    body |= {name: value for name, value in channel.items() if name in body} | {"esaChannelVersion": version}
    if len(live["channelVersions"]) > 1:
        version_id = live["channelVersions"][-1]["channelVersionId"]
        path = f"{CHANNELS}/{channel_id}/version/{version_id}"
        bench.client.put(path, json=version).raise_for_status()
        body["esaChannelVersion"] = None
    return bench.client.put(f"{CHANNELS}/{channel_id}", json=body)


def test_the_campus_has_the_size_that_the_readme_tells(demo_world: World) -> None:
    channels = demo_world["channels"]

    assert len(channels) == 60
    assert len({channel["dataPoint"]["dataPointId"] for channel in channels}) == 20
    assert len({channel["dataPoint"]["parentPlace"]["placeInfo"] for channel in channels}) == 4
    assert len({channel["dataPoint"]["commodity"]["commodityCode"] for channel in channels}) == 5


def test_every_kind_of_channel_is_there(demo_world: World) -> None:
    channels = demo_world["channels"]
    kinds = Counter(
        kind
        for channel in channels
        for kind, is_so in {
            "calculated": channel["isCalculated"],
            "odometer": channel["channelVersions"][-1]["observationRule"]["observationRuleId"] == 1,
            "several versions": len(channel["channelVersions"]) > 1,
            "primary value": channel["isPrimaryValue"],
            "primary demand": channel["isPrimaryDemand"],
            "no readings": not channel["hasReadings"],
            "no import id": channel["channelImportId"] is None,
        }.items()
        if is_so
    )

    assert kinds == {
        "calculated": 7,
        "odometer": 21,
        "several versions": 3,
        "primary value": 20,
        "primary demand": 13,
        "no readings": 5,
        "no import id": 3,
    }


def test_every_data_point_has_one_primary_value_and_at_most_one_primary_demand(demo_world: World) -> None:
    flags = ("isPrimaryValue", "isPrimaryDemand")
    counts = [Counter(one["dataPoint"]["dataPointId"] for one in demo_world["channels"] if one[flag]) for flag in flags]

    assert set(counts[0].values()) == {1}
    assert len(counts[0]) == 20
    assert set(counts[1].values()) == {1}


def test_every_channel_of_the_demo_obeys_the_rules_of_the_service(demo: Bench, demo_world: World) -> None:
    assert {demo.put(channel["channelId"]).status_code for channel in demo_world["channels"]} == {200}


def test_the_definitions_are_what_the_table_of_purposes_tells() -> None:
    assert load_all().keys() == {*PURPOSES, SWAPPED, CREATED}
    assert {path.read_text(encoding="utf-8").splitlines()[0] for path in FILES} == {
        "# yaml-language-server: $schema=../schemas/channels.schema.json"
    }
    assert 4 <= len(FILES) <= 7


@pytest.mark.parametrize(("name", "facts"), [(name, facts) for name, (_, facts) in PURPOSES.items()])
def test_the_live_side_is_what_the_purpose_needs(
    desired: dict[str, Json], demo_world: World, name: str, facts: Json
) -> None:
    live = find_live(demo_world, desired[name]["select"])

    assert {fact: live[fact] for fact in facts} == facts


def test_every_file_names_the_data_point_of_its_channels(demo_world: World) -> None:
    for path in FILES:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        points = {
            find_live(demo_world, channel["select"])["dataPoint"]["dataPointImportId"]
            for channel in document["channels"].values()
            if "create" not in channel
        }
        assert points == {document["dataPoint"]} if "dataPoint" in document else len(points) > 1


def in_order(demo_world: World, desired: dict[str, Json]) -> list[tuple[str, int, Json]]:
    names = (*FIRST, *(name for name in desired if name not in FIRST))
    return [(name, find_live(demo_world, desired[name]["select"])["channelId"], desired[name]) for name in names]


def test_in_the_right_order_all_but_the_blocked_one_succeed(
    demo: Bench, demo_world: World, desired: dict[str, Json]
) -> None:
    steps = in_order(demo_world, desired)

    statuses = {name: put(demo, channel, channel_id).status_code for name, channel_id, channel in steps}

    assert [name for name, status in statuses.items() if status != 200] == [BLOCKED]


def test_what_is_called_unchanged_is_all_that_does_not_change(
    demo: Bench, demo_world: World, desired: dict[str, Json]
) -> None:
    before = {channel["channelId"]: edit_of(channel) for channel in demo_world["channels"]}
    steps = in_order(demo_world, desired)

    for _, channel_id, channel in steps:
        put(demo, channel, channel_id)

    unchanged = {name for name, channel_id, _ in steps if edit_of(demo.read(channel_id)) == before[channel_id]}
    assert unchanged == {name for name, (purpose, _) in PURPOSES.items() if purpose == "unchanged"} | {BLOCKED}


def test_a_second_time_nothing_changes(demo: Bench, demo_world: World, desired: dict[str, Json]) -> None:
    steps = in_order(demo_world, desired)
    for _ in range(2):
        before = demo.service.export()
        for _, channel_id, channel in steps:
            put(demo, channel, channel_id)

    assert demo.service.export() == before


@pytest.mark.parametrize(
    ("name", "complaints"),
    [
        ("nb-elec-losses", ["isCalculated"]),
        ("sc-elec-feeder-a", ["isPrimaryValue"]),
        ("lb-water-use", ["channelImportId"]),
        (BLOCKED, ["isCalculated"]),
    ],
)
def test_out_of_order_the_service_refuses(
    demo: Bench, demo_world: World, desired: dict[str, Json], name: str, complaints: list[str]
) -> None:
    response = put(demo, desired[name], find_live(demo_world, desired[name]["select"])["channelId"])

    assert broken(response) == complaints


def test_the_steam_meter_keeps_its_old_version(demo: Bench, desired: dict[str, Json]) -> None:
    before = demo.read(1068)["channelVersions"]

    put(demo, desired["sc-steam-use"], 1068).raise_for_status()

    after = demo.read(1068)["channelVersions"]
    assert after[0] == before[0]
    assert version_edit_of(after[1]) == version_edit_of(before[1]) | {"multiplier": 10}


def test_most_channels_are_not_managed(demo_world: World) -> None:
    assert len(demo_world["channels"]) - len(PURPOSES) == 38


def test_the_service_takes_the_version_of_the_swapped_meter(demo: Bench) -> None:
    _, listed = load_all()[SWAPPED]["channelVersions"]
    before = version_edit_of(demo.read(1089)["channelVersions"][0])
    body = before | {key: value for key, value in listed.items() if key != "because"}

    demo.client.post(f"{CHANNELS}/1089/version", json=body).raise_for_status()

    old, new = demo.read(1089)["channelVersions"]
    assert version_edit_of(old) == before
    assert (old["endDate"], new["multiplier"]) == (listed["beginDate"], 10)


def test_the_service_takes_the_new_channel(demo: Bench) -> None:
    wanted = load_all()[CREATED]
    like = demo.read(1089)
    body = edit_of(like) | {
        "dataPointId": like["dataPoint"]["dataPointId"],
        "channelImportId": wanted["channelImportId"],
        "channelInfo": wanted["channelInfo"],
    }

    created = demo.client.post(CHANNELS, json=body)

    assert created.json()["channelImportId"] == "CP-GAS-01-BOILER3"
    assert demo.read(created.json()["channelId"])["channelInfo"] == "Boiler 3 gas"
