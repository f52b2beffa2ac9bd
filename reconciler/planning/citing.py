"""How findings quote values and name channels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model.desired import Desired
    from reconciler.model.values import Value

_LONGEST = 60


def shorten(text: str) -> str:
    """`text`, cut to 60 characters where it is longer."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]} ..."


def show_value(value: Value) -> str:
    """`value` as JSON writes it, cut where it is long."""
    return shorten(json.dumps(value, ensure_ascii=False))


def cite(channel: Desired) -> str:
    """A channel of the files with where it is: name (file:line)."""
    return f"{channel.name} ({channel.file}:{channel.line})"
