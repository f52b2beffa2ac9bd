"""The result of an apply as Markdown: whole outputs, and what it leaves out when there is little room."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.outcomes import ApplyResult, Outcome, OutcomeStatus
from reconciler.reports.apply_markdown import render_result_markdown
from reconciler.reports.apply_report import count_outcomes
from reconciler.reports.escaping import escape_text
from tests.reports.apply_results import ACCOUNT, ALREADY, DONE
from tests.reports.markdown_page import read_page
from tests.reports.plans import HOSTILE, PLANS

if TYPE_CHECKING:
    from collections.abc import Callable


PLAN = PLANS["one-edit"]
TAGS = {
    "h2",
    "h3",
    "p",
    "strong",
    "code",
    "ul",
    "li",
    "details",
    "summary",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
SIZES = [1, 40, 400, 4000]


def make_account(size: int, text: str = "") -> ApplyResult:
    """An account with so many changes in each ending, no two alike."""
    outcomes = (
        Outcome(f"{text}channel-{number}", number, ending, f"{text}reason {number}", f"{text}fix {number}")
        for ending in OutcomeStatus
        for number in range(size)
    )
    return ApplyResult(tuple(outcomes), aborted_because="so")


@pytest.mark.parametrize(
    ("name", "account"),
    [
        ("account", ACCOUNT),
        ("account-done", ApplyResult((DONE, ALREADY))),
        (
            "account-stopped",
            ApplyResult((DONE, *(replace(ACCOUNT.outcomes[4], name=f"c{i}") for i in range(9))), aborted_because="so"),
        ),
        ("account-folded", make_account(400)),
    ],
)
def test_an_account_reads_as_in_its_golden_file(
    name: str, account: ApplyResult, check_golden: Callable[[str, str], None]
) -> None:
    plan = PLANS["mixed"] if name == "account" else PLAN
    check_golden(f"{name}.md", render_result_markdown(plan, account, 8192))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("budget", [4096, 20_000, 60_000])
@pytest.mark.parametrize("text", ["", HOSTILE], ids=["plain", "hostile"])
def test_it_fits_whatever_there_is_to_say(size: int, budget: int, text: str) -> None:
    plan = replace(PLAN, environment=text * 100, url=text * 100) if text else PLAN
    account = make_account(size, text)
    rendered = render_result_markdown(plan, account, budget)
    assert len(rendered.encode()) <= budget
    assert rendered.splitlines()[-1] == count_outcomes(account)


@pytest.mark.parametrize("size", SIZES)
def test_every_change_is_shown_or_counted(size: int) -> None:
    rendered = render_result_markdown(PLAN, make_account(size), 20_000)
    sections = re.split(r"^### ", rendered, flags=re.MULTILINE)[1:]
    # One for each way to end.
    assert len(sections) == 5
    for section in sections:
        named = len(set(re.findall(r"`(channel-\d+)`", section)))
        unnamed = sum(map(int, re.findall(r"(\d+) more, not listed here", section)))
        # The heading has the count.
        unnamed += size if "There is no room to list them here." in section else 0
        assert named + unnamed == size


def test_what_is_harmless_is_folded_before_what_is_grave() -> None:
    rendered = render_result_markdown(PLAN, make_account(120), 20_000)
    folded = re.findall(r"“(.*?): 120 changes” ([^.;]*)", rendered)
    assert folded == [
        ("! failed", "one line each"),
        ("? stale", "one line each"),
        ("- not tried", "one line each"),
    ]


def test_a_page_is_made_of_nothing_but_the_reports_own_marks() -> None:
    page = read_page(render_result_markdown(replace(PLAN, environment=HOSTILE, url=HOSTILE), make_account(1, HOSTILE)))
    assert page.tags <= TAGS
    assert page.attributes == set()


def test_hostile_names_are_shown_as_they_are_and_notify_nobody() -> None:
    page = read_page(render_result_markdown(PLAN, make_account(1, HOSTILE)))
    assert f"{escape_text(HOSTILE)}channel-0" in page.code
    assert "@" not in page.prose


def test_no_line_can_be_a_command_to_the_system_that_shows_it() -> None:
    lines = render_result_markdown(replace(PLAN, environment=HOSTILE), make_account(3, HOSTILE)).splitlines()
    assert [line for line in lines if not line.isprintable() or re.match(r"\s*(::|/)", line) or "##[" in line] == []


def test_the_heading_names_a_project_below_the_root() -> None:
    text = render_result_markdown(replace(PLAN, folder="sites/north"), ACCOUNT)
    assert text.startswith("## EnergyCAP apply to `production`, project `sites/north`\n\n")
    assert render_result_markdown(PLAN, ACCOUNT).startswith("## EnergyCAP apply to `production`\n\n")
