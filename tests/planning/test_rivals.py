"""What only one channel can have: an import id, and the primary flags of a data point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.plan import Blocker
from reconciler.model.project import PrimaryMove
from tests.planning.tenant import BASIS, SANDBOX, SOUTH, make_desired, make_live, plan_of, plan_one, tell_blocks

if TYPE_CHECKING:
    from reconciler.model.channels import Desired, Live
    from reconciler.model.plan import Plan

GIVE_UP_FIRST = replace(BASIS, environment=replace(SANDBOX, primary_move=PrimaryMove.GIVE_UP_FIRST))
OLD = make_live(1, {"isPrimaryValue": True, "channelInfo": "Old"})
NEW = make_live(2, {"channelInfo": "New"})


def want_import_id(name: str, id_: int, import_id: str | None) -> Desired:
    return make_desired(name, id_, {"channelImportId": import_id})


def tell_order(plan: Plan) -> list[tuple[str, tuple[str, ...]]]:
    return [(change.name, change.depends_on) for change in plan.sendable]


def test_an_import_id_that_another_channel_has_is_refused() -> None:
    holder = make_live(2, {"channelInfo": "Old use"}, data_point=SOUTH)

    assert plan_one({"channelImportId": "C-2"}, make_live(1), holder).blocked_by == (
        Blocker(
            rule="ESA408",
            message='cannot have import id "C-2": 2 "Old use" (not managed here) has it',
            evidence={
                "channel_import_id": "C-2",
                "held_by": {
                    "channel_id": 2,
                    "name": "Old use",
                    "managed_as": None,
                    "file": None,
                    "line": None,
                },
            },
            unblock='give 2 "Old use" (not managed here) another import id first, or none',
        ),
    )


@pytest.mark.parametrize("freed", ["C-99", None])
def test_an_import_id_is_taken_after_the_change_that_frees_it(freed: str | None) -> None:
    channels = (want_import_id("a-taker", 1, "C-2"), want_import_id("holder", 2, freed))

    assert tell_order(plan_of(channels, (make_live(1), make_live(2)))) == [("holder", ()), ("a-taker", ("holder",))]


def test_letter_case_makes_another_import_id_and_null_is_none() -> None:
    live = (make_live(1), make_live(2), make_live(3, {"channelImportId": None}))

    assert plan_one({"channelImportId": "c-2"}, *live).is_sendable
    assert plan_one({"channelImportId": None}, *live).is_sendable


def test_an_import_id_that_two_changes_give_is_refused_to_both() -> None:
    plan = plan_of((want_import_id("one", 1, "X"), want_import_id("two", 2, "X")), (make_live(1), make_live(2)))

    assert [tell_blocks(change) for change in plan.changes] == [
        ['ESA408 cannot have import id "X": this plan gives it to two (channels/north.yaml:7) too'],
        ['ESA408 cannot have import id "X": this plan gives it to one (channels/north.yaml:7) too'],
    ]
    assert plan.changes[0].blocked_by[0].evidence == {
        "channel_import_id": "X",
        "wanted_by": {
            "channel_id": 2,
            "name": "Use",
            "managed_as": "two",
            "file": "channels/north.yaml",
            "line": 7,
        },
    }


def test_two_channels_that_exchange_their_import_ids_wait_for_each_other() -> None:
    plan = plan_of((want_import_id("a", 1, "C-2"), want_import_id("b", 2, "C-1")), (make_live(1), make_live(2)))

    assert [change.blocked_by for change in plan.changes] == 2 * [
        (
            Blocker(
                rule="ESA408",
                message="cannot be put in order, because none can come first: a waits for b, b waits for a",
                evidence={"cycle": ["a", "b"]},
                unblock="break the circle by two plans: "
                "first give one of these channels an import id that none has, or null",
            ),
        )
    ]


def move(
    path: str = "isPrimaryValue", old: Live = OLD, new: Live = NEW
) -> tuple[tuple[Desired, ...], tuple[Live, ...]]:
    """A move of a primary flag from `old`, managed as z-old, to `new`, managed as y-new."""
    return (make_desired("z-old", old.id, {path: False}), make_desired("y-new", new.id, {path: True})), (old, new)


@pytest.mark.parametrize("path", ["isPrimaryValue", "isPrimaryDemand"])
def test_a_flag_moves_in_the_order_that_the_environment_is_set_to(path: str) -> None:
    old, new = make_live(1, {path: True}), make_live(2)
    channels, live = move(path, old, new)

    assert tell_order(plan_of(channels, live)) == [("y-new", ()), ("z-old", ("y-new",))]
    assert tell_order(plan_of(channels, live, GIVE_UP_FIRST)) == [("z-old", ()), ("y-new", ("z-old",))]


@pytest.mark.parametrize("basis", [BASIS, GIVE_UP_FIRST], ids=["take first", "give up first"])
@pytest.mark.parametrize("blocked", ["z-old", "y-new"])
def test_where_one_of_a_move_is_blocked_both_are(blocked: str, basis: object) -> None:
    channels, live = move()
    wrong = [
        replace(desired, spec={**desired.spec, "intervalMinutes": None}) if desired.name == blocked else desired
        for desired in channels
    ]
    other = {"z-old": "y-new", "y-new": "z-old"}[blocked]

    plan = plan_of(wrong, live, BASIS if basis is BASIS else GIVE_UP_FIRST)

    assert {change.name: tell_blocks(change) for change in plan.changes} == {
        blocked: ["ESA202 intervalMinutes is required for a simple channel, found null"],
        other: [f"ESA409 needs the change of {blocked}, which is blocked by ESA202"],
    }


def test_a_flag_is_not_taken_from_a_channel_that_is_not_managed() -> None:
    assert plan_one({"isPrimaryValue": True}, NEW, OLD).blocked_by == (
        Blocker(
            rule="ESA409",
            message='cannot become primary value of data point NB-ELEC: 1 "Old" (not managed here) is, '
            "and EnergyCAP would change it unseen",
            evidence={
                "data_point": "NB-ELEC",
                "path": "isPrimaryValue",
                "held_by": {
                    "channel_id": 1,
                    "name": "Old",
                    "managed_as": None,
                    "file": None,
                    "line": None,
                },
            },
            unblock="put channel 1 into the files with  isPrimaryValue: false",
        ),
    )


@pytest.mark.parametrize("spec", [{}, {"isPrimaryValue": True}, {"channelInfo": "Older"}])
def test_a_flag_is_not_taken_from_a_channel_that_does_not_say_so(spec: dict[str, str | bool]) -> None:
    channels = (make_desired("new", 2, {"isPrimaryValue": True}), make_desired("old", 1, spec, line=31))

    plan = plan_of(channels, (OLD, NEW))

    assert [(block.message, block.unblock) for block in plan.blocked[0].blocked_by] == [
        (
            "cannot become primary value of data point NB-ELEC: old (channels/north.yaml:31) is and stays so",
            "write  isPrimaryValue: false  for old (channels/north.yaml:31)",
        )
    ]


def test_two_channels_cannot_take_one_flag() -> None:
    channels = (make_desired("one", 1, {"isPrimaryDemand": True}), make_desired("two", 2, {"isPrimaryDemand": True}))

    plan = plan_of(channels, (make_live(1), make_live(2)))

    assert [(block.message, block.unblock) for block in plan.changes[0].blocked_by] == [
        (
            "cannot become primary demand of data point NB-ELEC: this plan makes two (channels/north.yaml:7) so too",
            "write  isPrimaryDemand: true  for one of the two only",
        )
    ]
    assert not plan.sendable


def test_the_last_primary_value_cannot_be_given_up() -> None:
    assert plan_one({"isPrimaryValue": False}, OLD, NEW).blocked_by == (
        Blocker(
            rule="ESA409",
            message="cannot stop being primary value of data point NB-ELEC: no other channel is to be it",
            evidence={
                "data_point": "NB-ELEC",
                "path": "isPrimaryValue",
                "others": [
                    {
                        "channel_id": 2,
                        "name": "New",
                        "managed_as": None,
                        "file": None,
                        "line": None,
                    }
                ],
            },
            unblock="write  isPrimaryValue: true  for another channel of the data point in the same plan",
        ),
    )


@pytest.mark.parametrize(
    ("path", "live"),
    [
        pytest.param("isPrimaryDemand", (make_live(1, {"isPrimaryDemand": True}),), id="demand is optional"),
        pytest.param("isPrimaryValue", (OLD, make_live(2, {"isPrimaryValue": True})), id="two have it"),
        pytest.param("isPrimaryValue", (make_live(1, {"isPrimaryValue": None}),), id="it is not known to have it"),
    ],
)
def test_a_flag_may_be_given_up_where_no_value_is_lost(path: str, live: tuple[Live, ...]) -> None:
    assert plan_one({path: False}, *live).is_sendable


def test_a_flag_that_nobody_has_may_be_taken() -> None:
    elsewhere = replace(OLD, data_point=SOUTH)

    assert plan_one({"isPrimaryValue": True}, NEW, elsewhere).is_sendable
