"""Stored channels and versions, and what they refer to: units, observation types, methods and data points.

Channels and versions are stored as records, also as they were before a write, for reads that lag behind it. Reference
data is stored as its JSON objects: no page publishes ids or codes, so any that a world contains are accepted.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, tzinfo
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct
from msgspec.json import decode, encode
from msgspec.structs import fields

from reconciler.sandbox.formulas import find_references
from reconciler.sandbox.properties import ChannelSettings, VersionSettings
from reconciler.sandbox.reading_settings import Recompute
from reconciler.sandbox.store import SETTING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from reconciler.sandbox.properties import ReferenceKind
    from reconciler.sandbox.store import Store


class Version(Struct, frozen=True):
    """A stored version; its end is the beginning of the next one."""

    version_id: int
    settings: VersionSettings
    # Properties of a loaded response that no page mentions, as a JSON object: a response shows them again.
    unknown: str = "{}"


class Evidence(Struct, frozen=True):
    """What a channel's response says about its readings. `last_value` is a JSON object or None."""

    has_readings: bool = False
    first_date: str | None = None
    last_date: str | None = None
    last_value: str | None = None


class Channel(Struct, frozen=True):
    """A stored channel with its versions, the earliest first."""

    channel_id: int
    data_point_id: int
    settings: ChannelSettings
    versions: tuple[Version, ...]
    evidence: Evidence = Evidence()
    unknown: str = "{}"


def replace_at(versions: tuple[Version, ...], index: int, version: Version) -> tuple[Version, ...]:
    """`versions` with `version` at `index`."""
    return (*versions[:index], version, *versions[index + 1 :])


def begins_before(earlier: str | None, later: str | None) -> bool:
    """Whether one beginning is before another; None is before all others."""
    return (earlier or "") < (later or "")


_EVIDENCE_COLUMNS = tuple(column.name for column in fields(Evidence))
_EVIDENCE_VALUES = attrgetter(*_EVIDENCE_COLUMNS)

_SELECT_CHANNELS = f"""
SELECT channel_id, data_point_id, unknown, settings, {", ".join(_EVIDENCE_COLUMNS)}
FROM channels WHERE channel_id IN (SELECT value FROM json_each(?))
"""  # noqa: S608 - column names of the record above
_SELECT_VERSIONS = f"""
SELECT channel_id, version_id, unknown, settings FROM versions
WHERE channel_id IN (SELECT value FROM json_each(?)) ORDER BY channel_id, {SETTING.format("beginDate")}, version_id
"""  # noqa: S608 - a constant
_INSERT_CHANNEL = f"""
INSERT INTO channels (channel_id, data_point_id, unknown, settings, import_id, {", ".join(_EVIDENCE_COLUMNS)})
VALUES ({", ".join("?" * (5 + len(_EVIDENCE_COLUMNS)))})
"""  # noqa: S608 - column names of the record above
_UPDATE_CHANNEL = f"""
UPDATE channels SET settings = ?, import_id = ?, {", ".join(f"{column} = ?" for column in _EVIDENCE_COLUMNS)}
WHERE channel_id = ?
"""  # noqa: S608 - column names of the record above
_UPDATE_EVIDENCE = f"""
UPDATE channels SET {", ".join(f"{column} = ?" for column in _EVIDENCE_COLUMNS)} WHERE channel_id = ?
"""  # noqa: S608 - column names of the record above
_PUT_VERSION = """
INSERT OR REPLACE INTO versions (version_id, channel_id, unknown, settings) VALUES (?, ?, ?, ?)
"""
# All channels whose responses can show this one: those of its data point, those calculated from it, directly or through
# others, and those in its formula.
_DELETE_RENDERED = """
WITH RECURSIVE users (id) AS (
  VALUES (:channel) UNION SELECT channel_id FROM formula_inputs JOIN users ON input_id = users.id)
DELETE FROM rendered WHERE channel_id IN (
  SELECT channel_id FROM channels
  WHERE data_point_id = (SELECT data_point_id FROM channels WHERE channel_id = :channel)
  UNION SELECT id FROM users
  UNION SELECT input_id FROM formula_inputs WHERE channel_id = :channel)
"""


