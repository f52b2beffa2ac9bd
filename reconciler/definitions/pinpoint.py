"""Places that were made without the text at hand, found in it: line, column, and the piece that is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.definitions.files import read_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from reconciler.definitions.document import Document
    from reconciler.definitions.problems import Keys
    from reconciler.model.findings import Finding, Location

# What says how to find a channel may be written in two ways.
_OTHER_SPELLINGS: dict[Keys, Keys] = {
    ("select", "channelId"): ("channelId",),
    ("select", "channelImportId"): ("channelImportId",),
    ("select", "dataPointImportId"): ("select", "meterImportId"),
}


def pinpoint(root: Path, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """`findings`, with line, column, length and excerpt for those whose place knows only its keys.

    A key that a channel does not have is looked for in the defaults of its file, and the channel is named beside it;
    where it is in neither, the nearest key above it is meant. Each file is read once more; one that is gone by now
    leaves its findings as they are.
    """
    documents: dict[str, Document | None] = {}
    return tuple(_pinpoint(root, finding, documents) for finding in findings)


def _pinpoint(root: Path, finding: Finding, documents: dict[str, Document | None]) -> Finding:
    place = finding.location
    if place is None or place.column or not place.path:
        return finding
    if place.file not in documents:
        documents[place.file] = _read(root, place.file)
    document = documents[place.file]
    if document is None:
        return finding
    return replace(
        finding, location=_find_place(document, place), detail=(*_find_user(document, place), *finding.detail)
    )


def _read(root: Path, file: str) -> Document | None:
    # Imported here, as most runs find nothing to look up.
    from reconciler.definitions.close import read_closely  # noqa: PLC0415

    data = read_file(root, file)
    return read_closely(file, data) if isinstance(data, bytes) else None


def _find_place(document: Document, place: Location) -> Location:
    for keys in _candidates(place.path):
        if keys in document.spots:
            # What a channel or feed is as a whole is meant by its name, even where all of it stands in one line.
            is_name = len(keys) == 2 and keys[0] in ("channels", "feeds")
            piece = _find_piece(document, keys, place)
            return replace(piece or document.place(keys, at_key=is_name), path=place.path)
    return document.place(place.path) if () in document.spots else place


def _find_piece(document: Document, keys: Keys, place: Location) -> Location | None:
    """The part of the value that is meant; None where all of it is, or where its text hides the part by escapes."""
    spot = document.spots[keys]
    start = document.text.find(place.fragment, spot.start, spot.end) if place.fragment else -1
    return None if start < 0 else document.place_at(start, start + len(place.fragment))


def _find_user(document: Document, place: Location) -> tuple[str, ...]:
    """The channel that is meant, where the place is in the defaults of its file and so does not show it."""
    found = next((keys for keys in _candidates(place.path) if keys in document.spots), ())
    return (f"in channel: {place.path[1]} ({place.file}:{place.line})",) if found[:1] == ("defaults",) else ()


def _candidates(keys: Keys) -> Iterator[Keys]:
    for spelling in (keys, (*keys[:2], *_OTHER_SPELLINGS.get(keys[2:], keys[2:]))):
        yield spelling
        if keys[0] == "channels":
            yield ("defaults", *spelling[2:])
