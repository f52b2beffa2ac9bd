"""Findings one a line, as editors and grep like them: `file:line:col: CODE message`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.reports.harmless import escape_text
from reconciler.reports.places import format_location

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.findings import Finding


def render_concise(findings: Sequence[Finding], prefix: str = "") -> str:
    """A line for each finding, in the order given; "" for none. `prefix` is put before every file."""
    return "".join(f"{_concise_line(finding, prefix)}\n" for finding in findings)


def _concise_line(finding: Finding, prefix: str) -> str:
    place = f"{format_location(finding.location, prefix)}: " if finding.location else ""
    return f"{place}{finding.code} {escape_text(finding.message)}"
