"""The line that a finding speaks of, with carets under the piece that is meant."""

from __future__ import annotations

import unicodedata
from itertools import accumulate

from reconciler.reports.harmless import escape_characters

_WINDOW = 100
_CONTEXT_BEFORE = 40
_TAB = "    "
_ELLIPSIS = "…"


def format_excerpt(line: str, column: int, length: int) -> tuple[str, str]:
    """`line` as a terminal shows it, and the carets for the line below.

    `column` counts characters from 1. Tabs become four spaces, what does not print is shown escaped, and of a line
    wider than 100 columns only a window around the column is kept, with `…` where it was cut.
    """
    caret = max(column - 1, 0)
    # No cell is narrower than nothing, so what is further off than a window never shows: a line may be of megabytes.
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
