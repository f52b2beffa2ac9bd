from __future__ import annotations

import pytest
from msgspec.structs import replace

from reconciler.apply.recheck import find_conflicts, find_worse_impacts
from reconciler.model.fields import Impact
from reconciler.model.plan import Edit
from tests.apply.records import INFO, MULTIPLIER, make_change, make_live

FULL_REGISTER = 999_999_999_999_999


@pytest.mark.parametrize("value", [1, 2], ids=["as the plan saw it", "as the plan wants it"])
def test_a_value_that_the_plan_knows_has_not_moved(value: int) -> None:
    change = make_change(make_live(), {MULTIPLIER: 2})

    assert find_conflicts(change, make_live({MULTIPLIER: value})) == ()


def test_a_value_that_is_neither_as_seen_nor_as_wanted_has_moved() -> None:
    change = make_change(make_live(), {INFO: "North", MULTIPLIER: 2})

    assert find_conflicts(change, make_live({MULTIPLIER: 3})) == (f"{MULTIPLIER} is 3, the plan saw 1",)


def test_a_managed_value_that_needed_no_edit_counts_too() -> None:
    change = make_change(make_live(), {INFO: "Main", MULTIPLIER: 2})

    assert find_conflicts(change, make_live({INFO: "Annex"})) == ('channelInfo is "Annex", the plan saw "Main"',)


def test_a_value_that_is_not_managed_may_move() -> None:
    change = make_change(make_live(), {MULTIPLIER: 2})

    assert find_conflicts(change, make_live({INFO: "Annex"})) == ()


def test_a_version_more_or_less_is_a_movement() -> None:
    change = make_change(make_live(), {MULTIPLIER: 2})

    assert find_conflicts(change, make_live(versions=2)) == ("it has 2 versions, the plan saw 1",)


def test_one_version_left_is_a_movement() -> None:
    change = make_change(make_live(versions=2), {MULTIPLIER: 2})

    assert find_conflicts(change, make_live()) == ("it has 1 version, the plan saw 2",)


def test_another_current_version_is_a_movement() -> None:
    change = replace(make_change(make_live(), {MULTIPLIER: 2}), version_id=7)

    assert find_conflicts(change, make_live()) == ("its current version is 10, the plan saw 7",)


@pytest.mark.parametrize(
    ("has_readings", "reviewed", "live", "sentences"),
    [
        (
            True,
            Impact.FORWARD,
            1,
            (f"the edit of {MULTIPLIER} is history now, was forward: readings came since",),
        ),
        (True, Impact.HISTORY, 1, ()),
        (False, Impact.HISTORY, 1, ()),
        (None, Impact.FORWARD, 1, ()),
        (True, Impact.FORWARD, 2, ()),
    ],
    ids=["readings came", "known before", "readings went", "unknown", "done already"],
)
def test_an_edit_that_would_now_do_worse_says_so(
    has_readings: bool | None, reviewed: Impact, live: int, sentences: tuple[str, ...]
) -> None:
    change = replace(make_change(make_live(), {MULTIPLIER: 2}), edits=(Edit(MULTIPLIER, 1, 2, reviewed),))

    assert find_worse_impacts(change, replace(make_live({MULTIPLIER: live}), has_readings=has_readings)) == sentences
