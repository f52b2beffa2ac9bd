"""The filter grammar of list requests, and its translation to SQL.

Documented: `field operator 'value'` joined by `and`; every value in single quotes; lists with a pipe between quoted
values; which operators a field has. Invented here: an unknown field or operator is a 400; text compares without
regard to case; `between` takes a list of two; a quote or pipe inside a value cannot be written; dates compare by
their wall time.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.sandbox.bodies import ApiError, parse_local_time

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPERATORS = {
    "equals": "{0} = ?",
    "not equals": "{0} <> ?",
    "less than": "{0} < ?",
    "less than equal": "{0} <= ?",
    "greater than": "{0} > ?",
    "greater than equal": "{0} >= ?",
    "like": "instr({0}, ?) > 0",
    "not like": "instr({0}, ?) = 0",
    "one of": "{0} IN ({1})",
    "not one of": "{0} NOT IN ({1})",
    "between": "{0} BETWEEN ? AND ?",
    "not between": "{0} NOT BETWEEN ? AND ?",
}
_NUMBERS_OF_VALUES = {"one of": None, "not one of": None, "between": 2, "not between": 2}

_EQUALITY = ("equals", "not equals")
_LISTS = ("one of", "not one of")
_ORDER = ("less than", "less than equal", "greater than", "greater than equal", "between")

INTEGER_OPERATORS = _EQUALITY + _ORDER + _LISTS
TEXT_OPERATORS = (*_EQUALITY, *_LISTS, "like", "not like")
BOOLEAN_OPERATORS = ("equals",)
TIME_OPERATORS = (*_EQUALITY, *_ORDER, "not between")

_CONDITION = re.compile(
    r"\s*(?P<field>[A-Za-z]+)\s+(?P<operator>[a-z]+(?:\s+[a-z]+)*)\s*"
    r"(?P<values>'[^']*'(?:\s*\|\s*'[^']*')*)\s*",
    re.IGNORECASE,
)
_AND = re.compile(r"and\b", re.IGNORECASE)


class FieldType(Enum):
    """What the values of a field are."""

    INTEGER = auto()
    TEXT = auto()
    BOOLEAN = auto()
    TIME = auto()


class FilterField(Struct, frozen=True):
    """A field one may filter by: its SQL expression, the type of its values, and its documented operators."""

    expression: str
    type: FieldType
    operators: tuple[str, ...]


class Condition(Struct, frozen=True):
    """A piece of SQL and its parameters."""

    sql: str
    parameters: tuple[str | int, ...] = ()


def parse_filter(text: str | None, fields: Mapping[str, FilterField]) -> Condition:
    """The filter as SQL over `fields`; without one, what is always true. Raises `ApiError` naming what is wrong."""
    if text is None or not text.strip():
        return Condition("1")
    known = {name.lower(): field for name, field in fields.items()}
    conditions = []
    position = 0
    while True:
        match = _CONDITION.match(text, position)
        if match is None:
            raise _invalid_filter(f"expected field operator 'value' at column {position + 1}")
        conditions.append(_parse_condition(match, known))
        if match.end() == len(text):
            return _join(conditions)
        joint = _AND.match(text, match.end())
        if joint is None:
            raise _invalid_filter(f"expected and, or the end, at column {match.end() + 1}")
        position = joint.end()


def _join(conditions: list[Condition]) -> Condition:
    parameters = tuple(parameter for condition in conditions for parameter in condition.parameters)
    return Condition(" AND ".join(condition.sql for condition in conditions), parameters)


def _parse_condition(match: re.Match[str], known: Mapping[str, FilterField]) -> Condition:
    field = known.get(match["field"].lower())
    operator = " ".join(match["operator"].lower().split())
    if field is None:
        raise _invalid_filter(f"{match['field']} is not a field to filter by")
    if operator not in field.operators:
        raise _invalid_filter(f"{match['field']} has no operator {operator!r}; there are {', '.join(field.operators)}")
    values = tuple(
        _parse_value(value, match["field"], field.type) for value in re.findall("'([^']*)'", match["values"])
    )
    number = _NUMBERS_OF_VALUES.get(operator, 1)
    if number is not None and len(values) != number:
        raise _invalid_filter(f"{match['field']} {operator} takes {number} values, found {len(values)}")
    sql = _OPERATORS[operator].format(_comparable(field), ", ".join("?" * len(values)))
    return Condition(f"({sql})", values)


def _comparable(field: FilterField) -> str:
    if field.type is FieldType.TEXT:
        return f"lower({field.expression})"
    if field.type is FieldType.TIME:
        return f"substr({field.expression}, 1, 19)"
    return field.expression


def _parse_value(value: str, name: str, kind: FieldType) -> str | int:
    match kind:
        case FieldType.TEXT:
            return value.lower()
        case FieldType.INTEGER if re.fullmatch("-?[0-9]{1,10}", value):
            return int(value)
        case FieldType.BOOLEAN if value.lower() in {"true", "false"}:
            return int(value.lower() == "true")
        case FieldType.TIME if (time := parse_local_time(value)) is not None:
            return time[:19]
        case _:
            raise _invalid_filter(f"{value!r} is not a value of {name}")


def _invalid_filter(message: str) -> ApiError:
    return ApiError(400, f"The filter is not valid: {message}.")
