"""Findings as GitHub annotations, the worst first, as many as GitHub shows.

Source: GitHub's "Workflow commands": ten annotations of each kind a step; `%`, CR and LF are escaped, in properties
also `:` and `,`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from reconciler.model.findings import Severity
from reconciler.reports.harmless import escape_text
from reconciler.reports.wording import count, join_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.findings import Finding, Location

_MAX_ANNOTATIONS = 10


def render_github(findings: Sequence[Finding]) -> str:
    """At most ten commands of a kind, errors before warnings before notes, and a notice that counts the others."""
    kinds = {severity: [finding for finding in findings if finding.severity is severity] for severity in Severity}
    hidden = {
        severity: len(kind) - _MAX_ANNOTATIONS for severity, kind in kinds.items() if len(kind) > _MAX_ANNOTATIONS
    }
    if hidden and len(kinds[Severity.NOTE]) >= _MAX_ANNOTATIONS:
        # The notice that counts the others is one of the ten notices.
        hidden[Severity.NOTE] = len(kinds[Severity.NOTE]) - _MAX_ANNOTATIONS + 1
    shown = [finding for severity, kind in kinds.items() for finding in kind[: len(kind) - hidden.get(severity, 0)]]
    commands = [*map(_annotate, shown), *_count_hidden(hidden)]
    return "".join(f"{command}\n" for command in commands)


def _annotate(finding: Finding) -> str:
    lines = (finding.message, *finding.detail, *([f"fix: {finding.fix}"] if finding.fix else []))
    message = escape_message("\n".join(map(escape_text, lines)))
    properties = ",".join(f"{name}={escape_property(value)}" for name, value in _annotation_properties(finding))
    return f"::{_github_command(finding.severity)} {properties}::{message}"


def _count_hidden(hidden: dict[Severity, int]) -> Iterator[str]:
    if hidden:
        words = join_words([count(number, severity.value) for severity, number in hidden.items()])
        yield f"::notice title=reconciler::and {words} more, which GitHub would not show; see the text output"


def _github_command(severity: Severity) -> str:
    match severity:
        case Severity.ERROR:
            return "error"
        case Severity.WARNING:
            return "warning"
        case Severity.NOTE:
            return "notice"
        case _:
            assert_never(severity)


def _annotation_properties(finding: Finding) -> Iterator[tuple[str, str]]:
    if finding.location:
        yield from _location_properties(finding.location)
    yield "title", finding.code


def _location_properties(location: Location) -> Iterator[tuple[str, str]]:
    yield "file", escape_text(location.file)
    if location.line:
        yield "line", str(location.line)
    if location.column:
        yield "col", str(location.column)
    if location.column and location.length:
        yield "endColumn", str(location.column + location.length)


def escape_message(text: str) -> str:
    """`text` for the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """`text` for a property of a workflow command."""
    return escape_message(text).replace(":", "%3A").replace(",", "%2C")
