"""The endpoints of readings: their bodies, the channel that each group resolves to, and what is stored.

POST /api/v3/reading, POST /api/v202407/esaReading and GET /api/v3/channel/{id}/reading.

Documented: names, lengths and requirements of the bodies; the six steps of "Channel Identification"; the 200 that
counts imported and failed readings and lists the failed ones by group; that the ESA call overwrites a reading at the
same time.
Not documented, and so decided here:

- An error in the identifiers of a group rejects the whole request; an error in a reading fails that reading.
- "" is not an identifier.
- A direct identifier that matches nothing is an error, and so is a step that leaves no channel or whose property is
  missing; later steps are not tried.
- Of several direct identifiers the first counts, and the others are not compared. Texts compare exactly.
- The meter's import id is that of the data point, the only one that responses show.
- The response of the ESA call is that of the v3 call with its own names. If a group matches no channel, the error is
  at the group; if a reading is bad, it is at the reading.
- A calculated channel takes no readings.
- beginDate and endDate of a GET are both part of the span.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from starlette.routing import Route

from reconciler.sandbox.bodies import ApiError, Body, bad_request
from reconciler.sandbox.endpoints import find_channel
from reconciler.sandbox.properties import ReferenceKind
from reconciler.sandbox.reading_table import Span, StoredReading, compute_readings, find_instants, put_readings, zone_of
from reconciler.sandbox.rendering import unit_child
from reconciler.sandbox.responses import AppState, JsonResponse, read_parameters, respond_with_json, run_write
from reconciler.sandbox.settings import MissingDefinedKey, V3Overwrite, V3SeesEsaChannels
from reconciler.sandbox.tables import (
    find_by_import_id,
    find_zone,
    name_unknown_zone,
    parse_instant,
    read_channels,
    read_data_point,
    read_data_point_channels,
    read_record,
)

if TYPE_CHECKING:
    from datetime import tzinfo

    from starlette.requests import Request
    from starlette.responses import Response

    from reconciler.sandbox.bodies import Violation
    from reconciler.sandbox.settings import Settings
    from reconciler.sandbox.store import Store
    from reconciler.sandbox.tables import Channel


class ReadingApi(Struct, frozen=True):
    """The names of one of the two calls, and the seconds in one unit of its intervals."""

    channel_id: str
    channel_import_id: str
    parent_import_id: str
    interval: str
    seconds: int
    needs_identifier: bool


V3 = ReadingApi(
    channel_id="channelId",
    channel_import_id="channelImportId",
    parent_import_id="meterImportId",
    interval="channelIntervalInSeconds",
    seconds=1,
    needs_identifier=False,
)
ESA = ReadingApi(
    channel_id="esaChannelId",
    channel_import_id="esaChannelImportId",
    parent_import_id="dataPointImportId",
    interval="esaChannelIntervalMinutes",
    seconds=60,
    needs_identifier=True,
)


class SentGroup(Struct, frozen=True):
    """Readings for the channel that the identifiers resolve to; `echo` names the group in a failure."""

    channel_id: int | None
    channel_import_id: str | None
    parent_import_id: str | None
    observation_type_code: str | None
    unit_code: str | None
    interval_seconds: int | None
    readings: tuple[Any, ...]
    echo: dict[str, Any]


class SentReading(Struct, frozen=True):
    """A reading as sent; `time` is ISO text, with or without an offset."""

    time: str
    value: float
    estimated: bool
    note: str | None


def parse_groups(value: Any, api: ReadingApi) -> tuple[SentGroup, ...]:
    """The groups in a body. Raises `ApiError` with all violations of identifiers."""
    if not isinstance(value, list) or not all(isinstance(group, dict) for group in value):
        raise ApiError(400, "The body must be a JSON array of objects.")
    violations: list[Violation] = []
    bodies = (Body(group, f"[{index}].", violations) for index, group in enumerate(value))
    groups = tuple(_parse_group(body, api) for body in bodies)
    if violations:
        raise bad_request(*violations)
    return groups


def parse_reading(value: Any, settings: Settings) -> SentReading | str:
    """The reading, or what is wrong with it."""
    if not isinstance(value, dict):
        return "a reading must be an object"
    violations: list[Violation] = []
    body = Body(value, "", violations)
    time = body.text("time", is_required=True)
    number = body.double("value", is_required=True)
    # Body.double, not number: the page gives no bounds for a reading.
    reading = SentReading(time or "", number or 0.0, body.boolean("estimated") or False, body.text("note"))
    if settings.missing_defined_key is MissingDefinedKey.REJECT:
        for name in ("estimated", "note"):
            if not body.has(name):
                body.add_violation(name, "must be there")
    return "; ".join(f"{one.property} {one.message}" for one in violations) or reading


def _parse_group(body: Body, api: ReadingApi) -> SentGroup:
    interval = body.integer(api.interval)
    names = (api.channel_id, api.channel_import_id, api.parent_import_id)
    if api.needs_identifier and all(body.is_null(name) for name in names):
        body.add_violation(api.channel_id, f"or {names[1]} or {names[2]} is required")
    readings = body.values.get("readings")
    if not isinstance(readings, list):
        body.add_violation("readings", "is required, and must be a list")
        readings = []
    return SentGroup(
        channel_id=body.integer(api.channel_id),
        channel_import_id=body.text(api.channel_import_id, longest=255) or None,
        parent_import_id=body.text(api.parent_import_id, longest=255) or None,
        observation_type_code=body.text("observationTypeCode", longest=16) or None,
        unit_code=body.text("unitCode", longest=16) or None,
        interval_seconds=None if interval is None else interval * api.seconds,
        readings=tuple(readings),
        echo={name: body.values.get(name) for name in (*names, "observationTypeCode", "unitCode", api.interval)},
    )


class UnresolvedError(Exception):
    """A group does not resolve to a single channel; the text names the identifiers used so far."""


def resolve_channel(store: Store, group: SentGroup) -> Channel:
    """The channel that the group's identifiers resolve to. Raises `UnresolvedError`."""
    if group.channel_id is not None:
        by_id = read_channels(store, (group.channel_id,))
        return _single(tuple(by_id.values()), f"the id {group.channel_id}")
    if group.channel_import_id is not None:
        return _single(find_by_import_id(store, group.channel_import_id), f"the import id {group.channel_import_id!r}")
    if group.parent_import_id is not None:
        return _resolve_by_steps(store, group, group.parent_import_id)
    raise UnresolvedError("the group names no channel, meter or data point")


