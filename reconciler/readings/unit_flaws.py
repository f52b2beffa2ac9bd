"""Finds readings whose unit is not that of their channel."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from reconciler.model.fields import MULTIPLIER, UNIT_CODE
from reconciler.model.units import find_measure, fold, is_near
from reconciler.planning.messages import show_value
from reconciler.readings.flaws import Flaw, quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.channels import Live
    from reconciler.model.units import Measure


def find_spelling(unit: str, codes: Iterable[str]) -> str:
    """`unit` as one of `codes` spells it, where letter case, blanks and the like are all they differ in."""
    alike = {code for code in codes if fold(code) == fold(unit)}
    return unit if unit in alike or len(alike) != 1 else alike.pop()


def find_unit_flaw(unit: str, where: str, channel: Live) -> Flaw | None:
    """What is wrong with readings in `unit` on `channel`; `where` says what has it, such as unitCode.

    An error where the numbers would mean something else; the multiplier of the channel may make up for that.
    """
    own = channel.values.get(UNIT_CODE)
    if not isinstance(own, str) or not unit or fold(own) == fold(unit):
        return None
    given, stored = find_measure(unit), find_measure(own)
    name = f"channel {channel.id} {show_value(channel.name)}"
    if given is None:
        message = f"{where} says {quote(unit)}, which is not a known unit; {name} has {own}"
        return Flaw("ESA631", message, f"write a unit of EnergyCAP, such as  {own}")
    if stored is None:
        return Flaw("ESA617", f"readings land on {name}, although {where} says {quote(unit)}, not {quote(own)}")
    return _compare(f"{where} says {quote(unit)}, but {name} has {own}", (given, stored), channel)


def _compare(message: str, pair: tuple[Measure, Measure], channel: Live) -> Flaw | None:
    given, stored = pair
    number = channel.values.get(MULTIPLIER)
    multiplier = Fraction(repr(number)) if isinstance(number, int | float) else Fraction(1)
    if given.kind != stored.kind:
        text = f"{message}: {given.kind} is not {stored.kind}"
        if multiplier == 1:
            return Flaw("ESA630", text, "send the readings to a channel with their unit, or correct the unit")
        return Flaw("ESA617", f"{text}; its multiplier is {float(multiplier):g}")
    factor = given.size / stored.size
    if factor == 1 or is_near(multiplier, factor):
        return None
    how = f"{_show(factor)} times too small" if factor > 1 else f"{_show(1 / factor)} times too large"
    fix = f"multiply the values by {_show(factor)} and write the channel's unit, or correct the unit"
    return Flaw("ESA630", f"{message}: the values would be {how}", fix)


def _show(factor: Fraction) -> str:
    if factor.denominator == 1:
        return f"{factor.numerator:,}"
    return f"{float(factor):.6g}"
