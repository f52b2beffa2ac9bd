"""Stored values from raw readings: what EnergyCAP computes for a simple channel, in exact decimals.

Documented: Odometer is a register whose differences count, Trip a value per period; a version holds after its begin, up
to and including its end; a register begins again at rolloverValue, and rollbackAllowance is how far it may fall; offset
is exclusive to Trip; the final value is positive if isValuePositive says so; minimumReading and maximumReading limit
the computed value. Where the pages are silent, `Arithmetic` has a choice, and only stored values can tell which one is
EnergyCAP's. Sources: EsaChannelVersionEdit of PUT /api/v202406/esachannel/{id}; the help center's "Types of meter
readings".
"""

from __future__ import annotations

from bisect import bisect_left
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, localcontext
from enum import Enum
from itertools import groupby
from operator import sub
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from reconciler.model.fields import (
    FIELD_AT,
    IS_VALUE_POSITIVE,
    MAXIMUM_READING,
    MINIMUM_READING,
    MULTIPLIER,
    OBSERVATION_RULE_ID,
    ODOMETER,
    OFFSET,
    ROLLBACK_ALLOWANCE,
    ROLLOVER_VALUE,
)
from reconciler.model.values import is_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.values import Spec, Value

# None where there is no value.
Computed: TypeAlias = Decimal | None

# The product of two doubles has fewer digits, so that only a division is ever rounded.
EXACT = Context(prec=1600)
# "Scale <= 15" of all decimals of the API.
_SCALE = 15
# A larger whole number is not always a double.
_LARGEST_WHOLE = 2**53


class OffsetOrder(Enum):
    """Whether the offset of the Trip rule is added to the product or to the raw value."""

    AFTER = "the offset is added after multiplying"
    BEFORE = "the offset is added before multiplying"


class OutOfLimits(Enum):
    """What becomes of a value outside minimumReading and maximumReading."""

    KEPT = "a value outside the limits is kept"
    DROPPED = "a value outside the limits is dropped"
    CLAMPED = "a value outside the limits becomes the limit"


class FirstReading(Enum):
    """The value of the first reading of a register."""

    NONE = "the first reading of a register has no value"
    ZERO = "the first reading of a register is 0"
    RAW = "the first reading of a register counts in full"


class FirstOfVersion(Enum):
    """The value of the first reading of a register after a version begins: the difference to one before it."""

    NEW = "the difference across the begin of a version is by its settings"
    OLD = "the difference across the begin of a version is by the settings before it"
    NONE = "the first reading of a version has no value"


class AllowanceOf(Enum):
    """What rollbackAllowance is a share of."""

    ROLLOVER = "rollbackAllowance is a share of rolloverValue"
    READING = "rollbackAllowance is a share of the reading before"


class SmallFall(Enum):
    """The value of a register that falls within its allowance."""

    NEGATIVE = "a small fall of a register is negative"
    ZERO = "a small fall of a register is 0"


class Rounding(Struct, frozen=True):
    """How values are rounded: to so many decimal places; None for binary floating point, which rounds each step."""

    places: int | None
    is_half_even: bool = False

    @property
    def words(self) -> str:
        if self.places is None:
            return "values are binary floating point"
        way = "half to even" if self.is_half_even else "half up"
        places = "1 decimal place" if self.places == 1 else f"{self.places} decimal places"
        return f"values are rounded to {places}, {way}"


# Nobody documents one. More than six places are hardly rounded.
ROUNDINGS = (
    Rounding(_SCALE),
    Rounding(None),
    *(Rounding(places, is_half_even) for places in range(7) for is_half_even in (False, True)),
)


class Arithmetic(Struct, frozen=True):
    """One way in which EnergyCAP may compute, apart from its rounding."""

    offset: OffsetOrder = OffsetOrder.AFTER
    limits: OutOfLimits = OutOfLimits.KEPT
    first: FirstReading = FirstReading.NONE
    version: FirstOfVersion = FirstOfVersion.NEW
    allowance: AllowanceOf = AllowanceOf.ROLLOVER
    fall: SmallFall = SmallFall.NEGATIVE


