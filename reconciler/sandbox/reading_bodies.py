"""The bodies of POST /api/v3/reading and POST /api/v202407/esaReading: readings in groups, one for each channel.

Documented: the names, the lengths, that `readings` is required, that time and value are, that estimated and note must
be there, and that one of the three identifiers must be there for the ESA call. Not documented, and so decided here:
whatever is wrong with the identifiers of a group refuses the whole request; whatever is wrong with one reading fails
that reading; "" is no identifier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from reconciler.sandbox.bodies import ApiError, Body, Presence, bad_request
from reconciler.sandbox.choices import MissingDefinedKey

if TYPE_CHECKING:
    from reconciler.sandbox.bodies import Violation
    from reconciler.sandbox.settings import Settings


class ReadingApi(Struct, frozen=True):
    """The names one of the two calls gives to the same things, and the seconds in one unit of its intervals."""

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
    """Readings for one channel, which the identifiers lead to; `echo` is how a failure names the group."""

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
    """A reading, or what is wrong with it."""
    if not isinstance(value, dict):
        return "a reading must be an object"
    violations: list[Violation] = []
    body = Body(value, "", violations)
    time = body.text("time", presence=Presence.REQUIRED)
    number = body.double("value", Presence.REQUIRED)
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
