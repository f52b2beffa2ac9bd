"""How values are computed from raw readings, by the settings of a version.

Documented: under Odometer a value is the difference to the reading before, under Trip the reading itself; a register
begins again at rolloverValue, and may fall by rollbackAllowance; multiplier, offset (Trip only), isValuePositive, and
the limits minimumReading and maximumReading of the computed reading. Decided here is the order: difference, rollover or
rollback, multiplier and offset, sign, limits, rounding. What else is open is a setting.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, TypeAlias

from reconciler.sandbox.properties import DEFAULT_ROLLBACK_ALLOWANCE, DEFAULT_ROLLOVER_VALUE, ODOMETER
from reconciler.sandbox.reading_settings import (
    FirstDifference,
    OffsetOrder,
    RollbackBase,
    RollbackValue,
    ValueBounds,
    ValuePrecision,
)

if TYPE_CHECKING:
    from reconciler.sandbox.properties import VersionSettings
    from reconciler.sandbox.settings import Settings

Number: TypeAlias = Decimal | float

# Two doubles multiplied have fewer digits.
_CONTEXT = Context(prec=1600)
_ROUNDINGS = {
    ValuePrecision.DECIMAL: (15, ROUND_HALF_UP),
    ValuePrecision.HALF_UP_4: (4, ROUND_HALF_UP),
    ValuePrecision.HALF_EVEN_4: (4, ROUND_HALF_EVEN),
}


def to_number(value: float, settings: Settings) -> Number:
    """`value` as values are computed: a double, or the decimal that its shortest text is."""
    return value if settings.value_precision is ValuePrecision.DOUBLE else Decimal(repr(value))


def round_value(value: Number | None, settings: Settings) -> float | None:
    """`value` as it is stored: rounded, and sent as the nearest double."""
    if value is None or isinstance(value, float):
        return value
    places, way = _ROUNDINGS[settings.value_precision]
    return float(value.quantize(Decimal(1).scaleb(-places), way, _CONTEXT))


def compute_value(raw: float, before: float | None, version: VersionSettings, settings: Settings) -> float | None:
    """The value of a reading; `before` is the raw value before it, if there is one."""
    number = to_number(raw, settings)
    multiplier = to_number(version.multiplier, settings)
    if version.observation_rule_id != ODOMETER:
        value = _scale(number, multiplier, to_number(version.offset or 0.0, settings), settings)
    elif before is None:
        match settings.first_difference:
            case FirstDifference.NULL:
                return None
            case FirstDifference.ZERO:
                value = _multiply(number, to_number(0.0, settings))
            case FirstDifference.RAW:
                value = _multiply(number, multiplier)
    else:
        value = _multiply(_difference(number, to_number(before, settings), version, settings), multiplier)
    value = _abs(value) if version.is_value_positive else value
    return round_value(_limit(value, version, settings), settings)


def _scale(number: Number, multiplier: Number, offset: Number, settings: Settings) -> Number:
    if settings.offset_order is OffsetOrder.BEFORE:
        return _multiply(_add(number, offset), multiplier)
    return _add(_multiply(number, multiplier), offset)


def _difference(number: Number, before: Number, version: VersionSettings, settings: Settings) -> Number:
    difference = _add(number, -before)
    if difference >= 0:
        return difference
    given = (version.rollover_value, version.rollback_allowance)
    rollover, allowance = (
        to_number(float(default if value is None else value), settings)
        for value, default in zip(given, (DEFAULT_ROLLOVER_VALUE, DEFAULT_ROLLBACK_ALLOWANCE), strict=True)
    )
    base = rollover if settings.rollback_base is RollbackBase.ROLLOVER else _abs(before)
    if -difference > _multiply(allowance, base):
        return _add(difference, rollover)
    return difference if settings.rollback_value is RollbackValue.NEGATIVE else to_number(0.0, settings)


def _limit(value: Number, version: VersionSettings, settings: Settings) -> Number | None:
    if settings.value_bounds is ValueBounds.KEPT:
        return value
    is_dropping = settings.value_bounds is ValueBounds.DROPPED
    low, high = version.minimum_reading, version.maximum_reading
    if low is not None and value < to_number(low, settings):
        return None if is_dropping else to_number(low, settings)
    if high is not None and value > to_number(high, settings):
        return None if is_dropping else to_number(high, settings)
    return value


def _abs(value: Number) -> Number:
    return -value if value < 0 else value


def _multiply(one: Number, other: Number) -> Number:
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return _CONTEXT.multiply(one, other)
    return float(one) * float(other)


def _add(one: Number, other: Number) -> Number:
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return _CONTEXT.add(one, other)
    return float(one) + float(other)
