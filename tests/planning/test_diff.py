"""The edits between a channel of the files and its live one, and warnings on improbable ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.model.channels import Unit
from reconciler.model.fields import ODOMETER, TRIP, Impact
from reconciler.model.findings import Severity
from reconciler.model.plan import Action, Edit
from reconciler.model.units import find_factor, format_factor
from reconciler.planning.diff import apply_values, find_swap
from reconciler.planning.translation import codes_by_id
from tests.planning.tenant import (
    REFERENCE,
    V,
    add_older_version,
    make_calculated,
    make_desired,
    make_live,
    plan_of,
    plan_one,
)

if TYPE_CHECKING:
    from reconciler.model.channels import Live
    from reconciler.model.values import Spec


ODOMETER_CHANNEL = make_live(
    1, {f"{V}observationRuleId": 1, f"{V}rolloverValue": 999_999_999_999_999, f"{V}rollbackAllowance": 0.1}
)
TRIP_CHANNEL = make_live(1, {f"{V}offset": 5})
READ: dict[str, Any] = {
    "has_readings": True,
    "first_reading": "2024-06-01T00:00:00",
    "last_reading": "2026-01-01T00:00:00-05:00",
}


@pytest.mark.parametrize(
    ("spec", "live"),
    [
        pytest.param({}, TRIP_CHANNEL, id="nothing managed"),
        pytest.param({f"{V}multiplier": 1.0, "channelDescription": None}, TRIP_CHANNEL, id="as it is"),
        pytest.param({"channelDescription": ""}, TRIP_CHANNEL, id="an empty text that reads null"),
        pytest.param({"channelInfo": f"{TRIP_CHANNEL.name} "}, TRIP_CHANNEL, id="a text that the service trimmed"),
        pytest.param(
            {f"{V}rolloverValue": None, f"{V}rollbackAllowance": None}, ODOMETER_CHANNEL, id="what is filled in"
        ),
        pytest.param({f"{V}beginDate": "1899-12-30"}, TRIP_CHANNEL, id="the beginning of time"),
        pytest.param(
            {f"{V}unitCode": "KWH", f"{V}unitId": 1, "summarizationMethod": "Sum"}, TRIP_CHANNEL, id="codes and ids"
        ),
        pytest.param(
            {f"{V}unitCode": "KWH", f"{V}beginDate": "1899-12-30"}, TRIP_CHANNEL, id="a code beside another spelling"
        ),
        pytest.param(
            {f"{V}formula": "channel( 2 )*3"}, make_calculated(1, "channel(2) * 3"), id="a formula spaced otherwise"
        ),
    ],
)
def test_equal_values_are_not_an_edit(spec: Spec, live: Live) -> None:
    change = plan_one(spec, live, make_live(2))

    assert (change.action, change.edits, change.before, change.after) == (Action.NO_OP, (), spec, spec)
    assert (change.live, change.target_values) == ({}, {})


def test_null_and_zero_differ() -> None:
    live = make_live(1)

    assert [(edit.before, edit.after) for edit in plan_one({f"{V}minimumReading": 0}, live).edits] == [(None, 0)]


def test_spaces_that_only_the_live_value_has_are_removed() -> None:
    live = make_live(1, {"channelDescription": "Roof "})

    assert [(edit.before, edit.after) for edit in plan_one({"channelDescription": "Roof"}, live).edits] == [
        ("Roof ", "Roof")
    ]


def test_edits_follow_the_field_table_and_show_values_as_the_file_writes_them() -> None:
    spec: Spec = {
        f"{V}multiplier": 0.001,
        f"{V}unitCode": "KW",
        f"{V}isValuePositive": None,
        "channelInfo": "North use",
        "observationTypeId": 12,
    }

    change = plan_one(spec, make_live(1))

    assert change.edits == (
        Edit("channelInfo", "Use", "North use", Impact.COSMETIC),
        Edit("observationTypeId", 10, 12, Impact.ROUTING),
        Edit(
            f"{V}unitCode",
            "KWH",
            "KW",
            Impact.ROUTING,
            warnings=("ESA514 the new unit measures something else, found KWH (Energy) → KW (Power)",),
        ),
        Edit(f"{V}multiplier", 1, 0.001, Impact.FORWARD),
    )
    assert change.target_values == {
        "channelInfo": "North use",
        "observationTypeId": 12,
        f"{V}unitId": 2,
        f"{V}multiplier": 0.001,
        f"{V}isValuePositive": None,
    }
    assert change.before == {**spec, **{edit.path: edit.before for edit in change.edits}}
    assert change.after == spec


def test_a_change_to_trip_nulls_the_settings_that_trip_forbids() -> None:
    change = plan_one({f"{V}observationRule": "Trip"}, ODOMETER_CHANNEL)

    assert change.edits == (
        Edit(f"{V}observationRule", "Odometer", "Trip", Impact.FORWARD),
        Edit(f"{V}rolloverValue", 999_999_999_999_999, None, Impact.FORWARD, f"{V}observationRule"),
        Edit(f"{V}rollbackAllowance", 0.1, None, Impact.FORWARD, f"{V}observationRule"),
    )
    assert change.target_values == {
        f"{V}observationRuleId": 2,
        f"{V}rolloverValue": None,
        f"{V}rollbackAllowance": None,
    }
    assert (change.before, change.after) == (
        {
            f"{V}observationRule": "Odometer",
            f"{V}rolloverValue": 999_999_999_999_999,
            f"{V}rollbackAllowance": 0.1,
        },
        {f"{V}observationRule": "Trip", f"{V}rolloverValue": None, f"{V}rollbackAllowance": None},
    )


def test_a_null_that_the_file_writes_is_not_an_implied_edit() -> None:
    spec: Spec = {f"{V}observationRule": "Trip", f"{V}rolloverValue": None, f"{V}rollbackAllowance": None}

    assert [(edit.path, edit.implied_by) for edit in plan_one(spec, ODOMETER_CHANNEL).edits] == [
        (f"{V}observationRule", None),
        (f"{V}rolloverValue", None),
        (f"{V}rollbackAllowance", None),
    ]


def test_a_change_to_odometer_nulls_the_offset_and_hides_defaults_that_energycap_fills_in() -> None:
    change = plan_one({f"{V}observationRuleId": 1, f"{V}rolloverValue": 999_999_999_999_999}, TRIP_CHANNEL)

    assert change.edits == (
        Edit(f"{V}observationRuleId", 2, 1, Impact.FORWARD),
        Edit(f"{V}offset", 5, None, Impact.FORWARD, f"{V}observationRuleId"),
    )


def test_a_conversion_nulls_the_interval_or_the_formula() -> None:
    to_calculated: Spec = {"isCalculated": True, f"{V}formula": "channel(2)"}
    to_simple: Spec = {"isCalculated": False, "intervalMinutes": 15}

    assert plan_one(to_calculated, make_live(1), make_live(2)).edits == (
        Edit("intervalMinutes", 15, None, Impact.ROUTING, "isCalculated"),
        Edit("isCalculated", before=False, after=True, impact=Impact.STRUCTURAL),
        Edit(f"{V}formula", None, "channel(2)", Impact.FORWARD),
    )
    assert plan_one(to_simple, make_calculated(1, "channel(2)"), make_live(2)).edits == (
        Edit("intervalMinutes", None, 15, Impact.ROUTING),
        Edit("isCalculated", before=True, after=False, impact=Impact.STRUCTURAL),
        Edit(f"{V}formula", "channel(2)", None, Impact.FORWARD, "isCalculated"),
    )


@pytest.mark.parametrize(
    ("live", "rule"),
    [
        pytest.param(make_live(1, {f"{V}observationRuleId": 1}), "Trip", id="null"),
        pytest.param(make_live(1, {f"{V}offset": 0}), "Odometer", id="an offset of 0, which is none"),
    ],
)
def test_an_implied_edit_is_left_out_if_the_value_is_already_null(live: Live, rule: str) -> None:
    assert [edit.path for edit in plan_one({f"{V}observationRule": rule}, live).edits] == [f"{V}observationRule"]


@pytest.mark.parametrize(
    ("live", "rule"),
    [
        pytest.param(ODOMETER_CHANNEL, "Odometer", id="what Trip forbids, under Odometer"),
        pytest.param(make_live(1, {f"{V}rolloverValue": 10}), "Trip", id="what Trip forbids, under Trip"),
        pytest.param(TRIP_CHANNEL, "Trip", id="what Odometer forbids, under Trip"),
    ],
)
def test_a_setting_that_the_file_wants_and_the_channel_has_implies_nothing(live: Live, rule: str) -> None:
    change = plan_one({f"{V}observationRule": rule, f"{V}multiplier": 2}, live)

    assert [edit.path for edit in change.edits] == [f"{V}multiplier"]


def test_a_text_that_looks_like_a_formula_is_shown_as_it_is() -> None:
    live = make_live(1, {"channelDescription": "see channel(2)"})
    channels = [make_desired("net", 1, {"channelDescription": "see channel(net)"}), make_desired("use", 2)]

    assert plan_of(channels, [live, make_live(2)]).sendable[0].edits == (
        Edit("channelDescription", "see channel(2)", "see channel(net)", Impact.COSMETIC),
    )


def test_applied_values_go_to_the_current_version_with_their_codes() -> None:
    live = add_older_version(make_live(1, {f"{V}unitId": 99}), "2025-01-01T00:00:00")
    unlisted = {f"{V}unitId": 99, f"{V}unitCode": "LOCAL"}
    live = replace(
        live,
        values={**live.values, **unlisted},
        versions=(live.versions[0], replace(live.current, values={**live.current.values, **unlisted})),
    )
    wanted: Spec = {f"{V}unitId": 99, f"{V}observationRuleId": 1, f"{V}beginDate": "2025-02-01T00:00:00"}
    applied: Spec = {**wanted, f"{V}observationRule": "Odometer"}

    assert apply_values(live, {**wanted, "observationTypeId": None}, codes_by_id(REFERENCE)) == replace(
        live,
        values={**live.values, **applied, "observationTypeId": None, "observationTypeCode": None},
        versions=(
            live.versions[0],
            replace(live.current, begin_date="2025-02-01T00:00:00", values={**live.current.values, **applied}),
        ),
    )
    assert apply_values(live, {f"{V}beginDate": None}, codes_by_id(REFERENCE)).current.begin_date is None


def test_a_formula_is_shown_with_names_and_sent_with_ids() -> None:
    live = (make_live(1), make_live(2), make_calculated(3, "channel(1) * 2 + channel(2)"))
    losses = make_desired("losses", 3, {f"{V}formula": "channel(use) * 3"})

    change = plan_of((make_desired("use", 1), losses), live).sendable[0]

    assert change.edits == (Edit(f"{V}formula", "channel(use) * 2 + channel(2)", "channel(use) * 3", Impact.FORWARD),)
    assert change.target_values == {f"{V}formula": "channel(1) * 3"}


VERSIONED = add_older_version(make_live(1), "2025-01-01T00:00:00")


@pytest.mark.parametrize(
    ("live", "spec", "impact"),
    [
        pytest.param(make_live(1), {f"{V}multiplier": 2}, Impact.FORWARD, id="no readings"),
        pytest.param(replace(make_live(1), **READ), {f"{V}multiplier": 2}, Impact.HISTORY, id="readings"),
        pytest.param(replace(make_live(1), has_readings=None), {f"{V}multiplier": 2}, Impact.HISTORY, id="not known"),
        pytest.param(
            replace(VERSIONED, has_readings=True), {f"{V}multiplier": 2}, Impact.HISTORY, id="last one not known"
        ),
        pytest.param(replace(VERSIONED, **READ), {f"{V}multiplier": 2}, Impact.HISTORY, id="read after the begin"),
        pytest.param(
            replace(VERSIONED, **READ | {"last_reading": "2025-01-01T00:00:00"}),
            {f"{V}multiplier": 2},
            Impact.FORWARD,
            id="a reading at the begin belongs to the version before",
        ),
        pytest.param(
            replace(VERSIONED, **READ | {"last_reading": "2024-12-01T00:00:00"}),
            {f"{V}beginDate": "2024-07-01"},
            Impact.HISTORY,
            id="a begin moved to before the last reading",
        ),
        pytest.param(
            replace(VERSIONED, **READ | {"last_reading": "2024-12-01T00:00:00"}),
            {"summarizationMethod": "Average"},
            Impact.HISTORY,
            id="a setting of the whole channel",
        ),
        pytest.param(replace(make_live(1), **READ), {"channelInfo": "x"}, Impact.COSMETIC, id="a name"),
    ],
)
def test_the_impact_depends_on_the_readings_of_the_version(live: Live, spec: Spec, impact: Impact) -> None:
    assert [edit.impact for edit in plan_one(spec, live).edits] == [impact]


BEGIN = "2025-06-01T09:50:00"


def swapped(last: str | None, rule: int = ODOMETER, **others: Any) -> Any:
    live = make_live(1, {f"{V}observationRuleId": rule}, has_readings=True, last_reading=last, **others)
    return add_older_version(live, BEGIN)


@pytest.mark.parametrize("last", ["2025-06-01T09:45:00", "2025-06-01T09:45:00-04:00", BEGIN])
def test_the_first_reading_after_a_swap_counts_from_the_old_register(last: str) -> None:
    said = find_swap(swapped(last))

    time = last.removesuffix("-04:00")
    assert said == f'the first reading of channel 1 "Use" after {BEGIN} counts from the one before it, at {time}'


@pytest.mark.parametrize(
    "live",
    [
        swapped("2025-06-01T10:00:00"),
        swapped(None),
        swapped("2025-06-01T09:45:00", TRIP),
        replace(swapped("2025-06-01T09:45:00"), values={**swapped(None).values, "isCalculated": True}),
        make_live(1, {f"{V}observationRuleId": ODOMETER}, has_readings=True, last_reading="2025-06-01T09:45:00"),
        make_live(
            1,
            {f"{V}observationRuleId": ODOMETER, f"{V}beginDate": BEGIN},
            has_readings=True,
            last_reading="2025-06-01T09:45:00",
        ),
    ],
    ids=["it came already", "no readings", "Trip", "calculated", "one version", "one version that begins late"],
)
def test_a_swap_is_noted_only_while_its_first_reading_is_missing(live: Any) -> None:
    assert find_swap(live) is None


UNITS = (
    *REFERENCE.units,
    Unit(8, "MWH", "ENERGY", "Energy"),
    Unit(9, "M3", None, "Volume"),
    Unit(10, "GWH"),
    Unit(11, "MMBTU", "ENERGY", "Energy"),
    Unit(12, "BTU", "ENERGY", "Energy"),
    Unit(13, "KILOWATTHOUR", "ENERGY", "Energy"),
    Unit(14, "THM", "GAS"),
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
        ({f"{V}unitCode": "KILOWATTHOUR"}, []),
        ({f"{V}unitCode": "THM"}, ["ESA514 the new unit measures something else, found KWH (Energy) → THM (GAS)"]),
        (
            {f"{V}unitCode": "MWH", f"{V}multiplier": 1_000_000},
            ["ESA515 the multiplier changes by more than a factor of 1,000, found 1 → 1000000 (×1,000,000)"],
        ),
    ],
    ids=[
        *("volume", "power", "a multiple", "with its multiplier", "beyond 1,000"),
        *("another unit of energy", "beyond 1,000, and rounded", "of no known kind", "alike"),
        *("another name of the unit", "a type without a name", "with the multiplier of the way back"),
    ],
)
def test_an_improbable_unit_is_reported(values: Spec, expected: list[str]) -> None:
    assert warn(values) == expected


@pytest.mark.parametrize("unit_id", [None, 99])
def test_an_edit_from_an_unknown_unit_is_not_reported(unit_id: int | None) -> None:
    live = make_live(1, {f"{V}unitId": unit_id})

    plan = plan_of((make_desired("one", 1, {f"{V}unitCode": "KW", f"{V}multiplier": 2}),), (live,))

    assert plan.findings == ()
    assert [(edit.path, edit.warnings) for edit in plan.changes[0].edits] == [
        (f"{V}unitCode", ()),
        (f"{V}multiplier", ()),
    ]


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
SPELLED = make_live(7, {"channelInfo": "Other name", f"{V}unitId": 13})
ODD, ALSO_ODD = make_live(8, {f"{V}unitId": 5}), make_live(9, {f"{V}unitId": 5})


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ("channel(2) - channel(4)", ['KWH ("Energy") and KW ("Demand")']),
        ("(channel(2) + channel(3)) + channel(5)", ['KWH ("Energy") and MWH ("Feeder")']),
        ("channel(2) + channel(3)", []),
        ("channel(2) + channel(6)", []),
        ("channel(2) + channel(7)", []),
        ("channel(8) + channel(9)", []),
        ("channel(2) + channel(5) * 1000", []),
        ("channel(2) / channel(4)", []),
        ("IF(channel(2) > 0, channel(2), channel(4))", []),
    ],
)
def test_a_sum_of_different_units_is_reported(formula: str, found: list[str]) -> None:
    net = make_desired("net", 1, {"isCalculated": True, f"{V}formula": formula})
    live = (make_calculated(1, "channel(2)"), USE, KEPT, DEMAND, LARGE, STRANGE, SPELLED, ODD, ALSO_ODD)

    plan = plan_of((net,), live, reference=EVERYTHING)

    assert [f"{finding.code} {finding.message}" for finding in plan.findings] == [
        f"ESA521 the formula adds or subtracts different units, found {one}" for one in found
    ]


def test_a_sum_is_checked_with_the_units_after_the_plan() -> None:
    net = make_desired("net", 1, {"isCalculated": True, f"{V}formula": "channel(2) + channel(5)"})
    feeder = make_desired("feeder", 5, {f"{V}unitCode": "KWH", f"{V}multiplier": 1000})

    plan = plan_of((net, feeder), (make_calculated(1, "channel(2)"), USE, LARGE), reference=EVERYTHING)

    assert [finding.code for finding in plan.findings] == []
