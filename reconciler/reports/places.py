"""Where a finding stands, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.reports.harmless import escape_text

if TYPE_CHECKING:
    from reconciler.model.findings import Finding, Location

# What machines read needs a file for each finding; one of no file is a finding of the project.
PROJECT_FILE = "reconciler.yaml"


def format_location(location: Location, prefix: str = "") -> str:
    """`location` as far as it is known: file, file:line or file:line:column; `prefix` is put before the file."""
    known = [str(number) for number in (location.line, location.column) if number]
    return ":".join([escape_text(prefix + location.file), *known])


def file_of(finding: Finding) -> str:
    """The file of `finding` as it is, or the project's own."""
    return finding.location.file if finding.location else PROJECT_FILE
