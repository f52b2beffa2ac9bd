"""Every format of findings against one list of facts written by hand."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.desk import Desk

FLAWED = """\
channels:
  use:
    channelId: 1042
    chanelInfo: Use
    esaChannelVersion:
      multiplier: one
  trip:
    channelId: 1060
    esaChannelVersion:
      observationRule: Trip
      rolloverValue: 99999
"""
# Code, line, first column, the column behind, what is wrong, the way out.
FLAWS = [
    ("ESA121", 4, 5, 15, "unknown key chanelInfo in channel use", "did you mean  channelInfo:"),
    (
        "ESA123",
        6,
        19,
        22,
        'multiplier must be a number, found "one"',
        "write a number, with a point before its decimals",
    ),
    (
        *("ESA214", 11, 22, 27, "rolloverValue must be null under the Trip rule, found 99999"),
        "remove the line, or write  observationRule: Odometer",
    ),
]
FILE = "channels/all.yaml"


def find_flaws(desk: Desk, format_: str) -> str:
    desk.write(FILE, FLAWED)
    answer = desk.run("validate", "--format", format_)
    assert answer.code == 1
    return answer.out


def test_findings_for_people_show_place_code_and_way_out(desk: Desk) -> None:
    lines = FLAWED.splitlines()
    blocks = [
        f"{FILE}:{line}:{column}  {code}  {message}\n"
        f"  {line} | {lines[line - 1]}\n  {' ' * len(str(line))} | {' ' * (column - 1)}{'^' * (end - column)}\n"
        f"  fix: {fix}\n"
        for code, line, column, end, message, fix in FLAWS
    ]
    assert find_flaws(desk, "text") == "\n".join([*blocks, "3 errors in 1 file.\n"])
    assert find_flaws(desk, "concise") == "".join(
        f"{FILE}:{line}:{column}: {code} {message}\n" for code, line, column, _, message, _ in FLAWS
    )


def test_findings_for_programs_hold_the_same(desk: Desk) -> None:
    told = json.loads(find_flaws(desk, "json"))["diagnostics"]
    assert [
        (one["code"], one["range"]["start"], one["range"]["end"]["column"], one["summary"], one["fix"]) for one in told
    ] == [
        (code, {"line": line, "column": column}, end, message, fix) for code, line, column, end, message, fix in FLAWS
    ]
    assert find_flaws(desk, "github").splitlines() == [
        f"::error file={FILE},line={line},col={column},endColumn={end},title={code}::{message}%0Afix: {fix}"
        for code, line, column, end, message, fix in FLAWS
    ]
    assert [
        (one["check_name"], one["location"], one["description"], one["severity"])
        for one in json.loads(find_flaws(desk, "gitlab"))
    ] == [
        (code, {"path": FILE, "lines": {"begin": line}}, f"{message}; fix: {fix}", "major")
        for code, line, _, _, message, fix in FLAWS
    ]


def test_findings_as_sarif_and_junit_hold_the_same(desk: Desk) -> None:
    (run,) = json.loads(find_flaws(desk, "sarif"))["runs"]
    results = []
    for one in run["results"]:
        (location,) = one["locations"]
        physical = location["physicalLocation"]
        region = physical["region"]
        assert physical["artifactLocation"]["uri"] == FILE
        assert run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"]
        results.append((one["ruleId"], one["level"], region["startLine"], region["startColumn"], region["endColumn"]))
        assert one["message"]["text"].startswith({flaw[0]: flaw[4] for flaw in FLAWS}[one["ruleId"]])
    assert results == [(code, "error", line, column, end) for code, line, column, end, _, _ in FLAWS]
    cases = ET.fromstring(find_flaws(desk, "junit")).iter("testcase")  # noqa: S314 - our own
    failures = [
        (case.get("file"), case.get("line"), failure) for case in cases if (failure := case.find("failure")) is not None
    ]
    assert [(file, line, one.get("type"), one.get("message"), one.text) for file, line, one in failures] == [
        (FILE, str(line), code, message, f"{message}\nfix: {fix}") for code, line, _, _, message, fix in FLAWS
    ]