def read_channels(store: Store, channel_ids: Iterable[int]) -> dict[int, Channel]:
    """The channels with these ids; unknown ids are left out."""
    wanted = json.dumps(list(channel_ids))
    versions: dict[int, list[Version]] = {}
    for row in store.connection.execute(_SELECT_VERSIONS, (wanted,)):
        versions.setdefault(row[0], []).append(_version(row))
    rows = store.connection.execute(_SELECT_CHANNELS, (wanted,)).fetchall()
    return {row[0]: _channel(row, tuple(versions.get(row[0], ()))) for row in rows}


def read_channel(store: Store, channel_id: int) -> Channel | None:
    """The channel with this id, or None."""
    return read_channels(store, (channel_id,)).get(channel_id)


def read_data_point_channels(store: Store, data_point_id: int) -> tuple[Channel, ...]:
    """All channels of a data point, by id."""
    return _read_where(store, "data_point_id = ?", data_point_id)


def find_by_import_id(store: Store, import_id: str) -> tuple[Channel, ...]:
    """The channels with exactly this import id, by id."""
    return _read_where(store, "import_id = ?", import_id)


def find_users(store: Store, channel_id: int) -> tuple[Channel, ...]:
    """The channels whose formulas use this one, by id."""
    return _read_where(store, "channel_id IN (SELECT channel_id FROM formula_inputs WHERE input_id = ?)", channel_id)


def add_channel(store: Store, channel: Channel) -> Channel:
    """The channel as stored; an id of 0 is replaced with the next free one."""
    channel_id = store.connection.execute(_INSERT_CHANNEL, _channel_row(channel)).lastrowid or 0
    _put_versions(store, channel_id, channel.versions)
    _forget_rendered(store, channel_id)
    return read_channels(store, (channel_id,))[channel_id]


def add_channels(store: Store, channels: Iterable[Channel]) -> None:
    """Stores many channels that have ids, as do their versions."""
    channels = tuple(channels)
    store.connection.executemany(_INSERT_CHANNEL, (_channel_row(channel) for channel in channels))
    for channel in channels:
        _put_versions(store, channel.channel_id, channel.versions)


def save_channel(store: Store, channel: Channel) -> Channel:
    """The channel as stored, which replaces the former one and its versions."""
    # Before and after: the formulas of both states decide which other responses show this channel.
    _forget_rendered(store, channel.channel_id)
    store.connection.execute(_UPDATE_CHANNEL, (*_columns(channel), channel.channel_id))
    kept = json.dumps([version.version_id for version in channel.versions])
    store.connection.execute(
        "DELETE FROM versions WHERE channel_id = ? AND version_id NOT IN (SELECT value FROM json_each(?))",
        (channel.channel_id, kept),
    )
    _put_versions(store, channel.channel_id, channel.versions)
    _forget_rendered(store, channel.channel_id)
    return read_channels(store, (channel.channel_id,))[channel.channel_id]


def save_evidence(store: Store, channel_id: int, evidence: Evidence) -> None:
    """Stores the evidence of readings on a channel, and nothing else of it."""
    store.connection.execute(_UPDATE_EVIDENCE, (*_EVIDENCE_VALUES(evidence), channel_id))
    _forget_rendered(store, channel_id)


def delete_channel(store: Store, channel_id: int) -> None:
    """Removes a channel with its versions and readings."""
    _forget_rendered(store, channel_id)
    for table in ("versions", "readings", "former_versions", "formula_inputs", "lagging", "channels"):
        store.connection.execute(f"DELETE FROM {table} WHERE channel_id = ?", (channel_id,))  # noqa: S608 - constants


def _read_where(store: Store, condition: str, value: object) -> tuple[Channel, ...]:
    query = f"SELECT channel_id FROM channels WHERE {condition} ORDER BY channel_id"  # noqa: S608 - constants above
    found = [row[0] for row in store.connection.execute(query, (value,))]
    channels = read_channels(store, found)
    return tuple(channels[channel_id] for channel_id in found)


def _put_versions(store: Store, channel_id: int, versions: tuple[Version, ...]) -> None:
    inputs = {used for version in versions for used in find_references(version.settings.formula)}
    store.connection.execute("DELETE FROM formula_inputs WHERE channel_id = ?", (channel_id,))
    store.connection.executemany("INSERT INTO formula_inputs VALUES (?, ?)", [(channel_id, used) for used in inputs])
    rows = [
        (version.version_id or None, channel_id, version.unknown, encode(version.settings).decode())
        for version in versions
    ]
    store.connection.executemany(_PUT_VERSION, rows)


