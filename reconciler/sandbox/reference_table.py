"""What channels refer to: units, observation types, summarization methods, data points, and their time zones.

Each is stored as its JSON object. No page publishes their ids or codes, so any that a world brings are accepted.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.sandbox.store import Store


Record = dict[str, Any]


class ReferenceKind(StrEnum):
    """The tables, by name."""

    UNITS = "units"
    OBSERVATION_TYPES = "observation_types"
    SUMMARIZATION_METHODS = "summarization_methods"


class DataPoint(Struct, frozen=True):
    """A data point.

    `record` is what a channel's response shows of it, `meter` the meter beside it there, if any, and `details` what
    only GET /api/v202406/datapoint/{dataPointId} tells.
    """

    record: Record
    meter: Record | None
    details: Record


def read_record(store: Store, kind: ReferenceKind, record_id: int) -> Record | None:
    """The record of this id, or None."""
    return read_records(store, kind, (record_id,)).get(record_id)


def read_records(store: Store, kind: ReferenceKind, record_ids: Iterable[int]) -> dict[int, Record]:
    """The records of these ids; unknown ids are left out."""
    query = f"SELECT id, record FROM {kind} WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608 - enum
    return {row[0]: json.loads(row[1]) for row in store.connection.execute(query, (json.dumps(list(record_ids)),))}


def read_all_records(store: Store, kind: ReferenceKind) -> list[Record]:
    """All records of a table, by id."""
    rows = store.connection.execute(f"SELECT record FROM {kind} ORDER BY id")  # noqa: S608 - enum
    return [json.loads(row[0]) for row in rows]


def put_record(store: Store, kind: ReferenceKind, record_id: int, record: Record) -> None:
    """Stores a record, in place of one with this id."""
    query = f"INSERT OR REPLACE INTO {kind} VALUES (?, ?)"  # noqa: S608 - enum
    store.connection.execute(query, (record_id, json.dumps(record)))


def read_data_points(store: Store, data_point_ids: Iterable[int]) -> dict[int, DataPoint]:
    """The data points of these ids; unknown ids are left out."""
    query = "SELECT id, record, meter, details FROM data_points WHERE id IN (SELECT value FROM json_each(?))"
    rows = store.connection.execute(query, (json.dumps(list(data_point_ids)),))
    return {row[0]: DataPoint(*(json.loads(column) for column in row[1:])) for row in rows}


def read_all_data_points(store: Store) -> list[DataPoint]:
    """All data points, by id."""
    ids = [row[0] for row in store.connection.execute("SELECT id FROM data_points ORDER BY id")]
    found = read_data_points(store, ids)
    return [found[one] for one in ids]


def read_data_point(store: Store, data_point_id: int) -> DataPoint | None:
    """The data point of this id, or None."""
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
