"""What keeps a plan from being carried out."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.project import Guards, MaxChanges
from reconciler.planning.guards import check_guards
from tests.reports.plans import PLANS

HALF = Guards(max_changes=MaxChanges(50, is_percent=True))


def test_a_share_of_no_managed_channel_at_all_is_exceeded_by_any_change() -> None:
    # As an inverse plan was saved by the first versions.
    (stop,) = check_guards(replace(PLANS["one-edit"], managed=0), HALF, is_reviewed=True)
    assert stop.message == "the plan changes 1 of 0 managed channels, guards.maxChanges is 50%"
