"""Checks the time of a reading against its channel: a date alone is enough only for some channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.fields import INTERVAL_MINUTES
from reconciler.readings.flaws import Flaw

if TYPE_CHECKING:
    from reconciler.model.channels import Live
    from reconciler.readings.routing import Router
    from reconciler.readings.rows import Parcel, Row

_DAY_MINUTES = 1440


def settle_dates(parcel: Parcel, router: Router) -> None:
    """Refuse those readings of `parcel` that have a day alone, where the channel has an interval below a day."""
    dated = [row for row in parcel.rows if row.is_date and row.reading is not None]
    if not dated or parcel.key is None or parcel.flaws:
        return
    channel = router.find(parcel.key).channel
    minutes = None if channel is None else channel.values.get(INTERVAL_MINUTES)
    if channel is not None and isinstance(minutes, int) and minutes < _DAY_MINUTES:
        for row in dated:
            _refuse(row, channel, minutes)


def _refuse(row: Row, channel: Live, minutes: int) -> None:
    day = row.reading.time[:10] if row.reading else ""
    message = f"a channel with an interval of {minutes} minutes needs a time of day, found only the date {day}"
    row.flaws = (
        *row.flaws,
        Flaw(
            "ESA623",
            message,
            f"write the time of day, too:  {day}T00:00  if it is midnight",
            (f"channel {channel.id}",),
        ),
    )
    row.reading = None
