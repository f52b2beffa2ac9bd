"""The neighbourhood of formulas around the channels that a plan edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.planning.tenant import make_calculated, make_desired, make_live, plan_of

if TYPE_CHECKING:
    from reconciler.model.plan import Plan

FORMULA = "esaChannelVersion.formula"
LIVE = (
    *(make_live(id_) for id_ in (1, 2, 3)),
    make_calculated(10, "channel(1) + channel(2)"),
    make_calculated(11, "channel(10) * 2"),
    make_calculated(12, "channel(3)"),
)


def tell_links(plan: Plan) -> list[tuple[str | int, str | int, bool, bool]]:
    return [
        (link.user.name or link.user.id, link.used.name or link.used.id, link.before, link.after)
        for link in plan.formula_links
    ]


def test_an_edited_channel_shows_who_uses_it_and_users_of_users() -> None:
    plan = plan_of([make_desired("one", 1, {"channelInfo": "Renamed"})], LIVE)
    assert tell_links(plan) == [(10, "one", True, True), (11, 10, True, True)]


def test_an_edited_formula_shows_what_it_drops_and_adds() -> None:
    plan = plan_of([make_desired("sum", 10, {FORMULA: "channel(1) + channel(3)"})], LIVE)
    assert tell_links(plan) == [
        ("sum", 1, True, True),
        ("sum", 2, True, False),
        ("sum", 3, False, True),
        (11, "sum", True, True),
    ]


def test_without_edits_there_is_no_neighbourhood() -> None:
    assert tell_links(plan_of([make_desired("one", 1)], LIVE)) == []
