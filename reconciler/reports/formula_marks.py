"""Two formulas side by side: which pieces only one of them has."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from reconciler.masking import KEYS
from reconciler.model.formulas import tokenize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class FormulaPart(Struct, frozen=True):
    """A piece of a formula; `is_changed` where the other formula does not have it."""

    text: str
    is_changed: bool = False


FormulaParts: TypeAlias = tuple[FormulaPart, ...]
_TokenRange: TypeAlias = tuple[int, int]
# The time to find all pieces that two formulas share grows with the third power of their length. Of longer ones all
# between their common beginning and their common end counts as changed.
_MAX_COMPARED = 400


def mark_formula_changes(before: str, after: str) -> tuple[FormulaParts, FormulaParts]:
    """`before` and `after` in pieces, compared token by token; joined, the pieces are the formula as it was written.

    Spacing is no change, and belongs to the token that it follows.
    """
    # Here, for a key would be cut into tokens.
    before, after = KEYS.hide(before), KEYS.hide(after)
    one, other = _split_tokens(before), _split_tokens(after)
    before_pieces: list[FormulaPart] = []
    after_pieces: list[FormulaPart] = []
    for is_changed, (start, end), (other_start, other_end) in _compare_tokens(tokenize(before), tokenize(after)):
        before_pieces += _join_tokens(one[start:end], is_changed=is_changed)
        after_pieces += _join_tokens(other[other_start:other_end], is_changed=is_changed)
    return tuple(before_pieces), tuple(after_pieces)


def _compare_tokens(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[bool, _TokenRange, _TokenRange]]:
    """Runs of tokens side by side, and whether they differ."""
    if max(len(one), len(other)) <= _MAX_COMPARED:
        matcher = SequenceMatcher(None, one, other, autojunk=False)
        for tag, start, end, other_start, other_end in matcher.get_opcodes():
            yield tag != "equal", (start, end), (other_start, other_end)
        return
    same = _count_same(one, other)
    tail = min(_count_same(one[::-1], other[::-1]), len(one) - same, len(other) - same)
    end, other_end = len(one) - tail, len(other) - tail
    yield False, (0, same), (0, same)
    yield True, (same, end), (same, other_end)
    yield False, (end, len(one)), (other_end, len(other))


def _count_same(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _join_tokens(slices: Sequence[str], *, is_changed: bool) -> FormulaParts:
    """One piece, and one for the spacing after it, which is never marked."""
    text = "".join(slices)
    kept = text.rstrip() if is_changed else text
    pieces = (FormulaPart(kept, is_changed), FormulaPart(text[len(kept) :]))
    return tuple(piece for piece in pieces if piece.text)


def _split_tokens(formula: str) -> list[str]:
    """`formula` cut where its tokens begin. Tokens hold all that is not spacing, in order."""
    slices: list[str] = []
    start = 0
    for token in tokenize(formula):
        end = _token_end(formula, start, len("".join(token.split())))
        slices.append(formula[start:end])
        start = end
    return slices


def _token_end(formula: str, start: int, length: int) -> int:
    """Where `length` characters that are no spacing, and the spacing around them, have gone by."""
    end = start
    while end < len(formula) and (length > 0 or formula[end].isspace()):
        length -= not formula[end].isspace()
        end += 1
    return end
