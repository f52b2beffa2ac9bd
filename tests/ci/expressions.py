"""GitHub's expressions, as far as the workflows here use them; anything else is refused.

Source: GitHub's "Evaluate expressions in workflows and actions".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Value: TypeAlias = Any
_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w-]*)|(?P<mark>==|!=|&&|\|\||[!().]))")
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_STATUS = re.compile(r"\b(?:always|cancelled|failure|success)\(\)")
_WORDS = {"true": True, "false": False, "null": None}


class UnknownExpressionError(Exception):
    """What the evaluator does not know."""


class Scope(Struct, frozen=True):
    """What expressions can see: contexts by name, and whether all steps so far went well."""

    contexts: Mapping[str, Value]
    is_well: bool = True

    def evaluate(self, text: str) -> Value:
        """The value of the expression `text`."""
        tokens = _read_tokens(text)
        value = _Parser(tokens, self).either()
        if tokens:
            raise UnknownExpressionError(text)
        return value

    def holds(self, condition: str | None) -> bool:
        """Whether an `if:` is true; where it asks for no status, all before it must have gone well."""
        if condition is None:
            return self.is_well
        whole = _EXPRESSION.fullmatch(condition.strip())
        text = whole.group(1) if whole else condition
        is_due = self.is_well or _STATUS.search(text) is not None
        return is_due and is_true(self.evaluate(text))

    def fill(self, text: Value) -> str:
        """`text` with each `${{ … }}` in it replaced by its value."""
        return _EXPRESSION.sub(lambda match: to_text(self.evaluate(match.group(1))), to_text(text))


def is_true(value: Value) -> bool:
    """Whether a condition of this value holds."""
    return value not in (None, "", 0)


def to_text(value: Value) -> str:
    """`value` as it stands in a string."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read_tokens(text: str) -> list[str]:
    tokens = []
    rest = text.strip()
    while rest:
        match = _TOKEN.match(rest)
        if match is None:
            raise UnknownExpressionError(text)
        tokens.append(match.group().strip())
        rest = rest[match.end() :].strip()
    return tokens


class _Parser:
    """Reads one expression off the front of a list of tokens."""

    def __init__(self, tokens: list[str], scope: Scope) -> None:
        self._tokens = tokens
        self._scope = scope

    def either(self) -> Value:
        value = self._both()
        while self._takes("||"):
            other = self._both()
            value = value if is_true(value) else other
        return value

    def _both(self) -> Value:
        value = self._comparison()
        while self._takes("&&"):
            other = self._comparison()
            value = other if is_true(value) else value
        return value

    def _comparison(self) -> Value:
        value = self._single()
        while self._tokens and self._tokens[0] in ("==", "!="):
            is_wanted = self._tokens.pop(0) == "=="
            value = _is_equal(value, self._single()) is is_wanted
        return value

    def _single(self) -> Value:
        if self._takes("!"):
            return not is_true(self._single())
        if self._takes("("):
            value = self.either()
            self._expect(")")
            return value
        token = self._tokens.pop(0) if self._tokens else ""
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token in _WORDS:
            return _WORDS[token]
        return self._call(token) if self._takes("(") else self._look_up(token)

    def _call(self, name: str) -> Value:
        self._expect(")")
        statuses: dict[str, Callable[[], bool]] = {
            "always": lambda: True,
            "cancelled": lambda: False,
            "failure": lambda: not self._scope.is_well,
            "success": lambda: self._scope.is_well,
        }
        if name not in statuses:
            raise UnknownExpressionError(name)
        return statuses[name]()

    def _look_up(self, name: str) -> Value:
        if name not in self._scope.contexts:
            raise UnknownExpressionError(name)
        value = self._scope.contexts[name]
        while self._takes("."):
            value = (value or {}).get(self._tokens.pop(0))
        return value

    def _takes(self, mark: str) -> bool:
        if not self._tokens or self._tokens[0] != mark:
            return False
        self._tokens.pop(0)
        return True

    def _expect(self, mark: str) -> None:
        if not self._takes(mark):
            raise UnknownExpressionError(mark)


def _is_equal(one: Value, other: Value) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    return one == other if type(one) is type(other) else _to_number(one) == _to_number(other)


def _to_number(value: Value) -> float:
    if isinstance(value, str) and value:
        try:
            return float(value)
        except ValueError:
            return float("nan")
    return float(value or 0)
