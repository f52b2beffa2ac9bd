"""Settings, readings and windows for forecasts."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from reconciler.effects.arithmetic import ValueSettings, VersionTimeline
from reconciler.effects.forecast import Forecast, TimelinePair
from reconciler.effects.proof import Compared
from reconciler.model.effects import EffectKind, EffectSpan
from reconciler.model.registers import ChannelReading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.effects import Effect

_REGISTER = ValueSettings(
    begin="",
    multiplier=Decimal(1),
    is_register=True,
    offset=Decimal(0),
    rollover=Decimal(1000),
    allowance=Decimal("0.1"),
    is_positive=False,
    minimum=None,
    maximum=None,
    unit=1,
)
START = datetime(2026, 11, 1)  # noqa: DTZ001 - local times have no zone
QUARTER = timedelta(minutes=15)


def register(multiplier: str = "1", **values: Any) -> ValueSettings:
    """The settings of a register that begins again at 1,000."""
    return _set(_REGISTER, multiplier, values)


def trip(multiplier: str = "1", **values: Any) -> ValueSettings:
    """The settings of a version under the Trip rule."""
    return _set(replace(_REGISTER, is_register=False), multiplier, values)


def _set(settings: ValueSettings, multiplier: str, values: dict[str, Any]) -> ValueSettings:
    numbers = {
        name: Decimal(value) if isinstance(value, str) and name != "begin" else value for name, value in values.items()
    }
    return replace(settings, multiplier=Decimal(multiplier), **numbers)


def at(index: int) -> str:
    """The time of a reading: a quarter of an hour after the one before."""
    return (START + index * QUARTER).isoformat()


def read(raws: Sequence[str | None], values: Sequence[str | None]) -> list[ChannelReading]:
    """Readings with these raw and stored values."""
    return [
        ChannelReading(at(index), None if raw is None else Decimal(raw), None if value is None else Decimal(value))
        for index, (raw, value) in enumerate(zip(raws, values, strict=True), 1)
    ]


def forecast(
    today: Sequence[ValueSettings],
    planned: Sequence[ValueSettings],
    readings: Sequence[ChannelReading],
    kind: EffectKind = EffectKind.TOTAL,
    recent: str = at(0),
) -> Effect:
    """The effect of planned settings on `readings`, the first of which is before the window."""
    window = EffectSpan(readings[0].time, readings[-1].time)
    made = Forecast(
        TimelinePair(VersionTimeline(today), VersionTimeline(planned)),
        Compared(window, max(recent, window.after), kind, "CCF"),
    )
    # Batches may end anywhere.
    for index in range(0, len(readings), 3):
        made.add(readings[index : index + 3])
    return made.make_effect()
