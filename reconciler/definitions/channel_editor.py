"""Channel files changed: values updated and channels added, with comments and all else kept."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from io import StringIO
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import yaml

from reconciler.definitions.channel_file import flatten
from reconciler.definitions.channel_writer import (
    is_plain,
    make_tree,
    render_in_braces,
    render_item,
    render_member,
    to_yaml_scalar,
)
from reconciler.definitions.fast_reader import PlainLines, try_fast_parse
from reconciler.definitions.templates import USE, WITH
from reconciler.definitions.yaml_reader import parse_yaml
from reconciler.definitions.yaml_syntax import SCANNER
from reconciler.model.fields import CHANNEL_FIELDS, IS_CALCULATED, VERSION, VERSION_FIELDS, VERSIONS, find_version
from reconciler.model.values import begin_key
from reconciler.planning.importing.inventory import FileHeader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.resolver import VersionedResolver

    from reconciler.definitions.channel_writer import Tree
    from reconciler.definitions.file_problems import Keys
    from reconciler.model.channels import Desired
    from reconciler.model.values import Spec, Value

    # A replacement for the text from one offset up to another.
    _Splice: TypeAlias = tuple[int, int, str]


_BREAK = re.compile(r"\r\n|\r|\n")


class FileLayout:
    """The layout of `text`, a valid channel file without byte order mark. Offsets count characters.

    `members` has the keys of each mapping, in their order.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        document = parse_yaml("", text.encode())
        self.tree = document.tree
        self.spans = document.spans
        found = _BREAK.search(text)
        self.line_break = found.group() if found else "\n"
        self.members: dict[Keys, list[str]] = defaultdict(list)
        self._ends: dict[Keys, int] = {}
        for keys in self.spans:
            if keys:
                self.members[keys[:-1]].append(keys[-1])
            # YAML ends a block mapping at the next key, after that key's comments: its last member says where it ends.
            end = 0 if self.is_block(keys) else self.span(keys)[1]
            for length in range(len(keys) + 1):
                self._ends[keys[:length]] = max(end, self._ends.get(keys[:length], 0))

    def is_anchored(self, keys: Keys) -> bool:
        """Whether the value at `keys` has an anchor: changing it would change the values of its aliases, too."""
        return self.text.startswith("&", self.spans[keys].start)

    def is_nothing(self, keys: Keys) -> bool:
        """Whether there is no mapping at `keys`, only null or empty braces."""
        start, end = self.span(keys)
        return self.text[start:end] in {"{}", "null", "Null", "NULL", "~"}

    def is_in_braces(self, keys: Keys) -> bool:
        """Whether the mapping at `keys` is written in braces, and is not empty."""
        return self.text.startswith("{", self.spans[keys].start) and bool(self.members[keys])

    def is_block(self, keys: Keys) -> bool:
        """Whether there is a mapping at `keys` with each key on a line of its own."""
        return keys in self.spans and self.spans[keys].is_block

    def span(self, keys: Keys) -> tuple[int, int]:
        """Where a single value begins and ends, without the empty lines after a multi-line text."""
        span = self.spans[keys]
        return span.start, span.start + len(self.text[span.start : span.end].rstrip())

    def column(self, keys: Keys) -> int:
        """How far a key is indented."""
        return self.spans[keys].key_start - self.line_start(keys)

    def indent_step(self, keys: Keys) -> int:
        """How much further than its key a mapping is indented; 2 for one in braces."""
        return self.column((*keys, self.members[keys][0])) - self.column(keys) if self.is_block(keys) else 2

    def line_start(self, keys: Keys) -> int:
        """The offset at which the line of a key begins."""
        return self.text.rfind(self.line_break[-1], 0, self.spans[keys].key_start) + 1

    def line_end(self, keys: Keys) -> int:
        """The offset of the line break after all of a value, or of the end of the text."""
        found = _BREAK.search(self.text, self._ends[keys])
        return found.start() if found else len(self.text)


_COMMENT = re.compile(r"#[^\r\n]*")
_BREAKS = re.compile(r"\r\n|\r|\n")
_EMPTY_LINE = re.compile(r"(?:\r\n|\r|\n)[ \t]*(?:\r\n|\r|\n)")
# A multi-line text can have a comment after its indicator, | or >, and only there.
_HEADER = re.compile(r"[|>][^\r\n#]*[ \t](#[^\r\n]*)")


_COMMENT_KIND = "comment"


class _Element(NamedTuple):
    """A comment, a key, or an empty line, in the order of the file."""

    kind: str
    text: str = ""


