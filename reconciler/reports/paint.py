"""The kinds of text that a reader tells apart, and what lends them a colour."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TypeAlias


class Style(Enum):
    """What a piece of text is; how it looks is for `cli` to say. Never the only sign: a word stands beside it."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    UPDATE = "update"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    UNCHANGED = "unchanged"
    DONE = "done"
    STALE = "stale"
    FAILED = "failed"
    NOT_TRIED = "not tried"
    HEADING = "heading"
    NAME = "name"
    PATH = "path"
    BEFORE = "before"
    AFTER = "after"
    RISK = "risk"
    PLACE = "place"
    CODE = "code"
    CARET = "caret"
    FIX = "fix"
    FAINT = "faint"
    PLAIN = "plain"


Styler: TypeAlias = Callable[[str, Style], str]


def no_style(text: str, _style: Style) -> str:
    """`text` as it is: the styler of files, pipes and `--color never`."""
    return text
