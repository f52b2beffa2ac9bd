"""The page of a plan, as a reader uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest

from tests.reports.html_plans import EVERYTHING, make_large_plan
from tests.reports.plans import PLANS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.chromium import Tab

    OpenPlan: TypeAlias = Callable[..., Tab]

NAMES = "h3 .id"
LIBRARY_ROWS = [f"lb-water-{number:02}" for number in range(6)]


@pytest.mark.parametrize("name", ["mixed", "alike", "hostile", "empty"])
def test_the_page_asks_for_nothing_and_complains_of_nothing(name: str, open_plan: OpenPlan) -> None:
    tab = open_plan(PLANS[name])
    assert tab.problems == []
    assert [url for url in tab.requests if not url.startswith("file:") or not url.endswith("plan.html")] == []


def test_the_policy_lets_nothing_in(open_plan: OpenPlan) -> None:
    tab = open_plan(PLANS["mixed"])
    refused = tab.evaluate(
        """new Promise(done => {
          const refused = [];
          document.addEventListener("securitypolicyviolation", event => {
            refused.push(event.effectiveDirective);
            if (refused.length === 3) done(refused.sort());
          });
          document.body.insertAdjacentHTML("beforeend", "<p style='color: red' onclick='alert(1)'>x</p>");
          document.body.lastElementChild.click();
          fetch("https://nowhere.invalid/").catch(() => {});
        })"""
    )
    assert refused == ["connect-src", "script-src-attr", "style-src-attr"]
    assert [url for url in tab.requests if not url.startswith("file:")] == []


@pytest.mark.parametrize(
    ("name", "option", "shown"),
    [
        ("risk", "what the channel is", ["nb-elec-losses", "sc-gas-use"]),
        ("risk", "future values", ["6 channels with identical edits"]),
        ("verdict", "blocked", ["nb-elec-losses"]),
        ("verdict", "unknown", ["sc-gas-cost"]),
        ("verdict", "unchanged", []),
        ("place", "Ferris Science Center", ["sc-gas-cost", "sc-gas-use"]),
        ("origin", "drift, not from this change", ["nb-elec-use", "nb-solar-yield"]),
    ],
)
def test_a_filter_shows_what_it_says(name: str, option: str, shown: list[str], open_plan: OpenPlan) -> None:
    tab = open_plan(EVERYTHING)
    tab.choose(name, option)
    assert tab.texts(".card h3 .id, .alike h3") == shown


def test_filters_narrow_each_other_and_all_comes_back(open_plan: OpenPlan) -> None:
    tab = open_plan(EVERYTHING)
    everything = tab.texts(".card h3")
    tab.choose("place", "North Building")
    tab.choose("risk", "where readings go")
    assert tab.texts(NAMES) == ["nb-elec-losses", "nb-solar-yield"]
    assert tab.texts("#shown") == ["2 of 12 changes shown, 0 of 31 unchanged"]
    assert tab.texts("main h2") == [
        "Findings 2",
        "! Blocked 1 of 2",
        "⇄ May send readings elsewhere 1",
        *OTHER_HEADINGS,
    ]
    tab.click(".shown button")
    assert tab.texts(".card h3") == everything
    assert tab.texts("#shown") == ["12 of 12 changes shown, 31 of 31 unchanged"]


OTHER_HEADINGS = ["Feeds", "Formulas"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("SOLAR", ["nb-elec-net", "nb-solar-yield"]),
        ("gas  cost", ["sc-gas-cost"]),
        ("lb-water-03", ["6 channels with identical edits"]),
        ("0.001", ["nb-elec-use"]),
        ("whitcombe", ["6 channels with identical edits"]),
        ("no such thing", []),
    ],
)
def test_search_finds_names_places_and_values(text: str, shown: list[str], open_plan: OpenPlan) -> None:
    tab = open_plan(EVERYTHING)
    tab.type("[name=text]", text)
    assert tab.texts(".card h3 .id, .alike h3") == shown


def test_search_finds_one_of_many_that_are_alike(open_plan: OpenPlan) -> None:
    tab = open_plan(EVERYTHING)
    assert tab.texts(".alike tbody .id") == LIBRARY_ROWS
    tab.type("[name=text]", "lb-water-03")
    assert tab.texts(".alike tbody .id") == ["lb-water-03"]


def test_a_channel_that_is_unchanged_is_found_in_its_fold(open_plan: OpenPlan) -> None:
    tab = open_plan(EVERYTHING)
    assert tab.texts("#unchanged tbody tr") == []
    tab.type("[name=text]", "lb-water-old-17")
    assert tab.texts("#unchanged tbody td:first-child") == ["lb-water-old-17"]


def test_without_scripts_all_is_there_but_the_filters(open_plan: OpenPlan) -> None:
    tab = open_plan(EVERYTHING, scripts=False)
    assert tab.texts("#filters") == []
    assert len(tab.texts(".card, .alike tbody tr")) == 7 + 6
    tab.click("#unchanged summary")
    assert len(tab.texts("#unchanged tbody tr")) == 31


def test_the_keyboard_leads_from_a_box_to_its_channel(open_plan: OpenPlan) -> None:
    tab = open_plan(EVERYTHING)
    tab.evaluate("document.querySelector('.scroll').focus()")
    tab.press("Tab", 9)
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "nb-elec-use, update"
    assert tab.evaluate("document.querySelectorAll('.dimmed .box:not(.near)').length") == 2
    tab.press("Enter", 13)
    assert tab.evaluate("location.hash") == "#channel-1042"


@pytest.mark.parametrize("name", ["everything", *PLANS])
@pytest.mark.parametrize("width", [360, 768])
def test_nothing_is_wider_than_a_small_screen(name: str, width: int, open_plan: OpenPlan) -> None:
    tab = open_plan((PLANS | {"everything": EVERYTHING})[name], width=width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_in_the_dark_the_page_is_dark(open_plan: OpenPlan) -> None:
    tab = open_plan(EVERYTHING, dark=True)
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 27)"


def test_on_paper_folds_are_open_and_filters_are_gone(open_plan: OpenPlan) -> None:
    tab = open_plan(PLANS["alike"])
    assert tab.texts(".alike tbody tr") == []
    tab.emulate(media="print")
    assert len(tab.texts(".alike tbody tr")) == 412
    assert tab.texts("#filters") == []
    assert tab.print().startswith(b"%PDF")


def test_ten_thousand_channels_can_be_searched(open_plan: OpenPlan) -> None:
    tab = open_plan(make_large_plan(10_000))
    tab.type("[name=text]", "use-04999")
    assert tab.texts("#shown") == ["0 of 20 changes shown, 1 of 10000 unchanged"]
    assert tab.texts("#unchanged tbody td:first-child") == ["building-49-use-04999"]
