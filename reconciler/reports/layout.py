"""Lines of at most 80 columns out of pieces that are never broken."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from reconciler.reports.excerpt import display_width
from reconciler.reports.harmless import escape_text
from reconciler.reports.paint import Style

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.reports.paint import Styler

WIDTH = 80

# Spans of text, each in its style, that stay on one line.
Chunk: TypeAlias = tuple[tuple[str, Style], ...]

_WORD = re.compile(r'(?:"[^"]*"|\S)+')


def chunk(text: str, style: Style = Style.PLAIN) -> Chunk:
    """`text` as one piece."""
    return ((text, style),)


def split_words(text: str, style: Style = Style.PLAIN) -> tuple[Chunk, ...]:
    """`text` from a file or the service as pieces, harmless: its words, with what is quoted kept whole.

    What follows two spaces is something to copy (`write  observationRule: Trip`), and is kept whole up to the next two.
    """
    pieces: list[Chunk] = []
    for index, part in enumerate(escape_text(text).split("  ")):
        words = [f" {part}"] if index % 2 else _WORD.findall(part)
        pieces += [chunk(word, style) for word in words]
    return tuple(pieces)


def wrap(
    pieces: Iterable[Chunk], styler: Styler, *, indent: int, hang: int | None = None, gap: str = " "
) -> Iterator[str]:
    """Lines made of `pieces` with `gap` between two; the second and later lines are indented by `hang`.

    A piece wider than a line has a line of its own, and is never cut.
    """
    margin, width = indent, indent
    line: list[tuple[str, Style]] = []
    for spans in pieces:
        size = sum(display_width(text) for text, _ in spans)
        if line and width + len(gap) + size > WIDTH:
            yield " " * margin + _style_line(line, styler)
            margin = indent if hang is None else hang
            line, width = [], margin
        if line:
            line.append((gap, line[-1][1] if line[-1][1] is spans[0][1] else Style.PLAIN))
            width += len(gap)
        line += spans
        width += size
    if line:
        yield " " * margin + _style_line(line, styler)


def _style_line(spans: Sequence[tuple[str, Style]], styler: Styler) -> str:
    runs = ((style, "".join(text for text, _ in run)) for style, run in groupby(spans, key=lambda span: span[1]))
    return "".join(text if style is Style.PLAIN else styler(text, style) for style, text in runs)
