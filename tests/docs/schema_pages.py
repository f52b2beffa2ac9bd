"""Reference pages made from the JSON Schemas and from the table of fields."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from reconciler.model.fields import FIELDS
from tests.docs.sessions import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.fields import Field

Schema: TypeAlias = dict[str, Any]

_KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "null"}
_MADE = "<!-- Made from {}: edit it there, then run `make docs`. -->"


def render_files() -> str:
    """What may be written in the project file and in channel files."""
    lines = [
        _MADE.format("the schemas in schemas/ and from reconciler/model/fields.py"),
        "",
        "# Files",
        "",
        "What may be written where. Editors that know JSON Schema show the same while you type: the first line of each",
        "file that `init` and `import` write leads them to its schema. A key that is not listed is an error (ESA121).",
        "",
        "[Project file](#project-file-reconcileryaml) · [Channel file](#channel-file) ·",
        "[What an edit does](#what-an-edit-does)",
        "",
        *_list_documents("project.schema.json", "channels.schema.json"),
        *_list_impacts(),
    ]
    return "\n".join(lines) + "\n"


def render_plan_json() -> str:
    """What is in a saved plan."""
    lines = [
        _MADE.format("schemas/plan.schema.json"),
        "",
        "# The JSON of a plan",
        "",
        "What `reconciler plan --out FILE` saves and `--format json` prints. Keys marked *required* are always there.",
        "[JSON outputs](json.md) has an example, and the other outputs.",
        "",
        *_list_documents("plan.schema.json"),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _list_documents(*names: str) -> Iterator[str]:
    for file in names:
        document = json.loads((ROOT / "schemas" / file).read_text(encoding="utf-8"))
        yield from _list_object(document, document["title"], document)
        for name, definition in document["definitions"].items():
            if name == "template":
                yield from _list_template(definition)
            elif "properties" in definition and not name.startswith("template"):
                yield from _list_object(definition, definition["title"], document)


def _list_template(schema: Schema) -> Iterator[str]:
    """A template has the keys of a channel, and the definitions for what is in them differ in placeholders alone."""
    yield f"## {schema['title']}"
    yield ""
    yield _show(schema["description"])
    yield ""
    yield "The keys of [Channel](#channel) except `with`."
    yield ""


def _list_object(schema: Schema, title: str, document: Schema) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield _show(schema["description"])
    yield ""
    if alike := _find_alike(schema, document):
        yield f"The keys of {alike}."
        yield ""
        return
    yield "| key | value | meaning |"
    yield "|---|---|---|"
    always = set(schema.get("required", ()))
    for key, part in schema["properties"].items():
        described = _resolve(part, document)
        mark = " *required*" if key in always else ""
        yield f"| `{key}`{mark} | {_show_kind(part, document)} | {_show(described['description'])} |"
    yield ""
    for key, part in schema["properties"].items():
        within = part.get("items", part)
        if "properties" in within:
            yield from _list_object(within, f"{title}: {key}", document)


def _find_alike(schema: Schema, document: Schema) -> str | None:
    """Another definition that has all properties of `schema` and a few more, in words."""
    own = schema["properties"]
    for other in document["definitions"].values():
        others = other.get("properties", {})
        if len(own) > 1 and len(own) < len(others) and all(others.get(key) == part for key, part in own.items()):
            more = ", ".join(f"`{key}`" for key in others if key not in own)
            return f"{_link(other['title'])} except {more}"
    return None


def _resolve(schema: Schema, document: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].rpartition("/")[2]
    resolved: Schema = document["definitions"][name]
    return resolved


def _show_kind(schema: Schema, document: Schema) -> str:
    resolved = _resolve(schema, document)
    if resolved.get("properties"):
        # Only what is a definition has a section under its own title.
        return _link(resolved["title"]) if "$ref" in schema else "object, below"
    if resolved.get("type") == "object":
        within = resolved.get("additionalProperties")
        return f"name: {_show_kind(within, document)}" if isinstance(within, dict) else "object"
    if resolved.get("type") == "array":
        return f"list of {_show_kind(resolved['items'], document)}"
    if "enum" in resolved:
        return ", ".join(f"`{json.dumps(value).strip(chr(34))}`" for value in resolved["enum"])
    return _show_scalar(resolved)


def _show_scalar(schema: Schema) -> str:
    kinds = schema.get("type", [])
    names = [kinds] if isinstance(kinds, str) else kinds
    kind = " or ".join(_KINDS.get(name, "list of texts") for name in names) or "any"
    bounds = [f"{schema[word]:,}" if word in schema else "" for word in ("minimum", "maximum")]
    if all(bounds):
        kind += f", {bounds[0]} to {bounds[1]}"
    return f"{kind}, at most {schema['maxLength']}" if "maxLength" in schema else kind


def _link(title: str) -> str:
    return f"[{title}](#{title.lower().replace(' ', '-')})"


def _show(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*.", "\\*.")


def _list_impacts() -> Iterator[str]:
    yield "## What an edit does"
    yield ""
    yield "The [impact](../review.md#the-five-impacts) of an edit, by its setting. *Other name* is the code or"
    yield "name that may be written in place of the id. *Filled in* is what EnergyCAP takes for null under the Odometer"
    yield "rule, which no plan shows as a difference."
    yield ""
    yield from _list_table(
        ("setting", "other name", "impact", "without readings", "null", "filled in"), map(_list_cells, FIELDS)
    )


def _list_cells(field: Field) -> tuple[str, ...]:
    default = field.odometer_default
    return (
        f"`{field.path}`",
        f"`{field.alias}`" if field.alias else "",
        field.impact.value,
        field.impact_without_readings.value,
        "yes" if field.nullable else "no",
        "" if default is None else f"{default:g}" if default < 1 else f"{default:.0f}",
    )


def _list_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for cells in rows:
        yield f"| {' | '.join(cells)} |"