def preserves_content(before: str, after: str) -> bool:
    """Whether `after` has all comments, keys and empty lines of `before`, in the same order. Both are valid files.

    Keys and empty lines may have been added; comments may not.
    """
    if set(_BREAKS.findall(after)) != set(_BREAKS.findall(before)):
        return False
    wanted = _list_elements(before)
    missing = next(wanted, None)
    for mark in _list_elements(after):
        if mark == missing:
            missing = next(wanted, None)
        elif mark.kind == _COMMENT_KIND:
            return False
    return missing is None


def _list_elements(text: str) -> Iterator[_Element]:
    done = 0
    is_key = False
    for token in yaml.scan(text, Loader=SCANNER):
        start, end = token.start_mark.index, token.end_mark.index
        if start > done:
            yield from _list_between(text[done:start])
        if isinstance(token, yaml.ScalarToken):
            yield from _look_into(text[start:end], is_key=is_key)
            # The token of a multi-line text includes the empty lines after it.
            end = start + len(text[start:end].rstrip())
        is_key = isinstance(token, yaml.KeyToken)
        done = max(done, end)
    yield from _list_between(text[done:])


def _look_into(scalar: str, *, is_key: bool) -> Iterator[_Element]:
    if is_key:
        yield _Element("key", scalar)
    elif header := _HEADER.match(scalar):
        yield _Element(_COMMENT_KIND, header[1])


def _list_between(text: str) -> Iterator[_Element]:
    end = 0
    for found in _COMMENT.finditer(text):
        before = text[end : found.start()]
        if _EMPTY_LINE.search(before):
            yield _Element("empty line")
        # A comment after a value is about that value; on a line of its own it would be about the next one.
        where = "" if before and not _BREAKS.search(before) else "\n"
        yield _Element(_COMMENT_KIND, where + found[0].rstrip())
        end = found.end()
    if _EMPTY_LINE.search(text, end):
        yield _Element("empty line")


_CHANNELS = ("channels",)
_BYTE_ORDER_MARK = "\ufeff"
# The keys of a channel and of its version, in the order of new files. A new channel comes after all others.
_KEYS = (
    USE,
    WITH,
    "dataPoint",
    "dataPointId",
    "create",
    "select",
    "selectIn",
    "only",
    "channelId",
    *(path for field in CHANNEL_FIELDS for path in (field.path, field.alias) if path),
    VERSION,
)
_VERSION_KEYS = (path.rpartition(".")[2] for field in VERSION_FIELDS for path in (field.path, field.alias) if path)
_RANKS = {key: rank for rank, key in enumerate((*_KEYS, *_VERSION_KEYS))}
_LAST = len(_RANKS)


class UnsafeEdit(Exception):
    """The edit would also change something else that people wrote, such as a comment or another value."""


class _NeedsRoundTrip(Exception):
    """The edit cannot be made in place, because the text at that point also belongs to other values."""


def read_header(text: str) -> FileHeader:
    """The data point and the defaults of `text`, a valid channel file."""
    tree = _read_tree(text)
    return FileHeader(tree.get("dataPoint"), flatten(tree.get("defaults", {})))


def _read_tree(text: str) -> Any:
    values = try_fast_parse(text.removeprefix("\ufeff"), PlainLines())
    return parse_yaml("", text.encode()).tree if values is None else values.tree


def append_channels(text: str, channels: Sequence[Desired], uses: Mapping[str, Tree] | None = None) -> str:
    """`text`, a valid channel file, with `channels` after its own; values that its defaults already set are left out.

    `uses` has what those of them that use a template say themselves, by name. Raises UnsafeEdit.
    """
    defaults = read_header(text).defaults
    whole = {
        channel.name: make_tree(channel.select, _shorten(channel.spec, defaults), channel.versions)
        for channel in channels
    }
    return _change(text, whole | {name: tree for name, tree in (uses or {}).items() if name in whole})


def update_channels(text: str, updates: Mapping[str, Spec]) -> str:
    """`text`, a valid channel file, with the values of `updates`, by channel and path, in place of its own.

    A value that only the defaults of the file set is written under its channel. A path that names a version by its
    begin is of an item of channelVersions; an item that is not there is added in order. Raises UnsafeEdit.
    """
    trees = {name: _make_update(spec) for name, spec in updates.items()}
    listing = [name for name, spec in updates.items() if any(find_version(path) is not None for path in spec)]
    channels = _read_tree(text)["channels"] if listing else {}
    for name in listing:
        # A list from a template belongs to all channels that use it.
        if VERSIONS not in channels[name]:
            raise UnsafeEdit
        trees[name][VERSIONS] = _merge_items(channels[name][VERSIONS], updates[name])
    return _change(text, trees)


def _make_update(spec: Spec) -> dict[str, Any]:
    return dict(make_tree(None, {path: value for path, value in spec.items() if find_version(path) is None}))


