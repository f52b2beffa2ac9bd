"""What a list row leaves out of a channel, as far as the row itself and a read by id show it."""

from __future__ import annotations

from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING

from reconciler.model.fields import (
    CHANNEL_FIELDS,
    CHANNEL_IMPORT_ID,
    MAXIMUM_READING,
    MINIMUM_READING,
    OFFSET,
    VERSION_FIELDS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from reconciler.energycap.documents import Document
    from reconciler.model.channels import Live
    from reconciler.model.fields import Field

_CHANNEL_KEYS = frozenset(field.response[0] for field in CHANNEL_FIELDS) | {
    "hasReadings",
    "firstReadingDate",
    "lastReadingDate",
    "isCalculatedConvertible",
}
_VERSION_KEYS = frozenset(field.response[0] for field in VERSION_FIELDS) | {"endDate"}
_POINT_KEYS = frozenset(("dataPointCode", "dataPointInfo", "dataPointImportId", "commodity", "parentPlace"))
# Every channel has them, so null in a row says no more than an absent key.
_CHANNEL_NEVER_NULL = tuple(field.response[0] for field in CHANNEL_FIELDS if not field.nullable)
_VERSION_NEVER_NULL = tuple(field.response[0] for field in VERSION_FIELDS if not field.nullable)

_NOTHING: frozenset[str] = frozenset()


def _group_objects(fields: Iterable[Field]) -> tuple[tuple[str, str], ...]:
    """What stands in an object of its own, as the id and the code of a unit do: the object, and the name in it."""
    places = [place for field in fields for place in (field.response, field.alias_response) if len(place) > 1]
    return tuple((around, name) for around, name in places)


# None of them is ever null, so an object without one says no more than an absent object.
_CHANNEL_OBJECTS = _group_objects(CHANNEL_FIELDS)
_VERSION_OBJECTS = _group_objects(VERSION_FIELDS)

# Many channels have none of these. Where no row of a list has one, nobody can tell that from a list without them.
_OFTEN_NULL = ("channelDescription", CHANNEL_IMPORT_ID)
_OFTEN_NULL_IN_VERSIONS = (OFFSET, MINIMUM_READING, MAXIMUM_READING)


def find_lacking(document: Document) -> frozenset[str]:
    """The documented properties that `document`, an EsaChannelResponse, does not have, by their path in it.

    The objects in it, its data point and its versions are looked into where they are shaped as documented.
    """
    lacking = _find_absent(document, _CHANNEL_KEYS, _CHANNEL_NEVER_NULL) | _find_in_objects(document, _CHANNEL_OBJECTS)
    point, versions = document.get("dataPoint"), document.get("channelVersions")
    if isinstance(point, dict) and (absent := _find_absent(point, _POINT_KEYS, ())):
        lacking |= {f"dataPoint.{key}" for key in absent}
    is_calculated = document.get("isCalculated") is True
    for version in versions if isinstance(versions, list) else ():
        if isinstance(version, dict) and (absent := _find_in_version(version, is_calculated=is_calculated)):
            lacking |= {f"channelVersions.{key}" for key in absent}
    return lacking


def _find_in_version(version: Document, *, is_calculated: bool) -> frozenset[str]:
    absent = _find_absent(version, _VERSION_KEYS, _VERSION_NEVER_NULL) | _find_in_objects(version, _VERSION_OBJECTS)
    return absent | {"formula"} if is_calculated and version.get("formula") is None else absent


def _find_in_objects(document: Document, objects: tuple[tuple[str, str], ...]) -> frozenset[str]:
    absent = [
        f"{around}.{name}"
        for around, name in objects
        if isinstance(inner := document.get(around), dict) and inner.get(name) is None
    ]
    return frozenset(absent) if absent else _NOTHING


def _find_absent(document: Document, keys: frozenset[str], never_null: tuple[str, ...]) -> frozenset[str]:
    # Nearly all rows of nearly all lists end here.
    if document.keys() >= keys and None not in _take(never_null)(document):
        return _NOTHING
    return keys.difference(document) | {key for key in never_null if document.get(key) is None}


@cache
def _take(names: tuple[str, ...]) -> Callable[[Document], tuple[object, ...]]:
    return itemgetter(*names) if names else lambda _document: ()


def is_telling(lives: Sequence[Live]) -> bool:
    """Whether rows show by themselves that their list leaves nothing out: each value that may be null is somewhere.

    So do several versions, of which a list might give the latest only.
    """
    missing = {*_OFTEN_NULL, *_OFTEN_NULL_IN_VERSIONS, "versions"}
    for live in lives:
        missing -= {path for path in missing if _shows(live, path)}
        if not missing:
            return True
    return False


def _shows(live: Live, path: str) -> bool:
    return len(live.versions) > 1 if path == "versions" else live.values.get(path) is not None


def is_less(row: Live, read: Live) -> bool:
    """Whether a channel in a list differs from the same one `read` by its id, in anything that is made use of.

    Readings come all the time, so what is said of them counts only where the row says nothing.
    """
    if (row.values, row.versions, row.data_point) != (read.values, read.versions, read.data_point):
        return True
    pairs = (
        (row.has_readings, read.has_readings),
        (row.first_reading, read.first_reading),
        (row.last_reading, read.last_reading),
        (row.is_convertible, read.is_convertible),
    )
    return any(told is None and known is not None for told, known in pairs)


def rate(live: Live) -> tuple[int, int]:
    """How much a row may be leaving out: the more versions and the more nulls in them, the higher."""
    values: list[Mapping[str, object]] = [version.values for version in live.versions]
    nulls = sum(spec.get(path) is None for spec in values for path in _OFTEN_NULL_IN_VERSIONS)
    return len(live.versions), nulls
