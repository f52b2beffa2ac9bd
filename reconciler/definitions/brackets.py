"""Brackets that open deeper than a file may be nested, where a YAML parser gives up before its events say so.

A parser reads ahead of its events, by 1,024 characters and more, and how deep it reads differs from version to version.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

import yaml
from yaml.events import CollectionEndEvent, CollectionStartEvent, StreamEndEvent

from reconciler.definitions.values import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.definitions.reader import OpenEvents

_ANYWHERE = r"""
    \s++
  | "[^"\\]*+(?:\\.[^"\\]*+)*+"?
  | '[^']*+'?
  | (?<!\S)\#[^\n]*+          # a comment
  | [&*!][^\s,\[\]{}]*+       # an anchor, an alias, a tag
  | [-?:](?=\s)
  | ([\[{])
"""
# Within brackets a text without quotes holds none; elsewhere it may.
_WITHIN = re.compile(rf"{_ANYWHERE} | ([\]}}]) | [^\s\[\]{{}},\"']++ | .", re.VERBOSE | re.DOTALL)
_OUTSIDE = re.compile(rf"{_ANYWHERE} | ([\]}}]) | \S(?:[^\n:#]|:(?!\s)|(?<!\s)\#)*+", re.VERBOSE | re.DOTALL)


def find_too_deep(text: str, end: int, opener: OpenEvents) -> int | None:
    """Where a bracket of `text` opens deeper than MAX_DEPTH, between the last event of its parser and `end`.

    None where none does. `text` is parsed once more, so that reading a sound file costs nothing for it.
    """
    opened, start = _replay(text, opener)
    return find_deep_bracket(text, start, end, opened)


def find_deep_bracket(text: str, start: int, end: int, opened: Sequence[bool]) -> int | None:
    """Where a bracket between `start` and `end` opens deeper than MAX_DEPTH; None where none does.

    `opened` says for each collection that is open at `start` whether brackets open it.
    """
    at, depth = start, len(opened)
    brackets = next((count for count, is_flow in enumerate(reversed(opened)) if not is_flow), depth)
    while at < end:
        token = (_WITHIN if brackets else _OUTSIDE).match(text, at)
        if token is None:
            break
        step = (token[1] is not None) - (token[2] is not None and brackets > 0)
        brackets, depth = brackets + step, depth + step
        if depth > MAX_DEPTH:
            return at
        at = token.end()
    return None


def _replay(text: str, opener: OpenEvents) -> tuple[list[bool], int]:
    """The collections that are open when the parser fails, by whether brackets open them; where its last event ends."""
    opened: list[bool] = []
    end = 0
    with suppress(yaml.YAMLError):
        next_event = opener(text)
        while not isinstance(event := next_event(), StreamEndEvent):
            if isinstance(event, CollectionStartEvent):
                opened.append(bool(event.flow_style))
            elif isinstance(event, CollectionEndEvent):
                opened.pop()
            end = event.end_mark.index
    return opened, end
