from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.canonical import canonical, clear_exclusive, is_same
from reconciler.model.fields import FORMULA, OBSERVATION_RULE_ID, ODOMETER, OFFSET, TRIP
from reconciler.model.fields import ROLLBACK_ALLOWANCE as ROLLBACK
from reconciler.model.fields import ROLLOVER_VALUE as ROLLOVER
from reconciler.model.values import BEGINNING, Value
from tests.cases import note_case
from tests.planning.tenant import V


@pytest.mark.parametrize(
    ("rule", "read", "kept"),
    [
        (TRIP, {ROLLOVER: 999_999_999_999_999, ROLLBACK: 0.1}, {ROLLOVER: None, ROLLBACK: None}),
        (TRIP, {ROLLOVER: 0, ROLLBACK: 0}, {ROLLOVER: None, ROLLBACK: None}),
        (TRIP, {OFFSET: 0}, {OFFSET: 0, ROLLOVER: None, ROLLBACK: None}),
        (ODOMETER, {OFFSET: 0, ROLLOVER: 0, ROLLBACK: 0}, {OFFSET: None, ROLLOVER: 0, ROLLBACK: 0}),
        (ODOMETER, {OFFSET: 0.0}, {OFFSET: None}),
        (ODOMETER, {OFFSET: 7}, {OFFSET: 7}),
        (None, {OFFSET: 0, ROLLOVER: 0}, {OFFSET: 0, ROLLOVER: 0}),
    ],
)
def test_each_rule_has_its_own_settings(
    rule: int | None, read: dict[str, float], kept: dict[str, float | None]
) -> None:
    cleared = clear_exclusive({OBSERVATION_RULE_ID: rule, **read}, is_calculated=False)

    assert cleared == {OBSERVATION_RULE_ID: rule, **kept}


@pytest.mark.parametrize(
    ("formula", "is_calculated", "kept"),
    [
        ("", False, None),
        ("  ", False, None),
        ("channel(1)", False, "channel(1)"),
        ("", True, ""),
        ("channel(1)", True, "channel(1)"),
    ],
)
def test_only_a_calculated_channel_has_a_formula(formula: str, kept: str | None, *, is_calculated: bool) -> None:
    assert clear_exclusive({FORMULA: formula}, is_calculated=is_calculated) == {FORMULA: kept}


@pytest.mark.parametrize(
    ("path", "one", "other", "rule_id"),
    [
        (f"{V}multiplier", 10, 10.0, TRIP),
        (f"{V}multiplier", 0, -0.0, TRIP),
        (f"{V}maximumReading", 999_999_999_999_999, 999_999_999_999_999.0, TRIP),
        (f"{V}rolloverValue", None, 999_999_999_999_999, ODOMETER),
        (f"{V}rollbackAllowance", None, 0.1, ODOMETER),
        (f"{V}beginDate", None, BEGINNING, TRIP),
        (f"{V}beginDate", "1899-12-30", None, TRIP),
        (f"{V}beginDate", "2024-01-01", "2024-01-01T00:00:00", TRIP),
        (f"{V}beginDate", "2024-01-01 06:30", "2024-01-01T06:30:00", TRIP),
        (f"{V}beginDate", "2024-01-01 06:30Z", "2024-01-01T06:30:00Z", TRIP),
        (f"{V}beginDate", "1899-12-30T05:00:00Z", None, TRIP),
        (f"{V}formula", "channel(1)*2", "channel( 1 ) * 2", TRIP),
        (f"{V}formula", None, None, TRIP),
        (f"{V}formula", None, "", TRIP),
        (f"{V}formula", " ", "", TRIP),
        (f"{V}offset", None, 0, ODOMETER),
        (f"{V}offset", None, 0.0, TRIP),
        ("channelDescription", "", "", TRIP),
        ("channelDescription", None, "", TRIP),
        ("channelImportId", None, "", ODOMETER),
        ("channelInfo", "", "", TRIP),
        ("esaChannelVersion.isValuePositive", None, False, TRIP),
        ("esaChannelVersion.isValuePositive", False, None, ODOMETER),
    ],
)
def test_is_the_same(path: str, one: Value, other: Value, rule_id: Value) -> None:
    assert is_same(path, one, other, rule_id)
    assert is_same(path, other, one, rule_id)


@pytest.mark.parametrize(
    ("path", "one", "other", "rule_id"),
    [
        ("channelInfo", None, "", TRIP),
        ("channelDescription", None, "Use", TRIP),
        ("channelDescription", "Use", "U se", TRIP),
        ("channelInfo", "Use", "use", TRIP),
        ("isPrimaryValue", True, 1, TRIP),
        ("isPrimaryValue", False, None, TRIP),
        (f"{V}multiplier", 0.995, 0.99500000477, TRIP),
        (f"{V}offset", None, 5, ODOMETER),
        (f"{V}minimumReading", None, 0, TRIP),
        (f"{V}multiplier", None, 0, TRIP),
        (f"{V}rolloverValue", None, 999_999_999_999_999, TRIP),
        (f"{V}rolloverValue", None, 100_000, ODOMETER),
        (f"{V}rolloverValue", 100_000, 10_000, ODOMETER),
        (f"{V}rollbackAllowance", None, 0.1, None),
        (f"{V}beginDate", "2024-01-01", "2024-01-01T00:00:01", TRIP),
        (f"{V}beginDate", "2024-01-01T06:30:00", "2024-01-01T06:30:00Z", TRIP),
        (f"{V}beginDate", "next spring", "next  spring", TRIP),
        (f"{V}formula", "channel(1)*2", "channel(1)*3", TRIP),
        (f"{V}formula", None, "0", TRIP),
        ("esaChannelVersion.isValuePositive", None, True, TRIP),
        ("isPrimaryValue", None, False, TRIP),
    ],
)
def test_is_not_the_same(path: str, one: Value, other: Value, rule_id: Value) -> None:
    assert not is_same(path, one, other, rule_id)
    assert not is_same(path, other, one, rule_id)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("abc ", "abc"), ("abc\t", "abc"), (" abc ", "abc"), (" abc ", " abc"), (" ", ""), ("\N{NO-BREAK SPACE}", None)],
)
def test_a_service_may_trim_blanks_that_are_wanted_but_not_the_other_way_round(wanted: Value, found: Value) -> None:
    assert is_same("channelDescription", wanted, found, TRIP)
    assert not is_same("channelDescription", found, wanted, TRIP)


BLANKS = st.text(" \t\n\xa0\u3000", min_size=1, max_size=3)


@given(st.none() | st.text() | st.builds("{1}{0}{2}".format, st.text(), BLANKS, BLANKS))
def test_a_text_is_the_same_however_a_service_stores_it(wanted: str | None) -> None:
    text = wanted or ""
    note_case(reached=text != text.strip())
    stored: list[Value] = [wanted, text.strip(), text.rstrip(), *([] if text.strip() else [None])]

    assert all(is_same("channelDescription", wanted, found, TRIP) for found in stored)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (f"{V}multiplier", 10.0, "10"),
        (f"{V}multiplier", 0.001, "0.001"),
        ("intervalMinutes", 15, "15"),
        (f"{V}beginDate", "2024-01-01", "'2024-01-01T00:00:00'"),
        (f"{V}beginDate", None, "None"),
        ("isPrimaryValue", True, "True"),
        ("channelInfo", "2024-01-01", "'2024-01-01'"),
    ],
)
def test_a_value_is_sent_in_its_shortest_form(path: str, value: Value, expected: str) -> None:
    assert repr(canonical(path, value)) == expected
