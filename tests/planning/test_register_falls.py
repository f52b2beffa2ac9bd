from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.model.plan import MIN_IDENTICAL
from reconciler.model.registers import ChannelReading, RegisterFall
from reconciler.planning.register_falls import Register, find_falls, list_searches, make_register
from tests.cases import note_case
from tests.planning.tenant import V, add_older_version, make_calculated, make_desired, make_live, plan_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.channels import Live
    from reconciler.model.values import Value

REGISTER = Register(rollover=100_000, allowance=0.1)
NOON = datetime(2026, 11, 2, 12)  # noqa: DTZ001 - local times have no zone
READ: dict[str, Any] = {
    "has_readings": True,
    "first_reading": "2021-07-01T00:15:00",
    "last_reading": "2026-11-20T00:00:00",
}
ODOMETER: dict[str, Value] = {f"{V}observationRuleId": 1, f"{V}rolloverValue": 100_000, f"{V}rollbackAllowance": 0.1}


def read(*raws: float | None) -> list[ChannelReading]:
    """Readings of these raw values, an hour apart."""
    return [make_reading(NOON + timedelta(hours=i), raw) for i, raw in enumerate(raws)]


def make_reading(time: datetime, raw: float | None) -> ChannelReading:
    return ChannelReading(time.isoformat(), None if raw is None else Decimal(raw))


def falls_of(*raws: float | None) -> list[tuple[float, float]]:
    return [(fall.last_value, fall.first_value) for fall in find_falls(read(*raws), REGISTER)]


def test_a_fall_is_where_the_register_starts_again_far_below() -> None:
    assert list(find_falls(read(48_200, 48_213, 12, 15), REGISTER)) == [
        RegisterFall("2026-11-02T13:00:00", 48_213, "2026-11-02T14:00:00", 12)
    ]


@pytest.mark.parametrize(
    ("raws", "falls"),
    [
        ([], []),
        ([5], []),
        ([48_213, 12], [(48_213, 12)]),
        ([48_200, 48_213, 43_400, 43_500], []),
        ([48_200, 48_213, 43_300, 43_301], [(48_213, 43_300)]),
        ([99_990, 99_999, 4, 9], []),
        ([99_990, 99_999, 10_500, 10_600], [(99_999, 10_500)]),
        ([48_213, 0, 48_214, 48_215], []),
        ([48_213, 90_000, 48_214, 48_215], []),
        ([48_213, None, 12, None, 15], [(48_213, 12)]),
        ([-10, -10, -30, -31], [(-10, -30)]),
        ([10, 11, -5, -4], [(11, -5)]),
        ([48_213, 48_213, 12, 13, 900, 14, 15], [(48_213, 12)]),
        ([48_213, 48_214, 12, 13, 900, 901, 5, 6], [(48_214, 12), (901, 5)]),
    ],
    ids=[
        "nothing",
        "one reading",
        "two readings",
        "noise within the allowance",
        "just beyond it",
        "a rollover",
        "too far for a rollover",
        "one reading of zero",
        "one reading far too high",
        "without a raw value",
        "negative values",
        "below zero",
        "after one odd reading",
        "two swaps",
    ],
)
def test_what_is_a_fall_and_what_is_not(raws: list[float | None], falls: list[tuple[float, float]]) -> None:
    assert falls_of(*raws) == falls


def test_readings_at_one_time_prove_a_fall_only_if_each_of_them_does() -> None:
    twice = [*read(48_213, 12, 15), make_reading(NOON + timedelta(hours=2), 60_000)]

    assert list(find_falls(twice, REGISTER)) == []


def fall_plainly(values: Sequence[float], register: Register) -> list[int]:
    """The indexes before which the register falls, written out in another way."""
    found = []
    for index in range(1, len(values)):
        old, new = values[max(0, index - 2) : index], values[index : index + 2]
        last, first = values[index - 1], values[index]
        limit = min(value for value in old) - register.allowance * abs(min(old))
        is_rollover = (
            first >= 0 and last <= register.rollover and first + register.rollover - last <= register.rollover / 10
        )
        if all(value < limit for value in new) and not is_rollover:
            found.append(index)
    return found


STEPS = st.one_of(st.integers(0, 50), st.integers(-5_000, -1), st.integers(-100_000, -20_000), st.integers(0, 90_000))


