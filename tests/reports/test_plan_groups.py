"""Changes in groups, and what depends on a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.channels import DataPoint
from reconciler.model.fields import Impact
from reconciler.model.plan import MIN_IDENTICAL, ChannelLabel, Edit, FormulaLink
from reconciler.reports.plan_groups import (
    blocking_rules,
    find_dependents,
    format_data_point,
    group_by_data_point,
    group_by_place,
    group_identical,
    introduce_blocked_dependents,
)
from tests.reports.plans import (
    LOST,
    NORTH,
    REIDENTIFY,
    RENAME,
    RESCALE,
    SOUTH,
    UNCLEAR,
    USED,
    VERSIONED,
    make_change,
    make_plan,
)

if TYPE_CHECKING:
    from reconciler.model.plan import Change


ALL = tuple(make_change(f"use-{number}", RESCALE, channel_id=number) for number in range(MIN_IDENTICAL))


def test_changes_are_grouped_by_data_point_ordered_by_place_and_code() -> None:
    south, lost, north, other = (
        make_change(name, RENAME, data_point=point)
        for name, point in (("south", SOUTH), ("lost", LOST), ("north", NORTH), ("other", NORTH))
    )
    assert [(group.data_point.id, group.changes) for group in group_by_data_point([south, lost, north, other])] == [
        (7, (north, other)),
        (8, (south,)),
        (9, (lost,)),
    ]


def test_changes_are_grouped_by_place_those_without_one_last() -> None:
    south, lost, north = (make_change("a", RENAME, data_point=point) for point in (SOUTH, LOST, NORTH))
    assert group_by_place([south, lost, north]) == (
        ("North Campus", (north,)),
        ("South Campus", (south,)),
        ("", (lost,)),
    )


def test_a_data_point_is_named_by_what_is_known_of_it() -> None:
    assert [format_data_point(point) for point in (NORTH, LOST, DataPoint(3, code="A", name="A", place_code="P"))] == [
        "North Campus · NB-ELEC-01 North electricity (ELECTRIC)",
        "data point 9",
        "P · A",
    ]


def test_changes_with_identical_edits_are_grouped() -> None:
    other = make_change("other", RENAME)
    ((fold,), single) = group_identical([*ALL, other])
    assert (fold.changes, fold.exceptions, single) == (ALL, (), (other,))


def test_too_few_identical_changes_are_not_grouped() -> None:
    assert group_identical(ALL[1:]) == ((), ALL[1:])


def test_blocked_and_dependent_changes_are_exceptions_and_never_grouped() -> None:
    blocked = make_change("blocked", RESCALE, blocked_by=[UNCLEAR])
    waiting = make_change("waiting", RESCALE, depends_on=["use-1"])
    ((fold,), single) = group_identical([blocked, *ALL, waiting])
    assert (fold.exceptions, single) == ((blocked, waiting), (blocked, waiting))


def test_a_different_edit_of_the_same_value_is_an_exception() -> None:
    other = make_change("other", replace(RESCALE, after=1000), RENAME)
    ((fold,), _) = group_identical([*ALL, other])
    assert fold.exceptions == (other,)


def test_the_largest_group_comes_first() -> None:
    renamed = tuple(make_change(f"name-{number}", RENAME, channel_id=number) for number in range(MIN_IDENTICAL + 1))
    folds, _ = group_identical([*ALL, *renamed])
    assert [fold.changes for fold in folds] == [renamed, ALL]


def test_an_excluded_change_is_not_grouped() -> None:
    ((fold,), single) = group_identical([*ALL, make_change("apart", *ALL[0].edits)], {"apart"})
    assert (fold.changes, [change.name for change in single]) == (ALL, ["apart"])


A, B, C, D = (ChannelLabel(number, None, str(number)) for number in (1, 2, 3, 4))
LINKS = [FormulaLink(user, used, before=True, after=True) for user, used in ((B, A), (C, B), (A, C), (D, D))]
STRUCTURE = Edit("isPrimaryValue", before=False, after=True, impact=Impact.STRUCTURAL)
LIMIT = Edit("esaChannelVersion.maximumReading", None, 5000, Impact.FORWARD)


@pytest.mark.parametrize("edit", [RESCALE, LIMIT, STRUCTURE], ids=["history", "forward", "structural"])
def test_values_reach_the_channels_that_use_them_and_their_users_in_turn(edit: Edit) -> None:
    assert _find_reached(make_change("a", RENAME, edit, channel_id=1)) == (B, C)


@pytest.mark.parametrize("edit", [RENAME, REIDENTIFY], ids=["cosmetic", "routing"])
def test_an_edit_that_changes_no_value_reaches_nothing(edit: Edit) -> None:
    assert _find_reached(make_change("a", edit, channel_id=1)) == ()


def _find_reached(change: Change) -> tuple[ChannelLabel, ...]:
    return find_dependents(make_plan(change, formula_links=LINKS)).affected_channels(change)


def test_blocked_changes_wait_for_what_can_be_sent() -> None:
    first = make_change("first", RESCALE)
    held = [make_change(name, RENAME, blocked_by=[USED, VERSIONED, USED], depends_on=["first"]) for name in "bc"]
    sent = make_change("sent", RENAME, depends_on=["first"])
    assert find_dependents(make_plan(first, sent, *held)).blocked_dependents(first) == tuple(held)
    assert blocking_rules(held[0]) == ("ESA403", "ESA402")


def test_dependents_of_a_blocked_change_are_not_listed() -> None:
    first = make_change("first", RENAME, blocked_by=[UNCLEAR])
    held = make_change("held", RENAME, blocked_by=[USED], depends_on=["first"])
    assert find_dependents(make_plan(first, held)).blocked_dependents(first) == ()


def test_one_waits_and_several_wait() -> None:
    change = make_change("a", RENAME)
    assert [introduce_blocked_dependents([change] * number) for number in (1, 2)] == [
        "a blocked change depends on this one",
        "blocked changes depend on this one",
    ]
