"""Blanks around what a cell of a file holds: they are never meant."""

from __future__ import annotations

# Beside the blanks of Unicode: marks that have no width, which web pages and spreadsheets leave at the ends of cells.
_NO_WIDTH = "\ufeff\u200b\u200e\u200f\u2060"


def trim(text: str) -> str:
    """`text` without the blanks and the marks without width at its ends."""
    own = text.strip()
    while own and (own[0] in _NO_WIDTH or own[-1] in _NO_WIDTH):
        own = own.strip(_NO_WIDTH).strip()
    return own
