from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox import generate

if TYPE_CHECKING:
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
