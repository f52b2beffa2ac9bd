"""Findings as a GitLab code quality report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.findings import Finding, Location, Severity
from reconciler.reports.findings_gitlab import render_gitlab
from tests.reports.findings_seen import FINDINGS, TRIP

if TYPE_CHECKING:
    from collections.abc import Callable


def test_findings_read_as_in_the_golden_file(check_golden: Callable[[str, str], None]) -> None:
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


def test_equal_findings_in_one_file_are_told_apart() -> None:
    assert len(set(_fingerprints([TRIP, TRIP, TRIP]))) == 3


def test_nothing_found_is_an_empty_list() -> None:
    assert render_gitlab([]) == "[]\n"


def _fingerprints(findings: list[Finding]) -> list[str]:
    return [entry["fingerprint"] for entry in json.loads(render_gitlab(findings))]
