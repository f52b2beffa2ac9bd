"""The quick reader: the values of a flawless file, and the lines of its channels and feeds, at the speed of libyaml.

It takes only what needs no judgement; `close` reads all else, and decides. Both read the same values (tested).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

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

from reconciler.definitions.reader import open_events
from reconciler.definitions.scalars import has_control
from reconciler.definitions.source import is_clean
from reconciler.definitions.values import MAX_DEPTH, NAMING, Values

if TYPE_CHECKING:
    from reconciler.definitions.reader import NextEvent, OpenEvents
    from reconciler.definitions.scalars import PlainScalars
    from reconciler.definitions.values import Lines

# What may start an anchor or a tag. libyaml keeps no trace of the tag "!", so that the text itself is asked.
_PROPERTY = r"(?:^|[\s\[{,:-])(?:&\S|!)"


class _NotPlain(Exception):
    """The file holds something that needs a close look."""


def read_quickly(text: str, scalars: PlainScalars, opener: OpenEvents = open_events) -> Values | None:
    """What `text` holds; None where it needs a close look: an error, or an anchor, an alias, a tag."""
    if not is_clean(text) or (("&" in text or "!" in text) and re.search(_PROPERTY, text)):
        return None
    try:
        return _QuickReader(opener(text), scalars).read()
    except (_NotPlain, ValueError, yaml.YAMLError):
        return None


class _Keys(dict[str, str]):
    """Each key once, however many channels have it. Raises _NotPlain for what is no key."""

    def __missing__(self, text: str) -> str:
        if not text or text == "<<" or has_control(text):
            raise _NotPlain
        self[text] = text
        return text


class _QuickReader:
    """Builds the values of one file, which has no anchors and no tags, from its events."""

    __slots__ = ("_keys", "_lines", "_next", "_scalars")

    def __init__(self, next_event: NextEvent, scalars: PlainScalars) -> None:
        self._next = next_event
        self._scalars = scalars
        self._keys = _Keys()
        self._lines: Lines = {}

    def read(self) -> Values:
        self._next()
        start = self._next()
        if not isinstance(start, DocumentStartEvent) or start.version or start.tags:
            raise _NotPlain
        tree = self._value(self._next(), 1)
        self._next()
        if not isinstance(self._next(), StreamEndEvent):
            raise _NotPlain
        return Values(tree, self._lines)

    def _value(self, event: Any, depth: int) -> object:
        if type(event) is ScalarEvent:
            return self._scalars[event.value] if event.implicit[0] else _quoted(event.value)
        if type(event) is AliasEvent or depth > MAX_DEPTH:
            raise _NotPlain
        if type(event) is not MappingStartEvent:
            return self._sequence(depth)
        return self._file() if depth == 1 else self._mapping(depth)

    def _mapping(self, depth: int) -> dict[str, object]:
        next_event, known, scalars = self._next, self._keys, self._scalars
        mapping: dict[str, object] = {}
        while type(event := next_event()) is ScalarEvent:
            key = known[event.value]
            if key in mapping:
                raise _NotPlain
            event = next_event()
            # Nearly all values are unquoted scalars: what `_value` would do is done here, without the call.
            if type(event) is ScalarEvent and event.implicit[0]:
                mapping[key] = scalars[event.value]
            else:
                mapping[key] = self._value(event, depth + 1)
        if type(event) is not MappingEndEvent:
            raise _NotPlain
        return mapping

    def _file(self) -> dict[str, object]:
        """The mapping that is the file itself, with the lines of the names in it."""
        mapping: dict[str, object] = {}
        while type(event := self._next()) is ScalarEvent:
            key = self._keys[event.value]
            value = self._next()
            if key in mapping:
                raise _NotPlain
            is_naming = key in NAMING and type(value) is MappingStartEvent
            mapping[key] = self._names(key) if is_naming else self._value(value, 2)
        if type(event) is not MappingEndEvent:
            raise _NotPlain
        return mapping

    def _names(self, section: str) -> dict[str, object]:
        mapping: dict[str, object] = {}
        lines = self._lines[section] = {}
        while type(event := self._next()) is ScalarEvent:
            name = self._keys[event.value]
            if name in mapping:
                raise _NotPlain
            lines[name] = event.start_mark.line + 1  # type: ignore[union-attr]
            mapping[name] = self._value(self._next(), 3)
        if type(event) is not MappingEndEvent:
            raise _NotPlain
        return mapping

    def _sequence(self, depth: int) -> list[object]:
        members = []
        while type(event := self._next()) is not SequenceEndEvent:
            members.append(self._value(event, depth + 1))
        return members


def _quoted(text: str) -> str:
    if has_control(text):
        raise _NotPlain
    return text
