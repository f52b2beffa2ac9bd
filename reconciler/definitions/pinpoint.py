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


def locate_findings(root: Path, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """`findings`, with line, column, length and excerpt for those whose place knows only its keys.

    A key that a channel does not have is looked for in the defaults of its file, and the channel is named beside it;
    where it is in neither, the nearest key above it is meant. Each file is read once more; one that is gone by now
    leaves its findings as they are.
    """
    documents: dict[str, Document | None] = {}
    return tuple(_locate_finding(root, finding, documents) for finding in findings)


def _locate_finding(root: Path, finding: Finding, documents: dict[str, Document | None]) -> Finding:
    place = finding.location
    if place is None or place.column or not place.path:
        return finding
    if place.file not in documents:
        documents[place.file] = _parse(root, place.file)
    document = documents[place.file]
    if document is None:
        return finding
    return replace(
        finding, location=_find_location(document, place), detail=(*_find_user(document, place), *finding.detail)
    )


def _parse(root: Path, file: str) -> Document | None:
    # Imported here, as most runs find nothing to look up.
    from reconciler.definitions.close import parse_yaml  # noqa: PLC0415

    data = read_file(root, file)
    return parse_yaml(file, data) if isinstance(data, bytes) else None


def _find_location(document: Document, place: Location) -> Location:
    for keys in _candidates(place.path):
        if keys in document.spans:
            # What a channel or feed is as a whole is meant by its name, even where all of it stands in one line.
            is_name = len(keys) == 2 and keys[0] in ("channels", "feeds")
            piece = _find_fragment(document, keys, place)
            return replace(piece or document.location(keys, at_key=is_name), path=place.path)
    return document.location(place.path) if () in document.spans else place


def _find_fragment(document: Document, keys: Keys, place: Location) -> Location | None:
    """The part of the value that is meant; None where all of it is, or where its text hides the part by escapes."""
    spot = document.spans[keys]
    start = document.text.find(place.fragment, spot.start, spot.end) if place.fragment else -1
    return None if start < 0 else document.location_at(start, start + len(place.fragment))


def _find_user(document: Document, place: Location) -> tuple[str, ...]:
    """The channel that is meant, where the place is in the defaults of its file and so does not show it."""
    found = next((keys for keys in _candidates(place.path) if keys in document.spans), ())
    return (f"in channel: {place.path[1]} ({place.file}:{place.line})",) if found[:1] == ("defaults",) else ()


def _candidates(keys: Keys) -> Iterator[Keys]:
    for spelling in (keys, (*keys[:2], *_OTHER_SPELLINGS.get(keys[2:], keys[2:]))):
        yield spelling
        if keys[0] == "channels":
            yield ("defaults", *spelling[2:])
