"""What keeps a plan from being carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.findings import Finding, Severity
from reconciler.model.project import Guards, HistoryRewrites, MaxChanges, OnBlocked
from reconciler.planning.approval import check_guards, preview_guards
from tests.planning.tenant import V, make_desired, make_live, plan_of
from tests.reports.plans import PLANS

if TYPE_CHECKING:
    from reconciler.model.values import Spec

HALF = Guards(max_changes=MaxChanges(50, is_percent=True))


@pytest.mark.parametrize(
    ("limit", "messages"),
    [
        (MaxChanges(2), ["the plan changes 3 of 4 managed channels, guards.maxChanges is 2"]),
        (MaxChanges(3), []),
        (MaxChanges(74, is_percent=True), ["the plan changes 3 of 4 managed channels (75%), guards.maxChanges is 74%"]),
        (MaxChanges(75, is_percent=True), []),
    ],
)
def test_as_many_changes_as_the_guard_allows_pass_and_one_more_does_not(limit: MaxChanges, messages: list[str]) -> None:
    live = [make_live(number) for number in range(1, 5)]
    specs: list[Spec] = [{"channelInfo": "New"}, {"channelInfo": "New"}, {"channelInfo": "New"}, {}]
    desired = [make_desired(f"n{one.id}", one.id, spec) for one, spec in zip(live, specs, strict=True)]

    found = check_guards(plan_of(desired, live), Guards(max_changes=limit), is_reviewed=False)

    assert [(finding.code, finding.message) for finding in found] == [("ESA511", message) for message in messages]


REVIEW = "save it with  reconciler plan --out plan.json,  have it reviewed, and then:  reconciler apply plan.json"


@pytest.mark.parametrize(
    ("rewrites", "is_reviewed", "fix"),
    [
        (HistoryRewrites.ALLOW, False, None),
        (HistoryRewrites.ALLOW, True, None),
        (HistoryRewrites.ASK, False, REVIEW),
        (HistoryRewrites.ASK, True, None),
        (HistoryRewrites.FORBID, False, "take these edits out of the files"),
        (HistoryRewrites.FORBID, True, "take these edits out of the files"),
    ],
)
def test_history_is_rewritten_only_as_the_guard_allows(
    rewrites: HistoryRewrites, fix: str | None, *, is_reviewed: bool
) -> None:
    spec: Spec = {f"{V}multiplier": 2}
    live = [make_live(1, has_readings=True), make_live(2), make_live(3, has_readings=True)]
    plan = plan_of([make_desired(f"n{one.id}", one.id, spec) for one in live], live)

    found = check_guards(plan, Guards(history_rewrites=rewrites), is_reviewed=is_reviewed)

    message = f"the plan may rewrite stored values of 2 channels, guards.historyRewrites is {rewrites.value}"
    stop = Finding("ESA512", Severity.ERROR, message, None, ("n1", "n3"), fix or "")
    assert found == (() if fix is None else (stop,))


@pytest.mark.parametrize("rewrites", HistoryRewrites)
def test_a_plan_that_rewrites_no_history_passes_whatever_the_guard_says(rewrites: HistoryRewrites) -> None:
    plan = plan_of([make_desired("n1", 1, {"channelInfo": "New"})], [make_live(1, has_readings=True)])

    assert check_guards(plan, Guards(history_rewrites=rewrites), is_reviewed=False) == ()


@pytest.mark.parametrize("name", ["one-edit", "only-blocked"])
@pytest.mark.parametrize("on_blocked", OnBlocked)
def test_blocked_changes_stop_a_plan_only_where_the_guard_says_so(on_blocked: OnBlocked, name: str) -> None:
    found = check_guards(PLANS[name], Guards(blocked=on_blocked), is_reviewed=True)

    stop = Finding(
        "ESA513",
        Severity.ERROR,
        "the plan holds 2 blocked changes, guards.blocked is stop",
        None,
        ("nb-elec-losses", "nb-elec-cost"),
        "unblock these changes or remove them from the files, or write  blocked: skip",
    )
    assert found == ((stop,) if on_blocked is OnBlocked.STOP and name == "only-blocked" else ())


def test_what_will_stop_the_apply_of_a_reviewed_plan_is_foreseen_as_a_warning() -> None:
    plan = plan_of([make_desired("n1", 1, {f"{V}multiplier": 2})], [make_live(1, has_readings=True)])
    guards = Guards(MaxChanges(0), HistoryRewrites.ASK)

    (warning,) = preview_guards(plan, guards)

    assert warning == Finding(
        "ESA511",
        Severity.WARNING,
        "apply will stop: the plan changes 1 of 1 managed channels, guards.maxChanges is 0",
        None,
        (),
        "apply in parts with --only, or raise guards.maxChanges in the project file",
    )


def test_a_share_of_no_managed_channel_at_all_is_exceeded_by_any_change() -> None:
    # As an inverse plan was saved by the first versions.
    (stop,) = check_guards(replace(PLANS["one-edit"], managed=0), HALF, is_reviewed=True)
    assert stop.message == "the plan changes 1 of 0 managed channels, guards.maxChanges is 50%"
