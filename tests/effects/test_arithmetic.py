from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.effects.arithmetic import (
    ROUNDINGS,
    AllowanceOf,
    Arithmetic,
    FirstOfVersion,
    FirstReading,
    OffsetOrder,
    OutOfLimits,
    Registers,
    Rounding,
    SmallFall,
    VersionTimeline,
    compute,
    count_places,
    is_same_value,
    list_choices,
    make_settings,
)
from tests.effects.builders import at, register, trip
from tests.planning.tenant import V

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.effects.arithmetic import ValueSettings

EXACT, DOUBLE = ROUNDINGS[:2]


def values_of(
    raws: Sequence[str],
    *versions: ValueSettings,
    before: str | None = None,
    rounding: Rounding = EXACT,
    **choices: Any,
) -> list[str | None]:
    """The values of readings a quarter of an hour apart, after one `before` if there is one."""
    times = [at(index) for index in range(1, len(raws) + 1)]
    readings = Registers(times, list(map(Decimal, raws)), None if before is None else (at(0), Decimal(before)))
    values = compute(readings, VersionTimeline(versions), replace(Arithmetic(), **choices), rounding)
    return [None if value is None else format(value, "f") for value in values]


# Source: https://helpcenter.energycap.com/um/sa/types_of_readings, "Example of different types of readings".
def test_the_worked_example_of_the_help_center_comes_out() -> None:
    raws = ["1706471", "1706472", "1706473", "1706474", "1706475", "1706476"]
    settings = register(rollover="999999999999999")

    assert values_of(raws, settings, before="1706469") == ["2", "1", "1", "1", "1", "1"]


def test_a_register_counts_differences_times_the_multiplier() -> None:
    assert values_of(["10.5", "12.25"], register("40"), before="10") == ["20.0", "70.00"]


def test_trip_values_are_scaled_one_by_one() -> None:
    assert values_of(["10.5", "-12"], trip("2", offset="0.5")) == ["21.5", "-23.5"]


def test_decimals_are_exact_where_floats_are_not() -> None:
    assert values_of(["0.1"], trip("3")) == ["0.3"]
    assert values_of(["0.1"], trip("3"), rounding=DOUBLE) == ["0.30000000000000004"]


@pytest.mark.parametrize(
    ("choice", "values"), [(OffsetOrder.AFTER, ["25"]), (OffsetOrder.BEFORE, ["30"])], ids=["after", "before"]
)
def test_an_offset_is_added_after_or_before_multiplying(choice: OffsetOrder, values: list[str]) -> None:
    assert values_of(["10"], trip("2", offset="5"), offset=choice) == values


@pytest.mark.parametrize(
    ("choice", "values"),
    [
        (OutOfLimits.KEPT, ["1", "5", "9"]),
        (OutOfLimits.DROPPED, [None, "5", None]),
        (OutOfLimits.CLAMPED, ["2", "5", "8"]),
    ],
    ids=["kept", "dropped", "clamped"],
)
def test_a_value_outside_the_limits_is_kept_dropped_or_clamped(choice: OutOfLimits, values: list[str | None]) -> None:
    assert values_of(["1", "5", "9"], trip(minimum="2", maximum="8"), limits=choice) == values


def test_limits_hold_for_the_value_that_was_made_positive() -> None:
    assert values_of(["-5"], trip(is_positive=True, minimum="0"), limits=OutOfLimits.CLAMPED) == ["5"]


@pytest.mark.parametrize(
    ("choice", "values"),
    [(FirstReading.NONE, [None, "4"]), (FirstReading.ZERO, ["0", "4"]), (FirstReading.RAW, ["20", "4"])],
    ids=["none", "zero", "raw"],
)
def test_the_first_reading_of_a_register_has_no_value_or_counts(choice: FirstReading, values: list[str | None]) -> None:
    assert values_of(["10", "12"], register("2"), first=choice) == values


def test_a_register_begins_again_at_its_rollover() -> None:
    assert values_of(["5"], register(), before="990") == ["15"]


@pytest.mark.parametrize(
    ("allowance", "fall", "values"),
    [
        (AllowanceOf.ROLLOVER, SmallFall.NEGATIVE, ["-40"]),
        (AllowanceOf.ROLLOVER, SmallFall.ZERO, ["0"]),
        (AllowanceOf.READING, SmallFall.NEGATIVE, ["960"]),
        (AllowanceOf.READING, SmallFall.ZERO, ["960"]),
    ],
)
def test_a_small_fall_is_one_by_the_share_of_what_the_allowance_is_of(
    allowance: AllowanceOf, fall: SmallFall, values: list[str]
) -> None:
    # 40 is less than a tenth of 1,000, and more than a tenth of 90.
    assert values_of(["50"], register(), before="90", allowance=allowance, fall=fall) == values


