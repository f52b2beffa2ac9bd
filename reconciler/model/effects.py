"""What a change does to stored values, as a forecast that today's settings must prove first."""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from msgspec import Struct

# What a report shows of a stored value: the shortest double, as JSON has it.
Number: TypeAlias = int | float


class EffectStatus(Enum):
    """Whether a forecast holds."""

    EXACT = "exact"  # today's settings give the stored values
    PARTIAL = "partial"  # they do in a part of the window, and only this part is forecast
    UNKNOWN = "unknown"  # there is no number, and a reason for it


class EffectKind(Enum):
    """Which figure of the window is compared, by the summarization method of the channel."""

    TOTAL = "total"
    PEAK = "peak"
    MEAN = "mean"
    MINIMUM = "minimum"


class EffectSpan(Struct, frozen=True):
    """A span of local time: after `after`, up to and including `up_to`."""

    after: str
    up_to: str


class Mismatch(Struct, frozen=True):
    """A stored value that does not come out with today's settings; None where there is no value."""

    time: str
    stored: Number | None
    computed: Number | None


class EffectPoint(Struct, frozen=True):
    """A day (YYYY-MM-DD) or a month (YYYY-MM) of the window, before and after the change; None without a value."""

    start: str
    before: Number | None
    after: Number | None


class EffectAlternative(Struct, frozen=True):
    """What comes out if EnergyCAP computes in another way that its stored values do not rule out."""

    arithmetic: tuple[str, ...]
    after: Number | None


class RecentEffect(Struct, frozen=True):
    """The same figure for the last days of a longer window."""

    span: EffectSpan
    before: Number | None
    after: Number | None


class Effect(Struct, frozen=True):
    """What a change does to the stored values of one channel in a window that ends at its last reading.

    `reason` says why the status is not exact. `before` is the figure of the stored values, `after` that of the values
    under the planned settings, both in `unit`. `factor` is there if each stored value becomes so many times itself.
    `readings` counts the stored values of `window`, `reproduced` those that come out with today's settings, and
    `mismatches` are the first of the others. If the status is partial, `window` is the part that is forecast, and
    `rest` are the other parts. `arithmetic` names how EnergyCAP computes, as far as the stored values tell, and
    `alternatives` what comes out where they do not. `used_by` are the channels whose formulas use this one.
    """

    status: EffectStatus
    reason: str = ""
    window: EffectSpan | None = None
    unit: str | None = None
    kind: EffectKind | None = None
    before: Number | None = None
    after: Number | None = None
    factor: Number | None = None
    readings: int = 0
    reproduced: int = 0
    mismatches: tuple[Mismatch, ...] = ()
    series: tuple[EffectPoint, ...] = ()
    rest: tuple[EffectSpan, ...] = ()
    arithmetic: tuple[str, ...] = ()
    alternatives: tuple[EffectAlternative, ...] = ()
    recent: RecentEffect | None = None
    used_by: tuple[UserEffect, ...] = ()

    @property
    def is_forecast(self) -> bool:
        """Whether there are numbers to show."""
        return self.status is not EffectStatus.UNKNOWN


class UserEffect(Struct, frozen=True):
    """What a change does to a channel whose formula uses the changed one, by its id and its names.

    `name` is that in the files, None if it is not managed.
    """

    channel_id: int
    name: str | None
    channel_info: str
    effect: Effect
