"""The JSON Schema of channel files, its properties of channels and versions made from the table of fields."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from reconciler.model.fields import CHANNEL_FIELDS, VERSION, VERSION_FIELDS, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.fields import Field, Help

_TYPES = {
    Kind.TEXT: "string",
    Kind.LOCAL_TIME: "string",
    Kind.FORMULA: "string",
    Kind.BOOLEAN: "boolean",
    Kind.WHOLE: "integer",
    Kind.DECIMAL: "number",
}
_DAY = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
# EnergyCAP keeps seven digits of a second.
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,7})?)?"
_LOCAL_TIME = rf"^{_DAY}([T ]{_CLOCK})?$(?!\n)"
_LARGEST_ID = 2**31 - 1
# A file could not give all of its channels one import id.
_NOT_BY_DEFAULT = "channelImportId"
_WIDTH = 2
# The schema's name for a version in the list of a channel's versions.
_LISTED = "channelVersion"
# The definitions with settings that a template has too, and their names there.
_TEMPLATED = {
    "channel": "template",
    "select": "templateSelect",
    "channelVersions": "templateVersions",
    VERSION: "templateVersion",
    _LISTED: "templateListedVersion",
    "swap": "templateSwap",
}
_NOT_IN_TEMPLATES = "with"
# Not settings, so that their schema is the same in a template.
_AS_THEY_ARE = ("use", "with")
# Braces of JSON have a space inside, but not those in a text.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]')
_PADDED = {"{": "{ ", "}": " }"}
_HAS_PLACEHOLDER = r"\{[A-Za-z]"


def update_schema(schema: dict[str, Any], channel: Sequence[Field], version: Sequence[Field]) -> dict[str, Any]:
    """`schema` with the properties that the rows of the table of fields give to channels and their versions."""
    made = {key: one for field in channel for key, one in describe_field(field).items()}
    versioned = {key: one for field in version for key, one in describe_field(field).items()}
    kept = schema["definitions"]
    shared = {key: one for key, one in versioned.items() if key in kept}
    definitions = {**kept, **made, **shared}
    references = {key: _refer(key) for key in made}
    definitions["channel"] = _with_properties(kept["channel"], references)
    by_default = {key: one for key, one in references.items() if key != _NOT_BY_DEFAULT}
    definitions["defaults"] = _with_properties(kept["defaults"], by_default)
    inner = {key: _refer(key) if key in shared else one for key, one in versioned.items()}
    definitions[VERSION] = {**kept[VERSION], "properties": inner}
    definitions[_LISTED] = _with_own(kept[_LISTED], inner)
    return {**schema, "definitions": {**definitions, **_make_templates(definitions)}}


def _make_templates(definitions: dict[str, Any]) -> dict[str, Any]:
    """The definitions that templates have in place of those of channels: placeholders may stand for any value."""
    made = {_TEMPLATED[name]: _make_template(definitions[name], definitions) for name in _TEMPLATED}
    own = {
        key: made["template"]["properties"][key] for key in made["template"]["properties"] if key != _NOT_IN_TEMPLATES
    }
    return {**made, "template": {**definitions["template"], "properties": own}}


def _make_template(definition: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "items" in definition:
        return {**_introduce_again(definition), "type": "array", "minItems": 1, "items": _refer(_TEMPLATED[_LISTED])}
    properties = {key: _loosen(one, definitions) for key, one in definition["properties"].items()}
    return {**definition, "properties": properties}


def _loosen(one: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The property `one` with a placeholder allowed in place of its value; what is filled in is checked in full."""
    name = one.get("$ref", "").rpartition("/")[2]
    if name in _TEMPLATED:
        return _refer(_TEMPLATED[name])
    full = definitions[name] if name else one
    if name in _AS_THEY_ARE or full["type"] == "array":
        return one
    if "additionalProperties" in one:
        return {**one, "additionalProperties": _loosen(one["additionalProperties"], definitions)}
    if full["type"] == "object":
        return {**full, "properties": {key: _loosen(each, definitions) for key, each in full["properties"].items()}}
    kinds = [full["type"]] if isinstance(full["type"], str) else full["type"]
    if "string" in kinds:
        return {**_introduce_again(full), "type": full["type"]}
    limits = {key: full[key] for key in ("minimum", "maximum") if key in full and "enum" not in full}
    examples = [*full["examples"], "{name}"]
    return {
        **_introduce_again(full),
        "examples": examples,
        "type": [*kinds, "string"],
        "pattern": _HAS_PLACEHOLDER,
        **limits,
    }


