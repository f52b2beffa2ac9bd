"""Whether a changed file keeps everything that people wrote into it: comments, keys, empty lines, line breaks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import yaml

from reconciler.definitions.reader import SCANNER

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMENT = re.compile(r"#[^\r\n]*")
_BREAKS = re.compile(r"\r\n|\r|\n")
_EMPTY_LINE = re.compile(r"(?:\r\n|\r|\n)[ \t]*(?:\r\n|\r|\n)")
# A text over several lines may have a comment behind its indicator, and there alone.
_HEADER = re.compile(r"[|>][^\r\n#]*[ \t](#[^\r\n]*)")


_COMMENT_KIND = "comment"


class _Element(NamedTuple):
    """A comment, a key, or an empty line, in the order of the file."""

    kind: str
    text: str = ""


def preserves_content(before: str, after: str) -> bool:
    """Whether `after`, like `before` a sound file, says all that `before` does beside the values, in the same order.

    Keys and empty lines may have come in between; nothing else may.
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
            # The end of a text over several lines lies behind its last line break.
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
        # A comment behind a value is about that value: on a line of its own it would be about another.
        where = "" if before and not _BREAKS.search(before) else "\n"
        yield _Element(_COMMENT_KIND, where + found[0].rstrip())
        end = found.end()
    if _EMPTY_LINE.search(text, end):
        yield _Element("empty line")
