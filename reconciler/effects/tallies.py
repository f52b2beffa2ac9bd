"""Stored and planned values, counted and added up by day: what is kept of a window of any length."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta
from decimal import Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.effects.arithmetic import Computed, count_same, is_same_value, list_runs
from reconciler.model.effects import EffectKind, EffectPoint, EffectSpan, Mismatch
from reconciler.model.values import canonical_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.effects import Number

# So many stored values that do not come out are named; the others are only counted.
_MAX_MISMATCHES = 20
# The share of values that must come out before a forecast is believed.
_PROOF = Decimal("0.999")
# Longer windows are shown by month.
_MOST_DAYS = 62
_MIDNIGHT = "00:00:00"
# More digits than anybody reads.
_MEAN = Context(prec=60)


class Figure(Struct, frozen=True):
    """A sum, or an extreme, of so many values."""

    value: Decimal | None = None
    number: int = 0

    def add(self, other: Figure, kind: EffectKind) -> Figure:
        """Both together."""
        if self.value is None or other.value is None:
            return other if self.value is None else self
        number = self.number + other.number
        if kind is EffectKind.PEAK:
            return Figure(max(self.value, other.value), number)
        if kind is EffectKind.MINIMUM:
            return Figure(min(self.value, other.value), number)
        return Figure(self.value + other.value, number)

    def show(self, kind: EffectKind) -> Number | None:
        """The figure of `kind`; None without a value."""
        if self.value is None:
            return None
        return to_number(_MEAN.divide(self.value, Decimal(self.number)) if kind is EffectKind.MEAN else self.value)


def to_number(value: Computed) -> Number | None:
    """The value as JSON has it."""
    return None if value is None else canonical_number(float(value))


_FOLDS: Mapping[EffectKind, Any] = {
    EffectKind.TOTAL: sum,
    EffectKind.MEAN: sum,
    EffectKind.PEAK: max,
    EffectKind.MINIMUM: min,
}


def _sum_up(values: Sequence[Computed], kind: EffectKind) -> Figure:
    fold = _FOLDS[kind]
    try:
        # Nearly always each value is there, which nothing tells as fast as an attempt.
        return Figure(fold(values), len(values))
    except TypeError:
        there = [value for value in values if value is not None]
        return Figure(fold(there), len(there)) if there else Figure()


class Tally(Struct, frozen=True):
    """The values of a day, or of a part of it: how many there are, and how many come out with today's settings.

    `telling` counts those that come out of a span whose values are not all 0: a 0 comes out with nearly any settings.
    `last` is the local time of the last one.
    """

    count: int = 0
    matched: int = 0
    telling: int = 0
    before: Figure = Figure()
    after: Figure = Figure()
    last: str = ""

    def add(self, other: Tally, kind: EffectKind) -> Tally:
        """Both together."""
        return Tally(
            self.count + other.count,
            self.matched + other.matched,
            self.telling + other.telling,
            self.before.add(other.before, kind),
            self.after.add(other.after, kind),
            max(self.last, other.last),
        )

    @property
    def missed(self) -> int:
        """How many do not come out."""
        return self.count - self.matched

    @property
    def is_reproduced(self) -> bool:
        """Whether enough of the values come out."""
        return self.matched >= self.count * _PROOF


class StoredAndComputed(Struct, frozen=True):
    """Values at the same times: as stored, and as computed with today's and with the planned settings."""

    stored: Sequence[Computed]
    computed: Sequence[Computed]
    planned: Sequence[Computed]

    def cut(self, run: slice) -> StoredAndComputed:
        """A part of them."""
        return StoredAndComputed(self.stored[run], self.computed[run], self.planned[run])


