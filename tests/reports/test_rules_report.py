"""One rule for the terminal, and the page of all rules."""

from __future__ import annotations

import pytest

from reconciler.model.findings import Severity
from reconciler.reports.rules_report import mark_code, render_rule, render_rules
from reconciler.reports.terminal import Style, no_style
from reconciler.rules import RULES
from reconciler.rules.rule import Certainty, Rule


def test_a_rule_is_shown_in_full() -> None:
    assert render_rule(RULES["ESA214"], no_style) == (
        "ESA214  rolloverValue is set under the Trip rule.\n"
        "\n"
        "  why:       Under the Trip rule each reading is a value of its own: no register can\n"
        "             roll over.\n"
        "  fix:       remove the line, or write observationRule: Odometer\n"
        "  source:    PUT /api/v202406/esachannel/{id}, EsaChannelVersionEdit.rolloverValue:\n"
        "             'Must be null when ObservationRuleId is set to Trip'\n"
        "  certainty: documented (the vendor's pages say so)\n"
        "  severity:  error\n"
    )


def test_a_long_title_continues_below_itself() -> None:
    rule = Rule("ESA999", "A word " * 14 + "at last.", "It.", "a page", Certainty.ASSUMED, "fix it", Severity.NOTE)

    first, second, third, *_ = render_rule(rule, no_style).splitlines()

    assert first == "ESA999  " + "A word " * 11 + "A"
    assert second == "        word A word A word at last."
    assert third == ""


def test_code_title_and_labels_are_styled() -> None:
    text = render_rule(RULES["ESA214"], lambda text, style: f"<{style.value}>{text}")

    assert text.startswith(f"<{Style.CODE.value}>ESA214  <{Style.HEADING.value}>rolloverValue is set")
    assert f"  <{Style.FAINT.value}>certainty: documented (the vendor's pages say so)\n" in text


def test_every_rule_fits_a_terminal() -> None:
    assert max(len(line) for rule in RULES.values() for line in render_rule(rule, no_style).splitlines()) <= 100


def test_every_rule_has_a_row_and_a_section() -> None:
    lines = render_rules().splitlines()

    assert [line.removeprefix("### ") for line in lines if line.startswith("### ESA") and ":" not in line] == sorted(
        RULES
    )
    assert [line[3:9] for line in lines if line.startswith("| [ESA")] == sorted(RULES)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nothing special", "nothing special"),
        ("write isCalculated: true", "write `isCalculated: true`"),
        ("write formula: null, or 7", "write `formula: null`, or 7"),
        ("as in  url: sandbox  or so", "as in `url: sandbox` or so"),
        ("as in  maxChanges: 30%, or", "as in `maxChanges: 30%`, or"),
        ("as in  init --ci,  or so, and  plan", "as in `init --ci`, or so, and `plan`"),
        ("raise guards.maxChanges", "raise `guards.maxChanges`"),
        ("channel(<channelId>)", "`channel(<channelId>)`"),
        ("a file (*.yaml) of <b> | [x]", r"a file (\*.yaml) of \<b\> \| \[x\]"),
        ("a pattern of --only", "a pattern of `--only`"),
        ("what EnergyCAP says", "what EnergyCAP says"),
    ],
)
def test_pieces_of_files_are_code_and_all_else_is_only_text(text: str, shown: str) -> None:
    assert mark_code(text) == shown
