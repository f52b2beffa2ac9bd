"""One channel file that is not sound, read closely: all that is wrong with it, and what remains of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.definitions.build import build
from reconciler.definitions.close import read_closely
from reconciler.definitions.cuts import find_cuts
from reconciler.definitions.page import Page, find_digest
from reconciler.definitions.remains import build_remains
from reconciler.definitions.schema import Format, accept_for
from reconciler.definitions.slips import find_slips
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.definitions.document import Document
    from reconciler.definitions.problems import Problem
    from reconciler.definitions.values import Lines


def read_close_page(file: str, data: bytes) -> Page:
    """The page of `file`, whose content is `data`, with findings for all that is wrong with it."""
    document = read_closely(file, data)
    problems, more = _find_problems(document)
    for problem in problems:
        document.report(problem)
    is_sound = not document.findings
    if is_sound:
        # What fits the schema of channel files is a mapping.
        tree: Any = document.tree
        built = build(file, tree, _find_lines(document))
    else:
        refused = document.refused | {problem.keys for problem in problems}
        built = build_remains(document, refused, _find_lines(document))
    for start, end in find_cuts(document.text):
        place = document.place_at(start, end)
        document.findings.append(make_finding("ESA117", f"the text ends before {document.text[start:end]}", place))
    return Page(file, find_digest(data), built, tuple(document.findings), more, is_sound)


def _find_problems(document: Document) -> tuple[tuple[Problem, ...], int]:
    if not document.is_read:
        return (), 0
    slips = find_slips(document.tree)
    if accept_for(Format.CHANNELS)(document.tree):
        return _leave_out_refused(document, slips), 0
    # Imported here, as most runs find every file sound.
    from reconciler.definitions.explain import explain  # noqa: PLC0415

    explanation = explain(Format.CHANNELS, document.tree)
    # The schema has the better words for a date that has not even the form of one.
    problems = {(problem.code, problem.keys): problem for problem in (*slips, *explanation.problems)}
    return _leave_out_refused(document, problems.values()), explanation.more


def _leave_out_refused(document: Document, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(problem for problem in problems if problem.keys not in document.refused)


def _find_lines(document: Document) -> Lines:
    lines: Lines = {"channels": {}, "feeds": {}}
    for keys in document.spots:
        if len(keys) == 2 and keys[0] in lines:
            lines[keys[0]][keys[1]] = document.line_of(keys)
    return lines