class TallyBook:
    """Tallies by day, the part of `recent` apart from the rest of its day, and the first of the mismatches."""

    def __init__(self, kind: EffectKind, recent: str) -> None:
        self.kind = kind
        self.recent = recent
        self.mismatches: tuple[Mismatch, ...] = ()
        self._tallies: dict[tuple[str, bool], Tally] = {}

    def copy(self) -> TallyBook:
        """Another book with the same content."""
        book = TallyBook(self.kind, self.recent)
        book.mismatches, book._tallies = self.mismatches, dict(self._tallies)
        return book

    def add(self, times: Sequence[str], values: StoredAndComputed) -> None:
        """Add values at local `times`, which are in order."""
        start, recent = 0, bisect_right(times, self.recent)
        while start < len(times):
            day = find_day(times[start])
            end = max(start + 1, bisect_right(times, _find_end(day), start))
            if start < recent < end:
                end = recent
            key, run = (day, start >= recent), slice(start, end)
            tally = self._tally(times[run], values.cut(run))
            known = self._tallies.get(key)
            self._tallies[key] = known.add(tally, self.kind) if known else tally
            start = end

    def _tally(self, times: Sequence[str], values: StoredAndComputed) -> Tally:
        stored, computed = values.stored, values.computed
        count, matched = len(times), count_same(stored, computed)
        if matched < count:
            self._note_mismatches(times, stored, computed)
        before, after = _sum_up(stored, self.kind), _sum_up(values.planned, self.kind)
        if before.number < count:
            # Where there is no value and none is computed, there is nothing to count.
            nothing = sum(one is other is None for one, other in zip(stored, computed, strict=True))
            count, matched = count - nothing, matched - nothing
        return Tally(count, matched, matched if any(stored) else 0, before, after, times[-1])

    def _note_mismatches(self, times: Sequence[str], stored: Sequence[Computed], computed: Sequence[Computed]) -> None:
        for time, value, other in zip(times, stored, computed, strict=True):
            if len(self.mismatches) >= _MAX_MISMATCHES:
                return
            if not is_same_value(value, other):
                self.mismatches += (Mismatch(time, to_number(value), to_number(other)),)

    @property
    def total(self) -> Tally:
        """All of it."""
        return self.sum_up(self._tallies.values())

    @property
    def recent_total(self) -> Tally:
        """The recent part."""
        return self.sum_up(tally for (_, is_recent), tally in self._tallies.items() if is_recent)

    def sum_up(self, tallies: Iterable[Tally]) -> Tally:
        """All of `tallies` together."""
        whole = Tally()
        for tally in tallies:
            whole = whole.add(tally, self.kind)
        return whole

    @property
    def days(self) -> dict[str, Tally]:
        """The tally of each day that has values or is to have some, in the order of time."""
        days: dict[str, Tally] = {}
        for (day, _), tally in sorted(self._tallies.items(), key=lambda pair: pair[0]):
            if tally.count or tally.after.value is not None:
                days[day] = days[day].add(tally, self.kind) if day in days else tally
        return days

    def list_points(self, days: Mapping[str, Tally]) -> tuple[EffectPoint, ...]:
        """The figures of `days`, or of their months if there are many."""
        groups: dict[str, Tally] = {}
        is_long = len(days) > _MOST_DAYS
        for day, tally in days.items():
            start = day[:7] if is_long else day
            groups[start] = groups[start].add(tally, self.kind) if start in groups else tally
        return tuple(
            EffectPoint(start, one.before.show(self.kind), one.after.show(self.kind)) for start, one in groups.items()
        )


class DayRun(Struct, frozen=True):
    """Days in a row whose values come out, of the days that have values, from the place `start` to before `end`."""

    start: int
    end: int


def find_reproduced(days: Sequence[Tally]) -> DayRun | None:
    """The run of days that come out with the most values that tell; None if no such value comes out."""
    best, most = None, 0
    for is_good, run in list_runs([tally.is_reproduced for tally in days]):
        telling = sum(tally.telling for tally in days[run])
        if is_good and telling > most:
            best, most = DayRun(run.start, run.stop), telling
    return best


def split_window(window: EffectSpan, days: dict[str, Tally], run: DayRun) -> tuple[EffectSpan, tuple[EffectSpan, ...]]:
    """The part of `window` that `run` is, and the parts before and after it."""
    names, tallies = list(days), list(days.values())
    begin = f"{names[run.start]}T{_MIDNIGHT}" if run.start else window.after
    end = tallies[run.end - 1].last if run.end < len(names) else window.up_to
    part = EffectSpan(max(begin, window.after), end)
    rest = (EffectSpan(window.after, part.after), EffectSpan(part.up_to, window.up_to))
    return part, tuple(span for span in rest if span.after < span.up_to)


def _find_end(day: str) -> str:
    return f"{_shift_day(day, 1)}T{_MIDNIGHT}"


def find_day(time: str) -> str:
    """The day that a reading belongs to: a value at midnight is of the interval that ends then."""
    return _shift_day(time[:10], -1) if time[11:] == _MIDNIGHT else time[:10]


@lru_cache(maxsize=4096)
def _shift_day(day: str, by: int) -> str:
    try:
        return str(date.fromisoformat(day) + timedelta(days=by))
    except (ValueError, OverflowError):
        return day