def _merge_items(listed: Sequence[Mapping[str, Value]], spec: Spec) -> list[Tree]:
    """The items of a list of versions with the values of `spec`, oldest first."""
    items = {begin_key(item["beginDate"]): dict(item) for item in listed}
    for path, value in spec.items():
        begin = find_version(path)
        if begin is not None:
            items.setdefault(begin, {"beginDate": begin or None})[path.rpartition(".")[2]] = value
    return [items[begin] for begin in sorted(items)]


def _shorten(spec: Spec, defaults: Spec) -> Spec:
    # isCalculated is always written: a default interval applies to a channel unless it says isCalculated: true itself.
    return {
        path: value
        for path, value in spec.items()
        if path == IS_CALCULATED or path not in defaults or defaults[path] != value
    }


def _change(text: str, channels: Tree) -> str:
    body = text.removeprefix(_BYTE_ORDER_MARK)
    layout = FileLayout(body)
    try:
        splices = list(_list_splices(layout, _CHANNELS, channels))
    except _NeedsRoundTrip:
        changed = change_tree(body, channels, layout.indent_step(_CHANNELS))
    else:
        changed = _splice(body, splices)
    if not _says(changed, _merge(layout.tree, {"channels": channels})) or not preserves_content(body, changed):
        raise UnsafeEdit
    return text[: len(text) - len(body)] + changed


def _merge(tree: object, changes: Tree) -> dict[str, object]:
    """What the file must say after the edit: `tree` with the values of `changes`."""
    merged: dict[str, object] = dict(tree) if isinstance(tree, dict) else {}
    for key, value in changes.items():
        merged[key] = _merge(merged.get(key), value) if isinstance(value, Mapping) else value
    return merged


def _says(text: str, tree: Mapping[str, object]) -> bool:
    document = parse_yaml("", text.encode())
    return document.is_read and document.tree == tree


def _list_splices(layout: FileLayout, parent: Keys, tree: Tree) -> Iterator[_Splice]:
    if layout.is_anchored(parent) or not (layout.is_block(parent) or layout.is_in_braces(parent)):
        raise _NeedsRoundTrip
    for key, value in tree.items():
        keys = (*parent, key)
        if keys not in layout.spans:
            yield _insert(layout, parent, key, value)
        elif isinstance(value, Mapping) and not layout.is_nothing(keys):
            yield from _list_splices(layout, keys, value)
        elif isinstance(value, list):
            yield from _splice_items(layout, keys, value)
        elif layout.is_anchored(keys):
            raise _NeedsRoundTrip
        else:
            start, end = layout.span(keys)
            if isinstance(value, Mapping) or not layout.is_block(parent):
                yield start, end, render_in_braces(value)
            else:
                yield start, end, to_yaml_scalar(value)


def _splice_items(layout: FileLayout, keys: Keys, items: list[Tree]) -> Iterator[_Splice]:
    """The edits that turn the list of versions at `keys` into `items`: no item is moved or deleted."""
    listed: Any = layout.tree
    for key in keys:
        listed = listed[key]
    places = {begin_key(item["beginDate"]): index for index, item in enumerate(listed)}
    if layout.is_anchored(keys):
        raise _NeedsRoundTrip
    before, new = 0, []
    for item in items:
        begin = item["beginDate"]
        index = places.get(begin_key(begin if isinstance(begin, str) else None))
        if index is None:
            new.append(item)
            continue
        yield from _insert_items(layout, (*keys, str(before)), new)
        before, new = index, []
        edits = {key: value for key, value in item.items() if key not in listed[index] or listed[index][key] != value}
        yield from _list_splices(layout, (*keys, str(index)), edits) if edits else ()
    yield from _insert_items(layout, (*keys, str(before)), new)


def _insert_items(layout: FileLayout, before: Keys, items: Sequence[Tree]) -> Iterator[_Splice]:
    """New items of a list, after the one at `before` and the comments that belong to it."""
    if not items:
        return
    if not layout.is_block(before[:-1]):
        end = layout.span(before)[1]
        yield end, end, "".join(f", {render_in_braces(item)}" for item in items)
        return
    line = layout.line_start(before)
    start = layout.text[line : layout.spans[before].key_start]
    # Its first key may be below the dash.
    if start.strip() != "-":
        raise _NeedsRoundTrip
    offset = _pass_comments(layout, layout.line_end(before), len(start) - len(start.lstrip()))
    lines = [line for item in items for line in render_item(item, start)]
    yield offset, offset, "".join(layout.line_break + line for line in lines)


def _insert_in_braces(layout: FileLayout, parent: Keys, key: str, value: Value | Tree | list[Tree]) -> _Splice:
    """A new key in braces: after the last one, on the same line."""
    start, end = layout.span((*parent, layout.members[parent][-1]))
    if start == end:
        raise _NeedsRoundTrip
    return end, end, f", {key}: {render_in_braces(value)}"


