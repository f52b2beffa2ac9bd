"""The factor between two numbers."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from reconciler.model.fields import MULTIPLIER

if TYPE_CHECKING:
    from reconciler.model.values import Value

# Digits that are shown of a factor.
_ROUNDED = Context(prec=6)


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


def format_factor(factor: Fraction) -> str:
    """`factor` as a reader sees it: ×1,000,000, ×0.001, ×-1; rounded to six digits."""
    number = _ROUNDED.divide(Decimal(factor.numerator), Decimal(factor.denominator))
    return f"×{_ROUNDED.normalize(number):,f}"
