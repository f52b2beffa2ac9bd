"""The endpoints of readings: POST /api/v3/reading, POST /api/v202407/esaReading, GET /api/v3/channel/{id}/reading.

Documented: the 200 that counts imported and failed readings and lists the failed ones by group; that the ESA call
overwrites a reading at the same time. Not documented, and so decided here: the ESA call answers as the v3 call does,
with its own names; a group that leads to no channel has its error at the group, a bad reading at the reading; readings
of calculated channels are refused; both ends of beginDate and endDate belong to what a GET asks for.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from starlette.routing import Route

from reconciler.sandbox.answers import AppState, JsonResponse, respond_with_json, run_write
from reconciler.sandbox.bodies import ApiError
from reconciler.sandbox.channel_endpoints import find_channel
from reconciler.sandbox.choices import V3Overwrite, V3SeesEsaChannels
from reconciler.sandbox.reading_bodies import ESA, V3, parse_groups, parse_reading
from reconciler.sandbox.reading_table import (
    Span,
    StoredReading,
    compute_readings,
    find_instants,
    put_readings,
    zone_of,
)
from reconciler.sandbox.reference_table import ReferenceKind, read_data_point, read_record
from reconciler.sandbox.resolution import UnresolvedError, resolve_channel
from reconciler.sandbox.version_responses import unit_child
from reconciler.sandbox.zones import find_zone, name_unknown_zone, parse_instant

if TYPE_CHECKING:
    from datetime import tzinfo

    from starlette.requests import Request
    from starlette.responses import Response

    from reconciler.sandbox.reading_bodies import ReadingApi, SentGroup
    from reconciler.sandbox.records import Channel

_ECHO = ("time", "value", "estimated", "note")


class ReadingEndpoints(Struct, frozen=True):
    """What happens at each path of readings."""

    state: AppState

    def routes(self) -> list[Route]:
        """Paths and methods, in lower case."""
        return [
            Route("/api/v3/reading", self.create_v3, methods=["POST"]),
            Route("/api/v202407/esareading", self.create_esa, methods=["POST"]),
            Route("/api/v3/channel/{channel_id:int}/reading", self.list_readings, methods=["GET"]),
        ]

    async def create_v3(self, request: Request) -> Response:
        """POST: readings for channels named as data loggers name them."""
        return await run_write(self.state, request, lambda body: self._import(body, V3))

    async def create_esa(self, request: Request) -> Response:
        """POST: the same for ESA channels; a repeat overwrites."""
        return await run_write(self.state, request, lambda body: self._import(body, ESA))

    async def list_readings(self, request: Request) -> Response:
        """GET: the readings of a channel in a span of time."""
        if self.state.settings.v3_sees_esa_channels is V3SeesEsaChannels.NO:
            raise ApiError(404, f"No channel has the id {request.path_params['channel_id']}.")
        channel = find_channel(self.state, request)
        settings = channel.versions[-1].settings
        unit = read_record(self.state.store, ReferenceKind.UNITS, settings.unit_id) or {}
        readings = [
            {
                "observationId": one.stored.reading_id,
                "time": one.time,
                "value": one.value,
                "rawValue": one.stored.raw,
                "estimated": bool(one.stored.estimated),
                "note": one.stored.note,
            }
            for one in compute_readings(self.state.store, channel, self._span(request, channel))
        ]
        head = {"channelId": channel.channel_id, "rule": settings.observation_rule_id, "unit": unit_child(unit)}
        return respond_with_json(head | {"readings": readings})

    def _span(self, request: Request, channel: Channel) -> Span:
        zone = zone_of(self.state.store, channel)
        parameters = {name.lower(): value for name, value in request.query_params.items()}
        ends = {}
        for name in ("beginDate", "endDate"):
            text = parameters.get(name.lower())
            ends[name] = None if text is None else parse_instant(text, zone)
            if text is not None and ends[name] is None:
                raise ApiError(400, f"{name} must be a date and time, found {text!r}.")
        return Span(ends["beginDate"], ends["endDate"])

    def _import(self, body: Any, api: ReadingApi) -> JsonResponse:
        groups = parse_groups(body, api)
        failures = [failure for group in groups if (failure := self._import_group(group, api)) is not None]
        failed = sum(len(failure["readings"]) for failure in failures)
        total = sum(len(group.readings) for group in groups)
        counts = {"failedReadingsCount": failed, "importedReadingsCount": total - failed}
        return JsonResponse(200, json.dumps({"failedReadings": failures} | counts, default=float))

    def _import_group(self, group: SentGroup, api: ReadingApi) -> dict[str, Any] | None:
        """The failures of a group; None where it has none."""
        try:
            channel = self._resolve(group, api)
        except UnresolvedError as failure:
            return group.echo | {"error": str(failure), "readings": [_failed(one, None) for one in group.readings]}
        failed = self._put_group(channel, group, api)
        return group.echo | {"error": None, "readings": failed} if failed else None

    def _resolve(self, group: SentGroup, api: ReadingApi) -> Channel:
        if api is V3 and self.state.settings.v3_sees_esa_channels is V3SeesEsaChannels.NO:
            raise UnresolvedError("no channel has these identifiers")
        channel = resolve_channel(self.state.store, group)
        if channel.settings.is_calculated:
            raise UnresolvedError(f"channel {channel.channel_id} is calculated and takes no readings")
        return channel

    def _put_group(self, channel: Channel, group: SentGroup, api: ReadingApi) -> list[dict[str, Any]]:
        """Stores the good readings of a group; the failures."""
        point = read_data_point(self.state.store, channel.data_point_id)
        zone, unknown = find_zone(point), name_unknown_zone(point)
        must_be_new = api is V3 and self.state.settings.v3_overwrite is V3Overwrite.FAIL
        taken = find_instants(self.state.store, channel.channel_id) if must_be_new else set()
        good, failed = [], []
        for sent in group.readings:
            reading = self._read(sent, zone)
            if isinstance(reading, str):
                failed.append(_failed(sent, reading))
            elif unknown and _is_local(sent):
                failed.append(_failed(sent, f"time needs an offset: the time zone {unknown!r} is not known here"))
            elif reading.instant in taken:
                failed.append(_failed(sent, "the channel has a reading at this time"))
            else:
                good.append(reading)
                taken |= {reading.instant} if must_be_new else set()
        put_readings(self.state.store, channel, good)
        return failed

    def _read(self, sent: Any, zone: tzinfo) -> StoredReading | str:
        reading = parse_reading(sent, self.state.settings)
        if isinstance(reading, str):
            return reading
        instant = parse_instant(reading.time, zone)
        if instant is None:
            return "time must be a date and time"
        return StoredReading(instant, reading.value, reading.estimated, reading.note)


def _is_local(sent: Any) -> bool:
    return datetime.fromisoformat(sent["time"]).tzinfo is None


def _failed(sent: Any, error: str | None) -> dict[str, Any]:
    values = sent if isinstance(sent, dict) else {}
    return {name: values.get(name) for name in _ECHO} | {"error": error}
