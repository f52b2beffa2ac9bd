"""Changes channel files: updates values, adds channels, and keeps everything else, including comments.

A change is made in place and keeps every other byte. Where it reaches behind an anchor, the file goes through ruamel
instead, which keeps not all spacing. Where a comment would be lost, or come elsewhere, the change is not made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from reconciler.definitions.close import parse_yaml
from reconciler.definitions.heads import read_header
from reconciler.definitions.keeping import preserves_content
from reconciler.definitions.outline import FileLayout
from reconciler.definitions.spelling import to_flow_scalar, to_yaml_scalar
from reconciler.definitions.writing import make_tree, render_member
from reconciler.model.fields import CHANNEL_FIELDS, IS_CALCULATED, VERSION, VERSION_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.definitions.problems import Keys
    from reconciler.definitions.writing import Tree
    from reconciler.model.channels import Desired
    from reconciler.model.values import Spec, Value

    # What stands in the place of the text from one offset up to another.
    _Splice: TypeAlias = tuple[int, int, str]

_CHANNELS = ("channels",)
_BYTE_ORDER_MARK = "\ufeff"
# The keys of a channel and of its version as new files have them; names of channels come after all there are.
_KEYS = (
    "select",
    "channelId",
    *(path for field in CHANNEL_FIELDS for path in (field.path, field.alias) if path),
    VERSION,
)
_VERSION_KEYS = (path.rpartition(".")[2] for field in VERSION_FIELDS for path in (field.path, field.alias) if path)
_RANKS = {key: rank for rank, key in enumerate((*_KEYS, *_VERSION_KEYS))}
_LAST = len(_RANKS)


class UnsafeEdit(Exception):
    """The change cannot be made without another one: of a comment, of another value, of what people wrote."""


class _NeedsRoundTrip(Exception):
    """The change reaches into what stands for several values at once."""


def append_channels(text: str, channels: Sequence[Desired]) -> str:
    """`text`, a sound channel file, with `channels` after its own; what its defaults say already is not repeated.

    Raises Unkept.
    """
    defaults = read_header(text).defaults
    return _change(
        text, {channel.name: make_tree(channel.select, _shorten(channel.spec, defaults)) for channel in channels}
    )


def update_channels(text: str, updates: Mapping[str, Spec]) -> str:
    """`text`, a sound channel file, with the values of `updates`, by channel and path, in place of its own.

    A value that only the defaults of the file gave is written under its channel. Raises Unkept.
    """
    return _change(text, {name: make_tree(None, spec) for name, spec in updates.items()})


def _shorten(spec: Spec, defaults: Spec) -> Spec:
    # isCalculated is always said: a default interval reaches channels that do not say it themselves.
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
        # Imported here, as hardly any file needs it.
        from reconciler.definitions.roundtrip import change_tree  # noqa: PLC0415

        changed = change_tree(body, channels, layout.indent_step(_CHANNELS))
    else:
        changed = _splice(body, splices)
    if not _says(changed, _merge(layout.tree, {"channels": channels})) or not preserves_content(body, changed):
        raise UnsafeEdit
    return text[: len(text) - len(body)] + changed


def _merge(tree: object, changes: Tree) -> dict[str, object]:
    """What the file is to say: `tree`, and in it the values of `changes`."""
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
        elif layout.is_anchored(keys):
            raise _NeedsRoundTrip
        else:
            start, end = layout.span(keys)
            if isinstance(value, Mapping) or not layout.is_block(parent):
                yield start, end, _render_in_braces(value)
            else:
                yield start, end, to_yaml_scalar(value)


def _insert_in_braces(layout: FileLayout, parent: Keys, key: str, value: Value | Tree) -> _Splice:
    """A new key within braces: behind the last one, on the same line."""
    start, end = layout.span((*parent, layout.members[parent][-1]))
    if start == end:
        raise _NeedsRoundTrip
    return end, end, f", {key}: {_render_in_braces(value)}"


def _render_in_braces(value: Value | Tree) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_render_in_braces(inner)}' for key, inner in value.items())}}}"
    return to_flow_scalar(value)


def _insert(layout: FileLayout, parent: Keys, key: str, value: Value | Tree) -> _Splice:
    """The lines of a new key: after those that come before it in a new file, of channels after all."""
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
    """Whether an empty line stands before the last channel; a file with one channel is taken to want them."""
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
