"""Findings for people at a terminal: place, code, sentence, the line with carets, the way out; counted at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from reconciler.model.findings import Severity
from reconciler.reports.excerpt import show_excerpt
from reconciler.reports.harmless import harmless
from reconciler.reports.paint import Style
from reconciler.reports.places import show_place
from reconciler.reports.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.findings import Finding
    from reconciler.model.places import Location
    from reconciler.reports.paint import Paint


def render(findings: Sequence[Finding], paint: Paint, prefix: str = "") -> str:
    """The findings in the order given, a blank line between two, and one line that counts them; "" for none.

    `prefix` leads from where the user stands to the project's root and is put before every file.
    """
    if not findings:
        return ""
    texts = [_render_finding(finding, paint, prefix) for finding in findings]
    return "\n".join([*texts, _count_findings(findings) + "\n"])


def render_none(files: int, channels: int) -> str:
    """The line that says of how much there is nothing to say."""
    return f"{count(files, 'file')}, {count(channels, 'channel')}: no findings.\n"


def _render_finding(finding: Finding, paint: Paint, prefix: str) -> str:
    place = [paint(show_place(finding.location, prefix), Style.PLACE)] if finding.location else []
    head = "  ".join([*place, paint(finding.code, Style.CODE), _show_message(finding, paint)])
    return "".join(f"{line}\n" for line in (head, *_explain(finding, paint)))


def _explain(finding: Finding, paint: Paint) -> Iterator[str]:
    if finding.location and finding.location.excerpt.strip() and finding.location.column:
        yield from _show_piece(finding.location, paint)
    for line in finding.detail:
        yield f"  {harmless(line)}"
    if finding.fix:
        yield f"  {paint('fix:', Style.FIX)} {harmless(finding.fix)}"


def _show_message(finding: Finding, paint: Paint) -> str:
    message = harmless(finding.message)
    match finding.severity:
        case Severity.ERROR:
            return paint(message, Style.ERROR)
        case Severity.WARNING:
            return paint(f"warning: {message}", Style.WARNING)
        case Severity.NOTE:
            return paint(f"note: {message}", Style.NOTE)
        case _:
            assert_never(finding.severity)


def _show_piece(place: Location, paint: Paint) -> Iterator[str]:
    line, carets = show_excerpt(place.excerpt, place.column, place.length)
    gutter = f"  {place.line} |"
    yield f"{paint(gutter, Style.FAINT)} {line}"
    yield f"{paint('|'.rjust(len(gutter)), Style.FAINT)} {paint(carets, Style.CARET)}"


def _count_findings(findings: Sequence[Finding]) -> str:
    counts = [(severity, sum(finding.severity is severity for finding in findings)) for severity in Severity]
    words = ", ".join(count(number, severity.value) for severity, number in counts if number)
    files = {finding.location.file for finding in findings if finding.location}
    return f"{words} in {count(len(files), 'file')}." if files else f"{words}."
