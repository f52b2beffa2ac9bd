from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.bench import broken
from tests.worlds import make_channel, make_version, make_world

if TYPE_CHECKING:
    from reconciler.sandbox import World
    from tests.sandbox.bench import Bench, Json, Start

EVIDENCE = ("hasReadings", "isCalculatedConvertible", "firstReadingDate", "lastReadingDate", "lastReadingValue")


def formula(text: str, version_id: int = 20) -> Json:
    return {"isCalculated": True, "versions": [make_version(version_id, formula=text)]}


def readings(first: str | None, last: str | None, interval: int) -> Json:
    return {"readings": True, "firstReadingDate": first, "lastReadingDate": last, "interval": interval}


def world_of(*inputs: Json, text: str) -> World:
    """Simple channels from id 10 on, and the calculated channel 2."""
    simple = [make_channel(10 + place, **values) for place, values in enumerate(inputs)]
    return make_world(*simple, make_channel(2, **formula(text)))


def evidence(bench: Bench, channel_id: int = 2) -> tuple[object, ...]:
    channel = bench.read(channel_id)
    return tuple(channel[name] for name in EVIDENCE)


EARLY = ("2024-01-01T12:24:00-05:00", "2026-11-01T12:00:00-05:00")
LATE = ("2024-03-01T12:01:00+00:00", "2026-12-01T00:00:00-05:00")


@pytest.mark.parametrize(
    ("inputs", "text", "expected"),
    [
        pytest.param(
            [readings(*EARLY, 15)],
            "channel(10) * 2",
            (True, False, "2024-01-01T12:30:00-05:00", "2026-11-01T12:00:00-05:00", None),
            id="times lie at the end of their interval",
        ),
        pytest.param(
            [readings(*EARLY, 15), readings(*LATE, 60)],
            "channel(10) + channel(11)",
            (True, False, "2024-03-01T08:00:00-05:00", "2026-11-01T12:00:00-05:00", None),
            id="where all inputs have readings, in the longest interval",
        ),
        pytest.param(
            [readings(*EARLY, 15), {}],
            "channel(10) + channel(11)",
            (False, True, None, None, None),
            id="not while an input has none",
        ),
        pytest.param(
            [readings(None, None, 15)], "channel(10)", (True, False, None, None, None), id="inputs that show no dates"
        ),
        pytest.param([], "channel(10) + 1", (False, True, None, None, None), id="an input that does not exist"),
        pytest.param([], "1 + 1", (False, True, None, None, None), id="no inputs"),
    ],
)
def test_a_calculated_channel_has_summarized_readings_where_its_inputs_have_readings(
    start: Start, inputs: list[Json], text: str, expected: tuple[object, ...]
) -> None:
    assert evidence(start(world=world_of(*inputs, text=text))) == expected


def test_a_calculated_channel_may_never_have_readings(start: Start) -> None:
    world = world_of(readings(*EARLY, 15), text="channel(10)")

    assert evidence(start("calculated_readings=none", world=world)) == (False, True, None, None, None)


def test_what_a_world_says_of_a_calculated_channel_stays(demo: Bench) -> None:
    assert evidence(demo, 1044)[:1] == (True,)
    assert demo.read(1044)["lastReadingValue"]["value"] == 1787.3


def test_a_calculated_channel_with_summarized_readings_cannot_become_simple(start: Start) -> None:
    bench = start(world=world_of(readings(*EARLY, 15), text="channel(10)"))

    response = bench.put(
        2,
        isCalculated=False,
        intervalMinutes=15,
        esaChannelVersion={"multiplier": 1, "observationRuleId": 2, "unitId": 1},
    )

    assert broken(response) == ["isCalculated"]


def test_the_first_readings_of_an_input_show_on_all_that_is_calculated_from_it(start: Start) -> None:
    meter = formula("channel(2)", 30) | {"data_point": 2}
    world = world_of({}, text="channel(10)")
    world["channels"].append(make_channel(3, **meter))
    world["channels"][-1]["dataPoint"]["isCalculatedDataPoint"] = True
    bench = start(world=world)
    before = [evidence(bench, channel_id) for channel_id in (2, 3)]
    reading = {"time": "2026-07-01T00:10:00Z", "value": 1, "estimated": False, "note": None}

    bench.client.post("/api/v3/reading", json=[{"channelId": 10, "readings": [reading]}]).raise_for_status()

    assert before == [(False, True, None, None, None)] * 2
    at = "2026-06-30T20:15:00-04:00"
    assert [evidence(bench, channel_id) for channel_id in (2, 3)] == [(True, False, at, at, None)] * 2


def test_the_type_of_a_calculated_channel_with_readings_may_be_fixed(start: Start) -> None:
    bench = start("edit_with_readings=reject", world=world_of(readings(*EARLY, 15), text="channel(10)"))

    assert broken(bench.put(2, observationTypeId=3)) == ["observationTypeId"]


def test_formulas_that_refer_to_each_other_end(start: Start) -> None:
    world = make_world(make_channel(2, **formula("channel(3)")), make_channel(3, **formula("channel(2)", 30)))

    assert evidence(start(world=world)) == (False, True, None, None, None)
