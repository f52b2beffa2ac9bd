"""Values as the settings compute them."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox.arithmetic import compute_value
from reconciler.sandbox.properties import VersionSettings
from reconciler.sandbox.settings import parse_settings


def value_of(raw: float, before: float | None, *settings: str, rule: int = 1, **values: Any) -> float | None:
    chosen = {"multiplier": 2.0, "rollover_value": 1000.0, "rollback_allowance": 0.1, **values}
    version = VersionSettings(observation_rule_id=rule, unit_id=1, **chosen)
    return compute_value(raw, before, version, parse_settings(settings))


@pytest.mark.parametrize(("setting", "value"), [("offset_order=after", 25), ("offset_order=before", 30)])
def test_the_offset_of_trip_is_added_after_or_before_multiplying(setting: str, value: float) -> None:
    assert value_of(10, None, setting, rule=2, offset=5.0) == value


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("value_precision=decimal", 0.3),
        ("value_precision=double", 0.30000000000000004),
        ("value_precision=half_up_4", 0.3),
        ("value_precision=half_even_4", 0.3),
    ],
)
def test_values_are_decimals_or_doubles(setting: str, value: float) -> None:
    assert value_of(0.1, None, setting, rule=2, multiplier=3.0) == value


@pytest.mark.parametrize(
    ("setting", "value"), [("value_precision=half_up_4", 0.0003), ("value_precision=half_even_4", 0.0002)]
)
def test_values_are_rounded_half_up_or_half_to_even(setting: str, value: float) -> None:
    assert value_of(0.00025, None, setting, rule=2, multiplier=1.0) == value


@pytest.mark.parametrize(
    ("setting", "value"), [("value_bounds=kept", 20), ("value_bounds=dropped", None), ("value_bounds=clamped", 15)]
)
def test_a_value_outside_the_limits_is_kept_dropped_or_clamped(setting: str, value: float | None) -> None:
    assert value_of(10, None, setting, rule=2, maximum_reading=15.0) == value


@pytest.mark.parametrize(
    ("setting", "value"), [("first_difference=null", None), ("first_difference=zero", 0), ("first_difference=raw", 20)]
)
def test_the_first_reading_of_a_register_has_no_value_or_counts(setting: str, value: float | None) -> None:
    assert value_of(10, None, setting) == value


@pytest.mark.parametrize(
    ("settings", "value"),
    [
        (("rollback_base=rollover",), -80),
        (("rollback_base=reading",), 1920),
        (("rollback_base=rollover", "rollback_value=zero"), 0),
    ],
)
def test_a_register_that_falls_has_rolled_over_or_fallen_back(settings: tuple[str, ...], value: float) -> None:
    assert value_of(50, 90, *settings) == value


def test_a_value_is_made_positive_before_the_limits_hold() -> None:
    assert value_of(-5, None, "value_bounds=clamped", rule=2, is_value_positive=True, maximum_reading=7.0) == 7
