"""All formats of findings, and which findings are picked."""

from __future__ import annotations

import pytest

from reconciler.model.findings import Finding, Severity
from reconciler.reports.findings import FORMATS, FindingsReport, renderers
from reconciler.reports.paint import no_style
from tests.reports.findings_seen import FINDINGS, TRIP

REPORT = FindingsReport(FINDINGS, files=12, channels=230)


def test_there_is_a_renderer_for_each_format() -> None:
    assert tuple(renderers(REPORT)) == FORMATS


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_found_is_said_in_each_format(name: str) -> None:
    text = renderers(FindingsReport((), files=12, channels=230))[name](no_style)
    assert (text == "12 files, 230 channels: no findings.\n") is (name == "text")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_names_files_from_where_the_user_stands(name: str) -> None:
    text = renderers(FindingsReport((TRIP,), 1, 1), "site/")[name](no_style)
    assert "site/channels/north.yaml" in text


@pytest.mark.parametrize("name", ["json", "github", "gitlab", "sarif", "junit"])
def test_machines_get_paths_from_the_root_where_the_user_stands_below_it(name: str) -> None:
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
