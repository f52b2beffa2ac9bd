"""Whether today's settings give the stored values, in each way in which EnergyCAP may compute, and what is planned.

Ways that make no difference are kept together, and parted at the first values where they differ, be it only in what is
planned. A way that the stored values rule out is dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from reconciler.effects.arithmetic import CHOICES, ROUNDINGS, Arithmetic, Rounding
from reconciler.effects.summaries import find_interval_end
from reconciler.effects.tallies import StoredAndComputed, TallyBook, find_reproduced, split_window
from reconciler.model.effects import (
    Effect,
    EffectAlternative,
    EffectKind,
    EffectSpan,
    EffectStatus,
    RecentEffect,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reconciler.effects.arithmetic import Computed
    from reconciler.effects.tallies import Tally
    from reconciler.model.effects import Number

# A way that gets so many more of the values wrong than another is not EnergyCAP's.
_FEWEST, _SHARE = 2, 100
# What is lost to the last digits of doubles.
_CLOSE = 1e-9

# One way to compute and to round.
Way: TypeAlias = "tuple[Arithmetic, Rounding]"
# Some ways, and the values that they all give, with today's and with the planned settings.
Outcomes: TypeAlias = "tuple[Sequence[Way], list[Computed], list[Computed]]"


class Compared(Struct, frozen=True):
    """What is compared: the figure of `kind`, in `unit`, of the values in `window`.

    `recent` is the local time after which values are recent.
    """

    window: EffectSpan
    recent: str
    kind: EffectKind
    unit: str | None

    @property
    def recent_span(self) -> EffectSpan:
        """The recent part of the window."""
        return EffectSpan(self.recent, self.window.up_to)

    def fit(self, span: EffectSpan, minutes: int) -> Compared:
        """The same of `span`, and of those intervals of so many `minutes` alone that begin in it."""
        # Values of an interval that begins earlier are partly those of readings before the window.
        ends = EffectSpan(find_interval_end(span.after, minutes), find_interval_end(span.up_to, minutes))
        return replace(self, window=ends, recent=ends.after)


class Ways:
    """Ways that have made no difference so far, and what came out."""

    def __init__(self, ways: Sequence[Way], book: TallyBook) -> None:
        self.ways = ways
        self.book = book
        self._groups: dict[frozenset[str], Mapping[Arithmetic, Sequence[Way]]] = {}

    def group(self, choices: frozenset[str]) -> Mapping[Arithmetic, Sequence[Way]]:
        """The ways by what they do if only `choices` make a difference."""
        if choices not in self._groups:
            groups: dict[Arithmetic, list[Way]] = {}
            for way in self.ways:
                reduced = replace(Arithmetic(), **{name: getattr(way[0], name) for name in choices})
                groups.setdefault(reduced, []).append(way)
            self._groups[choices] = groups
        return self._groups[choices]


def group_by_rounding(ways: Iterable[Way], places: int) -> Mapping[Rounding, Sequence[Way]]:
    """`ways` by how they round values with so many decimal places."""
    groups: dict[Rounding, list[Way]] = {}
    for way in ways:
        rounding = way[1]
        is_needless = rounding.places is not None and rounding.places >= places
        groups.setdefault(ROUNDINGS[0] if is_needless else rounding, []).append(way)
    return groups


class Proof:
    """What came out of the values so far, for all `ways` that they do not rule out; the most usual way comes first."""

    def __init__(self, compared: Compared, ways: Sequence[Way]) -> None:
        self.compared = compared
        self._order = {way: place for place, way in enumerate(ways)}
        self._left = [Ways(ways, TallyBook(compared.kind, compared.recent))]

    def add(
        self, times: Sequence[str], stored: Sequence[Computed], compute: Callable[[Ways], Iterable[Outcomes]]
    ) -> None:
        """Add the values that are `stored` at local `times`, in their order, and what `compute` gives for them."""
        self._left = [part for ways in self._left for part in _split(ways, times, stored, compute(ways))]
        if len(self._left) > 1:
            self._rule_out()

    def _rule_out(self) -> None:
        totals = [ways.book.total for ways in self._left]
        most = min(total.missed for total in totals) + max(_FEWEST, totals[0].count // _SHARE)
        self._left = [ways for ways, total in zip(self._left, totals, strict=True) if total.missed <= most]

    @property
    def best(self) -> Way:
        """The way that gives the most stored values, the most usual one among equals."""
        return self._find_first(self._find_best()[0])

    def _find_best(self) -> Sequence[Ways]:
        fewest = min(ways.book.total.missed for ways in self._left)
        best = [ways for ways in self._left if ways.book.total.missed == fewest]
        return sorted(best, key=lambda ways: self._order[self._find_first(ways)])

    def _find_first(self, ways: Ways) -> Way:
        return min(ways.ways, key=self._order.__getitem__)

    def make_effect(self, find_factor: Callable[[EffectSpan], Number | None] = lambda _: None) -> Effect:
        """The effect, as far as the stored values prove it; `find_factor` tells it for a span, if there is one."""
        compared, best = self.compared, self._find_best()[0]
        total, days = best.book.total, best.book.days
        effect = Effect(
            EffectStatus.UNKNOWN,
            window=compared.window,
            unit=compared.unit,
            kind=compared.kind,
            readings=total.count,
            reproduced=total.matched,
            mismatches=best.book.mismatches,
        )
        if not total.count:
            return replace(effect, reason="EnergyCAP shows no stored values in this time")
        if total.is_reproduced:
            return self._fill_in(replace(effect, status=EffectStatus.EXACT), days, find_factor)
        run = find_reproduced(list(days.values()))
        if run is None:
            reason = f"today's settings give {total.matched:,} of {total.count:,} stored values"
            return replace(effect, reason=reason)
        part, rest = split_window(compared.window, days, run)
        kept = {name: days[name] for name in list(days)[run.start : run.end]}
        reason = "the other stored values do not come out with today's settings"
        partial = replace(effect, status=EffectStatus.PARTIAL, reason=reason, window=part, rest=rest)
        return self._fill_in(partial, kept, find_factor)

    def _fill_in(
        self, effect: Effect, days: Mapping[str, Tally], find_factor: Callable[[EffectSpan], Number | None]
    ) -> Effect:
        kind, book = self.compared.kind, self._find_best()[0].book
        whole, window = book.sum_up(days.values()), effect.window or self.compared.window
        before, after = whole.before.show(kind), whole.after.show(kind)
        factor = find_factor(window)
        # Where EnergyCAP rounds, or a limit holds, values do not become exactly so many times themselves.
        is_true = None not in (factor, before, after) and _is_product(after or 0, before or 0, factor or 0)
        return replace(
            effect,
            before=before,
            after=after,
            factor=factor if is_true else None,
            series=book.list_points(days),
            recent=self._find_recent(effect, book),
            arithmetic=self._name_arithmetic(),
            alternatives=tuple(self._list_alternatives(after, days)),
        )

    def _find_recent(self, effect: Effect, book: TallyBook) -> RecentEffect | None:
        """The recent part of the window, if it is not the whole of it, and all of it is forecast."""
        window, compared, total = effect.window, self.compared, book.recent_total
        if window is None or window.after >= compared.recent or window.up_to != compared.window.up_to:
            return None
        if not total.count or not total.is_reproduced:
            return None
        span = EffectSpan(compared.recent, compared.window.up_to)
        return RecentEffect(span, total.before.show(compared.kind), total.after.show(compared.kind))

    def _name_arithmetic(self) -> tuple[str, ...]:
        """What the stored values tell of how EnergyCAP computes."""
        left = [way for ways in self._find_best() for way in ways.ways]
        words = []
        for name, _ in CHOICES:
            values = {getattr(arithmetic, name) for arithmetic, _ in left}
            if len(values) == 1 and len({getattr(arithmetic, name) for arithmetic, _ in self._order}) > 1:
                words.append(values.pop().value)
        if ROUNDINGS[0] not in {rounding for _, rounding in left}:
            words.append(self.best[1].words)
        return tuple(words)

    def _list_alternatives(self, after: Number | None, days: Mapping[str, Tally]) -> Iterator[EffectAlternative]:
        """What comes out in the other ways that give as many of the stored values, if that differs."""
        found = {after}
        for ways in self._find_best()[1:]:
            own = ways.book.days
            figure = ways.book.sum_up(own[day] for day in days if day in own).after
            other = figure.show(self.compared.kind)
            if other not in found:
                found.add(other)
                yield EffectAlternative(_tell_apart(self._find_first(ways), self.best), other)


def _split(
    ways: Ways, times: Sequence[str], stored: Sequence[Computed], outcomes: Iterable[Outcomes]
) -> Iterator[Ways]:
    """`ways` with these values added, in as many parts as give different ones."""
    found: list[tuple[list[Way], list[Computed], list[Computed]]] = []
    for group, computed, planned in outcomes:
        same = next((one for one in found if one[1] == computed and one[2] == planned), None)
        if same:
            same[0].extend(group)
        else:
            found.append((list(group), computed, planned))
    # All copies are made before the first book is written to.
    books = [ways.book, *(ways.book.copy() for _ in found[1:])]
    for book, (group, computed, planned) in zip(books, found, strict=True):
        book.add(times, StoredAndComputed(stored, computed, planned))
        yield Ways(group, book) if len(found) > 1 else ways


def _is_product(after: Number, before: Number, factor: Number) -> bool:
    return abs(after - before * factor) <= _CLOSE * abs(after)


def _tell_apart(way: Way, other: Way) -> tuple[str, ...]:
    """What `way` does in another way."""
    words = [getattr(way[0], name).value for name, _ in CHOICES if getattr(way[0], name) != getattr(other[0], name)]
    return (*words, *([way[1].words] if way[1] != other[1] else []))
