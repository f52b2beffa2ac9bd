"""Text as a stream of YAML events, by libyaml if it is installed, and brackets nested too deep for a parser."""

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
    """The events of `text` by PyYAML's own parser: everywhere, at an eighth of the speed."""
    loader = yaml.SafeLoader(text)

    def next_event() -> Any:
        try:
            return loader.get_event()  # type: ignore[no-untyped-call]
        except (ValueError, OverflowError) as error:
            # PyYAML's own slip: an escape like \U00110000 is a number to it, but no character.
            raise yaml.MarkedYAMLError(problem="an escape of no character", problem_mark=loader.get_mark()) from error

    return next_event


if yaml.__with_libyaml__:
    from yaml._yaml import CParser

    PARSER = "libyaml"
    SCANNER: Any = yaml.CSafeLoader

    def open_events(text: str) -> NextEvent:
        """The events of `text`, one a call. Raises yaml.YAMLError, then or at a call, where it is not YAML."""
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