def test_a_version_excludes_its_begin_and_includes_its_end() -> None:
    versions = (trip("1"), trip("10", begin=at(2)))

    assert values_of(["1", "1", "1"], *versions) == ["1", "1", "10"]


@pytest.mark.parametrize(
    ("choice", "values"),
    [
        (FirstOfVersion.NEW, ["1", "20", "30"]),
        (FirstOfVersion.OLD, ["1", "2", "30"]),
        (FirstOfVersion.NONE, ["1", None, "30"]),
    ],
    ids=["new", "old", "none"],
)
def test_the_difference_across_a_begin_is_by_either_version_or_none(
    choice: FirstOfVersion, values: list[str | None]
) -> None:
    versions = (register("1"), register("10", begin=at(1)))

    assert values_of(["1", "3", "6"], *versions, before="0", version=choice) == values


def test_no_difference_belongs_to_a_trip_version() -> None:
    versions = (trip("1"), register("10", begin=at(1)))

    assert values_of(["1", "3"], *versions, before="0", version=FirstOfVersion.OLD) == ["1", "20"]


@pytest.mark.parametrize(
    ("rounding", "values"),
    [
        (Rounding(1), ["0.3", "-0.3", "2.0"]),
        (Rounding(1, is_half_even=True), ["0.2", "-0.2", "2.0"]),
        (Rounding(0), ["0", "0", "2"]),
        (Rounding(2), ["0.25", "-0.25", "2"]),
    ],
)
def test_values_are_rounded_half_up_or_half_to_even(rounding: Rounding, values: list[str]) -> None:
    found = values_of(["0.25", "-0.25", "2"], trip(), rounding=rounding)

    assert [value and value.replace("-0", "0") if rounding.places == 0 else value for value in found] == values


def test_settings_are_those_of_the_version_with_the_defaults_that_are_documented() -> None:
    settings = make_settings("", {f"{V}observationRuleId": 1, f"{V}multiplier": 2.5, f"{V}rolloverValue": None}, 7)

    assert settings == register(
        "2.5", rollover="999999999999999", allowance="0.1", unit=7, offset=Decimal(0), is_positive=False
    )


@pytest.mark.parametrize("missing", ["observationRuleId", "multiplier"])
def test_without_rule_or_multiplier_there_are_no_settings(missing: str) -> None:
    values = {f"{V}observationRuleId": 1, f"{V}multiplier": 2, f"{V}{missing}": None}

    assert make_settings("", values, 7) is None


def test_only_choices_that_may_matter_are_listed() -> None:
    steady = Registers([at(1)], [Decimal(5)], (at(0), Decimal(1)))
    falling = Registers([at(1)], [Decimal(1)], None)

    assert list_choices(steady, [VersionTimeline([register()])]) == frozenset()
    assert list_choices(falling, [VersionTimeline([register(minimum="0")])]) == {"first", "limits"}
    assert list_choices(
        Registers([at(1), at(2)], [Decimal(5), Decimal(1)], (at(0), Decimal(1))),
        [VersionTimeline([register(), register(begin=at(1))])],
    ) == {"version", "allowance", "fall"}
    assert list_choices(steady, [VersionTimeline([trip(offset="1")])]) == {"offset"}


def test_values_are_the_same_if_json_cannot_tell_them_apart() -> None:
    assert is_same_value(Decimal("0.1"), Decimal("0.1000000000000000055511151231257827"))
    assert not is_same_value(Decimal("0.1"), Decimal("0.10000000000000002"))
    assert is_same_value(None, None)
    assert not is_same_value(None, Decimal(0))


@given(st.lists(st.decimals(0, 999, places=2), min_size=1), st.sampled_from(["1", "40", "0.25"]))
def test_the_values_of_a_register_that_only_rises_add_up_to_its_way(raws: list[Decimal], multiplier: str) -> None:
    rising = sorted(raws)

    values = values_of([str(raw) for raw in rising], register(multiplier), before="0")

    assert sum(Decimal(value or 0) for value in values) == rising[-1] * Decimal(multiplier)


@given(st.lists(st.one_of(st.none(), st.decimals(-1000, 1000, places=4).filter(bool))))
def test_decimal_places_are_those_of_the_longest(values: list[Decimal | None]) -> None:
    assert count_places(values) == (4 if any(values) else 0)
