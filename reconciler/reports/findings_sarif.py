"""Findings as SARIF 2.1.0, for code scanning and editors.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from reconciler.reports.json_text import dump_document
from reconciler.reports.places import file_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.model.places import Location
    from reconciler.rules.rule import Rule

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(findings: Sequence[Finding], rules: Mapping[str, Rule], tool_version: str) -> str:
    """A log of one run: the rules that were found against, by their code, and a result for each finding.

    Columns count UTF-16 code units; paths are URIs relative to the root of the repository (%SRCROOT%).
    """
    codes = sorted({finding.code for finding in findings})
    driver = {
        "name": "reconciler",
        "version": tool_version,
        "rules": [_describe_rule(code, rules.get(code)) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "utf16CodeUnits",
        "results": [_describe_finding(finding, codes.index(finding.code)) for finding in findings],
    }
    return dump_document({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _describe_rule(code: str, rule: Rule | None) -> dict[str, object]:
    if rule is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.why}\nFix: {rule.fix}\nSource: {rule.source} ({rule.certainty.value})"},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _describe_finding(finding: Finding, index: int) -> dict[str, object]:
    fix = (f"fix: {finding.fix}",) if finding.fix else ()
    text = "\n".join((finding.message, *finding.detail, *fix))
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": finding.severity.value,
        # A message may hold links, [text](target); these are plain words.
        "message": {"text": text.replace("](", "] (")},
        "locations": [{"physicalLocation": _locate(finding)}],
    }


def _locate(finding: Finding) -> dict[str, object]:
    uri = quote(file_of(finding), errors="surrogatepass")
    location: dict[str, object] = {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}}
    if finding.location and finding.location.line:
        location["region"] = _describe_region(finding.location)
    return location


def _describe_region(place: Location) -> dict[str, object]:
    region: dict[str, object] = {"startLine": place.line}
    if place.column:
        region["startColumn"] = _count_units(place, place.column - 1) + 1
        region["endColumn"] = _count_units(place, place.column - 1 + place.length) + 1
    if place.excerpt:
        region["snippet"] = {"text": place.excerpt}
    return region


def _count_units(place: Location, characters: int) -> int:
    # A character that the excerpt does not hold counts as one unit.
    beyond = max(characters - len(place.excerpt), 0)
    return len(place.excerpt[:characters].encode("utf-16-le", "surrogatepass")) // 2 + beyond
