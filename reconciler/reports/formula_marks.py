"""Two formulas side by side: which pieces only one of them has."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, TypeAlias

from reconciler.masking import KEYS
from reconciler.model.formulas import tokenize

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a formula; `is_changed` where the other formula does not have it."""

    text: str
    is_changed: bool = False


Pieces: TypeAlias = tuple[Piece, ...]


def mark_changes(before: str, after: str) -> tuple[Pieces, Pieces]:
    """`before` and `after` in pieces, compared token by token; joined, the pieces are the formula as it was written.

    Spacing is no change, and belongs to the token that it follows.
    """
    # Here, for a key would be cut into tokens.
    before, after = KEYS.hide(before), KEYS.hide(after)
    one, other = _slice(before), _slice(after)
    matcher = SequenceMatcher(None, tokenize(before), tokenize(after), autojunk=False)
    before_pieces: list[Piece] = []
    after_pieces: list[Piece] = []
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        is_changed = tag != "equal"
        before_pieces += _join(one[start:end], is_changed=is_changed)
        after_pieces += _join(other[other_start:other_end], is_changed=is_changed)
    return tuple(before_pieces), tuple(after_pieces)


def _join(slices: Sequence[str], *, is_changed: bool) -> Pieces:
    """One piece, and one for the spacing after it, which is never marked."""
    text = "".join(slices)
    kept = text.rstrip() if is_changed else text
    pieces = (Piece(kept, is_changed), Piece(text[len(kept) :]))
    return tuple(piece for piece in pieces if piece.text)


def _slice(formula: str) -> list[str]:
    """`formula` cut where its tokens begin. Tokens hold all that is not spacing, in order."""
    slices: list[str] = []
    start = 0
    for token in tokenize(formula):
        end = _skip(formula, start, len("".join(token.split())))
        slices.append(formula[start:end])
        start = end
    return slices


def _skip(formula: str, start: int, length: int) -> int:
    """Where `length` characters that are no spacing, and the spacing around them, have gone by."""
    end = start
    while end < len(formula) and (length > 0 or formula[end].isspace()):
        length -= not formula[end].isspace()
        end += 1
    return end
