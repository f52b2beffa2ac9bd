"""Worlds: all data of a sandbox as one JSON object, loaded and exported.

`{"formatVersion": 1, "channels": [EsaChannelResponse, …], "units": […], "observationTypes": […],
"summarizationMethods": […], "dataPoints": […]}`. Everything except the channels may be left out, and is then collected
from the channels. A data point may have more than a channel shows of it: dataPointDescription, dataPointTimeZone and
`meter` (invented here, for data points without channels). Derived values of a response (resolvedFormula, endDate,
isCalculatedConvertible, isDataRolledUp, the interval of a calculated channel) are not read but derived again.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from reconciler.sandbox.bodies import Body
from reconciler.sandbox.errors import WorldError
from reconciler.sandbox.properties import (
    CHANNEL_PROPERTIES,
    VERSION_PROPERTIES,
    ChannelSettings,
    ReferenceKind,
    VersionSettings,
)
from reconciler.sandbox.rendering import render_channels
from reconciler.sandbox.settings import default_settings
from reconciler.sandbox.tables import (
    Channel,
    DataPoint,
    Evidence,
    Version,
    add_channels,
    put_data_point,
    put_record,
    read_all_data_points,
    read_all_records,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from reconciler.sandbox.bodies import Violation
    from reconciler.sandbox.properties import Property
    from reconciler.sandbox.settings import Settings
    from reconciler.sandbox.store import Store
    from reconciler.sandbox.tables import Record


# What the response of a channel and of a version has besides the properties of the table.
_OTHER_OF_CHANNEL = frozenset(
    {
        "channelId",
        "channelVersions",
        "dataPoint",
        "firstReadingDate",
        "hasReadings",
        "isCalculatedConvertible",
        "lastReadingDate",
        "lastReadingValue",
        "meter",
    }
)
_OTHER_OF_VERSION = frozenset({"channelVersionId", "endDate", "resolvedFormula"})
_OF_CHANNEL = _OTHER_OF_CHANNEL | {one.response[0] for one in CHANNEL_PROPERTIES}
_OF_VERSION = _OTHER_OF_VERSION | {one.response[0] for one in VERSION_PROPERTIES}


def read_world_channel(body: Body) -> Channel:
    """The channel in an EsaChannelResponse; violations are added to those of `body`."""
    return Channel(
        channel_id=body.integer("channelId", is_required=True) or 0,
        data_point_id=_read_id(body, "dataPoint", "dataPointId"),
        settings=ChannelSettings(**_load_properties(CHANNEL_PROPERTIES, body)),
        versions=_read_versions(body),
        evidence=_read_evidence(body),
        unknown=_unknown(body.values, _OF_CHANNEL),
    )


def _load_properties(properties: tuple[Property, ...], body: Body) -> Mapping[str, Any]:
    """The values to store, by attribute."""
    values: dict[str, Any] = {}
    stored = {}
    for one in properties:
        value = one.load(body)
        if one.traits.loaded is not None:
            value = one.traits.loaded(body, value, values)
        stored[one.attribute] = values[one.name] = one.fill(value)
    return stored


def _read_evidence(body: Body) -> Evidence:
    last_value = body.child("lastReadingValue")
    return Evidence(
        has_readings=body.boolean("hasReadings") or False,
        first_date=body.text("firstReadingDate"),
        last_date=body.text("lastReadingDate"),
        last_value=None if last_value is None else json.dumps(last_value.values),
    )


def _read_versions(body: Body) -> tuple[Version, ...]:
    versions = sorted(
        (_read_version(child) for child in body.children("channelVersions")),
        key=lambda version: version.settings.begin_date or "",
    )
    if not versions:
        body.add_violation("channelVersions", "must hold at least one version")
    beginnings = {version.settings.begin_date for version in versions}
    if len(beginnings) < len(versions):
        body.add_violation("channelVersions", "must not begin at the same time")
    return tuple(versions)


def _read_version(body: Body) -> Version:
    return Version(
        version_id=body.integer("channelVersionId", is_required=True) or 0,
        settings=VersionSettings(**_load_properties(VERSION_PROPERTIES, body)),
        unknown=_unknown(body.values, _OF_VERSION),
    )


def _read_id(body: Body, name: str, id_name: str) -> int:
    if body.is_null(name):
        body.add_violation(name, "is required")
    child = body.child(name)
    return 0 if child is None else child.integer(id_name, is_required=True) or 0


def _unknown(values: Mapping[str, Any], known: frozenset[str]) -> str:
    return json.dumps({name: value for name, value in values.items() if name not in known})


World = dict[str, Any]

_FORMAT = 1
_MAX_VIOLATIONS_SHOWN = 10
_DETAILS = ("createdBy", "createdDate", "dataPointDescription", "dataPointTimeZone")
# What a channel's response does not show of its data point: these are derived, or stored apart.
_NOT_SHOWN_BY_CHANNELS = (*_DETAILS, "channels", "importId", "isDataRolledUp", "meter")
_PARTS = {
    "units": "unitId",
    "observationTypes": "observationTypeId",
    "summarizationMethods": "summarizationMethodId",
    "dataPoints": "dataPointId",
}
_KINDS = {
    "units": ReferenceKind.UNITS,
    "observationTypes": ReferenceKind.OBSERVATION_TYPES,
    "summarizationMethods": ReferenceKind.SUMMARIZATION_METHODS,
}
_PART_OF = {kind: part for part, kind in _KINDS.items()}


def read_world(path: Path) -> World:
    """The world in a JSON file. Raises `WorldError` if there is none; `load_world` checks what is in it."""
    try:
        world = json.loads(path.read_bytes())
    except OSError as failure:
        msg = f"{path} cannot be read: {failure.strerror}"
        raise WorldError(msg) from failure
    except (ValueError, RecursionError) as failure:
        msg = f"{path} is not JSON: {failure}"
        raise WorldError(msg) from failure
    if not isinstance(world, dict):
        msg = f"{path} is not a world: expected a JSON object with formatVersion and channels"
        raise WorldError(msg)
    return world


def load_world(store: Store, world: World) -> None:
    """Replaces everything in the store, including the log, with a world.

    Raises `WorldError` with what is wrong with the world, and then changes nothing.
    """
    violations: list[Violation] = []
    body = Body(world, "", violations)
    if world.get("formatVersion") != _FORMAT:
        body.add_violation("formatVersion", f"must be {_FORMAT}, found {world.get('formatVersion')!r}")
    if body.is_null("channels"):
        body.add_violation("channels", "is required")
    channels = [read_world_channel(child) for child in body.children("channels")]
    _check_unique(body, channels)
    given = {part: _read_part(body, part) for part in _PARTS}
    if violations:
        raise WorldError(_describe(violations))
    with store.writing():
        store.clear()
        store.connection.execute("INSERT INTO worlds VALUES (?)", (_FORMAT,))
        _put_parts(store, world.get("channels", ()), given)
        add_channels(store, channels)


def _check_unique(body: Body, channels: list[Channel]) -> None:
    channel_ids = Counter(channel.channel_id for channel in channels)
    version_ids = Counter(version.version_id for channel in channels for version in channel.versions)
    for name, counter in (("channelId", channel_ids), ("channelVersionId", version_ids)):
        for one in sorted(one for one, count in counter.items() if count > 1 and one):
            body.add_violation("channels", f"must not repeat {name} {one}")


def _read_part(body: Body, part: str) -> dict[int, Record]:
    records = {}
    for child in body.children(part):
        record_id = child.integer(_PARTS[part], is_required=True)
        records[record_id or 0] = dict(child.values)
    return records


def _describe(violations: list[Violation]) -> str:
    lines = [f"{violation.property} {violation.message}" for violation in violations[:_MAX_VIOLATIONS_SHOWN]]
    if len(violations) > _MAX_VIOLATIONS_SHOWN:
        lines.append(f"and {len(violations) - _MAX_VIOLATIONS_SHOWN} more")
    return "this world cannot be loaded:\n  " + "\n  ".join(lines)


def _put_parts(store: Store, channels: Iterable[Record], given: dict[str, dict[int, Record]]) -> None:
    found: dict[str, dict[int, Record]] = {part: {} for part in _PARTS}
    meters: dict[int, Record | None] = {}
    for channel in channels:
        meters.setdefault(channel["dataPoint"]["dataPointId"], channel.get("meter"))
        for part, record in _find_records(channel):
            found[part].setdefault(record[_PARTS[part]], record)
    for part, kind in _KINDS.items():
        for record_id in {**found[part], **given[part]}:
            record = found[part].get(record_id, {}) | given[part].get(record_id, {})
            put_record(store, kind, record_id, record)
    for point_id in {**found["dataPoints"], **given["dataPoints"]}:
        point = found["dataPoints"].get(point_id, {}) | given["dataPoints"].get(point_id, {})
        put_data_point(store, point_id, _make_data_point({"meter": meters.get(point_id)} | point))


def _find_records(channel: Record) -> Iterator[tuple[str, Record]]:
    yield "dataPoints", channel["dataPoint"]
    yield from _find_children(channel, CHANNEL_PROPERTIES)
    for version in channel["channelVersions"]:
        yield from _find_children(version, VERSION_PROPERTIES)


def _find_children(response: Record, properties: tuple[Property, ...]) -> Iterator[tuple[str, Record]]:
    for one in properties:
        child = response.get(one.response[0])
        if one.traits.reference is not None and child is not None:
            yield _PART_OF[one.traits.reference.kind], child


def _make_data_point(record: Record) -> DataPoint:
    # A data point's own response calls its import id importId, and a channel's response dataPointImportId.
    import_id = {"dataPointImportId": record["importId"]} if "importId" in record else {}
    shown = {name: value for name, value in record.items() if name not in _NOT_SHOWN_BY_CHANNELS}
    details = {name: record[name] for name in _DETAILS if name in record}
    return DataPoint(record=import_id | shown, meter=record.get("meter"), details=details)


def has_world(store: Store) -> bool:
    """Whether a world was ever loaded, even an empty one."""
    return bool(store.connection.execute("SELECT EXISTS (SELECT 1 FROM worlds)").fetchone()[0])


def export_world(store: Store, settings: Settings | None = None) -> World:
    """Everything in the store except readings and log, in the format that `load_world` reads."""
    ids = [row[0] for row in store.connection.execute("SELECT channel_id FROM channels ORDER BY channel_id")]
    texts = render_channels(store, settings or default_settings(), ids)
    return {
        "formatVersion": _FORMAT,
        "channels": [json.loads(text) for text in texts],
        "units": read_all_records(store, ReferenceKind.UNITS),
        "observationTypes": read_all_records(store, ReferenceKind.OBSERVATION_TYPES),
        "summarizationMethods": read_all_records(store, ReferenceKind.SUMMARIZATION_METHODS),
        "dataPoints": [point.record | point.details | {"meter": point.meter} for point in read_all_data_points(store)],
    }
