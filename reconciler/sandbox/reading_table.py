"""Stored readings: kept as sent, and computed when they are read.

Documented: the rules (Odometer is a register, and a value is the difference to the reading before; Trip is a value per
period), and that a version is valid after its beginning and until its end. Not documented, and so decided here:

- A time without offset is wall time in the data point's zone, if its timeZoneCode is a name of the zone database. If
  not, such a time fails. Without a known zone, times are shown in UTC.
- The first reading of a version has a value under Odometer: the difference to the reading before it, by the settings of
  the new or the old version, which is a setting of the sandbox.
- Whether an edit of a version changes what older readings compute to is a setting, but lastReadingValue stays.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.sandbox.arithmetic import compute_value
from reconciler.sandbox.properties import ODOMETER, ReferenceKind
from reconciler.sandbox.reading_settings import BoundaryDifference
from reconciler.sandbox.rendering import unit_child
from reconciler.sandbox.tables import (
    Evidence,
    find_zone,
    parse_instant,
    read_data_point,
    read_former_versions,
    read_record,
    save_evidence,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import tzinfo

    from reconciler.sandbox.properties import VersionSettings
    from reconciler.sandbox.settings import Settings
    from reconciler.sandbox.store import Store
    from reconciler.sandbox.tables import Channel, Version

_COLUMNS = "time, value, estimated, note, reading_id, made_with"
# One reading more, before the span: a register's first value in it is the difference to that one.
_SELECT_SPAN = f"""
SELECT {_COLUMNS} FROM readings WHERE channel_id = :channel
AND time >= ifnull((SELECT max(time) FROM readings WHERE channel_id = :channel AND time < :begin), '')
AND time <= :end ORDER BY time
"""  # noqa: S608 - the columns above
_SELECT_LATEST = f"SELECT {_COLUMNS} FROM readings WHERE channel_id = ? ORDER BY time DESC LIMIT 2"  # noqa: S608 - as above
_SELECT_EARLIEST = "SELECT min(time) FROM readings WHERE channel_id = ?"
_UPSERT = """
INSERT INTO readings (channel_id, time, value, estimated, note, made_with) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (channel_id, time) DO UPDATE
SET value = excluded.value, estimated = excluded.estimated, note = excluded.note, made_with = excluded.made_with
"""
# Sorts after all that begins with a digit.
_END_OF_TIME = "~"


class StoredReading(Struct, frozen=True):
    """A reading at an instant: ISO text in UTC, which sorts as time does. SQLite has 0 and 1 for booleans."""

    instant: str
    raw: float
    estimated: bool | int
    note: str | None
    reading_id: int = 0
    # How many edits that recomputed nothing were made before the reading was sent.
    made_with: int = 0


class ComputedReading(Struct, frozen=True):
    """A reading with its value after rule, multiplier and offset; None for the first of a register."""

    stored: StoredReading
    time: str
    value: float | None


class Span(Struct, frozen=True):
    """From one instant to another, both included; None has no limit."""

    begin: str | None = None
    end: str | None = None


def zone_of(store: Store, channel: Channel) -> tzinfo:
    """The time zone of the channel's data point; UTC if it is not given or not known."""
    return find_zone(read_data_point(store, channel.data_point_id))


def find_instants(store: Store, channel_id: int) -> set[str]:
    """The instants at which a channel has readings."""
    rows = store.connection.execute("SELECT time FROM readings WHERE channel_id = ?", (channel_id,))
    return {row[0] for row in rows}


def put_readings(store: Store, settings: Settings, channel: Channel, readings: Iterable[StoredReading]) -> None:
    """Stores readings, replacing those at the same instants, and updates the channel's evidence."""
    made_with = len(read_former_versions(store, channel.channel_id))
    rows = [(channel.channel_id, one.instant, one.raw, one.estimated, one.note, made_with) for one in readings]
    if not rows:
        return
    store.connection.executemany(_UPSERT, rows)
    save_evidence(store, channel.channel_id, _evidence(store, settings, channel))


def compute_readings(store: Store, settings: Settings, channel: Channel, span: Span) -> Iterator[ComputedReading]:
    """The readings of a channel in a span, in the order of time, computed by the version valid at each."""
    timelines = _make_timelines(store, settings, channel)
    begin = span.begin or ""
    bounds = {"channel": channel.channel_id, "begin": begin, "end": span.end or _END_OF_TIME}
    before: StoredReading | None = None
    for row in store.connection.execute(_SELECT_SPAN, bounds):
        reading = StoredReading(*row)
        if reading.instant >= begin:
            yield timelines[min(reading.made_with, len(timelines) - 1)].compute(reading, before)
        before = reading


def _make_timelines(store: Store, settings: Settings, channel: Channel) -> list[_Timeline]:
    """The versions of a channel by what `made_with` of a reading says; the last are the present ones."""
    zone = zone_of(store, channel)
    every = (*read_former_versions(store, channel.channel_id), channel.versions)
    return [_Timeline(versions, zone, settings) for versions in every]


class _Timeline:
    """The versions of a channel by the time of a reading."""

    def __init__(self, versions: Sequence[Version], zone: tzinfo, settings: Settings) -> None:
        self._versions = [version.settings for version in versions]
        self._beginnings = [version.begin_date or "" for version in self._versions]
        self._zone = zone
        self._settings = settings

    def compute(self, reading: StoredReading, before: StoredReading | None) -> ComputedReading:
        """The reading with its value; `before` is the one before it, if any."""
        local = self._show(reading)
        version = self._find_version(local)
        if before and self._settings.boundary_difference is BoundaryDifference.OLD:
            former = self._find_version(self._show(before))
            # Under Trip there is no difference that could belong to anything.
            if version.observation_rule_id == former.observation_rule_id == ODOMETER:
                version = former
        value = compute_value(reading.raw, before.raw if before else None, version, self._settings)
        return ComputedReading(reading, local.isoformat(), value)

    def _show(self, reading: StoredReading) -> datetime:
        return datetime.fromisoformat(reading.instant).astimezone(self._zone)

    def _find_version(self, local: datetime) -> VersionSettings:
        # A version begins after its beginDate: at that time the one before is still valid.
        place = max(bisect_left(self._beginnings, local.replace(tzinfo=None).isoformat()) - 1, 0)
        return self._versions[place]


def _evidence(store: Store, settings: Settings, channel: Channel) -> Evidence:
    """What the channel shows of its readings: those stored, and those whose dates came with its world."""
    zone, known = zone_of(store, channel), channel.evidence
    readings = [StoredReading(*row) for row in store.connection.execute(_SELECT_LATEST, (channel.channel_id,))]
    latest = _Timeline(channel.versions, zone, settings).compute(readings[0], readings[1] if readings[1:] else None)
    earliest = store.connection.execute(_SELECT_EARLIEST, (channel.channel_id,)).fetchone()[0]
    dates = [datetime.fromisoformat(earliest).astimezone(zone).isoformat(), latest.time]
    dates += [date for date in (known.first_date, known.last_date) if date is not None]
    dates.sort(key=_instant)
    if dates[-1] != latest.time:
        return replace(known, first_date=dates[0])
    unit = read_record(store, ReferenceKind.UNITS, channel.versions[-1].settings.unit_id) or {}
    value = json.dumps({"unit": unit_child(unit), "value": latest.value})
    return Evidence(has_readings=True, first_date=dates[0], last_date=latest.time, last_value=value)


def _instant(time: str) -> str:
    return parse_instant(time, UTC) or ""
