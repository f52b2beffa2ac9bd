"""The text of one file, the location of each key and value, and excerpts without secrets."""

from __future__ import annotations

import codecs
import re
from array import array
from bisect import bisect_right
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.definitions.fast_reader import CONTROL, decode
from reconciler.definitions.file_problems import AS_WRITTEN, FileProblem, Keys
from reconciler.masking import KEYS, blot_likely
from reconciler.model.findings import Location
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.findings import Finding


# How many lines above a line are searched for the key of a secret that continues in it.
LINES_ABOVE = 200

_NAMES = r"[\w.-]*(?:key|token|password|passwd|pwd|secret|credential)[\w-]*[\"']?"
# A key of the file that names a secret, or an address that holds one.
_SECRET = re.compile(rf"(?i)(?<![\w.-])(?!apiKeyEnv\b){_NAMES}\s*[:=]|\burl\b.*[@?]")
# The same with its value on the lines below.
_OPEN = re.compile(rf"(?i)(?<![\w.-]){_NAMES}\s*:\s*(?:[|>&!]\S*(?:\s+|$))*(?:#.*)?$")
# The value of apiKeyEnv is shown only if it looks like the name of a variable: somebody may have put the key there.
_VARIABLE = re.compile(r"\bapiKeyEnv\b")
_SHOWN = re.compile(
    r"""\bapiKeyEnv["']?\s*:\s*["']?(?:ECI_[A-Z0-9_]+|[A-Z]+(?:_[A-Z]+)+|[a-z]+(?:_[a-z]+)+)["']?\s*(?=[,}#]|$)"""
)


def redact_line(line: str, above: Sequence[str]) -> str:
    """`line` without anything that may be a secret: "" if it names one, asterisks for what looks like a key.

    `above` are the lines before it, the nearest first: a secret may begin on one of them.
    """
    if _SECRET.search(line) or (_VARIABLE.search(line) and not _SHOWN.search(line)) or _is_in_secret(line, above):
        return ""
    return blot_likely(KEYS.blot(line))


def _is_in_secret(line: str, above: Sequence[str]) -> bool:
    """Whether `line` is, or is within, the value of a key that names a secret."""
    indent, is_nearest = _indent_of(line), True
    for before in above:
        if not before.strip():
            continue
        if (is_nearest or _indent_of(before) < indent) and _OPEN.search(before):
            return True
        indent, is_nearest = min(indent, _indent_of(before)), False
        if indent == 0:
            return False
    return False


def _indent_of(line: str) -> int:
    return len(line) - len(line.lstrip())


_LINE_BREAK = re.compile(r"\r\n|\r|\n")
# A longer line was not written by hand, and would fill the report.
_LONGEST_EXCERPT = 1000


class Span(Struct, frozen=True):
    """The offsets of a value and of its key in the text of the file; equal if the value has no key."""

    key_start: int
    key_end: int
    start: int
    end: int
    is_block: bool = False

    @property
    def shown(self) -> tuple[int, int]:
        """What to underline: the value, or the key of a multi-line mapping or list."""
        return (self.key_start, self.key_end) if self.is_block else (self.start, self.end)


