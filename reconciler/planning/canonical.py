"""When two values of a field are the same, whatever the service fills in, rounds or spaces otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from reconciler.model.exclusive import is_blank
from reconciler.model.fields import FIELD_AT, ODOMETER, OFFSET, Kind
from reconciler.model.formulas import is_same_formula
from reconciler.model.values import BEGINNING, canonical_moment, canonical_number, canonical_time

if TYPE_CHECKING:
    from reconciler.model.fields import Field
    from reconciler.model.values import Value


def is_same(path: str, wanted: Value, found: Value, rule_id: Value) -> bool:
    """Whether a channel with the observation rule `rule_id` has what is `wanted` at `path`, by what is `found` there.

    Numbers are compared as doubles and formulas token by token; null is the beginning of time for a date, an offset of
    0, an empty formula, and under the Odometer rule what the service fills in. A text that may be null is the same when
    it is empty, and a service may trim the blanks around a wanted text: so "abc" is found for "abc ", but "abc " is not
    for "abc", for who wants blanks away must be able to say so.
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
        case Kind.DECIMAL | Kind.WHOLE if _is_number(value):
            return canonical_number(float(value)) if isinstance(value, float) else value
        case _:
            return value


def _is_same_text(field: Field, wanted: Value, found: Value) -> bool:
    stored: set[Value] = {wanted, wanted.strip(), wanted.rstrip()} if isinstance(wanted, str) else {wanted}
    if field.nullable and not stored.isdisjoint((None, "")):
        stored.update((None, ""))
    return found in stored


def _fill_in(field: Field, value: Value, rule_id: Value) -> Value:
    if value is None and rule_id == ODOMETER and field.odometer_default is not None:
        return field.odometer_default
    if (field.path == OFFSET and value == 0) or (field.kind is Kind.FORMULA and is_blank(value)):
        return None
    if field.kind is Kind.LOCAL_TIME and isinstance(value, str):
        # A date with a zone is the same as itself alone: what it means is not known.
        moment = canonical_moment(value)
        return None if moment == BEGINNING else moment
    return value


def _is_equal(field: Field, one: Value, other: Value) -> bool:
    if _is_number(one) and _is_number(other):
        return float(one) == float(other)
    if field.kind is Kind.FORMULA and isinstance(one, str) and isinstance(other, str):
        return is_same_formula(one, other)
    return type(one) is type(other) and one == other


def _is_number(value: Value) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