@given(
    st.integers(-1_000, 99_000),
    st.lists(st.tuples(STEPS, st.integers(1, 2), st.booleans()), max_size=30),
    st.sampled_from((0.0, 0.1, 0.5, 1.0)),
    st.sampled_from((100_000.0, 999_999_999_999_999.0)),
)
def test_falls_are_those_of_a_plain_model_in_either_direction(
    start: int, steps: list[tuple[int, int, bool]], allowance: float, rollover: float
) -> None:
    register = Register(rollover, allowance)
    values, readings, time = [], [], NOON
    for step, gap, is_twice in [(0, 1, False), *steps]:
        start, time = start + step, time + timedelta(hours=gap)
        values.append(float(start))
        readings += [make_reading(time, start)] * (2 if is_twice else 1)
        if gap == 2:
            readings.append(ChannelReading((time + timedelta(minutes=5)).isoformat(), None, Decimal(7)))
    expected = fall_plainly(values, register)
    note_case(reached=expected or len(steps) < 3)

    forward = list(find_falls(readings, register))
    backward = list(find_falls(reversed(readings), register, newest_first=True))

    assert [(fall.last_value, fall.first_value) for fall in forward] == [(values[i - 1], values[i]) for i in expected]
    assert backward == forward[::-1]


@given(st.lists(st.integers(0, 3_000), max_size=40), st.integers(0, 99_999))
def test_a_register_that_only_counts_and_rolls_over_never_falls(steps: list[int], start: int) -> None:
    values = [start]
    for step in steps:
        values.append((values[-1] + step) % 100_000)
    note_case(reached=not steps or sum(steps) > 0)

    assert falls_of(*values) == []


def test_the_register_of_a_version_has_the_defaults_of_energycap_where_it_says_nothing() -> None:
    assert make_register({f"{V}observationRuleId": 1}) == Register(999_999_999_999_999, 0.1)
    assert make_register({**ODOMETER, f"{V}rollbackAllowance": 0}) == Register(100_000, 0)
    assert make_register({f"{V}observationRuleId": 2}) is None


def searches_of(live: Live, **spec: Value) -> list[tuple[str, str]]:
    desired = make_desired("north", live.id, {f"{V}{key}": value for key, value in spec.items()})
    plan = plan_of([desired], [live])
    return [(one.begin.isoformat(), one.end.isoformat()) for one in list_searches(plan, [live])]


def test_the_last_400_days_of_readings_are_searched_for_an_edit_of_the_past() -> None:
    live = make_live(1, ODOMETER, **READ)

    assert searches_of(live, multiplier=2) == [("2025-10-16T00:00:00", "2026-11-20T00:00:00")]


def test_readings_of_an_earlier_version_are_not_searched() -> None:
    live = add_older_version(make_live(1, ODOMETER, **READ), "2026-05-01T00:00:00")

    assert searches_of(live, multiplier=2) == [("2026-05-01T00:00:00", "2026-11-20T00:00:00")]


@pytest.mark.parametrize(
    ("live", "spec"),
    [
        (make_live(1, ODOMETER, **READ), {"multiplier": 1}),
        (make_live(1, ODOMETER), {"multiplier": 2}),
        (make_live(1, **READ), {"multiplier": 2}),
        (make_live(1, ODOMETER, **{**READ, "last_reading": None}), {"multiplier": 2}),
        (make_live(1, ODOMETER, **{**READ, "last_reading": "soon"}), {"multiplier": 2}),
        (make_live(1, ODOMETER, **READ), {"multiplier": 2, "beginDate": "2026-01-01T00:00:00"}),
        (make_calculated(1, "channel(2)", **READ), {"formula": "channel(2) * 2"}),
        (add_older_version(make_live(1, ODOMETER, **READ), "2026-05-01T00:00:00Z"), {"multiplier": 2}),
    ],
    ids=["no edit", "no readings", "Trip", "no last", "odd last", "another begin", "calculated", "a begin with a zone"],
)
def test_nothing_is_searched_where_no_date_is_offered(live: Live, spec: dict[str, Value]) -> None:
    assert searches_of(live, **spec) == []


@pytest.mark.parametrize(("count", "searched"), [(MIN_IDENTICAL - 1, MIN_IDENTICAL - 1), (MIN_IDENTICAL, 0)])
def test_changes_that_are_shown_as_one_are_not_searched(count: int, searched: int) -> None:
    lives = [make_live(id_, ODOMETER, **READ) for id_ in range(1, count + 1)]
    plan = plan_of([make_desired(f"use-{live.id}", live.id, {f"{V}multiplier": 2}) for live in lives], lives)

    assert len(list_searches(plan, lives)) == searched


def test_a_fall_at_the_begin_of_the_current_version_is_known_already() -> None:
    live = add_older_version(make_live(1, ODOMETER, **READ), "2026-11-02T13:00:00")
    (search,) = list_searches(plan_of([make_desired("north", 1, {f"{V}multiplier": 2})], [live]), [live])
    readings = read(48_200, 48_213, 12, 15, 20)

    assert search.find_last(reversed(readings)) is None
    assert replace(search, live=make_live(1, ODOMETER)).find_last(reversed(readings)) == RegisterFall(
        "2026-11-02T13:00:00", 48_213, "2026-11-02T14:00:00", 12
    )
