"""A plan as Markdown: whole outputs, and what it gives up where there is little room."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.findings import Finding, Severity
from reconciler.model.plan import ChannelLabel, FormulaLink, LeftOut
from reconciler.reports.change_words import RISK_WORDS
from reconciler.reports.escaping import escape_text
from reconciler.reports.plan_markdown import mark_comment, render_plan_markdown
from reconciler.reports.plan_summary import count_changes, describe_left_out
from tests.reports.markdown_page import read_page
from tests.reports.plans import HOSTILE, PLANS, REIDENTIFY, RENAME, RESCALE, UNCLEAR, make_change, make_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model.plan import Plan

TAGS = {"h2", "h3", "p", "strong", "code", "pre", "ul", "li", "br", "details", "summary"}
TABLE = {"table", "thead", "tbody", "tr", "th", "td"}
every_plan = pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_reads_as_in_its_golden_file(name: str, check_golden: Callable[[str, str], None]) -> None:
    check_golden(f"plan-{name}.md", render_plan_markdown(PLANS[name]))


@every_plan
def test_the_last_line_counts_the_changes_as_the_text_does(plan: Plan) -> None:
    assert render_plan_markdown(plan).splitlines()[-1] == count_changes(plan)


@every_plan
def test_a_page_is_made_of_nothing_but_the_reports_own_marks(plan: Plan) -> None:
    page = read_page(render_plan_markdown(plan))
    assert page.tags <= TAGS | TABLE | {"comment:reconciler:production"}
    assert page.attributes <= {"class=language-mermaid"}


def test_hostile_names_are_shown_as_they_are_and_notify_nobody() -> None:
    page = read_page(render_plan_markdown(PLANS["hostile"]))
    assert escape_text(HOSTILE) in page.code
    assert "@" not in page.prose


def test_no_line_can_be_a_command_to_the_system_that_shows_it() -> None:
    lines = render_plan_markdown(PLANS["hostile"]).splitlines()
    assert [line for line in lines if not line.isprintable() or re.match(r"\s*(::|/)", line) or "##[" in line] == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("production", "<!-- reconciler:production -->"),
        ("us-east_1.b", "<!-- reconciler:us-east_1.b -->"),
        ("a--b ->", "<!-- reconciler:a-%2Db%20-%3E -->"),
        ("\ud800", "<!-- reconciler:%ED%A0%80 -->"),
    ],
)
def test_the_first_line_marks_the_environment_and_stays_hidden(name: str, line: str) -> None:
    assert mark_comment(name) == line
    assert render_plan_markdown(replace(PLANS["empty"], environment=name)).splitlines()[0] == line
    assert read_page(line).text.strip() == ""


@pytest.mark.parametrize(
    ("folder", "line"),
    [
        ("campus", "<!-- reconciler:campus~production -->"),
        ("sites/campus--a", "<!-- reconciler:sites%2Fcampus-%2Da~production -->"),
        ("a~b", "<!-- reconciler:a%7Eb~production -->"),
        ("x" * 200, f"<!-- reconciler:{sha256(b'x' * 200).hexdigest()}~production -->"),
    ],
)
def test_the_first_line_marks_the_project_too(folder: str, line: str) -> None:
    plan = replace(PLANS["empty"], environment="production", folder=folder)
    assert render_plan_markdown(plan).splitlines()[0] == mark_comment("production", folder) == line
    assert re.fullmatch(r"<!-- reconciler:[A-Za-z0-9._~%-]+ -->", line)


def test_no_project_and_environment_share_a_mark_with_another() -> None:
    pairs = [
        ("", "a~b"),
        ("a", "b"),
        ("", "a/b"),
        ("a/b", "c"),
        ("a", "b~c"),
        ("a~b", "c"),
        ("x" * 99, "c"),
        ("x" * 98, "c"),
    ]
    assert len({mark_comment(environment, folder) for folder, environment in pairs}) == len(pairs)


def test_the_heading_names_a_project_below_the_root() -> None:
    plan = replace(PLANS["empty"], folder="sites/`campus`")
    assert "## EnergyCAP plan for `production`, project <code>sites/&#96;campus&#96;</code>\n" in render_plan_markdown(
        plan
    )


def test_findings_are_listed_errors_first() -> None:
    findings = [Finding("ESA514", Severity.WARNING, "may rewrite", detail=("1 edit",)), *PLANS["filtered"].findings]
    assert _section("Findings", render_plan_markdown(make_plan(findings=findings))) == (
        "### Findings: 1 error and 1 warning\n"
        "\n"
        "- error `ESA302` `channels/north.yaml:9:3`: no such channel\n"
        "- warning `ESA514`: may rewrite\n"
        "  - detail: 1 edit\n"
        "\n"
    )


def test_what_only_leaves_out_is_named_at_the_end() -> None:
    plan = replace(PLANS["empty"], left_out=LeftOut(("trial",)))

    assert f"\n{describe_left_out(plan)}\n" in render_plan_markdown(plan)


def test_formulas_are_left_out_if_none_changes() -> None:
    link = FormulaLink(ChannelLabel(1, "a", "A"), ChannelLabel(2, "b", "B"), before=True, after=True)
    plan = make_plan(make_change("b", RESCALE, channel_id=2), formula_links=[link])
    assert "Formulas around" not in render_plan_markdown(plan)


def test_a_picture_with_no_room_for_all_links_says_so() -> None:
    labels = [ChannelLabel(number, f"channel-{number:030}", "") for number in range(60)]
    links = [FormulaLink(label, labels[0], before=False, after=True) for label in labels[1:]]
    text = render_plan_markdown(make_plan(make_change("b", RENAME, channel_id=2), formula_links=links))
    assert re.search(r"The picture has room for \d+ of 59 links; the list has all\.", text)


# A plan that has something of everything: 2 blocked, 40 of history, 30 of routing, 50 harmless.
LARGE = make_plan(
    *(make_change(f"blocked-{i}", RENAME, channel_id=100 + i, blocked_by=[UNCLEAR]) for i in range(2)),
    *(make_change(f"history-{i:02}", replace(RESCALE, after=i + 2), channel_id=200 + i) for i in range(40)),
    *(make_change(f"routing-{i:02}", replace(REIDENTIFY, after=f"NEW-{i}"), channel_id=300 + i) for i in range(30)),
    *(make_change(f"name-{i:02}", replace(RENAME, after=f"Name {i}"), channel_id=400 + i) for i in range(50)),
    findings=[Finding("ESA514", Severity.WARNING, "may rewrite " + "x" * 90) for _ in range(20)],
    feeds=PLANS["mixed"].feeds,
    formula_links=PLANS["mixed"].formula_links,
)


@pytest.mark.parametrize(
    ("budget", "shortened"),
    [
        (60_000, ""),
        (50_000, "✎ one line each"),
        (40_000, "⇄ one line each; ✎ one line each"),
        (25_300, "▲ one line each; ✎ one line each"),
        (16_000, "▲ one line each; ⇄ one line each; ✎ one line each"),
        (9_500, "Findings one line each; ▲ one line each; ⇄ one line each; ✎ only counted"),
        (7_000, "Findings one line each; ! one line each; ▲ one line each; ⇄ one line each; ✎ only counted"),
        (4_096, "Findings one line each; ! one line each; ▲ one line each; ⇄ only counted; ✎ only counted"),
    ],
    ids=str,
)
def test_the_less_room_the_more_is_shortened_the_riskiest_last(budget: int, shortened: str) -> None:
    text = render_plan_markdown(LARGE, budget)
    line = next((line for line in text.splitlines() if line.startswith("Shortened to fit: ")), "")
    assert len(text.encode()) <= budget
    assert _abbreviate(line) == shortened


def _abbreviate(line: str) -> str:
    signs = {words.heading: words.sign for words in RISK_WORDS.values()}
    parts = re.findall(r"“(?:[!▲◆⇄→✎] )?([^:”]+): [^”]+” ([a-z ]+)", line)
    return "; ".join(f"{signs.get(title, title)} {level}" for title, level in parts)


def test_names_that_do_not_fit_are_counted() -> None:
    changes = [make_change(f"history-{i:04}", replace(RESCALE, after=i + 2), channel_id=i) for i in range(1000)]
    text = render_plan_markdown(make_plan(*changes, make_change("harmless", RENAME)), 4096)
    named = len(re.findall(r"`history-\d+`", text))
    assert f"- and {1000 - named} more, not listed here\n" in text
    assert 20 < named < 1000
    assert "`harmless`" not in text


def test_a_name_longer_than_the_limit_is_counted() -> None:
    text = render_plan_markdown(make_plan(make_change("x" * 5000, RESCALE)), 4096)
    assert _section("▲", text) == (
        "### ▲ May rewrite stored values: 1 change\n\nThere is no room to list them here.\n\n"
    )


def test_exceptions_are_named_where_those_with_identical_edits_are_only_counted() -> None:
    text = render_plan_markdown(PLANS["alike"], 4096)
    lines = [line.split(":")[0] for line in text.splitlines() if line.startswith("- ")]
    assert lines[-4:] == [
        "- 412 channels with identical edits",
        "- `nb-elec-main`",
        "- `nb-elec-spare`",
        "- and 412 more, not listed here",
    ]


def test_identical_edits_are_shown_even_if_the_names_do_not_fit() -> None:
    assert (
        "- 412 channels with identical edits: `esaChannelVersion.multiplier` `1` → `0.001` (×0.001)\n"
        in render_plan_markdown(PLANS["alike"], 4096)
    )


def _section(title: str, text: str) -> str:
    start = text.index(f"### {title}")
    end = re.search(r"^(###|Shortened|Made)", text[start + 3 :], re.MULTILINE)
    assert end is not None
    return text[start : start + 3 + end.start()]
