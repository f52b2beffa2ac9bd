"""The list of ESA readings: GET /api/v202407/esaReading.

Documented: raw and processed readings, paginated; the filters beginDate, esaChannelID (one of, not one of), estimated
and note. Not documented, and so decided here or a setting: the names in a row, what zone its time and the filter
beginDate are in, that beginDate compares the time of a reading, and the order without orderBy: that in which readings
were stored. The filters by values, texts of data points and places, and those that name days, are not offered here.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reconciler.sandbox.endpoints import check_offered, read_page
from reconciler.sandbox.reading_settings import ReadingFilter, ReadingRows, ReadingTimes
from reconciler.sandbox.reading_table import Span, compute_readings, zone_of
from reconciler.sandbox.responses import (
    BOOLEAN_OPERATORS,
    TEXT_OPERATORS,
    TIME_OPERATORS,
    AppState,
    FieldType,
    FilterField,
    get_page_headers,
)
from reconciler.sandbox.tables import count_reads, read_channel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from starlette.requests import Request

    from reconciler.sandbox.reading_table import ComputedReading
    from reconciler.sandbox.settings import Settings
    from reconciler.sandbox.store import Store


# The vendor's page gives esaChannelID these two operators only.
_FIELDS = {
    "esaChannelID": FilterField("channel_id", FieldType.INTEGER, ("one of", "not one of")),
    "beginDate": FilterField("filter_time(channel_id, time)", FieldType.TIME, TIME_OPERATORS, coarse="time"),
    "estimated": FilterField("estimated", FieldType.BOOLEAN, BOOLEAN_OPERATORS),
    "note": FilterField("note", FieldType.TEXT, TEXT_OPERATORS),
}
_SELECT_SPANS = """
SELECT channel_id, min(time), max(time) FROM readings
WHERE reading_id IN (SELECT value FROM json_each(?)) GROUP BY channel_id
"""


class ReadingListEndpoint(Struct, frozen=True):
    """The list of ESA readings."""

    state: AppState

    def routes(self) -> list[Route]:
        """The path, in lower case."""
        return [Route("/api/v202407/esareading", self.list_readings, methods=["GET"])]

    async def list_readings(self, request: Request) -> Response:
        """GET: one page of readings of any channels."""
        settings, store = self.state.settings, self.state.store
        check_offered(settings.reading_list)
        with store.reading():
            offer_filter_time(self.state)
            page = read_page(self.state, request, _FIELDS, "readings", "reading_id")
            rows = self._make_rows(page.ids)
            read = [row[0] for row in store.connection.execute(_SELECT_SPANS, (json.dumps(page.ids),))]
        count_reads(store, read)
        return JSONResponse(rows, headers=get_page_headers(page, settings))

    def _make_rows(self, ids: Sequence[int]) -> list[dict[str, Any]]:
        """The readings with these ids, in this order."""
        store = self.state.store
        found: dict[int, dict[str, Any]] = {}
        spans = store.connection.execute(_SELECT_SPANS, (json.dumps(ids),)).fetchall()
        for channel_id, begin, end in spans:
            channel = read_channel(store, channel_id)
            if channel is not None:
                for reading in compute_readings(store, self.state.settings, channel, Span(begin, end)):
                    found[reading.stored.reading_id] = self._make_row(channel_id, reading)
        return [found[reading_id] for reading_id in ids if reading_id in found]

    def _make_row(self, channel_id: int, reading: ComputedReading) -> dict[str, Any]:
        stored, time = reading.stored, show_time(datetime.fromisoformat(reading.time), self.state.settings)
        about = {"estimated": bool(stored.estimated), "note": stored.note}
        match self.state.settings.reading_rows:
            case ReadingRows.FLAT:
                names = {"esaReadingId": stored.reading_id, "esaChannelId": channel_id, "timestamp": time}
                return {**names, "rawValue": stored.raw, "processedValue": reading.value, **about}
            case ReadingRows.DATED:
                names = {"esaChannelID": channel_id, "readingDate": time}
                return {**names, "rawValue": stored.raw, "value": reading.value, **about}
            case ReadingRows.PROCESSED:
                names = {"esaChannelId": channel_id, "timestamp": time}
                return {**names, "processedValue": reading.value, **about}


def offer_filter_time(state: AppState) -> None:
    """Let SQL compare times as the settings choose."""
    zones: dict[int, tzinfo] = {}

    def filter_time(channel_id: int, instant: str) -> str:
        if state.settings.reading_filter is ReadingFilter.UTC:
            return instant
        if channel_id not in zones:
            zones[channel_id] = _find_zone(state.store, channel_id)
        return datetime.fromisoformat(instant).astimezone(zones[channel_id]).isoformat()

    state.store.connection.create_function("filter_time", 2, filter_time)


def show_time(local: datetime, settings: Settings) -> str:
    """The time of a reading, in the zone of its data point, as the settings choose."""
    wall = local.replace(tzinfo=None).isoformat()
    match settings.reading_times:
        case ReadingTimes.OFFSET:
            return local.isoformat()
        case ReadingTimes.NAIVE:
            return wall
        case ReadingTimes.Z_WALL_TIME:
            return f"{wall}Z"
        case ReadingTimes.UTC:
            return f"{local.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def _find_zone(store: Store, channel_id: int) -> tzinfo:
    channel = read_channel(store, channel_id)
    return UTC if channel is None else zone_of(store, channel)
