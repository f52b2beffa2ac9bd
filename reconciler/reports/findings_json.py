"""Findings as JSON, shaped like `terraform validate -json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.findings import Severity
from reconciler.reports.json_text import dump_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.findings import Finding
    from reconciler.model.places import Location

FORMAT_VERSION = "1.0"


def render(findings: Sequence[Finding]) -> str:
    """The document of contract section 11; what is not known of a place is line 1, column 1."""
    errors = _count(findings, Severity.ERROR)
    document = {
        "format_version": FORMAT_VERSION,
        "valid": errors == 0,
        "error_count": errors,
        "warning_count": _count(findings, Severity.WARNING),
        "diagnostics": [_describe(finding) for finding in findings],
    }
    return dump_document(document)


def _count(findings: Sequence[Finding], severity: Severity) -> int:
    return sum(finding.severity is severity for finding in findings)


def _describe(finding: Finding) -> dict[str, object]:
    return {
        "severity": finding.severity.value,
        "code": finding.code,
        "summary": finding.message,
        "detail": "\n".join(finding.detail),
        "fix": finding.fix,
        "range": _describe_range(finding.location) if finding.location else None,
    }


def _describe_range(place: Location) -> dict[str, object]:
    line, column = max(place.line, 1), max(place.column, 1)
    return {
        "filename": place.file,
        "start": {"line": line, "column": column},
        "end": {"line": line, "column": column + place.length},
    }
