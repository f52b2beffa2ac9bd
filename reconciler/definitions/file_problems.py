"""Problems at a key or value, and how messages name and quote them."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from reconciler.masking import hide_likely

# From the top of a file to a value in it: the keys of mappings, the numbers of list members.
Keys: TypeAlias = tuple[str, ...]
# A placeholder in a fix for the text of the value in its file: 1e5 and 1.10 may be ids, and would change as numbers.
AS_WRITTEN = "\0"


class FileProblem(Struct, frozen=True):
    """Something wrong with a value, or with its key: a finding before its line is known."""

    code: str
    keys: Keys
    message: str
    fix: str = ""
    detail: tuple[str, ...] = ()
    at_key: bool = False


_LONGEST_SHOWN = 60
_MEMBERS = {"channels": "channel", "feeds": "feed", "templates": "template", "environments": "environment"}


def describe_mapping(keys: Keys) -> str:
    """The mapping at `keys` in words: the file, channel north-use, esaChannelVersion."""
    if not keys:
        return "the file"
    if len(keys) == 2 and keys[0] in _MEMBERS:
        return f"{_MEMBERS[keys[0]]} {shorten(keys[1])}"
    if keys[-1].isdecimal() and len(keys) > 1:
        return f"entry {int(keys[-1]) + 1} of {shorten(keys[-2])}"
    return shorten(keys[-1])


def describe_subject(keys: Keys) -> str:
    """The value at `keys` in words: a property by its name, a member of a list by the list's."""
    if len(keys) > 1 and keys[-1].isdigit():
        return f"a member of {shorten(keys[-2])}"
    return describe_mapping(keys)


def show(value: object) -> str:
    """`value` as a file would have it, shortened if it is long; for a mapping or list only that it is one."""
    if isinstance(value, dict):
        return "a mapping of keys" if value else "{}"
    if isinstance(value, list):
        return "a list" if value else "[]"
    import json  # noqa: PLC0415 - most runs have nothing to quote

    return shorten(json.dumps(value, ensure_ascii=False))


def shorten(text: str) -> str:
    """`text` without anything that looks like an API key, shortened if it is long."""
    text = hide_likely(text)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 2]} …"
