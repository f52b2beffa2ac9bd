"""Channels whose responses are not as documented: what can be read of them anyway, and what cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.energycap.mapping import (
    OF_CHANNEL,
    OF_VERSION,
    find_minutes,
    leave_out_registers,
    live_from_response,
    normalize_rule,
    read_channel_id,
    read_data_point,
    read_values,
    read_version,
    version_order,
)
from reconciler.energycap.responses import (
    Document,
    UnexpectedType,
    bad_response,
    read_flag,
    read_id,
    read_object,
    read_text,
)
from reconciler.errors import BadResponse
from reconciler.model.channels import DATA_POINT, DataPoint, Live, Version
from reconciler.model.fields import BEGIN_DATE, FIELDS, INTERVAL_MINUTES, IS_CALCULATED

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from reconciler.energycap.mapping import FieldGroup
    from reconciler.model.values import Value

    _Read = TypeVar("_Read")

_VERSIONED = frozenset(
    path for field in FIELDS if field.is_versioned for path in (field.path, field.alias) if path is not None
)
_PREFIX = "the service's answer cannot be used: "


def identify_row(row: object) -> tuple[int, Document]:
    """The id of the channel in a row of a list, and the row. An id of the wrong type is accepted if it is a number.

    Raises BadResponse if the row has no id, because nothing would prove then that the list is complete.
    """
    if isinstance(row, dict):
        # One malformed id must not stop the plan of all other channels.
        given = row.get("channelId")
        if isinstance(given, float) and given.is_integer():
            return int(given), row
        if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 20:
            return int(given), row
    return read_channel_id(row)


def live_from_row(row: object) -> Live:
    """The live channel in a row of a list, or what can be read of it, with its flaw."""
    try:
        return live_from_response(row)
    except BadResponse as error:
        channel_id, document = identify_row(row)
        given = document["channelId"]
        odd_id = "" if given == channel_id and type(given) is int else str(UnexpectedType("channelId", "an id", given))
        reason = error.message.removeprefix(_PREFIX).removeprefix(f"channel {channel_id}: ")
        return _recover(channel_id, document, odd_id or reason)


def make_unread(channel_id: int, row: Live | None, reason: str) -> Live:
    """The channel with this id, which could not be read by it: the values of a `row` of a list, or None without one."""
    if row is not None:
        # The row may show null for a value that it leaves out.
        return replace(row, flaw=reason, unread=frozenset(path for path in row.values if row.values[path] is None))
    return _recover(channel_id, {DATA_POINT: False, "channelVersions": False}, reason, is_known=False)


def check_id(channel_id: int, live: Live) -> Live:
    """`live`, which was requested by `channel_id`. Raises BadResponse if it is another channel."""
    if live.id != channel_id:
        raise bad_response(f"channel {channel_id} was requested, but channel {live.id} came")
    return live


def _recover(channel_id: int, document: Document, flaw: str, *, is_known: bool = True) -> Live:
    unread: set[str] = set()
    values = _read_each(document if is_known else {}, OF_CHANNEL, unread)
    if not is_known:
        unread |= values.keys()
    values[INTERVAL_MINUTES] = find_minutes(values)
    versions = _recover_versions(document, unread, is_calculated=values[IS_CALCULATED] is True)
    return Live(
        id=channel_id,
        values={**values, **versions[-1].values},
        versions=versions,
        data_point=_recover_data_point(document, unread),
        has_readings=_try(lambda: read_flag(document, "hasReadings")),
        first_reading=_try(lambda: read_text(document, "firstReadingDate")),
        last_reading=_try(lambda: read_text(document, "lastReadingDate")),
        is_convertible=_try(lambda: read_flag(document, "isCalculatedConvertible")),
        flaw=flaw,
        unread=frozenset(unread),
    )


def _read_each(document: Document, groups: tuple[FieldGroup, ...], unread: set[str]) -> dict[str, Value]:
    """The values of `groups` that can be read; the others are None, and their paths are added to `unread`."""
    values: dict[str, Value] = {}
    for around, getters in groups:
        for getter in getters:
            try:
                values |= read_values(document, ((around, (getter,)),))
            except UnexpectedType:
                values[getter[0]] = None
                unread.add(getter[0])
    return values


def _recover_versions(document: Document, unread: set[str], *, is_calculated: bool) -> tuple[Version, ...]:
    found = document.get("channelVersions")
    if not isinstance(found, list) or not found or not all(isinstance(member, dict) for member in found):
        unread |= _VERSIONED
        return (Version(0, None, None, dict.fromkeys(_VERSIONED)),)
    versions = (_recover_version(member, unread, is_calculated=is_calculated) for member in found)
    return tuple(sorted(versions, key=version_order))


def _recover_version(document: Document, unread: set[str], *, is_calculated: bool) -> Version:
    whole = _try(lambda: read_version(document, is_calculated=is_calculated))
    if whole is not None:
        return whole
    values = _read_each(leave_out_registers(document), OF_VERSION, unread)
    _try(lambda: normalize_rule(values, document))
    begin = values[BEGIN_DATE]
    return Version(
        id=_try(lambda: read_id(document, "channelVersionId")) or 0,
        begin_date=begin if isinstance(begin, str) else None,
        end_date=_try(lambda: read_text(document, "endDate")),
        values=values,
    )


def _recover_data_point(document: Document, unread: set[str]) -> DataPoint:
    # null means that the channel has no data point.
    if document.get(DATA_POINT) is None:
        return DataPoint(0)
    try:
        return read_data_point(read_object(document, DATA_POINT))
    except UnexpectedType:
        point = _try(lambda: read_object(document, DATA_POINT)) or {}
        point_id = _try(lambda: read_id(point, "dataPointId"))
        if point_id is None:
            unread.add(DATA_POINT)
        return DataPoint(point_id or 0, import_id=_try(lambda: read_text(point, "dataPointImportId")))


def _try(read: Callable[[], _Read]) -> _Read | None:
    try:
        return read()
    except UnexpectedType:
        return None
