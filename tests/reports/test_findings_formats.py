"""Findings for machines."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from msgspec.structs import replace

from reconciler.model.findings import Finding, Location, Severity
from reconciler.reports.findings_formats import (
    escape_message,
    escape_property,
    render_github,
    render_gitlab,
    render_gitlab_terraform,
    render_json,
    render_junit,
    render_sarif,
)
from tests.reports.plans import PLANS
from tests.reports.sample_findings import FINDINGS, HOSTILE, RULES, TRIP

if TYPE_CHECKING:
    from collections.abc import Callable


def test_findings_as_json_read_as_in_the_golden_file(check_golden: Callable[[str, str], None]) -> None:
    check_golden("findings.json", render_json(FINDINGS))


def test_a_finding_is_a_diagnostic_with_its_range() -> None:
    assert json.loads(render_json([TRIP])) == {
        "format_version": "1.0",
        "valid": False,
        "error_count": 1,
        "warning_count": 0,
        "diagnostics": [
            {
                "severity": "error",
                "code": "ESA214",
                "summary": "rolloverValue must be null under the Trip rule, found 100000",
                "detail": "",
                "fix": "remove the line, or write  observationRule: Odometer",
                "range": {
                    "filename": "channels/north.yaml",
                    "start": {"line": 12, "column": 20},
                    "end": {"line": 12, "column": 26},
                },
            }
        ],
    }


def test_nothing_found_is_valid() -> None:
    assert json.loads(render_json([])) == {
        "format_version": "1.0",
        "valid": True,
        "error_count": 0,
        "warning_count": 0,
        "diagnostics": [],
    }


def test_hostile_text_comes_back_as_it_was() -> None:
    assert json.loads(render_json(FINDINGS))["diagnostics"][-1]["summary"] == HOSTILE


def test_no_line_can_do_anything_to_a_terminal_or_a_log() -> None:
    lines = render_json(FINDINGS).split("\n")
    assert [line for line in lines if not line.isprintable() or line.lstrip().startswith("::") or "##[" in line] == []


# In a package of npm; its text is OASIS's, and so not in this repository.
_PUBLISHED = Path(sys.prefix) / "sarif/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"
_TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_AT_LEAST_ONE = {"type": "integer", "minimum": 1}


def _closed(required: list[str], **properties: object) -> dict[str, object]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


# What the published schema asks of the properties that are used here; all others are refused.
_SCHEMA = _closed(
    ["version", "runs", "$schema"],
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"const": "2.1.0"},
    runs={
        "type": "array",
        "items": _closed(
            ["tool", "results"],
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            tool=_closed(
                ["driver"],
                driver=_closed(
                    ["name", "version", "rules"],
                    name={"type": "string"},
                    version={"type": "string"},
                    rules={
                        "type": "array",
                        "uniqueItems": True,
                        "items": _closed(
                            ["id"],
                            id={"type": "string"},
                            shortDescription=_TEXT,
                            fullDescription=_TEXT,
                            help=_TEXT,
                            defaultConfiguration=_closed([], level=_LEVEL),
                        ),
                    },
                ),
            ),
            results={
                "type": "array",
                "items": _closed(
                    ["message", "ruleId", "ruleIndex", "level", "locations"],
                    ruleId={"type": "string"},
                    ruleIndex={"type": "integer", "minimum": 0},
                    level=_LEVEL,
                    message=_TEXT,
                    locations={
                        "type": "array",
                        "minItems": 1,
                        "items": _closed(
                            ["physicalLocation"],
                            physicalLocation=_closed(
                                ["artifactLocation"],
                                artifactLocation=_closed(
                                    ["uri"],
                                    uri={"type": "string", "pattern": "^[A-Za-z0-9%/._~-]+$"},
                                    uriBaseId={"const": "%SRCROOT%"},
                                ),
                                region=_closed(
                                    ["startLine"],
                                    startLine=_AT_LEAST_ONE,
                                    startColumn=_AT_LEAST_ONE,
                                    endColumn=_AT_LEAST_ONE,
                                    snippet=_TEXT,
                                ),
                            ),
                        ),
                    },
                ),
            },
        ),
    },
)


def test_findings_as_sarif_read_as_in_the_golden_file(check_golden: Callable[[str, str], None]) -> None:
    check_golden("findings.sarif", render_sarif(FINDINGS, RULES, "0.1.0"))


def test_a_log_has_the_shape_of_sarif() -> None:
    assert (
        list(jsonschema.Draft7Validator(_SCHEMA).iter_errors(json.loads(render_sarif(FINDINGS, RULES, "0.1.0")))) == []
    )


@pytest.mark.skipif(not _PUBLISHED.exists(), reason="the published schema is not here: make sarif")
def test_a_log_fits_the_published_schema() -> None:
    validator = jsonschema.Draft4Validator(
        json.loads(_PUBLISHED.read_text(encoding="utf-8")), format_checker=jsonschema.FormatChecker()
    )

    assert list(validator.iter_errors(json.loads(render_sarif(FINDINGS, RULES, "0.1.0")))) == []


def test_a_result_points_at_its_rule() -> None:
    run = _run(FINDINGS)
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [finding.code for finding in FINDINGS]


def test_a_rule_says_what_the_catalogue_says() -> None:
    assert _run([TRIP])["tool"]["driver"]["rules"] == [
        {
            "id": "ESA214",
            "shortDescription": {"text": "Rollover is for the Odometer rule."},
            "fullDescription": {"text": "The service refuses it under Trip."},
            "help": {
                "text": "The service refuses it under Trip.\nFix: remove rolloverValue\n"
                "Source: EsaChannelVersionEdit.rolloverValue (documented)"
            },
            "defaultConfiguration": {"level": "error"},
        }
    ]


def test_columns_count_utf16_code_units() -> None:
    place = Location("a.yaml", 1, 9, (), 2, "name: 𝄞𝄞𝄞𝄞")
    (result,) = _run([replace(TRIP, location=place)])["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert (region["startColumn"], region["endColumn"]) == (11, 15)


def test_a_column_without_its_line_counts_characters() -> None:
    (result,) = _run([replace(TRIP, location=Location("a.yaml", 1, 9, (), 2))])["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 1, "startColumn": 9, "endColumn": 11}


def test_a_message_makes_no_link() -> None:
    (result,) = _run([replace(TRIP, message="no channel [here](https://example.com)", fix="")])["results"]
    assert result["message"] == {"text": "no channel [here] (https://example.com)"}


def test_a_path_becomes_a_uri_of_the_file() -> None:
    uris = [
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in _run(FINDINGS)["results"]
    ]
    assert [unquote(uri, errors="surrogatepass") for uri in uris] == [
        finding.location.file if finding.location else "reconciler.yaml" for finding in FINDINGS
    ]


def _run(findings: Any) -> Any:
    (run,) = json.loads(render_sarif(findings, RULES, "0.1.0"))["runs"]
    return run


def test_findings_as_junit_read_as_in_the_golden_file(check_golden: Callable[[str, str], None]) -> None:
    check_golden("findings-junit.xml", render_junit(FINDINGS))


def test_an_error_is_a_case_that_failed() -> None:
    assert render_junit([TRIP]) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<testsuites name="reconciler" tests="1" failures="1" errors="0">\n'
        '  <testsuite name="channels/north.yaml" tests="1" failures="1" errors="0">\n'
        '    <testcase name="ESA214 12:20" classname="channels/north.yaml" file="channels/north.yaml" line="12">\n'
        '      <failure message="rolloverValue must be null under the Trip rule, found 100000" type="ESA214">'
        "rolloverValue must be null under the Trip rule, found 100000\n"
        "fix: remove the line, or write  observationRule: Odometer</failure>\n"
        "    </testcase>\n"
        "  </testsuite>\n"
        "</testsuites>\n"
    )


def test_nothing_found_is_a_case_that_passed() -> None:
    suites = ET.fromstring(render_junit([]))  # noqa: S314 - our own text
    assert suites.attrib == {"name": "reconciler", "tests": "1", "failures": "0", "errors": "0"}
    assert [case.attrib["name"] for case in suites.iter("testcase")] == ["no findings"]


def test_whatever_the_text_the_xml_can_be_read_and_adds_up() -> None:
    suites = ET.fromstring(render_junit(FINDINGS).encode())  # noqa: S314 - our own text
    assert (int(suites.attrib["tests"]), int(suites.attrib["failures"])) == (
        len(list(suites.iter("testcase"))),
        len(list(suites.iter("failure"))),
    )


NOTE = replace(TRIP, severity=Severity.NOTE)
WARNING = replace(TRIP, severity=Severity.WARNING)


def test_findings_as_github_read_as_in_the_golden_file(check_golden: Callable[[str, str], None]) -> None:
    check_golden("findings-github.txt", render_github(FINDINGS))


def test_a_finding_is_one_command() -> None:
    assert render_github([TRIP]) == (
        "::error file=channels/north.yaml,line=12,col=20,endColumn=26,title=ESA214::"
        "rolloverValue must be null under the Trip rule, found 100000"
        "%0Afix: remove the line, or write  observationRule: Odometer\n"
    )


def test_nothing_found_is_no_command() -> None:
    assert render_github([]) == ""


def test_hostile_text_makes_no_command_of_its_own() -> None:
    lines = render_github(FINDINGS).splitlines()
    assert len(lines) == len(FINDINGS)
    assert all(line.isprintable() and re.match(r"::(error|warning|notice) ", line) for line in lines)


def test_errors_come_before_warnings_before_notes() -> None:
    assert re.findall("^::([a-z]+)", render_github([NOTE, WARNING, TRIP]), re.MULTILINE) == [
        "error",
        "warning",
        "notice",
    ]


@pytest.mark.parametrize(
    ("findings", "shown", "more"),
    [
        ([TRIP] * 10, 10, None),
        ([TRIP] * 11, 11, "and 1 error more"),
        ([TRIP] * 12 + [WARNING] * 12, 21, "and 2 errors and 2 warnings more"),
        ([NOTE] * 10, 10, None),
        ([NOTE] * 11, 10, "and 2 notes more"),
        ([TRIP] * 11 + [NOTE] * 10, 20, "and 1 error and 1 note more"),
        ([TRIP] * 11 + [NOTE] * 9, 20, "and 1 error more"),
    ],
    ids=["ten", "eleven", "two kinds", "ten notes", "eleven notes", "ten notes and a count", "nine notes and a count"],
)
def test_no_more_than_github_shows_and_the_others_counted(findings: list[object], shown: int, more: str | None) -> None:
    lines = render_github(findings).splitlines()  # type: ignore[arg-type]
    count = next((line.partition("::")[2].partition("::")[2] for line in lines if "title=reconciler" in line), None)
    assert (len(lines), count and count.partition(",")[0]) == (shown, more)


def test_messages_and_properties_are_escaped_as_documented() -> None:
    assert escape_message("50%\r\n: ,") == "50%25%0D%0A: ,"
    assert escape_property("50%\r\n: ,") == "50%25%0D%0A%3A %2C"


def test_findings_as_gitlab_read_as_in_the_golden_file(check_golden: Callable[[str, str], None]) -> None:
    check_golden("findings-gitlab.json", render_gitlab(FINDINGS))


def test_an_entry_has_what_gitlab_asks_for() -> None:
    (entry,) = json.loads(render_gitlab([TRIP]))
    assert len(entry.pop("fingerprint")) == 64
    assert entry == {
        "description": "rolloverValue must be null under the Trip rule, found 100000; "
        "fix: remove the line, or write  observationRule: Odometer",
        "check_name": "ESA214",
        "severity": "major",
        "location": {"path": "channels/north.yaml", "lines": {"begin": 12}},
    }


def test_a_finding_of_no_file_is_one_of_the_project() -> None:
    (entry,) = json.loads(render_gitlab([Finding("ESA100", Severity.NOTE, "nothing there")]))
    assert (entry["location"], entry["severity"]) == ({"path": "reconciler.yaml", "lines": {"begin": 1}}, "info")


def test_a_finding_that_moved_in_its_file_is_the_same_one() -> None:
    moved = replace(TRIP, location=Location("channels/north.yaml", 99, 1))
    assert _fingerprints([TRIP]) == _fingerprints([moved])


def test_a_finding_in_another_file_is_another_one() -> None:
    moved = replace(TRIP, location=Location("channels/south.yaml", 12, 20))
    assert _fingerprints([TRIP]) != _fingerprints([moved])


def test_equal_findings_in_one_file_have_different_fingerprints() -> None:
    assert len(set(_fingerprints([TRIP, TRIP, TRIP]))) == 3


def test_nothing_found_is_an_empty_list() -> None:
    assert render_gitlab([]) == "[]\n"


def _fingerprints(findings: list[Finding]) -> list[str]:
    return [entry["fingerprint"] for entry in json.loads(render_gitlab(findings))]


def test_only_what_can_be_sent_is_counted() -> None:
    assert render_gitlab_terraform(PLANS["mixed"]) == '{"create": 0, "update": 1, "delete": 0}\n'
