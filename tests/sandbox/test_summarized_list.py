from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.bench import CHANNELS, reading, send

if TYPE_CHECKING:
    from reconciler.sandbox import World
    from tests.sandbox.bench import Bench, Json, Start

READINGS = "/api/v202407/esaReading"
PATH = "/api/v202410/esaReading/summarized"
# In the demo world 1049 is a Trip channel every hour, and 1067 an Odometer; neither has readings.
TRIP, ODOMETER = 1049, 1067


def ask(bench: Bench, condition: str, **parameters: Any) -> list[Json]:
    response = bench.client.get(PATH, params={"filter": condition, **parameters}).raise_for_status()
    rows: list[Json] = response.json()
    return rows


def values_of(bench: Bench, channel_id: int) -> dict[str, float]:
    return {row["timestamp"]: row["summarizedValue"] for row in ask(bench, f"esaChannelID one of '{channel_id}'")}


def fill(bench: Bench, channel_id: int, values: dict[str, float]) -> None:
    rows = [reading(time, value) for time, value in values.items()]
    send(bench, READINGS, {"esaChannelId": channel_id, "readings": rows})


def edit(bench: Bench, channel_id: int, **values: Any) -> None:
    """Edit the only version of a channel in place."""
    (version,) = bench.client.get(f"{CHANNELS}/{channel_id}/version").raise_for_status().json()
    body = {name: version[name] for name in ("beginDate", "multiplier", "rolloverValue", "rollbackAllowance")}
    ids = {"observationRuleId": version["observationRule"]["observationRuleId"], "unitId": version["unit"]["unitId"]}
    path = f"{CHANNELS}/{channel_id}/version/{version['channelVersionId']}"
    bench.client.put(path, json={**body, **ids, **values}).raise_for_status()


# Source: https://helpcenter.energycap.com/um/sa/types_of_readings, "Example of different types of readings".
def test_the_worked_example_of_the_help_center_comes_out(start: Start, demo_world: World) -> None:
    channels = [one | {"interval": 5} if one["channelId"] == ODOMETER else one for one in demo_world["channels"]]
    bench = start(world={**demo_world, "channels": channels})
    registers = ["11:54", "11:59", "12:04", "12:09", "12:14", "12:19", "12:24"]
    values = [1706469, 1706471, 1706472, 1706473, 1706474, 1706475, 1706476]
    fill(bench, ODOMETER, {f"2025-08-14T{time}:00": value for time, value in zip(registers, values, strict=True)})

    assert values_of(bench, ODOMETER) == {
        "2025-08-14T12:00:00-04:00": 2,
        "2025-08-14T12:05:00-04:00": 1,
        "2025-08-14T12:10:00-04:00": 1,
        "2025-08-14T12:15:00-04:00": 1,
        "2025-08-14T12:20:00-04:00": 1,
        "2025-08-14T12:25:00-04:00": 1,
    }


def test_an_interval_includes_its_end_and_no_row_is_made_for_an_empty_one(demo: Bench) -> None:
    fill(demo, TRIP, {"2026-07-01T00:00:00": 1, "2026-07-01T00:00:01": 2, "2026-07-01T05:59:59": 4})

    assert values_of(demo, TRIP) == {
        "2026-07-01T00:00:00-04:00": 1,
        "2026-07-01T01:00:00-04:00": 2,
        "2026-07-01T06:00:00-04:00": 4,
    }


def test_the_hour_that_clocks_repeat_has_its_intervals_twice(demo: Bench) -> None:
    fill(demo, TRIP, {"2026-11-01T01:30:00-04:00": 1, "2026-11-01T01:30:00-05:00": 2})

    # The first of the two ends when the clocks go back.
    assert values_of(demo, TRIP) == {"2026-11-01T01:00:00-05:00": 1, "2026-11-01T02:00:00-05:00": 2}


def test_a_list_is_filtered_by_time_and_comes_in_pages(demo: Bench) -> None:
    fill(demo, TRIP, {f"2026-07-01T{hour:02}:00:00": hour for hour in range(1, 9)})
    condition = f"esaChannelID one of '{TRIP}' and timestamp between '2026-07-01T03:00:00'|'2026-07-01T07:00:00'"

    pages = [ask(demo, condition, pageSize=3, pageNumber=number) for number in (1, 2)]

    assert [[row["summarizedValue"] for row in page] for page in pages] == [[3, 4, 5], [6, 7]]


def test_a_row_has_the_names_that_the_settings_choose(start: Start) -> None:
    bench = start("summarized_rows=dated", "reading_times=utc")
    fill(bench, TRIP, {"2026-07-01T01:00:00": 5})

    assert ask(bench, f"esaChannelID one of '{TRIP}'") == [
        {"esaChannelID": TRIP, "readingDate": "2026-07-01T05:00:00Z", "value": 5, "estimated": False}
    ]


@pytest.mark.parametrize(("setting", "status"), [("forbidden", 403), ("absent", 404)])
def test_the_list_may_be_refused_or_absent(start: Start, setting: str, status: int) -> None:
    bench = start(f"summarized_list={setting}")

    assert bench.client.get(PATH).status_code == status


@pytest.mark.parametrize(
    ("setting", "seen"),
    [("now", [6, 6, 6, 6]), ("later", [4, 4, 4, 6]), ("never", [4, 4, 4, 4])],
)
def test_an_edit_changes_stored_values_now_later_or_never(start: Start, setting: str, seen: list[float]) -> None:
    bench = start(f"recompute={setting}")
    fill(bench, ODOMETER, {"2026-07-01T00:00:00": 100, "2026-07-01T00:15:00": 104})

    edit(bench, ODOMETER, multiplier=1.5)

    assert [sum(values_of(bench, ODOMETER).values()) for _ in range(4)] == seen


def test_what_is_sent_again_is_computed_by_the_present_settings(start: Start) -> None:
    bench = start("recompute=never")
    fill(bench, ODOMETER, {"2026-07-01T00:00:00": 100, "2026-07-01T00:15:00": 104, "2026-07-01T02:00:00": 108})
    edit(bench, ODOMETER, multiplier=1.5)

    fill(bench, ODOMETER, {"2026-07-01T02:00:00": 108})

    assert list(values_of(bench, ODOMETER).values()) == [4, 6]
