"""JSON read value by value from a text that may be longer than the memory."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, NoReturn

from reconciler.readings.flaws import BrokenFile, quote
from reconciler.strict_json import is_too_deep

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

# A year of readings every five minutes has half of that.
LONGEST_GROUP = 2**24
_CHUNK = 2**18
# Of the words and signs that may be cut in two at the end of what was read: -Infinity, a character as \\uXXXX.
_LONGEST_WORD = 16
# What a number goes on with, and the end of what was read: the value may be longer than it seems.
_MAY_FOLLOW = frozenset(("", *"0123456789.eE+-"))
_SPACE = re.compile(r"[ \t\r\n]*")
_TOO_DEEP = "it is nested too deeply"
_FIX = "correct the JSON; a JSON array has commas between its groups and one ] at its end"


def decode(text: str) -> object:
    """The one value of JSON that `text` is. Raises ValueError, with what is wrong as its message."""
    if is_too_deep(text):
        raise ValueError(_TOO_DEEP)
    value, end = decode_first(text, 0)
    if skip(text, end) != len(text):
        raise ValueError("there is more after the value")
    return value


def decode_first(text: str, start: int) -> tuple[object, int]:
    """The value of JSON that `text` has from `start` on, and where it ends. Raises ValueError."""
    try:
        value: object
        value, end = _DECODER.raw_decode(text, skip(text, start))
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    return value, end


def read_elements(text: io.TextIOBase) -> Iterator[tuple[int, str, object]]:
    """Each element of the JSON array that `text` is: the line it begins in, its own text, and its value.

    Raises BrokenFile where it is no such array, or where an element is longer than LONGEST_GROUP characters.
    """
    window = _Window(text)
    window.expect("[")
    if window.peek() == "]":
        window.expect("]")
        return window.expect_end()
    while True:
        yield window.take()
        if window.peek() == ",":
            window.expect(",")
        else:
            window.expect("]")
            return window.expect_end()


class _Window:
    """The part of a text that is being looked at."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self._held = ""
        self._start = 0
        self._line = 1

    def peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            self._advance(skip(self._held, self._start))
            if self._start < len(self._held):
                return self._held[self._start]
            if not self._read(_CHUNK):
                return ""

    def expect(self, character: str) -> None:
        found = self.peek()
        if found != character:
            what = f"found {quote(found)}" if found else "found its end"
            raise BrokenFile(f"the file is not a complete JSON array, {what} instead of {character}", self._line, _FIX)
        self._advance(self._start + 1)

    def expect_end(self) -> None:
        if self.peek():
            raise BrokenFile("the file is no JSON array alone, found more after its end", self._line, _FIX)

    def take(self) -> tuple[int, str, object]:
        """The value that begins here, with its line and text. What is read grows twofold: each part is read twice."""
        if not self.peek():
            self.expect("]")
        while True:
            length = len(self._held) - self._start
            try:
                value, end = decode_first(self._held, self._start)
            except ValueError as flaw:
                if length > LONGEST_GROUP:
                    what = f"a group is longer than {LONGEST_GROUP:,} characters"
                    raise BrokenFile(what, self._line, "split the group in two") from None
                if is_too_deep(self._held[self._start :]):
                    self._refuse(ValueError(_TOO_DEEP))
                if not _may_go_on(flaw, self._held) or not self._read(max(_CHUNK, length)):
                    self._refuse(flaw)
            else:
                if self._held[end : end + 1] not in _MAY_FOLLOW or not self._read(_CHUNK):
                    return self._cut(value, end)

    def _cut(self, value: object, end: int) -> tuple[int, str, object]:
        line, own = self._line, self._held[self._start : end]
        if is_too_deep(own):
            self._refuse(ValueError(_TOO_DEEP))
        self._advance(end)
        return line, own, value

    def _refuse(self, flaw: ValueError) -> NoReturn:
        line, fix = self._line, "correct this group"
        if isinstance(flaw, json.JSONDecodeError):
            line, fix = line + self._held.count("\n", self._start, flaw.pos), _FIX
        raise BrokenFile(f"the file is not complete JSON: {describe(flaw)}", line, fix) from None

    def _advance(self, end: int) -> None:
        self._line += self._held.count("\n", self._start, end)
        self._start = end

    def _read(self, size: int) -> bool:
        more = self._text.read(size)
        self._held = self._held[self._start :] + more
        self._start = 0
        return bool(more)


def describe(flaw: ValueError) -> str:
    """What is wrong with JSON, in words that follow a colon."""
    if isinstance(flaw, json.JSONDecodeError):
        return f"{flaw.msg[:1].lower()}{flaw.msg[1:]}"
    return str(flaw)


def _may_go_on(flaw: ValueError, held: str) -> bool:
    """Whether a value may only seem to be broken because it goes on after `held`."""
    if not isinstance(flaw, json.JSONDecodeError):
        return False
    return flaw.msg.startswith("Unterminated string") or flaw.pos >= len(held) - _LONGEST_WORD


def skip(text: str, start: int) -> int:
    """Where the spaces end that `text` has from `start` on."""
    match = _SPACE.match(text, start)
    return match.end() if match else start


def _parse_whole(text: str) -> int | float:
    # A longer one is beyond all bounds of this tool, and slow to read as a whole number.
    return int(text) if len(text) <= 400 else float(text)


def _unite(pairs: list[tuple[str, object]]) -> dict[str, object]:
    united = dict(pairs)
    if len(united) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise ValueError(f"the name {json.dumps(twice[:60])} stands twice in one object")
    return united


_DECODER = json.JSONDecoder(parse_int=_parse_whole, object_pairs_hook=_unite)
