"""Findings as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.reports.findings_json import render_json
from tests.reports.findings_seen import FINDINGS, HOSTILE, TRIP

if TYPE_CHECKING:
    from collections.abc import Callable


def test_findings_read_as_in_the_golden_file(check_golden: Callable[[str, str], None]) -> None:
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
