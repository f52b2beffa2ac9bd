from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.effects.arithmetic import VersionTimeline
from reconciler.effects.forecast import Forecast, RecentValue, TimelinePair
from reconciler.effects.proof import Compared
from reconciler.model.effects import (
    Effect,
    EffectAlternative,
    EffectKind,
    EffectPoint,
    EffectSpan,
    EffectStatus,
    Mismatch,
)
from tests.effects.builders import at, forecast, read, register, trip

WINDOW = EffectSpan(at(1), at(5))
RISING = read(["100", "101", "103", "106", "110"], [None, "10", "20", "30", "40"])


def test_an_edited_multiplier_scales_every_stored_value() -> None:
    assert forecast([register("10")], [register("100")], RISING) == Effect(
        EffectStatus.EXACT,
        window=WINDOW,
        unit="CCF",
        kind=EffectKind.TOTAL,
        before=100,
        after=1000,
        factor=10,
        readings=4,
        reproduced=4,
        series=(EffectPoint("2026-11-01", 100, 1000),),
    )


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [(EffectKind.PEAK, 40, 80), (EffectKind.MEAN, 25, 50), (EffectKind.MINIMUM, 10, 20)],
)
def test_the_figure_is_that_of_the_summarization(kind: EffectKind, before: int, after: int) -> None:
    effect = forecast([register("10")], [register("20")], RISING, kind)

    assert (effect.kind, effect.before, effect.after) == (kind, before, after)


def test_a_new_version_changes_what_comes_after_its_begin_only() -> None:
    planned = [register("10"), register("100", begin=at(3))]

    effect = forecast([register("10")], planned, RISING)

    assert (effect.status, effect.before, effect.after, effect.factor) == (EffectStatus.EXACT, 100, 730, None)
    # The difference across the begin belongs to either version, and nothing that is stored tells to which.
    assert effect.alternatives == (
        EffectAlternative(("the difference across the begin of a version is by the settings before it",), 460),
        EffectAlternative(("the first reading of a version has no value",), 430),
    )


def test_the_way_that_gives_the_stored_values_is_the_one_that_counts() -> None:
    readings = read(["1", "2", "3"], ["30", "40", "50"])

    effect = forecast([trip("10", offset="2")], [trip("1", offset="2")], readings)

    assert (effect.status, effect.after) == (EffectStatus.EXACT, 9)
    assert effect.arithmetic == ("the offset is added before multiplying",)


def test_rounding_that_stored_values_show_is_forecast_too() -> None:
    readings = read(["0", "1.25", "2.5", "3.75"], [None, "1.3", "1.3", "1.3"])

    effect = forecast([register()], [register("3")], readings)

    assert effect.status is EffectStatus.EXACT
    assert effect.arithmetic == ("values are rounded to 1 decimal place, half up",)
    # 3.75 becomes 3.8 either way.
    assert effect.after == pytest.approx(11.4)
    assert (effect.factor, effect.alternatives) == (None, ())


def test_values_that_do_not_come_out_prove_nothing() -> None:
    effect = forecast([register("2")], [register("3")], RISING)

    assert effect == Effect(
        EffectStatus.UNKNOWN,
        "today's settings give 0 of 4 stored values",
        WINDOW,
        "CCF",
        EffectKind.TOTAL,
        readings=4,
        mismatches=tuple(Mismatch(at(index), 10 * way, 2 * way) for index, way in ((2, 1), (3, 2), (4, 3), (5, 4))),
    )


def test_zeros_alone_prove_no_part_of_a_window() -> None:
    # Each first value of a day is 0, which comes out with any multiplier.
    readings = read(["5"] * 97 + ["6"], [None, *["0"] * 96, "10"])

    effect = forecast([register("2")], [register("3")], readings)

    assert effect.status is EffectStatus.UNKNOWN


