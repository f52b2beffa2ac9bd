"""The published part of the formula language.

Documented: `channel(ID)`, + - * /, constants, and the logical IF, AND, OR. Invented here, because a condition needs
them and nothing is published: the comparisons = == <> != < <= > >=, IF(condition, then, else) with all three parts,
AND(…) and OR(…) with two parts or more, names in any case, a comma between parts, at most 100 levels of parentheses.
Everything else is refused, although the real service may have more functions.
Source: the vendor's pages on formulas and on POST /api/v202405/formula/validate, and the help center.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

_REFERENCE = re.compile(r"\bchannel\s*\(\s*([0-9]{1,10})\s*\)", re.IGNORECASE)
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<sign><=|>=|<>|!=|==|[-+*/()=<>,])|(?P<unknown>\S))"
)
# An int32 has at most ten digits.
_ID = re.compile(r"[0-9]{1,10}")
_COMPARISONS = ("=", "==", "<>", "!=", "<", "<=", ">", ">=")
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
    reader = _Reader(_split(formula))
    reader.comparison(0)
    reader.expect("", "the end of the formula")


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

    def comparison(self, depth: int) -> None:
        # One comparison at most: nothing published says what a < b < c would mean.
        self._sum(depth)
        if self._take(*_COMPARISONS):
            self._sum(depth)

    def _sum(self, depth: int) -> None:
        self._product(depth)
        while self._take("+", "-"):
            self._product(depth)

    def _product(self, depth: int) -> None:
        self._factor(depth)
        while self._take("*", "/"):
            self._factor(depth)

    def _factor(self, depth: int) -> None:
        # Signs before a factor, as in -channel(1).
        while self._take("+", "-"):
            pass
        token = self._tokens[self._next]
        if depth > _DEEPEST:
            msg = f"more than {_DEEPEST} levels of parentheses at column {token.column}"
            raise FormulaError(msg)
        if token.kind == "name":
            self._call(token, depth)
        elif self._take("("):
            self.comparison(depth + 1)
            self.expect(")", "a closing parenthesis")
        elif token.kind == "number":
            self._next += 1
        else:
            raise FormulaError(self._complaint("a number, channel(ID) or a parenthesis"))

    def _call(self, name: _Token, depth: int) -> None:
        self._next += 1
        if name.text == "channel":
            self._reference()
        elif name.text in _PARTS:
            self.expect("(", f"a parenthesis after {name.text.upper()}")
            self._parts(name, depth)
        else:
            msg = f"{name.text!r} at column {name.column} is not a function; there are channel, IF, AND, OR"
            raise FormulaError(msg)

    def _reference(self) -> None:
        self.expect("(", "a parenthesis after channel")
        if not _ID.fullmatch(self._tokens[self._next].text):
            raise FormulaError(self._complaint("the id of a channel"))
        self._next += 1
        self.expect(")", "a closing parenthesis")

    def _parts(self, name: _Token, depth: int) -> None:
        self.comparison(depth + 1)
        count = 1
        while self._take(","):
            self.comparison(depth + 1)
            count += 1
        self.expect(")", "a closing parenthesis")
        least, most = _PARTS[name.text]
        if count < least or (most and count > most):
            number = f"{least}" if most else f"{least} or more"
            msg = f"{name.text.upper()} at column {name.column} takes {number} parts, found {count}"
            raise FormulaError(msg)

    def _take(self, *texts: str) -> bool:
        taken = self._tokens[self._next].text in texts
        # The last token is the end of the formula.
        self._next = min(self._next + taken, len(self._tokens) - 1)
        return taken

    def _complaint(self, wanted: str) -> str:
        token = self._tokens[self._next]
        return f"expected {wanted} at column {token.column}, found {token.text or 'the end'!r}"
