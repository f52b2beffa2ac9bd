"""What a row of the table of properties becomes, from its name, type, traits and default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.sandbox.bodies import Body
from reconciler.sandbox.properties import CHANNEL_PROPERTIES, VERSION_PROPERTIES

if TYPE_CHECKING:
    from reconciler.sandbox.bodies import Violation
    from reconciler.sandbox.properties import Property

BY_NAME = {one.name: one for one in (*CHANNEL_PROPERTIES, *VERSION_PROPERTIES)}


@pytest.mark.parametrize(
    ("name", "kind", "is_nullable", "is_required", "response"),
    [
        ("channelInfo", str, False, True, ("channelInfo",)),
        ("channelImportId", str, True, False, ("channelImportId",)),
        ("isCalculated", bool, False, False, ("isCalculated",)),
        ("intervalMinutes", int, True, False, ("interval",)),
        ("unitId", int, False, True, ("unit", "unitId")),
        ("multiplier", float, False, True, ("multiplier",)),
        ("offset", float, True, False, ("offset",)),
    ],
)
def test_a_row_gives_a_property(
    name: str, kind: type, is_nullable: bool, is_required: bool, response: tuple[str, ...]
) -> None:
    one = BY_NAME[name]

    assert (one.kind, one.is_nullable, one.is_required, one.response) == (kind, is_nullable, is_required, response)


def load(one: Property, response: dict[str, Any]) -> tuple[Any, list[str]]:
    violations: list[Violation] = []
    return one.load(Body(response, "", violations)), [violation.property for violation in violations]


@pytest.mark.parametrize(
    ("name", "response", "value", "broken"),
    [
        ("unitId", {"unit": {"unitId": 4}}, 4, []),
        ("unitId", {"unit": {}}, None, ["unit.unitId"]),
        ("unitId", {}, None, ["unit"]),
        ("intervalMinutes", {"interval": 900}, 900, []),
        ("multiplier", {"multiplier": 1e300}, 1e300, []),
        ("multiplier", {}, None, ["multiplier"]),
        ("offset", {}, None, []),
    ],
)
def test_a_response_is_looked_up_by_the_path_of_its_row(
    name: str, response: dict[str, Any], value: Any, broken: list[str]
) -> None:
    assert load(BY_NAME[name], response) == (value, broken)


@pytest.mark.parametrize(
    ("name", "filled"), [("channelInfo", ""), ("unitId", 0), ("multiplier", 0.0), ("isCalculated", False)]
)
def test_a_null_that_cannot_be_stored_becomes_a_harmless_value(name: str, filled: Any) -> None:
    assert BY_NAME[name].fill(None) == filled
