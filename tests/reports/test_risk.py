"""How risky a change is, and the legend of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.model.fields import Impact
from reconciler.reports.risk import RISK_WORDS, Risk, find_risk, find_risks, list_impact_risks, render_legend
from tests.reports.plans import PLANS, REIDENTIFY, RENAME, RESCALE, UNCLEAR, USED, make_change

if TYPE_CHECKING:
    from reconciler.model.plan import Change


@pytest.mark.parametrize(
    ("change", "risk"),
    [
        (make_change("a", RENAME), Risk.COSMETIC),
        (make_change("a", RENAME, REIDENTIFY), Risk.ROUTING),
        (make_change("a", RENAME, RESCALE, REIDENTIFY), Risk.HISTORY),
        (make_change("a", RENAME, blocked_by=[USED]), Risk.BLOCKED),
        (make_change("a", RENAME, blocked_by=[UNCLEAR]), Risk.BLOCKED),
        (make_change("a"), Risk.COSMETIC),
    ],
    ids=["names", "routing", "history", "blocked", "unknown", "nothing"],
)
def test_the_gravest_counts(change: Change, risk: Risk) -> None:
    assert find_risk(change) is risk


def test_what_edits_do_is_listed_the_gravest_first() -> None:
    change = make_change("a", RENAME, REIDENTIFY, RESCALE, RESCALE)
    assert find_risks(change) == (Risk.HISTORY, Risk.ROUTING, Risk.COSMETIC)


def test_every_impact_is_a_risk_and_the_order_is_theirs() -> None:
    assert [risk.value for risk in list_impact_risks()] == [impact.value for impact in reversed(Impact)]


def test_every_risk_has_a_sign_and_words_of_its_own() -> None:
    assert set(RISK_WORDS) == set(Risk)
    assert len({words.sign for words in RISK_WORDS.values()}) == len(Risk)


def test_the_words_of_a_plan_are_explained_the_gravest_first() -> None:
    assert render_legend(PLANS["mixed"]) == (
        "Legend: history = may rewrite stored values; structural = changes what a channel is; "
        "routing = may send readings elsewhere; cosmetic = names and descriptions; null = not set; "
        "unmanaged = in EnergyCAP, in no file here, never touched."
    )


def test_drift_is_explained_where_it_is_told_apart() -> None:
    assert render_legend(PLANS["drift-and-change"]) == (
        "Legend: history = may rewrite stored values; cosmetic = names and descriptions; drift = not from this change; "
        "unmanaged = in EnergyCAP, in no file here, never touched."
    )


def test_a_plan_without_edits_needs_no_words() -> None:
    assert render_legend(PLANS["empty"]) == ""
