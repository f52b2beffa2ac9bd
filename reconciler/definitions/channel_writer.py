"""Channels as the text of channel files: the loader reads back what was written."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Union

from reconciler.definitions.consistency import check_consistency
from reconciler.definitions.fast_reader import find_scalar_error, has_control, parse_scalar
from reconciler.definitions.schema import Format, compile_validator, find_schemas, read_schema, resolve
from reconciler.definitions.templates import USE, WITH
from reconciler.model.fields import BEGIN_DATE, CHANNEL_FIELDS, VERSION, VERSION_FIELDS, VERSIONS
from reconciler.model.identifiers import identifiers_as_select
from reconciler.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.definitions.schema import Validator
    from reconciler.model.channels import Desired, DesiredVersion
    from reconciler.model.fields import Field
    from reconciler.model.identifiers import Identifiers
    from reconciler.model.values import Spec


# Text to this tool, but something else to YAML 1.1 or to a quick reader: yes, 012, 1:30, 0x1F, dates, .inf.
_WORDS = frozenset({"y", "yes", "n", "no", "on", "off", "true", "false", "null", "~", "=", "<<"})
_NUMERIC = re.compile(r"[-+.]*(?:[0-9][0-9A-FXOTZa-fxotz_.:,%+ -]*|inf|nan)", re.IGNORECASE)
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`=<~")
_ENDING = re.compile(r"[,\[\]{}?]|:$|^:")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def to_yaml_scalar(value: Value) -> str:
    """`value` on one line; a text that some reader might not read as text is in quotes.

    A number is written without exponent. Invisible characters, and those that change the direction of the text, are
    escaped, so that a reviewer sees them.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            # repr has the fewest digits that are read back as the same double.
            return format(Decimal(repr(value)), "f")
        case _:
            return value if is_plain(value) else quote(value)


def to_flow_scalar(value: Value) -> str:
    """`value` for use in braces, where a comma or a bracket would end it."""
    spelled = to_yaml_scalar(value)
    return quote(spelled) if value == spelled and _ENDING.search(spelled) else spelled


def is_plain(text: str) -> bool:
    """Whether `text` needs no quotes."""
    if not text or not text.isprintable() or text[0] in _INDICATORS or text != text.strip():
        return False
    if ": " in text or " #" in text or "{{" in text or text.endswith(":"):
        return False
    if text.casefold() in _WORDS or _NUMERIC.fullmatch(text):
        return False
    return find_scalar_error(text) is None and parse_scalar(text) == text


def quote(text: str) -> str:
    """`text` in double quotes."""
    return '"' + "".join(map(_escape, text)) + '"'


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


# A mapping of a file: each key with its value, or with a mapping or a list of mappings below it.
Tree: TypeAlias = Mapping[str, Union[Value, "Tree", list["Tree"]]]

_PACKAGE = Path(__file__).parent.parent


def place_schema(format_: Format) -> str:
    """Where a project keeps its copy of the schema of `format_`, relative to its root."""
    return f"schemas/{format_.value}"


def render_schema(format_: Format) -> str:
    """The text of that copy."""
    return (find_schemas(_PACKAGE) / format_.value).read_text(encoding="utf-8")


def name_schema(folder: str) -> str:
    """The schema of channel files as a file in `folder` names it."""
    return posixpath.relpath(place_schema(Format.CHANNELS), folder or ".")


def render_file(file: str, channels: Sequence[Desired], uses: Mapping[str, Tree] | None = None) -> str:
    """The text of a new `file` with `channels`, which must all belong to one data point.

    `uses` has what those of them that use a template say themselves, by name. The first line names the schema for
    editors. It is the copy in the project's folder `schemas`: editors then need no network, and get the version that
    the project was made with.
    """
    lines = [f"# yaml-language-server: $schema={name_schema(posixpath.dirname(file))}"]
    if channels[0].data_point is not None:
        lines.append(f"dataPoint: {to_yaml_scalar(channels[0].data_point)}")
    lines.append("channels:")
    for number, channel in enumerate(channels):
        lines += [""] if number else []
        whole = make_tree(channel.select, channel.spec, channel.versions)
        lines += render_member(channel.name, (uses or {}).get(channel.name, whole), "  ")
    return "\n".join([*lines, ""])


def make_tree(select: Identifiers | None, spec: Spec, versions: Sequence[DesiredVersion] = ()) -> Tree:
    """A channel as a mapping in a file: `select` first, then its values in the order of the field table.

    If it lists `versions`, these stand in place of the settings of its current one.
    """
    identifiers = {"select": identifiers_as_select(select)} if select else {}
    version = {} if versions else _pick(VERSION_FIELDS, spec)
    listed: list[Tree] = [{"beginDate": one.begin or None, **_pick(VERSION_FIELDS, one.spec)} for one in versions]
    return {
        **identifiers,
        **_pick(CHANNEL_FIELDS, spec),
        **({VERSION: version} if version else {}),
        **({VERSIONS: listed} if listed else {}),
    }


# A channel that says no more is one line.
_IN_ONE_LINE = frozenset((USE, WITH))


def render_in_braces(value: Value | Tree | list[Tree]) -> str:
    """`value` on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {render_in_braces(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(render_in_braces, value))}]"
    return to_flow_scalar(value)


def render_member(key: str, value: Value | Tree | list[Tree], indent: str, step: str = "  ") -> Iterator[str]:
    """The lines of a key and its value; each mapping or list in it is indented by one more `step`."""
    if isinstance(value, Mapping) and (key == WITH or _IN_ONE_LINE.issuperset(value)):
        yield f"{indent}{to_yaml_scalar(key)}: {render_in_braces(value)}"
    elif isinstance(value, Mapping):
        yield f"{indent}{to_yaml_scalar(key)}:"
        for inner, member in value.items():
            yield from render_member(inner, member, indent + step, step)
    elif isinstance(value, list):
        yield f"{indent}{to_yaml_scalar(key)}:"
        for item in value:
            yield from render_item(item, f"{indent}{step}- ")
    else:
        yield f"{indent}{to_yaml_scalar(key)}: {to_yaml_scalar(value)}"


def render_item(item: Tree, start: str) -> Iterator[str]:
    """The lines of a member of a list, which has single values only; `start` ends with its dash."""
    for number, (key, value) in enumerate(item.items()):
        yield from render_member(key, value, " " * len(start) if number else start)


def _pick(fields: Iterable[Field], spec: Spec) -> dict[str, Value]:
    paths = (path for field in fields for path in (field.path, field.alias) if path and path in spec)
    return {path.rpartition(".")[2]: spec[path] for path in paths}


def is_representable(path: str, value: Value) -> bool:
    """Whether a file can give `value` at `path` of a channel, as in `select.unitCode`, or as its `dataPoint`."""
    if isinstance(value, str) and has_control(value):
        return False
    if isinstance(value, float) and find_scalar_error(to_yaml_scalar(value)):
        return False
    return _validator_at(path)(value) and not (path == BEGIN_DATE and _is_no_day(value))


@cache
def _validator_at(path: str) -> Validator:
    schema = read_schema(Format.CHANNELS)
    home, _, key = path.rpartition(".")
    if path == "dataPoint":
        return compile_validator(schema["properties"][path], schema)
    properties = resolve(schema["definitions"][home or "channel"], schema)["properties"]
    return compile_validator(properties[key], schema)


def _is_no_day(value: Value) -> bool:
    return bool(check_consistency({"channels": {"name": {VERSION: {BEGIN_DATE.rpartition(".")[2]: value}}}}))
