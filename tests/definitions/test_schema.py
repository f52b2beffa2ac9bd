"""The schemas, and the compiled check for each."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from reconciler.definitions.schema import Format, compile_validator, find_schemas, read_schema, resolve
from reconciler.model.fields import CHANNEL_FIELDS, VERSION, VERSION_FIELDS, VERSIONS, Field, Kind
from reconciler.model.project import ChannelEdit, HistoryRewrites, OnBlocked, PrimaryMove, VersionDates, VersionInsert

if TYPE_CHECKING:
    from collections.abc import Iterator


ROOT = Path(__file__).parents[2]
CHANNELS, PROJECT = read_schema(Format.CHANNELS), read_schema(Format.PROJECT)
KEYWORDS = {
    *("$schema", "$id", "$ref", "title", "description", "examples", "definitions", "type", "enum", "pattern"),
    *("properties", "additionalProperties", "propertyNames", "required", "minProperties", "items", "minItems"),
    *("minLength", "maxLength", "minimum", "maximum"),
}
TYPES = {
    Kind.TEXT: "string",
    Kind.BOOLEAN: "boolean",
    Kind.WHOLE: "integer",
    Kind.DECIMAL: "number",
    Kind.LOCAL_TIME: "string",
    Kind.FORMULA: "string",
}
OF_ONE = ("use", "with", "dataPoint", "dataPointId", "select", "selectIn", "only", "channelId", "create", VERSIONS)
IN_CHANNEL = (*OF_ONE, VERSION)


def subschemas(schema: Any) -> Iterator[dict[str, Any]]:
    """`schema` and all schemas in it."""
    yield schema
    for key in ("properties", "definitions"):
        for inner in schema.get(key, {}).values():
            yield from subschemas(inner)
    for key in ("items", "propertyNames", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from subschemas(schema[key])


BOTH = pytest.mark.parametrize("schema", [CHANNELS, PROJECT], ids=["channels", "project"])
ALL = [(root, schema) for root in (CHANNELS, PROJECT) for schema in subschemas(root)]


def properties(definition: str) -> dict[str, Any]:
    """The properties of a definition, references followed."""
    found = CHANNELS["definitions"][definition]["properties"]
    return {key: resolve(property_, CHANNELS) for key, property_ in found.items()}


def find_field(field: Field, *, alias: bool = False) -> dict[str, Any]:
    """The schema of `field`, or of its alias."""
    path = field.alias if alias and field.alias else field.path
    found: dict[str, Any] = properties(VERSION if field.is_versioned else "channel")[path.rpartition(".")[2]]
    return found


def as_list(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types


@BOTH
def test_a_schema_is_draft_7_and_says_which_version_of_the_format_it_is(schema: Any) -> None:
    jsonschema.Draft7Validator.check_schema(schema)

    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["$id"].startswith("urn:esa-reconciler:schema:")
    assert schema["$id"].endswith(":1")


def test_no_keyword_is_unknown() -> None:
    assert {key for _, schema in ALL for key in schema} - KEYWORDS == set()


def test_every_property_explains_itself_to_an_editor() -> None:
    silent = [schema for _, schema in ALL if "$ref" not in schema and not {"title", "description"} <= schema.keys()]

    assert silent == []


def test_every_property_except_sections_has_examples_that_fit_it() -> None:
    wrong = [
        (schema["title"], example)
        for root, schema in ALL
        if "$ref" not in schema and schema is not root
        for example in schema["examples"] or ["nothing"]
        if not compile_validator(schema, root)(example)
    ]

    assert wrong == []


def test_no_mapping_accepts_unknown_keys() -> None:
    open_ = [
        schema["title"]
        for _, schema in ALL
        if "object" in as_list(schema.get("type", ())) and "additionalProperties" not in schema
    ]

    assert open_ == []


def test_a_mapping_requires_one_key_at_most_because_its_message_names_only_one() -> None:
    assert max(len(schema.get("required", ())) for _, schema in ALL) == 1


def test_the_schema_of_a_channel_is_the_table_of_fields() -> None:
    of_channel = {key for field in CHANNEL_FIELDS for key in (field.path, field.alias) if key}
    of_version = {key.rpartition(".")[2] for field in VERSION_FIELDS for key in (field.path, field.alias) if key}

    assert (properties("channel").keys() - IN_CHANNEL, set(properties(VERSION))) == (of_channel, of_version)
    assert properties("channelVersion").keys() - {"because", "swap"} == of_version


def test_defaults_have_the_keys_of_a_channel_except_its_identity() -> None:
    assert properties("defaults") == {
        key: schema for key, schema in properties("channel").items() if key not in (*OF_ONE, "channelImportId")
    }


@pytest.mark.parametrize("field", [*CHANNEL_FIELDS, *VERSION_FIELDS], ids=lambda field: field.key)
def test_a_property_has_the_type_and_the_limits_of_its_field(field: Field) -> None:
    schema = find_field(field)
    is_id = field.key.endswith("Id") and field.kind is Kind.WHOLE and not field.choices

    assert schema["type"] == ([TYPES[field.kind], "null"] if field.nullable else TYPES[field.kind])
    assert schema.get("maxLength") == field.max_length
    assert schema.get("minimum") == (1 if is_id else field.minimum)
    assert schema.get("maximum") == (2**31 - 1 if is_id else field.maximum)
    assert tuple(choice for choice in schema.get("enum", ()) if choice is not None) == field.choices


@pytest.mark.parametrize(
    "field", [field for field in (*CHANNEL_FIELDS, *VERSION_FIELDS) if field.alias], ids=lambda field: field.key
)
def test_a_code_or_name_is_text_that_is_not_null(field: Field) -> None:
    assert find_field(field, alias=True)["type"] == "string"


def test_the_choices_of_the_project_file_are_those_of_its_records() -> None:
    environment, guards = (PROJECT["definitions"][name]["properties"] for name in ("environment", "guards"))

    assert (environment["primaryMove"]["enum"], environment["channelEdit"]["enum"]) == (
        [move.value for move in PrimaryMove],
        [edit.value for edit in ChannelEdit],
    )
    assert environment["versionDates"]["enum"] == [meaning.value for meaning in VersionDates]
    assert environment["versionInsert"]["enum"] == [choice.value for choice in VersionInsert]
    assert (guards["historyRewrites"]["enum"], guards["blocked"]["enum"]) == (
        [choice.value for choice in HistoryRewrites],
        [choice.value for choice in OnBlocked],
    )


def test_a_wheel_and_the_repository_give_the_same_schemas(tmp_path: Path) -> None:
    included = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    source, target = next(iter(included["wheel"]["force-include"].items()))
    wheel = tmp_path / target
    wheel.mkdir(parents=True)
    for path in (ROOT / source).iterdir():
        (wheel / path.name).write_bytes(path.read_bytes())

    of_wheel, of_repository = find_schemas(tmp_path / "reconciler"), find_schemas(ROOT / "reconciler")

    assert of_wheel == wheel
    assert {path.name: path.read_bytes() for path in of_wheel.iterdir()} == {
        path.name: path.read_bytes() for path in of_repository.iterdir()
    }


def test_editors_find_the_schemas_for_the_files() -> None:
    settings = json.loads((ROOT / ".vscode" / "settings.json").read_text(encoding="utf-8"))

    assert {path: (ROOT / path).is_file() for path in settings["yaml.schemas"]} == {
        f"./schemas/{format_.value}": True for format_ in Format
    }


DEFINITIONS = {"definitions": {"code": {"type": "string", "minLength": 1, "maxLength": 3}}}


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
    accept = compile_validator(schema, DEFINITIONS)

    assert [value for value in accepted if not accept(value)] == []
    assert [value for value in refused if accept(value)] == []


def test_a_reference_is_resolved() -> None:
    assert resolve({"$ref": "#/definitions/code"}, DEFINITIONS) is DEFINITIONS["definitions"]["code"]
