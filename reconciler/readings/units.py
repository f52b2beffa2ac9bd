"""What the header of the values says about them: their unit, or a factor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.model.units import find_measure, fold

if TYPE_CHECKING:
    from collections.abc import Iterator

_BRACKETED = re.compile(r"[\[(]([^\[\]()]{1,30})[\])]")
_WORDS = re.compile(r"[\s_:,;|]+")
_RUN_ON = re.compile(r"(?<=[a-z])(?:[kKMGT]?W[hH]|[km]wh)$")
_FACTOR = re.compile(
    r"(?:(?<![a-z])x|[\xd7*])\s*1(?:0+(?:\^\d)?|(?:[ ,.']000)+)(?![\w.])|(?<![\w.,])'?000s?\b"
    r"|\b(?:1[ ,.']?000s|thousands?|millions?|tausend|milliers?)\b",
    re.IGNORECASE,
)


def find_unit(header: str) -> str | None:
    """The unit that the header of a column names, as in  Energy [MWh],  kWh (kWh)  or  value_kwh;  None for none."""
    return next((text for text in _list_units(header) if find_measure(text)), None)


def _list_units(header: str) -> Iterator[str]:
    yield from (text.strip() for text in reversed(_BRACKETED.findall(header)))
    bare = _BRACKETED.sub(" ", header).strip()
    words = _WORDS.split(bare)[::-1]
    # A letter alone is mostly no unit.
    yield from (text for text in (bare, *words) if len(fold(text)) > 1)
    yield from (unit for word in words if (unit := _cut_off(word)))


def _cut_off(word: str) -> str:
    """The unit that a word ends in, as in  Energie/kWh  or  totalMWh;  "" for none."""
    quantity, slash, unit = word.partition("/")
    if slash and not find_measure(quantity):
        return unit if len(fold(unit)) > 1 else ""
    match = _RUN_ON.search(word)
    return match[0] if match else ""


def find_factor(header: str) -> str:
    """What the header of the values says they are to be multiplied by, as in  kWh (x1000);  "" for nothing."""
    match = _FACTOR.search(header)
    return match[0] if match else ""
