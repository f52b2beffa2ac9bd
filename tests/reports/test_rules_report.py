"""One rule for the terminal."""

from __future__ import annotations

from reconciler.model.findings import Severity
from reconciler.reports.rules_report import render_rule
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
