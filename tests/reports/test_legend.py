"""What the short words of a report mean."""

from __future__ import annotations

from reconciler.reports.legend import render_legend
from tests.reports.plans import PLANS


def test_the_words_of_a_plan_are_explained_the_gravest_first() -> None:
    assert render_legend(PLANS["mixed"]) == (
        "Words: history = may rewrite stored values; structural = changes what a channel is; "
        "routing = may send readings elsewhere; cosmetic = names and descriptions; null = not set; "
        "unmanaged = in EnergyCAP, in no file here, never touched."
    )


def test_drift_is_explained_where_it_is_told_apart() -> None:
    assert render_legend(PLANS["drift-and-change"]) == (
        "Words: history = may rewrite stored values; cosmetic = names and descriptions; drift = not from this change; "
        "unmanaged = in EnergyCAP, in no file here, never touched."
    )


def test_a_plan_without_edits_needs_no_words() -> None:
    assert render_legend(PLANS["empty"]) == ""
