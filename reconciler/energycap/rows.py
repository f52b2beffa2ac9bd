"""Rows of a list of channels, unpacked only as far as channels are made of them: a third of the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

from reconciler.energycap.answers import decode, holds_too_many
from reconciler.model.fields import CHANNEL_FIELDS, VERSION_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.energycap.answers import Answer
    from reconciler.energycap.calls import Request
    from reconciler.model.fields import Field


def unpack_rows(request: Request, answer: Answer) -> object:
    """The JSON document that `answer` holds, without what no channel is made of.

    Raises BadAnswer as `decode`, which unpacks whole what is not shaped as documented: who reads it says what is odd.
    """
    if holds_too_many(answer.body):
        return decode(request, answer)
    try:
        return _ROWS.decode(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return decode(request, answer)


def _list_places(fields: Iterable[Field]) -> list[str]:
    return [".".join(place) for field in fields for place in (field.response, field.alias_response) if place]


def _shape(places: Iterable[str], **members: Any) -> Any:
    """The type of an object with what is at `places` (names joined by dots), and `members` of types of their own."""
    within: dict[str, list[str]] = {}
    for first, _, rest in (place.partition(".") for place in places):
        within.setdefault(first, []).append(rest)
    shapes = {first: _shape(rests) | None if all(rests) else Any for first, rests in within.items()}
    return TypedDict("Shape", {**shapes, **members}, total=False)  # type: ignore[operator]


def _list_of(shape: Any) -> Any:
    return list[shape]


_DATA_POINT = _shape(
    [
        "dataPointId",
        "dataPointCode",
        "dataPointInfo",
        "dataPointImportId",
        "commodity.commodityInfo",
        "commodity.commodityCode",
        "parentPlace.placeCode",
        "parentPlace.placeInfo",
    ]
)
_VERSION = _shape([*_list_places(VERSION_FIELDS), "channelVersionId", "endDate", "observationRule.observationRuleInfo"])
_CHANNEL = _shape(
    [
        *_list_places(CHANNEL_FIELDS),
        "channelId",
        "hasReadings",
        "firstReadingDate",
        "lastReadingDate",
        "isCalculatedConvertible",
    ],
    channelVersions=_list_of(_VERSION) | None,
    dataPoint=_DATA_POINT | None,
)
_ROWS = msgspec.json.Decoder(_list_of(_CHANNEL))
