"""Edits that are allowed but probably mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.model.channels import Unit
from reconciler.model.findings import Severity
from reconciler.model.units import find_factor, format_factor
from tests.planning.tenant import REFERENCE, V, make_calculated, make_desired, make_live, plan_of

if TYPE_CHECKING:
    from reconciler.model.values import Spec

UNITS = (
    *REFERENCE.units,
    Unit(8, "MWH", "ENERGY", "Energy"),
    Unit(9, "M3", None, "Volume"),
    Unit(10, "GWH"),
    Unit(11, "MMBTU", "ENERGY", "Energy"),
    Unit(12, "BTU", "ENERGY", "Energy"),
)
EVERYTHING = replace(REFERENCE, units=UNITS)


def warn(values: Spec, multiplier: float = 1) -> list[str]:
    """The warnings on a channel in KWH that gets `values`: the same beside its edits and among the findings."""
    plan = plan_of(
        (make_desired("one", 1, values),), (make_live(1, {f"{V}multiplier": multiplier}),), reference=EVERYTHING
    )
    beside = [warning for edit in plan.changes[0].edits for warning in edit.warnings]
    assert beside == [f"{found.code} {found.message}" for found in plan.findings]
    assert all(found.severity is Severity.WARNING and found.location for found in plan.findings)
    return beside


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (1, 1_000_000, "ESA515 the multiplier changes by more than a factor of 1,000, found 1 → 1000000 (×1,000,000)"),
        (1, 1001, "ESA515 the multiplier changes by more than a factor of 1,000, found 1 → 1001 (×1,001)"),
        (1, 0.0001, "ESA515 the multiplier changes by more than a factor of 1,000, found 1 → 0.0001 (×0.0001)"),
        (0.5, 0.0004, "ESA515 the multiplier changes by more than a factor of 1,000, found 0.5 → 0.0004 (×0.0008)"),
        (1, -1, "ESA516 the multiplier changes its sign, found 1 → -1"),
        (-2, 3, "ESA516 the multiplier changes its sign, found -2 → 3"),
        (0, -3, "ESA516 the multiplier changes its sign, found 0 → -3"),
        (1, 0, "ESA516 a multiplier of 0 makes every value 0"),
    ],
)
def test_an_improbable_multiplier_is_reported(before: float, after: float, expected: str) -> None:
    assert warn({f"{V}multiplier": after}, before) == [expected]


@pytest.mark.parametrize(
    ("before", "after"), [(1, 1000), (1, 0.001), (0.001, 1), (0, 5), (-1, -2), (80, 120), (0.1, 100)]
)
def test_a_multiplier_within_a_factor_of_1000_is_not_reported(before: float, after: float) -> None:
    assert warn({f"{V}multiplier": after}, before) == []


def test_sign_and_size_are_reported_separately() -> None:
    assert [warning[:6] for warning in warn({f"{V}multiplier": -1_000_000})] == ["ESA515", "ESA516"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({f"{V}unitCode": "M3"}, ["ESA514 the new unit measures something else, found KWH (Energy) → M3 (Volume)"]),
        ({f"{V}unitCode": "KW"}, ["ESA514 the new unit measures something else, found KWH (Energy) → KW (Power)"]),
        (
            {f"{V}unitCode": "MWH"},
            [
                (
                    "ESA517 the unit changes by a factor, but the multiplier does not, "
                    "found KWH → MWH (×1,000), multiplier 1"
                )
            ],
        ),
        ({f"{V}unitCode": "MWH", f"{V}multiplier": 0.001}, []),
        ({f"{V}unitCode": "GWH", f"{V}multiplier": 0.000001}, []),
        (
            {f"{V}unitCode": "MMBTU"},
            [
                (
                    "ESA517 the unit changes by a factor, but the multiplier does not, "
                    "found KWH → MMBTU (×293.071), multiplier 1"
                )
            ],
        ),
        ({f"{V}unitCode": "BTU", f"{V}multiplier": 3412}, []),
        ({f"{V}unitCode": "ODD"}, []),
        ({f"{V}unitId": 6}, []),
    ],
    ids=[
        *("volume", "power", "a multiple", "with its multiplier", "beyond 1,000"),
        *("another unit of energy", "beyond 1,000, and rounded", "of no known kind", "alike"),
    ],
)
def test_an_improbable_unit_is_reported(values: Spec, expected: list[str]) -> None:
    assert warn(values) == expected


def test_drifted_values_are_reported_and_unchanged_ones_are_not() -> None:
    assert warn({"channelInfo": "Renamed"}, -1_000_000) == []


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (1, 1_000_000, "×1,000,000"),
        (0.1, 0.3, "×3"),
        (3, 4, "×1.33333"),
        (1, -1, "×-1"),
        (2, 0, "×0"),
        (1e12, 1, "×0.000000000001"),
    ],
)
def test_a_factor_is_exact_if_six_digits_are_enough(before: float, after: float, shown: str) -> None:
    factor = find_factor(f"{V}multiplier", before, after)
    assert factor is not None
    assert format_factor(factor) == shown


numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=1e-15, max_value=1e13)


@given(numbers, numbers)
def test_factors_there_and_back_multiply_to_1(one: float, other: float) -> None:
    there, back = (find_factor(f"{V}multiplier", *pair) for pair in ((one, other), (other, one)))
    assert there is not None
    assert back is not None
    assert there * back == 1


USE = make_live(2, {"channelInfo": "Energy"})
KEPT = make_live(3, {"channelInfo": "Other energy"})
DEMAND = make_live(4, {"channelInfo": "Demand", f"{V}unitId": 2})
LARGE = make_live(5, {"channelInfo": "Feeder", f"{V}unitId": 8})
STRANGE = make_live(6, {"channelInfo": "Unknown unit", f"{V}unitId": 99})


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ("channel(2) - channel(4)", ['KWH ("Energy") and KW ("Demand")']),
        ("(channel(2) + channel(3)) + channel(5)", ['KWH ("Energy") and MWH ("Feeder")']),
        ("channel(2) + channel(3)", []),
        ("channel(2) + channel(6) + channel(77)", []),
        ("channel(2) + channel(5) * 1000", []),
        ("channel(2) / channel(4)", []),
        ("IF(channel(2) > 0, channel(2), channel(4))", []),
    ],
)
def test_a_sum_of_different_units_is_reported(formula: str, found: list[str]) -> None:
    net = make_desired("net", 1, {"isCalculated": True, f"{V}formula": formula})
    live = (make_calculated(1, "channel(2)"), USE, KEPT, DEMAND, LARGE, STRANGE)

    plan = plan_of((net,), live, reference=EVERYTHING)

    message = "the formula adds or subtracts different units, found"
    assert [finding.message for finding in plan.findings if finding.code == "ESA521"] == [
        f"{message} {one}" for one in found
    ]


def test_a_sum_is_checked_with_the_units_after_the_plan() -> None:
    net = make_desired("net", 1, {"isCalculated": True, f"{V}formula": "channel(2) + channel(5)"})
    feeder = make_desired("feeder", 5, {f"{V}unitCode": "KWH", f"{V}multiplier": 1000})

    plan = plan_of((net, feeder), (make_calculated(1, "channel(2)"), USE, LARGE), reference=EVERYTHING)

    assert [finding.code for finding in plan.findings] == []
