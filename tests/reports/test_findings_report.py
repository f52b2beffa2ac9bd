"""Findings for people, and all formats of findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.findings import Finding, Location, Severity
from reconciler.reports.findings_report import (
    FORMATS,
    FindingsReport,
    render_concise,
    render_findings,
    render_no_findings,
    renderers,
)
from reconciler.reports.terminal import Style, no_style
from tests.reports.sample_findings import FINDINGS, TRIP

if TYPE_CHECKING:
    from collections.abc import Callable


REPORT = FindingsReport(FINDINGS, files=12, channels=230)


def test_there_is_a_renderer_for_each_format() -> None:
    assert tuple(renderers(REPORT)) == FORMATS


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_can_report_that_there_are_no_findings(name: str) -> None:
    text = renderers(FindingsReport((), files=12, channels=230))[name](no_style)
    assert (text == "12 files, 230 channels: no findings.\n") is (name == "text")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_paths_from_the_current_folder(name: str) -> None:
    text = renderers(FindingsReport((TRIP,), 1, 1), "site/")[name](no_style)
    assert "site/channels/north.yaml" in text


@pytest.mark.parametrize("name", ["json", "github", "gitlab", "sarif", "junit"])
def test_formats_for_machines_give_paths_from_the_root_of_the_repository(name: str) -> None:
    text = renderers(REPORT, "../")[name](no_style)
    assert "channels/north.yaml" in text
    assert "../" not in text


HOSTS = {
    "github": "::error file=sites/north/channels/north.yaml,line=",
    "gitlab": '"path": "sites/north/channels/north.yaml"',
    "sarif": '"uri": "sites/north/channels/north.yaml"',
    "junit": 'file="sites/north/channels/north.yaml"',
}


@pytest.mark.parametrize("name", HOSTS)
@pytest.mark.parametrize("prefix", ["", "../", "north/", "../../sites/north/"])
def test_hosts_get_paths_from_the_root_of_the_repository(name: str, prefix: str) -> None:
    assert HOSTS[name] in renderers(FindingsReport((TRIP,), 1, 1), prefix, "sites/north")[name](no_style)
    assert HOSTS[name].replace("sites/north/", "") in renderers(FindingsReport((TRIP,), 1, 1), prefix, "")[name](
        no_style
    )


@pytest.mark.parametrize("name", HOSTS)
def test_a_finding_of_no_file_is_one_of_the_project_file_of_its_project(name: str) -> None:
    finding = Finding("ESA302", Severity.ERROR, "no such channel")
    text = renderers(FindingsReport((finding,), 1, 1), "sites/north/", "sites/north")[name](no_style)
    assert ("sites/north/reconciler.yaml" in text) is (name != "github")


@pytest.mark.parametrize(
    ("paths", "codes"),
    [
        (["channels/north.yaml"], ["ESA100", "ESA214", "ESA305"]),
        (["channels"], [finding.code for finding in FINDINGS]),
        (["."], [finding.code for finding in FINDINGS]),
        (["chan"], ["ESA100"]),
    ],
    ids=["a file", "a folder", "the root", "no whole folder"],
)
def test_paths_pick_findings_and_keep_those_of_no_file(paths: list[str], codes: list[str]) -> None:
    assert [finding.code for finding in REPORT.within(paths).findings] == codes


def test_findings_as_text_read_as_in_the_golden_file(check_golden: Callable[[str, str], None]) -> None:
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


def test_locations_are_given_from_the_current_folder() -> None:
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


def test_findings_as_concise_read_as_in_the_golden_file(check_golden: Callable[[str, str], None]) -> None:
    check_golden("findings-concise.txt", render_concise(FINDINGS))


def test_a_finding_is_one_line_with_its_place_first() -> None:
    assert render_concise([TRIP], "../") == (
        "../channels/north.yaml:12:20: ESA214 rolloverValue must be null under the Trip rule, found 100000\n"
    )


def test_nothing_found_is_no_line() -> None:
    assert render_concise([]) == ""
