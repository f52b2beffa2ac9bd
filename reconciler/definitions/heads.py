"""What a channel file says of all its channels, before the first of them."""

from __future__ import annotations

from typing import Any

from reconciler.definitions.build import flatten
from reconciler.definitions.close import read_closely
from reconciler.definitions.plain import read_plainly
from reconciler.definitions.scalars import PlainScalars
from reconciler.planning.importing.naming import Head


def read_head(text: str) -> Head:
    """The head of a sound channel file, whose text this is."""
    values = read_plainly(text.removeprefix("\ufeff"), PlainScalars())
    tree: Any = read_closely("", text.encode()).tree if values is None else values.tree
    return Head(tree.get("dataPoint"), flatten(tree.get("defaults", {})))
