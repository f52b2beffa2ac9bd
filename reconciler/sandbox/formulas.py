"""The published part of the formula language.

Documented: `channel(ID)`, + - * /, constants, and the logical IF, AND, OR. Invented here, because a condition needs
them and nothing is published: the comparisons = == <> != < <= > >=, IF(condition, then, else) with all three parts,
AND(…) and OR(…) with two parts or more, names in any case, a comma between parts, at most 100 levels of parentheses.
Everything else is refused, although the real service may have more functions.
Source: the vendor's pages on formulas and on POST /api/v202405/formula/validate, and the help center.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

# From the values of channels, by id, and what makes a number of a text.
Compute: TypeAlias = "Callable[[Mapping[int, Any], Callable[[str], Any]], Any]"

_REFERENCE = re.compile(r"\bchannel\s*\(\s*([0-9]{1,10})\s*\)", re.IGNORECASE)
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<sign><=|>=|<>|!=|==|[-+*/()=<>,])|(?P<unknown>\S))"
)
# An int32 has at most ten digits.
_ID = re.compile(r"[0-9]{1,10}")
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "==": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SUMS: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub}
_PRODUCTS: dict[str, Callable[[Any, Any], Any]] = {"*": operator.mul, "/": operator.truediv}
_PARTS = {"if": (3, 3), "and": (2, None), "or": (2, None)}
# Each level takes up to six frames of Python's stack, which has 1,000 by default.
_DEEPEST = 100


class FormulaError(Exception):
    """A formula is not valid; the text says what is wrong and where."""


def find_references(formula: str | None) -> tuple[int, ...]:
    """The ids that a formula names, each once, in order; the formula need not be valid."""
    return tuple(dict.fromkeys(int(number) for number in _REFERENCE.findall(formula or "")))


def resolve_references(formula: str, name_of: Callable[[int], str]) -> str:
    """The formula with each `channel(ID)` as `channel(NAME)`; that the name replaces the id is documented."""
    return _REFERENCE.sub(lambda match: f"channel({name_of(int(match[1]))})", formula)


def check_syntax(formula: str) -> None:
    """Raises `FormulaError` if the formula is not valid."""
    parse_formula(formula)


def parse_formula(formula: str) -> Compute:
    """What computes the formula from the values of the channels, by id. Raises `FormulaError` if it is not valid.

    The numbers of the formula become those of the values by a function. A division by 0 raises ArithmeticError, and
    a number in place of true or false TypeError.
    """
    reader = _Reader(_split(formula))
    compute = reader.comparison(0)
    reader.expect("", "the end of the formula")
    return compute


def _combine(name: str, parts: list[Compute]) -> Compute:
    if name == "if":
        condition, then, other = parts
        return lambda values, number: (then if _is_true(condition(values, number)) else other)(values, number)
    join = all if name == "and" else any
    return lambda values, number: join([_is_true(part(values, number)) for part in parts])


def _is_true(value: Any) -> bool:
    if not isinstance(value, bool):
        msg = f"{value} is neither true nor false"
        raise TypeError(msg)
    return value


class _Token(Struct, frozen=True):
    text: str
    kind: str
    column: int


def _split(formula: str) -> tuple[_Token, ...]:
    tokens = []
    for match in _TOKEN.finditer(formula):
        kind = match.lastgroup or ""
        token = _Token(match[kind].lower(), kind, match.start(kind) + 1)
        if kind == "unknown":
            msg = f"{match[kind]!r} at column {token.column} has no meaning in a formula"
            raise FormulaError(msg)
        tokens.append(token)
    return (*tokens, _Token("", "end", len(formula) + 1))


class _Reader:
    """Reads tokens from left to right by the grammar: comparison, sum, product, factor."""

    def __init__(self, tokens: tuple[_Token, ...]) -> None:
        self._tokens = tokens
        self._next = 0

    def expect(self, text: str, wanted: str) -> None:
        if not self._take(text):
            raise FormulaError(self._complaint(wanted))

    def comparison(self, depth: int) -> Compute:
        # One comparison at most: nothing published says what a < b < c would mean.
        left, sign = self._sum(depth), self._text
        if self._take(*_COMPARISONS):
            right, compare = self._sum(depth), _COMPARISONS[sign]
            return lambda values, number: compare(left(values, number), right(values, number))
        return left

    def _sum(self, depth: int) -> Compute:
        return self._chain(_SUMS, self._product, depth)

    def _product(self, depth: int) -> Compute:
        return self._chain(_PRODUCTS, self._factor, depth)

    def _chain(
        self, signs: dict[str, Callable[[Any, Any], Any]], read: Callable[[int], Compute], depth: int
    ) -> Compute:
        first, rest, sign = read(depth), list[tuple[Callable[[Any, Any], Any], Compute]](), self._text
        while self._take(*signs):
            rest.append((signs[sign], read(depth)))
            sign = self._text

        def compute(values: Mapping[int, Any], number: Callable[[str], Any]) -> Any:
            result = first(values, number)
            for operate, part in rest:
                result = operate(result, part(values, number))
            return result

        return compute if rest else first

    @property
    def _text(self) -> str:
        return self._tokens[self._next].text

    def _factor(self, depth: int) -> Compute:
        # Signs before a factor, as in -channel(1).
        is_negative, sign = False, self._text
        while self._take("+", "-"):
            is_negative, sign = is_negative ^ (sign == "-"), self._text
        inner = self._unsigned(depth)
        return (lambda values, number: -inner(values, number)) if is_negative else inner

    def _unsigned(self, depth: int) -> Compute:
        token = self._tokens[self._next]
        if depth > _DEEPEST:
            msg = f"more than {_DEEPEST} levels of parentheses at column {token.column}"
            raise FormulaError(msg)
        if token.kind == "name":
            return self._call(token, depth)
        if self._take("("):
            inside = self.comparison(depth + 1)
            self.expect(")", "a closing parenthesis")
            return inside
        if token.kind == "number":
            self._next += 1
            return lambda _, number: number(token.text)
        raise FormulaError(self._complaint("a number, channel(ID) or a parenthesis"))

    def _call(self, name: _Token, depth: int) -> Compute:
        self._next += 1
        if name.text == "channel":
            return self._reference()
        if name.text in _PARTS:
            self.expect("(", f"a parenthesis after {name.text.upper()}")
            return _combine(name.text, self._parts(name, depth))
        msg = f"{name.text!r} at column {name.column} is not a function; there are channel, IF, AND, OR"
        raise FormulaError(msg)

    def _reference(self) -> Compute:
        self.expect("(", "a parenthesis after channel")
        if not _ID.fullmatch(self._text):
            raise FormulaError(self._complaint("the id of a channel"))
        channel_id = int(self._text)
        self._next += 1
        self.expect(")", "a closing parenthesis")
        return lambda values, _: values[channel_id]

    def _parts(self, name: _Token, depth: int) -> list[Compute]:
        parts = [self.comparison(depth + 1)]
        while self._take(","):
            parts.append(self.comparison(depth + 1))
        count = len(parts)
        self.expect(")", "a closing parenthesis")
        least, most = _PARTS[name.text]
        if count < least or (most and count > most):
            number = f"{least}" if most else f"{least} or more"
            msg = f"{name.text.upper()} at column {name.column} takes {number} parts, found {count}"
            raise FormulaError(msg)
        return parts

    def _take(self, *texts: str) -> bool:
        taken = self._tokens[self._next].text in texts
        # The last token is the end of the formula.
        self._next = min(self._next + taken, len(self._tokens) - 1)
        return taken

    def _complaint(self, wanted: str) -> str:
        token = self._tokens[self._next]
        return f"expected {wanted} at column {token.column}, found {token.text or 'the end'!r}"