def _forget_rendered(store: Store, channel_id: int) -> None:
    store.connection.execute(_DELETE_RENDERED, {"channel": channel_id})


def _channel_row(channel: Channel) -> tuple[object, ...]:
    return (channel.channel_id or None, channel.data_point_id, channel.unknown, *_columns(channel))


def _columns(channel: Channel) -> tuple[object, ...]:
    settings = encode(channel.settings).decode()
    return (settings, channel.settings.channel_import_id, *_EVIDENCE_VALUES(channel.evidence))


def _channel(row: sqlite3.Row, versions: tuple[Version, ...]) -> Channel:
    channel_id, data_point_id, unknown, settings, has_readings, *evidence = row
    return Channel(
        channel_id=channel_id,
        data_point_id=data_point_id,
        settings=decode(settings, type=ChannelSettings),
        versions=versions,
        evidence=Evidence(bool(has_readings), *evidence),
        unknown=unknown,
    )


def _version(row: sqlite3.Row) -> Version:
    _, version_id, unknown, settings = row
    return Version(version_id=version_id, settings=decode(settings, type=VersionSettings), unknown=unknown)


# How many reads of its readings stored values outlive an edit, if they are recomputed later.
_READS_BEFORE_RECOMPUTING = 3


def keep_former_versions(store: Store, channel: Channel, recompute: Recompute) -> None:
    """Let the stored values of `channel` outlive an edit of its versions, which are still the former ones."""
    if recompute is Recompute.NOW:
        return
    reads_left = _READS_BEFORE_RECOMPUTING if recompute is Recompute.LATER else None
    store.connection.execute(
        "INSERT INTO former_versions VALUES (?, (SELECT count(*) FROM former_versions WHERE channel_id = ?), ?, ?)",
        (channel.channel_id, channel.channel_id, encode(channel.versions).decode(), reads_left),
    )


def read_former_versions(store: Store, channel_id: int) -> tuple[tuple[Version, ...], ...]:
    """The versions that stored values were made with, by what `made_with` of a reading says; then the present ones."""
    query = "SELECT versions FROM former_versions WHERE channel_id = ? ORDER BY place"
    rows = store.connection.execute(query, (channel_id,)).fetchall()
    return tuple(decode(row[0], type=tuple[Version, ...]) for row in rows)


def count_reads(store: Store, channel_ids: Iterable[int]) -> None:
    """Note that the readings of channels were asked for: after some times, values are recomputed."""
    wanted = json.dumps(list(channel_ids))
    chosen = "channel_id IN (SELECT value FROM json_each(?))"
    with store.writing():
        run = store.connection.execute
        run(f"UPDATE former_versions SET reads_left = reads_left - 1 WHERE {chosen}", (wanted,))  # noqa: S608 - a constant
        due = [row[0] for row in run("SELECT DISTINCT channel_id FROM former_versions WHERE reads_left <= 0")]
        for channel_id in due:
            run("DELETE FROM former_versions WHERE channel_id = ?", (channel_id,))
            run("UPDATE readings SET made_with = 0 WHERE channel_id = ?", (channel_id,))


# How many reads of a channel do not show a write to it.
_LAGGING_READS = 2

_SELECT_LAGGING = """
SELECT channel_id, channel FROM lagging WHERE id IN (
  SELECT min(id) FROM lagging WHERE channel_id IN (SELECT value FROM json_each(?)) GROUP BY channel_id)
"""


def keep_for_lagging_reads(store: Store, channel_id: int, channel: Channel | None) -> None:
    """Makes the next reads of a channel show it as it is now, before a write; None if it was not there before."""
    store.connection.execute(
        "INSERT INTO lagging (channel_id, channel, reads_left) VALUES (?, ?, ?)",
        (channel_id, encode(channel).decode(), _LAGGING_READS),
    )


