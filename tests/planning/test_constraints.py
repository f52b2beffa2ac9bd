"""The rules of one channel's own values, for parts of a channel and for whole ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.fields import FIELD_AT
from reconciler.planning.constraints import Violation, find_violations
from reconciler.rules import RULES
from tests.cases import note_case

if TYPE_CHECKING:
    from reconciler.model.values import Spec, Value

# The complete after-state of a PUT: all 20 paths of EsaChannelEdit.
SIMPLE: dict[str, Value] = {
    "channelInfo": "North Building electricity use",
    "channelDescription": None,
    "channelImportId": "NB-ELEC-01-USE",
    "observationTypeId": 3,
    "summarizationMethodId": 1,
    "intervalMinutes": 15,
    "isCalculated": False,
    "isPrimaryValue": True,
    "isPrimaryDemand": False,
    "esaChannelVersion.beginDate": None,
    "esaChannelVersion.unitId": 12,
    "esaChannelVersion.observationRuleId": 1,
    "esaChannelVersion.multiplier": 0.001,
    "esaChannelVersion.offset": None,
    "esaChannelVersion.rolloverValue": 999999999999999,
    "esaChannelVersion.rollbackAllowance": 0.1,
    "esaChannelVersion.minimumReading": 0,
    "esaChannelVersion.maximumReading": None,
    "esaChannelVersion.isValuePositive": None,
    "esaChannelVersion.formula": None,
}
TRIP: dict[str, Value] = {
    **SIMPLE,
    "esaChannelVersion.observationRuleId": 2,
    "esaChannelVersion.offset": 4.5,
    "esaChannelVersion.rolloverValue": None,
    "esaChannelVersion.rollbackAllowance": None,
}
CALCULATED: dict[str, Value] = {
    **TRIP,
    "isCalculated": True,
    "intervalMinutes": None,
    "esaChannelVersion.formula": "channel(1042) * 0.03",
}

VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text("a ()", max_size=3)
    | st.sampled_from(["Trip", "Odometer", 1, 2])
)
SPECS = st.dictionaries(st.sampled_from(sorted(FIELD_AT)), VALUES, min_size=8)


def find_codes(spec: Spec) -> list[str]:
    return [violation.code for violation in find_violations(spec)]


@pytest.mark.parametrize(
    "spec", [SIMPLE, TRIP, CALCULATED, {}], ids=["odometer", "trip", "calculated", "nothing managed"]
)
def test_valid_channels_break_no_rule(spec: Spec) -> None:
    assert find_violations(spec) == ()


def test_a_violation_gives_the_path_the_problem_and_the_fix() -> None:
    spec: Spec = {"esaChannelVersion.observationRule": "Trip", "esaChannelVersion.rolloverValue": 100000}

    assert find_violations(spec) == (
        Violation(
            code="ESA214",
            path="esaChannelVersion.rolloverValue",
            message="rolloverValue must be null under the Trip rule, found 100000",
            fix="remove the line, or write  observationRule: Odometer",
        ),
    )


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        pytest.param({"intervalMinutes": 20}, ["ESA201"], id="an interval the service does not know"),
        pytest.param({"intervalMinutes": None}, ["ESA202"], id="simple without interval"),
        pytest.param({"esaChannelVersion.formula": "channel(7)"}, ["ESA204"], id="simple with formula"),
        pytest.param({"esaChannelVersion.formula": " "}, [], id="simple with blank formula"),
        pytest.param({"isCalculated": True}, ["ESA203", "ESA205"], id="calculated, the rest as simple"),
        pytest.param({"esaChannelVersion.maximumReading": -1}, ["ESA211"], id="minimum above maximum"),
        pytest.param({"esaChannelVersion.maximumReading": 0}, [], id="minimum equal to maximum"),
        pytest.param({"channelInfo": " "}, ["ESA212"], id="blank name"),
        pytest.param({"channelInfo": None}, ["ESA212"], id="no name"),
        pytest.param({"esaChannelVersion.offset": -3}, ["ESA213"], id="offset under Odometer"),
        pytest.param({"esaChannelVersion.offset": 0}, [], id="offset of nothing under Odometer"),
        pytest.param(
            {"esaChannelVersion.observationRuleId": 2}, ["ESA214", "ESA215"], id="Trip with the rest of Odometer"
        ),
        pytest.param({"isPrimaryDemand": True}, ["ESA406"], id="demand under Odometer"),
        pytest.param({"isPrimaryDemand": True, "esaChannelVersion.offset": 2}, ["ESA213", "ESA406"], id="two at once"),
    ],
)
def test_whole_channels_are_checked_by_all_their_values(changed: Spec, codes: list[str]) -> None:
    assert find_codes({**SIMPLE, **changed}) == codes


@pytest.mark.parametrize("formula", [None, "", " "])
def test_a_calculated_channel_needs_a_formula(formula: str | None) -> None:
    assert find_codes({**CALCULATED, "esaChannelVersion.formula": formula}) == ["ESA205"]


def test_a_calculated_channel_with_an_invalid_interval_is_reported_once() -> None:
    assert find_codes({**CALCULATED, "intervalMinutes": 7}) == ["ESA203"]


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"intervalMinutes": None}, id="null interval, conversion not managed"),
        pytest.param({"isCalculated": True}, id="calculated, interval and formula not managed"),
        pytest.param({"isCalculated": False}, id="simple, interval not managed"),
        pytest.param({"esaChannelVersion.formula": None}, id="null formula, conversion not managed"),
        pytest.param({"esaChannelVersion.formula": "channel(7)"}, id="formula, conversion not managed"),
        pytest.param({"esaChannelVersion.minimumReading": 5}, id="one limit"),
        pytest.param({"esaChannelVersion.offset": 5}, id="offset, rule not managed"),
        pytest.param({"esaChannelVersion.rolloverValue": 5}, id="rollover, rule not managed"),
        pytest.param({"isPrimaryDemand": True}, id="demand, rule not managed"),
    ],
)
def test_values_that_are_not_managed_are_not_guessed(spec: Spec) -> None:
    assert find_violations(spec) == ()


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ({"esaChannelVersion.observationRule": "Odometer"}, "esaChannelVersion.observationRule"),
        ({"esaChannelVersion.observationRuleId": 1}, "esaChannelVersion.observationRuleId"),
    ],
    ids=["by name", "by id"],
)
def test_the_observation_rule_is_understood_by_name_and_by_id(rule: Spec, path: str) -> None:
    found = find_violations({"isPrimaryDemand": True, **rule})

    assert [(violation.code, violation.path) for violation in found] == [("ESA406", path)]


@pytest.mark.parametrize(
    ("interval", "fix"),
    [
        (20, "write  intervalMinutes: 30, the next longer one"),
        (900, "write  intervalMinutes: 15  if 900 seconds are meant, or 1440, the next longer one"),
        (86400, "write  intervalMinutes: 1440  if 86400 seconds are meant"),
        (44640, "write one of 5, 10, 15, 30, 60, 1440, 10080, 43200"),
        ("15", "write one of 5, 10, 15, 30, 60, 1440, 10080, 43200"),
    ],
)
def test_the_next_longer_interval_is_suggested(interval: Value, fix: str) -> None:
    assert [violation.fix for violation in find_violations({"intervalMinutes": interval})] == [fix]


def test_long_values_are_cut_in_messages() -> None:
    (violation,) = find_violations({"isCalculated": False, "esaChannelVersion.formula": "channel(1042) + " * 20})

    assert violation.message == (
        'formula must be null for a simple channel, found "channel(1042) + channel(1042) + channel(1042) + channel ...'
    )


@given(SPECS)
def test_any_values_are_checked_without_an_exception(spec: Spec) -> None:
    violations = find_violations(spec)

    note_case(reached=violations)
    for violation in violations:
        assert violation.code in RULES
        assert violation.path in spec
        assert violation.fix
