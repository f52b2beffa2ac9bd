"""Findings for machines: JSON, SARIF, JUnit, GitHub annotations and GitLab code quality."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from itertools import groupby
from typing import TYPE_CHECKING, assert_never
from urllib.parse import quote

from reconciler import __version__
from reconciler.model.findings import Severity
from reconciler.reports.escaping import dump_document, dump_line, escape_text
from reconciler.reports.formatting import count, file_of, join_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reconciler.model.findings import Finding, Location
    from reconciler.model.plan import Plan
    from reconciler.rules.rule import Rule


# Shaped like the output of `terraform validate -json`, which editors and scripts know.
FINDINGS_FORMAT_VERSION = "1.0"


def render_json(findings: Sequence[Finding]) -> str:
    """All findings with counts; an unknown line or column is given as 1."""
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


# Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
_SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render_sarif(findings: Sequence[Finding], rules: Mapping[str, Rule], tool_version: str) -> str:
    """A log of one run: the rules of the findings, by code, and a result for each finding.

    Columns count UTF-16 code units; paths are URIs relative to the root of the repository (%SRCROOT%).
    """
    codes = sorted({finding.code for finding in findings})
    driver = {
        "name": "reconciler",
        "version": tool_version,
        "rules": [_sarif_rule(code, rules.get(code)) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "utf16CodeUnits",
        "results": [_sarif_result(finding, codes.index(finding.code)) for finding in findings],
    }
    return dump_document({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def _sarif_rule(code: str, rule: Rule | None) -> dict[str, object]:
    if rule is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.why}\nFix: {rule.fix}\nSource: {rule.source} ({rule.certainty.value})"},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _sarif_result(finding: Finding, index: int) -> dict[str, object]:
    fix = (f"fix: {finding.fix}",) if finding.fix else ()
    text = "\n".join((finding.message, *finding.detail, *fix))
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": finding.severity.value,
        # SARIF reads [text](target) in a message as a link; the message is plain text.
        "message": {"text": text.replace("](", "] (")},
        "locations": [{"physicalLocation": _sarif_location(finding)}],
    }


def _sarif_location(finding: Finding) -> dict[str, object]:
    uri = quote(file_of(finding), errors="surrogatepass")
    location: dict[str, object] = {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}}
    if finding.location and finding.location.line:
        location["region"] = _sarif_region(finding.location)
    return location


def _sarif_region(location: Location) -> dict[str, object]:
    region: dict[str, object] = {"startLine": location.line}
    if location.column:
        region["startColumn"] = _count_utf16_units(location, location.column - 1) + 1
        region["endColumn"] = _count_utf16_units(location, location.column - 1 + location.length) + 1
    if location.excerpt:
        region["snippet"] = {"text": location.excerpt}
    return region


def _count_utf16_units(location: Location, characters: int) -> int:
    # A character beyond the excerpt counts as one unit.
    beyond = max(characters - len(location.excerpt), 0)
    return len(location.excerpt[:characters].encode("utf-16-le", "surrogatepass")) // 2 + beyond


def render_junit(findings: Sequence[Finding]) -> str:
    """A suite for each file and a case for each finding: errors fail, warnings and notes pass with their text.

    Characters that XML does not allow (control characters, surrogates) are escaped. Without findings, one case passes.
    """
    suites = [list(suite) for _, suite in groupby(findings, key=file_of)]
    lines = [f'<testsuites name="reconciler" {_junit_counts(findings)}>']
    for suite in suites:
        lines += [f"  <testsuite name={_xml_attribute(file_of(suite[0]))} {_junit_counts(suite)}>"]
        lines += [line for finding in suite for line in _render_case(finding)]
        lines += ["  </testsuite>"]
    if not findings:
        lines += ['  <testsuite name="reconciler" tests="1" failures="0" errors="0">']
        lines += ['    <testcase name="no findings" classname="reconciler"/>', "  </testsuite>"]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *lines, "</testsuites>\n"])


def _junit_counts(findings: Sequence[Finding]) -> str:
    failures = sum(finding.severity is Severity.ERROR for finding in findings)
    return f'tests="{len(findings) or 1}" failures="{failures}" errors="0"'


def _render_case(finding: Finding) -> Iterator[str]:
    line = f' line="{finding.location.line}"' if finding.location and finding.location.line else ""
    file = _xml_attribute(file_of(finding))
    yield f"    <testcase name={_xml_attribute(_case_name(finding))} classname={file} file={file}{line}>"
    # Imported here, because it imports much of the network part of the standard library.
    from xml.sax.saxutils import escape  # noqa: PLC0415

    text = escape("\n".join(map(escape_text, _case_lines(finding))))
    if finding.severity is Severity.ERROR:
        message, code = _xml_attribute(finding.message), _xml_attribute(finding.code)
        yield f"      <failure message={message} type={code}>{text}</failure>"
    else:
        yield f"      <system-out>{finding.severity.value}: {text}</system-out>"
    yield "    </testcase>"


def _case_name(finding: Finding) -> str:
    location = finding.location
    known = [str(number) for number in (location.line, location.column) if number] if location else []
    return " ".join([finding.code, ":".join(known)]).rstrip()


def _case_lines(finding: Finding) -> Iterable[str]:
    yield finding.message
    yield from finding.detail
    if finding.fix:
        yield f"fix: {finding.fix}"


def _xml_attribute(text: str) -> str:
    from xml.sax.saxutils import quoteattr  # noqa: PLC0415

    return quoteattr(escape_text(text))


# Source: GitHub's "Workflow commands": ten annotations of each kind a step.
_MAX_ANNOTATIONS = 10


def render_github(findings: Sequence[Finding]) -> str:
    """At most ten commands of a kind, errors before warnings before notes, and a notice that counts the rest."""
    kinds = {severity: [finding for finding in findings if finding.severity is severity] for severity in Severity}
    hidden = {
        severity: len(kind) - _MAX_ANNOTATIONS for severity, kind in kinds.items() if len(kind) > _MAX_ANNOTATIONS
    }
    if hidden and len(kinds[Severity.NOTE]) >= _MAX_ANNOTATIONS:
        # The notice that counts the hidden ones is one of the ten notices.
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
        yield f"::notice title=reconciler::and {words} more, which GitHub does not show; see the text output"


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
    """`text` for the message of a workflow command, in which `%`, CR and LF are escaped."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """`text` for a property of a workflow command, in which also `:` and `,` are escaped."""
    return escape_message(text).replace(":", "%3A").replace(",", "%2C")


# Source: GitLab's "Code Quality": description, check_name, fingerprint, severity, location.path, location.lines.begin.
def render_gitlab(findings: Sequence[Finding]) -> str:
    """A list with one entry for each finding, in the order given.

    A fingerprint is made of code, path and message, not of the line, so that a finding that moved is not a new one;
    of equal findings in one file the second and later ones are distinguished by a number.
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


# Source: GitLab's "Terraform integration in merge requests": artifacts:reports:terraform with create, update, delete.
def render_gitlab_terraform(plan: Plan) -> str:
    """How many channels would change. Blocked changes do not count, and nothing is ever created or deleted."""
    return dump_line({"create": plan.summary.create, "update": plan.summary.update, "delete": 0})


def _render_sarif_with_catalogue(findings: Sequence[Finding]) -> str:
    # Imported here, because the other formats do not need the catalogue.
    from reconciler.rules.catalogue import RULES  # noqa: PLC0415

    return render_sarif(findings, RULES, __version__)


RENDERERS: Mapping[str, Callable[[Sequence[Finding]], str]] = {
    "json": render_json,
    "sarif": _render_sarif_with_catalogue,
    "junit": render_junit,
    "github": render_github,
    "gitlab": render_gitlab,
}