def read_lagging(store: Store, channel_ids: Iterable[int]) -> dict[int, Channel | None]:
    """What this read shows of channels whose reads lag behind a write, None for not yet there; it counts as a read."""
    wanted = json.dumps(list(channel_ids))
    with store.writing():
        rows = store.connection.execute(_SELECT_LAGGING, (wanted,)).fetchall()
        store.connection.execute(
            "UPDATE lagging SET reads_left = reads_left - 1 WHERE channel_id IN (SELECT value FROM json_each(?))",
            (wanted,),
        )
        store.connection.execute("DELETE FROM lagging WHERE reads_left <= 0")
    return {row[0]: decode(row[1], type=Channel | None) for row in rows}


Record = dict[str, Any]


class DataPoint(Struct, frozen=True):
    """A data point.

    `record` is what a channel's response shows of it, `meter` the meter beside it there, if any, and `details` what
    only GET /api/v202406/datapoint/{dataPointId} shows.
    """

    record: Record
    meter: Record | None
    details: Record


def read_record(store: Store, kind: ReferenceKind, record_id: int) -> Record | None:
    """The record with this id, or None."""
    return read_records(store, kind, (record_id,)).get(record_id)


def read_records(store: Store, kind: ReferenceKind, record_ids: Iterable[int]) -> dict[int, Record]:
    """The records with these ids; unknown ids are left out."""
    query = f"SELECT id, record FROM {kind} WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608 - enum
    return {row[0]: json.loads(row[1]) for row in store.connection.execute(query, (json.dumps(list(record_ids)),))}


def read_all_records(store: Store, kind: ReferenceKind) -> list[Record]:
    """All records of a table, by id."""
    rows = store.connection.execute(f"SELECT record FROM {kind} ORDER BY id")  # noqa: S608 - enum
    return [json.loads(row[0]) for row in rows]


def put_record(store: Store, kind: ReferenceKind, record_id: int, record: Record) -> None:
    """Stores a record, replacing one with this id."""
    query = f"INSERT OR REPLACE INTO {kind} VALUES (?, ?)"  # noqa: S608 - enum
    store.connection.execute(query, (record_id, json.dumps(record)))


def read_data_points(store: Store, data_point_ids: Iterable[int]) -> dict[int, DataPoint]:
    """The data points with these ids; unknown ids are left out."""
    query = "SELECT id, record, meter, details FROM data_points WHERE id IN (SELECT value FROM json_each(?))"
    rows = store.connection.execute(query, (json.dumps(list(data_point_ids)),))
    return {row[0]: DataPoint(*(json.loads(column) for column in row[1:])) for row in rows}


def read_all_data_points(store: Store) -> list[DataPoint]:
    """All data points, by id."""
    ids = [row[0] for row in store.connection.execute("SELECT id FROM data_points ORDER BY id")]
    found = read_data_points(store, ids)
    return [found[one] for one in ids]


def read_data_point(store: Store, data_point_id: int) -> DataPoint | None:
    """The data point with this id, or None."""
    return read_data_points(store, (data_point_id,)).get(data_point_id)


def put_data_point(store: Store, data_point_id: int, data_point: DataPoint) -> None:
    """Stores a data point, in place of one with this id."""
    columns = (json.dumps(column) for column in (data_point.record, data_point.meter, data_point.details))
    store.connection.execute("INSERT OR REPLACE INTO data_points VALUES (?, ?, ?, ?)", (data_point_id, *columns))


def is_money(unit: Record) -> bool:
    """Whether a unit is of the Money type: the type's name is documented, its id and code are not."""
    unit_type = unit.get("unitType") or {}
    return "money" in {str(unit_type.get(name)).lower() for name in ("unitTypeCode", "unitTypeInfo")}


def is_demand(observation_type: Record) -> bool:
    """Whether channels of this observation type are demand channels: its noun is Demand."""
    return str(observation_type.get("nounCode")).lower() == "demand"


def find_zone(data_point: DataPoint | None) -> tzinfo:
    """The time zone of a data point; UTC if it is not given or not known."""
    return _parse_zone(_read_code(data_point)) or UTC


def name_unknown_zone(data_point: DataPoint | None) -> str | None:
    """The code of the data point's time zone, if it is not a name of the zone database; else None."""
    code = _read_code(data_point)
    return code if code and _parse_zone(code) is None else None


def parse_instant(text: str, zone: tzinfo) -> str | None:
    """The instant of an ISO time, in `zone` if it has no offset; None if `text` is not a time."""
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
