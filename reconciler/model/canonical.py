"""Field values in their canonical form, and whether two of them are equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.fields import (
    FIELD_AT,
    FORMULA,
    OBSERVATION_RULE_ID,
    ODOMETER,
    OFFSET,
    ROLLBACK_ALLOWANCE,
    ROLLOVER_VALUE,
    TRIP,
    Kind,
)
from reconciler.model.formulas import is_same_formula
from reconciler.model.values import BEGINNING, canonical_moment, canonical_number, canonical_time, is_number

if TYPE_CHECKING:
    from reconciler.model.fields import Field
    from reconciler.model.values import Spec, Value


def clear_exclusive(values: Spec, *, is_calculated: bool) -> dict[str, Value]:
    """The `values` of a version, with null for settings that its channel or its observation rule does not have.

    Under Trip the two register settings are always null: a service that stores a number there still requires null in an
    edit. An offset of 0 under Odometer and an empty formula of a simple channel mean the same as null. Any other offset
    or formula there is a contradiction that must stay visible.
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
    """Whether `value` is text that has only spaces, or nothing."""
    return isinstance(value, str) and not value.strip()


def is_same(path: str, wanted: Value, found: Value, rule_id: Value) -> bool:
    """Whether the value `found` at `path` counts as `wanted`, for a channel with the observation rule `rule_id`.

    Numbers are compared as doubles and formulas token by token. Null equals the beginning of time for a date, an offset
    of 0, an empty formula, false for a flag that may be null, and under the Odometer rule the value that the service
    fills in. A text that may be null equals an empty one. A service may trim the blanks around a text: "abc" counts for
    a wanted "abc ". But "abc " does not count for a wanted "abc", because a file must be able to remove blanks.
    """
    field = FIELD_AT[path]
    if field.kind is Kind.TEXT:
        return _is_same_text(field, wanted, found)
    return _is_equal(field, _fill_in(field, wanted, rule_id), _fill_in(field, found, rule_id))


def canonical(path: str, value: Value) -> Value:
    """`value` as it is sent and compared: the shortest equal number, local wall time to the second."""
    match FIELD_AT[path].kind:
        case Kind.LOCAL_TIME if isinstance(value, str):
            return canonical_time(value)
        case Kind.DECIMAL | Kind.WHOLE if is_number(value):
            return canonical_number(float(value)) if isinstance(value, float) else value
        case _:
            return value


def _is_same_text(field: Field, wanted: Value, found: Value) -> bool:
    stored: set[Value] = {wanted, wanted.strip(), wanted.rstrip()} if isinstance(wanted, str) else {wanted}
    if field.nullable and not stored.isdisjoint((None, "")):
        stored.update((None, ""))
    return found in stored


def _fill_in(field: Field, value: Value, rule_id: Value) -> Value:
    if value is None and field.kind is Kind.BOOLEAN and field.nullable:
        return False
    if value is None:
        return field.odometer_default if rule_id == ODOMETER else None
    if field.path == OFFSET and value == 0:
        return None
    match field.kind:
        case Kind.FORMULA if is_blank(value):
            return None
        case Kind.LOCAL_TIME if isinstance(value, str):
            # A date with a zone equals no other, because its meaning is unknown.
            moment = canonical_moment(value)
            return None if moment == BEGINNING else moment
        case _:
            return value


def _is_equal(field: Field, one: Value, other: Value) -> bool:
    if is_number(one) and is_number(other):
        return float(one) == float(other)
    if field.kind is Kind.FORMULA and isinstance(one, str) and isinstance(other, str):
        return is_same_formula(one, other)
    return type(one) is type(other) and one == other
