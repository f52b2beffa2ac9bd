"""One channel file that is not sound, read closely: all that is wrong with it, and what remains of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.definitions.build import make_content
from reconciler.definitions.close import parse_yaml
from reconciler.definitions.cuts import find_truncating_comments
from reconciler.definitions.page import ParsedFile, content_digest
from reconciler.definitions.remains import recover_channels
from reconciler.definitions.schema import Format, validator_for
from reconciler.definitions.slips import check_consistency
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.definitions.document import Document
    from reconciler.definitions.problems import FileProblem
    from reconciler.definitions.values import Lines


def parse_fully(file: str, data: bytes) -> ParsedFile:
    """The page of `file`, whose content is `data`, with findings for all that is wrong with it."""
    document = parse_yaml(file, data)
    problems, more = _find_problems(document)
    for problem in problems:
        document.report(problem)
    is_sound = not document.findings
    if is_sound:
        # What fits the schema of channel files is a mapping.
        tree: Any = document.tree
        built = make_content(file, tree, _find_lines(document))
    else:
        refused = document.refused | {problem.keys for problem in problems}
        built = recover_channels(document, refused, _find_lines(document))
    for start, end in find_truncating_comments(document.text):
        place = document.location_at(start, end)
        document.findings.append(make_finding("ESA117", f"the text ends before {document.text[start:end]}", place))
    return ParsedFile(file, content_digest(data), built, tuple(document.findings), more, is_sound)


def _find_problems(document: Document) -> tuple[tuple[FileProblem, ...], int]:
    if not document.is_read:
        return (), 0
    slips = check_consistency(document.tree)
    if validator_for(Format.CHANNELS)(document.tree):
        return _leave_out_refused(document, slips), 0
    # Imported here, as most runs find every file sound.
    from reconciler.definitions.explain import explain  # noqa: PLC0415

    explanation = explain(Format.CHANNELS, document.tree)
    # The schema has the better words for a date that has not even the form of one.
    problems = {(problem.code, problem.keys): problem for problem in (*slips, *explanation.problems)}
    return _leave_out_refused(document, problems.values()), explanation.more


def _leave_out_refused(document: Document, problems: Iterable[FileProblem]) -> tuple[FileProblem, ...]:
    return tuple(problem for problem in problems if problem.keys not in document.refused)


def _find_lines(document: Document) -> Lines:
    lines: Lines = {"channels": {}, "feeds": {}}
    for keys in document.spans:
        if len(keys) == 2 and keys[0] in lines:
            lines[keys[0]][keys[1]] = document.line_of(keys)
    return lines
