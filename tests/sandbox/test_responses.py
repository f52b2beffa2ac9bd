from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox import generate
from tests.sandbox.bench import CHANNELS

if TYPE_CHECKING:
    import httpx

    from reconciler.sandbox import World
    from tests.sandbox.bench import Bench, Start


HEADERS = ("PageNumber", "PageSize", "TotalNumberOfRecords", "TotalPages")


def place(response: httpx.Response) -> list[str]:
    return [response.raise_for_status().headers[name] for name in HEADERS]


def ids(response: httpx.Response) -> list[int]:
    return [channel["channelId"] for channel in response.raise_for_status().json()]


def test_without_parameters_the_first_250_are_answered(start: Start) -> None:
    bench = start(world=generate(600, 1))

    response = bench.client.get(CHANNELS)

    assert place(response) == ["1", "250", "600", "3"]
    assert ids(response) == list(range(100_001, 100_251))


def test_more_than_1000_are_silently_1000(start: Start) -> None:
    bench = start(world=generate(1001, 1))

    first, second = (bench.client.get(CHANNELS, params={"pageSize": 5000, "pageNumber": number}) for number in (1, 2))

    assert (place(first), len(ids(first))) == (["1", "1000", "1001", "2"], 1000)
    assert (place(second), ids(second)) == (["2", "1000", "1001", "2"], [101_001])


def test_all_pages_together_are_all_channels(demo: Bench, demo_world: World) -> None:
    pages = [demo.client.get(CHANNELS, params={"pageSize": 7, "pageNumber": number}) for number in range(1, 10)]

    assert [channel for page in pages for channel in page.json()] == demo_world["channels"]


def test_a_page_after_the_last_is_empty(demo: Bench) -> None:
    response = demo.client.get(CHANNELS, params={"pageSize": 60, "pageNumber": 2})

    assert (place(response), ids(response)) == (["2", "60", "60", "1"], [])


@pytest.mark.parametrize("name", ["pageNumber", "pageSize"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "²", "", "9" * 30])
def test_a_page_that_is_not_a_positive_number_is_refused(demo: Bench, name: str, value: str) -> None:
    response = demo.client.get(CHANNELS, params={name: value})

    assert (response.status_code, response.json()["message"]) == (
        400,
        f"{name} must be a positive number, found {value!r}.",
    )


def test_parameter_names_count_without_regard_to_case(demo: Bench) -> None:
    assert len(ids(demo.client.get(CHANNELS, params={"PAGESIZE": 3}))) == 3


@pytest.mark.parametrize(
    ("order", "first"),
    [("channelId desc", 1101), ("CHANNELINFO", 1088), ("dataPointCode asc", 1101), ("lastReadingDate", 1043)],
)
def test_orderby_is_a_field_and_a_direction(demo: Bench, order: str, first: int) -> None:
    assert ids(demo.client.get(CHANNELS, params={"orderBy": order}))[0] == first


@pytest.mark.parametrize("order", ["interval", "channelId upwards", "channelId; DROP TABLE channels"])
def test_an_unknown_orderby_is_refused(demo: Bench, order: str) -> None:
    assert demo.client.get(CHANNELS, params={"orderBy": order}).status_code == 400


def test_shuffled_pages_differ_from_request_to_request(start: Start) -> None:
    bench = start("page_order=shuffled")

    first, second = (ids(bench.client.get(CHANNELS)) for _ in range(2))

    assert first != second
    assert sorted(first) == sorted(second) == list(range(1042, 1102))


def test_the_list_may_leave_the_versions_out(start: Start) -> None:
    bench = start("list_shape=without_versions")

    rows = bench.client.get(CHANNELS, params={"pageSize": 1}).json()

    whole = bench.read(1042)
    del whole["channelVersions"]
    assert rows == [whole]


def test_the_list_shows_a_change_at_once(demo: Bench) -> None:
    demo.client.get(CHANNELS)

    demo.put(1042, channelInfo="Main").raise_for_status()

    names = {channel["channelId"]: channel["channelInfo"] for channel in demo.client.get(CHANNELS).json()}
    assert names[1042] == "Main"


def test_a_page_may_have_at_most_250_rows(start: Start) -> None:
    bench = start("page_cap=250", world=generate(600, 1))

    pages = [bench.client.get(CHANNELS, params={"pageSize": 1000, "pageNumber": number}) for number in (1, 2, 3)]

    assert [place(page) for page in pages] == [[str(number), "250", "600", "3"] for number in (1, 2, 3)]
    assert [one for page in pages for one in ids(page)] == list(range(100_001, 100_601))


def test_a_page_may_only_count_the_pages(start: Start) -> None:
    headers = start("paging_headers=total_pages_only").client.get(CHANNELS, params={"pageSize": 50}).headers

    assert {name: headers[name] for name in HEADERS if name in headers} == {"TotalPages": "2"}


BOUNDS = {"offset", "minimumReading", "maximumReading"}
FLAGS = {"isCalculated", "isPrimaryValue", "isPrimaryDemand"}


