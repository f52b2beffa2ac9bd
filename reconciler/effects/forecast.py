"""The effect of a change on the stored values of a simple channel: readings go in, batch by batch, an effect out."""

from __future__ import annotations

from decimal import localcontext
from itertools import product
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.effects.arithmetic import (
    CHOICES,
    EXACT,
    ROUNDINGS,
    Arithmetic,
    Registers,
    compute,
    compute_in_floats,
    compute_unrounded,
    count_places,
    is_exact_in_floats,
    list_choices,
    round_values,
)
from reconciler.effects.proof import Proof, group_by_rounding
from reconciler.model.values import canonical_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from reconciler.effects.arithmetic import Computed, VersionTimeline
    from reconciler.effects.proof import Compared, Outcomes, Way, Ways
    from reconciler.model.effects import Effect, EffectSpan, Number
    from reconciler.model.registers import ChannelReading


class TimelinePair(Struct, frozen=True):
    """The versions of a channel, as they are today and as they are planned."""

    today: VersionTimeline
    planned: VersionTimeline

    @property
    def both(self) -> tuple[VersionTimeline, VersionTimeline]:
        return self.today, self.planned


class Forecast:
    """The forecast for one channel. Feed it all readings of the window in the order of time, and the one before."""

    def __init__(self, timelines: TimelinePair, compared: Compared) -> None:
        self.timelines = timelines
        self.compared = compared
        self._proof = Proof(compared, list(_list_ways(timelines)))
        self._before: tuple[str, Decimal] | None = None
        self._recent: list[ChannelReading] = []
        self._before_recent: tuple[str, Decimal] | None = None

    def add(self, readings: Sequence[ChannelReading]) -> None:
        """Take the next readings; those up to the begin of the window only say what the register was."""
        window = self.compared.window
        if readings and readings[0].time <= window.after:
            for one in readings:
                if one.time <= window.after and one.raw is not None:
                    self._before = (one.time, one.raw)
            readings = [one for one in readings if one.time > window.after]
        if readings and readings[-1].time > window.up_to:
            readings = [one for one in readings if one.time <= window.up_to]
        if not readings:
            return
        with localcontext(EXACT):
            if any(one.raw is None for one in readings):
                self._note_unusable([one for one in readings if one.raw is None and one.processed is not None])
                readings = [one for one in readings if one.raw is not None]
            if readings:
                self._add(readings)

    def _note_unusable(self, readings: Sequence[ChannelReading]) -> None:
        """Count readings without a raw value, from which nothing can be computed."""
        nothing: list[Computed] = [None] * len(readings)
        times, stored = [one.time for one in readings], [one.processed for one in readings]
        if readings:
            self._proof.add(times, stored, lambda ways: [(ways.ways, nothing, nothing)])

    def _add(self, readings: Sequence[ChannelReading]) -> None:
        registers = Registers([one.time for one in readings], [one.raw for one in readings], self._before)
        stored = [one.processed for one in readings]
        self._proof.add(registers.times, stored, lambda ways: self._compute(ways, registers))
        self._keep_recent(readings)
        self._before = (registers.times[-1], registers.raws[-1])

    def _compute(self, ways: Ways, registers: Registers) -> Iterator[Outcomes]:
        """The values with today's and with the planned settings, for each of `ways` that may give others."""
        both = self.timelines.both
        for arithmetic, group in ways.group(list_choices(registers, both)).items():
            today, planned = (compute_unrounded(registers, one, arithmetic) for one in both)
            places = max(count_places(today), count_places(planned))
            for rounding, part in group_by_rounding(group, places).items():
                if rounding.places is not None:
                    yield part, round_values(today, rounding, places), round_values(planned, rounding, places)
                elif is_exact_in_floats(registers, both, (today, planned)):
                    yield part, today, planned
                else:
                    in_floats = [compute_in_floats(registers, one, arithmetic) for one in both]
                    yield part, in_floats[0], in_floats[1]

    def _keep_recent(self, readings: Sequence[ChannelReading]) -> None:
        recent = self.compared.recent
        if readings[-1].time <= recent:
            return
        for one in readings:
            if one.time > recent:
                if not self._recent:
                    self._before_recent = self._before
                self._recent.append(one)
            elif one.raw is not None:
                self._before = (one.time, one.raw)

    def list_recent(self) -> Sequence[RecentValue]:
        """The recent readings, as stored and as planned, by the way of computing that fits best."""
        if not self._recent:
            return ()
        times, raws = [one.time for one in self._recent], [one.raw for one in self._recent]
        planned = compute(Registers(times, raws, self._before_recent), self.timelines.planned, *self._proof.best)
        stored = (one.processed for one in self._recent)
        return tuple(map(RecentValue, times, stored, planned))

    def make_effect(self) -> Effect:
        """The effect, as far as the stored values prove it."""
        with localcontext(EXACT):
            return self._proof.make_effect(self._find_factor)

    def _find_factor(self, span: EffectSpan) -> Number | None:
        """How many times itself each value in `span` becomes; None if that differs or the settings do not say so."""
        # A version excludes its begin, so the first reading is after it.
        today, planned = (
            {one.versions[place] for place in range(one.find(f"{span.after}~"), one.find(span.up_to) + 1)}
            for one in self.timelines.both
        )
        if len(today) != 1 or len(planned) != 1:
            return None
        old, new = today.pop(), planned.pop()
        is_scaled = replace(old, multiplier=new.multiplier, begin=new.begin) == new and not old.has_limits
        if not is_scaled or not old.multiplier or (old.offset and not old.is_register):
            return None
        factor = float(new.multiplier) / float(old.multiplier)
        return canonical_number(float(f"{abs(factor) if old.is_positive else factor:.12g}"))


class RecentValue(Struct, frozen=True, gc=False):
    """A recent value of a channel, as stored and as planned; None without a value."""

    time: str
    stored: Computed
    planned: Computed


def _list_ways(timelines: TimelinePair) -> Iterator[Way]:
    """Each way to compute that may make a difference under the settings, the most usual first."""
    settings = [version for timeline in timelines.both for version in timeline.versions]
    has_register = any(one.is_register for one in settings)
    relevant = {
        "offset": any(one.offset and not one.is_register for one in settings),
        "limits": any(one.has_limits for one in settings),
        "first": has_register,
        "version": has_register and any(len(timeline.versions) > 1 for timeline in timelines.both),
        "allowance": has_register,
        "fall": has_register,
    }
    options = [list(choice) if relevant[name] else list(choice)[:1] for name, choice in CHOICES]
    for members in product(*options):
        chosen = {name: member for (name, _), member in zip(CHOICES, members, strict=True)}
        arithmetic = replace(Arithmetic(), **chosen)
        for rounding in ROUNDINGS:
            yield arithmetic, rounding
