"""Columns that are not used, but may say that a reading is no good one: what they hold is said."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from reconciler.readings.flaws import Flaw, quote
from reconciler.reports.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.readings.csv_rows import Block
    from reconciler.readings.layout import Layout

_WORDS = re.compile(
    r"error|err|fault|fehler|alarm|low ?alarm|high ?alarm|status|state|flag|flags|quality|qual|qc|qa|valid|validity"
    r"|validated|invalid|good|bad|ok|estimate|estimated|est|is ?estimated|substituted|imputed|interpolated|missing"
    r"|questionable|suspect|code|reason|event|events|exception|read ?type|reading ?type|gap|gaps|dst|suppressed|void"
    r"|provisional|preliminary|deleted"
)
# What a flag column says of a reading with which nothing is wrong.
_FINE = frozenset(("", "0", "0.0", "0x0", "0x00", "00", "ok", "good", "valid", "normal", "false", "no", "none"))
_SHOWN = 5
# Of each column; a flag has few.
_MOST_VALUES = 1000


def is_flag(header: str) -> bool:
    """Whether a column called `header` may say that a reading is no good one; one without a name may."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", header).casefold().split()
    pairs = [f"{first} {second}" for first, second in pairwise(words)]
    return not words or any(map(_WORDS.fullmatch, (*words, *pairs)))


class Flags:
    """What the flag columns of a file hold, value by value."""

    def __init__(self, layout: Layout | None) -> None:
        self._layout = layout
        self._counts: dict[int, Counter[str]] = {column: Counter() for column in (layout.flags if layout else ())}

    def add(self, block: Block) -> None:
        """Count the values of the rows of `block` that are as long as the header."""
        for column, counts in self._counts.items():
            if len(counts) < _MOST_VALUES:
                counts.update(block.list_cells(column))

    def tell(self) -> Iterator[Flaw]:
        """A flaw for each flag column that says more than that readings are fine."""
        for column, counts in self._counts.items():
            odd = Counter({text: number for text, number in counts.items() if text.strip().casefold() not in _FINE})
            if odd and self._layout is not None:
                yield _tell(self._layout.header[column].strip(), column, odd)


def _tell(header: str, column: int, odd: Counter[str]) -> Flaw:
    shown = ", ".join(f"{quote(text)} ({number:,})" for text, number in odd.most_common(_SHOWN))
    more = f", and {len(odd) - _SHOWN:,} more values" if len(odd) > _SHOWN else ""
    name = f"column {quote(header)}" if header else f"column {column + 1}, which has no name,"
    many = "at least " if len(odd) >= _MOST_VALUES else ""
    message = f"{name} is not used, but says something of {many}{count(odd.total(), 'reading')}: {shown}{more}"
    fix = f"leave out the rows that are not good; say  --map {header}=  if it does not matter" if header else ""
    return Flaw("ESA632", message, fix)
