from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.effects.formula_values import UnknownFormula, compile_formula

VALUES = {1: Decimal("1.1"), 2: Decimal(2)}


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("channel(1) + channel(2) * 2", "5.1"),
        ("(channel(1) + channel( 2 )) * 2", "6.2"),
        ("10 - 4 - 3", "3"),
        ("8 / 4 / 2", "1"),
        ("-channel(2) - -1", "-1"),
        (".5 * 2e1", "10"),
        ("IF(channel(1) > 1, 7, 8)", "7"),
        ("if(And(channel(1) > 1, channel(2) <> 2), 7, 8)", "8"),
        ("IF(OR(channel(1) > 5, channel(2) <= 2), 7, 8)", "7"),
        ("IF(channel(1) > 5 OR channel(2) = 2 AND 1 < 2, 7, 8)", "7"),
        ("IF(channel(2) = 2, IF(1 >= 2, 1, 2), 3)", "2"),
        ("+".join(["1"] * 5000), "5000"),
    ],
)
def test_a_formula_of_what_is_documented_has_a_value(formula: str, value: str) -> None:
    assert compile_formula(formula).compute(VALUES) == Decimal(value)


def test_it_can_be_computed_in_binary_floating_point() -> None:
    formula = compile_formula("channel(1) * 3")

    assert formula.compute(VALUES) == Decimal("3.3")
    assert formula.compute(VALUES, float) == Decimal("3.3000000000000003")


def test_the_inputs_are_the_channels_it_uses_each_once() -> None:
    assert compile_formula("channel(7) - channel(3) + channel(7)").inputs == (7, 3)


@pytest.mark.parametrize(
    "formula",
    ["channel(1) / (channel(2) - 2)", "IF(channel(1), 1, 2)", "channel(1) > 0", "channel(9)", "1e400 * channel(9)"],
)
@pytest.mark.parametrize("number", [Decimal, float], ids=["decimals", "floats"])
def test_without_a_value_that_is_documented_there_is_none(formula: str, number: type[Decimal] | type[float]) -> None:
    assert compile_formula(formula).compute(VALUES, number) is None


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("channel(1) ^ 2", "'^' is not documented"),
        ("MAX(1, 2)", "'MAX' is not documented"),
        ("channel(1) +", "it ends too early"),
        ("(channel(1)", "')' is missing before its end"),
        ("IF(1 > 2, 3)", "IF has 2 arguments"),
        ("channel(north-use)", "it names a channel without an id"),
        ("channel(1) channel(2)", "'channel(2)' is not documented"),
        ('"text"', "'\"text\"' is not documented"),
        ("(" * 500 + "1" + ")" * 500, "it is nested too deeply"),
        ("-" * 500 + "1", "it is nested too deeply"),
    ],
)
def test_anything_else_is_unknown_and_says_what(formula: str, reason: str) -> None:
    with pytest.raises(UnknownFormula, match=r".") as raised:
        compile_formula(formula)

    assert str(raised.value) == reason
