"""The effects of a plan: which readings are asked for, and what becomes of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.effects.forecast import Forecast
from reconciler.effects.summary_forecast import (
    InputSummaries,
    SummaryForecast,
    compute_formulas,
    compute_summaries,
)
from reconciler.effects.targets import (
    NoForecast,
    make_formula_target,
    make_value_target,
    summarize_by,
)
from reconciler.errors import ServiceError
from reconciler.model.effects import Effect, EffectSpan, EffectStatus, UserEffect
from reconciler.model.registers import ReadingSpan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reconciler.effects.forecast import RecentValue
    from reconciler.effects.proof import Compared
    from reconciler.effects.summary_forecast import Summaries
    from reconciler.effects.targets import FindBegin, FormulaTarget, ValueTarget
    from reconciler.model.channels import Live
    from reconciler.model.plan import Change, ChannelLabel, Plan
    from reconciler.model.registers import StoredReadings

# A window of a formula is read in parts, so that memory does not grow with it.
_PART = timedelta(days=32)


def measure_effects(plan: Plan, channels: Iterable[Live], readings: StoredReadings, find_begin: FindBegin) -> Plan:
    """`plan` with what each change does to stored values, and to those of the channels that use its channel.

    Readings are asked for the channels of these changes alone. An effect that cannot be proved is unknown, and says
    why; nothing is raised.
    """
    changes = [change for change in plan.changes if change.may_alter_values]
    if not changes:
        return plan
    # Most plans need none, and there may be many channels.
    measuring = _Measuring(plan, {live.id: live for live in channels}, readings, find_begin)
    effects = measuring.measure(changes)
    return replace(
        plan,
        changes=tuple(
            replace(change, effect=effects[change.name]) if change.name in effects else change
            for change in plan.changes
        ),
    )


class _Measured(Struct, frozen=True):
    """What is known of a simple channel after its readings were taken."""

    target: ValueTarget
    effect: Effect
    recent: Sequence[RecentValue]


class _Measuring:
    """The effects of one plan, on the way: first those of simple channels, then what is made of their values."""

    def __init__(self, plan: Plan, lives: Mapping[int, Live], readings: StoredReadings, find_begin: FindBegin) -> None:
        self._plan = plan
        self._lives = lives
        self._readings = readings
        self._find_begin = find_begin
        self._changes = {change.channel_id: change for change in plan.changes}
        self._summaries = SummaryReader(readings)
        self._measured: dict[int, _Measured] = {}

    def measure(self, changes: Sequence[Change]) -> dict[str, Effect]:
        """The effect of each of `changes`, by name."""
        effects: dict[str, Effect] = {}
        values: list[ValueTarget] = []
        formulas: list[tuple[str, FormulaTarget]] = []
        for change in changes:
            try:
                live = self._lives[change.channel_id]
                if live.is_calculated:
                    formulas.append((change.name, self._make_formula_target(live.id)))
                else:
                    values.append(make_value_target(change, live, self._find_begin))
            except NoForecast as reason:
                effects[change.name] = _unknown(str(reason))
        self._measured = self._measure_values(values)
        # All windows are known before the first summarized reading is asked for, so that one pass reads them all.
        later = {name: self._prepare_formula(target) for name, target in formulas}
        users = {one.target.change.name: tuple(self._prepare_users(one)) for one in self._measured.values()}
        later |= {one.target.change.name: self._prepare_values(one) for one in self._measured.values()}
        effects |= {name: measure() for name, measure in later.items()}
        for name, measures in users.items():
            effects[name] = replace(effects[name], used_by=tuple(measure() for measure in measures))
        return effects

    def _make_formula_target(self, id_: int) -> FormulaTarget:
        if id_ not in self._lives:
            raise NoForecast("EnergyCAP does not show the channel")
        return make_formula_target(self._lives[id_], self._changes.get(id_), self._lives, self._find_begin)

    def _measure_values(self, targets: Sequence[ValueTarget]) -> dict[int, _Measured]:
        """What is known of each simple channel, by its id."""
        forecasts = {target.live.id: Forecast(target.timelines, target.compared) for target in targets}
        failures: dict[int, str] = {}
        spans = [_make_span(target.live, target.compared.window) for target in targets]
        try:
            for id_, found in self._readings.stream_readings(spans) if spans else ():
                if isinstance(found, ServiceError):
                    failures[id_] = found.message
                else:
                    forecasts[id_].add(found)
        except ServiceError as error:
            failures = dict.fromkeys(forecasts, error.message)
        return {
            target.live.id: _Measured(target, _unknown(f"its readings cannot be read: {failures[target.live.id]}"), ())
            if target.live.id in failures
            else _Measured(target, forecasts[target.live.id].make_effect(), forecasts[target.live.id].list_recent())
            for target in targets
        }

    def _prepare_values(self, one: _Measured) -> Callable[[], Effect]:
        """What gives the effect on a simple channel, be it on its summarized values alone."""
        if one.target.changes_values or one.effect.status is EffectStatus.UNKNOWN:
            return lambda: one.effect
        target = one.target
        minutes = max(target.today.minutes, target.planned.minutes)
        compared = target.compared.fit(target.compared.recent_span, minutes)
        self._summaries.expect([target.live], compared.window)
        return partial(self._measure_summaries, one, compared)

    def _measure_summaries(self, one: _Measured, compared: Compared) -> Effect:
        forecast = SummaryForecast(compared)
        try:
            stored = self._summaries.read(one.target.live, compared.window)
        except NoForecast as reason:
            return _unknown(str(reason))
        forecast.add(stored, compute_summaries(one.recent, one.target.today, one.target.planned))
        return forecast.make_effect()

    def _prepare_formula(self, target: FormulaTarget) -> Callable[[], Effect]:
        """What gives the effect of a changed formula: for the last days only, if one of its inputs changes as well."""
        own = target.compared
        is_recent = any(id_ in self._changes and self._changes[id_].may_alter_values for id_ in target.formulas.inputs)
        return self._prepare(target, own.recent_span if is_recent else own.window)

    def _prepare_users(self, one: _Measured) -> Iterator[Callable[[], UserEffect]]:
        """What gives the effects on the channels whose formulas use this one, for the last days."""
        if not one.target.changes_values:
            return
        for link in self._plan.formula_links:
            if link.used.id != one.target.live.id or not link.before:
                continue
            try:
                target = self._make_formula_target(link.user.id)
                measure = self._prepare(target, one.target.compared.recent_span)
            except NoForecast as reason:
                measure = partial(_unknown, str(reason))
            yield partial(_make_user, link.user, measure)

    def _prepare(self, target: FormulaTarget, window: EffectSpan) -> Callable[[], Effect]:
        compared = target.compared.fit(window, target.minutes)
        parts = list(_cut(compared.window))
        if len(parts) == 1:
            self._summaries.expect(self._list_lives(target), compared.window)
        return partial(self._measure_formula, target, compared, parts)

    def _list_lives(self, target: FormulaTarget) -> list[Live]:
        return [target.live, *(self._lives[id_] for id_ in target.formulas.inputs)]

    def _measure_formula(self, target: FormulaTarget, compared: Compared, parts: Sequence[EffectSpan]) -> Effect:
        forecast = SummaryForecast(compared)
        try:
            for part in parts:
                if len(parts) > 1:
                    self._summaries.read_ahead(self._list_lives(target), part)
                inputs = {id_: self._make_input(id_, part) for id_ in target.formulas.inputs}
                stored = self._summaries.read(target.live, part)
                forecast.add(stored, compute_formulas(target.formulas, inputs, target.minutes))
        except NoForecast as reason:
            return _unknown(str(reason))
        return forecast.make_effect()

    def _make_input(self, id_: int, part: EffectSpan) -> InputSummaries:
        """A channel that a formula uses, with its planned values. Raises NoForecast if these are not certain."""
        stored = self._summaries.read(self._lives[id_], part)
        change, one = self._changes.get(id_), self._measured.get(id_)
        if one is None:
            if change and change.may_alter_values:
                raise NoForecast(f"the effect on {change.name}, which its formula uses, is unknown")
            return InputSummaries(summarize_by(self._lives[id_]), stored, stored, stored)
        name = one.target.change.name
        if one.effect.status is not EffectStatus.EXACT:
            raise NoForecast(f"the effect on {name}, which its formula uses, is {one.effect.status.value}")
        proof = SummaryForecast(one.target.compared.fit(part, one.target.today.minutes))
        compute = compute_summaries(one.recent, one.target.today, one.target.planned)
        proof.add(stored, compute)
        if proof.make_effect().status is not EffectStatus.EXACT:
            raise NoForecast(f"the summarized values of {name}, which its formula uses, do not come out")
        planned, in_floats = proof.round_planned(compute(Decimal)[1]), compute(float)[1]
        return InputSummaries(one.target.planned, stored, planned, in_floats)


def _make_user(user: ChannelLabel, measure: Callable[[], Effect]) -> UserEffect:
    return UserEffect(user.id, user.name, user.info, measure())


def _unknown(reason: str) -> Effect:
    return Effect(EffectStatus.UNKNOWN, reason)


def _make_span(live: Live, window: EffectSpan) -> ReadingSpan:
    return ReadingSpan(live, datetime.fromisoformat(window.after), datetime.fromisoformat(window.up_to))


def _cut(window: EffectSpan) -> Iterator[EffectSpan]:
    """The parts of a window, one after the other, none of them long."""
    after, end = datetime.fromisoformat(window.after), datetime.fromisoformat(window.up_to)
    while after + _PART < end:
        part = after + _PART
        yield EffectSpan(after.isoformat(), part.isoformat())
        after = part
    yield EffectSpan(after.isoformat(), window.up_to)


class SummaryReader:
    """Summarized readings, by channel: all that are expected are read at once, and kept."""

    def __init__(self, readings: StoredReadings) -> None:
        self._readings = readings
        self._expected: dict[int, ReadingSpan] = {}
        self._found: dict[int, dict[str, Decimal]] = {}
        self._failures: dict[int, str] = {}

    def expect(self, lives: Iterable[Live], window: EffectSpan) -> None:
        """Note that `read` will be asked for `window` of each of `lives`."""
        for live in lives:
            span, known = _make_span(live, window), self._expected.get(live.id)
            if known:
                span = ReadingSpan(live, min(known.begin, span.begin), max(known.end, span.end))
            self._expected[live.id] = span

    def read_ahead(self, lives: Iterable[Live], window: EffectSpan) -> None:
        """Read `window` of each of `lives` in place of all that was kept of them."""
        lives = list(lives)
        self._read([_make_span(live, window) for live in lives])

    def read(self, live: Live, window: EffectSpan) -> Summaries:
        """The summarized values of `live` in `window`, by the local times of their ends. Raises NoForecast."""
        if self._expected:
            spans, self._expected = list(self._expected.values()), {}
            self._read(spans)
        if live.id in self._failures:
            raise NoForecast(f"summarized readings cannot be read: {self._failures[live.id]}")
        found = self._found.get(live.id, {})
        return {end: value for end, value in found.items() if window.after < end <= window.up_to}

    def _read(self, spans: Sequence[ReadingSpan]) -> None:
        ids = [span.live.id for span in spans]
        self._found |= {id_: {} for id_ in ids}
        try:
            for id_, found in self._readings.stream_summarized(spans):
                if isinstance(found, ServiceError):
                    self._failures[id_] = found.message
                else:
                    self._found[id_].update((one.time, one.value) for one in found)
        except ServiceError as error:
            self._failures |= dict.fromkeys(ids, error.message)
