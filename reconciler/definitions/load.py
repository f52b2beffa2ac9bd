"""The definitions of a project: all files read, checked and combined, with every finding and its location."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.definitions.channel_file import ParsedFile, parse_fast, parse_fully
from reconciler.definitions.discovery import find_files, read_file
from reconciler.definitions.fast_reader import PlainLines
from reconciler.definitions.templates import WITH
from reconciler.model.channels import SELECT_IN, Definitions
from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.identifiers import Feed
from reconciler.model.lookalikes import distinguish
from reconciler.planning.messages import describe_source
from reconciler.planning.offline_checks import check_definitions
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from reconciler.definitions.document import Document
    from reconciler.definitions.file_problems import Keys
    from reconciler.model.channels import Desired


MAX_SHOWN = 50

_SEVERITY_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def cap_findings(findings: Iterable[Finding], more: Mapping[str, int]) -> tuple[list[Finding], dict[str, int]]:
    """The first 50 of `findings` for each file, errors first, and how many of each file were left out.

    `more` has the number of further findings by file, for those that were not even made.
    """
    by_file: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_file[_file_of(finding)].append(finding)
    picked: list[Finding] = []
    rest = {}
    for file, found in by_file.items():
        found.sort(key=lambda finding: (_SEVERITY_ORDER[finding.severity], finding.order))
        picked += found[:MAX_SHOWN]
        rest[file] = len(found[MAX_SHOWN:]) + more.get(file, 0)
    return picked, rest


def note_omitted(shown: Sequence[Finding], rest: Mapping[str, int]) -> tuple[Finding, ...]:
    """`shown` in order, with a note after the last finding of each file that has more according to `rest`."""
    last: defaultdict[str, int] = defaultdict(int)
    for finding in shown:
        last[_file_of(finding)] = max(last[_file_of(finding)], finding.location.line if finding.location else 0)
    notes = [_note(file, last[file], count) for file, count in rest.items() if count]
    return tuple(sorted((*shown, *notes), key=lambda finding: finding.order))


def _note(file: str, line: int, count: int) -> Finding:
    message = f"{count:,} more findings in this file are not shown"
    return make_finding("ESA199", message, Location(file, line=line + 1) if file else None)


def _file_of(finding: Finding) -> str:
    return finding.location.file if finding.location else ""


# The rule that a channel must say how its live one is found; in a broken file, that may be the part that was not read.
_NEEDS_WHOLE_FILE = "ESA331"
_DELETE_ONE = "delete one of them: both select the same channel in EnergyCAP"


class LoadResult(Struct, frozen=True):
    """What the files say and what is wrong with them, in the order of files and lines.

    The channels and feeds of a file that cannot be read, or does not fit the schema, are left out; `unread` has those
    files.
    """

    definitions: Definitions
    findings: tuple[Finding, ...]
    unread: tuple[str, ...] = ()


def load_definitions(
    root: Path, folders: Sequence[str], environments: Collection[str] | None = None, *, makes_digest: bool = True
) -> LoadResult:
    """The definitions in `folders` below `root`, and all findings that the files alone can give.

    `environments` are those of the project file, and all of them are checked; None if they are not known.
    Never raises for a file or folder with errors. At most 50 findings are kept for each file, errors first; a note
    counts the rest. Without `makes_digest` the digest of the definitions is "".
    """
    found = find_files(root, folders)
    known = PlainLines()
    digests: list[bytes] | None = [] if makes_digest else None
    parsed_files = _fill_templates([_parse_file(root, file, known, digests) for file in found.files])
    findings = _merge_alike((*found.findings, *_check_files(parsed_files, environments)))
    picked, rest = cap_findings(findings, {parsed.file: parsed.more for parsed in parsed_files})
    valid = _combine(parsed_files, [parsed for parsed in parsed_files if parsed.is_valid])
    if digests is not None:
        valid = replace(valid, digest=f"sha256:{_digest(b''.join(sorted(digests))).hex()}")
    unread = (*found.unread, *(parsed.file for parsed in parsed_files if not parsed.is_valid))
    return LoadResult(valid, note_omitted(locate_findings(root, picked), rest), unread)


def _parse_file(root: Path, file: str, known: PlainLines, digests: list[bytes] | None) -> ParsedFile:
    data = read_file(root, file)
    if isinstance(data, Finding):
        return ParsedFile(file, findings=(data,), is_valid=False)
    if digests is not None:
        # The line endings of a checkout do not count.
        digests.append(_digest(data.replace(b"\r\n", b"\n") if b"\r" in data else data))
    return parse_fast(file, data, known) or parse_fully(file, data)


def _digest(data: bytes) -> bytes:
    # Imported here because `validate` needs no digest, and this loads OpenSSL.
    from hashlib import sha256  # noqa: PLC0415

    return sha256(data).digest()


def _fill_templates(parsed_files: list[ParsedFile]) -> list[ParsedFile]:
    if not any(parsed.content.templates or parsed.content.uses for parsed in parsed_files):
        return parsed_files
    # Imported here because many projects have no templates.
    from reconciler.definitions.template_filling import fill_templates  # noqa: PLC0415

    return fill_templates(parsed_files)


def _check_files(parsed_files: Sequence[ParsedFile], environments: Collection[str] | None) -> Iterator[Finding]:
    """What is wrong with each file, and with all of them together."""
    for parsed in parsed_files:
        yield from parsed.findings
    yield from _find_duplicates(
        "ESA131", "channel", [channel for parsed in parsed_files for channel in parsed.content.channels]
    )
    yield from _find_duplicates("ESA132", "feed", [feed for parsed in parsed_files for feed in parsed.content.feeds])
    broken = {parsed.file for parsed in parsed_files if not parsed.is_valid}
    for finding in check_definitions(_combine(parsed_files, parsed_files), environments):
        file = finding.location.file if finding.location else ""
        if finding.code != _NEEDS_WHOLE_FILE or file not in broken:
            yield finding


def _find_duplicates(code: str, kind: str, named: Sequence[Desired | Feed]) -> Iterator[Finding]:
    firsts = {one.name: one for one in reversed(named)}
    for one in named if len(firsts) < len(named) else ():
        first = firsts[one.name]
        if first is not one:
            # Two file names may look the same but differ in Unicode, as with composed and decomposed letters.
            file, _ = distinguish(_location_of(first).file, _location_of(one).file)
            where = f"{file}:{_location_of(first).line}"
            fix = _DELETE_ONE if _is_copy(one, first) else ""
            yield make_finding(
                code, f"{kind} {one.name} is defined twice, first in {where}", _location_of(one), fix=fix
            )


def _is_copy(one: Desired | Feed, first: Desired | Feed) -> bool:
    """Whether both select the same live channel: renaming one would only cause another error."""
    return not isinstance(one, Feed) and not isinstance(first, Feed) and None is not one.select == first.select


def _location_of(one: Desired | Feed) -> Location:
    return one.location if isinstance(one, Feed) else one.locate()


def _combine(parsed_files: Sequence[ParsedFile], used: Sequence[ParsedFile]) -> Definitions:
    """The definitions in the files `used`, by name; if a name occurs twice, the first one counts."""
    channels = {guess.name: guess for parsed in used for guess in parsed.content.recovered}
    channels |= {channel.name: channel for parsed in reversed(used) for channel in parsed.content.channels}
    feeds = {feed.name: feed for parsed in reversed(used) for feed in parsed.content.feeds}
    return Definitions(
        channels=tuple(channels[name] for name in sorted(channels)),
        feeds=tuple(feeds[name] for name in sorted(feeds)),
        files=tuple(parsed.file for parsed in parsed_files),
        digest="",
    )


# The two ways to write how a channel is found.
_IN_SELECT: dict[Keys, Keys] = {("dataPointImportId",): ("meterImportId",)}
_OTHER_SPELLINGS: dict[Keys, Keys] = {
    ("select", "channelId"): ("channelId",),
    ("select", "channelImportId"): ("channelImportId",),
    ("select", "dataPointImportId"): ("select", "meterImportId"),
}


def locate_findings(root: Path, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """`findings`, with line, column, length and excerpt for those whose location has only keys.

    A key that a channel does not have is looked up in the defaults of its file, and the finding then names the channel;
    without one there, the nearest key above is shown. Each file is read again; if it was deleted in between, its
    findings stay unchanged. A value from a template is shown in the template, or in the `with` of the channel if that
    is filled into it; the finding then names the other of the two.
    """
    documents: dict[str, Document | None] = {}
    return tuple(_locate_finding(root, finding, documents) for finding in _merge_alike(findings))


def _merge_alike(findings: Iterable[Finding]) -> list[Finding]:
    """`findings`, with one for all channels that have the same fixed value of a template, which says how many."""
    alike: dict[object, list[Finding]] = {}
    for number, finding in enumerate(findings):
        source = finding.location.source if finding.location else None
        is_fixed = source is not None and not source.given
        key = (finding.code, finding.message, source.file, source.path) if source and is_fixed else number
        alike.setdefault(key, []).append(finding)
    return [_note_others(first, len(others)) if others else first for first, *others in alike.values()]


def _note_others(finding: Finding, count: int) -> Finding:
    others = "channel that uses" if count == 1 else "channels that use"
    return replace(finding, detail=(*finding.detail, f"the same in {count:,} more {others} the template"))


def _locate_finding(root: Path, finding: Finding, documents: dict[str, Document | None]) -> Finding:
    location = finding.location
    if location is None or location.column or not location.path:
        return finding
    shown, note = _follow_source(location)
    if shown.file not in documents:
        documents[shown.file] = _parse(root, shown.file)
    document = documents[shown.file]
    if document is None:
        return finding
    place = replace(_find_location(document, shown), path=location.path)
    return replace(finding, location=place, detail=(*(note or _find_user(document, location)), *finding.detail))


def _follow_source(location: Location) -> tuple[Location, tuple[str, ...]]:
    """Where the value at `location` was written: there, or in a template or `with`; and what to say of the other."""
    source = location.source
    if source is None:
        return location, ()
    if source.given:
        keys = (*location.path[:2], WITH, source.given[0][0])
        return replace(location, path=keys), (describe_source(source),)
    there = replace(location, file=source.file, line=source.line, path=source.path)
    return there, (f"in channel: {location.path[1]} ({location.file}:{location.line})",)


def _parse(root: Path, file: str) -> Document | None:
    # Imported here because most runs have nothing to look up.
    from reconciler.definitions.yaml_reader import parse_yaml  # noqa: PLC0415

    data = read_file(root, file)
    return parse_yaml(file, data) if isinstance(data, bytes) else None


def _find_location(document: Document, location: Location) -> Location:
    for keys in _candidates(location.path):
        if keys in document.spans:
            # A finding about a whole channel, feed or environment points to its name, even if all is on one line.
            is_name = (len(keys) == 2 and keys[0] in ("channels", "feeds")) or keys[2:3] == (SELECT_IN,) == keys[2:-1]
            piece = _find_fragment(document, keys, location)
            return replace(piece or document.location(keys, at_key=is_name), path=location.path)
    return document.location(location.path) if () in document.spans else location


def _find_fragment(document: Document, keys: Keys, location: Location) -> Location | None:
    """The part of the value that is meant; None if it is all of it, or if escapes in the text hide the part."""
    span = document.spans[keys]
    start = document.text.find(location.fragment, span.start, span.end) if location.fragment else -1
    return None if start < 0 else document.location_at(start, start + len(location.fragment))


def _find_user(document: Document, location: Location) -> tuple[str, ...]:
    """The channel that is meant, if the location is in the defaults of its file and so does not show it."""
    found = next((keys for keys in _candidates(location.path) if keys in document.spans), ())
    return (f"in channel: {location.path[1]} ({location.file}:{location.line})",) if found[:1] == ("defaults",) else ()


def _candidates(keys: Keys) -> Iterator[Keys]:
    # What finds a channel in one environment is written as under select, but never beside it.
    depth, others = (4, _IN_SELECT) if keys[2:3] == (SELECT_IN,) else (2, _OTHER_SPELLINGS)
    for spelling in (keys, (*keys[:depth], *others.get(keys[depth:], keys[depth:]))):
        yield spelling
        if keys[0] == "channels":
            yield ("defaults", *spelling[2:])
