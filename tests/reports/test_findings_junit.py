"""Findings as JUnit XML."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from reconciler.reports.findings_junit import render_junit
from tests.reports.findings_seen import FINDINGS, TRIP

if TYPE_CHECKING:
    from collections.abc import Callable


def test_findings_read_as_in_the_golden_file(check_golden: Callable[[str, str], None]) -> None:
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
