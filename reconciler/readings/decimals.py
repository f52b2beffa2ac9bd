"""Finds the decimal mark of a CSV file from all of its values; it never guesses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.readings.csv_rows import read_blocks
from reconciler.readings.flaws import BrokenFile, quote
from reconciler.readings.layout import Evidence
from reconciler.readings.numerals import Decimal, find_marks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.readings.layout import Layout
    from reconciler.readings.source import Source


def settle_decimal(source: Source, layout: Layout) -> Layout:
    """`layout` with the decimal mark of the first value that has only one reading, such as 12.5 or 1,234.5.

    The whole file is looked at for one. A dot where no value has a mark at all. Raises BrokenFile where all values
    with a mark may be read in two ways, such as 1,234, and where the file cannot be read; FileError.
    """
    doubtful: Evidence | None = None
    for line, text in _list_marked(source, layout):
        marks = find_marks(text)
        if len(marks) == 1:
            (decimal,) = marks
            return replace(layout, decimal=decimal, evidence=Evidence(line, text))
        if len(marks) > 1 and doubtful is None:
            doubtful = Evidence(line, text)
    if doubtful is None:
        return layout
    message = f"the values may be read in two ways, found {quote(doubtful.text)}"
    text = doubtful.text.strip()
    point, thousands = (Decimal.DOT, Decimal.COMMA) if "." in text else (Decimal.COMMA, Decimal.DOT)
    fix = (
        f"give the decimal mark: --decimal {point.value} where {text} has three decimal places, "
        f"--decimal {thousands.value} where it has thousands"
    )
    raise BrokenFile(message, doubtful.line, fix)


def _list_marked(source: Source, layout: Layout) -> Iterator[tuple[int, str]]:
    """The values with a dot or a comma, and the lines that they are in."""
    for block in read_blocks(source, layout):
        for line, text in block.list_values():
            if "." in text or "," in text:
                yield line, text
