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

    from reconciler.model.findings import Finding, Location
    from reconciler.rules.rule import Rule

_SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render_sarif(findings: Sequence[Finding], rules: Mapping[str, Rule], tool_version: str) -> str:
    """A log of one run: the rules that were found against, by their code, and a result for each finding.

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
        # A message may hold links, [text](target); these are plain words.
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
    # A character that the excerpt does not hold counts as one unit.
    beyond = max(characters - len(location.excerpt), 0)
    return len(location.excerpt[:characters].encode("utf-16-le", "surrogatepass")) // 2 + beyond
