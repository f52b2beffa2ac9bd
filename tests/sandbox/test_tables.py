"""Stored channels and reference data: reads that lag behind writes, beginnings, and what a record means."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from reconciler.sandbox.tables import DataPoint, begins_before, find_zone, is_demand, is_money, parse_instant
from tests.sandbox.bench import CHANNELS

if TYPE_CHECKING:
    from tests.sandbox.bench import Bench, Json, Start


# 1042 is the primary value channel of its data point, which 1043 is on too; 1046 has two versions.
PRIMARY, BESIDE, SWAPPED = 1042, 1043, 1046


@pytest.fixture
def late(start: Start) -> Bench:
    return start("read_lag=reads")


def described(bench: Bench, channel_id: int) -> str:
    text: str = bench.read(channel_id)["channelDescription"]
    return text


def test_two_more_reads_show_a_channel_as_it_was(late: Bench) -> None:
    before = late.read(BESIDE)

    answer = late.put(BESIDE, channelDescription="Checked").json()

    assert answer["channelDescription"] == "Checked"
    assert [late.read(BESIDE) for _ in range(4)] == [before, before, answer, answer]


def test_writes_become_visible_one_after_the_other(late: Bench) -> None:
    body = late.edit_text(BESIDE)
    path = f"{CHANNELS}/{BESIDE}"
    late.client.put(path, content=body.replace('"channelDescription": null', '"channelDescription": "First"'))
    shown = [described(late, BESIDE)]
    late.client.put(path, content=body.replace('"channelDescription": null', '"channelDescription": "Second"'))

    shown += [described(late, BESIDE) for _ in range(3)]

    assert shown == [None, None, "First", "Second"]


def test_each_way_to_read_a_channel_counts_and_lags(late: Bench) -> None:
    late.put_version(f"{CHANNELS}/{SWAPPED}/version/10461", multiplier=7)

    versions = late.client.get(f"{CHANNELS}/{SWAPPED}/version").json()
    (row,) = late.client.get(CHANNELS, params={"filter": f"channelId equals '{SWAPPED}'"}).json()
    version = late.client.get(f"{CHANNELS}/{SWAPPED}/version/10461").json()

    assert [versions[-1]["multiplier"], row["channelVersions"][-1]["multiplier"], version["multiplier"]] == [1, 1, 7]


def test_a_channel_that_loses_a_flag_to_another_lags_too(late: Bench) -> None:
    late.put(BESIDE, isPrimaryValue=True).raise_for_status()

    assert [late.read(PRIMARY)["isPrimaryValue"] for _ in range(3)] == [True, True, False]


def test_reads_of_other_channels_do_not_count(late: Bench) -> None:
    late.put(BESIDE, channelDescription="Checked")

    for _ in range(3):
        late.read(PRIMARY)

    assert described(late, BESIDE) is None


NEW: Json = {
    "dataPointId": 303,
    "channelInfo": "Cistern level",
    "intervalMinutes": 60,
    "observationTypeId": 4,
    "summarizationMethodId": 2,
    "esaChannelVersion": {"multiplier": 2, "observationRuleId": 1, "unitId": 5},
}
CREATED, OLD = 1102, [1048, 1049]


def test_two_more_reads_do_not_show_a_channel_that_was_created(late: Bench) -> None:
    answer = late.client.post(CHANNELS, json=NEW).json()

    reads = [late.client.get(f"{CHANNELS}/{CREATED}") for _ in range(3)]

    assert [one.status_code for one in reads] == [404, 404, 200]
    assert reads[-1].json() == answer


def test_two_more_lists_do_not_show_a_channel_that_was_created(late: Bench) -> None:
    late.client.post(CHANNELS, json=NEW)
    query = {"filter": "dataPointId equals '303'"}

    late.client.get(CHANNELS, params={"filter": "dataPointId equals '302'"})
    late.client.get(CHANNELS, params={**query, "pageNumber": "2", "pageSize": "1"})
    lists = [late.client.get(CHANNELS, params=query) for _ in range(3)]

    assert [[row["channelId"] for row in one.json()] for one in lists] == [OLD, OLD, [*OLD, CREATED]]
    assert [one.headers["TotalNumberOfRecords"] for one in lists] == ["2", "2", "3"]


def test_each_way_to_read_a_channel_that_was_created_lags(late: Bench) -> None:
    late.client.post(CHANNELS, json=NEW)

    versions = late.client.get(f"{CHANNELS}/{CREATED}/version")
    point = late.client.get("/api/v202406/datapoint/303").json()

    assert versions.status_code == 404
    assert [one["channelId"] for one in point["channels"]] == OLD
    assert late.client.get(f"{CHANNELS}/{CREATED}/version").status_code == 200


def test_a_channel_that_was_created_can_be_written_before_reads_show_it(late: Bench) -> None:
    late.client.post(CHANNELS, json=NEW)
    version = {"multiplier": 4, "observationRuleId": 1, "unitId": 5, "beginDate": "2027-01-01T00:00:00"}

    late.client.post(f"{CHANNELS}/{CREATED}/version", json=version).raise_for_status()

    statuses = [late.client.get(f"{CHANNELS}/{CREATED}").status_code for _ in range(2)]
    assert (statuses, len(late.read(CREATED)["channelVersions"])) == ([404, 404], 2)


def test_a_refused_write_makes_nothing_lag(late: Bench) -> None:
    before = late.read(BESIDE)

    assert late.put(BESIDE, channelInfo="").status_code == 400
    assert late.put(BESIDE, channelDescription="Checked").status_code == 200

    assert [late.read(BESIDE) == before for _ in range(3)] == [True, True, False]


def test_without_the_setting_a_write_shows_at_once(demo: Bench) -> None:
    demo.put(BESIDE, channelDescription="Checked")

    assert described(demo, BESIDE) == "Checked"


@pytest.mark.parametrize(
    ("earlier", "later", "before"),
    [
        (None, "2024-01-01T00:00:00", True),
        ("2024-01-01T00:00:00", "2024-01-01T00:00:01", True),
        ("2024-01-01T00:00:00", "2024-01-01T00:00:00", False),
        (None, None, False),
    ],
)
def test_an_open_beginning_is_before_all_others(earlier: str | None, later: str | None, before: bool) -> None:
    assert begins_before(earlier, later) is before


@pytest.mark.parametrize(
    ("unit", "money"),
    [
        ({"unitType": {"unitTypeCode": "MONEY"}}, True),
        ({"unitType": {"unitTypeCode": "COST", "unitTypeInfo": "Money"}}, True),
        ({"unitType": {"unitTypeCode": "ENERGY", "unitTypeInfo": "Energy"}}, False),
        ({"unitType": None}, False),
        ({}, False),
    ],
)
def test_a_unit_is_money_by_the_name_of_its_type(unit: Json, money: bool) -> None:
    assert is_money(unit) is money


@pytest.mark.parametrize(("noun", "demand"), [("Demand", True), ("demand", True), ("Use", False), (None, False)])
def test_an_observation_type_is_demand_by_its_noun(noun: str | None, demand: bool) -> None:
    assert is_demand({"nounCode": noun}) is demand


@pytest.mark.parametrize(
    ("zone", "found"),
    [
        ({"timeZoneCode": "America/New_York"}, ZoneInfo("America/New_York")),
        ({"timeZoneCode": "Eastern Standard Time"}, UTC),
        ({}, UTC),
        (None, UTC),
    ],
)
def test_a_zone_that_is_not_known_is_utc(zone: Json | None, found: Any) -> None:
    assert find_zone(DataPoint({}, None, {"dataPointTimeZone": zone})) == found
    assert find_zone(None) is UTC


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-07-01T12:00:00", "2026-07-01T16:00:00+00:00"),
        ("2026-07-01T12:00:00+02:00", "2026-07-01T10:00:00+00:00"),
        ("yesterday", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_a_time_without_an_offset_is_in_the_zone(text: str, instant: str | None) -> None:
    assert parse_instant(text, ZoneInfo("America/New_York")) == instant