def _introduce_again(definition: dict[str, Any]) -> dict[str, Any]:
    return {key: definition[key] for key in ("title", "description", "examples")}


def update_text(text: str) -> str:
    """The text of the schema, generated from the table of fields."""
    return render(update_schema(json.loads(text), CHANNEL_FIELDS, VERSION_FIELDS))


def describe_field(field: Field) -> dict[str, Any]:
    """The property of `field`, and that of its alias, by their keys."""
    described = {field.key: _describe(field.help, field)}
    if field.alias and field.alias_help:
        limits = (
            {"enum": list(field.alias_choices)}
            if field.alias_choices
            else {
                "minLength": 1,
                "maxLength": field.alias_max_length,
            }
        )
        described[field.alias.rpartition(".")[2]] = {**_introduce(field.alias_help), "type": "string", **limits}
    return described


def render(schema: Any) -> str:
    """JSON with mappings over several lines, and lists and references on one."""
    return _render(schema, "") + "\n"


def _describe(help_: Help, field: Field) -> dict[str, Any]:
    kind = _TYPES[field.kind]
    is_id = field.key.endswith("Id") and field.kind is Kind.WHOLE and not field.choices
    choices = [*field.choices, None] if field.nullable else [*field.choices]
    limits = {
        "maxLength": field.max_length,
        "enum": choices if field.choices else None,
        "pattern": _LOCAL_TIME if field.kind is Kind.LOCAL_TIME else None,
        "minimum": 1 if is_id else field.minimum,
        "maximum": _LARGEST_ID if is_id else field.maximum,
    }
    given = {key: limit for key, limit in limits.items() if limit is not None}
    return {**_introduce(help_), "type": [kind, "null"] if field.nullable else kind, **given}


def _introduce(help_: Help) -> dict[str, Any]:
    return {"title": help_.title, "description": help_.description, "examples": list(help_.examples)}


def _refer(key: str) -> dict[str, str]:
    return {"$ref": f"#/definitions/{key}"}


def _with_properties(definition: dict[str, Any], references: dict[str, Any]) -> dict[str, Any]:
    """`definition` with the properties of the table between those that are its own, and the version last."""
    taken = {*references, VERSION}
    own = {key: one for key, one in definition["properties"].items() if key not in taken}
    return {**definition, "properties": {**own, **references, VERSION: _refer(VERSION)}}


def _with_own(definition: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    """`definition` with the `properties` of the table before those that are its own."""
    own = {key: one for key, one in definition["properties"].items() if key not in properties}
    return {**definition, "properties": {**properties, **own}}


def _render(value: Any, indent: str) -> str:
    if isinstance(value, dict) and "$ref" not in value and value:
        inner = indent + " " * _WIDTH
        entries = [f"{inner}{json.dumps(key)}: {_render_entry(key, one, inner)}" for key, one in value.items()]
        return "{\n" + ",\n".join(entries) + f"\n{indent}}}"
    return _render_inline(value)


def _render_entry(key: str, value: Any, indent: str) -> str:
    if key == "examples":
        items = (_render_inline(one) for one in value)
        return f"[{', '.join(items)}]"
    return _render(value, indent)


def _render_inline(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return _TOKEN.sub(lambda token: _PADDED.get(token[0], token[0]), text) if isinstance(value, dict) else text
