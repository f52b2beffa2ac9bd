"""Summarized readings of calculated channels: what their inputs' readings let them have.

Documented: that for a calculated channel the first and last dates are those of its summarized readings, and that a
summarized reading lies at the end of its interval. Not documented, and so decided here: there is one wherever all
channels in the formula have readings, and lastReadingValue stays as its world gave it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.sandbox.choices import CalculatedReadings
from reconciler.sandbox.formulas import find_references
from reconciler.sandbox.records import Evidence
from reconciler.sandbox.surroundings import read_context
from reconciler.sandbox.zones import find_zone

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import tzinfo

    from reconciler.sandbox.records import Channel
    from reconciler.sandbox.settings import Settings
    from reconciler.sandbox.store import Store
    from reconciler.sandbox.surroundings import ResponseContext

# A calculated meter names primary value channels, which may be calculated from simple ones.
_MAX_DEPTH = 3
_MINUTES_OF_A_DAY = 1440


def read_evidence(store: Store, settings: Settings, channel: Channel) -> Evidence:
    """What readings leave on a stored channel, summarized ones included."""
    return find_evidence(channel, read_context(store, settings, (channel,)))


def find_evidence(channel: Channel, context: ResponseContext, depth: int = 0) -> Evidence:
    """What readings leave on a channel, summarized ones included; its inputs are those of `context`."""
    is_without = context.settings.calculated_readings is CalculatedReadings.NONE
    if is_without or not channel.settings.is_calculated or channel.evidence.has_readings or depth > _MAX_DEPTH:
        return channel.evidence
    references = {used for version in channel.versions for used in find_references(version.settings.formula)}
    inputs = [context.inputs[one] for one in references if one in context.inputs]
    found = [find_evidence(one, context, depth + 1) for one in inputs]
    if not references or len(inputs) < len(references) or not all(one.has_readings for one in found):
        return channel.evidence
    zone = find_zone(context.data_points.get(channel.data_point_id))
    minutes = max((one.settings.interval_minutes or 1 for one in inputs), default=1)
    first = max(_parse(one.first_date for one in found), default=None)
    last = min(_parse(one.last_date for one in found), default=None)
    return Evidence(
        has_readings=True,
        first_date=_end_of_interval(first, zone, minutes),
        last_date=_end_of_interval(last, zone, minutes),
    )


def _parse(dates: Iterable[str | None]) -> list[datetime]:
    return [datetime.fromisoformat(date) for date in dates if date is not None]


def _end_of_interval(time: datetime | None, zone: tzinfo, minutes: int) -> str | None:
    if time is None:
        return None
    local = time.astimezone(zone).replace(tzinfo=None)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    step = timedelta(minutes=min(minutes, _MINUTES_OF_A_DAY))
    end = midnight + -((midnight - local) // step) * step
    return end.replace(tzinfo=zone).isoformat()
