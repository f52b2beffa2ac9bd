"""A copy of the live state as a file: what `snapshot` writes, and a plan is made against offline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from reconciler.energycap.json_values import Document, UnexpectedType, read_object, read_objects, read_text
from reconciler.energycap.malformed_channels import identify_row, live_from_row, make_unread
from reconciler.energycap.mapping import is_whole
from reconciler.energycap.reference import Listed, make_reference, types_from_response, units_from_response
from reconciler.energycap.time_zones import find_time_zone, find_zone_code, read_dates
from reconciler.errors import BadResponse, FileError
from reconciler.model.channels import Snapshot
from reconciler.strict_json import KeyTwice, OutOfBounds, is_too_deep, parse_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.model.channels import Live
    from reconciler.model.project import VersionDates

_Entry = TypeVar("_Entry")

SNAPSHOT_FORMAT = 1

_FIX = "make it again:  reconciler snapshot --out FILE"


def render_snapshot_file(world: Mapping[str, object], *, environment: str, taken: str) -> str:
    """`world` as the text of a file that also says of which environment it is and when it was `taken`."""
    head = {"formatVersion": SNAPSHOT_FORMAT, "environment": environment, "taken": taken}
    return json.dumps({**head, **world}, ensure_ascii=False, indent=1) + "\n"


def read_snapshot_file(text: str) -> Document:
    """The world in the text of a file. Raises FileError where it is none."""
    if is_too_deep(text):
        raise FileError("the file is not a snapshot: its JSON is nested too deeply", _FIX)
    try:
        world = parse_json(text)
    except (KeyTwice, OutOfBounds) as flaw:
        raise FileError(f"the snapshot cannot be used: {flaw}", _FIX) from None
    except ValueError as error:
        raise FileError("the file is no snapshot, or was cut short: it is no JSON", _FIX) from error
    if not isinstance(world, dict) or world.get("formatVersion") != SNAPSHOT_FORMAT:
        raise FileError(f"the file is no snapshot of format {SNAPSHOT_FORMAT}", _FIX)
    return world


def snapshot_from_file(world: Document, version_dates: VersionDates | None = None) -> tuple[Snapshot, str]:
    """The snapshot that `world` holds, and when it was taken, "" where it does not say.

    `version_dates` says what a date of a version means that comes with a zone. Raises FileError where the world is not
    whole.
    """
    try:
        taken = read_text(world, "taken") or ""
        points = {
            point.get("dataPointId"): point for point in read_objects(world.get("dataPoints") or [], "dataPoints")
        }
        unread = read_object(read_object(world, "unread"), "channels")
        channels = tuple(
            read_dates(_read_channel(row, unread), version_dates, lambda id_: find_time_zone(points.get(id_, {})))
            for row in read_objects(world.get("channels"), "channels")
        )
        units = _read_listed(world, "units", units_from_response)
        types = _read_listed(world, "observationTypes", types_from_response)
    except (UnexpectedType, BadResponse) as error:
        raise FileError(f"the snapshot cannot be used: {error}", _FIX) from error
    ordered = tuple(sorted(channels, key=lambda channel: channel.id))
    if len({channel.id for channel in ordered}) < len(ordered):
        raise FileError("the snapshot cannot be used: a channel is in it twice", _FIX)
    return Snapshot(ordered, make_reference(units, types, ordered)), taken


def zone_codes_from_file(world: Document) -> dict[int, str]:
    """The codes of the time zones of those data points that `world` describes, by their ids."""
    points = {point.get("dataPointId"): point for point in read_objects(world.get("dataPoints") or [], "dataPoints")}
    return {one: find_zone_code(point) for one, point in points.items() if isinstance(one, int)}


def _read_channel(row: Document, unread: Document) -> Live:
    channel_id, document = identify_row(row)
    if reason := read_text(unread, str(channel_id)):
        return make_unread(channel_id, live_from_row(row) if is_whole(document) else None, reason)
    return live_from_row(row)


def _read_listed(world: Document, name: str, read: Callable[[object], Listed[_Entry]]) -> Listed[_Entry]:
    unread = read_text(read_object(world, "unread"), name)
    return Listed({}, unread) if unread else read(world.get(name) or [])
