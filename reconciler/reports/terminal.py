"""Text for a terminal: styles, lines of at most 80 columns, and source lines with carets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from enum import Enum
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, TypeAlias

from reconciler.reports.escaping import escape_characters, escape_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Style(Enum):
    """What a text is; `cli` decides how it looks. A style is never the only sign: a word says the same."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    CREATE = "create"
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
    """`text` unchanged: the styler for files, pipes and `--color never`."""
    return text


# The columns of a source line that are shown, and how many of them before the caret.
_WINDOW = 100
_CONTEXT_BEFORE = 40
_TAB = "    "
_ELLIPSIS = "…"


def format_excerpt(line: str, column: int, length: int) -> tuple[str, str]:
    """`line` as a terminal shows it, and the carets for the line below.

    `column` counts characters from 1. Tabs become four spaces, unprintable characters are escaped, and of a line
    wider than 100 columns only a window around the column is kept, with `…` where it was cut.
    """
    caret = max(column - 1, 0)
    # A line may have megabytes, so only what can be inside the window is escaped.
    offset = max(caret - _WINDOW, 0)
    piece = line[offset : caret + _WINDOW + 1]
    cells = [
        _TAB if character == "\t" else shown for character, shown in zip(piece, escape_characters(piece), strict=True)
    ]
    start, end = _find_window(cells, caret - offset)
    left = _ELLIPSIS if offset + start else ""
    right = _ELLIPSIS if offset + end < len(line) else ""
    before = left + "".join(cells[start : caret - offset])
    meant = cells[caret - offset : min(caret - offset + max(length, 1), end)]
    carets = " " * display_width(before) + "^" * max(display_width("".join(meant)), 1)
    return (left + "".join(cells[start:end]) + right).rstrip(), carets


def display_width(text: str) -> int:
    """How many columns of a terminal `text` takes: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _find_window(cells: list[str], caret: int) -> tuple[int, int]:
    widths = [display_width(cell) for cell in cells]
    if sum(widths) <= _WINDOW:
        return 0, len(cells)
    lead = sum(width <= _CONTEXT_BEFORE for width in accumulate(reversed(widths[:caret])))
    start = caret - lead
    return start, start + max(sum(width <= _WINDOW for width in accumulate(widths[start:])), lead + 1)


# Fixed, so that the same plan gives the same text at every terminal and in every log.
WIDTH = 80

# Styled texts that stay together on one line.
Chunk: TypeAlias = tuple[tuple[str, Style], ...]

# A quoted value is easier to find and to copy if no line ends inside it.
_WORD = r'(?:"[^"]*"|\S)+'


def chunk(text: str, style: Style = Style.PLAIN) -> Chunk:
    """`text` as one chunk."""
    return ((text, style),)


def split_words(text: str, style: Style = Style.PLAIN) -> tuple[Chunk, ...]:
    """`text` from a file or the service as escaped chunks: its words, with quoted texts kept together.

    What follows two spaces is code to copy (`write  observationRule: Trip`) and stays together up to the next two.
    """
    chunks: list[Chunk] = []
    for index, part in enumerate(escape_text(text).split("  ")):
        words = [f" {part}"] if index % 2 else re.findall(_WORD, part)
        chunks += [chunk(word, style) for word in words]
    return tuple(chunks)


def wrap(
    chunks: Iterable[Chunk], styler: Styler, *, indent: int, hang: int | None = None, gap: str = " "
) -> Iterator[str]:
    """Lines made of `chunks` with `gap` between two; the second and later lines are indented by `hang`.

    A chunk wider than a line has a line of its own, and is never cut.
    """
    margin, width = indent, indent
    line: list[tuple[str, Style]] = []
    for spans in chunks:
        size = sum(display_width(text) for text, _ in spans)
        if line and width + len(gap) + size > WIDTH:
            yield " " * margin + _style_line(line, styler)
            margin = indent if hang is None else hang
            line, width = [], margin
        if line:
            # The gap between two chunks of one style has that style too, so that colour codes are written once.
            line.append((gap, line[-1][1] if line[-1][1] is spans[0][1] else Style.PLAIN))
            width += len(gap)
        line += spans
        width += size
    if line:
        yield " " * margin + _style_line(line, styler)


def _style_line(spans: Sequence[tuple[str, Style]], styler: Styler) -> str:
    runs = ((style, "".join(text for text, _ in run)) for style, run in groupby(spans, key=lambda span: span[1]))
    return "".join(text if style is Style.PLAIN else styler(text, style) for style, text in runs)
