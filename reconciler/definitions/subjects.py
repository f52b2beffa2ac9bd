"""How messages name what they speak of, and show what they found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.masking import hide_likely

if TYPE_CHECKING:
    from reconciler.definitions.problems import Keys

_LONGEST_SHOWN = 60
_MEMBERS = {"channels": "channel", "feeds": "feed", "environments": "environment"}


def describe_mapping(keys: Keys) -> str:
    """The mapping that `keys` lead to: the file, channel north-use, esaChannelVersion."""
    if not keys:
        return "the file"
    if len(keys) == 2 and keys[0] in _MEMBERS:
        return f"{_MEMBERS[keys[0]]} {shorten(keys[1])}"
    return shorten(keys[-1])


def describe_subject(keys: Keys) -> str:
    """What `keys` lead to: a property by its name, a member of a list by the list's."""
    if len(keys) > 1 and keys[-1].isdigit():
        return f"a member of {shorten(keys[-2])}"
    return describe_mapping(keys)


def show(value: object) -> str:
    """`value` as the file could have written it, cut where it is long; of a mapping or list only that it is one."""
    if isinstance(value, dict):
        return "a mapping of keys" if value else "{}"
    if isinstance(value, list):
        return "a list" if value else "[]"
    return shorten(json.dumps(value, ensure_ascii=False))


def shorten(text: str) -> str:
    """`text` without keys, cut where it is long."""
    text = hide_likely(text)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 2]} …"
