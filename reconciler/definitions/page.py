"""One channel file, read whole: quickly where it is sound, closely where it is not."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.definitions.build import NOTHING, Built, build
from reconciler.definitions.close import read_closely
from reconciler.definitions.document import Document
from reconciler.definitions.quick import read_quickly
from reconciler.definitions.remains import build_remains
from reconciler.definitions.schema import Format, accept_for
from reconciler.definitions.slips import find_slips
from reconciler.definitions.source import decode
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from reconciler.definitions.document import Problem
    from reconciler.definitions.quick import Lines, Quick
    from reconciler.definitions.scalars import PlainScalars
    from reconciler.model.findings import Finding

# A text that goes on after a # that stands close to its next word: "Building #3 use".
_CUT = re.compile(
    r"^[ -]*(?:channelInfo|channelDescription|channelImportId|formula|dataPoint):[ ]+"
    r"[^\s'\"|>#][^\n#]*[ ](#[^\s#].*)$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Page:
    """What one file says, and what is wrong with it; `digest` is of its content, however its lines end.

    `is_sound` says whether it could be read whole. Where it could not, `built` is what remains: what it says that is
    sound in itself, for checks that look over all files. `more` findings were left out.
    """

    file: str
    digest: bytes
    built: Built = NOTHING
    findings: tuple[Finding, ...] = ()
    more: int = 0
    is_sound: bool = True


def read_sound(data: bytes, scalars: PlainScalars) -> Quick | None:
    """What `data`, the content of a channel file, holds where it is sound; None where a close look is due."""
    try:
        quick = read_quickly(decode(data), scalars)
    except UnicodeDecodeError:
        return None
    is_sound = quick and accept_for(Format.CHANNELS)(quick.tree) and not find_slips(quick.tree)
    return quick if is_sound else None


def make_page(file: str, data: bytes, quick: Quick | None) -> Page:
    """The page of `file`, whose content `data` was read quickly as `quick`, or is now read closely."""
    digest = hashlib.sha256(data.replace(b"\r\n", b"\n")).digest()
    if quick is None:
        return _make_closely(file, data, digest)
    tree: Any = quick.tree
    cuts = _find_cuts(Document(file, decode(data))) if b" #" in data else ()
    return Page(file, digest, build(file, tree, quick.lines), cuts)


def _make_closely(file: str, data: bytes, digest: bytes) -> Page:
    document = read_closely(file, data)
    problems, more = _find_problems(document)
    for problem in problems:
        document.report(problem)
    refused = document.refused | {problem.keys for problem in problems}
    built = build_remains(document, refused, _find_lines(document))
    findings = (*document.findings, *_find_cuts(document))
    return Page(file, digest, built, findings, more, is_sound=not document.findings)


def _find_problems(document: Document) -> tuple[tuple[Problem, ...], int]:
    if document.tree is None:
        return (), 0
    # Imported here, as only files that are not sound need their faults explained.
    from reconciler.definitions.explain import explain  # noqa: PLC0415

    explanation = explain(Format.CHANNELS, document.tree)
    # The schema has the better words for a date that has not even the form of one.
    problems = {
        (problem.code, problem.keys): problem for problem in (*find_slips(document.tree), *explanation.problems)
    }
    return tuple(problem for keys, problem in problems.items() if keys[1] not in document.refused), explanation.more


def _find_lines(document: Document) -> Lines:
    lines: Lines = {"channels": {}, "feeds": {}}
    for keys in document.spots:
        if len(keys) == 2 and keys[0] in lines:
            lines[keys[0]][keys[1]] = document.line_of(keys)
    return lines


def _find_cuts(document: Document) -> tuple[Finding, ...]:
    """Warnings where a comment seems to have swallowed the rest of a text."""
    return tuple(
        make_finding("ESA117", f"the text ends before {match[1]}", document.place_at(*match.span(1)))
        for match in _CUT.finditer(document.text)
    )
