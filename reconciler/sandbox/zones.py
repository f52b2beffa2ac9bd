"""Time zones of data points, and times read in them."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from reconciler.sandbox.reference_table import DataPoint


def find_zone(data_point: DataPoint | None) -> tzinfo:
    """The time zone of a data point; UTC where it is not given or not known."""
    return _parse_zone(_read_code(data_point)) or UTC


def name_unknown_zone(data_point: DataPoint | None) -> str | None:
    """The code of the data point's time zone where it is given, and no name of the zone database."""
    code = _read_code(data_point)
    return code if code and _parse_zone(code) is None else None


def parse_instant(text: str, zone: tzinfo) -> str | None:
    """The instant of an ISO time, read in the zone where it has no offset; None where it is no time."""
    try:
        time = datetime.fromisoformat(text)
        local = time if time.tzinfo else time.replace(tzinfo=zone)
        return local.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return None


def _read_code(data_point: DataPoint | None) -> str:
    zone = (data_point.details.get("dataPointTimeZone") if data_point else None) or {}
    return str(zone.get("timeZoneCode") or "")


def _parse_zone(code: str) -> tzinfo | None:
    try:
        return ZoneInfo(code)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