CHOICES: tuple[tuple[str, type[Enum]], ...] = (
    ("offset", OffsetOrder),
    ("limits", OutOfLimits),
    ("first", FirstReading),
    ("version", FirstOfVersion),
    ("allowance", AllowanceOf),
    ("fall", SmallFall),
)


class ValueSettings(Struct, frozen=True):
    """The settings of one version that decide its values, from `begin` on: local time, "" from the beginning."""

    begin: str
    multiplier: Any
    is_register: bool
    offset: Any
    rollover: Any
    allowance: Any
    is_positive: bool
    minimum: Any
    maximum: Any
    unit: Value = None

    @property
    def has_limits(self) -> bool:
        return self.minimum is not None or self.maximum is not None

    @property
    def is_whole(self) -> bool:
        """Whether all numbers that values are made of are whole."""
        return count_places((self.multiplier, self.offset, self.rollover, self.minimum, self.maximum)) == 0

    def to_floats(self) -> ValueSettings:
        """The same in binary floating point."""
        low, high = (None if limit is None else float(limit) for limit in (self.minimum, self.maximum))
        numbers = (float(self.offset), float(self.rollover), float(self.allowance))
        return ValueSettings(
            self.begin, float(self.multiplier), self.is_register, *numbers, self.is_positive, low, high, self.unit
        )


def make_settings(begin: str, values: Spec, unit: Value) -> ValueSettings | None:
    """The settings of a version from its `values`, by the paths of EsaChannelEdit; None if one that decides is missing.

    Null means what EnergyCAP documents for it: no offset, no limit, and the default of a register.
    """
    rule, multiplier = values.get(OBSERVATION_RULE_ID), values.get(MULTIPLIER)
    if not is_number(rule) or not is_number(multiplier):
        return None
    rollover, allowance = (
        _to_decimal(values.get(path), FIELD_AT[path].odometer_default or 0)
        for path in (ROLLOVER_VALUE, ROLLBACK_ALLOWANCE)
    )
    low, high = (
        _to_decimal(value) if is_number(value := values.get(path)) else None
        for path in (MINIMUM_READING, MAXIMUM_READING)
    )
    return ValueSettings(
        begin,
        _to_decimal(multiplier),
        rule == ODOMETER,
        _to_decimal(values.get(OFFSET)),
        rollover,
        allowance,
        values.get(IS_VALUE_POSITIVE) is True,
        low,
        high,
        unit,
    )


def _to_decimal(value: Value, default: float = 0) -> Decimal:
    # The shortest text of a double is what somebody wrote. Without its last zeros, products get no needless places.
    return Decimal(repr(value if is_number(value) else default)).normalize()


class Registers(Struct, frozen=True):
    """Raw readings in the order of time: `raws` at the local `times`, and the one before them, if there is one."""

    times: Sequence[str]
    raws: Sequence[Any]
    before: tuple[str, Any] | None

    @property
    def former(self) -> Sequence[Any]:
        """The raw value before each; the first is None if there is none."""
        return [self.before[1] if self.before else None, *self.raws[:-1]]

    def to_floats(self) -> Registers:
        """The same in binary floating point."""
        before = (self.before[0], float(self.before[1])) if self.before else None
        return Registers(self.times, list(map(float, self.raws)), before)


class VersionTimeline:
    """The versions of a channel, oldest first, and the one that holds for each reading."""

    def __init__(self, versions: Sequence[ValueSettings]) -> None:
        self.versions = tuple(versions)
        self._begins = [version.begin for version in versions]
        self._floats: VersionTimeline | None = None

    def find(self, time: str) -> int:
        """The place of the version that holds at a local time; a version excludes its begin."""
        return max(bisect_left(self._begins, time) - 1, 0)

    def list_places(self, readings: Registers) -> Sequence[int]:
        """The place of the version for each reading."""
        if len(self.versions) == 1:
            return [0] * len(readings.times)
        first, last = self.find(min(readings.times)), self.find(max(readings.times))
        return [first] * len(readings.times) if first == last else list(map(self.find, readings.times))

    @property
    def floats(self) -> VersionTimeline:
        """The same in binary floating point."""
        if self._floats is None:
            self._floats = VersionTimeline([version.to_floats() for version in self.versions])
        return self._floats


