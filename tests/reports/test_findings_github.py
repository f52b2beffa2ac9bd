"""Findings as GitHub annotations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.findings import Severity
from reconciler.reports.findings_github import escape_message, escape_property, render_github
from tests.reports.findings_seen import FINDINGS, TRIP

if TYPE_CHECKING:
    from collections.abc import Callable

NOTE = replace(TRIP, severity=Severity.NOTE)
WARNING = replace(TRIP, severity=Severity.WARNING)


def test_findings_read_as_in_the_golden_file(check_golden: Callable[[str, str], None]) -> None:
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
