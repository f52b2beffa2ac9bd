"""Whether a formula uses only what it may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.plan import Blocker
from reconciler.planning.conversions import list_new_formulas
from tests.planning.tenant import (
    SOUTH,
    V,
    make_calculated,
    make_desired,
    make_live,
    plan_of,
    plan_one,
    tell_blocks,
)

if TYPE_CHECKING:
    from reconciler.model.values import Spec

USER = make_calculated(1, "channel(2)")
TO_SIMPLE: Spec = {"isCalculated": False, "intervalMinutes": 15}


def test_everything_wrong_with_the_inputs_of_a_formula_is_told_at_once() -> None:
    live = (
        make_live(2),
        make_live(3, {"channelInfo": "Far"}, data_point=SOUTH),
        make_calculated(4, "channel(2)", {"channelInfo": "Net"}),
    )
    formula = "channel(1) + channel(2) + channel(3) + channel(4)"

    assert plan_one({f"{V}formula": formula}, USER, *live).blocked_by == (
        Blocker(
            rule="ESA410",
            message="cannot use this formula: north (channels/north.yaml:7) is the channel itself; "
            '3 "Far" (not managed here) is not on this data point; 4 "Net" (not managed here) is calculated',
            evidence={
                "formula": formula,
                "inputs": [
                    {
                        "channel_id": 1,
                        "name": "Use",
                        "managed_as": "north",
                        "file": "channels/north.yaml",
                        "line": 7,
                        "problem": "is the channel itself",
                    },
                    {
                        "channel_id": 3,
                        "name": "Far",
                        "managed_as": None,
                        "file": None,
                        "line": None,
                        "problem": "is not on this data point",
                    },
                    {
                        "channel_id": 4,
                        "name": "Net",
                        "managed_as": None,
                        "file": None,
                        "line": None,
                        "problem": "is calculated",
                    },
                ],
            },
            unblock="use simple channels of the same data point; in place of a calculated one, its own formula",
        ),
    )


def test_a_formula_waits_for_the_change_that_makes_its_input_simple() -> None:
    live = (USER, make_live(2), make_calculated(3, "channel(2)"))
    channels = (make_desired("a-user", 1, {f"{V}formula": "channel(input)"}), make_desired("input", 3, TO_SIMPLE))

    plan = plan_of(channels, live)

    assert [(change.name, change.depends_on) for change in plan.sendable] == [("input", ()), ("a-user", ("input",))]


def test_a_formula_cannot_use_what_becomes_calculated() -> None:
    live = (USER, make_live(2), make_live(3))
    spec: Spec = {"isCalculated": True, f"{V}formula": "channel(2)"}
    channels = (make_desired("user", 1, {f"{V}formula": "channel(input)"}), make_desired("input", 3, spec))

    plan = plan_of(channels, live)

    assert [change.name for change in plan.sendable] == ["input"]
    assert tell_blocks(plan.blocked[0]) == [
        "ESA410 cannot use this formula: input (channels/north.yaml:7) becomes calculated by this plan"
    ]


def test_two_channels_may_exchange_being_calculated() -> None:
    live = (USER, make_live(2))
    becomes: Spec = {"isCalculated": True, f"{V}formula": "channel(net)"}
    channels = (make_desired("net", 1, TO_SIMPLE), make_desired("a-use", 2, becomes))

    assert [change.name for change in plan_of(channels, live).sendable] == ["net", "a-use"]


def test_a_formula_that_is_live_and_not_touched_is_not_judged() -> None:
    far = make_live(2, data_point=SOUTH)

    assert plan_one({"channelInfo": "New name"}, USER, far).is_sendable
    assert plan_one({f"{V}formula": None}, replace(USER, has_readings=None), far).blocked_by[0].rule == "ESA205"


def test_a_formula_whose_input_another_change_converts_is_not_asked_about_yet() -> None:
    live = (USER, make_live(2), make_calculated(3, "channel(2)"), make_live(4))

    def list_asked(used: str, spec: Spec) -> tuple[tuple[int, int, str], ...]:
        channels = (make_desired("user", 1, {f"{V}formula": f"channel({used})"}), make_desired("input", 3, spec))
        return list_new_formulas(plan_of(channels, live))

    assert list_asked("3", TO_SIMPLE) == ()
    assert list_asked("4", TO_SIMPLE) == list_asked("4", {"channelInfo": "New"}) == ((1, 100, "channel(4)"),)


def test_only_a_formula_that_is_edited_is_asked_about() -> None:
    def list_asked(spec: Spec) -> tuple[tuple[int, int, str], ...]:
        return list_new_formulas(plan_of([make_desired("user", 1, spec)], (USER, make_live(2), make_live(3))))

    assert list_asked({"channelInfo": "New", f"{V}formula": "channel( 2 )"}) == ()
    assert list_asked({"channelInfo": "New", f"{V}formula": "channel(3)"}) == ((1, 100, "channel(3)"),)
