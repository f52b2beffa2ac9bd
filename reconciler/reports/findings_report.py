"""Findings for people, and the table of all formats of findings."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, assert_never

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.findings import Severity
from reconciler.reports.escaping import escape_text
from reconciler.reports.formatting import count, format_location
from reconciler.reports.terminal import Style, format_excerpt

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from reconciler.model.findings import Finding, Location
    from reconciler.reports.terminal import Styler


def render_findings(findings: Sequence[Finding], styler: Styler, prefix: str = "") -> str:
    """The findings in the order given, separated by blank lines, then their counts; "" for none.

    `prefix` is the path from the current folder to the root of the project, put before every file.
    """
    if not findings:
        return ""
    texts = [_render_finding(finding, styler, prefix) for finding in findings]
    return "\n".join([*texts, _count_by_severity(findings) + "\n"])


def render_no_findings(files: int, channels: int) -> str:
    """The line for a check without findings: how much was checked."""
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


def render_concise(findings: Sequence[Finding], prefix: str = "") -> str:
    """A line for each finding in the order given, as editors and grep read them. `prefix` is put before every file."""
    return "".join(f"{_concise_line(finding, prefix)}\n" for finding in findings)


def _concise_line(finding: Finding, prefix: str) -> str:
    place = f"{format_location(finding.location, prefix)}: " if finding.location else ""
    return f"{place}{finding.code} {escape_text(finding.message)}"


FORMATS = ("text", "concise", "json", "github", "gitlab", "sarif", "junit")


class FindingsReport(Struct, frozen=True):
    """The findings of a check, sorted, and how much was checked."""

    findings: tuple[Finding, ...]
    files: int
    channels: int

    def within(self, paths: Collection[str]) -> FindingsReport:
        """The same report with only the findings in `paths`: files and folders, relative to the root of the project.

        A finding without a file is kept.
        """
        within = tuple(finding for finding in self.findings if _is_within(finding, paths))
        return FindingsReport(within, self.files, self.channels)

    def with_prefix(self, prefix: str) -> FindingsReport:
        """The same report with `prefix` before every file."""
        return FindingsReport(_add_prefix(self.findings, prefix), self.files, self.channels)


def join_reports(reports: Sequence[FindingsReport]) -> FindingsReport:
    """One report of several projects; all their files are relative to the same folder."""
    findings = sorted((finding for report in reports for finding in report.findings), key=lambda finding: finding.order)
    return FindingsReport(tuple(findings), sum(each.files for each in reports), sum(each.channels for each in reports))


def renderers(
    report: FindingsReport, prefix: str = "", folder: str | None = None
) -> Mapping[str, Callable[[Styler], str]]:
    """A function from styler to text for each of FORMATS.

    `prefix` is the path from the current folder to the root of the project, `folder` the path there from the root of
    the repository, or None outside a repository. Formats that a host such as GitHub shows beside files use paths from
    the root of the repository. JSON, and these formats outside a repository, use paths from the current folder, or
    from the root of the project if the current folder is below it.
    """
    found = report.findings
    moved = found if prefix.startswith("..") else _add_prefix(found, prefix)
    hosted = moved if folder is None else _add_prefix(found, f"{folder}/" if folder else "")
    placed = _locate_in_project(hosted, f"{folder}/" if folder else "")
    return {
        "text": partial(_render_report, report, prefix),
        "concise": lambda _styler: render_concise(found, prefix),
        "json": partial(_render_for_machines, "json", moved),
        "github": partial(_render_for_machines, "github", hosted),
        "gitlab": partial(_render_for_machines, "gitlab", placed),
        "sarif": partial(_render_for_machines, "sarif", placed),
        "junit": partial(_render_for_machines, "junit", placed),
    }


def _render_report(report: FindingsReport, prefix: str, styler: Styler) -> str:
    if not report.findings:
        return render_no_findings(report.files, report.channels)
    return render_findings(report.findings, styler, prefix)


def _render_for_machines(name: str, findings: Sequence[Finding], _styler: Styler) -> str:
    # Imported here, because most runs print text.
    from reconciler.reports.findings_formats import RENDERERS  # noqa: PLC0415

    return RENDERERS[name](findings)


def _is_within(finding: Finding, paths: Collection[str]) -> bool:
    if finding.location is None or "." in paths:
        return True
    file = finding.location.file
    return file in paths or any(file.startswith(f"{path}/") for path in paths)


def _locate_in_project(findings: tuple[Finding, ...], prefix: str) -> tuple[Finding, ...]:
    """`findings`, in which those without a file get the project file as their location, if there is a prefix."""
    if not prefix or all(finding.location for finding in findings):
        return findings
    # Imported here, because such findings are rare.
    from reconciler.model.findings import Location  # noqa: PLC0415
    from reconciler.reports.formatting import PROJECT_FILE  # noqa: PLC0415

    project = Location(f"{prefix}{PROJECT_FILE}")
    return tuple(finding if finding.location else replace(finding, location=project) for finding in findings)


def _add_prefix(findings: tuple[Finding, ...], prefix: str) -> tuple[Finding, ...]:
    if not prefix:
        return findings
    return tuple(
        replace(finding, location=replace(finding.location, file=prefix + finding.location.file))
        if finding.location
        else finding
        for finding in findings
    )
