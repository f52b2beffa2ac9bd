"""Findings for people at a terminal: place, code, sentence, the line with carets, the way out; counted at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from reconciler.model.findings import Severity
from reconciler.reports.excerpt import format_excerpt
from reconciler.reports.harmless import escape_text
from reconciler.reports.paint import Style
from reconciler.reports.places import format_location
from reconciler.reports.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.findings import Finding, Location
    from reconciler.reports.paint import Styler


def render_findings(findings: Sequence[Finding], styler: Styler, prefix: str = "") -> str:
    """The findings in the order given, a blank line between two, and one line that counts them; "" for none.

    `prefix` leads from where the user stands to the project's root and is put before every file.
    """
    if not findings:
        return ""
    texts = [_render_finding(finding, styler, prefix) for finding in findings]
    return "\n".join([*texts, _count_by_severity(findings) + "\n"])


def render_no_findings(files: int, channels: int) -> str:
    """The line that says of how much there is nothing to say."""
    return f"{count(files, 'file')}, {count(channels, 'channel')}: no findings.\n"


def _render_finding(finding: Finding, styler: Styler, prefix: str) -> str:
    place = [styler(format_location(finding.location, prefix), Style.PLACE)] if finding.location else []
    head = "  ".join([*place, styler(finding.code, Style.CODE), _render_message(finding, styler)])
    return "".join(f"{line}\n" for line in (head, *_render_details(finding, styler)))


def _render_details(finding: Finding, styler: Styler) -> Iterator[str]:
    if finding.location and finding.location.excerpt.strip() and finding.location.column:
        yield from _render_excerpt(finding.location, styler)
    for line in finding.detail:
        yield f"  {escape_text(line)}"
    if finding.fix:
        yield f"  {styler('fix:', Style.FIX)} {escape_text(finding.fix)}"


def _render_message(finding: Finding, styler: Styler) -> str:
    message = escape_text(finding.message)
    match finding.severity:
        case Severity.ERROR:
            return styler(message, Style.ERROR)
        case Severity.WARNING:
            return styler(f"warning: {message}", Style.WARNING)
        case Severity.NOTE:
            return styler(f"note: {message}", Style.NOTE)
        case _:
            assert_never(finding.severity)


def _render_excerpt(location: Location, styler: Styler) -> Iterator[str]:
    line, carets = format_excerpt(location.excerpt, location.column, location.length)
    gutter = f"  {location.line} |"
    yield f"{styler(gutter, Style.FAINT)} {line}"
    yield f"{styler('|'.rjust(len(gutter)), Style.FAINT)} {styler(carets, Style.CARET)}"


def _count_by_severity(findings: Sequence[Finding]) -> str:
    counts = [(severity, sum(finding.severity is severity for finding in findings)) for severity in Severity]
    words = ", ".join(count(number, severity.value) for severity, number in counts if number)
    files = {finding.location.file for finding in findings if finding.location}
    return f"{words} in {count(len(files), 'file')}." if files else f"{words}."
