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

    from reconciler.model.values import Spec

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
    # The text of a formula is checked in formula_checks, which also needs the names of other channels.
    found = (_check_interval(spec), _check_formula(spec), _check_limits(spec), _check_name(spec))
    return (*filter(None, found), *_check_observation_rule(spec))


def _check_interval(spec: Spec) -> Violation | None:
    if INTERVAL_MINUTES not in spec:
        return None
    interval, is_calculated = spec[INTERVAL_MINUTES], spec.get(IS_CALCULATED)
    # Null is right for a calculated channel; without isCalculated in the spec that is not known.
    if interval is None:
        message = "intervalMinutes is required for a simple channel, found null"
        fix = "write the interval in minutes, as in  intervalMinutes: 15, or write  isCalculated: true"
        return Violation("ESA202", INTERVAL_MINUTES, message, fix) if is_calculated is False else None
    if is_calculated is True:
        message = f"intervalMinutes must be null for a calculated channel, found {show_value(interval)}"
        return Violation("ESA203", INTERVAL_MINUTES, message, "write  intervalMinutes: null, or  isCalculated: false")
    if interval in INTERVALS:
        return None
    choices = ", ".join(map(str, INTERVALS))
    message = f"intervalMinutes must be one of {choices}, found {show_value(interval)}"
    fix = ", or ".join(_propose_intervals(interval)) if is_number(interval) else f"write one of {choices}"
    return Violation("ESA201", INTERVAL_MINUTES, message, fix)


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


def _check_formula(spec: Spec) -> Violation | None:
    if FORMULA not in spec or IS_CALCULATED not in spec:
        return None
    formula, is_calculated = spec[FORMULA], spec[IS_CALCULATED]
    is_missing = formula is None or is_blank(formula)
    if is_calculated is False and not is_missing:
        message = f"formula must be null for a simple channel, found {show_value(formula)}"
        return Violation("ESA204", FORMULA, message, "write  formula: null, or  isCalculated: true")
    if is_calculated is True and is_missing:
        message = f"formula is required for a calculated channel, found {show_value(formula)}"
        fix = "write the formula, as in  formula: channel(north-use) * 0.03, or write  isCalculated: false"
        return Violation("ESA205", FORMULA, message, fix)
    return None


def _check_limits(spec: Spec) -> Violation | None:
    minimum, maximum = spec.get(MINIMUM_READING), spec.get(MAXIMUM_READING)
    if not is_number(minimum) or not is_number(maximum) or minimum <= maximum:
        return None
    found = f"{show_value(minimum)} above {show_value(maximum)}"
    message = f"minimumReading must not be above maximumReading, found {found}"
    return Violation("ESA211", MINIMUM_READING, message, "swap the two, or write null for a limit that you do not want")


def _check_name(spec: Spec) -> Violation | None:
    # A channel whose name is not in the spec keeps its name, which is valid.
    name = spec.get(CHANNEL_INFO, "named")
    if name is not None and not is_blank(name):
        return None
    message = f"channelInfo must not be empty, found {show_value(name)}"
    return Violation(
        "ESA212", CHANNEL_INFO, message, "write the channel's name, or remove the line to keep the name it has"
    )


def _check_observation_rule(spec: Spec) -> tuple[Violation, ...]:
    # Live values have the id, the values of a file the id or the name.
    rule = spec.get(OBSERVATION_RULE_ID) or OBSERVATION_RULES.get(str(spec.get(OBSERVATION_RULE)))
    if rule == TRIP:
        return tuple(_check_under_trip(spec))
    return tuple(_check_under_odometer(spec)) if rule == ODOMETER else ()


def _check_under_odometer(spec: Spec) -> Iterator[Violation]:
    # Nothing says what the service does with an offset of 0 under the Odometer rule; it moves no value, so it passes.
    if spec.get(OFFSET):
        message = f"offset must be null under the Odometer rule, found {show_value(spec[OFFSET])}"
        yield Violation("ESA213", OFFSET, message, "write  offset: null, or  observationRule: Trip")
    if spec.get(IS_PRIMARY_DEMAND) is True:
        # The finding belongs to the line that the file has.
        path = OBSERVATION_RULE if OBSERVATION_RULE in spec else OBSERVATION_RULE_ID
        message = "a demand channel cannot have the Odometer rule, found isPrimaryDemand: true"
        yield Violation("ESA406", path, message, "write  observationRule: Trip, or  isPrimaryDemand: false")


def _check_under_trip(spec: Spec) -> Iterator[Violation]:
    for code, path in (("ESA214", ROLLOVER_VALUE), ("ESA215", ROLLBACK_ALLOWANCE)):
        if spec.get(path) is not None:
            name = path.removeprefix(VERSION + ".")
            message = f"{name} must be null under the Trip rule, found {show_value(spec[path])}"
            yield Violation(code, path, message, "remove the line, or write  observationRule: Odometer")