@pytest.mark.parametrize(
    ("shape", "gone", "gone_from_versions", "null_in_versions"),
    [
        ("full", set(), set(), set()),
        ("without_versions", {"channelVersions"}, set(), set()),
        ("without_bounds", set(), BOUNDS, set()),
        ("null_bounds", set(), set(), BOUNDS),
        ("without_flags", FLAGS, set(), set()),
    ],
)
def test_rows_show_as_much_of_a_channel_as_the_setting_says(
    start: Start, shape: str, gone: set[str], gone_from_versions: set[str], null_in_versions: set[str]
) -> None:
    bench = start(f"list_shape={shape}")
    # 1051 has a maximum, and version 10460 of 1046 gets a minimum.
    bench.put_version(f"{CHANNELS}/1046/version/10460", minimumReading=-5)
    rows = bench.client.get(CHANNELS, params={"pageSize": 250}).raise_for_status().json()

    assert {1046, 1051} <= {row["channelId"] for row in rows}
    for row in rows:
        whole = bench.read(row["channelId"])
        expected = {name: value for name, value in whole.items() if name not in gone}
        if "channelVersions" in expected:
            expected["channelVersions"] = [
                {name: value for name, value in version.items() if name not in gone_from_versions}
                | dict.fromkeys(null_in_versions)
                for version in whole["channelVersions"]
            ]
        assert row == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("channelId equals '1042'", [1042]),
        ("channelId less than '1044'", [1042, 1043]),
        ("channelId less than equal '1044'", [1042, 1043, 1044]),
        ("channelId greater than '1100'", [1101]),
        ("channelId greater than equal '1100'", [1100, 1101]),
        ("channelId between '1050'|'1052'", [1050, 1051, 1052]),
        ("channelId one of '1042' | '1101'|'7'", [1042, 1101]),
        ("channelId not one of '1042' and channelId less than '1044'", [1043]),
        ("channelId not equals '1042' and channelId less than '1044'", [1043]),
        ("channelInfo equals 'campus TOTAL'", [1101]),
        ("channelInfo like 'feeder'", [1043, 1057, 1058, 1059]),
        ("channelInfo like 'e' and channelInfo not like 'building' and dataPointCode equals 'CAMPUS-ELEC'", []),
        ("channelInfo like '%'", []),
        ("dataPointCode one of 'NB-GAS-01'|'sc-gas-01'", [1046, 1047, 1064, 1065]),
        ("dataPointId equals '302'", [1046, 1047]),
        ("dataPointInfo like 'library gas'", [1076]),
        ("DATAPOINTID EQUALS '302' AND channelID NOT   EQUALS '1046'", [1047]),
        ("isPrimaryValue equals 'true' and dataPointId equals '301'", [1042]),
        ("isPrimaryValue equals 'False' and dataPointId equals '301'", [1043, 1044, 1045]),
        ("eligibleForCalculatedMeter equals 'true' and channelId greater than '1090'", [1094]),
        ("observationTypeCode equals 'WATFLOW'", [1079]),
        ("observationTypeId one of '5'", [1079]),
        ("lastReadingDate equals '2026-11-20T23:45:00-05:00' and dataPointId equals '309'", [1066]),
        ("lastReadingDate less than '2026-11-20'", []),
        ("lastReadingDate between '2026-11-20'|'2026-11-21' and dataPointId equals '309'", [1066]),
        ("lastReadingDate not between '2026-11-20'|'2026-11-21'", []),
        ("  channelId equals '1042'  ", [1042]),
        ("channelId equals '1042' and channelId equals '1043'", []),
    ],
)
def test_a_filter_finds_what_it_describes(demo: Bench, text: str, found: list[int]) -> None:
    response = demo.client.get(CHANNELS, params={"filter": text}).raise_for_status()

    assert [channel["channelId"] for channel in response.json()] == found
    assert response.headers["TotalNumberOfRecords"] == str(len(found))


def test_an_empty_filter_finds_everything(demo: Bench) -> None:
    assert len(demo.client.get(CHANNELS, params={"filter": " "}).json()) == 60


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("channelImportId equals 'x'", "channelImportId is not a field to filter by"),
        (
            "isPrimaryValue like 'true'",
            "isPrimaryValue has no operator 'like'; there are equals",
        ),
        ("channelId equals 'x'", "'x' is not a value of channelId"),
        ("isPrimaryValue equals '1'", "'1' is not a value of isPrimaryValue"),
        ("lastReadingDate equals 'today'", "'today' is not a value of lastReadingDate"),
        ("channelId between '1'", "channelId between takes 2 values, found 1"),
        ("channelId equals '1'|'2'", "channelId equals takes 1 values, found 2"),
        ("channelId equals 1", "expected field operator 'value' at column 1"),
        ("channelId equals '1' or channelId equals '2'", "expected and, or the end, at column 22"),
        ("channelId equals '1' and", "expected field operator 'value' at column 25"),
        ("channelInfo equals 'it''s'", "expected and, or the end, at column 24"),
    ],
)
def test_an_invalid_filter_is_refused(demo: Bench, text: str, complaint: str) -> None:
    response = demo.client.get(CHANNELS, params={"filter": text})

    assert (response.status_code, response.json()) == (
        400,
        {"message": f"The filter is not valid: {complaint}.", "errors": []},
    )
