"""Units as people write them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from reconciler.model.fields import MULTIPLIER, OFFSET
from reconciler.model.units import find_factor, find_measure, find_scale, fold, format_factor, is_near

if TYPE_CHECKING:
    from reconciler.model.values import Value


@pytest.mark.parametrize(
    "texts",
    [
        ("KWH", "kWh", "KWh", "kwh", "kW h", "kW-h", "kW\xb7h", "kilowatt hours", "Kilowatt-Hour", " kWh "),
        ("m3", "M3", "m\xb3", "m^3", "cu. m", "Cubic meters"),
        ("MMBTU", "Dth", "dekatherms"),
        ("\xb0C", "DEGC", "Celsius"),
    ],
)
def test_spelling_does_not_matter(texts: tuple[str, ...]) -> None:
    assert len({find_measure(text) for text in texts}) == 1
    assert find_measure(texts[0]) is not None


@pytest.mark.parametrize(
    ("one", "other", "factor"),
    [
        ("MWh", "Wh", 10**6),
        ("GJ", "kWh", Fraction(10**6, 3600)),
        ("kW", "W", 1000),
        ("ccf", "cf", 100),
        ("m3", "l", 1000),
        ("ML", "kL", 1000),
        ("kgal", "gal", 1000),
        ("klb", "lb", 1000),
        ("Gcal", "kWh", Fraction(1163)),
        ("MBH", "BTU/h", 1000),
        ("kWh/h", "kW", 1),
        ("Kilowattstunden", "Wh", 1000),
        ("kilojoule", "kJ", 1),
    ],
)
def test_units_of_one_kind_have_a_factor(one: str, other: str, factor: Fraction | int) -> None:
    assert find_scale(one, other) == factor
    assert find_scale(other, one) == Fraction(1) / factor


@pytest.mark.parametrize(("one", "other"), [("kWh", "kW"), ("kWh", "XYZ"), ("", "kWh"), ("USD", "EUR")])
def test_units_of_two_kinds_have_none(one: str, other: str) -> None:
    assert find_scale(one, other) is None


def test_units_of_signs_alone_are_not_one_unit() -> None:
    assert [fold(unit) for unit in (" *", "**", "\u2030", "-")] == ["*", "**", "\u2030", "-"]


@pytest.mark.parametrize(
    ("factor", "expected"),
    [("1", True), ("1.0009995", True), ("0.9990005", True), ("1.001", False), ("0.999", False), ("-1", False)],
)
def test_two_factors_are_near_that_differ_by_less_than_a_thousandth(factor: str, *, expected: bool) -> None:
    assert is_near(Fraction(factor) * 36, Fraction(36)) is expected


@pytest.mark.parametrize(
    ("path", "before", "after", "factor"),
    [
        (MULTIPLIER, 0.1, 0.3, Fraction(3)),
        (MULTIPLIER, 2, 1, Fraction(1, 2)),
        (MULTIPLIER, -1, 2.5, Fraction(-5, 2)),
        (MULTIPLIER, 2, 0, Fraction(0)),
        (MULTIPLIER, 0, 2, None),
        (MULTIPLIER, None, 2, None),
        (MULTIPLIER, 2, None, None),
        (OFFSET, 1, 2, None),
    ],
)
def test_only_an_edit_of_a_multiplier_has_a_factor(
    path: str, before: Value, after: Value, factor: Fraction | None
) -> None:
    assert find_factor(path, before, after) == factor


@pytest.mark.parametrize(
    ("factor", "shown"),
    [
        (Fraction(10**6), "\xd71,000,000"),
        (Fraction(1, 1000), "\xd70.001"),
        (Fraction(-1), "\xd7-1"),
        (Fraction(1, 3), "\xd70.333333"),
        (Fraction(12345678), "\xd712,345,700"),
    ],
)
def test_a_factor_is_shown_with_six_digits(factor: Fraction, shown: str) -> None:
    assert format_factor(factor) == shown
