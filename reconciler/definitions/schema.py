"""The JSON Schemas of the files, and a compiled yes-or-no check for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeAlias

from msgspec.json import decode

from reconciler.model.values import count_characters

Validator: TypeAlias = Callable[[Any], bool]
# The check for a value, by its type. bool is a subclass of int, so types are compared exactly.
_Checks: TypeAlias = dict[type, Validator]
_Schema: TypeAlias = Mapping[str, Any]


def compile_validator(schema: _Schema, root: _Schema) -> Validator:
    """A function that says whether a value of JSON's types fits `schema`. References are resolved in `root`."""
    checks = _compile(schema, root)

    def accept(value: Any) -> bool:
        check = checks.get(type(value))
        return check is not None and check(value)

    return accept


def resolve(schema: _Schema, root: _Schema) -> _Schema:
    """The definition that `schema` refers to, or `schema` itself."""
    reference = schema.get("$ref")
    return schema if reference is None else root["definitions"][reference.removeprefix("#/definitions/")]


def _compile(schema: _Schema, root: _Schema) -> _Checks:
    schema = resolve(schema, root)
    named = schema["type"]
    checks: _Checks = {}
    for name in [named] if isinstance(named, str) else named:
        checks |= _compile_type(name, schema, root)
    return checks


def _compile_type(name: str, schema: _Schema, root: _Schema) -> _Checks:
    checks: _Checks
    match name:
        case "string":
            checks = {str: _compile_text(schema)}
        case "integer":
            check = _compile_number(schema)
            checks = {int: check, float: lambda value: value.is_integer() and check(value)}
        case "number":
            checks = dict.fromkeys((int, float), _compile_number(schema))
        case "object":
            checks = {dict: _compile_mapping(schema, root)}
        case "array":
            checks = {list: _compile_list(schema, root)}
        case _:
            checks = {bool if name == "boolean" else type(None): _always}
    return checks


def _always(_value: Any) -> bool:
    return True


def _compile_text(schema: _Schema) -> Validator:
    if "enum" in schema:
        return frozenset(text for text in schema["enum"] if isinstance(text, str)).__contains__
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength")
    if "pattern" in schema:
        return _compile_pattern(schema["pattern"], shortest, longest)
    if longest is None:
        return lambda value: len(value) >= shortest
    return lambda value: len(value) >= shortest and _is_short(value, longest)


def _is_short(text: str, longest: float) -> bool:
    # A character counts as two at most.
    return 2 * len(text) <= longest or count_characters(text) <= longest


def _compile_pattern(pattern: str, shortest: int, longest: int | None) -> Validator:
    # Compiled at the first use: most files need only a few of the patterns.
    compiled = cache(partial(re.compile, pattern))
    most = float("inf") if longest is None else longest
    return lambda value: len(value) >= shortest and _is_short(value, most) and compiled().search(value) is not None


def _compile_number(schema: _Schema) -> Validator:
    if "enum" in schema:
        return frozenset(number for number in schema["enum"] if isinstance(number, int)).__contains__
    least, most = schema.get("minimum", float("-inf")), schema.get("maximum", float("inf"))
    return lambda value: least <= value <= most


def _compile_list(schema: _Schema, root: _Schema) -> Validator:
    member, fewest = compile_validator(schema["items"], root), schema.get("minItems", 0)
    return lambda members: len(members) >= fewest and all(map(member, members))


def _compile_mapping(schema: _Schema, root: _Schema) -> Validator:
    properties = {key: _compile(property_, root) for key, property_ in schema.get("properties", {}).items()}
    other = schema.get("additionalProperties")
    others = _compile(other, root) if other else {}
    names = compile_validator(schema["propertyNames"], root) if "propertyNames" in schema else None
    required, fewest = schema.get("required", ()), schema.get("minProperties", 0)

    def accept(mapping: dict[str, Any]) -> bool:
        for key, value in mapping.items():
            check = properties.get(key, others).get(type(value))
            # Comparing with `_always` saves a call for every second value of a channel.
            if check is not _always and (check is None or not check(value)):
                return False
        has_required = all(key in mapping for key in required) if required else True
        return len(mapping) >= fewest and has_required and (names is None or all(map(names, mapping)))

    return accept


Schema: TypeAlias = dict[str, Any]


class Format(Enum):
    """A file format with a schema; the values are the file names of the schemas."""

    CHANNELS = "channels.schema.json"
    PROJECT = "project.schema.json"


def find_schemas(package: Path) -> Path:
    """The folder of the schemas for the package at `package`: in it in a wheel, beside it in the repository."""
    within = package / "schemas"
    return within if within.is_dir() else package.parent / "schemas"


@cache
def read_schema(format_: Format) -> Schema:
    """The schema of `format_`."""
    path = find_schemas(Path(__file__).parent.parent) / format_.value
    schema: Schema = decode(path.read_bytes())
    return schema


@cache
def validator_for(format_: Format, definition: str = "") -> Validator:
    """A function that says whether a value fits the schema of `format_`, or the `definition` in it."""
    schema = read_schema(format_)
    return compile_validator(schema["definitions"][definition] if definition else schema, schema)
