"""What a channel file says of all its channels, before the first of them."""

from __future__ import annotations

from typing import Any

from reconciler.definitions.build import flatten
from reconciler.definitions.close import parse_yaml
from reconciler.definitions.plain import try_fast_parse
from reconciler.definitions.scalars import PlainScalars
from reconciler.planning.importing.naming import Head


def read_header(text: str) -> Head:
    """The head of a sound channel file, whose text this is."""
    values = try_fast_parse(text.removeprefix("\ufeff"), PlainScalars())
    tree: Any = parse_yaml("", text.encode()).tree if values is None else values.tree
    return Head(tree.get("dataPoint"), flatten(tree.get("defaults", {})))
