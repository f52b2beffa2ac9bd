"""What a version keeps of settings that are not for its kind."""

from __future__ import annotations

import pytest

from reconciler.model.exclusive import clear_exclusive
from reconciler.model.fields import FORMULA, OBSERVATION_RULE_ID, ODOMETER, OFFSET, TRIP
from reconciler.model.fields import ROLLBACK_ALLOWANCE as ROLLBACK
from reconciler.model.fields import ROLLOVER_VALUE as ROLLOVER


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
