"""The settings that only some kinds of version have, whatever the service shows in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.fields import (
    FORMULA,
    OBSERVATION_RULE_ID,
    ODOMETER,
    OFFSET,
    ROLLBACK_ALLOWANCE,
    ROLLOVER_VALUE,
    TRIP,
)

if TYPE_CHECKING:
    from reconciler.model.values import Spec, Value


def clear_exclusive(values: Spec, *, is_calculated: bool) -> dict[str, Value]:
    """The `values` of a version, with null for a setting that its channel or its observation rule does not have.

    Under Trip the two register settings are null whatever was read: a service that stores a number in their place still
    requires null in an edit. An offset of 0 under Odometer and an empty formula of a simple channel mean the same as
    null. Any other offset or formula there is a contradiction to be seen, so it stays.
    Source: EsaChannelVersionEdit, "Must be null when ObservationRuleId is set to Trip" (rolloverValue,
    rollbackAllowance), "Exclusive to the Trip observation rule" (offset), "only when isCalculated" (formula).
    """
    cleared = dict(values)
    if values.get(OBSERVATION_RULE_ID) == TRIP:
        cleared |= {ROLLOVER_VALUE: None, ROLLBACK_ALLOWANCE: None}
    if values.get(OBSERVATION_RULE_ID) == ODOMETER and values.get(OFFSET) == 0:
        cleared[OFFSET] = None
    if not is_calculated and is_blank(values.get(FORMULA)):
        cleared[FORMULA] = None
    return cleared


def is_blank(value: Value) -> bool:
    """Whether `value` is text without anything but spaces in it."""
    return isinstance(value, str) and not value.strip()
