"""Findings as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.findings import Location
from reconciler.reports.findings_text import render_findings, render_no_findings
from reconciler.reports.paint import Style, no_style
from tests.reports.findings_seen import FINDINGS, TRIP

if TYPE_CHECKING:
    from collections.abc import Callable


def test_findings_read_as_in_the_golden_file(check_golden: Callable[[str, str], None]) -> None:
    check_golden("findings.txt", render_findings(FINDINGS, no_style))


def test_a_finding_shows_place_code_sentence_line_and_way_out() -> None:
    assert render_findings([TRIP], no_style) == (
        "channels/north.yaml:12:20  ESA214  rolloverValue must be null under the Trip rule, found 100000\n"
        "  12 |     rolloverValue: 100000\n"
        "     |                    ^^^^^^\n"
        "  fix: remove the line, or write  observationRule: Odometer\n"
        "\n"
        "1 error in 1 file.\n"
    )


def test_each_part_is_painted_in_its_style() -> None:
    assert render_findings([TRIP], _tag).startswith(
        "<place>channels/north.yaml:12:20</>  <code>ESA214</>  "
        "<error>rolloverValue must be null under the Trip rule, found 100000</>\n"
        "<faint>  12 |</>     rolloverValue: 100000\n"
        "<faint>     |</> <caret>                   ^^^^^^</>\n"
        "  <fix>fix:</> remove the line, or write  observationRule: Odometer\n"
    )


def test_places_are_given_from_where_the_user_stands() -> None:
    assert render_findings([TRIP], no_style, "../").startswith("../channels/north.yaml:12:20  ESA214  ")


def test_a_blank_line_of_a_file_is_not_shown() -> None:
    blank = replace(TRIP, location=Location("a.yaml", 3, 1, excerpt="   "), fix="")
    assert render_findings([blank], no_style) == (
        "a.yaml:3:1  ESA214  rolloverValue must be null under the Trip rule, found 100000\n\n1 error in 1 file.\n"
    )


def test_findings_of_no_file_are_counted_without_files() -> None:
    assert render_findings([replace(TRIP, location=None, fix="")] * 2, no_style).endswith("\n\n2 errors.\n")


def test_nothing_found_says_of_how_much() -> None:
    assert (render_findings([], no_style), render_no_findings(12, 230)) == (
        "",
        "12 files, 230 channels: no findings.\n",
    )


def test_one_file_and_one_channel_are_counted_as_one() -> None:
    assert render_no_findings(1, 1) == "1 file, 1 channel: no findings.\n"


def test_no_line_can_do_anything_to_a_terminal_or_a_log() -> None:
    lines = render_findings(FINDINGS, no_style).split("\n")
    assert [line for line in lines if not line.isprintable() or line.lstrip().startswith("::") or "##[" in line] == []


def _tag(text: str, style: Style) -> str:
    return f"<{style.value}>{text}</>"
