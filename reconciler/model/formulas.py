"""Formulas as tokens: which channels they use, and whether two of them are the same but for spacing.

The full grammar is not published, so nothing here decides whether a formula is valid; the service's validate call does.
Source: the vendor's page "formula": a channel is referenced as channel(<channelId>).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

_REFERENCE = r"(?i)\bchannel\s*\(\s*([^()\s]+)\s*\)"
_PIECE = r"""(?ix)
        (?P<reference>\bchannel\s*\(\s*(?P<target>[^()\s]+)\s*\))
      | (?P<text>"[^"]*"|'[^']*')
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<word>[^\W\d]\w*)
      | (?P<sign><=|>=|<>|!=|==|&&|\|\||\S)
"""


class FormulaVerdict(Struct, frozen=True):
    """Why the service rejects a formula, empty if it is valid; `unasked` says why the service could not be asked."""

    reasons: tuple[str, ...] = ()
    unasked: str = ""


def find_references(formula: str) -> tuple[str, ...]:
    """The text in each `channel(…)` of `formula`, in order of appearance, each once."""
    return tuple(dict.fromkeys(re.findall(_REFERENCE, formula)))


def find_written(formula: str, reference: str) -> str:
    """The first `channel(…)` of `formula` with `reference`, in its own spacing and case; "" if there is none."""
    return _list_written(formula).get(reference, "")


# A formula may have thousands of references, and callers ask for each.
@lru_cache(maxsize=16)
def _list_written(formula: str) -> dict[str, str]:
    written: dict[str, str] = {}
    for match in re.finditer(_REFERENCE, formula):
        written.setdefault(match.group(1), match.group())
    return written


def rename_references(formula: str, rename: Callable[[str], str]) -> str:
    """`formula` with the text in each `channel(…)` renamed, and everything else unchanged, even spacing."""
    return re.sub(_REFERENCE, lambda match: f"channel({rename(match.group(1))})", formula)


# Several rules check the same formula one after the other.
@lru_cache(maxsize=16)
def tokenize(formula: str) -> tuple[str, ...]:
    """The tokens of `formula`, without the spacing between them; a reference is one token, `channel(42)`."""
    return tuple(
        f"channel({match['target']})" if match["reference"] else match.group() for match in re.finditer(_PIECE, formula)
    )


def is_same_formula(one: str, other: str) -> bool:
    """Whether two formulas differ in nothing but spacing."""
    return one == other or tokenize(one) == tokenize(other)
