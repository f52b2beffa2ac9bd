"""Findings as JSON, shaped like `terraform validate -json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.findings import Severity
from reconciler.reports.json_text import dump_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.findings import Finding, Location

FINDINGS_FORMAT_VERSION = "1.0"


def render_json(findings: Sequence[Finding]) -> str:
    """The document of contract section 11; what is not known of a place is line 1, column 1."""
    errors = _count_severity(findings, Severity.ERROR)
    document = {
        "format_version": FINDINGS_FORMAT_VERSION,
        "valid": errors == 0,
        "error_count": errors,
        "warning_count": _count_severity(findings, Severity.WARNING),
        "diagnostics": [_diagnostic(finding) for finding in findings],
    }
    return dump_document(document)


def _count_severity(findings: Sequence[Finding], severity: Severity) -> int:
    return sum(finding.severity is severity for finding in findings)


def _diagnostic(finding: Finding) -> dict[str, object]:
    return {
        "severity": finding.severity.value,
        "code": finding.code,
        "summary": finding.message,
        "detail": "\n".join(finding.detail),
        "fix": finding.fix,
        "range": _diagnostic_range(finding.location) if finding.location else None,
    }


def _diagnostic_range(location: Location) -> dict[str, object]:
    line, column = max(location.line, 1), max(location.column, 1)
    return {
        "filename": location.file,
        "start": {"line": line, "column": column},
        "end": {"line": line, "column": column + location.length},
    }
