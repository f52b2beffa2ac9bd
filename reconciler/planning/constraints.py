"""What EnergyCAP requires of the values of one channel, as far as the given values decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.canonical import is_blank
from reconciler.model.fields import (
    FORMULA,
    INTERVAL_MINUTES,
    INTERVALS,
    IS_CALCULATED,
    IS_PRIMARY_DEMAND,
    MAXIMUM_READING,
    MINIMUM_READING,
    OBSERVATION_RULE,
    OBSERVATION_RULE_ID,
    OBSERVATION_RULES,
    ODOMETER,
    OFFSET,
    ROLLBACK_ALLOWANCE,
    ROLLOVER_VALUE,
    TRIP,
    VERSION,
)
from reconciler.model.values import is_number
from reconciler.planning.messages import show_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.values import Spec, Value

CHANNEL_INFO = "channelInfo"


class Violation(Struct, frozen=True):
    """A rule of the catalogue that a channel's own values break; `path` is that of the value to correct."""

    code: str
    path: str
    message: str
    fix: str


def find_violations(spec: Spec) -> tuple[Violation, ...]:
    """The rules that `spec` breaks, whatever the values that it does not hold.

    Takes some values of a channel or all of them, by the paths of EsaChannelEdit or by those of the files. Types,
    lengths and ranges of single values are checked by the schema. Never raises.
    Source: PUT /api/v202406/esachannel/{id}, the descriptions of EsaChannelEdit and EsaChannelVersionEdit.
    """
    return (
        # The text of a formula is checked in formula_checks, which also needs the names of other channels.
        *_check_interval(spec),
        *_check_formula(spec),
        *_check_limits(spec),
        *_check_name(spec),
        *_check_observation_rule(spec),
    )


def _check_interval(spec: Spec) -> tuple[Violation, ...]:
    if INTERVAL_MINUTES not in spec:
        return ()
    interval, is_calculated = spec[INTERVAL_MINUTES], spec.get(IS_CALCULATED)
    # Null is right for a calculated channel; without isCalculated in the spec that is not known.
    if interval is None:
        return _interval_missing() if is_calculated is False else ()
    if is_calculated is True:
        return _interval_not_allowed(interval)
    return () if interval in INTERVALS else _interval_unknown(interval)


def _interval_unknown(interval: Value) -> tuple[Violation, ...]:
    choices = ", ".join(map(str, INTERVALS))
    return (
        Violation(
            "ESA201",
            INTERVAL_MINUTES,
            f"intervalMinutes must be one of {choices}, found {show_value(interval)}",
            ", or ".join(_propose_intervals(interval)) if is_number(interval) else f"write one of {choices}",
        ),
    )


def _propose_intervals(interval: float) -> Iterator[str]:
    longer = next((one for one in INTERVALS if one > interval), None)
    # The readings API gives intervals in seconds, and 900 is easily taken from there.
    if interval / 60 in INTERVALS:
        yield f"write  intervalMinutes: {interval // 60:g}  if {interval} seconds are meant"
        if longer:
            yield f"{longer}, the next longer one"
    elif longer:
        yield f"write  intervalMinutes: {longer}, the next longer one"
    else:
        yield f"write one of {', '.join(map(str, INTERVALS))}"


def _interval_missing() -> tuple[Violation, ...]:
    return (
        Violation(
            "ESA202",
            INTERVAL_MINUTES,
            "intervalMinutes is required for a simple channel, found null",
            "write the interval in minutes, as in  intervalMinutes: 15, or write  isCalculated: true",
        ),
    )


def _interval_not_allowed(interval: Value) -> tuple[Violation, ...]:
    return (
        Violation(
            "ESA203",
            INTERVAL_MINUTES,
            f"intervalMinutes must be null for a calculated channel, found {show_value(interval)}",
            "write  intervalMinutes: null, or  isCalculated: false",
        ),
    )


