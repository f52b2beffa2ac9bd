"""The fast reader, for files that have only mappings and one-line values: one regular expression."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from typing import TypeAlias

    from reconciler.definitions.scalars import PlainScalars

    Lines: TypeAlias = dict[str, dict[str, int]]


# The mappings whose keys are names: findings without a more precise place show the line of the name.
NAMING = ("channels", "feeds")
MAX_DEPTH = 20


class ParsedValues(Struct, frozen=True):
    """The values of a file, and the line of each name under `channels` and `feeds`, counted from 1."""

    tree: object
    lines: Lines


# All lines are split at once, each into several texts, which takes too much memory for larger files.
_MAX_LINES = 100_000
# Each of these patterns takes time in proportion to the text, whatever it contains.
_START = re.compile(r"(?: *(?:#.*)?\n)*+--- *\n")
_COMMENT = r"(?: +#.*)? *"
# Does not begin with an indicator, nor contain ": " or " #", which would end it.
_TEXT = r"-?[\w(.](?:[^:#\n]*[^:# \n])?"
# Key with its indent, then text, or text in double quotes, or anything else; or a line without a key.
_LINE = re.compile(
    rf"^(?:( *\w[\w.-]{{0,99}}):(?: +(?:({_TEXT})|\"([^\"\\\n]+)\"|([^ #\n].*)))?{_COMMENT}|(.*))$", re.MULTILINE
)
# Text in double quotes that is not empty already matches above.
_QUOTED = re.compile(rf"(?:\"\"|'([^']*)'){_COMMENT}")
_TIME = re.compile(rf"(\d[\dT:.+-]*\d){_COMMENT}", re.ASCII)
_PAIR = r"([A-Za-z]\w{0,99}): +([\w.](?:[\w.-]*\w)?|\"[^\"\\{}]*\"|'[^'{}]*')"
_PAIRS = re.compile(_PAIR)
_FLOW = re.compile(rf"\{{ *{_PAIR}(?:, +{_PAIR})* *\}}{_COMMENT}")


class _NeedsFullReader(Exception):
    """The file is empty, or has a line whose meaning depends on others."""


def try_fast_parse(text: str, scalars: PlainScalars) -> ParsedValues | None:
    """The values in `text`; None if it has more than plain lines, or anything wrong."""
    if text.count("\n") > _MAX_LINES or not text.replace("\n", "").isprintable():
        return None
    start = _START.match(text)
    above, end = (start[0].count("\n"), start.end()) if start else (0, 0)
    try:
        return _FastReader(scalars).read(text[end:], above)
    except (_NeedsFullReader, ValueError):
        return None


class _KeyIndents(dict[str, tuple[int, str]]):
    """The indent of each key, and the key itself: as one object, however many channels have it."""

    def __missing__(self, head: str) -> tuple[int, str]:
        key = head.lstrip(" ")
        self[head] = found = (len(head) - len(key), key)
        return found


class _FastReader:
    """Builds the values of one file from its lines; `_levels` are the open mappings with their indents."""

    __slots__ = ("_levels", "_lines", "_names", "_scalars", "_tree")

    def __init__(self, scalars: PlainScalars) -> None:
        self._scalars = scalars
        self._tree: dict[str, object] = {}
        self._levels = [(0, self._tree)]
        self._lines: Lines = {}
        self._names: dict[str, int] = {}

    def read(self, text: str, above: int) -> ParsedValues:
        """The values in the lines of `text`, which have `above` lines before them in the file."""
        heads, levels, scalars = _KeyIndents(), self._levels, self._scalars
        indent, mapping = levels[-1]
        opening = ""
        for number, (head, value, quoted, other, rest) in enumerate(_LINE.findall(text), above + 1):
            if not head:
                _check_ignorable(rest)
                continue
            spaces, key = heads[head]
            if opening or spaces != indent:
                indent, mapping = self._open(opening, spaces) if opening else self._close(spaces)
            if key in mapping:
                raise _NeedsFullReader
            if len(levels) == 2:
                self._names[key] = number
            mapping[key] = scalars[value] if value else quoted or self._read_other(other)
            opening = "" if value or quoted or other else key
        if opening or not self._tree:
            raise _NeedsFullReader
        return ParsedValues(self._tree, self._lines)

    def _open(self, key: str, indent: int) -> tuple[int, dict[str, object]]:
        """The new mapping under `key`, which begins with a line that is indented further."""
        levels = self._levels
        outer, mapping = levels[-1]
        # One level is left for a mapping on one line.
        if indent <= outer or len(levels) == MAX_DEPTH - 1:
            raise _NeedsFullReader
        inner: dict[str, object] = {}
        if len(levels) == 1:
            self._names = self._lines.setdefault(key, {}) if key in NAMING else {}
        mapping[key] = inner
        levels.append((indent, inner))
        return levels[-1]

    def _close(self, indent: int) -> tuple[int, dict[str, object]]:
        """The mapping with this indent, which continues after those inside it."""
        levels = self._levels
        while indent < levels[-1][0]:
            levels.pop()
        if levels[-1][0] != indent:
            raise _NeedsFullReader
        return levels[-1]

    def _read_other(self, text: str) -> object:
        """The value `text`: in quotes, a time, or a mapping on one line; None if it is empty."""
        if not text:
            return None
        if match := _QUOTED.fullmatch(text):
            return match[1] or ""
        if match := _TIME.fullmatch(text):
            return self._scalars[match[1]]
        # Not at the top level: the keys in it may be names, whose lines would be missing.
        if len(self._levels) > 1 and _FLOW.fullmatch(text):
            pairs = _PAIRS.findall(text.partition("}")[0])
            mapping = {key: value[1:-1] if value[0] in "\"'" else self._scalars[value] for key, value in pairs}
            if len(mapping) == len(pairs):
                return mapping
        raise _NeedsFullReader


def _check_ignorable(line: str) -> None:
    if line.lstrip(" ")[:1] not in ("", "#"):
        raise _NeedsFullReader
