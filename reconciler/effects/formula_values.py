"""The value of a formula at one time, from the values of the channels that it uses.

Documented: channel(<id>), + - * / with parentheses, constants, and the logical functions IF, AND and OR. What else a
formula may hold is not published, so anything else makes its values unknown. Source: the vendor's page "formula"; the
help center's "Manage channels".
"""

from __future__ import annotations

import operator
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, localcontext
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from reconciler.model.formulas import find_references, tokenize

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# A division may have no end. So many digits are more than any service keeps.
_DIVISION = Context(prec=60)
_Operators: TypeAlias = "Mapping[str, Callable[[Any, Any], Any]]"
_COMPARE: _Operators = {
    "=": operator.eq,
    "==": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ADD: _Operators = {"+": operator.add, "-": operator.sub}
_MULTIPLY: _Operators = {"*": operator.mul, "/": operator.truediv}
_DEEPEST = 100


class UnknownFormula(Exception):
    """A formula holds something whose value nobody documents; the text says what."""


class CompiledFormula(Struct, frozen=True):
    """A formula that can be computed. `inputs` are the ids of the channels that it uses."""

    inputs: tuple[int, ...]
    _evaluate: Any

    def compute(self, values: Mapping[int, Decimal], number: type[Decimal] | type[float] = Decimal) -> Decimal | None:
        """The value of the formula for the `values` of its inputs; None if one is missing, or for a division by 0.

        It is computed with numbers of the type `number`.
        """
        if any(id_ not in values for id_ in self.inputs):
            return None
        with localcontext(_DIVISION):
            try:
                value = self._evaluate({id_: number(values[id_]) for id_ in self.inputs}, number)
            except (DivisionByZero, InvalidOperation, ZeroDivisionError, OverflowError):
                return None
        if isinstance(value, bool):
            # What a channel shows for true or false is not documented.
            return None
        return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def compile_formula(text: str) -> CompiledFormula:
    """The formula as something to compute. Raises UnknownFormula."""
    references = find_references(text)
    inputs = tuple(int(reference) for reference in references if reference.isdecimal())
    if len(inputs) < len(references):
        raise UnknownFormula("it names a channel without an id")
    reader = _FormulaParser(tokenize(text))
    evaluate = reader.read_either(0)
    if reader.token:
        raise UnknownFormula(f"{reader.token!r} is not documented")
    return CompiledFormula(inputs, evaluate)


class _FormulaParser:
    """The tokens of a formula, read from the left: the loosest operator first."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def token(self) -> str:
        """The next token; "" at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, *expected: str) -> str:
        token = self.token
        if token.upper() not in expected:
            return ""
        self._at += 1
        return token.upper()

    def _require(self, sign: str) -> None:
        if not self._take(sign):
            found = f"{self.token!r}" if self.token else "its end"
            raise UnknownFormula(f"{sign!r} is missing before {found}")

    def read_either(self, depth: int) -> Any:
        """Truth values joined by OR."""
        if depth > _DEEPEST:
            raise UnknownFormula("it is nested too deeply")
        left = self._read_both(depth)
        while self._take("OR", "||"):
            left = _join(operator.or_, left, self._read_both(depth))
        return left

    def _read_both(self, depth: int) -> Any:
        left = self._read_comparison(depth)
        while self._take("AND", "&&"):
            left = _join(operator.and_, left, self._read_comparison(depth))
        return left

    def _read_comparison(self, depth: int) -> Any:
        return self._read_chain(_COMPARE, self._read_sum, depth)

    def _read_sum(self, depth: int) -> Any:
        return self._read_chain(_ADD, self._read_product, depth)

    def _read_product(self, depth: int) -> Any:
        return self._read_chain(_MULTIPLY, self._read_factor, depth)

    def _read_chain(self, operators: _Operators, read: Callable[[int], Any], depth: int) -> Any:
        """Operands joined from the left; a sum may have thousands."""
        first, rest = read(depth), []
        while sign := self._take(*operators):
            rest.append((operators[sign], read(depth)))
        return partial(_compute_chain, first, tuple(rest)) if rest else first

    def _read_factor(self, depth: int) -> Any:
        if self._take("-"):
            if depth > _DEEPEST:
                raise UnknownFormula("it is nested too deeply")
            inner = self._read_factor(depth + 1)
            return lambda values, number: -inner(values, number)
        if self._take("("):
            inside = self.read_either(depth + 1)
            self._require(")")
            return inside
        token = self.token
        self._at += 1
        if token[:1].isdigit() or token[:1] == ".":
            return lambda _, number: number(token)
        if token.startswith("channel("):
            id_ = int(token[len("channel(") : -1])
            return lambda values, _: values[id_]
        if token.upper() in ("IF", "AND", "OR") and self._take("("):
            return self._read_call(token.upper(), depth)
        raise UnknownFormula(f"{token!r} is not documented" if token else "it ends too early")

    def _read_call(self, name: str, depth: int) -> Any:
        arguments = [self.read_either(depth + 1)]
        while self._take(","):
            arguments.append(self.read_either(depth + 1))
        self._require(")")
        if name == "AND":
            return lambda values, number: all(_is_true(one(values, number)) for one in arguments)
        if name == "OR":
            return lambda values, number: any(_is_true(one(values, number)) for one in arguments)
        if len(arguments) != 3:
            raise UnknownFormula(f"IF has {len(arguments)} arguments")
        condition, then, other = arguments
        return lambda values, number: (then if _is_true(condition(values, number)) else other)(values, number)


def _compute_chain(first: Any, rest: Sequence[tuple[Any, Any]], values: Mapping[int, Any], number: Any) -> Any:
    total = first(values, number)
    for operate, operand in rest:
        total = operate(total, operand(values, number))
    return total


def _join(operate: Callable[[bool, bool], bool], left: Any, right: Any) -> Any:
    return lambda values, number: operate(_is_true(left(values, number)), _is_true(right(values, number)))


def _is_true(value: Any) -> bool:
    if not isinstance(value, bool):
        # Whether a number counts as true is not documented.
        raise InvalidOperation
    return value