def _insert(layout: FileLayout, parent: Keys, key: str, value: Value | Tree | list[Tree]) -> _Splice:
    """The lines of a new key: after the keys that precede it in new files; a channel after all others."""
    if not layout.is_block(parent):
        return _insert_in_braces(layout, parent, key, value)
    members = layout.members[parent]
    ranks = {} if parent == _CHANNELS else _RANKS
    before = [member for member in members if ranks.get(member, _LAST) <= ranks.get(key, _LAST)]
    column = layout.column((*parent, members[0]))
    lines = list(render_member(key, value, " " * column, " " * layout.indent_step(parent)))
    if not before:
        offset = layout.line_start((*parent, members[0]))
        return offset, offset, "".join(line + layout.line_break for line in lines)
    offset = layout.line_end((*parent, before[-1]))
    if parent == _CHANNELS:
        offset = _pass_comments(layout, offset, column)
        lines = ["", *lines] if _has_gaps(layout) else lines
    return offset, offset, "".join(layout.line_break + line for line in lines)


def _pass_comments(layout: FileLayout, offset: int, column: int) -> int:
    """The end of the last comment after `offset` that still belongs to the channel above, as its indentation says."""
    comment = re.compile(rf"(?:\r\n|\r|\n) {{{column + 1},}}#[^\r\n]*")
    while found := comment.match(layout.text, offset):
        offset = found.end()
    return offset


def _has_gaps(layout: FileLayout) -> bool:
    """Whether there is an empty line before the last channel; yes for a file with one channel."""
    *others, last = layout.members[_CHANNELS]
    if not others:
        return True
    start, end = layout.line_end((*_CHANNELS, others[-1])), layout.line_start((*_CHANNELS, last))
    return any(not line.strip() for line in layout.text[start:end].splitlines()[1:])


def _splice(text: str, splices: Sequence[_Splice]) -> str:
    pieces: list[str] = []
    done = 0
    for start, end, new in sorted(splices, key=lambda splice: splice[0]):
        pieces += (text[done:start], new)
        done = end
    return "".join((*pieces, text[done:]))


_WIDEST = 4096


def change_tree(text: str, channels: Tree, step: int) -> str:
    """`text`, a valid channel file, with `channels` merged into its own: new keys added, values replaced.

    Where a value is an alias, only this place changes, not the anchor. Every mapping is indented by `step`.
    """
    # Imported here because hardly any change needs ruamel, which is slow to import.
    from ruamel.yaml import YAML  # noqa: PLC0415

    yaml = YAML()
    yaml.Resolver = _make_text_resolver()
    yaml.indent(mapping=step, sequence=4, offset=2)
    yaml.preserve_quotes = True
    yaml.width = _WIDEST
    tree = yaml.load(text.replace("\r\n", "\n"))
    _merge_tree(tree["channels"], channels)
    stream = StringIO()
    yaml.dump(tree, stream)
    changed = stream.getvalue()
    return changed.replace("\n", "\r\n") if "\r\n" in text else changed


def _make_text_resolver() -> type[VersionedResolver]:
    from ruamel.yaml.nodes import ScalarNode  # noqa: PLC0415 - see `change_tree`
    from ruamel.yaml.resolver import VersionedResolver  # noqa: PLC0415

    class TextResolver(VersionedResolver):
        """Reads every scalar as text, so that unchanged values keep their spelling: 1.50, 012, dates."""

        def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
            return self.DEFAULT_SCALAR_TAG if kind is ScalarNode else super().resolve(kind, value, implicit)

    return TextResolver


def _merge_tree(mapping: CommentedMap, tree: Tree) -> None:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            mapping[key] = _own(mapping.get(key))
            _merge_tree(mapping[key], value)
        elif isinstance(value, list):
            # The comments of a list that is there would be lost.
            if key in mapping:
                raise UnsafeEdit
            mapping[key] = [_own(None) for _ in value]
            for own, item in zip(mapping[key], value, strict=True):
                _merge_tree(own, item)
        else:
            mapping[key] = _make_scalar(value)


def _own(mapping: object) -> CommentedMap:
    from ruamel.yaml.comments import CommentedMap  # noqa: PLC0415 - see `change_tree`

    if not isinstance(mapping, CommentedMap):
        return CommentedMap()
    return CommentedMap(mapping) if mapping.anchor.value else mapping


def _make_scalar(value: Value) -> str:
    if isinstance(value, str) and not is_plain(value):
        from ruamel.yaml.scalarstring import DoubleQuotedScalarString  # noqa: PLC0415 - see `change_tree`

        quoted: str = DoubleQuotedScalarString(value)
        return quoted
    return to_yaml_scalar(value)
