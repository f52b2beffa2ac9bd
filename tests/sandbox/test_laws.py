"""What holds for any edit of any generated world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.sandbox import generate
from tests.cases import note_case
from tests.sandbox.bench import CHANNELS, edit_of

if TYPE_CHECKING:
    from reconciler.sandbox import World
    from tests.sandbox.bench import Json, Start

WORLD = generate(24, 11)
IDS = [channel["channelId"] for channel in WORLD["channels"]]

numbers = st.integers(-(10**13) + 1, 10**13 - 1) | st.decimals(-1000, 1000, places=9).map(float)


def few_of(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    """At most two of these properties: with more, nearly every request breaks some rule."""
    pairs = [st.tuples(st.just(name), strategy) for name, strategy in values.items()]
    return st.lists(st.one_of(pairs), max_size=2).map(dict)


edits = few_of(
    channelInfo=st.text(min_size=1, max_size=51),
    channelDescription=st.none() | st.text(max_size=256),
    channelImportId=st.none() | st.sampled_from([f"B0000{place}-ELEC-USE" for place in (1, 2)]) | st.text(),
    intervalMinutes=st.none() | st.sampled_from([5, 15, 60, 7]),
    isCalculated=st.booleans(),
    isPrimaryValue=st.booleans(),
    isPrimaryDemand=st.booleans(),
    observationTypeId=st.integers(1, 11),
    summarizationMethodId=st.integers(1, 4),
)
version_edits = few_of(
    multiplier=numbers,
    offset=st.none() | numbers,
    observationRuleId=st.sampled_from([1, 2, 3]),
    rolloverValue=st.none() | st.just(99999),
    rollbackAllowance=st.none() | st.just(0.5),
    unitId=st.integers(1, 15),
    formula=st.none() | st.sampled_from([f"channel({one})" for one in IDS]),
)


def stored(world: World) -> dict[int, Json]:
    return {channel["channelId"]: channel for channel in world["channels"]}


@pytest.mark.parametrize(
    "chosen",
    [
        (),
        ("put_version_semantics=first", "second_primary=reject", "clear_last_primary=allow"),
        ("put_version_semantics=ignore", "clear_last_primary=allow"),
        ("put_version_semantics=reject", "second_primary=reject"),
    ],
)
def test_a_put_does_what_it_says_or_nothing(start: Start, chosen: tuple[str, ...]) -> None:
    bench = start(*chosen)

    @settings(max_examples=15, deadline=None)
    @given(steps=st.lists(st.tuples(st.sampled_from(IDS), edits, version_edits), max_size=6))
    def holds(steps: list[tuple[int, Json, Json]]) -> None:
        bench.service.load(WORLD)
        changed = False
        for channel_id, changes, version in steps:
            before = stored(bench.service.export())
            sent = edit_of(before[channel_id])["esaChannelVersion"] | version
            response = bench.put(channel_id, **changes, esaChannelVersion=sent)
            after = stored(bench.service.export())
            changed = changed or (response.status_code == 200 and after != before)
            assert response.status_code in {200, 400}
            if response.status_code == 400:
                assert after == before
                assert response.json()["errors"]
            else:
                assert response.json() == after[channel_id] == bench.read(channel_id)
                assert {name: edit_of(after[channel_id])[name] for name in changes} == changes
                assert other_data_points(after, channel_id) == other_data_points(before, channel_id)
            check_primaries(after)
        # Steps of one sample are alike, so that counting each of them would leave much to chance.
        note_case(reached=changed)

    holds()


def other_data_points(channels: dict[int, Json], channel_id: int) -> list[Any]:
    own = channels[channel_id]["dataPoint"]["dataPointId"]
    return [channel for channel in channels.values() if channel["dataPoint"]["dataPointId"] != own]


def check_primaries(channels: dict[int, Json]) -> None:
    for flag in ("isPrimaryValue", "isPrimaryDemand"):
        points = [channel["dataPoint"]["dataPointId"] for channel in channels.values() if channel[flag]]
        assert len(points) == len(set(points))


def test_the_pages_of_a_list_are_the_list(start: Start) -> None:
    bench = start(world=WORLD)

    @settings(max_examples=20, deadline=None)
    @given(size=st.integers(1, 30))
    def holds(size: int) -> None:
        pages = [
            bench.client.get(CHANNELS, params={"pageSize": size, "pageNumber": number}).json()
            for number in range(1, len(IDS) // size + 2)
        ]
        note_case(reached=len(pages) > 2)
        assert [channel for page in pages for channel in page] == WORLD["channels"]

    holds()
