from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from reconciler.sandbox import generate, write_definitions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.bench import Json, Start


def test_the_same_seed_gives_the_same_world() -> None:
    assert generate(40, 5) == generate(40, 5)
    assert generate(40, 5) != generate(40, 6)


@pytest.mark.parametrize("count", [0, 1, 3, 4, 101])
def test_there_are_as_many_channels_as_asked_for(count: int) -> None:
    assert len(generate(count, 1)["channels"]) == count


def kinds(channel: Json) -> list[str]:
    versions = channel["channelVersions"]
    return [
        "calculated" if channel["isCalculated"] else versions[-1]["observationRule"]["observationRuleCode"],
        "several versions" if len(versions) > 1 else "one version",
        "readings" if channel["hasReadings"] else "no readings",
        "primary value" if channel["isPrimaryValue"] else "no primary value",
        "primary demand" if channel["isPrimaryDemand"] else "no primary demand",
        "import id" if channel["channelImportId"] else "no import id",
        "convertible" if channel["isCalculatedConvertible"] else "not convertible",
    ]


def test_all_kinds_of_channels_are_there() -> None:
    counts = Counter(kind for channel in generate(400, 1)["channels"] for kind in kinds(channel))

    assert len(counts) == 15
    assert min(counts.values()) >= 10


def test_import_ids_and_names_are_unique() -> None:
    channels = generate(2000, 1)["channels"]

    names = Counter(channel["channelInfo"] for channel in channels)
    import_ids = Counter(channel["channelImportId"] for channel in channels if channel["channelImportId"])
    assert set(names.values()) == set(import_ids.values()) == {1}
    assert max(len(name) for name in names) <= 50


def test_every_generated_channel_obeys_the_rules_of_the_service(start: Start) -> None:
    bench = start(world=generate(60, 2))

    statuses = {bench.put(channel["channelId"]).status_code for channel in bench.service.export()["channels"]}

    assert statuses == {200}


FIRST_CHANNEL = """\
# yaml-language-server: $schema=../schemas/channels.schema.json
channels:
  alder-hall-electric-use-100001:
    select:
      channelId: 100001
    channelInfo: "Alder Hall electric use"
    channelDescription: "Revenue grade, read by the building network"
    channelImportId: "B00001-ELEC-USE"
    intervalMinutes: 60
    isCalculated: false
    isPrimaryDemand: false
    isPrimaryValue: true
    observationTypeCode: "ELECUSE"
    summarizationMethod: "Sum"
    esaChannelVersion:
      beginDate: null
      formula: null
      isValuePositive: false
      maximumReading: 99999.5
      minimumReading: null
      multiplier: 0.001
      observationRule: "Odometer"
      offset: null
      rollbackAllowance: 0.1
      rolloverValue: 999999999999999.0
      unitCode: "KWH"
"""


def load(folder: Path) -> dict[str, Any]:
    files = sorted(folder.iterdir())
    return {
        name: values
        for path in files
        for name, values in yaml.safe_load(path.read_text(encoding="utf-8"))["channels"].items()
    }


def test_a_file_holds_whole_channels(tmp_path: Path) -> None:
    write_definitions(generate(1, 1), tmp_path, changed_percent=0, seed=1)

    assert (tmp_path / "channels-00001.yaml").read_text(encoding="utf-8") == FIRST_CHANNEL


def test_twenty_channels_go_into_a_file(tmp_path: Path) -> None:
    write_definitions(generate(41, 1), tmp_path / "new" / "channels", changed_percent=0, seed=1)

    names = sorted(path.name for path in (tmp_path / "new" / "channels").iterdir())
    assert names == ["channels-00001.yaml", "channels-00002.yaml", "channels-00003.yaml"]
    assert len(load(tmp_path / "new" / "channels")) == 41


def test_formulas_name_channels_as_the_files_do(tmp_path: Path) -> None:
    write_definitions(generate(4, 1), tmp_path, changed_percent=0, seed=1)

    *_, calculated = load(tmp_path).values()
    assert calculated["intervalMinutes"] is None
    assert calculated["esaChannelVersion"]["formula"] == (
        "channel(alder-hall-electric-use-100001) - channel(alder-hall-electric-submeter-100003)"
    )


@pytest.mark.parametrize(("percent", "count"), [(0, 0), (5, 3), (12.5, 8), (100, 60)])
def test_so_many_channels_differ(tmp_path: Path, percent: float, count: int) -> None:
    world = generate(60, 1)
    write_definitions(world, tmp_path / "same", changed_percent=0, seed=1)
    write_definitions(world, tmp_path / "other", changed_percent=percent, seed=1)

    same, other = load(tmp_path / "same"), load(tmp_path / "other")
    assert same.keys() == other.keys()
    assert sum(same[name] != other[name] for name in same) == count


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    world = generate(40, 1)
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_definitions(world, tmp_path / folder, changed_percent=50, seed=seed)

    assert load(tmp_path / "a") == load(tmp_path / "b") != load(tmp_path / "c")


@pytest.mark.parametrize("name", ['a "b" # c: d', "\u2028 \x85 \x7f \ufeff", "no", "Überlauf 🌊", "'", "\t\n\\"])
def test_any_text_can_be_read_back(tmp_path: Path, name: str) -> None:
    world = generate(1, 1)
    world["channels"][0]["channelDescription"] = name

    write_definitions(world, tmp_path, changed_percent=0, seed=1)

    assert [values["channelDescription"] for values in load(tmp_path).values()] == [name]


def test_twice_zero_is_a_change_too(tmp_path: Path) -> None:
    world = generate(30, 1)
    for channel in world["channels"]:
        channel["channelVersions"][-1]["multiplier"] = 0.0

    write_definitions(world, tmp_path, changed_percent=100, seed=1)

    multipliers = {values["esaChannelVersion"]["multiplier"] for values in load(tmp_path).values()}
    assert multipliers == {0.0, 1.0}
