"""Pages of channels on which every row is as documented: decoded into records, without dictionaries in between.

Most of what a plan reads are such pages, and they take half of the time so. Why another page is not as documented is
not asked here: it is decoded again, value by value.
"""

from __future__ import annotations

import math
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, defstruct

from reconciler.energycap.mapping import RULE_NAMES, find_minutes, version_order
from reconciler.energycap.paging import ListRow
from reconciler.model.canonical import clear_exclusive
from reconciler.model.channels import DataPoint, Live, Version
from reconciler.model.fields import (
    BEGIN_DATE,
    CHANNEL_FIELDS,
    FORMULA,
    INTERVAL_MINUTES,
    IS_CALCULATED,
    OBSERVATION_RULE,
    OBSERVATION_RULE_ID,
    VERSION_FIELDS,
    Kind,
)
from reconciler.model.values import BEGINNING, canonical_moment, canonical_number, canonical_time, is_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.fields import Field

_TYPES: dict[Kind, Any] = {
    Kind.TEXT: str,
    Kind.FORMULA: str,
    Kind.BOOLEAN: bool,
    Kind.WHOLE: int,
    Kind.DECIMAL: int | float,
    Kind.LOCAL_TIME: str,
}


class _NotDocumented(Exception):
    """A value has the documented type and no documented meaning."""


class _Values:
    """The values of `fields` in one object of a response.

    `record` is what a decoder makes of the object: these values, those of its inner objects, and the properties `more`.
    """

    def __init__(self, name: str, fields: Sequence[Field], more: Sequence[tuple[str, Any]]) -> None:
        alone = [field for field in fields if len(field.response) == 1]
        inner = [field for field in fields if len(field.response) > 1]
        places = [(field.path, field.response) for field in fields]
        places += [(field.alias, field.alias_response) for field in fields if field.alias]
        self._paths = [path for path, _ in places]
        self._take = attrgetter(*(".".join(response) for _, response in places))
        self._decimals = [field.path for field in alone if field.kind is Kind.DECIMAL]
        properties = [(field.response[0], _type_of(field)) for field in alone]
        # An id with its code or name, neither of which is ever null.
        objects = [(field.response[0], _make_pair(field)) for field in inner]
        self.record = defstruct(name, [*properties, *objects, *more], gc=False)

    def read(self, row: Struct) -> dict[str, Any]:
        """The values of `row` by their paths, canonical but for dates. Raises _NotDocumented."""
        values = dict(zip(self._paths, self._take(row), strict=True))
        for path in self._decimals:
            number = values[path]
            if type(number) is float:
                if not math.isfinite(number):
                    raise _NotDocumented
                values[path] = canonical_number(number)
        return values


def _type_of(field: Field) -> Any:
    return _TYPES[field.kind] | None if field.nullable else _TYPES[field.kind]


def _make_pair(field: Field) -> Any:
    members = [(field.response[1], _TYPES[field.kind]), (field.alias_response[1], str)]
    return defstruct(field.response[0], members, gc=False)


class _Commodity(Struct, rename="camel", gc=False):
    commodity_info: str | None = None
    commodity_code: str | None = None


class _Place(Struct, rename="camel", gc=False):
    place_code: str | None = None
    place_info: str | None = None


class _PointOfRow(Struct, rename="camel", gc=False):
    data_point_id: int
    data_point_code: str | None
    data_point_info: str | None
    data_point_import_id: str | None
    commodity: _Commodity | None
    parent_place: _Place | None


_OF_VERSION = _Values("_Version", VERSION_FIELDS, [("channelVersionId", int), ("endDate", str | None)])
_OF_CHANNEL = _Values(
    "_Channel",
    CHANNEL_FIELDS,
    [
        ("channelId", int),
        ("hasReadings", bool | None),
        ("firstReadingDate", str | None),
        ("lastReadingDate", str | None),
        ("isCalculatedConvertible", bool | None),
        ("channelVersions", list[_OF_VERSION.record]),  # type: ignore[name-defined]
        ("dataPoint", _PointOfRow),
    ],
)
_decoder = msgspec.json.Decoder(list[_OF_CHANNEL.record])  # type: ignore[name-defined]


def read_documented_rows(body: bytes) -> tuple[ListRow[Live], ...] | None:
    """The channels of a page; None unless all of its rows are as documented, with every property.

    A property that is not documented is skipped without a value being made of it, so a hostile page takes no more
    memory than the rows that it holds.
    """
    try:
        return tuple([ListRow(row.channelId, _make_live(row)) for row in _decoder.decode(body)])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, _NotDocumented):
        return None


def _make_live(row: Any) -> Live:
    values = _OF_CHANNEL.read(row)
    values[INTERVAL_MINUTES] = find_minutes(values)
    is_calculated = values[IS_CALCULATED]
    versions = [_make_version(version, is_calculated=is_calculated) for version in row.channelVersions]
    if not versions:
        raise _NotDocumented
    versions.sort(key=version_order)
    first, last = row.firstReadingDate, row.lastReadingDate
    return Live(
        id=row.channelId,
        values={**values, **versions[-1].values},
        versions=tuple(versions),
        data_point=_make_data_point(row.dataPoint),
        has_readings=row.hasReadings,
        first_reading=None if first is None else canonical_time(first),
        last_reading=None if last is None else canonical_time(last),
        is_convertible=row.isCalculatedConvertible,
    )


def _make_version(row: Any, *, is_calculated: bool) -> Version:
    values = _OF_VERSION.read(row)
    begin, end = values[BEGIN_DATE], row.endDate
    if begin is not None:
        if not is_time(begin):
            raise _NotDocumented
        begin = canonical_moment(begin)
        values[BEGIN_DATE] = None if begin == BEGINNING else begin
    rule = RULE_NAMES.get(values[OBSERVATION_RULE_ID])
    if rule is None or (is_calculated and values[FORMULA] is None):
        raise _NotDocumented
    values[OBSERVATION_RULE] = rule
    return Version(
        id=row.channelVersionId,
        begin_date=begin,
        end_date=None if end is None else canonical_moment(end),
        values=clear_exclusive(values, is_calculated=is_calculated),
    )


def _make_data_point(row: _PointOfRow) -> DataPoint:
    if row.commodity is None or row.parent_place is None:
        raise _NotDocumented
    commodity, place = row.commodity, row.parent_place
    return DataPoint(
        id=row.data_point_id,
        code=row.data_point_code,
        name=row.data_point_info,
        import_id=row.data_point_import_id,
        commodity=commodity.commodity_info or commodity.commodity_code,
        place_code=place.place_code,
        place_name=place.place_info,
    )
