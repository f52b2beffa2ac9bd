"""The time zone of a data point, by the name that the service gives for it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reconciler.energycap.calls import READ_DATA_POINT
from reconciler.energycap.documents import Odd, read_object, read_text
from reconciler.energycap.windows_zones import WINDOWS_ZONES
from reconciler.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Executor

    from reconciler.energycap.documents import Document
    from reconciler.energycap.session import Session

# Names have half of that. Python looks a name up folder by folder, and fails for one with hundreds of them.
_LONGEST_NAME = 64
_ALWAYS_UTC = frozenset(("UTC", "Etc/UTC", "GMT", "Etc/GMT"))


class DataPoints:
    """Data points as the service describes them, each read once, from any number of threads."""

    def __init__(self, session: Session, executor: Executor) -> None:
        self._session = session
        self._executor = executor
        self._read: dict[int, Document] = {}

    def read(self, ids: Iterable[int]) -> dict[int, Document]:
        """The data points with these ids, read side by side; one that cannot be read is empty."""
        asked = sorted(set(ids))
        wanted = [data_point_id for data_point_id in asked if data_point_id not in self._read]
        self._read |= zip(wanted, self._executor.map(self._read_one, wanted), strict=True)
        return {data_point_id: self._read[data_point_id] for data_point_id in asked}

    def find_zone(self, data_point_id: int) -> ZoneInfo | None:
        """The time zone of a data point, None if not known. Asks in the thread that calls."""
        if data_point_id not in self._read:
            self._read[data_point_id] = self._read_one(data_point_id)
        return find_time_zone(self._read[data_point_id])

    def _read_one(self, data_point_id: int) -> Document:
        try:
            document = self._session.read(READ_DATA_POINT.to(data_point_id))
        except ServiceError:
            # Without it the dates are not known, which blocks the edits that need them and nothing else.
            return {}
        return document if isinstance(document, dict) else {}


def find_time_zone(data_point: Document) -> ZoneInfo | None:
    """The time zone of a data point, as GET /api/v202406/datapoint/{dataPointId} describes it; None if not known.

    What its timeZoneCode looks like is not documented: names of the IANA database and of Windows are known. A code
    like EST is not: it may stand for a zone with or without summer time.
    """
    try:
        zone = read_object(data_point, "dataPointTimeZone")
        names = [read_text(zone, key) for key in ("timeZoneCode", "timeZoneInfo")]
    except Odd:
        return None
    found = {known.key: known for name in names if name and (known := _find_by_name(name.strip()))}
    return next(iter(found.values())) if len(found) == 1 else None


def find_zone_code(data_point: Document) -> str:
    """The code that the service gives for the time zone of a data point; "" if it gives none."""
    try:
        return read_text(read_object(data_point, "dataPointTimeZone"), "timeZoneCode") or ""
    except Odd:
        return ""


def _find_by_name(name: str) -> ZoneInfo | None:
    key = WINDOWS_ZONES.get(name, name)
    return load_zone(key) if "/" in key or key in _ALWAYS_UTC else None


def load_zone(name: str) -> ZoneInfo | None:
    """The zone of this name in the IANA database, or of this name that Windows gives it; None if there is none."""
    if len(name) > _LONGEST_NAME:
        return None
    try:
        return ZoneInfo(WINDOWS_ZONES.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
