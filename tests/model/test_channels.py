"""Units and observation types, and what a channel says about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.model.channels import DataPoint, Desired, Live, ObservationType, Unit, Version
from reconciler.model.fields import FORMULA, IS_CALCULATED, IS_PRIMARY_VALUE
from reconciler.model.findings import Location

if TYPE_CHECKING:
    from reconciler.model.values import Value


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


def make_versions(*formulas: Value) -> tuple[Version, ...]:
    return tuple(Version(number, None, None, {FORMULA: formula}) for number, formula in enumerate(formulas, 1))


@pytest.mark.parametrize(("info", "name"), [("Main", "Main"), ("", ""), (None, "")])
def test_a_channel_without_a_name_has_an_empty_one(info: str | None, name: str) -> None:
    assert Live(1, {"channelInfo": info}, make_versions(None), DataPoint(1)).name == name


@pytest.mark.parametrize("value", [True, False, None])
def test_what_the_service_does_not_say_is_not_so(value: bool | None) -> None:
    live = Live(1, {IS_CALCULATED: value, IS_PRIMARY_VALUE: None}, make_versions(None), DataPoint(1))
    other = Live(1, {IS_CALCULATED: None, IS_PRIMARY_VALUE: value}, make_versions(None), DataPoint(1))

    assert (live.is_calculated, live.is_primary_value) == (value is True, False)
    assert (other.is_calculated, other.is_primary_value) == (False, value is True)


def test_the_last_version_is_the_current_one_and_formulas_come_oldest_first() -> None:
    live = Live(1, {}, make_versions("channel(2)", None, "", "channel(3)"), DataPoint(1))

    assert live.current.id == 4
    assert live.formulas == ("channel(2)", "channel(3)")


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("", ("channels", "north-use")),
        ("channelInfo", ("channels", "north-use", "channelInfo")),
        (FORMULA, ("channels", "north-use", "esaChannelVersion", "formula")),
    ],
)
def test_a_location_in_a_channel_has_the_keys_down_to_it(path: str, keys: tuple[str, ...]) -> None:
    desired = Desired("north-use", "channels/north.yaml", 12, None, {})

    assert desired.locate(path, "channel(2)") == Location(
        file="channels/north.yaml", line=12, path=keys, fragment="channel(2)"
    )
