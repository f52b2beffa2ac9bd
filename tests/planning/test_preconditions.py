"""The preconditions judged again, on fresh reads at the time of apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.project import PrimaryMove
from reconciler.planning.diff import apply_values
from reconciler.planning.preconditions import recheck_preconditions
from reconciler.planning.translation import codes_by_id
from tests.planning.tenant import (
    BASIS,
    REFERENCE,
    SANDBOX,
    V,
    make_calculated,
    make_desired,
    make_live,
    plan_of,
)

if TYPE_CHECKING:
    from reconciler.model.channels import Live
    from reconciler.model.plan import Change, Plan

GIVE_UP_FIRST = replace(BASIS, environment=replace(SANDBOX, primary_move=PrimaryMove.GIVE_UP_FIRST))
OLD, NEW, THIRD = make_live(1, {"isPrimaryValue": True}), make_live(2), make_live(3)
MOVE = (make_desired("old", 1, {"isPrimaryValue": False}), make_desired("new", 2, {"isPrimaryValue": True}))


def judge_again(plan: Plan, name: str, *live: Live) -> list[str]:
    """The rules that block the change called `name` of `plan` when the data point reads as `live`."""
    (change,) = (change for change in plan.sendable if change.name == name)
    fresh = next(channel for channel in live if channel.id == change.channel_id)
    others = [other for other in plan.sendable if other is not change]
    return [block.rule for block in recheck_preconditions(change, fresh, live, REFERENCE, others)]


def carry_out(change: Change, live: Live) -> Live:
    """`live` after `change`."""
    return apply_values(live, change.target_values, codes_by_id(REFERENCE))


def test_nothing_blocks_where_nothing_has_moved() -> None:
    plan = plan_of((make_desired("north", 1, {f"{V}unitCode": "KW", "channelImportId": "X"}),), (OLD, NEW))

    assert judge_again(plan, "north", OLD, NEW) == []


def test_readings_that_came_meanwhile_block_a_conversion() -> None:
    plan = plan_of((make_desired("new", 2, {"isCalculated": True, f"{V}formula": "channel(1)"}),), (OLD, NEW))

    assert judge_again(plan, "new", OLD, replace(NEW, has_readings=True)) == ["ESA401"]
    assert judge_again(plan, "new", OLD, replace(NEW, is_convertible=False)) == ["ESA405"]
    assert judge_again(plan, "new", OLD, NEW, make_calculated(3, "channel(2)")) == ["ESA403"]


def test_readings_that_came_meanwhile_block_a_begin_that_would_leave_them_without_a_version() -> None:
    plan = plan_of((make_desired("new", 2, {f"{V}beginDate": "2025-03-01"}),), (OLD, NEW))
    read = replace(NEW, has_readings=True, first_reading="2025-02-01T00:15:00", last_reading="2025-04-01T00:00:00")

    assert judge_again(plan, "new", OLD, read) == ["ESA420"]
    assert judge_again(plan, "new", OLD, replace(read, first_reading="2025-03-01T00:15:00")) == []


def test_a_conversion_that_is_live_already_is_not_judged_as_one() -> None:
    plan = plan_of(
        (make_desired("new", 2, {"isCalculated": True, f"{V}formula": "channel(1)", "channelInfo": "Net"}),),
        (OLD, NEW),
    )
    converted = make_calculated(2, "channel(1)", has_readings=True, is_convertible=False)

    assert judge_again(plan, "new", OLD, converted) == []


def test_what_an_earlier_change_was_to_free_must_show_in_the_fresh_read() -> None:
    user = make_calculated(3, "channel(2)")
    channels = (
        make_desired("net", 2, {"isCalculated": True, f"{V}formula": "channel(1)"}),
        make_desired("user", 3, {f"{V}formula": "channel(1)"}),
    )
    plan = plan_of(channels, (OLD, NEW, user))
    first, _ = plan.sendable

    assert judge_again(plan, "net", OLD, NEW, carry_out(first, user)) == []
    assert judge_again(plan, "net", OLD, NEW, user) == ["ESA403"]


def test_an_import_id_must_be_free_by_then() -> None:
    channels = (make_desired("a", 1, {"channelImportId": "C-2"}), make_desired("b", 2, {"channelImportId": "C-9"}))
    plan = plan_of(channels, (OLD, NEW))

    assert judge_again(plan, "a", OLD, NEW) == ["ESA408"]
    assert judge_again(plan, "a", OLD, carry_out(plan.sendable[0], NEW)) == []


def test_a_flag_may_be_taken_from_the_channel_that_gives_it_up_next() -> None:
    plan = plan_of(MOVE, (OLD, NEW))

    assert judge_again(plan, "new", OLD, NEW) == []
    assert judge_again(plan, "old", OLD, carry_out(plan.sendable[0], NEW)) == []


def test_a_flag_may_be_given_up_for_the_channel_that_takes_it_next() -> None:
    plan = plan_of(MOVE, (OLD, NEW), GIVE_UP_FIRST)

    assert judge_again(plan, "old", OLD, NEW) == []
    assert judge_again(plan, "new", carry_out(plan.sendable[0], OLD), NEW) == []


@pytest.mark.parametrize("basis", [BASIS, GIVE_UP_FIRST], ids=["take first", "give up first"])
def test_a_flag_is_not_taken_from_a_channel_that_got_it_meanwhile(basis: object) -> None:
    plan = plan_of(MOVE, (OLD, NEW, THIRD), BASIS if basis is BASIS else GIVE_UP_FIRST)
    risen = replace(THIRD, values={**THIRD.values, "isPrimaryValue": True})
    fallen = replace(OLD, values={**OLD.values, "isPrimaryValue": False})

    assert judge_again(plan, "new", fallen, NEW, risen) == ["ESA409"]


def test_the_last_primary_value_is_not_given_up_where_its_heir_lost_it_again() -> None:
    plan = plan_of(MOVE, (OLD, NEW))

    assert judge_again(plan, "old", OLD, NEW) == ["ESA409"]
