"""The definitions of a project: all files read, checked and put together, and every finding with its place."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.definitions.files import find_files, read_file
from reconciler.definitions.limit import cap_findings, note_omitted
from reconciler.definitions.page import ParsedFile, parse_fast
from reconciler.definitions.scalars import PlainScalars
from reconciler.model.channels import Definitions
from reconciler.model.findings import Finding
from reconciler.model.identifiers import Feed
from reconciler.model.lookalikes import distinguish
from reconciler.planning.offline_checks import check_definitions
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reconciler.model.channels import Desired
    from reconciler.model.findings import Location

# A channel must say how to find its live one; in a broken file that may be just what could not be read.
_NEEDS_WHOLE_FILE = "ESA331"
_DELETE_ONE = "delete one of the two: both select the same channel in EnergyCAP"


class LoadResult(Struct, frozen=True):
    """What the files say and what is wrong with them, in the order of files and lines.

    The channels and feeds of a file that cannot be read, or does not fit its schema, are left out; `unread` names those
    files.
    """

    definitions: Definitions
    findings: tuple[Finding, ...]
    unread: tuple[str, ...] = ()


def load_definitions(root: Path, folders: Sequence[str]) -> LoadResult:
    """The definitions in `folders` below `root`, and all findings that the files alone can give.

    Never raises for what is wrong with a file or a folder. Of each file at most 50 findings are kept, errors first;
    one more counts the rest.
    """
    found = find_files(root, folders)
    scalars = PlainScalars()
    pages = [_parse_file(root, file, scalars) for file in found.files]
    findings = (*found.findings, *_check_files(pages))
    picked, rest = cap_findings(findings, {page.file: page.more for page in pages})
    sound = _combine(pages, [page for page in pages if page.is_sound])
    unread = (*found.unread, *(page.file for page in pages if not page.is_sound))
    return LoadResult(sound, note_omitted(_locate(root, picked), rest), unread)


def _locate(root: Path, findings: Sequence[Finding]) -> Sequence[Finding]:
    if not findings:
        return findings
    # Imported here, as most runs find nothing.
    from reconciler.definitions.pinpoint import locate_findings  # noqa: PLC0415

    return locate_findings(root, findings)


def _parse_file(root: Path, file: str, scalars: PlainScalars) -> ParsedFile:
    data = read_file(root, file)
    if isinstance(data, Finding):
        return ParsedFile(file, b"", findings=(data,), is_sound=False)
    page = parse_fast(file, data, scalars)
    if page is not None:
        return page
    # Imported here, as most runs need no YAML parser, which takes a third of the time of a hook.
    from reconciler.definitions.close_page import parse_fully  # noqa: PLC0415

    return parse_fully(file, data)


def _check_files(pages: Sequence[ParsedFile]) -> Iterator[Finding]:
    """What is wrong with each page, and with all of them together."""
    for page in pages:
        yield from page.findings
    yield from _refuse_twice("ESA131", "channel", [channel for page in pages for channel in page.content.channels])
    yield from _refuse_twice("ESA132", "feed", [feed for page in pages for feed in page.content.feeds])
    broken = {page.file for page in pages if not page.is_sound}
    for finding in check_definitions(_combine(pages, pages)):
        file = finding.location.file if finding.location else ""
        if finding.code != _NEEDS_WHOLE_FILE or file not in broken:
            yield finding


def _refuse_twice(code: str, kind: str, named: Sequence[Desired | Feed]) -> Iterator[Finding]:
    firsts = {one.name: one for one in reversed(named)}
    for one in named if len(firsts) < len(named) else ():
        first = firsts[one.name]
        if first is not one:
            # Composed and decomposed letters make two files whose names look the same.
            file, _ = distinguish(_location_of(first).file, _location_of(one).file)
            where = f"{file}:{_location_of(first).line}"
            fix = _DELETE_ONE if _is_copy(one, first) else ""
            yield make_finding(
                code, f"{kind} {one.name} is defined twice, first in {where}", _location_of(one), fix=fix
            )


def _is_copy(one: Desired | Feed, first: Desired | Feed) -> bool:
    """Whether both lead to one live channel, so that another name would make them another error."""
    return not isinstance(one, Feed) and not isinstance(first, Feed) and None is not one.select == first.select


def _location_of(one: Desired | Feed) -> Location:
    return one.location if isinstance(one, Feed) else one.locate()


def _combine(pages: Sequence[ParsedFile], spoken: Sequence[ParsedFile]) -> Definitions:
    """What the pages `spoken` say, by name; of two with one name the first counts."""
    channels = {guess.name: guess for page in spoken for guess in page.content.recovered}
    channels |= {channel.name: channel for page in reversed(spoken) for channel in page.content.channels}
    feeds = {feed.name: feed for page in reversed(spoken) for feed in page.content.feeds}
    digests = b"".join(sorted(page.digest for page in pages))
    return Definitions(
        channels=tuple(channels[name] for name in sorted(channels)),
        feeds=tuple(feeds[name] for name in sorted(feeds)),
        files=tuple(page.file for page in pages),
        digest=f"sha256:{hashlib.sha256(digests).hexdigest()}",
    )
