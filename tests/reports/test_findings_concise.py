"""Findings one a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.reports.findings_concise import render_concise
from tests.reports.findings_seen import FINDINGS, TRIP

if TYPE_CHECKING:
    from collections.abc import Callable


def test_findings_read_as_in_the_golden_file(check_golden: Callable[[str, str], None]) -> None:
    check_golden("findings-concise.txt", render_concise(FINDINGS))


def test_a_finding_is_one_line_with_its_place_first() -> None:
    assert render_concise([TRIP], "../") == (
        "../channels/north.yaml:12:20: ESA214 rolloverValue must be null under the Trip rule, found 100000\n"
    )


def test_nothing_found_is_no_line() -> None:
    assert render_concise([]) == ""
