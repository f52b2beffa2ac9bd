"""The effect of a change on summarized values: of a calculated channel, or of a channel with another interval."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from reconciler.effects.arithmetic import EXACT, ROUNDINGS, Arithmetic, count_places, round_values
from reconciler.effects.proof import Proof, group_by_rounding
from reconciler.effects.summaries import summarize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reconciler.effects.arithmetic import Computed
    from reconciler.effects.forecast import RecentValue
    from reconciler.effects.formula_values import CompiledFormula
    from reconciler.effects.proof import Compared, Outcomes, Ways
    from reconciler.model.effects import Effect, EffectKind

# The value of each interval by the local time of its end.
Summaries: TypeAlias = "Mapping[str, Decimal]"
# Those with today's and with the planned settings; the argument is what numbers are computed with.
Number: TypeAlias = "type[Decimal] | type[float]"
ComputeSummaries: TypeAlias = "Callable[[Number], tuple[Summaries, Summaries]]"


class SummaryForecast:
    """The forecast of the summarized values of one channel. Feed it a part of the window after the other."""

    def __init__(self, compared: Compared) -> None:
        self._proof = Proof(compared, [(Arithmetic(), rounding) for rounding in ROUNDINGS])
        self._window = compared.window

    def add(self, stored: Summaries, compute: ComputeSummaries) -> None:
        """Take the summarized values of a part of the window, and what computes them."""
        in_decimals, in_floats = compute(Decimal), compute(float)
        ends = sorted({*stored, *in_decimals[0], *in_decimals[1]})
        ends = [end for end in ends if self._window.after < end <= self._window.up_to]
        if not ends:
            return
        with localcontext(EXACT):
            pairs = [[_line_up(ends, one) for one in pair] for pair in (in_decimals, in_floats)]
            self._proof.add(ends, _line_up(ends, stored), lambda ways: _compute(ways, *pairs))

    def round_planned(self, planned: Summaries) -> Summaries:
        """`planned` values, rounded in the way that gives the stored ones."""
        rounding = self._proof.best[1]
        values = list(planned.values())
        with localcontext(EXACT):
            return dict(zip(planned, round_values(values, rounding, count_places(values)), strict=True))

    def make_effect(self) -> Effect:
        """The effect, as far as the stored values prove it."""
        with localcontext(EXACT):
            return self._proof.make_effect()


def _line_up(ends: Iterable[str], summaries: Summaries) -> list[Computed]:
    return [summaries.get(end) for end in ends]


def _compute(
    ways: Ways, in_decimals: Sequence[list[Computed]], in_floats: Sequence[list[Computed]]
) -> Iterator[Outcomes]:
    places = max(map(count_places, in_decimals))
    for rounding, part in group_by_rounding(ways.ways, places).items():
        if rounding.places is None:
            today, planned = in_floats
        else:
            today, planned = (round_values(values, rounding, places) for values in in_decimals)
        yield part, today, planned


class Summarizing(Struct, frozen=True):
    """How the values of a simple channel are summarized: over intervals of `minutes`, to the figure of `kind`."""

    minutes: int
    kind: EffectKind


def compute_summaries(values: Sequence[RecentValue], today: Summarizing, planned: Summarizing) -> ComputeSummaries:
    """What computes the summarized values of a simple channel from its stored and its planned ones."""

    def compute(number: Number) -> tuple[Summaries, Summaries]:
        stored = [(one.time, number(one.stored)) for one in values if one.stored is not None]
        after = [(one.time, number(one.planned)) for one in values if one.planned is not None]
        return summarize(stored, today.minutes, today.kind), summarize(after, planned.minutes, planned.kind)

    return compute


class InputSummaries(Struct, frozen=True):
    """A channel that a formula uses: its summarized values, as stored and as planned.

    `planned_in_floats` are the planned ones if EnergyCAP computes in binary floating point.
    """

    summarizing: Summarizing
    stored: Summaries
    planned: Summaries
    planned_in_floats: Summaries


class FormulaPair(Struct, frozen=True):
    """The formula of a calculated channel, as it is today and as it is planned."""

    today: CompiledFormula
    planned: CompiledFormula

    @property
    def inputs(self) -> tuple[int, ...]:
        """The ids of all channels that one of the two uses."""
        return tuple(dict.fromkeys((*self.today.inputs, *self.planned.inputs)))


def compute_formulas(pair: FormulaPair, inputs: Mapping[int, InputSummaries], minutes: int) -> ComputeSummaries:
    """What computes the values of a calculated channel, whose intervals have so many `minutes`."""
    stored = {id_: _widen(one, one.stored, minutes) for id_, one in inputs.items()}
    planned = {id_: _widen(one, one.planned, minutes) for id_, one in inputs.items()}
    in_floats = {id_: _widen(one, one.planned_in_floats, minutes) for id_, one in inputs.items()}

    def compute(number: Number) -> tuple[Summaries, Summaries]:
        after = in_floats if number is float else planned
        return _evaluate(pair.today, stored, number), _evaluate(pair.planned, after, number)

    return compute


def _widen(one: InputSummaries, summaries: Summaries, minutes: int) -> Summaries:
    """`summaries` over intervals of `minutes`, if these are longer than its own."""
    own = one.summarizing
    return summarize(summaries.items(), minutes, own.kind) if own.minutes < minutes else summaries


def _evaluate(formula: CompiledFormula, inputs: Mapping[int, Summaries], number: Number) -> Summaries:
    used = [inputs.get(id_, {}) for id_ in formula.inputs]
    ends = set(used[0]).intersection(*used[1:]) if used else set()
    values = {end: formula.compute({id_: inputs[id_][end] for id_ in formula.inputs}, number) for end in ends}
    return {end: value for end, value in values.items() if value is not None}
