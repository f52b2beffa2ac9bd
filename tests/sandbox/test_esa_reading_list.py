from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.bench import reading, send

if TYPE_CHECKING:
    from tests.sandbox.bench import Bench, Json, Start


PATH = "/api/v202407/esaReading"
# In the demo world 1049 is a Trip channel and 1067 an Odometer, both in New York; neither has readings.
TRIP, ODOMETER = 1049, 1067
ABOUT = {"estimated": False, "note": None}


def ask(bench: Bench, condition: str, **parameters: Any) -> list[Json]:
    response = bench.client.get(PATH, params={"filter": condition, **parameters}).raise_for_status()
    rows: list[Json] = response.json()
    return rows


def fill(bench: Bench) -> None:
    """Three readings of a register, the last of them in winter time, and one of another channel."""
    times = {"2026-07-01T00:00:00": 100, "2026-07-01T00:15:00": 103, "2026-12-01T00:00:00": 110}
    rows = [reading(time, value) for time, value in times.items()]
    send(bench, PATH, {"esaChannelId": ODOMETER, "readings": rows})
    send(bench, PATH, {"esaChannelId": TRIP, "readings": [reading("2026-07-01T00:00:00", 5)]})


def test_readings_are_listed_with_their_raw_and_their_processed_value(demo: Bench) -> None:
    fill(demo)

    rows = ask(demo, f"esaChannelID one of '{ODOMETER}' and beginDate between '2026-07-01T00:15:00'|'2026-12-01'")

    assert rows == [
        {
            "esaReadingId": 2,
            "esaChannelId": ODOMETER,
            "timestamp": "2026-07-01T00:15:00-04:00",
            "rawValue": 103,
            "processedValue": 3,
            **ABOUT,
        },
        {
            "esaReadingId": 3,
            "esaChannelId": ODOMETER,
            "timestamp": "2026-12-01T00:00:00-05:00",
            "rawValue": 110,
            "processedValue": 7,
            **ABOUT,
        },
    ]


@pytest.mark.parametrize(
    ("setting", "row"),
    [
        ("reading_rows=dated", {"esaChannelID": TRIP, "readingDate": "2026-07-01T00:00:00-04:00", "rawValue": 5}),
        ("reading_rows=processed", {"esaChannelId": TRIP, "timestamp": "2026-07-01T00:00:00-04:00"}),
        ("reading_times=naive", {"timestamp": "2026-07-01T00:00:00"}),
        ("reading_times=z_wall_time", {"timestamp": "2026-07-01T00:00:00Z"}),
        ("reading_times=utc", {"timestamp": "2026-07-01T04:00:00Z"}),
    ],
)
def test_a_row_has_the_names_and_times_that_the_settings_choose(start: Start, setting: str, row: Json) -> None:
    bench = start(setting)
    fill(bench)

    (found,) = ask(bench, f"esaChannelID one of '{TRIP}'")

    assert {name: found[name] for name in row} == row
    assert ("rawValue" in found) is (setting != "reading_rows=processed")


@pytest.mark.parametrize(("setting", "count"), [("reading_filter=wall_time", 2), ("reading_filter=utc", 0)])
def test_the_filter_compares_in_the_zone_that_the_settings_choose(start: Start, setting: str, count: int) -> None:
    bench = start(setting)
    fill(bench)

    assert len(ask(bench, "beginDate equals '2026-07-01T00:00:00'")) == count


def test_a_list_comes_in_pages_with_their_counts(demo: Bench) -> None:
    fill(demo)

    response = demo.client.get(PATH, params={"pageSize": 3, "pageNumber": 2})

    assert [row["esaReadingId"] for row in response.json()] == [4]
    assert {name: response.headers[name] for name in ("TotalNumberOfRecords", "TotalPages", "PageSize")} == {
        "TotalNumberOfRecords": "4",
        "TotalPages": "2",
        "PageSize": "3",
    }


def test_rows_have_no_stable_order_if_the_settings_say_so(start: Start) -> None:
    bench = start("page_order=shuffled", "page_cap=250")
    rows = [reading(f"2026-07-01T{hour:02}:{minute:02}:00", 1) for hour in range(20) for minute in range(60)]
    send(bench, PATH, {"esaChannelId": TRIP, "readings": rows})

    orders = [[row["esaReadingId"] for row in ask(bench, f"esaChannelID one of '{TRIP}'")] for _ in range(2)]

    assert len(set(orders[0])) == len(set(orders[1])) == 250
    assert orders[0] != orders[1]


@pytest.mark.parametrize("condition", ["esaChannelID equals '1'", "rawValue equals '1'", "beginDate equals 'x'"])
def test_a_filter_that_the_page_does_not_have_is_refused(demo: Bench, condition: str) -> None:
    assert demo.client.get(PATH, params={"filter": condition}).status_code == 400


@pytest.mark.parametrize(("setting", "status"), [("reading_list=forbidden", 403), ("reading_list=absent", 404)])
def test_the_list_may_be_refused_or_not_there(start: Start, setting: str, status: int) -> None:
    assert start(setting).client.get(PATH).status_code == status


def test_an_incomplete_page_lacks_half_of_its_rows(start: Start) -> None:
    bench = start(faults=("GET truncated-page",))
    fill(bench)

    assert len(bench.client.get(PATH).json()) == 2