def _resolve_by_steps(store: Store, group: SentGroup, parent_import_id: str) -> Channel:
    remaining = _read_parent_channels(store, parent_import_id)
    description = [f"the meter {parent_import_id!r}"]
    steps = (
        ("observation type", group.observation_type_code, _observation_type_code),
        ("unit", group.unit_code, _unit_code),
        ("interval", group.interval_seconds, _interval_seconds),
    )
    for word, wanted, value_of in steps:
        # A step counts only if several channels remain: a single one is taken, whatever type the group gives.
        if len(remaining) <= 1:
            break
        description.append(f"{word} {wanted!r}")
        remaining = tuple(channel for channel in remaining if wanted is not None and value_of(store, channel) == wanted)
    return _single(remaining, ", ".join(description))


def _read_parent_channels(store: Store, import_id: str) -> tuple[Channel, ...]:
    rows = store.connection.execute(
        "SELECT id FROM data_points WHERE json_extract(record, '$.dataPointImportId') = ? ORDER BY id", (import_id,)
    )
    return tuple(channel for row in rows.fetchall() for channel in read_data_point_channels(store, row[0]))


def _single(found: tuple[Channel, ...], description: str) -> Channel:
    match found:
        case (channel,):
            return channel
        case ():
            raise UnresolvedError(f"no channel has {description}")
        case _:
            raise UnresolvedError(f"{len(found)} channels have {description}")


def _observation_type_code(store: Store, channel: Channel) -> object:
    record = read_record(store, ReferenceKind.OBSERVATION_TYPES, channel.settings.observation_type_id)
    return (record or {}).get("observationTypeCode")


def _unit_code(store: Store, channel: Channel) -> object:
    # The page says "output unit", which is that of the latest version.
    record = read_record(store, ReferenceKind.UNITS, channel.versions[-1].settings.unit_id)
    return (record or {}).get("unitCode")


def _interval_seconds(_store: Store, channel: Channel) -> object:
    minutes = channel.settings.interval_minutes
    return None if minutes is None else minutes * 60


_ECHO = ("time", "value", "estimated", "note")


class ReadingEndpoints(Struct, frozen=True):
    """The endpoints of readings."""

    state: AppState

    def routes(self) -> list[Route]:
        """Paths and methods, in lower case."""
        return [
            Route("/api/v3/reading", self.create_v3, methods=["POST"]),
            Route("/api/v202407/esareading", self.create_esa, methods=["POST"]),
            Route("/api/v3/channel/{channel_id:int}/reading", self.list_readings, methods=["GET"]),
        ]

    async def create_v3(self, request: Request) -> Response:
        """POST: readings, named as data loggers name them."""
        return await run_write(self.state, request, lambda body: self._import(body, V3))

    async def create_esa(self, request: Request) -> Response:
        """POST: readings of ESA channels; a repeat overwrites them."""
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
            for one in compute_readings(self.state.store, self.state.settings, channel, self._span(request, channel))
        ]
        head = {"channelId": channel.channel_id, "rule": settings.observation_rule_id, "unit": unit_child(unit)}
        return respond_with_json(head | {"readings": readings})

    def _span(self, request: Request, channel: Channel) -> Span:
        zone = zone_of(self.state.store, channel)
        parameters = read_parameters(request)
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
        # A 200 even if all readings failed: clients must look at failedReadingsCount.
        return JsonResponse(200, json.dumps({"failedReadings": failures} | counts, default=float))

    def _import_group(self, group: SentGroup, api: ReadingApi) -> dict[str, Any] | None:
        """The failures of a group; None if it has none."""
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
        """Store the good readings of a group, and return the failures."""
        point = read_data_point(self.state.store, channel.data_point_id)
        zone, unknown = find_zone(point), name_unknown_zone(point)
        # Only the page of the ESA call says that a reading at the same time is overwritten.
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
        put_readings(self.state.store, self.state.settings, channel, good)
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
