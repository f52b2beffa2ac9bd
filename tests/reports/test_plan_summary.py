"""A plan as a whole in sentences."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from reconciler.model.findings import Finding, Severity
from reconciler.model.plan import INVERSE, FeedRoute, LeftOut, Origin
from reconciler.reports.plan_summary import (
    count_changes,
    describe_filter,
    describe_left_out,
    find_feeds_to_review,
    format_environment,
    summarize_plan,
)
from tests.reports.plans import PLANS, RENAME, RESCALE, UNCLEAR, make_change, make_plan

WHERE = "production (https://app.energycap.com)"
DRIFT = "1 of 2 edits is drift, not from this change: the files had these values before, and EnergyCAP has others."
ERROR = Finding("ESA302", Severity.ERROR, "no such channel")
REROUTED = Finding("ESA601", Severity.WARNING, "readings would no longer reach a")
GUARDED = Finding("ESA514", Severity.WARNING, "many channels")
CREATED = Finding("ESA715", Severity.WARNING, "channel 7 was created")
LOST = Finding("ESA716", Severity.WARNING, "unknown whether a was created")
NOTED = Finding("ESA330", Severity.NOTE, "odd")


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (
            make_plan(make_change("a"), make_change("b")),
            f"No changes: all 2 managed channels in {WHERE} match the files.",
        ),
        (make_plan(make_change("a")), f"No changes: the one managed channel in {WHERE} matches the files."),
        (make_plan(), f"No changes: the files have no channels for {WHERE}."),
        (make_plan(make_change("a", RENAME)), f"1 channel would change in {WHERE}."),
        (
            make_plan(make_change("a", RENAME, RESCALE), make_change("b", RESCALE)),
            f"2 channels would change in {WHERE}; 2 edits may rewrite stored values.",
        ),
        (
            make_plan(make_change("a", RESCALE, blocked_by=[UNCLEAR])),
            f"No channel would change in {WHERE}; 1 change is blocked and would not be sent.",
        ),
        (
            make_plan(make_change("a", RENAME, replace(RESCALE, origin=Origin.DRIFT))),
            f"1 channel would change in {WHERE}; 1 edit may rewrite stored values. {DRIFT}",
        ),
        (
            make_plan(make_change("a"), findings=[ERROR]),
            f"Nothing is planned for {WHERE}. 1 error was found: this plan cannot be applied.",
        ),
        (
            make_plan(make_change("a", RENAME), findings=[REROUTED, REROUTED]),
            f"1 channel would change in {WHERE}. 2 warnings, about where readings would go.",
        ),
        (
            make_plan(make_change("a", RENAME), findings=[REROUTED, GUARDED, NOTED]),
            f"1 channel would change in {WHERE}. 2 warnings and 1 note, some of them about where readings would go.",
        ),
        (
            make_plan(make_change("a", RENAME), findings=[GUARDED, NOTED]),
            f"1 channel would change in {WHERE}. 1 warning and 1 note.",
        ),
        (
            replace(make_plan(findings=[CREATED, CREATED]), definitions_digest=f"{INVERSE}sha256:0"),
            (
                "2 channels that were created stay: delete them in EnergyCAP by hand if you do not want them. "
                f"The journal has no value to put back in {WHERE}. 2 warnings."
            ),
        ),
        (
            replace(make_plan(make_change("a", RENAME), findings=[CREATED, LOST]), definitions_digest=INVERSE),
            (
                "1 channel that was created stays: delete it in EnergyCAP by hand if you do not want it. "
                "1 channel may have been created: ESA716 says where to look. "
                f"1 channel would change in {WHERE}. 2 warnings."
            ),
        ),
    ],
    ids=[
        "nothing",
        "nothing of one",
        "nothing of none",
        "one",
        "history",
        "only blocked",
        "drift",
        "errors",
        "readings",
        "readings among others",
        "warnings",
        "undo of new channels alone",
        "undo of new channels among others",
    ],
)
def test_the_first_sentence_says_what_would_happen(plan: object, sentence: str) -> None:
    assert summarize_plan(plan) == sentence  # type: ignore[arg-type]


def test_a_filtered_plan_says_so() -> None:
    assert describe_filter(PLANS["filtered"]) == (
        "Filtered: only channels that match nb-elec-u* and nb-elec-n*, with what they depend on; "
        "all others were left out."
    )


def test_a_whole_plan_says_nothing_of_filters() -> None:
    assert describe_filter(PLANS["mixed"]) == ""


def test_what_only_leaves_out_is_counted_and_named() -> None:
    names = tuple(f"trial-{number}" for number in range(1, 8))

    assert describe_left_out(make_plan()) == ""
    assert describe_left_out(replace(make_plan(), left_out=LeftOut(("trial",)))) == (
        "Left out by the key only, which lists other environments: 1 channel (trial)."
    )
    assert describe_left_out(replace(make_plan(), left_out=LeftOut(names, ("logger", "meter")))) == (
        "Left out by the key only, which lists other environments: 7 channels (trial-1, trial-2, trial-3, trial-4, "
        "trial-5 and 2 more), and with them 2 feeds (logger and meter)."
    )


def test_the_counts_are_one_stable_line() -> None:
    assert count_changes(PLANS["mixed"]) == "Plan: 1 to update, 1 blocked, 1 unchanged, 4 unmanaged."


def test_nothing_is_counted_if_nothing_was_compared() -> None:
    assert count_changes(PLANS["broken"]) == "Plan: none, as there are errors and nothing was compared."


def test_errors_beside_what_was_compared_leave_the_counts() -> None:
    assert count_changes(make_plan(findings=[ERROR])) == "Plan: 0 to update, 0 blocked, 0 unchanged, 4 unmanaged."


def test_an_environment_whose_url_is_its_name_is_named_once() -> None:
    assert format_environment(replace(make_plan(), environment="sandbox", url="sandbox")) == "sandbox"


def test_rerouted_feeds_are_found_with_their_route() -> None:
    stays, moves, ends = (
        FeedRoute("stays", "a", 1042, 1042, ()),
        FeedRoute("moves", "a", 77, 1042, ()),
        FeedRoute("ends", "a", 1042, None, ()),
    )
    plan = make_plan(make_change("a"), feeds=[stays, moves, ends])
    assert find_feeds_to_review(plan) == ((moves, "channel 77 → a"), (ends, "a → no channel"))


def test_a_feed_whose_change_is_blocked_says_that_it_stays() -> None:
    held = FeedRoute("held", "a", 1042, 77, (), is_change_blocked=True)
    plan = make_plan(make_change("a"), feeds=[held])
    assert find_feeds_to_review(plan) == ((held, "stays at a; it would reach channel 77"),)


def test_a_feed_with_a_finding_is_listed_even_if_it_is_not_rerouted() -> None:
    lost = FeedRoute("lost", "a", None, None, ("no channel has this import id",))
    assert find_feeds_to_review(make_plan(feeds=[lost])) == ((lost, "no channel"),)


@pytest.mark.parametrize(
    ("taken", "words"),
    [
        ("2026-11-18T11:00:00Z", "taken 2026-11-18T11:00:00Z, 3 days ago"),
        ("2026-11-20T11:00:00Z", "taken 2026-11-20T11:00:00Z, 1 day ago"),
        ("2026-11-21T09:30:00Z", "taken 2026-11-21T09:30:00Z, 2 hours ago"),
        ("2026-11-21T11:30:00Z", "taken 2026-11-21T11:30:00Z"),
        ("last week", "taken last week"),
        ("", "taken at an unknown time"),
    ],
)
def test_a_plan_against_a_copy_says_how_old_it_is(taken: str, words: str) -> None:
    plan = replace(PLANS["empty"], created="2026-11-21T12:00:00Z", snapshot=taken)
    assert summarize_plan(plan).endswith(
        f"Planned against a snapshot {words}; to apply, plan against the live service."
    )
