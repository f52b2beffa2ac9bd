"""Which channels of a plan have stored values that it may change, and what these are computed from."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.effects.arithmetic import VersionTimeline, make_settings
from reconciler.effects.forecast import TimelinePair
from reconciler.effects.formula_values import UnknownFormula, compile_formula
from reconciler.effects.proof import Compared
from reconciler.effects.summaries import find_kind
from reconciler.effects.summary_forecast import FormulaPair, Summarizing
from reconciler.model.channels import is_new_id
from reconciler.model.effects import EffectKind, EffectSpan
from reconciler.model.fields import (
    BEGIN_DATE,
    FIELD_AT,
    FORMULA,
    INTERVAL_MINUTES,
    IS_CALCULATED,
    SUMMARIZATION_METHOD,
    UNIT_CODE,
    UNIT_ID,
)
from reconciler.model.plan import VersionAction
from reconciler.model.registers import read_interval, shift
from reconciler.model.values import begin_key, canonical_time, has_zone, is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from reconciler.effects.formula_values import CompiledFormula
    from reconciler.model.channels import Live
    from reconciler.model.plan import Change
    from reconciler.model.values import Spec, Value

    # The begin of a window that ends at a local time; None from the first reading on.
    FindBegin: TypeAlias = "Callable[[datetime], datetime | None]"

# Reports show the last days apart, and what uses a channel is shown for these alone.
RECENT = timedelta(days=31)
_SECOND = timedelta(seconds=1)


class NoForecast(Exception):
    """Why the effect of a change is unknown, in words."""


class ValueTarget(Struct, frozen=True):
    """A simple channel whose values, or whose summarized values alone, a change may alter."""

    change: Change
    live: Live
    timelines: TimelinePair
    compared: Compared
    today: Summarizing
    planned: Summarizing

    @property
    def changes_values(self) -> bool:
        """Whether its values may change, and not only how they are summarized."""
        return self.timelines.today.versions != self.timelines.planned.versions


class FormulaTarget(Struct, frozen=True):
    """A calculated channel whose values may change: by its own formula, or by what this uses.

    `compared` is the window up to its last reading, and `minutes` its interval.
    """

    live: Live
    formulas: FormulaPair
    compared: Compared
    minutes: int


def make_value_target(change: Change, live: Live, find_begin: FindBegin) -> ValueTarget:
    """What to forecast for a simple channel. Raises NoForecast."""
    compared = find_compared(live, find_begin)
    today = _make_timeline([(begin_key(version.begin_date), version.values) for version in live.versions])
    planned = _make_timeline(list(_plan_versions(change, live)))
    _check_units(change, TimelinePair(today, planned), compared)
    return ValueTarget(change, live, TimelinePair(today, planned), compared, *_find_summarizing(change, live))


def _plan_versions(change: Change, live: Live) -> Iterator[tuple[str, Spec]]:
    """The begin and the values of each version with `change` applied, oldest first."""
    edited = {one.version_id: one.target_values for one in change.versions if one.action is VersionAction.UPDATE}
    edited[live.current.id] = change.target_values
    versions = [{**version.values, **edited.get(version.id, {})} for version in live.versions]
    versions += [{**one.live, **one.target_values} for one in change.created_versions]
    yield from sorted(((begin_key(values.get(BEGIN_DATE)), values) for values in versions), key=lambda pair: pair[0])


def _make_timeline(versions: Sequence[tuple[str, Spec]]) -> VersionTimeline:
    settings = []
    for begin, values in versions:
        if has_zone(begin):
            raise NoForecast(f"a version begins at {begin}, and nothing says whether that is local time")
        made = make_settings(begin, values, values.get(UNIT_ID))
        if made is None:
            raise NoForecast("EnergyCAP does not show the rule or the multiplier of a version")
        settings.append(made)
    return VersionTimeline(settings)


def _check_units(change: Change, timelines: TimelinePair, compared: Compared) -> None:
    """Raise NoForecast if values of the window are in more than one unit, or are to be in another one."""
    window = compared.window
    today, planned = (
        {one.versions[place].unit for place in range(one.find(f"{window.after}~"), one.find(window.up_to) + 1)}
        for one in timelines.both
    )
    if len(today | planned) < 2:
        return
    edit = next((edit for edit in change.edits if FIELD_AT[edit.path].path == UNIT_ID), None)
    if edit is None or len(today) > 1:
        raise NoForecast("the stored values are in several units")
    raise NoForecast(
        f"the unit becomes {edit.after}, was {edit.before}, and EnergyCAP does not document whether it converts "
        "stored values"
    )


def find_compared(live: Live, find_begin: FindBegin) -> Compared:
    """What is compared of the stored values of `live`: the window ends at its last reading. Raises NoForecast."""
    kind = find_kind(live.values.get(SUMMARIZATION_METHOD))
    if kind is None:
        raise NoForecast(f"the summarization method {live.values.get(SUMMARIZATION_METHOD)!r} is not a known one")
    end = _read_time(live.last_reading)
    if end is None:
        raise NoForecast("EnergyCAP does not say when its last reading was")
    first = _read_time(live.first_reading)
    begin = find_begin(end)
    if begin is None:
        # From the first reading on: a window excludes its begin.
        begin = shift(first, -_SECOND) if first else None
    if begin is None:
        raise NoForecast("EnergyCAP does not say when its first reading was")
    unit = live.values.get(UNIT_CODE)
    recent = max(begin, shift(end, -RECENT))
    return Compared(
        EffectSpan(begin.isoformat(), end.isoformat()),
        recent.isoformat(),
        kind,
        unit if isinstance(unit, str) else None,
    )


def _read_time(time: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(canonical_time(time)) if time else None
    except ValueError:
        return None


def _find_summarizing(change: Change, live: Live) -> tuple[Summarizing, Summarizing]:
    minutes, method = live.values.get(INTERVAL_MINUTES), live.values.get(SUMMARIZATION_METHOD)
    planned = change.target_values.get(INTERVAL_MINUTES, minutes)
    return (
        Summarizing(_to_minutes(minutes), _to_kind(method)),
        Summarizing(_to_minutes(planned), _to_kind(change.after.get(SUMMARIZATION_METHOD, method))),
    )


def _to_minutes(minutes: Value) -> int:
    length = read_interval(minutes)
    return max(1, int(length / timedelta(minutes=1)))


def _to_kind(method: Value) -> EffectKind:
    kind = find_kind(method)
    if kind is None:
        raise NoForecast(f"the summarization method {method!r} is not a known one")
    return kind


def make_formula_target(
    live: Live, change: Change | None, lives: Mapping[int, Live], find_begin: FindBegin
) -> FormulaTarget:
    """What to forecast for a calculated channel, which `change` may give another formula. Raises NoForecast."""
    today = live.values.get(FORMULA)
    planned = change.target_values.get(FORMULA, today) if change else today
    if change and change.target_values.get(IS_CALCULATED, live.is_calculated) is not live.is_calculated:
        raise NoForecast("the channel becomes another kind of channel")
    formulas = FormulaPair(_compile(today), _compile(planned))
    compared = find_compared(live, find_begin)
    for id_ in formulas.inputs:
        if is_new_id(id_) or id_ not in lives:
            raise NoForecast(
                "its formula uses a channel that does not exist yet"
                if is_new_id(id_)
                else f"its formula uses channel {id_}, which EnergyCAP does not show"
            )
    own = live.values.get(INTERVAL_MINUTES)
    minutes = own if is_number(own) else max((summarize_by(lives[id_]).minutes for id_ in formulas.inputs), default=1)
    return FormulaTarget(live, formulas, compared, int(minutes))


def summarize_by(live: Live) -> Summarizing:
    """How `live` is summarized today. Raises NoForecast."""
    minutes, method = live.values.get(INTERVAL_MINUTES), live.values.get(SUMMARIZATION_METHOD)
    return Summarizing(_to_minutes(minutes), _to_kind(method))


def _compile(formula: Value) -> CompiledFormula:
    if not isinstance(formula, str) or not formula:
        raise NoForecast("EnergyCAP does not show its formula")
    try:
        return compile_formula(formula)
    except UnknownFormula as unknown:
        raise NoForecast(f"its formula cannot be computed here: {unknown}") from None
