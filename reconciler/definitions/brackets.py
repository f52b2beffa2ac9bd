"""Brackets that open deeper than a file may be nested, where a YAML parser gives up before its events say so.

A parser reads ahead of its events, by 1,024 characters and more, and how deep it reads differs from version to version.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from yaml.events import CollectionEndEvent, CollectionStartEvent

from reconciler.definitions.values import MAX_DEPTH

if TYPE_CHECKING:
    from reconciler.definitions.reader import NextEvent, OpenEvents

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


class Watched:
    """The events of a text, and how far they have come. Called as a parser's own; raises what that raises."""

    def __init__(self, text: str, opener: OpenEvents) -> None:
        self._text = text
        self._opener = opener
        self._next: NextEvent | None = None
        # For each collection that is open, whether brackets open it; and where the last event ends.
        self._open: list[bool] = []
        self._end = 0

    def __call__(self) -> Any:
        if self._next is None:
            self._next = self._opener(self._text)
        event = self._next()
        if isinstance(event, CollectionStartEvent):
            self._open.append(bool(event.flow_style))
        elif isinstance(event, CollectionEndEvent):
            self._open.pop()
        self._end = event.end_mark.index
        return event

    def find_too_deep(self, end: int) -> int | None:
        """Where behind the last event, up to `end`, a bracket opens deeper than MAX_DEPTH; None where none does."""
        at, depth = self._end, len(self._open)
        brackets = next((count for count, is_flow in enumerate(reversed(self._open)) if not is_flow), depth)
        while at < end:
            token = (_WITHIN if brackets else _OUTSIDE).match(self._text, at)
            if token is None:
                break
            step = (token[1] is not None) - (token[2] is not None and brackets > 0)
            brackets, depth = brackets + step, depth + step
            if depth > MAX_DEPTH:
                return at
            at = token.end()
        return None
