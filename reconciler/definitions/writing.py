"""Channels as the text of channel files: what the loader reads back is what was written."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Union

from reconciler.definitions.schema import Format, find_schemas
from reconciler.definitions.spelling import to_yaml_scalar
from reconciler.model.fields import CHANNEL_FIELDS, VERSION, VERSION_FIELDS
from reconciler.model.identifiers import identifiers_as_select
from reconciler.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.channels import Desired
    from reconciler.model.fields import Field
    from reconciler.model.identifiers import Identifiers
    from reconciler.model.values import Spec

# A mapping as it stands in a file: key → value, or a mapping below it.
Tree: TypeAlias = Mapping[str, Union[Value, "Tree"]]

_PACKAGE = Path(__file__).parent.parent


def place_schema(format_: Format) -> str:
    """Where a project keeps its copy of the schema of `format_`, relative to its root."""
    return f"schemas/{format_.value}"


def render_schema(format_: Format) -> str:
    """The text of that copy."""
    return (find_schemas(_PACKAGE) / format_.value).read_text(encoding="utf-8")


def render_file(file: str, channels: Sequence[Desired]) -> str:
    """The text of a new `file` with `channels`, which are all of the data point that the first of them names.

    The first line leads editors to the schema in the project's own folder `schemas`: no network is needed for it, and
    it is of the version that the project was made with.
    """
    schema = posixpath.relpath(place_schema(Format.CHANNELS), posixpath.dirname(file) or ".")
    lines = [f"# yaml-language-server: $schema={schema}"]
    if channels[0].data_point is not None:
        lines.append(f"dataPoint: {to_yaml_scalar(channels[0].data_point)}")
    lines.append("channels:")
    for number, channel in enumerate(channels):
        lines += [""] if number else []
        lines += render_member(channel.name, make_tree(channel.select, channel.spec), "  ")
    return "\n".join([*lines, ""])


def make_tree(select: Identifiers | None, spec: Spec) -> Tree:
    """A channel as its mapping in a file: how it is found, then its values in the order of the field table."""
    pointers = {"select": identifiers_as_select(select)} if select else {}
    version = _pick(VERSION_FIELDS, spec)
    return {**pointers, **_pick(CHANNEL_FIELDS, spec), **({VERSION: version} if version else {})}


def render_member(key: str, value: Value | Tree, indent: str, step: str = "  ") -> Iterator[str]:
    """The lines of a key and its value; each mapping in it is indented by one more `step`."""
    if isinstance(value, Mapping):
        yield f"{indent}{to_yaml_scalar(key)}:"
        for inner, member in value.items():
            yield from render_member(inner, member, indent + step, step)
    else:
        yield f"{indent}{to_yaml_scalar(key)}: {to_yaml_scalar(value)}"


def _pick(fields: Iterable[Field], spec: Spec) -> dict[str, Value]:
    paths = (path for field in fields for path in (field.path, field.alias) if path and path in spec)
    return {path.rpartition(".")[2]: spec[path] for path in paths}
