"""Values summarized over the intervals of a channel, as reports and formulas use them.

Documented: the summarization method is applied to the computed values of each interval, and the result is stamped with
the end of the interval, snapped to the clock: a value of 12:24 counts for 12:25. Not documented is where weeks and
months begin; whether this is right, the stored values show. Source: the help center's "Types of meter readings".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reconciler.model.effects import EffectKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.values import Value

_DAY, _WEEK = 1440, 10080
_AVERAGE = Context(prec=60)
# Names from the help center; no page lists them all.
_KINDS: Mapping[str, EffectKind] = {
    "sum": EffectKind.TOTAL,
    "average": EffectKind.MEAN,
    "max": EffectKind.PEAK,
    "maximum": EffectKind.PEAK,
    "min": EffectKind.MINIMUM,
    "minimum": EffectKind.MINIMUM,
}


def find_kind(method: Value) -> EffectKind | None:
    """The figure that a summarization method gives, by its name; None if the name is not known."""
    return _KINDS.get(method.casefold()) if isinstance(method, str) else None


def summarize(values: Iterable[tuple[str, Any]], minutes: int, kind: EffectKind) -> dict[str, Decimal]:
    """The value of each interval of so many `minutes`, by the local time of its end; `values` may be floats."""
    groups: dict[str, list[Any]] = {}
    for time, value in values:
        groups.setdefault(find_interval_end(time, minutes), []).append(value)
    figures = {end: _combine(group, kind) for end, group in groups.items()}
    return {end: Decimal(repr(one)) if isinstance(one, float) else one for end, one in figures.items()}


def _combine(values: list[Any], kind: EffectKind) -> Any:
    match kind:
        case EffectKind.PEAK:
            return max(values)
        case EffectKind.MINIMUM:
            return min(values)
        case EffectKind.MEAN:
            total = sum(values[1:], values[0])
            # An average may have no end, and the context of the others keeps more digits than anybody needs.
            return _AVERAGE.divide(total, len(values)) if isinstance(total, Decimal) else total / len(values)
        case EffectKind.TOTAL:
            return sum(values[1:], values[0])


# Channels of a data point have their readings at the same times.
@lru_cache(maxsize=65536)
def find_interval_end(time: str, minutes: int) -> str:
    """The local time at which the interval ends that `time` belongs to; an interval includes its end."""
    at = datetime.fromisoformat(time)
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    if minutes < _DAY:
        length = timedelta(minutes=minutes)
        return (midnight - (midnight - at) // length * length).isoformat()
    if at != midnight:
        midnight += timedelta(days=1)
    if minutes == _WEEK:
        midnight += timedelta(days=-midnight.weekday() % 7)
    elif minutes > _WEEK and midnight.day > 1:
        midnight = (midnight.replace(day=28) + timedelta(days=4)).replace(day=1)
    return midnight.isoformat()
