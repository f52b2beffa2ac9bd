"""How findings quote values and name channels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.masking import hide_likely
from reconciler.model.fields import CHANNEL_IMPORT_ID, FORMULA
from reconciler.model.formulas import find_written
from reconciler.model.lookalikes import distinguish

if TYPE_CHECKING:
    from reconciler.model.channels import Desired
    from reconciler.model.findings import Location
    from reconciler.model.values import Value

_LONGEST = 60


def shorten(text: str) -> str:
    """`text` without keys, cut to 60 characters where it is longer."""
    text = hide_likely(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]} ..."


def show_value(value: Value) -> str:
    """`value` as JSON writes it, cut where it is long."""
    return shorten(json.dumps(value, ensure_ascii=False))


def show_values(one: Value, other: Value) -> tuple[str, str]:
    """Two values side by side, so that they look different if they are: what a reader could not see is escaped.

    They are cut only before their difference would be.
    """
    texts = json.dumps(one, ensure_ascii=False), json.dumps(other, ensure_ascii=False)
    if isinstance(one, str) and isinstance(other, str):
        texts = distinguish(*texts)
    shortened = (shorten(texts[0]), shorten(texts[1]))
    return (hide_likely(texts[0]), hide_likely(texts[1])) if shortened[0] == shortened[1] else shortened


def cite(channel: Desired) -> str:
    """A channel of the files with where it is: name (file:line)."""
    return f"{channel.name} ({channel.file}:{channel.line})"


def place_identity(channel: Desired) -> Location:
    """The place of what the live channel is found by: its id, else its import id, else all of `select`."""
    if channel.select is None:
        return channel.locate(CHANNEL_IMPORT_ID)
    if channel.select.channel_id is not None:
        return channel.locate("select.channelId")
    return channel.locate("select.channelImportId" if channel.select.channel_import_id else "select")


def place_reference(channel: Desired, reference: str) -> Location:
    """The place of the `channel(…)` that holds `reference` in the formula of `channel`."""
    return channel.locate(FORMULA, find_written(str(channel.spec[FORMULA]), reference))
