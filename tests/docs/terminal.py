"""What a command prints, with its colours, as a picture of a terminal."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE, _COLUMN, _MARGIN, _TOP = 19, 8.0, 20, 44
_CODE = re.compile(r"\x1b\[([\d;]*)m")
# By the numbers of ECMA-48, "Select Graphic Rendition".
_LOOKS = {
    "1": "font-weight:700",
    "2": "fill:#8b949e",
    "31": "fill:#ff7b72",
    "32": "fill:#7ee787",
    "33": "fill:#e3b341",
    "34": "fill:#79c0ff",
    "35": "fill:#d2a8ff",
    "36": "fill:#56d4dd",
}


def draw_terminal(title: str, painted: str) -> str:
    """An SVG of `painted`, a text with escape sequences for its colours, in a window called `title`."""
    lines = painted.rstrip("\n").split("\n")
    width = round(max(len(_CODE.sub("", line)) for line in lines) * _COLUMN + 2 * _MARGIN)
    height = _TOP + len(lines) * _LINE + _MARGIN
    texts = (
        f'<text x="{_MARGIN}" y="{_TOP + (number + 1) * _LINE - 5}">{_draw_line(line)}</text>\n'
        for number, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">\n'
        f"<title>{escape(title)}</title>\n"
        "<style>text{font:13.3px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
        "fill:#e6edf3;white-space:pre}</style>\n"
        f'<rect width="{width}" height="{height}" rx="10" fill="#0d1117"/>\n'
        '<g fill="#484f58"><circle cx="24" cy="22" r="6"/><circle cx="44" cy="22" r="6"/>'
        '<circle cx="64" cy="22" r="6"/></g>\n'
        f"{''.join(texts)}</svg>\n"
    )


def _draw_line(line: str) -> str:
    return "".join(
        f'<tspan style="{";".join(looks)}">{escape(text)}</tspan>' if looks else escape(text)
        for text, looks in _split(line)
        if text
    )


def _split(line: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The pieces of `line`, each with its looks."""
    looks: tuple[str, ...] = ()
    text, *rest = _CODE.split(line)
    yield text, looks
    for codes, piece in zip(rest[::2], rest[1::2], strict=True):
        looks = () if codes in ("", "0") else (*looks, *(_LOOKS[code] for code in codes.split(";")))
        yield piece, looks
