"""Times such as 05:00-06:00: a span of an hour, which reads like a time with an offset."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.readings.blanks import trim
from reconciler.readings.flaws import BrokenFile, quote

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPAN = re.compile(r"(.*)([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})", re.DOTALL)
_DAY_MINUTES = 1440


class HourSpans:
    """Detects a file whose times all look like ranges: each offset is the row's time of day a little later.

    A single time does not show it, nor do times that all have one offset.
    """

    def __init__(self) -> None:
        self._is_excluded = False
        self._first = ""
        self._offsets: set[str] = set()

    def add(self, texts: Iterable[object]) -> None:
        """Take note of times as they are written."""
        if self._is_excluded:
            return
        for text in texts:
            match = _SPAN.fullmatch(trim(text)) if isinstance(text, str) else None
            if match is None or not _is_span(match):
                self._is_excluded = True
                return
            self._first = self._first or match[0]
            self._offsets.add(f"{match[4]}:{match[5]}")

    def check(self, line: int) -> None:
        """Raise BrokenFile, at a line, if all times look like ranges."""
        if self._is_excluded or len(self._offsets) < 2:
            return
        match = _SPAN.fullmatch(self._first)
        day, own, end = (match[1], f"{match[2]}:{match[3]}", f"{match[4]}:{match[5]}") if match else ("", "", "")
        message = f"the times look like ranges of time, not like times with offsets, found {quote(self._first)}"
        fix = (
            f"write the one time that a reading is for, as in  {day}{end};  if these are offsets,  {day}{own}:00-{end}"
        )
        raise BrokenFile(message, line, fix, "ESA612")


def _is_span(match: re.Match[str]) -> bool:
    begin, end = int(match[2]) * 60 + int(match[3]), int(match[4]) * 60 + int(match[5])
    return 0 < (end - begin) % _DAY_MINUTES <= 60
