"""What hangs on the changes of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.model.fields import Impact
from reconciler.model.plan import ChannelLabel, Edit, FormulaLink
from reconciler.reports.relations import blocking_rules, find_dependents, introduce_blocked_dependents
from tests.reports.plans import REIDENTIFY, RENAME, RESCALE, UNCLEAR, USED, VERSIONED, make_change, make_plan

if TYPE_CHECKING:
    from reconciler.model.plan import Change

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


def test_nothing_is_said_of_what_waits_for_a_blocked_change() -> None:
    first = make_change("first", RENAME, blocked_by=[UNCLEAR])
    held = make_change("held", RENAME, blocked_by=[USED], depends_on=["first"])
    assert find_dependents(make_plan(first, held)).blocked_dependents(first) == ()


def test_one_waits_and_several_wait() -> None:
    change = make_change("a", RENAME)
    assert [introduce_blocked_dependents([change] * number) for number in (1, 2)] == [
        "a blocked change waits for this one",
        "blocked changes wait for this one",
    ]
