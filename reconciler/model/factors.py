"""The factor between two numbers, and between two units."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from reconciler.model.fields import MULTIPLIER

if TYPE_CHECKING:
    from reconciler.model.values import Value

# Digits that are shown of a factor.
_ROUNDED = Context(prec=6)
# Units of energy and power, without the letter that says how many.
_BASES = ("WH", "W", "VAH", "VA", "VARH", "VAR", "J")
_PREFIXES = {"": 1, "K": 1_000, "M": 1_000_000, "G": 1_000_000_000}
# What one of a unit is, in its base.
_SCALES = {f"{prefix}{base}": (base, number) for base in _BASES for prefix, number in _PREFIXES.items()}


def find_factor(path: str, before: Value, after: Value) -> Fraction | None:
    """What an edit of a multiplier multiplies all values by; None for any other edit, and where it was 0.

    Exact for the numbers as they are written: from 0.1 to 0.3 it is 3.
    """
    if path != MULTIPLIER or not before:
        return None
    numbers = [number for number in (before, after) if isinstance(number, int | float) and not isinstance(number, bool)]
    if len(numbers) < 2:
        return None
    return Fraction(repr(numbers[1])) / Fraction(repr(numbers[0]))


def find_scale(code: str, other: str) -> Fraction | None:
    """How many of the unit `other` one of the unit `code` is; None where their codes do not say: MWH, KWH: 1000."""
    base, number = _SCALES.get(code.upper(), ("", 0))
    other_base, other_number = _SCALES.get(other.upper(), ("", 0))
    return Fraction(number, other_number) if base and base == other_base else None


def format_factor(factor: Fraction) -> str:
    """`factor` as a reader sees it: ×1,000,000, ×0.001, ×-1; rounded to six digits."""
    number = _ROUNDED.divide(Decimal(factor.numerator), Decimal(factor.denominator))
    return f"×{_ROUNDED.normalize(number):,f}"
