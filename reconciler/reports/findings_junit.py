"""Findings as JUnit XML, for the test tabs of CI systems: a suite for each file, a failure for each error."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from reconciler.model.findings import Severity
from reconciler.reports.harmless import harmless
from reconciler.reports.places import file_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.findings import Finding


def render(findings: Sequence[Finding]) -> str:
    """Suites in the order of the files; warnings and notes are passed cases that say their text.

    What XML cannot hold (control characters, surrogates) is shown escaped. Without findings: one case that passed.
    """
    suites = [list(suite) for _, suite in groupby(findings, key=file_of)]
    lines = [f'<testsuites name="reconciler" {_count(findings)}>']
    for suite in suites:
        lines += [f"  <testsuite name={_attribute(file_of(suite[0]))} {_count(suite)}>"]
        lines += [line for finding in suite for line in _render_case(finding)]
        lines += ["  </testsuite>"]
    if not findings:
        lines += ['  <testsuite name="reconciler" tests="1" failures="0" errors="0">']
        lines += ['    <testcase name="no findings" classname="reconciler"/>', "  </testsuite>"]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *lines, "</testsuites>\n"])


def _count(findings: Sequence[Finding]) -> str:
    failures = sum(finding.severity is Severity.ERROR for finding in findings)
    return f'tests="{len(findings) or 1}" failures="{failures}" errors="0"'


def _render_case(finding: Finding) -> Iterator[str]:
    line = f' line="{finding.location.line}"' if finding.location and finding.location.line else ""
    file = _attribute(file_of(finding))
    yield f"    <testcase name={_attribute(_name_case(finding))} classname={file} file={file}{line}>"
    # Imported here, as it brings half of the standard library's network along.
    from xml.sax.saxutils import escape  # noqa: PLC0415

    text = escape("\n".join(map(harmless, _describe(finding))))
    if finding.severity is Severity.ERROR:
        yield f"      <failure message={_attribute(finding.message)} type={_attribute(finding.code)}>{text}</failure>"
    else:
        yield f"      <system-out>{finding.severity.value}: {text}</system-out>"
    yield "    </testcase>"


def _name_case(finding: Finding) -> str:
    place = finding.location
    known = [str(number) for number in (place.line, place.column) if number] if place else []
    return " ".join([finding.code, ":".join(known)]).rstrip()


def _describe(finding: Finding) -> Iterable[str]:
    yield finding.message
    yield from finding.detail
    if finding.fix:
        yield f"fix: {finding.fix}"


def _attribute(text: str) -> str:
    from xml.sax.saxutils import quoteattr  # noqa: PLC0415

    return quoteattr(harmless(text))