def list_choices(readings: Registers, timelines: Iterable[VersionTimeline]) -> frozenset[str]:
    """The names of the choices of `Arithmetic` that may make a difference for `readings` under these versions."""
    names: set[str] = set()
    for timeline in timelines:
        places = timeline.list_places(readings)
        used = [timeline.versions[place] for place in sorted(set(places))]
        if any(not one.is_register and one.offset for one in used):
            names.add("offset")
        if any(one.has_limits for one in used):
            names.add("limits")
        if any(one.is_register for one in used):
            if readings.before is None:
                names.add("first")
            if len(used) > 1 or (readings.before and timeline.find(readings.before[0]) != places[0]):
                names.add("version")
            names |= {"allowance", "fall"}
    if "fall" in names and not any(map(_is_fall, readings.raws, readings.former)):
        names -= {"allowance", "fall"}
    return frozenset(names)


def _is_fall(raw: Any, before: Any) -> bool:
    return before is not None and raw < before


def compute(
    readings: Registers, timeline: VersionTimeline, arithmetic: Arithmetic, rounding: Rounding
) -> list[Computed]:
    """The value of each of `readings`, by the version that holds for it."""
    with localcontext(EXACT):
        if rounding.places is None:
            return compute_in_floats(readings, timeline, arithmetic)
        values = compute_unrounded(readings, timeline, arithmetic)
        return round_values(values, rounding, count_places(values))


def compute_in_floats(readings: Registers, timeline: VersionTimeline, arithmetic: Arithmetic) -> list[Computed]:
    """The same in binary floating point."""
    values = compute_unrounded(readings.to_floats(), timeline.floats, arithmetic)
    return [None if value is None else Decimal(repr(value)) for value in values]


def round_values(values: list[Any], rounding: Rounding, places: int) -> list[Any]:
    """`values`, which have at most so many decimal `places`, rounded."""
    if rounding.places is None or places <= rounding.places:
        return values
    unit = Decimal(1).scaleb(-rounding.places)
    way = ROUND_HALF_EVEN if rounding.is_half_even else ROUND_HALF_UP
    return [None if value is None else value.quantize(unit, way, EXACT) for value in values]


def count_places(values: Iterable[Computed]) -> int:
    """The most decimal places that one of `values` has."""
    # A sum has as many as the longest of what is added, and is made at the speed of C. Few have no value.
    every: Any = values
    try:
        exponent = sum(every, Decimal()).as_tuple().exponent
    except TypeError:
        exponent = sum(filter(None, values), Decimal()).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def is_exact_in_floats(
    readings: Registers, timelines: Iterable[VersionTimeline], computed: Iterable[Sequence[Computed]]
) -> bool:
    """Whether binary floating point gives the same values: all numbers are whole, and small enough for it."""
    if not all(version.is_whole for timeline in timelines for version in timeline.versions):
        return False
    if count_places(readings.raws):
        return False
    return all(abs(value) < _LARGEST_WHOLE for values in (readings.raws, *computed) for value in values if value)


def compute_unrounded(readings: Registers, timeline: VersionTimeline, arithmetic: Arithmetic) -> list[Any]:
    """The same before it is rounded, in the numbers of `readings`, which may be of either kind."""
    places = timeline.list_places(readings)
    if not places:
        return []
    former = readings.former
    values: list[Any] = []
    for place, run in list_runs(_choose_versions(readings, timeline, arithmetic, places)):
        values += _compute_run(readings.raws[run], former[run], timeline.versions[place], arithmetic)
    if arithmetic.version is FirstOfVersion.NONE:
        _drop_first(values, readings, timeline, places)
    return values


def _choose_versions(
    readings: Registers, timeline: VersionTimeline, arithmetic: Arithmetic, places: Sequence[int]
) -> Sequence[int]:
    """The place of the version by whose settings each reading is computed."""
    if arithmetic.version is not FirstOfVersion.OLD or len(timeline.versions) == 1:
        return places
    earlier = [timeline.find(readings.before[0]) if readings.before else places[0], *places[:-1]]
    is_register = [version.is_register for version in timeline.versions]
    # Under Trip there is no difference that could belong to anything.
    return [old if is_register[old] and is_register[new] else new for old, new in zip(earlier, places, strict=True)]


