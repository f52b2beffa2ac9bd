"""What the service says of readings that were sent, and what it keeps of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.energycap.json_values import UnexpectedType, read_id, read_objects, read_text
from reconciler.energycap.responses import bad_response, escape_unprintable
from reconciler.model.values import is_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.energycap.json_values import Document


class FailedReading(Struct, frozen=True):
    """A reading that was not taken, as the service names it; `error` is "" where only its group has one."""

    time: str | None
    value: float | None
    error: str


class FailedGroup(Struct, frozen=True):
    """Readings of one group that were not taken; `identifiers` are those of the group, by the names of the call."""

    identifiers: Mapping[str, object]
    error: str
    readings: tuple[FailedReading, ...]


class ImportResponse(Struct, frozen=True):
    """What became of the readings of one request: how many were taken and how many not, and the latter by group."""

    imported: int
    failed: int
    groups: tuple[FailedGroup, ...]


class StoredReading(Struct, frozen=True):
    """A reading that a channel has: its time as the service writes it, and the value as it was sent.

    Where the service does not give that, the value is the computed one, and not `is_raw`. Whether it is `estimated` is
    None if the service does not say so.
    """

    time: str
    value: float | None
    is_raw: bool = True
    estimated: bool | None = None


def is_import_response(document: object) -> bool:
    """Whether `document` says how many readings were taken, as the response of POST /api/v3/reading does."""
    return isinstance(document, dict) and "importedReadingsCount" in document


def parse_import_response(document: object) -> ImportResponse:
    """The receipt that answers POST /api/v3/reading. Raises BadResponse where it is none, or does not add up."""
    try:
        (response,) = read_objects([document], "the answer")
        groups = read_objects(response.get("failedReadings") or [], "failedReadings")
        receipt = ImportResponse(
            read_id(response, "importedReadingsCount"),
            read_id(response, "failedReadingsCount"),
            tuple(map(_read_group, groups)),
        )
    except UnexpectedType as error:
        raise bad_response(f"what became of the readings: {error}") from None
    named = sum(len(group.readings) for group in receipt.groups)
    if receipt.failed != named:
        raise bad_response(f"{receipt.failed:,} readings failed, but {named:,} are named")
    return receipt


def parse_stored_readings(document: object) -> tuple[StoredReading, ...]:
    """The readings that answer GET /api/v3/channel/{id}/reading. Raises BadResponse for any other shape."""
    try:
        (response,) = read_objects([document], "the answer")
        return tuple(map(_read_stored, read_objects(response.get("readings") or [], "readings")))
    except UnexpectedType as error:
        raise bad_response(f"the readings of a channel: {error}") from None


def _read_group(document: Document) -> FailedGroup:
    readings = read_objects(document.get("readings") or [], "failedReadings.readings")
    identifiers = {name: value for name, value in document.items() if name not in ("error", "readings")}
    return FailedGroup(identifiers, _read_error(document), tuple(map(_read_failed, readings)))


def _read_failed(document: Document) -> FailedReading:
    return FailedReading(read_text(document, "time"), _read_number(document, "value"), _read_error(document))


def _read_stored(document: Document) -> StoredReading:
    time = read_text(document, "time")
    if time is None:
        raise UnexpectedType("readings.time", "a date and time", None)
    raw, estimated = _read_number(document, "rawValue"), document.get("estimated")
    value = _read_number(document, "value") if raw is None else raw
    return StoredReading(time, value, raw is not None, estimated if isinstance(estimated, bool) else None)


def _read_error(document: Document) -> str:
    return escape_unprintable(read_text(document, "error") or "")


def _read_number(document: Document, name: str) -> float | None:
    found = document.get(name)
    if found is None or is_number(found):
        return found
    raise UnexpectedType(name, "a number", found)
