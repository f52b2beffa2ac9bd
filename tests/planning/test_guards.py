"""What keeps a plan from being carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.project import Guards, MaxChanges
from reconciler.planning.guards import check_guards
from tests.planning.tenant import make_desired, make_live, plan_of
from tests.reports.plans import PLANS

if TYPE_CHECKING:
    from reconciler.model.values import Spec

HALF = Guards(max_changes=MaxChanges(50, is_percent=True))


@pytest.mark.parametrize(
    ("limit", "stops"),
    [
        (MaxChanges(1, is_percent=False), 1),
        (MaxChanges(2, is_percent=False), 0),
        (MaxChanges(49, is_percent=True), 1),
        (MaxChanges(50, is_percent=True), 0),
    ],
)
def test_as_many_changes_as_the_guard_allows_pass_and_one_more_does_not(limit: MaxChanges, stops: int) -> None:
    live = [make_live(number) for number in range(1, 5)]
    specs: list[Spec] = [{"channelInfo": "New"}, {"channelInfo": "New"}, {}, {}]
    desired = [make_desired(f"n{one.id}", one.id, spec) for one, spec in zip(live, specs, strict=True)]

    found = check_guards(plan_of(desired, live), Guards(max_changes=limit), is_reviewed=False)

    assert [finding.code for finding in found] == ["ESA511"] * stops


def test_a_share_of_no_managed_channel_at_all_is_exceeded_by_any_change() -> None:
    # As an inverse plan was saved by the first versions.
    (stop,) = check_guards(replace(PLANS["one-edit"], managed=0), HALF, is_reviewed=True)
    assert stop.message == "the plan changes 1 of 0 managed channels, guards.maxChanges is 50%"