def _drop_first(values: list[Any], readings: Registers, timeline: VersionTimeline, places: Sequence[int]) -> None:
    earlier = timeline.find(readings.before[0]) if readings.before else places[0]
    for index, place in enumerate(places):
        if place != earlier and timeline.versions[place].is_register:
            values[index] = None
        earlier = place


def _compute_run(
    raws: Sequence[Any], former: Sequence[Any], settings: ValueSettings, arithmetic: Arithmetic
) -> Sequence[Any]:
    """The values of readings for which one version holds."""
    if settings.is_register:
        values = _multiply(_list_differences(raws, former, settings, arithmetic), settings.multiplier)
    else:
        values = _scale(raws, settings, arithmetic)
    if settings.is_positive:
        values = [None if value is None else abs(value) for value in values]
    if settings.has_limits and arithmetic.limits is not OutOfLimits.KEPT:
        values = [_limit(value, settings, arithmetic.limits) for value in values]
    return values


def _multiply(values: list[Any], multiplier: Any) -> list[Any]:
    if values and values[0] is None:
        return [None, *(value * multiplier for value in values[1:])]
    return [value * multiplier for value in values]


def _scale(raws: Sequence[Any], settings: ValueSettings, arithmetic: Arithmetic) -> list[Any]:
    multiplier, offset = settings.multiplier, settings.offset
    if not offset:
        return [raw * multiplier for raw in raws]
    if arithmetic.offset is OffsetOrder.BEFORE:
        return [(raw + offset) * multiplier for raw in raws]
    return [raw * multiplier + offset for raw in raws]


def _list_differences(
    raws: Sequence[Any], former: Sequence[Any], settings: ValueSettings, arithmetic: Arithmetic
) -> list[Any]:
    """How far the register went at each reading; None for the first if it has no value."""
    if former[0] is None:
        first = {FirstReading.NONE: None, FirstReading.ZERO: raws[0] * 0, FirstReading.RAW: raws[0]}[arithmetic.first]
        return [first, *_list_differences(raws[1:], former[1:], settings, arithmetic)] if raws[1:] else [first]
    differences = list(map(sub, raws, former))
    if min(differences) >= 0:
        return differences
    return [
        one if one >= 0 else _explain_fall(one, before, settings, arithmetic)
        for one, before in zip(differences, former, strict=True)
    ]


def _explain_fall(difference: Any, before: Any, settings: ValueSettings, arithmetic: Arithmetic) -> Any:
    base = settings.rollover if arithmetic.allowance is AllowanceOf.ROLLOVER else abs(before)
    if -difference > settings.allowance * base:
        return difference + settings.rollover
    return difference if arithmetic.fall is SmallFall.NEGATIVE else abs(difference * 0)


def _limit(value: Any, settings: ValueSettings, limits: OutOfLimits) -> Any:
    if value is None:
        return None
    low, high = settings.minimum, settings.maximum
    nearest = low if low is not None and value < low else high if high is not None and value > high else value
    if nearest is value:
        return value
    return nearest if limits is OutOfLimits.CLAMPED else None


def is_same_value(one: Computed, other: Computed) -> bool:
    """Whether two values are the same number in JSON, which has doubles."""
    if one is None or other is None:
        return one is other
    return one == other or float(one) == float(other)


def count_same(stored: Sequence[Computed], computed: Sequence[Computed]) -> int:
    """How many of `stored` are the same as those `computed`."""
    if stored == computed:
        return len(stored)
    return sum(map(is_same_value, stored, computed))


def list_runs(keys: Sequence[Any]) -> Iterator[tuple[Any, slice]]:
    """Each run of equal keys, with its place."""
    if keys and keys[0] == keys[-1] and keys.count(keys[0]) == len(keys):
        yield keys[0], slice(0, len(keys))
        return
    start = 0
    for key, run in groupby(keys):
        end = start + sum(1 for _ in run)
        yield key, slice(start, end)
        start = end
