from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from reconciler.effects.forecast import RecentValue
from reconciler.effects.formula_values import compile_formula
from reconciler.effects.proof import Compared
from reconciler.effects.summary_forecast import (
    FormulaPair,
    InputSummaries,
    Summarizing,
    SummaryForecast,
    compute_formulas,
    compute_summaries,
)
from reconciler.model.effects import EffectKind, EffectSpan, EffectStatus
from tests.effects.builders import at

if TYPE_CHECKING:
    from reconciler.effects.summary_forecast import ComputeSummaries, Summaries
    from reconciler.model.effects import Effect

QUARTERS = Summarizing(15, EffectKind.TOTAL)
HOURS = Summarizing(60, EffectKind.TOTAL)


def series(*values: str | None) -> Summaries:
    """A value for each quarter of an hour."""
    return {at(index): Decimal(value) for index, value in enumerate(values, 1) if value is not None}


def input_of(stored: Summaries, planned: Summaries) -> InputSummaries:
    return InputSummaries(QUARTERS, stored, planned, planned)


def forecast(stored: Summaries, compute: ComputeSummaries) -> Effect:
    made = SummaryForecast(Compared(EffectSpan(at(0), at(96)), at(0), EffectKind.TOTAL, "KWH"))
    made.add(stored, compute)
    return made.make_effect()


def test_a_formula_is_forecast_from_the_summaries_of_its_inputs() -> None:
    inputs = {
        1: input_of(series("1", "2", "3"), series("10", "20", "30")),
        2: input_of(series("5", "5", "5"), series("5", "5", "5")),
    }
    formula = compile_formula("channel(1) + channel(2)")

    effect = forecast(series("6", "7", "8"), compute_formulas(FormulaPair(formula, formula), inputs, 15))

    assert (effect.status, effect.before, effect.after, effect.readings) == (EffectStatus.EXACT, 21, 75, 3)


def test_another_formula_is_forecast_from_the_same_inputs() -> None:
    inputs = {1: input_of(series("1", "2"), series("1", "2"))}
    pair = FormulaPair(compile_formula("channel(1) / 3"), compile_formula("channel(1) * 3"))

    effect = forecast(series("0.333333333333333", "0.666666666666667"), compute_formulas(pair, inputs, 15))

    assert (effect.status, effect.after) == (EffectStatus.EXACT, 9)


def test_values_of_shorter_intervals_are_summarized_first() -> None:
    quarters = series("1", "2", "3", "4")
    inputs = {1: input_of(quarters, quarters)}
    formula = compile_formula("channel(1) * 2")

    effect = forecast({at(4): Decimal(20)}, compute_formulas(FormulaPair(formula, formula), inputs, 60))

    assert (effect.status, effect.readings, effect.after) == (EffectStatus.EXACT, 1, 20)


def test_a_time_without_each_input_has_no_value() -> None:
    inputs = {
        1: input_of(series("1", None, "3"), series("1", None, "3")),
        2: input_of(series("1", "1", "1"), series("1", "1", "1")),
    }
    formula = compile_formula("channel(1) - channel(2)")

    effect = forecast(series("0", None, "2"), compute_formulas(FormulaPair(formula, formula), inputs, 15))

    assert (effect.status, effect.readings) == (EffectStatus.EXACT, 2)


def test_a_formula_that_does_not_give_what_is_stored_proves_nothing() -> None:
    inputs = {1: input_of(series("1", "2"), series("2", "4"))}
    formula = compile_formula("channel(1)")

    effect = forecast(series("7", "9"), compute_formulas(FormulaPair(formula, formula), inputs, 15))

    assert (effect.status, effect.reason) == (EffectStatus.UNKNOWN, "today's settings give 0 of 2 stored values")


@pytest.mark.parametrize(
    ("planned", "after"),
    [(HOURS, 10), (Summarizing(60, EffectKind.MEAN), 2.5), (Summarizing(15, EffectKind.PEAK), 10)],
)
def test_another_interval_or_method_is_forecast_from_the_stored_values(planned: Summarizing, after: float) -> None:
    values = [RecentValue(at(index), Decimal(index), Decimal(index)) for index in range(1, 5)]

    effect = forecast(series("1", "2", "3", "4"), compute_summaries(values, QUARTERS, planned))

    assert (effect.status, effect.before, effect.after) == (EffectStatus.EXACT, 10, after)
