"""Slips of the pen in a formula: an operator without a value, a decimal comma, signs that formulas do not know."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from reconciler.masking import KEYS, MASK
from reconciler.model.fields import FORMULA
from reconciler.model.formulas import tokenize
from reconciler.planning.citing import show_value
from reconciler.planning.constraints import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_OPERATORS = frozenset({"+", "-", "*", "/", "<", ">", "<=", ">=", "<>", "!=", "==", "="})
# Of all operators only plus and minus may stand before a value alone.
_NEVER_FIRST = frozenset({"*", "/"})
# Doubled they are operators of other languages, of which the service may be one.
_DOUBLED = frozenset({"**", "//"})
_OPENING, _CLOSING = frozenset({"", "(", ","}), frozenset({"", ")", ","})
_SIGNS = {
    "\N{MULTIPLICATION SIGN}": "*",
    "\N{MIDDLE DOT}": "*",
    "\N{DOT OPERATOR}": "*",
    "\N{DIVISION SIGN}": "/",
    "\N{DIVISION SLASH}": "/",
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "x": "*",
    "X": "*",
}


def find_slips(formula: str) -> tuple[Violation, ...]:
    """What in `formula` no grammar of formulas allows (ESA210), and what the service may not know (ESA216).

    One of each kind is told; `formula` has balanced parentheses. Commas between the arguments of a function are sound,
    and so are signs before a value.
    """
    tokens = tokenize(formula)
    torn = next(_find_torn(tokens), "")
    odd = dict(reversed([(fix, found) for found, fix in _find_odd(tokens)]))
    return (
        *((_torn(torn, formula),) if torn else ()),
        *(_odd(odd[fix], fix, formula) for fix in reversed(odd)),
    )


def _find_torn(tokens: Sequence[str]) -> Iterator[str]:
    """Each operator that lacks a value on one side, in words."""
    for before, sign in pairwise(("", *tokens, "")):
        is_second = sign in _NEVER_FIRST and (before in _OPERATORS or before in _OPENING)
        is_last = before in _OPERATORS and sign in _CLOSING
        if (is_second and before + sign not in _DOUBLED) or is_last:
            yield _word_pair(before, sign)


def _word_pair(before: str, sign: str) -> str:
    if not before:
        return f'"{sign}" at the beginning'
    return f'"{before} {sign}"' if sign else f'"{before}" at the end'


def _find_odd(tokens: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each sign that is none of the published ones, in words, and the way out."""
    if tokens and tokens[0] == "=":
        yield '"=" at the beginning', "take out the = at the beginning"
    for before, sign, after in zip(("", *tokens), tokens, (*tokens[1:], ""), strict=False):
        if sign == "%":
            yield f'"{before} %"', "write the share as a number, as in 0.03 for 3 %"
        elif before + sign in _DOUBLED:
            yield f'"{before}{sign}"', "write * or /, once"
        elif sign in _SIGNS and _joins(before, _SIGNS[sign], after):
            yield f'"{sign}"', f"write  {_SIGNS[sign]}  instead of  {sign}"
    for before, after in _find_commas(tokens):
        yield f'"{before},{after}"', "write a point before decimals, and nothing between thousands"


def _joins(before: str, operator: str, after: str) -> bool:
    """Whether `operator` would have its values in what stands around it."""
    return (_is_value(after) or after == "(") and (_is_value(before) or operator == "-")


def _is_value(token: str) -> bool:
    return token not in _OPERATORS and token not in _OPENING


def _find_commas(tokens: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The numbers on both sides of each comma that stands within no function."""
    functions: list[bool] = []
    for before, sign, after in zip(("", *tokens), tokens, (*tokens[1:], ""), strict=False):
        if sign == "(":
            functions.append(before.isidentifier())
        elif sign == ")":
            functions.pop()
        elif sign == "," and not any(functions) and before[:1].isdigit() and after[:1].isdigit():
            yield before, after


def _torn(found: str, formula: str) -> Violation:
    return Violation(
        "ESA210",
        FORMULA,
        f"formula must have a value on both sides of each operator, found {_quote(found, formula)}",
        "add the missing value, or remove the operator",
    )


def _odd(found: str, fix: str, formula: str) -> Violation:
    return Violation(
        "ESA216",
        FORMULA,
        f"formula should be written with + - * / and decimal points, found {_quote(found, formula)}",
        fix,
    )


def _quote(found: str, formula: str) -> str:
    """What was `found` in `formula`, and that; of an API key in pieces nobody could tell that it is one."""
    return f"{MASK if KEYS.finds(formula) else found} in {show_value(formula)}"
