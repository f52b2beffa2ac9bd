"""Times in two columns: the date in one, and the time of day, or AM and PM, in another that is not used."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.readings.blanks import trim
from reconciler.readings.flaws import BrokenFile, quote, say_option
from reconciler.readings.header import list_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.readings.csv_rows import Block
    from reconciler.readings.layout import Layout

_DATE = re.compile(r"\d{4}([-/.]?)\d\d?\1\d\d?|\d\d?([-/.])\d\d?\2(?:\d{4}|\d\d)", re.ASCII)
_CLOCK = re.compile(r"[0-2]?\d[:h][0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?:\s*[ap]\.?m\.?)?", re.ASCII | re.IGNORECASE)
_HALF_DAY = re.compile(r"[ap]\.?m\.?", re.IGNORECASE)
# Two digits are an hour, or the number of an interval, only if the header says so.
_NUMBER = re.compile(r"\d{1,2}(?:\.0+)?", re.ASCII)
_HOUR_HEADER = re.compile(
    r"(?:hour|hr|he|hh|stunde|heure|hora|ora|uur|period|interval|uhrzeit|zeit)s?"
    r"(?: (?:ending|beginning|starting|start|end|of day|of the day|no|number|nr|id))?|(?:settlement|trading) period"
)
_THE_DATE = "the date"


def refuse_split_times(layout: Layout, block: Block) -> None:
    """Raise BrokenFile if the rows of `block` have a part of their times in a column that `layout` does not use.

    Read without it, all readings of a day would fall on its midnight, and 1:15 PM on a quarter past one at night.
    """
    times = _list_texts(block, layout.time)
    if not times:
        return
    has_dates, has_clocks = _are_all(_DATE, times), _are_all(_CLOCK, times)
    for column, header in enumerate(layout.header):
        if header not in layout.ignored or not (texts := _list_texts(block, column)):
            continue
        what = ""
        if has_dates and (_are_all(_CLOCK, texts) or _are_hours(header, texts)):
            what = "the time of day"
        elif has_clocks and _are_all(_DATE, texts):
            what = _THE_DATE
        elif not has_dates and _are_all(_HALF_DAY, texts):
            what = "AM or PM"
        if what:
            _refuse(what, trim(header), layout.line)


def _list_texts(block: Block, column: int) -> Sequence[str]:
    return [own for text in block.list_cells(column) if (own := trim(text))]


def _are_all(form: re.Pattern[str], texts: Sequence[str]) -> bool:
    return all(map(form.fullmatch, texts))


def _are_hours(header: str, texts: Sequence[str]) -> bool:
    return _HOUR_HEADER.fullmatch(" ".join(list_words(header))) is not None and _are_all(_NUMBER, texts)


def _refuse(what: str, header: str, line: int) -> None:
    message = f"{what} is in a column of its own, which is not used, found {quote(header)}"
    fix = "write the whole time in one column, as in  2026-03-30T00:15"
    if what != _THE_DATE:
        fix += f",  or say that the column does not matter with  {say_option('--map', header)}"
    raise BrokenFile(message, line, fix, "ESA612")
