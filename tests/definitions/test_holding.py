"""What a channel file can hold, and what only the service can have."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.definitions.holding import is_representable
from reconciler.definitions.load import load_definitions
from reconciler.definitions.writing import render_file
from reconciler.model.channels import Desired
from reconciler.model.identifiers import Identifiers
from tests.cases import mostly, note_case
from tests.cli.tenants import open_project
from tests.texts import HOSTILE

V = "esaChannelVersion."
# These would be refused beside other values, or without them; alone it is the value that counts.
# Warnings say nothing of what can be held.
ALONE = {"ESA204", "ESA205", "ESA206", "ESA207", "ESA208", "ESA209", "ESA210", "ESA212", "ESA320"}
WARNINGS = {"ESA216", "ESA217", "ESA218", "ESA219"}


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("channelInfo", "Use", True),
        ("channelInfo", "x" * 51, False),
        ("channelInfo", "bell \x07", False),
        ("channelInfo", None, False),
        ("channelDescription", None, True),
        ("intervalMinutes", 15, True),
        ("intervalMinutes", 7, False),
        (f"{V}multiplier", 0.1, True),
        (f"{V}multiplier", 0.1 + 0.2, False),
        (f"{V}multiplier", 1e13, False),
        (f"{V}beginDate", "2024-02-29", True),
        (f"{V}beginDate", "2023-02-29", False),
        (f"{V}unitCode", "X" * 17, False),
        ("select.dataPointImportId", "NB-01", True),
        ("select.dataPointImportId", "", False),
        ("select.channelImportId", "a\x85b", False),
        ("dataPoint", "NB-01", True),
        ("dataPoint", "", False),
    ],
)
def test_a_value_fits_into_a_file_or_does_not(path: str, value: Any, expected: bool) -> None:
    assert is_representable(path, value) is expected


TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=50)
NUMBERS = st.integers(-(10**9), 10**9).map(lambda number: number / 1000)
VALUES = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=300),
    st.sampled_from((None, True, False, 0, 1, 15, 2.5, 1e-16, 0.1 + 0.2, 10**13, 10**15, 1e300, "Trip", "2024-06-03")),
    st.floats(allow_nan=False, allow_infinity=False),
)


# By hand: what each property takes, so that most of what is drawn can be held.
FITTING: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("channelInfo", "observationTypeCode", "summarizationMethod", f"{V}unitCode"), TEXTS),
    **dict.fromkeys(("channelDescription", "channelImportId", f"{V}formula"), st.none() | TEXTS),
    **dict.fromkeys(("observationTypeId", "summarizationMethodId", f"{V}unitId"), st.integers(1, 10**6)),
    "intervalMinutes": st.sampled_from((5, 10, 15, 30, 60, 1440, 10080, 43200)),
    **dict.fromkeys(("isCalculated", "isPrimaryValue", "isPrimaryDemand", f"{V}isValuePositive"), st.booleans()),
    f"{V}beginDate": st.none() | st.dates().map(str),
    f"{V}observationRuleId": st.sampled_from((1, 2)),
    f"{V}observationRule": st.sampled_from(("Odometer", "Trip")),
    **dict.fromkeys((f"{V}multiplier", f"{V}offset", f"{V}maximumReading", f"{V}minimumReading"), NUMBERS),
    **dict.fromkeys((f"{V}rolloverValue", f"{V}rollbackAllowance"), st.none() | st.integers(1, 10**6)),
}


@given(st.sampled_from(sorted(FITTING)).flatmap(lambda path: st.tuples(st.just(path), mostly(FITTING[path], VALUES))))
def test_what_can_be_held_is_read_back_and_nothing_else(drawn: tuple[str, Any]) -> None:
    path, value = drawn
    channel = Desired("use", "channels/use.yaml", 0, Identifiers(channel_id=1), {path: value})
    with open_project({channel.file: render_file(channel.file, [channel])}) as workplace:
        loaded = load_definitions(workplace.root, ["channels"])
    codes = {finding.code for finding in loaded.findings} - ALONE - WARNINGS

    note_case(reached=not codes)
    assert (codes == set()) is is_representable(path, value)
    if not codes:
        expected = f"{value}T00:00:00" if path.endswith("Date") and value else value
        assert loaded.definitions.channels[0].spec[path] == expected
