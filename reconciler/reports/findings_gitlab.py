"""Findings as a GitLab code quality report, for the widget of a merge request.

Source: GitLab's "Code Quality": description, check_name, fingerprint, severity, location.path and location.lines.begin.
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, assert_never

from reconciler.model.findings import Severity
from reconciler.reports.json_text import dump_document
from reconciler.reports.places import file_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.findings import Finding


def render_gitlab(findings: Sequence[Finding]) -> str:
    """A list with one entry for each finding, in the order given.

    A fingerprint is made of code, path and message, not of the line, so that a finding that moved is no new one;
    of equal findings in one file the second and later ones are told apart by their number.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    return dump_document([_gitlab_entry(finding, seen) for finding in findings])


def _gitlab_entry(finding: Finding, seen: Counter[tuple[str, str, str]]) -> dict[str, object]:
    path = file_of(finding)
    kind = (finding.code, path, finding.message)
    seen[kind] += 1
    return {
        "description": f"{finding.message}; fix: {finding.fix}" if finding.fix else finding.message,
        "check_name": finding.code,
        "fingerprint": _fingerprint(*kind, str(seen[kind])),
        "severity": _gitlab_severity(finding.severity),
        "location": {"path": path, "lines": {"begin": max(finding.location.line, 1) if finding.location else 1}},
    }


def _fingerprint(*parts: str) -> str:
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _gitlab_severity(severity: Severity) -> str:
    match severity:
        case Severity.ERROR:
            return "major"
        case Severity.WARNING:
            return "minor"
        case Severity.NOTE:
            return "info"
        case _:
            assert_never(severity)
