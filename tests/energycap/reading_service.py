"""A scripted service with readings: it filters, sorts and pages as it is told, and may lie."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any
from zlib import crc32

import httpx
from msgspec.structs import replace

from reconciler.energycap.mapping import live_from_response
from reconciler.model.registers import ReadingSpan
from tests.energycap import documents

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.model.channels import Live

    Row = dict[str, Any]

URL = "https://a.energycap.com"
KEY = "sandbox"
NOON = datetime(2026, 7, 1, 12)  # noqa: DTZ001 - local times have no zone
DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)
_QUOTED = re.compile(r"'([^']*)'")


def make_live(channel_id: int, **changes: Any) -> Live:
    """A channel of quarter hours on a data point in New York that does not say when its readings begin."""
    live = live_from_response(documents.make_channel(channelId=channel_id))
    minutes = changes.pop("minutes", 15)
    return replace(live, **{"first_reading": None, "values": {**live.values, "intervalMinutes": minutes}} | changes)


def make_span(channel_id: int, begin: datetime, end: datetime, **changes: Any) -> ReadingSpan:
    return ReadingSpan(make_live(channel_id, **changes), begin, end)


def make_row(channel_id: int, time: datetime, value: float, **more: Any) -> Row:
    """A row as the service probably has it. Its id tells it from all others of one channel."""
    number = channel_id * 2**40 + int((time - datetime.min) / timedelta(seconds=1))  # noqa: DTZ901
    own = {"esaReadingId": number, "esaChannelId": channel_id, "timestamp": time.isoformat()}
    return {**own, "rawValue": value, "processedValue": value / 2, "estimated": False} | more


class ReadingService:
    """Lists the rows of `times` by channel, those that its filter holds, of which `cap` are on a page.

    `ahead` is how much the filter's clock is ahead of the rows' one. `change` changes each row, `answer` a response.
    """

    def __init__(self, times: Mapping[int, Sequence[datetime]], **lies: Any) -> None:
        self.requests: list[str] = []
        self.most = 0
        self._rows = [
            (channel_id, time, make_row(channel_id, time, float(number)))
            for channel_id, found in times.items()
            for number, time in enumerate(found)
        ]
        self._cap: int = lies.pop("cap", 1000)
        self._ahead: timedelta = lies.pop("ahead", timedelta())
        self._change: Callable[[Row], Row] = lies.pop("change", lambda row: row)
        self._answer: Callable[[str, httpx.Response], httpx.Response] = lies.pop(
            "answer", lambda _filter, answer: answer
        )
        self._is_shuffled: bool = lies.pop("shuffled", False)
        self._lock = Lock()
        assert not lies

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if "datapoint" in request.url.path:
            zone = {"timeZoneCode": "America/New_York"}
            return httpx.Response(200, json={"dataPointId": 301, "dataPointTimeZone": zone})
        text, page = request.url.params["filter"], int(request.url.params["pageNumber"])
        channels, span = text.split(" and ")
        ids = {int(number) for number in _QUOTED.findall(channels)}
        begin, end = (datetime.fromisoformat(time) - self._ahead for time in _QUOTED.findall(span))
        rows = [self._change(row) for one, time, row in self._rows if one in ids and begin <= time <= end]
        if self._is_shuffled:
            rows.sort(key=lambda row: crc32(f"{text}{row}".encode()))
        with self._lock:
            self.requests.append(text)
            self.most = max(self.most, len(rows))
        shown = rows[(page - 1) * self._cap : page * self._cap]
        counts = {"TotalNumberOfRecords": str(len(rows)), "PageSize": str(self._cap)}
        return self._answer(text, httpx.Response(200, json=shown, headers=counts))
