"""What holds for any edit of any generated world."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.sandbox import generate, parse_settings, running
from reconciler.sandbox.serving import Options
from tests.sandbox.bench import CHANNELS, Bench, connect, edit_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from reconciler.sandbox import World
    from tests.sandbox.bench import Json

WORLD = generate(24, 11)
IDS = [channel["channelId"] for channel in WORLD["channels"]]

numbers = st.integers(-(10**13) + 1, 10**13 - 1) | st.decimals(-1000, 1000, places=9).map(float)
edits = st.fixed_dictionaries(
    {},
    optional={
        "channelInfo": st.text(max_size=60),
        "channelDescription": st.none() | st.text(max_size=260),
        "channelImportId": st.none() | st.sampled_from([f"B0000{place}-ELEC-USE" for place in (1, 2)]) | st.text(),
        "intervalMinutes": st.none() | st.sampled_from([5, 15, 60, 7]),
        "isCalculated": st.booleans(),
        "isPrimaryValue": st.booleans(),
        "isPrimaryDemand": st.booleans(),
        "observationTypeId": st.integers(0, 12),
        "summarizationMethodId": st.integers(0, 4),
    },
)
version_edits = st.fixed_dictionaries(
    {},
    optional={
        "multiplier": numbers,
        "offset": st.none() | numbers,
        "observationRuleId": st.sampled_from([1, 2, 3]),
        "rolloverValue": st.none() | st.just(99999),
        "rollbackAllowance": st.none() | st.just(0.5),
        "unitId": st.integers(1, 15),
        "formula": st.none() | st.sampled_from([f"channel({one})" for one in IDS]),
    },
)
shuffled_settings = st.tuples(
    st.sampled_from(["put_version_semantics=latest", "put_version_semantics=first", "put_version_semantics=ignore"]),
    st.sampled_from(["second_primary=demote", "second_primary=reject"]),
    st.sampled_from(["clear_last_primary=allow", "clear_last_primary=reject"]),
)


@contextmanager
def world_of(tmp_path_factory: pytest.TempPathFactory, assignments: tuple[str, ...]) -> Iterator[Bench]:
    options = Options(settings=parse_settings(assignments))
    path = tmp_path_factory.mktemp("law") / "sandbox.sqlite3"
    with running(path, WORLD, options) as service, connect(service.url) as client:
        yield Bench(service, client)


def stored(world: World) -> dict[int, Json]:
    return {channel["channelId"]: channel for channel in world["channels"]}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(chosen=shuffled_settings, steps=st.lists(st.tuples(st.sampled_from(IDS), edits, version_edits), max_size=6))
def test_a_put_does_what_it_says_or_nothing(
    tmp_path_factory: pytest.TempPathFactory, chosen: tuple[str, ...], steps: list[tuple[int, Json, Json]]
) -> None:
    with world_of(tmp_path_factory, chosen) as bench:
        for channel_id, changes, version in steps:
            before = stored(bench.service.export())
            sent = edit_of(before[channel_id])["esaChannelVersion"] | version
            response = bench.put(channel_id, **changes, esaChannelVersion=sent)
            after = stored(bench.service.export())
            assert response.status_code in {200, 400}
            if response.status_code == 400:
                assert after == before
                assert response.json()["errors"]
            else:
                assert response.json() == after[channel_id] == bench.read(channel_id)
                assert {name: edit_of(after[channel_id])[name] for name in changes} == changes
                assert other_data_points(after, channel_id) == other_data_points(before, channel_id)
            check_primaries(after)


def other_data_points(channels: dict[int, Json], channel_id: int) -> list[Any]:
    own = channels[channel_id]["dataPoint"]["dataPointId"]
    return [channel for channel in channels.values() if channel["dataPoint"]["dataPointId"] != own]


def check_primaries(channels: dict[int, Json]) -> None:
    for flag in ("isPrimaryValue", "isPrimaryDemand"):
        points = [channel["dataPoint"]["dataPointId"] for channel in channels.values() if channel[flag]]
        assert len(points) == len(set(points))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(size=st.integers(1, 30))
def test_the_pages_of_a_list_are_the_list(tmp_path_factory: pytest.TempPathFactory, size: int) -> None:
    with world_of(tmp_path_factory, ()) as bench:
        pages = [
            bench.client.get(CHANNELS, params={"pageSize": size, "pageNumber": number}).json()
            for number in range(1, len(IDS) // size + 2)
        ]

    assert [channel for page in pages for channel in page] == WORLD["channels"]
