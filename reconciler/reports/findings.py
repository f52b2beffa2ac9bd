"""What a check found, in every format there is for it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler import __version__
from reconciler.reports import (
    findings_concise,
    findings_github,
    findings_gitlab,
    findings_json,
    findings_junit,
    findings_sarif,
    findings_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.reports.paint import Styler

FORMATS = ("text", "concise", "json", "github", "gitlab", "sarif", "junit")


class FindingsReport(Struct, frozen=True):
    """The findings of a check, sorted, and how much was checked."""

    findings: tuple[Finding, ...]
    files: int
    channels: int

    def within(self, paths: Collection[str]) -> FindingsReport:
        """The same report with the findings in `paths` alone: files and folders, relative to the project's root.

        A finding that is in no file is kept.
        """
        within = tuple(finding for finding in self.findings if _is_within(finding, paths))
        return FindingsReport(within, self.files, self.channels)

    def with_prefix(self, prefix: str) -> FindingsReport:
        """The same report for one who stands where `prefix` leads from to the project's root."""
        return FindingsReport(_add_prefix(self.findings, prefix), self.files, self.channels)


def join_reports(reports: Sequence[FindingsReport]) -> FindingsReport:
    """One report of several projects, whose places are all seen from one folder."""
    findings = sorted((finding for report in reports for finding in report.findings), key=lambda finding: finding.order)
    return FindingsReport(tuple(findings), sum(each.files for each in reports), sum(each.channels for each in reports))


def renderers(
    report: FindingsReport, prefix: str = "", folder: str | None = None
) -> Mapping[str, Callable[[Styler], str]]:
    """A function from styler to text for each of FORMATS.

    `prefix` leads from where the user stands to the project's root, `folder` from the root of the repository; it is
    None outside of one. What a host such as GitHub shows beside a file names it from the root of the repository. JSON,
    and what hosts show where there is no repository, names files from where the user stands, but for one who stands
    below the root of the project: there from that root.
    """
    found = report.findings
    moved = found if prefix.startswith("..") else _add_prefix(found, prefix)
    hosted = moved if folder is None else _add_prefix(found, f"{folder}/" if folder else "")
    placed = _locate_in_project(hosted, f"{folder}/" if folder else "")
    return {
        "text": partial(_render_report, report, prefix),
        "concise": lambda _paint: findings_concise.render_concise(found, prefix),
        "json": lambda _paint: findings_json.render_json(moved),
        "github": lambda _paint: findings_github.render_github(hosted),
        "gitlab": lambda _paint: findings_gitlab.render_gitlab(placed),
        "sarif": lambda _paint: _render_sarif_report(placed),
        "junit": lambda _paint: findings_junit.render_junit(placed),
    }


def _render_report(report: FindingsReport, prefix: str, styler: Styler) -> str:
    if not report.findings:
        return findings_text.render_no_findings(report.files, report.channels)
    return findings_text.render_findings(report.findings, styler, prefix)


def _render_sarif_report(findings: Sequence[Finding]) -> str:
    # Imported here, as a run that finds nothing has no use for the catalogue.
    from reconciler.rules.catalogue import RULES  # noqa: PLC0415

    return findings_sarif.render_sarif(findings, RULES, __version__)


def _is_within(finding: Finding, paths: Collection[str]) -> bool:
    if finding.location is None or "." in paths:
        return True
    file = finding.location.file
    return file in paths or any(file.startswith(f"{path}/") for path in paths)


def _locate_in_project(findings: tuple[Finding, ...], prefix: str) -> tuple[Finding, ...]:
    """`findings` with the project file as the place of those without one, where `prefix` leads to it."""
    if not prefix or all(finding.location for finding in findings):
        return findings
    # Imported here, as it is a rare finding.

    from reconciler.model.findings import Location  # noqa: PLC0415
    from reconciler.reports.places import PROJECT_FILE  # noqa: PLC0415

    project = Location(f"{prefix}{PROJECT_FILE}")
    return tuple(finding if finding.location else replace(finding, location=project) for finding in findings)


def _add_prefix(findings: tuple[Finding, ...], prefix: str) -> tuple[Finding, ...]:
    if not prefix:
        return findings
    # Imported here, as it would take a tenth of the time of a run that starts in the project's root.

    return tuple(
        replace(finding, location=replace(finding.location, file=prefix + finding.location.file))
        if finding.location
        else finding
        for finding in findings
    )