class Document(Struct):
    """One file as it was read: its text, its values as JSON's types, and what was found wrong with it as YAML.

    `is_read` says whether the file could be read to its end, and so has a `tree`. `spans` has the offsets of each key
    and value. `refused` are the keys whose value could not be read: they get no further findings.
    """

    file: str
    text: str
    tree: object = None
    is_read: bool = False
    findings: list[Finding] = field(default_factory=list)
    spans: dict[Keys, Span] = field(default_factory=dict)
    refused: set[Keys] = field(default_factory=set)
    _starts: array[int] = field(default_factory=lambda: array("Q"))

    def location_at(self, start: int, end: int, keys: Keys = ()) -> Location:
        """The location from offset `start` to `end`, or to the end of the line if that comes first."""
        line = self._line_of(start)
        first, last = self._starts[line], self._end_of(line)
        excerpt = self._excerpt(line)
        length = max(min(end, last) - start, 0) if excerpt else 0
        return Location(self.file, line + 1, start - first + 1, keys, length, excerpt)

    def location(self, keys: Keys, *, at_key: bool = False) -> Location:
        """The location of the value at `keys`, or of its key; if it does not exist, of the nearest key above it."""
        for known in _upwards(keys):
            span = self.spans.get(known)
            if span is not None:
                at_key = at_key or (len(known) < len(keys))
                start, end = (span.key_start, span.key_end) if at_key else span.shown
                return self.location_at(start, end, keys)
        return Location(self.file, line=1, column=1, path=keys)

    def line_of(self, keys: Keys) -> int:
        """The line of the key at `keys`, counted from 1."""
        return self._line_of(self.spans[keys].key_start) + 1

    def report(self, problem: FileProblem) -> None:
        """Add `problem` as a finding at its location."""
        location = self.location(problem.keys, at_key=problem.at_key)
        span = self.spans.get(problem.keys)
        fix = problem.fix.replace(AS_WRITTEN, self.text[span.start : span.end] if span else "…")
        self.findings.append(make_finding(problem.code, problem.message, location, fix=fix, detail=problem.detail))

    def _line_of(self, offset: int) -> int:
        if not self._starts:
            self._starts.append(0)
            self._starts.extend(match.end() for match in _LINE_BREAK.finditer(self.text))
        return bisect_right(self._starts, offset) - 1

    def _end_of(self, line: int) -> int:
        if line + 1 == len(self._starts):
            return len(self.text)
        following = self._starts[line + 1]
        return following - (2 if self.text[following - 2 : following] == "\r\n" else 1)

    def _excerpt(self, line: int) -> str:
        if self._end_of(line) - self._starts[line] > _LONGEST_EXCERPT:
            return ""
        above = [self._show(before) for before in range(line - 1, max(line - LINES_ABOVE, 0) - 1, -1)]
        return redact_line(self._show(line), above)

    def _show(self, line: int) -> str:
        return self.text[self._starts[line] : min(self._end_of(line), self._starts[line] + _LONGEST_EXCERPT)]


def _upwards(keys: Keys) -> Iterator[Keys]:
    for length in range(len(keys), -1, -1):
        yield keys[:length]


# More findings of a kind would only take memory: a file of 5 MiB may consist of tabs.
MAX_FOUND = 500

# Byte order marks; UTF-32 first, because its mark begins with that of UTF-16.
WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


class EncodingError(Struct, frozen=True):
    """Something that YAML does not allow in the bytes of a file; without an `offset`, the whole file is meant."""

    code: str
    message: str
    offset: int | None = None


def decode_source(data: bytes) -> tuple[str, tuple[EncodingError, ...]]:
    """`data` as text, and everything in it that YAML does not allow; if it is not UTF-8, the rest has � in it."""
    for mark, name in WIDE_MARKS:
        if data.startswith(mark):
            return "", (EncodingError("ESA104", f"the file is not UTF-8, found {name}"),)
    try:
        text = decode(data)
    except UnicodeDecodeError as error:
        return _read_undecodable(error)
    return text, (*islice(_find_controls(text), MAX_FOUND), *islice(_find_tabs(text), MAX_FOUND))


def _read_undecodable(error: UnicodeDecodeError) -> tuple[str, tuple[EncodingError, ...]]:
    data = error.object
    before = data[: error.start].decode()
    text = before + data[error.start :].decode(errors="replace")
    return text, (
        EncodingError("ESA104", f"the file is not UTF-8, found the byte 0x{data[error.start]:02X}", len(before)),
    )


def _find_controls(text: str) -> Iterator[EncodingError]:
    for match in re.finditer(CONTROL, text):
        yield EncodingError(
            "ESA105", f"control characters are not allowed, found U+{ord(match.group()):04X}", match.start()
        )


def _find_tabs(text: str) -> Iterator[EncodingError]:
    """The first tab of each line."""
    offset = text.find("\t")
    while offset >= 0:
        yield EncodingError("ESA106", "tabs are not allowed", offset)
        line_end = text.find("\n", offset)
        offset = text.find("\t", line_end) if line_end >= 0 else -1
