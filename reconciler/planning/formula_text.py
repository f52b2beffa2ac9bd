"""What can be wrong with the text of a formula, as far as its unpublished grammar is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.model.canonical import is_blank
from reconciler.model.fields import FORMULA, IS_CALCULATED
from reconciler.model.formulas import find_references, tokenize
from reconciler.planning.citing import shorten, show_value
from reconciler.planning.constraints import Violation
from reconciler.planning.formula_slips import find_slips

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from reconciler.model.values import Spec

# What looks like the start of a reference, where it does not stand in a quoted text.
_ATTEMPT = re.compile(r"""\bchannel\s*\((?P<held>[^()]*)(?P<end>[()]?)|"[^"]*"|'[^']*'""", re.IGNORECASE)
# What nearly all formulas are: channels and numbers with operators between them. Nothing can be wrong with their text.
_VALUE = r"(?:\bchannel\s*\(\s*[^()\s]+\s*\)|(?<![.\w])[0-9]+(?:\.[0-9]+)?(?![.\w]))"
_PLAIN = re.compile(rf"\s*(?:-\s*)?{_VALUE}(?:\s*[-+*/]\s*{_VALUE})*\s*", re.IGNORECASE)
_NAME = re.compile(r"\w(?:[\w.-]*\w)?")


def find_formula_violations(spec: Spec, names: Container[str]) -> tuple[Violation, ...]:
    """The rules that the text of the formula in `spec` breaks, as a file gives it.

    `names` are those of all channels in the files: one that stands bare in a formula was meant as a reference.
    A formula that the service already has is not to be judged by this.
    """
    formula = spec.get(FORMULA)
    if not isinstance(formula, str):
        return ()
    if _PLAIN.fullmatch(formula) and find_references(formula):
        return ()
    if is_blank(formula):
        # ESA205 has said it of a calculated channel.
        return () if spec.get(IS_CALCULATED) is True else (_blank(formula),)
    unclosed = _count_unclosed(formula)
    if unclosed:
        return (_unbalanced(formula, unclosed),)
    broken = (*(_not_one_channel(text) for text in _broken_references(formula)), *find_slips(formula))
    is_unfit = any(violation.code == "ESA208" for violation in broken)
    return broken if is_unfit or find_references(formula) else (_no_channel(formula, names), *broken)


def _count_unclosed(formula: str) -> int:
    """How many parentheses stay open; -1 where one closes that was never opened."""
    unclosed = 0
    for sign in tokenize(formula):
        unclosed += (sign == "(") - (sign == ")")
        if unclosed < 0:
            break
    return unclosed


def _broken_references(formula: str) -> Iterator[str]:
    for attempt in _ATTEMPT.finditer(formula):
        held = attempt["held"]
        if held is not None and (attempt["end"] != ")" or len(held.split()) != 1):
            yield f"channel({held.strip()})" if attempt["end"] == ")" else f"channel({held}{attempt['end']}..."


def _blank(formula: str) -> Violation:
    return Violation(
        "ESA206",
        FORMULA,
        f"formula must not be blank, found {show_value(formula)}",
        "write a formula, or  formula: null  for a channel that has none",
    )


def _unbalanced(formula: str, unclosed: int) -> Violation:
    found = f'{unclosed} "(" never closed' if unclosed > 0 else 'a ")" that closes nothing'
    return Violation(
        "ESA207",
        FORMULA,
        f"formula must have balanced parentheses, found {found} in {show_value(formula)}",
        "add what is missing, or take out what is too much",
    )


def _not_one_channel(text: str) -> Violation:
    return Violation(
        "ESA208",
        FORMULA,
        f"formula must name one channel in each channel(...), found {shorten(text)}",
        "write one name or id in the parentheses, without spaces, as in  channel(north-use)",
    )


def _no_channel(formula: str, names: Container[str]) -> Violation:
    meant = next((name for name in _NAME.findall(formula) if name in names), None)
    return Violation(
        "ESA209",
        FORMULA,
        f"formula uses no channel, found {show_value(formula)}",
        f"write  channel({meant})  for {meant}" if meant else "write channel(...) around the name of each channel",
    )
