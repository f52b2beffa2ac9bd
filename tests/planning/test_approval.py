"""Guards, and whether a reviewed plan still holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.channels import DataPoint
from reconciler.model.fields import Impact
from reconciler.model.findings import Finding, Severity
from reconciler.model.plan import INVERSE, Action, Blocker, Change, Edit, FeedRoute, FeedStep, Plan, Verdict
from reconciler.model.project import Guards, HistoryRewrites, MaxChanges, OnBlocked
from reconciler.planning.approval import (
    ChangedStep,
    Comparison,
    check_guards,
    compare_plans,
    preview_guards,
    restrict_plan,
)
from tests.planning.tenant import V, make_desired, make_live, plan_of
from tests.reports.plans import PLANS

if TYPE_CHECKING:
    from reconciler.model.values import Spec

MULTIPLIER = "esaChannelVersion.multiplier"
UNIT = "esaChannelVersion.unitCode"
EDIT = Edit(MULTIPLIER, 1, 2, Impact.FORWARD)
IMPLIED = Edit("intervalMinutes", 15, None, Impact.ROUTING, implied_by="isCalculated")
BLOCK = Blocker("ESA403", "cannot become calculated", {}, "take it out of the formula")


def make_change(*edits: Edit, name: str = "use") -> Change:
    return Change(
        name=name,
        channel_id=1042,
        channel_info="Main",
        data_point=DataPoint(1),
        file="channels/north.yaml",
        line=1,
        action=Action.UPDATE,
        edits=edits,
        before={edit.path: edit.before for edit in edits},
        after={edit.path: edit.after for edit in edits},
        live={},
        target_values={edit.path: edit.after for edit in edits},
        version_id=1,
        version_count=1,
        verdict=Verdict.ALLOWED,
        blocked_by=(),
        depends_on=(),
        fingerprint="sha256:0",
    )


def make_no_op(spec: Spec) -> Change:
    return replace(make_change(), action=Action.NO_OP, before=spec, after=spec)


def make_blocked(change: Change) -> Change:
    return replace(change, verdict=Verdict.BLOCKED, blocked_by=(BLOCK, BLOCK))


def make_plan(*changes: Change) -> Plan:
    return Plan("0", "sandbox", "sandbox", "2026-11-21T00:00:00Z", None, "sha256:0", (), changes, 0, 0, ())


def compare(reviewed: Change, *current: Change) -> Comparison:
    return compare_plans(make_plan(reviewed), make_plan(*current))


USE = make_change(EDIT)


@pytest.mark.parametrize(
    "now",
    [
        USE,
        replace(USE, fingerprint="sha256:1", channel_info="Renamed", line=9),
        replace(USE, target_values={**USE.target_values, "channelInfo": "Main"}, live={"channelInfo": "Main"}),
    ],
    ids=["the same", "an unmanaged value changed", "more is managed"],
)
def test_a_change_that_does_the_same_is_still_valid(now: Change) -> None:
    comparison = compare(USE, now)

    assert comparison == Comparison((), (), ())
    assert comparison.is_still_valid
    assert comparison.describe() == ""


def test_a_change_that_is_already_applied_is_still_valid() -> None:
    comparison = compare(USE, make_no_op({MULTIPLIER: 2}))

    assert comparison == Comparison((), (), (), ("use",))
    assert comparison.is_still_valid


def test_a_change_that_is_applied_to_another_channel_than_reviewed_is_not_done() -> None:
    assert compare(USE, replace(make_no_op({MULTIPLIER: 2}), channel_id=7)) == Comparison(
        (), (ChangedStep("use", ("is channel 7 now, was channel 1042",)),), ()
    )


def test_null_in_place_of_an_empty_text_is_not_a_difference() -> None:
    note = Edit("channelDescription", None, "Roof", Impact.COSMETIC)

    assert compare(make_change(note), make_change(replace(note, before=""))).is_still_valid


def test_a_partly_applied_change_is_still_valid() -> None:
    unit = Edit(UNIT, "KWH", "KW", Impact.FORWARD)
    now = replace(make_change(EDIT), after={MULTIPLIER: 2, UNIT: "KW"})

    assert compare(make_change(EDIT, unit, IMPLIED), now).is_still_valid


@pytest.mark.parametrize(
    "now", [(), (make_no_op({MULTIPLIER: 1}),), (make_no_op({}),)], ids=["no channel", "reverted", "no longer managed"]
)
def test_a_change_that_is_no_longer_needed_is_gone(now: tuple[Change, ...]) -> None:
    comparison = compare(USE, *now)

    assert comparison == Comparison(("use",), (), ())
    assert not comparison.is_still_valid
    assert comparison.reasons == {"use": "no longer needed"}


def test_a_gone_change_is_reported_once_even_if_its_channel_id_differs_too() -> None:
    assert compare(USE, replace(make_no_op({MULTIPLIER: 1}), channel_id=7)) == Comparison(("use",), (), ())


def test_reasons_name_every_change_that_is_no_longer_valid() -> None:
    other = make_change(EDIT, name="other")
    comparison = compare_plans(make_plan(USE, other), make_plan(replace(USE, channel_id=7)))

    assert comparison.reasons == {
        "use": "is channel 7 now, was channel 1042",
        "other": "no longer needed",
    }


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (make_change(replace(EDIT, before=5)), f"{MULTIPLIER} is 5 now, was 1"),
        (make_change(replace(EDIT, after=3)), f"{MULTIPLIER} becomes 3 now, was to become 2"),
        (make_change(replace(EDIT, impact=Impact.HISTORY)), f"the edit of {MULTIPLIER} is history now, was forward"),
        (
            make_change(EDIT, Edit(UNIT, "KWH", "KW", Impact.FORWARD)),
            f'{UNIT} is now edited as well, from "KWH" to "KW"',
        ),
        (replace(USE, channel_id=7), "is channel 7 now, was channel 1042"),
        (replace(USE, target_values={MULTIPLIER: 9}), f"{MULTIPLIER} means something else now"),
        (make_blocked(USE), "is blocked now by ESA403"),
        (make_change(replace(EDIT, implied_by=UNIT)), f"the edit of {MULTIPLIER} now has another cause"),
        (replace(USE, version_count=2), "the channel has 2 versions now, had 1"),
        (replace(USE, version_id=2), "the current version is 2 now, was 1"),
        (replace(USE, depends_on=("other",)), "comes after other now, which the reviewed plan does not send"),
    ],
    ids=[
        "moved",
        "wanted",
        "impact",
        "more",
        "channel",
        "meaning",
        "blocked",
        "cause",
        "versions",
        "version",
        "order",
    ],
)
def test_a_change_that_does_something_else_gives_the_reason(now: Change, reason: str) -> None:
    comparison = compare(USE, now)

    assert comparison == Comparison((), (ChangedStep("use", comparison.changed[0].reasons),), ())
    assert not comparison.is_still_valid
    assert reason in comparison.changed[0].reasons
    assert comparison.reasons == {"use": "; ".join(comparison.changed[0].reasons)}


def test_a_managed_value_that_changed_without_an_edit_is_a_difference() -> None:
    was, now = (
        replace(USE, target_values={**USE.target_values, "channelInfo": x}, live={"channelInfo": x}) for x in ("A", "B")
    )

    assert compare(was, now).changed == (ChangedStep("use", ("channelInfo means something else now",)),)


def test_another_id_behind_the_same_code_is_a_difference() -> None:
    unit_id = "esaChannelVersion.unitId"
    was, now = (
        replace(make_change(Edit(UNIT, "KWH", "KW", Impact.FORWARD)), target_values={unit_id: 5}, live={unit_id: id_})
        for id_ in (3, 9)
    )

    assert compare(was, now).changed == (ChangedStep("use", (f"{unit_id} is 9 now, was 3",)),)


def test_an_order_that_was_not_reviewed_is_a_difference() -> None:
    other = make_change(Edit("channelInfo", "A", "B", Impact.COSMETIC), name="other")
    late = replace(USE, depends_on=("other",))

    def explain(reviewed: Change, now: Change) -> tuple[ChangedStep, ...]:
        return compare_plans(make_plan(other, reviewed), make_plan(other, now)).changed

    assert explain(late, late) == ()
    assert explain(USE, late) == (ChangedStep("use", ("comes after other now, which was not reviewed",)),)
    assert explain(late, USE) == (ChangedStep("use", ("does not come after other any more",)),)


def test_an_order_whose_first_change_is_applied_is_still_valid() -> None:
    other = make_change(Edit("channelInfo", "A", "B", Impact.COSMETIC), name="other")
    done = replace(make_no_op({"channelInfo": "B"}), name="other")
    late = replace(USE, depends_on=("other",))

    assert compare_plans(make_plan(other, late), make_plan(USE, done)) == Comparison((), (), (), ("other",))


def test_a_change_that_is_applied_before_its_dependency_is_still_valid() -> None:
    other = make_change(Edit("channelInfo", "A", "B", Impact.COSMETIC), name="other")
    late = replace(USE, depends_on=("other",))

    assert compare_plans(make_plan(other, late), make_plan(other, make_no_op({MULTIPLIER: 2}))) == Comparison(
        (), (), (), ("use",)
    )


def test_a_change_does_not_differ_because_its_dependency_is_no_longer_needed() -> None:
    other = make_change(Edit("channelInfo", "A", "B", Impact.COSMETIC), name="other")
    late = replace(USE, depends_on=("other",))

    assert compare_plans(make_plan(other, late), make_plan(USE)) == Comparison(("other",), (), ())


def test_a_feed_that_is_rerouted_without_a_reviewed_step_is_a_difference() -> None:
    step = FeedStep("use", (MULTIPLIER,), 7)
    now = replace(make_plan(USE), feeds=(FeedRoute("logger", "use", 1, 2, (), (step,)),))

    assert compare_plans(make_plan(USE), now).changed == (
        ChangedStep("use", ("sends the readings of feed logger to channel 7 now, which was not reviewed",)),
    )


def test_a_feed_that_is_rerouted_to_another_channel_than_reviewed_is_a_difference() -> None:
    def explain(*moves: FeedStep) -> tuple[ChangedStep, ...]:
        reviewed, now = (
            replace(make_plan(USE), feeds=(FeedRoute("logger", "use", 1, 2, (), steps),))
            for steps in ((FeedStep("use", (MULTIPLIER,), 1042),), moves)
        )
        return compare_plans(reviewed, now).changed

    what = "now, which was not reviewed"
    assert explain(FeedStep("use", (MULTIPLIER,), 1042)) == explain() == ()
    assert explain(FeedStep("use", (MULTIPLIER,), 7)) == (
        ChangedStep("use", (f"sends the readings of feed logger to channel 7 {what}",)),
    )
    assert explain(FeedStep("use", (MULTIPLIER,), None)) == (
        ChangedStep("use", (f"sends the readings of feed logger to no single channel {what}",)),
    )


@pytest.mark.parametrize("names", [{"use"}, {"use", "held"}], ids=["blocked at review", "sent at review"])
def test_a_restricted_plan_sends_only_reviewed_changes_and_still_lists_blocked_ones(names: set[str]) -> None:
    new, blocked = make_change(EDIT, name="new"), replace(make_blocked(USE), name="held", depends_on=("new", "use"))
    routes = FeedRoute("logger", "use", 1, 2, (), (FeedStep("new", (), 3), FeedStep("use", (), 2)))
    plan = replace(make_plan(new, USE, blocked), feeds=(routes,))

    assert restrict_plan(plan, names) == replace(
        plan,
        changes=(USE, replace(blocked, depends_on=("use",))),
        feeds=(replace(routes, steps=(FeedStep("use", (), 2),)),),
    )


def test_a_different_value_is_reported_once() -> None:
    now = replace(make_change(replace(EDIT, after=3)), target_values={MULTIPLIER: 3})

    assert compare(USE, now).changed == (ChangedStep("use", (f"{MULTIPLIER} becomes 3 now, was to become 2",)),)


def test_an_edit_that_became_necessary_since_the_review_is_reported_once() -> None:
    name = Edit("channelInfo", "By hand", "Main", Impact.COSMETIC)
    targets: Spec = {MULTIPLIER: 2, "channelInfo": "Main"}
    was = replace(USE, target_values=targets, live={"channelInfo": "Main"})
    now = replace(make_change(EDIT, name), target_values=targets, live={"channelInfo": "By hand"})

    assert compare(was, now).changed == (
        ChangedStep("use", ('channelInfo is now edited as well, from "By hand" to "Main"',)),
    )


def test_every_managed_value_that_means_something_else_is_reported() -> None:
    was, now = (
        replace(make_change(replace(EDIT, after=after)), target_values={MULTIPLIER: after, "channelInfo": info})
        for after, info in ((2, "A"), (3, "B"))
    )

    assert compare(was, now).changed == (
        ChangedStep("use", (f"{MULTIPLIER} becomes 3 now, was to become 2", "channelInfo means something else now")),
    )


@pytest.mark.parametrize(
    ("wanted", "live", "live_now"),
    [("Roof ", "Roof", "Roof "), (" Roof ", "Roof", " Roof")],
    ids=["untrimmed", "trimmed otherwise"],
)
def test_a_managed_text_that_still_is_what_the_file_wants_is_not_a_difference(
    wanted: str, live: str, live_now: str
) -> None:
    was, now = (
        replace(USE, target_values={**USE.target_values, "channelDescription": wanted}, live={"channelDescription": x})
        for x in (live, live_now)
    )

    assert compare(was, now) == Comparison((), (), ())


def test_an_edit_that_is_no_longer_in_the_files_is_a_difference() -> None:
    unit = Edit(UNIT, "KWH", "KW", Impact.FORWARD)

    assert compare(make_change(EDIT, unit), USE).changed == (ChangedStep("use", (f"{UNIT} is not edited any more",)),)


def test_a_new_change_does_not_invalidate_the_reviewed_ones() -> None:
    comparison = compare(USE, USE, make_change(EDIT, name="drifted"))

    assert comparison == Comparison((), (), ("drifted",))
    assert comparison.is_still_valid


def test_a_change_that_was_blocked_at_review_counts_only_once_it_is_sendable() -> None:
    blocked = make_blocked(USE)

    assert compare(blocked, blocked) == Comparison((), (), ())
    assert compare(blocked, USE) == Comparison((), (), ("use",))


@pytest.mark.parametrize(
    ("comparison", "words"),
    [
        (Comparison(("a", "b"), (), ("c",)), "since review: 2 changes gone, 1 new"),
        (Comparison((), (ChangedStep("a", ()),), ()), "since review: 1 change changed"),
        (Comparison((), (), ("a", "b")), "since review: 2 changes new"),
        (Comparison(("a",), (ChangedStep("b", ()),), ("c",)), "since review: 1 change gone, 1 changed, 1 new"),
    ],
    ids=["gone and new", "changed", "new", "all"],
)
def test_differences_are_counted(comparison: Comparison, words: str) -> None:
    assert comparison.describe() == words


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


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_as_many_new_channels_as_the_guard_allows_pass_and_one_more_does_not(limit: int) -> None:
    (update,) = plan_of([make_desired("one", 1, {"channelInfo": "New"})], [make_live(1)]).changes
    created = replace(update, action=Action.CREATE)
    blocked = replace(created, verdict=Verdict.BLOCKED)
    plan = replace(plan_of([], []), changes=(created, created, blocked, update))

    found = check_guards(plan, Guards(max_creates=limit), is_reviewed=False)

    assert [(finding.code, finding.message) for finding in found] == (
        [] if limit == 2 else [("ESA535", f"the plan creates 2 channels, guards.maxCreates is {limit}")]
    )


REVIEW = (
    "save the plan with  reconciler plan --out plan.json,  have it reviewed, and then apply it:  "
    "reconciler apply plan.json"
)


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


def test_a_plan_warns_of_the_guards_that_will_stop_its_apply() -> None:
    plan = plan_of([make_desired("n1", 1, {f"{V}multiplier": 2})], [make_live(1, has_readings=True)])
    guards = Guards(MaxChanges(0), HistoryRewrites.ASK)

    (warning,) = preview_guards(plan, guards)

    assert warning == Finding(
        "ESA511",
        Severity.WARNING,
        "apply will stop: the plan changes 1 of 1 managed channels, guards.maxChanges is 0",
        None,
        (),
        "write  maxChanges: 1  under guards in the project file; not even a part with one change is allowed",
    )


IN_PARTS = "apply in parts with --only, or raise guards.maxChanges in the project file"
NOT_ONE = "write  maxChanges: 3  under guards in the project file; not even a part with one change is allowed"
WHOLE = "write  maxChanges: 3  under guards in the project file; it cannot be applied in parts"


@pytest.mark.parametrize(
    ("limit", "digest", "fix"),
    [
        (MaxChanges(2), "sha256:0", IN_PARTS),
        (MaxChanges(34, is_percent=True), "sha256:0", IN_PARTS),
        (MaxChanges(33, is_percent=True), "sha256:0", NOT_ONE),
        (MaxChanges(0), "sha256:0", NOT_ONE),
        (MaxChanges(2), f"{INVERSE}sha256:0", WHOLE),
    ],
    ids=str,
)
def test_a_plan_with_too_many_changes_is_applied_in_parts_only_where_that_helps(
    limit: MaxChanges, digest: str, fix: str
) -> None:
    numbers = range(1, 4)
    plan = plan_of(
        [make_desired(f"n{one}", one, {"channelInfo": "New"}) for one in numbers], [make_live(one) for one in numbers]
    )

    (stop,) = check_guards(replace(plan, definitions_digest=digest), Guards(max_changes=limit), is_reviewed=True)

    assert (stop.code, stop.fix) == ("ESA511", fix)


def test_any_change_exceeds_a_percentage_of_zero_managed_channels() -> None:
    # As an inverse plan was saved by the first versions.
    (stop,) = check_guards(replace(PLANS["one-edit"], managed=0), HALF, is_reviewed=True)
    assert stop.message == "the plan changes 1 of 0 managed channels, guards.maxChanges is 50%"