def _check_formula(spec: Spec) -> tuple[Violation, ...]:
    if FORMULA not in spec or IS_CALCULATED not in spec:
        return ()
    formula, is_calculated = spec[FORMULA], spec[IS_CALCULATED]
    is_missing = formula is None or is_blank(formula)
    if is_calculated is False and not is_missing:
        return _formula_not_allowed(formula)
    return _formula_missing(formula) if is_calculated is True and is_missing else ()


def _formula_not_allowed(formula: Value) -> tuple[Violation, ...]:
    return (
        Violation(
            "ESA204",
            FORMULA,
            f"formula must be null for a simple channel, found {show_value(formula)}",
            "write  formula: null, or  isCalculated: true",
        ),
    )


def _formula_missing(formula: Value) -> tuple[Violation, ...]:
    return (
        Violation(
            "ESA205",
            FORMULA,
            f"formula is required for a calculated channel, found {show_value(formula)}",
            "write the formula, as in  formula: channel(north-use) * 0.03, or write  isCalculated: false",
        ),
    )


def _check_limits(spec: Spec) -> tuple[Violation, ...]:
    minimum, maximum = spec.get(MINIMUM_READING), spec.get(MAXIMUM_READING)
    if not is_number(minimum) or not is_number(maximum) or minimum <= maximum:
        return ()
    return (
        Violation(
            "ESA211",
            MINIMUM_READING,
            f"minimumReading must not be above maximumReading, found {show_value(minimum)} above {show_value(maximum)}",
            "swap the two, or write null for a limit that you do not want",
        ),
    )


def _check_name(spec: Spec) -> tuple[Violation, ...]:
    # A channel whose name is not in the spec keeps its name, which is valid.
    name = spec.get(CHANNEL_INFO, "named")
    if name is not None and not is_blank(name):
        return ()
    return (
        Violation(
            "ESA212",
            CHANNEL_INFO,
            f"channelInfo must not be empty, found {show_value(name)}",
            "write the channel's name, or remove the line to keep the name it has",
        ),
    )


def _check_observation_rule(spec: Spec) -> tuple[Violation, ...]:
    # Live values have the id, the values of a file the id or the name.
    rule = spec.get(OBSERVATION_RULE_ID) or OBSERVATION_RULES.get(str(spec.get(OBSERVATION_RULE)))
    if rule == TRIP:
        return _check_under_trip(spec)
    return _check_under_odometer(spec) if rule == ODOMETER else ()


def _check_under_odometer(spec: Spec) -> tuple[Violation, ...]:
    violations: tuple[Violation, ...] = ()
    if spec.get(OFFSET):
        violations += (_offset_under_odometer(spec[OFFSET]),)
    if spec.get(IS_PRIMARY_DEMAND) is True:
        violations += (_demand_under_odometer(spec),)
    return violations


def _offset_under_odometer(offset: Value) -> Violation:
    # Nothing says what the service does with an offset of 0 under the Odometer rule; it moves no value, so it passes.
    return Violation(
        "ESA213",
        OFFSET,
        f"offset must be null under the Odometer rule, found {show_value(offset)}",
        "write  offset: null, or  observationRule: Trip",
    )


def _demand_under_odometer(spec: Spec) -> Violation:
    return Violation(
        "ESA406",
        # The finding belongs to the line that the file has.
        OBSERVATION_RULE if OBSERVATION_RULE in spec else OBSERVATION_RULE_ID,
        "a demand channel cannot have the Odometer rule, found isPrimaryDemand: true",
        "write  observationRule: Trip, or  isPrimaryDemand: false",
    )


def _check_under_trip(spec: Spec) -> tuple[Violation, ...]:
    return tuple(
        Violation(
            code,
            path,
            f"{path.removeprefix(VERSION + '.')} must be null under the Trip rule, found {show_value(spec[path])}",
            "remove the line, or write  observationRule: Odometer",
        )
        for code, path in (("ESA214", ROLLOVER_VALUE), ("ESA215", ROLLBACK_ALLOWANCE))
        if spec.get(path) is not None
    )
