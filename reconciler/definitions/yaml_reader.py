"""The full reader: the values of any file, the location of each, and every YAML error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import yaml
from msgspec import Struct
from msgspec.structs import replace
from yaml.events import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, StreamEndEvent

from reconciler.definitions.document import MAX_FOUND, Document, Span, decode_source
from reconciler.definitions.fast_reader import (
    MAX_DEPTH,
    PlainScalars,
    ScalarError,
    find_scalar_error,
    has_control,
    parse_scalar,
)
from reconciler.definitions.value_hints import suggest_for_empty
from reconciler.definitions.yaml_syntax import explain_syntax, find_offset, find_too_deep, open_events
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from reconciler.definitions.file_problems import Keys
    from reconciler.definitions.yaml_syntax import NextEvent, OpenEvents
    from reconciler.model.findings import Finding

    Offsets: TypeAlias = tuple[int, int]


MAX_ALIASES = 100
# How many values aliases may expand to: enough for any honest file, and too few for a "billion laughs" attack.
MAX_EXPANDED = 100_000


class AnchorValue(Struct, frozen=True):
    """The value of an anchor: how many values it consists of, how many levels are below it, and its offset."""

    value: object
    size: int
    height: int
    offset: int


class AliasLimitExceeded(Exception):
    """A file has more aliases than allowed, or they expand to more values; the text is the message."""


class Anchors:
    """The anchors so far, and how much of the limit for aliases is used."""

    def __init__(self) -> None:
        self._anchored: dict[str, AnchorValue] = {}
        self._used: set[str] = set()
        self._aliases = 0
        self._expanded = 0

    def keep(self, name: str, anchored: AnchorValue) -> None:
        """Set the value of the anchor `name` for the aliases that follow."""
        self._anchored[name] = anchored

    def find(self, name: str) -> AnchorValue | None:
        """The value of the alias `name`, None if there is no such anchor. Raises AliasLimitExceeded."""
        anchored = self._anchored.get(name)
        self._used.add(name)
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise AliasLimitExceeded(f"a file can have at most {MAX_ALIASES} aliases, found more")
        self._expanded += anchored.size if anchored else 0
        if self._expanded > MAX_EXPANDED:
            raise AliasLimitExceeded(f"aliases can expand to at most {MAX_EXPANDED:,} values, found more")
        return anchored

    def find_unused(self) -> tuple[tuple[str, int], ...]:
        """The anchors without an alias, each with its offset."""
        return tuple((name, anchored.offset) for name, anchored in self._anchored.items() if name not in self._used)


# A value that starts with a tag, perhaps after its anchor. The events of libyaml do not contain the tag "!".
_TAGGED = re.compile(r"(?:&\S+\s+)?(!\S*)")
# The key for values that are skipped: an empty key is never valid.
_IGNORED_KEY = ""
_UNREADABLE = object()

# More places would take too much memory; findings in deeper values are then placed at the channel's name.
MAX_SPANS = 500_000
# Three times what the channels of a 5 MiB file can have: more is an attack on memory.
MAX_VALUES = 1_000_000
_NAME_DEPTH = 2
_TOO_DEEP = f"values must not be nested deeper than {MAX_DEPTH} levels"


class _Position(NamedTuple):
    """Where a value is read: its keys, the offsets of the last key, and the level."""

    keys: Keys
    key: Offsets
    depth: int

    def below(self, name: str, key: Any) -> _Position:
        return _Position((*self.keys, name), _offsets(key), self.depth + 1)


class _Stop(Exception):
    """Reading further would find nothing useful."""


def parse_yaml(file: str, data: bytes, opener: OpenEvents = open_events) -> Document:
    """The values of `file`, whose content is `data`, and their places, with a finding for each YAML error."""
    text, unclean = decode_source(data)
    document = Document(file, text)
    for found in unclean:
        place = document.location(()) if found.offset is None else document.location_at(found.offset, found.offset + 1)
        document.findings.append(make_finding(found.code, found.message, place))
    if not unclean:
        _read_into(document, opener)
    return document


def _read_into(document: Document, opener: OpenEvents) -> None:
    try:
        _YamlReader(document, opener(document.text)).read()
    except _Stop:
        pass
    except yaml.YAMLError as error:
        offset = find_too_deep(document.text, find_offset(error), opener)
        if offset is not None:
            place = document.location_at(offset, offset + 1)
            document.findings.append(make_finding("ESA111", _TOO_DEEP, place))
            return
        mistake = explain_syntax(document.text, error)
        place = document.location_at(mistake.start, mistake.end)
        # Earlier findings in the same line probably come from the same mistake.
        document.findings = [
            found for found in document.findings if found.location and found.location.line != place.line
        ]
        # The fix repeats text of the line, which may be a secret if the line itself is not shown.
        document.findings.append(
            make_finding("ESA107", mistake.message, place, fix=mistake.fix if place.excerpt else "")
        )


class _YamlReader:
    """Fills one document from its events."""

    def __init__(self, document: Document, next_event: NextEvent) -> None:
        self._document = document
        self._next = next_event
        self._anchors = Anchors()
        self._scalars = PlainScalars()
        # Most files have no "!", and need no search for tags.
        self._may_hold_tags = "!" in document.text
        self._values = 0
        self._deepest = 0
        # The end of the last collection.
        self._end = 0

    def read(self) -> None:
        self._next()
        start = self._next()
        self._check_not_empty(start)
        if start.version or start.tags:
            self._report(start, "ESA109", "directives (%YAML, %TAG) are not supported", "delete the lines with the %")
        event = self._next()
        self._check_not_empty(event)
        tree = self._node(event, _Position((), (0, 0), 1))
        self._next()
        self._check_end(self._next())
        self._document.tree, self._document.is_read = tree, True

    def _check_not_empty(self, event: Any) -> None:
        is_nothing = isinstance(event, ScalarEvent) and event.implicit[0] and not event.value and not event.anchor
        if is_nothing or isinstance(event, StreamEndEvent):
            self._report_at((0, 0), "ESA113", "the file is empty")
            raise _Stop

    def _check_end(self, event: Any) -> None:
        if not isinstance(event, StreamEndEvent):
            self._report(event, "ESA112", "a file must have one document, found a second one")
        for name, offset in self._anchors.find_unused():
            fix = f"delete the anchor; if &{name} belongs to the text, put the text in quotes"
            self._report_at((offset, offset + len(name) + 1), "ESA110", f"the anchor &{name} is never used", fix)

    def _node(self, event: Any, position: _Position) -> object:
        """The value that starts with `event` at `position`."""
        spans, is_scalar = self._document.spans, isinstance(event, (ScalarEvent, AliasEvent))
        is_known = position.keys in spans or (len(position.keys) > _NAME_DEPTH and len(spans) >= MAX_SPANS)
        if not is_known:
            spans[position.keys] = Span(*position.key, *_offsets(event), not is_scalar and not event.flow_style)
        if isinstance(event, AliasEvent):
            return self._alias(event, position)
        self._count(event)
        self._check_tag(event)
        value = self._value(event, position) if event.anchor is None else self._anchored(event, position)
        if not is_known and not is_scalar:
            known = spans[position.keys]
            spans[position.keys] = Span(known.key_start, known.key_end, known.start, self._end, known.is_block)
        return value

    def _value(self, event: Any, position: _Position) -> object:
        if isinstance(event, ScalarEvent):
            return self._scalar(event, position)
        self._enter(event, position.depth)
        return self._mapping(position) if isinstance(event, MappingStartEvent) else self._sequence(position)

    def _enter(self, event: Any, depth: int) -> None:
        if depth > MAX_DEPTH:
            self._report(event, "ESA111", _TOO_DEEP)
            raise _Stop
        self._deepest = max(self._deepest, depth)

    def _count(self, event: Any) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            self._report(event, "ESA103", f"a file can have at most {MAX_VALUES:,} values, found more")
            raise _Stop

    def _mapping(self, position: _Position) -> dict[str, object]:
        mapping: dict[str, object] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                self._skip_pair(event, position)
            elif self._check_key(event, mapping, position.keys):
                self._add_pair(mapping, event, self._next(), position)
            else:
                self._node(self._next(), position.below(_IGNORED_KEY, event))
        self._end = _offsets(event)[1]
        return mapping

    def _add_pair(self, mapping: dict[str, object], key: Any, event: Any, position: _Position) -> None:
        """Add the value that starts with `event` under `key`.

        Nearly all values are valid unquoted scalars: these are read here, in half the time of `_node`.
        """
        name = key.value
        if type(event) is ScalarEvent and event.implicit[0] and event.anchor is None and not self._may_hold_tags:
            value, path = self._find_value(event.value), (*position.keys, name)
            if value is not _UNREADABLE and len(self._document.spans) < MAX_SPANS and self._values < MAX_VALUES:
                self._values += 1
                self._document.spans[path] = Span(*_offsets(key), *_offsets(event))
                mapping[name] = value
                return
        mapping[name] = self._node(event, position.below(name, key))

    def _find_value(self, text: str) -> object:
        """The value of the unquoted scalar `text`; _UNREADABLE for one that cannot be read."""
        try:
            return self._scalars[text]
        except ValueError:
            return _UNREADABLE

    def _sequence(self, position: _Position) -> list[object]:
        members: list[object] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            members.append(self._node(event, position.below(str(len(members)), event)))
        self._end = _offsets(event)[1]
        return members

    def _scalar(self, event: Any, position: _Position) -> object:
        is_plain, text = event.implicit[0], event.value
        error = find_scalar_error(text) if is_plain else _find_control(text)
        if error is None:
            return parse_scalar(text) if is_plain else text
        name = position.keys[-1] if position.keys else ""
        subject = "the value" if not name or name.isdigit() else name
        self._document.refused.add(position.keys)
        place = self._document.location_at(*(_offsets(event) if text else position.key))
        fix = (suggest_for_empty(position.keys) if error.code == "ESA114" else "") or error.fix
        message, fix = (error.message, fix) if place.excerpt else ("cannot be read as written", "")
        self._keep(make_finding(error.code, f"{subject} {message}", place, fix=fix))
        return None

    def _anchored(self, event: Any, position: _Position) -> object:
        values, deepest = self._values, self._deepest
        self._deepest = position.depth
        value = self._value(event, position)
        offset = self._document.text.index(f"&{event.anchor}", event.start_mark.index)
        anchored = AnchorValue(value, self._values - values + 1, self._deepest - position.depth, offset)
        self._anchors.keep(event.anchor, anchored)
        self._deepest = max(deepest, self._deepest)
        return value

    def _alias(self, event: Any, position: _Position) -> object:
        try:
            anchored = self._anchors.find(event.anchor)
        except AliasLimitExceeded as error:
            self._report(event, "ESA110", str(error))
            raise _Stop from None
        if anchored is None:
            fix = f"if *{event.anchor} belongs to the text, put the text in quotes; otherwise write the value itself"
            self._report(
                event, "ESA110", f"*{event.anchor} refers to a value marked &{event.anchor}, but there is none", fix
            )
            self._document.refused.add(position.keys)
            return None
        self._values += anchored.size
        self._enter(event, position.depth + anchored.height)
        return anchored.value

    def _skip_pair(self, event: Any, position: _Position) -> None:
        """Skip a key that is not text, and its value, with one finding for both."""
        findings, start = self._document.findings, event.start_mark.index
        found = len(findings)
        self._node(event, position.below(_IGNORED_KEY, event))
        self._node(self._next(), position.below(_IGNORED_KEY, event))
        del findings[found:]
        self._document.refused.add(position.keys)
        if self._document.text[max(start - 1, 0) : start + 1] == "{{":
            fix = "write the value itself; if the braces belong to a text, put the text in quotes"
            end = self._document.text.find("}}", start) + 2
            self._report_at((start - 1, end), "ESA107", "a template, {{ … }}, is not filled in", fix)
        else:
            self._report(event, "ESA115", f"keys must be text, found {_name_kind(event)}")

    def _check_key(self, event: Any, mapping: dict[str, object], keys: Keys) -> bool:
        """Whether the scalar is a valid new key; a finding if it is not."""
        self._check_tag(event)
        name = event.value
        if name in mapping:
            return self._refuse_twice(event, keys)
        if not name:
            return self._report(event, "ESA115", "keys must be text, found nothing before the colon")
        if name == "<<":
            return self._report(event, "ESA110", "merge keys (<<) are not supported")
        if has_control(name):
            return self._report(event, "ESA105", "a key must not contain control characters")
        if event.anchor is not None:
            return self._report(event, "ESA110", f"anchors on keys are not supported, found &{event.anchor}")
        return True

    def _refuse_twice(self, event: Any, keys: Keys) -> bool:
        document, where = self._document, f" in {keys[-1]}" if keys else ""
        line = document.line_of((*keys, event.value))
        message = f"{event.value} is written twice{where}, first on line {line}"
        finding = make_finding("ESA108", message, document.location_at(*_offsets(event)))
        return self._keep(replace(finding, detail=(f"first written at {document.file}:{line}",)))

    def _check_tag(self, event: Any) -> None:
        match = self._may_hold_tags and _TAGGED.match(self._document.text, event.start_mark.index)
        if match:
            self._report_at(match.span(1), "ESA109", f"tags are not supported, found {match[1]}")

    def _report(self, event: Any, code: str, message: str, fix: str = "") -> bool:
        return self._report_at(_offsets(event), code, message, fix)

    def _report_at(self, span: Offsets, code: str, message: str, fix: str = "") -> bool:
        return self._keep(make_finding(code, message, self._document.location_at(*span), fix=fix))

    def _keep(self, finding: Finding) -> bool:
        """Add the finding, and return False for the checks that end with it."""
        self._document.findings.append(finding)
        if len(self._document.findings) >= MAX_FOUND:
            raise _Stop
        return False


def _offsets(event: Any) -> Offsets:
    return (event.start_mark.index, event.end_mark.index)


def _find_control(text: str) -> ScalarError | None:
    return ScalarError("ESA105", "must not contain control characters") if has_control(text) else None


def _name_kind(event: Any) -> str:
    if isinstance(event, AliasEvent):
        return f"the alias *{event.anchor}"
    return "a mapping" if isinstance(event, MappingStartEvent) else "a list"
