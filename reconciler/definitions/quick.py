"""The quick reader: the values of a flawless file, and the lines of its channels and feeds, at the speed of libyaml.

It takes only what needs no judgement; `close` reads all else, and decides. Both read the same values (tested).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from reconciler.definitions.reader import MAX_DEPTH, open_events
from reconciler.definitions.scalars import CONTROL
from reconciler.definitions.source import is_clean

if TYPE_CHECKING:
    from reconciler.definitions.reader import NextEvent, OpenEvents
    from reconciler.definitions.scalars import PlainScalars

    Lines: TypeAlias = dict[str, dict[str, int]]

# The mappings of a file whose keys are names: their lines are wanted.
_NAMING = ("channels", "feeds")


@dataclass(frozen=True, slots=True)
class Quick:
    """The values of a file, and the line of each name under `channels` and `feeds`, counted from 1."""

    tree: object
    lines: Lines


class _NotPlain(Exception):
    """The file holds something that needs a close look."""


def read_quickly(text: str, scalars: PlainScalars, opener: OpenEvents = open_events) -> Quick | None:
    """What `text` holds; None where it needs a close look: an error, or an anchor, an alias, a tag."""
    # libyaml keeps no trace of the tag "!", so that any exclamation mark needs the close look.
    if "!" in text or not is_clean(text):
        return None
    try:
        return _QuickReader(opener(text), scalars).read()
    except (_NotPlain, ValueError, yaml.YAMLError):
        return None


class _Keys(dict[str, str]):
    """Each key once, however many channels have it. Raises _NotPlain for what is no key."""

    def __missing__(self, text: str) -> str:
        if not text or text == "<<" or CONTROL.search(text):
            raise _NotPlain
        self[text] = text
        return text


class _QuickReader:
    """Builds the values of one file from its events."""

    __slots__ = ("_keys", "_lines", "_next", "_scalars")

    def __init__(self, next_event: NextEvent, scalars: PlainScalars) -> None:
        self._next = next_event
        self._scalars = scalars
        self._keys = _Keys()
        self._lines: Lines = {}

    def read(self) -> Quick:
        self._next()
        start = self._next()
        if not isinstance(start, DocumentStartEvent) or start.version or start.tags:
            raise _NotPlain
        tree = self._value(self._next(), 1)
        self._next()
        if not isinstance(self._next(), StreamEndEvent):
            raise _NotPlain
        return Quick(tree, self._lines)

    def _value(self, event: Any, depth: int) -> object:
        return self._scalar(event) if type(event) is ScalarEvent else self._collection(event, depth)

    def _scalar(self, event: ScalarEvent) -> object:
        if event.anchor is not None:
            raise _NotPlain
        value: str = event.value
        if event.implicit[0]:
            return self._scalars[value]
        if not value.isprintable() and CONTROL.search(value):
            raise _NotPlain
        return value

    def _collection(self, event: Any, depth: int, lines: dict[str, int] | None = None) -> object:
        if type(event) is AliasEvent or event.anchor is not None or depth > MAX_DEPTH:
            raise _NotPlain
        return self._mapping(depth, lines) if type(event) is MappingStartEvent else self._sequence(depth)

    def _mapping(self, depth: int, lines: dict[str, int] | None) -> dict[str, object]:
        next_event, known = self._next, self._keys
        mapping: dict[str, object] = {}
        while type(event := next_event()) is ScalarEvent:
            key = known[event.value]
            if key in mapping or event.anchor is not None:
                raise _NotPlain
            if lines is not None:
                lines[key] = event.start_mark.line + 1  # type: ignore[union-attr]
            value = next_event()
            if type(value) is ScalarEvent:
                mapping[key] = self._scalar(value)
            else:
                named = self._lines.setdefault(key, {}) if depth == 1 and key in _NAMING else None
                mapping[key] = self._collection(value, depth + 1, named)
        if type(event) is not MappingEndEvent:
            raise _NotPlain
        return mapping

    def _sequence(self, depth: int) -> list[object]:
        members = []
        while type(event := self._next()) is not SequenceEndEvent:
            members.append(self._value(event, depth + 1))
        return members
