"""Units and observation types."""

from __future__ import annotations

import pytest

from reconciler.model.channels import ObservationType, Unit


@pytest.mark.parametrize(
    ("unit", "is_money"),
    [
        (Unit(1, "USD", "MONEY", "Money"), True),
        (Unit(1, "USD", "CUR", "money"), True),
        (Unit(2, "KWH", "ENERGY", None), False),
        (Unit(3, "X"), None),
    ],
)
def test_a_unit_is_money_by_the_code_or_name_of_its_type(unit: Unit, is_money: bool | None) -> None:
    assert unit.is_money is is_money


@pytest.mark.parametrize(("noun", "is_demand"), [("Demand", True), ("DEMAND", True), ("Use", False), (None, None)])
def test_an_observation_type_is_demand_by_its_noun(noun: str | None, is_demand: bool | None) -> None:
    assert ObservationType(1, "X", noun).is_demand is is_demand
