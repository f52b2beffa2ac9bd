"""Findings as SARIF 2.1.0."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import jsonschema
import pytest
from msgspec.structs import replace

from reconciler.model.findings import Location
from reconciler.reports.findings_sarif import render_sarif
from tests.reports.findings_seen import FINDINGS, RULES, TRIP

if TYPE_CHECKING:
    from collections.abc import Callable

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


def test_findings_read_as_in_the_golden_file(check_golden: Callable[[str, str], None]) -> None:
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


def test_a_path_is_a_uri_that_leads_back_to_the_file() -> None:
    uris = [
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in _run(FINDINGS)["results"]
    ]
    assert [unquote(uri, errors="surrogatepass") for uri in uris] == [
        finding.location.file if finding.location else "reconciler.yaml" for finding in FINDINGS
    ]


def _run(findings: Any) -> Any:
    (run,) = json.loads(render_sarif(findings, RULES, "0.1.0"))["runs"]
    return run
