"""Which values of a channel get into its file, and in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.definitions.channel_writer import is_representable
from reconciler.planning.identification import make_index
from reconciler.planning.importing.drafting import list_paths, write_formula, write_value
from reconciler.planning.importing.naming import Fields
from tests.planning.tenant import SOUTH, V, make_calculated, make_live

if TYPE_CHECKING:
    from reconciler.model.channels import Live
    from reconciler.model.values import Spec

ALWAYS = (
    "channelInfo",
    "channelImportId",
    "observationTypeId",
    "summarizationMethodId",
    "intervalMinutes",
    f"{V}unitId",
    f"{V}observationRuleId",
    f"{V}multiplier",
)
ODOMETER = {f"{V}observationRuleId": 1, f"{V}rolloverValue": 999_999_999_999_999, f"{V}rollbackAllowance": 0.1}


@pytest.mark.parametrize(
    ("live", "more"),
    [
        pytest.param(make_live(1), set(), id="a plain channel"),
        pytest.param(make_live(1, {"isPrimaryValue": True}), {"isPrimaryValue"}, id="flags that are set"),
        pytest.param(make_live(1, ODOMETER), set(), id="what the service fills in"),
        pytest.param(
            make_live(1, {**ODOMETER, f"{V}rolloverValue": 10_000}), {f"{V}rolloverValue"}, id="a rollover of its own"
        ),
        pytest.param(
            make_live(1, {f"{V}offset": 0, f"{V}minimumReading": 0}),
            {f"{V}minimumReading"},
            id="zero is not nothing but for an offset",
        ),
        pytest.param(make_live(1, {f"{V}offset": 5}), {f"{V}offset"}, id="an offset"),
        pytest.param(
            make_live(1, {**ODOMETER, f"{V}observationRuleId": 2}),
            {f"{V}rolloverValue", f"{V}rollbackAllowance"},
            id="what no service fills in under this rule",
        ),
        pytest.param(make_live(1, has_readings=True), {f"{V}beginDate"}, id="the begin where there are readings"),
        pytest.param(make_live(1, {f"{V}formula": "1"}), set(), id="a formula that is not used"),
    ],
)
def test_what_decides_values_is_written_and_defaults_are_not(live: Live, more: set[str]) -> None:
    assert set(list_paths(live, Fields.MINIMAL)) == {*ALWAYS, *more}


def test_a_calculated_channel_gives_its_formula_and_no_interval() -> None:
    live = make_calculated(1, "channel(2)", {"channelImportId": " "})
    without = {"intervalMinutes", "channelImportId"}

    assert list_paths(live, Fields.MINIMAL) == (
        "channelInfo",
        "observationTypeId",
        "summarizationMethodId",
        "isCalculated",
        f"{V}unitId",
        f"{V}observationRuleId",
        f"{V}multiplier",
        f"{V}formula",
    )
    assert without.isdisjoint(list_paths(live, Fields.ALL))


def test_all_fields_are_those_of_reporting_too() -> None:
    extra: Spec = {"channelDescription": "", f"{V}beginDate": "2024-01-01T00:00:00", f"{V}isValuePositive": True}

    assert set(list_paths(make_live(1, extra), Fields.ALL)) == {*ALWAYS, *extra}
    assert set(list_paths(make_live(1, extra), Fields.MINIMAL)) == set(ALWAYS)


@pytest.mark.parametrize(
    ("values", "path", "expected"),
    [
        ({}, f"{V}unitId", (f"{V}unitCode", "KWH")),
        ({f"{V}unitId": 99}, f"{V}unitId", (f"{V}unitId", 99)),
        ({}, "channelInfo", ("channelInfo", "Use")),
        ({"channelInfo": "bell \x07"}, "channelInfo", None),
        ({"observationTypeId": 0}, "observationTypeId", None),
        ({}, f"{V}rolloverValue", None),
    ],
    ids=["by code", "by id where there is no code", "as it is", "unwritable", "an id that no file can hold", "nothing"],
)
def test_a_value_is_said_by_code_where_it_can_be(values: Any, path: str, expected: object) -> None:
    assert write_value(make_live(1, values), path, is_representable) == expected


USER = make_calculated(1, "")
INDEX = make_index([USER, make_live(2), make_live(3), make_calculated(4, "channel(2)"), make_live(5, data_point=SOUTH)])
NAMES = {1: "sum", 2: "use", 4: "net", 5: "far"}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("channel(2) * 2", "channel(use) * 2"),
        ("CHANNEL( 2 )", "channel(use)"),
        ("channel(2) - channel(3)", "channel(use) - channel(3)"),
        ("channel(2) - channel(4)", "channel(use) - channel(4)"),
        ("channel(5) + channel(1)", "channel(5) + channel(1)"),
        ("channel(2) + channel(99)", "channel(2) + channel(99)"),
        ("channel(2) + channel(x)", "channel(2) + channel(x)"),
        ("channel(002)", "channel(002)"),
        ("'channel( 2 )'", "'channel( 2 )'"),
        ("2 + 2", "2 + 2"),
    ],
    ids=[
        "by name",
        "however it is written",
        "by id where it has no name",
        "by id where it is calculated",
        "by id on another data point, and itself",
        "as it is beside what is not there",
        "as it is beside what is no id",
        "as it is where its id is not written as one",
        "as it is in quotes",
        "no channel",
    ],
)
def test_a_formula_names_the_channels_that_files_may_name(formula: str, expected: str) -> None:
    assert write_formula(formula, USER, INDEX, NAMES) == expected
