"""Formulas as tokens: which channels they use, and whether two of them are the same but for spacing.

The full grammar is not published, so nothing here judges whether a formula is valid; the service's validate call does.
Source: the vendor's page "formula": a channel is referenced as channel(<channelId>).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

_REFERENCE = re.compile(r"\bchannel\s*\(\s*([^()\s]+)\s*\)", re.IGNORECASE)
_TOKEN = re.compile(
    r"""(?P<reference>\bchannel\s*\(\s*(?P<target>[^()\s]+)\s*\))
      | (?P<text>"[^"]*"|'[^']*')
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<word>[^\W\d]\w*)
      | (?P<sign><=|>=|<>|!=|==|&&|\|\||\S)""",
    re.IGNORECASE | re.VERBOSE,
)


class FormulaVerdict(Struct, frozen=True):
    """What the service has against a formula, empty where it is valid; `unasked` says why it could not be asked."""

    reasons: tuple[str, ...] = ()
    unasked: str = ""


def find_references(formula: str) -> tuple[str, ...]:
    """What stands in each `channel(…)` of `formula`, in order of appearance, each once."""
    return tuple(dict.fromkeys(_REFERENCE.findall(formula)))


def find_written(formula: str, reference: str) -> str:
    """The first `channel(…)` of `formula` that holds `reference`, spacing and case as written; "" where none does."""
    return _list_written(formula).get(reference, "")


# One formula may hold thousands of references, each of which is asked for.
@lru_cache(maxsize=16)
def _list_written(formula: str) -> dict[str, str]:
    written: dict[str, str] = {}
    for match in _REFERENCE.finditer(formula):
        written.setdefault(match.group(1), match.group())
    return written


def rename_references(formula: str, rename: Callable[[str], str]) -> str:
    """`formula` with what stands in each `channel(…)` renamed and all else kept, spacing included."""
    return _REFERENCE.sub(lambda match: f"channel({rename(match.group(1))})", formula)


# Several rules in a row look at one formula.
@lru_cache(maxsize=16)
def tokenize(formula: str) -> tuple[str, ...]:
    """The tokens of `formula`, without the spacing between them; a reference is one token, `channel(42)`."""
    return tuple(
        f"channel({match['target']})" if match["reference"] else match.group() for match in _TOKEN.finditer(formula)
    )


def is_same_formula(one: str, other: str) -> bool:
    """Whether two formulas differ in nothing but spacing."""
    return one == other or tokenize(one) == tokenize(other)