def test_a_part_of_the_window_is_forecast_if_only_that_comes_out() -> None:
    # Values of the first day were made with another multiplier.
    count = 200
    raws = [str(index) for index in range(count)]
    values = [None, *("7" if index < 96 else "10" for index in range(1, count))]

    effect = forecast([register("10")], [register("20")], read(raws, values))

    assert effect.status is EffectStatus.PARTIAL
    assert effect.window == EffectSpan("2026-11-02T00:00:00", at(count))
    assert effect.rest == (EffectSpan(at(1), "2026-11-02T00:00:00"),)
    assert (effect.before, effect.after, effect.factor) == (1040, 2080, 2)
    assert [point.start for point in effect.series] == ["2026-11-02", "2026-11-03"]
    assert (effect.readings, effect.reproduced, len(effect.mismatches)) == (199, 104, 20)


def test_a_few_odd_values_are_named_and_do_not_spoil_the_proof() -> None:
    count = 2001
    values = [None, *("1" for _ in range(1, count))]
    values[5] = "4"

    effect = forecast([register()], [register("2")], read([str(index) for index in range(count)], values))

    assert (effect.status, effect.before, effect.after) == (EffectStatus.EXACT, 2003, 4000)
    assert effect.mismatches == (Mismatch(at(6), 4, 1),)
    assert effect.factor is None


def test_a_reading_without_a_raw_value_cannot_come_out() -> None:
    readings = read(["1", None, "3", None], [None, "5", "2", None])

    effect = forecast([register()], [register("2")], readings)

    assert (effect.status, effect.readings, effect.reproduced) == (EffectStatus.UNKNOWN, 2, 1)


def test_the_first_reading_ever_may_have_no_value() -> None:
    made = Forecast(
        TimelinePair(VersionTimeline([register("10")]), VersionTimeline([register("20")])),
        Compared(EffectSpan(at(0), at(5)), at(0), EffectKind.TOTAL, "CCF"),
    )
    made.add(RISING)

    effect = made.make_effect()

    assert (effect.status, effect.after, effect.readings) == (EffectStatus.EXACT, 200, 4)
    assert effect.arithmetic == ("the first reading of a register has no value",)


def test_a_day_whose_values_were_all_dropped_gets_values_within_other_limits() -> None:
    # The second reading is of the next day, and its value is outside the limits of today.
    readings = read(["0"] * 96 + ["9"], [None, *["0"] * 95, None])

    effect = forecast([trip(maximum="5")], [trip(maximum="10")], readings)

    assert (effect.status, effect.before, effect.after) == (EffectStatus.EXACT, 0, 9)


def test_a_window_without_readings_is_unknown() -> None:
    effect = forecast([register()], [register("2")], RISING[:1])

    assert (effect.status, effect.reason) == (
        EffectStatus.UNKNOWN,
        "EnergyCAP shows no stored values in this time",
    )


def test_the_last_days_of_a_longer_window_are_told_apart() -> None:
    effect = forecast([register("10")], [register("100")], RISING, recent=at(3))

    assert effect.recent is not None
    assert (effect.recent.span, effect.recent.before, effect.recent.after) == (EffectSpan(at(3), at(5)), 70, 700)


def test_the_recent_values_are_kept_as_stored_and_as_planned() -> None:
    made = Forecast(
        TimelinePair(VersionTimeline([register("10")]), VersionTimeline([register("20")])),
        Compared(WINDOW, at(3), EffectKind.TOTAL, "CCF"),
    )
    made.add(RISING)

    assert made.list_recent() == (
        RecentValue(at(4), Decimal(30), Decimal(60)),
        RecentValue(at(5), Decimal(40), Decimal(80)),
    )


@given(
    st.lists(st.decimals(0, 500, places=3), min_size=2, max_size=30),
    st.sampled_from(["1", "40", "0.125", "1.7"]),
    st.sampled_from(["2", "400", "0.5", "3.1"]),
)
def test_batches_do_not_matter(raws: list[Decimal], old: str, new: str) -> None:
    rising = sorted(raws)
    values = [None, *(str((later - earlier) * Decimal(old)) for earlier, later in pairwise(rising))]
    readings = read([str(raw) for raw in rising], values)
    timelines = TimelinePair(VersionTimeline([register(old)]), VersionTimeline([register(new)]))
    window = EffectSpan(readings[0].time, readings[-1].time)
    whole = Forecast(timelines, Compared(window, window.after, EffectKind.TOTAL, "CCF"))
    whole.add(readings)

    assert whole.make_effect() == forecast([register(old)], [register(new)], readings)
