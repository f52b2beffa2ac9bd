"""How far back stored readings are looked at: 31d, 13m, all or none."""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta

from msgspec import Struct

from reconciler.model.registers import shift

_LENGTH = re.compile(r"([1-9]\d{0,4})([dm])")


class ReadingWindow(Struct, frozen=True):
    """A window of so many days or months up to the last reading; of all readings if neither is given."""

    days: int | None = None
    months: int | None = None

    def find_begin(self, end: datetime) -> datetime | None:
        """When the window begins that ends at the local time `end`; None for all readings."""
        if self.days is not None:
            return shift(end, -timedelta(days=self.days))
        if self.months is None:
            return None
        months = end.year * 12 + end.month - 1 - self.months
        year, month = divmod(months, 12)
        if year < 1:
            return datetime.min  # noqa: DTZ901 - local times have no zone
        day = min(end.day, calendar.monthrange(year, month + 1)[1])
        return end.replace(year=year, month=month + 1, day=day)

    def __str__(self) -> str:
        if self.days is not None:
            return f"{self.days}d"
        return "all" if self.months is None else f"{self.months}m"


DEFAULT_WINDOW = ReadingWindow(days=31)


def parse_window(text: str) -> ReadingWindow | None:
    """The window that `text` says; None for `none`. Raises ValueError with what may be written."""
    if text in ("all", "none"):
        return ReadingWindow() if text == "all" else None
    match = _LENGTH.fullmatch(text)
    if match is None:
        msg = f"a window is a number of days or months, as in 31d or 13m, or all or none; found {text!r}"
        raise ValueError(msg)
    length = int(match[1])
    return ReadingWindow(days=length) if match[2] == "d" else ReadingWindow(months=length)
