"""Text as a stream of YAML events, by libyaml if it is installed, and brackets that are nested too deeply."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml
from yaml.events import CollectionEndEvent, CollectionStartEvent, StreamEndEvent

from reconciler.definitions.fast_reader import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    NextEvent: TypeAlias = Callable[[], Any]

    OpenEvents: TypeAlias = Callable[[str], NextEvent]


def open_pure(text: str) -> NextEvent:
    """The events of `text` by PyYAML's own parser, which is always there but has an eighth of the speed."""
    loader = yaml.SafeLoader(text)

    def next_event() -> Any:
        try:
            return loader.get_event()  # type: ignore[no-untyped-call]
        except (ValueError, OverflowError) as error:
            # A fault of PyYAML: for an escape like \U00110000, which is not a character, it raises this from chr().
            raise yaml.MarkedYAMLError(problem="an invalid escape", problem_mark=loader.get_mark()) from error

    return next_event


if yaml.__with_libyaml__:
    from yaml._yaml import CParser

    PARSER = "libyaml"
    SCANNER: Any = yaml.CSafeLoader

    def open_events(text: str) -> NextEvent:
        """The events of `text`, one per call. Raises yaml.YAMLError, now or at a call, if it is not YAML."""
        return CParser(text).get_event

else:  # pragma: no cover - a PyYAML built without libyaml; tests give `open_pure` to the readers instead
    PARSER = "pure Python, 8 times slower than libyaml"
    SCANNER = yaml.SafeLoader
    open_events = open_pure


_ANYWHERE = r"""
    \s++
  | "[^"\\]*+(?:\\.[^"\\]*+)*+"?
  | '[^']*+'?
  | (?<!\S)\#[^\n]*+          # a comment
  | [&*!][^\s,\[\]{}]*+       # an anchor, an alias, a tag
  | [-?:](?=\s)
  | ([\[{])
"""
# A text without quotes can contain brackets, but not if it is itself in brackets.
_WITHIN = re.compile(rf"{_ANYWHERE} | ([\]}}]) | [^\s\[\]{{}},\"']++ | .", re.VERBOSE | re.DOTALL)
_OUTSIDE = re.compile(rf"{_ANYWHERE} | ([\]}}]) | \S(?:[^\n:#]|:(?!\s)|(?<!\s)\#)*+", re.VERBOSE | re.DOTALL)


def find_too_deep(text: str, end: int, opener: OpenEvents) -> int | None:
    """Where a bracket opens deeper than MAX_DEPTH, between the parser's last event and `end`; None if none does.

    `text` is parsed again for this, so that reading a valid file costs nothing extra.
    """
    opened, start = _replay(text, opener)
    return find_deep_bracket(text, start, end, opened)


def find_deep_bracket(text: str, start: int, end: int, opened: Sequence[bool]) -> int | None:
    """Where a bracket between `start` and `end` opens deeper than MAX_DEPTH; None if none does.

    `opened` says for each collection that is open at `start` whether it is written in brackets.
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
    """Whether each open collection is in brackets when the parser fails, and where its last event ends."""
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
