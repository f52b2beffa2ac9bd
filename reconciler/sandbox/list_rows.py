"""Rows of the channel list that hold less than a GET of the channel does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.sandbox.choices import ListShape

if TYPE_CHECKING:
    from reconciler.sandbox.reference_table import Record

_BOUNDS = ("offset", "minimumReading", "maximumReading")
_FLAGS = ("isCalculated", "isPrimaryValue", "isPrimaryDemand")


def shape_row(response: Record, shape: ListShape) -> Record:
    """The response of a channel as a row of the list shows it."""
    match shape:
        case ListShape.FULL:
            return response
        case ListShape.WITHOUT_VERSIONS:
            return _without(response, ("channelVersions",))
        case ListShape.WITHOUT_FLAGS:
            return _without(response, _FLAGS)
        case ListShape.WITHOUT_BOUNDS:
            versions: list[Record] = [_without(version, _BOUNDS) for version in response["channelVersions"]]
        case ListShape.NULL_BOUNDS:
            versions = [version | dict.fromkeys(_BOUNDS) for version in response["channelVersions"]]
    return response | {"channelVersions": versions}


def _without(record: Record, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}
