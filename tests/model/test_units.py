"""Units as people write them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from reconciler.model.units import find_measure, find_scale


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
    ],
)
def test_units_of_one_kind_have_a_factor(one: str, other: str, factor: Fraction | int) -> None:
    assert find_scale(one, other) == factor
    assert find_scale(other, one) == Fraction(1) / factor


@pytest.mark.parametrize(("one", "other"), [("kWh", "kW"), ("kWh", "XYZ"), ("", "kWh"), ("USD", "EUR")])
def test_units_of_two_kinds_have_none(one: str, other: str) -> None:
    assert find_scale(one, other) is None
