"""A schema as a function; that it says what jsonschema says is among the laws."""

from __future__ import annotations

import pytest

from reconciler.definitions.accept import compile_validator, resolve

ROOT = {"definitions": {"code": {"type": "string", "minLength": 1, "maxLength": 3}}}


@pytest.mark.parametrize(
    ("schema", "accepted", "refused"),
    [
        ({"type": "boolean"}, [True, False], [0, "true", None]),
        ({"type": "null"}, [None], [False, 0, ""]),
        ({"type": "integer", "minimum": 1}, [1, 2.0], [0, 1.5, True, "1", None]),
        ({"type": ["number", "null"], "maximum": 1}, [1, 0.5, None], [2, 1.5, True]),
        ({"type": ["integer", "null"], "enum": [5, 10, None]}, [5, 10.0, None], [6, True, "5"]),
        ({"type": "string", "enum": ["a", "b"]}, ["a"], ["A", 1]),
        ({"type": "string", "pattern": "^[0-9]+$", "maxLength": 2}, ["1", "12"], ["123", "a"]),
        ({"$ref": "#/definitions/code"}, ["KWH"], ["", "KWHH", 1]),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 1}, [[1], [1, 2]], [[], ["a"], {}]),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "integer"}, "b": {"$ref": "#/definitions/code"}},
                "additionalProperties": False,
                "required": ["a"],
            },
            [{"a": 1}, {"a": 1, "b": "x"}],
            [{}, {"b": "x"}, {"a": "x"}, {"a": 1, "c": 1}, {"a": 1, "b": ""}],
        ),
        (
            {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"$ref": "#/definitions/code"},
                "additionalProperties": {"type": "null"},
            },
            [{"a": None}],
            [{}, {"a": 1}, {"abcd": None}],
        ),
    ],
)
def test_values_are_accepted_by_type_and_limits(
    schema: dict[str, object], accepted: list[object], refused: list[object]
) -> None:
    accept = compile_validator(schema, ROOT)

    assert [value for value in accepted if not accept(value)] == []
    assert [value for value in refused if accept(value)] == []


def test_a_reference_leads_to_a_definition() -> None:
    assert resolve({"$ref": "#/definitions/code"}, ROOT) is ROOT["definitions"]["code"]
