"""Findings as JUnit XML, for the test tabs of CI systems: a suite for each file, a failure for each error."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from reconciler.model.findings import Severity
from reconciler.reports.harmless import escape_text
from reconciler.reports.places import file_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.findings import Finding


def render_junit(findings: Sequence[Finding]) -> str:
    """Suites in the order of the files; warnings and notes are passed cases that say their text.

    What XML cannot hold (control characters, surrogates) is shown escaped. Without findings: one case that passed.
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
    # Imported here, as it brings half of the standard library's network along.
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
