"""Converts version dates with a zone to local time of the data point, if that is possible."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.energycap.wire import find_age
from reconciler.model.fields import BEGIN_DATE
from reconciler.model.project import VersionDates
from reconciler.model.values import BEGINNING, canonical_time, has_zone

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from reconciler.model.channels import Live, Version

    # The time zone of a data point by its id, None where it is not known.
    FindZone = Callable[[int], ZoneInfo | None]


def is_dated_in_zone(live: Live) -> bool:
    """Whether any version of `live` begins or ends at a date with a zone."""
    return any(has_zone(date) for version in live.versions for date in (version.begin_date, version.end_date) if date)


def needs_zone(live: Live, meaning: VersionDates | None) -> bool:
    """Whether the time zone of its data point helps to read the dates of `live`.

    Z says nothing by itself as long as nobody has said what it means. An offset does where it is that of the zone
    itself: then local time and instant are the same.
    """
    if meaning is VersionDates.WALL_TIME or not is_dated_in_zone(live):
        return False
    dates = (date for version in live.versions for date in (version.begin_date, version.end_date) if date)
    return meaning is VersionDates.UTC or any(has_zone(date) and not date.endswith("Z") for date in dates)


def read_dates(live: Live, meaning: VersionDates | None, find_zone: FindZone) -> Live:
    """`live` with its versions dated in local time of its data point; what cannot be known keeps its zone.

    Source: EsaChannelVersionEdit.beginDate: "The time zone of this date will match the data point's time zone.
    Therefore, if any time zone information is provided, it will be ignored." So a date is sent in local time; what a
    zone in an answer means is not documented.
    """
    if not is_dated_in_zone(live):
        return live
    zone = find_zone(live.data_point.id) if needs_zone(live, meaning) else None
    versions = tuple(sorted((_read_version(version, meaning, zone) for version in live.versions), key=find_age))
    return replace(live, values={**live.values, **versions[-1].values}, versions=versions)


def _read_version(version: Version, meaning: VersionDates | None, zone: ZoneInfo | None) -> Version:
    begin, end = (date and _read_date(date, meaning, zone) for date in (version.begin_date, version.end_date))
    values = {**version.values, BEGIN_DATE: None if begin == BEGINNING else begin}
    return replace(version, begin_date=begin, end_date=end, values=values)


def _read_date(date: str, meaning: VersionDates | None, zone: ZoneInfo | None) -> str:
    if not has_zone(date):
        return date
    local = canonical_time(date)
    if meaning is VersionDates.WALL_TIME:
        return local
    in_zone = _convert(date, zone) if zone else None
    if meaning is VersionDates.UTC:
        return in_zone or date
    return local if in_zone == local and not date.endswith("Z") else date


def _convert(date: str, zone: ZoneInfo) -> str | None:
    try:
        return canonical_time(datetime.fromisoformat(date).astimezone(zone).replace(tzinfo=None).isoformat())
    except (ValueError, OverflowError):
        return None
