"""Feeds led through a change once more, on channels read afresh."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.channels import Definitions, Snapshot
from reconciler.model.findings import Location
from reconciler.model.identifiers import Feed, Identifiers
from reconciler.model.plan import Blocker, FeedRoute, FeedStep
from reconciler.planning.feed_impact import recheck_feeds
from reconciler.planning.plan import make_plan
from tests.planning.tenant import BASIS, REFERENCE, V, make_desired, make_live

if TYPE_CHECKING:
    from reconciler.model.channels import Live
    from reconciler.model.plan import Plan
    from reconciler.model.values import Spec

UNIT: Spec = {f"{V}unitCode": "KW"}
USE = Identifiers(meter_import_id="NB-ELEC-01", observation_type_code="ELECUSE")
USE_KWH = replace(USE, unit_code="KWH")
ONE, DEMAND = make_live(1), make_live(2, {"observationTypeId": 11})
TWIN = make_live(2, {"observationTypeId": 10, f"{V}unitId": 2})


def plan_edit(spec: Spec, live: tuple[Live, ...], feeds: tuple[Feed, ...] = ()) -> Plan:
    """The plan of an edit of channel 1."""
    definitions = Definitions((make_desired("one", 1, spec),), feeds, ("channels/north.yaml",), "sha256:0")
    return make_plan(definitions, Snapshot(live, REFERENCE), BASIS)


def judge_again(
    spec: Spec, pointers: Identifiers, planned: tuple[Live, ...], now: tuple[Live, ...]
) -> tuple[Blocker, ...]:
    """What keeps an edit of channel 1, planned on `planned`, from being made where the data point reads as `now`."""
    feeds = (Feed("logger", Location("channels/north.yaml", 31), pointers, "one"),)
    plan = plan_edit(spec, planned, feeds)
    (change,) = plan.sendable
    return recheck_feeds(change, now[0], now, plan.feeds, REFERENCE)


def test_a_channel_that_came_to_look_alike_may_make_an_edit_lead_a_feed_away() -> None:
    assert judge_again(UNIT, USE_KWH, (ONE, DEMAND), (ONE, DEMAND)) == ()
    assert judge_again(UNIT, USE_KWH, (ONE, DEMAND), (ONE, TWIN)) == (
        Blocker(
            "ESA603",
            "would take the readings of feed logger away from one: they would land nowhere, because no channel fits",
            {
                "feed": "logger",
                "identifiers": 'meterImportId "NB-ELEC-01", observationTypeCode "ELECUSE", unitCode "KWH"',
            },
            "plan again: reconciler plan",
        ),
    )


@pytest.mark.parametrize(
    ("spec", "pointers", "planned", "now"),
    [
        pytest.param({"channelInfo": "New"}, USE_KWH, (ONE, DEMAND), (ONE, TWIN), id="no edit of what is pointed at"),
        pytest.param(
            UNIT, replace(USE, unit_code="KW"), (ONE, TWIN), (ONE, DEMAND), id="a feed that lands where it did"
        ),
        pytest.param(UNIT, USE, (ONE, DEMAND), (ONE, make_live(2)), id="a feed that finds no single channel already"),
        pytest.param(UNIT, Identifiers(channel_id=1), (ONE, DEMAND), (ONE, TWIN), id="a feed that names the channel"),
    ],
)
def test_nothing_is_said_where_nothing_got_worse(
    spec: Spec, pointers: Identifiers, planned: tuple[Live, ...], now: tuple[Live, ...]
) -> None:
    assert judge_again(spec, pointers, planned, now) == ()


def test_what_the_plan_says_of_a_feed_is_not_said_again() -> None:
    """Channel 1 takes the unit that the feed names, and channel 2 becomes another thing first: reviewed as a move."""
    feeds = (Feed("logger", Location("channels/north.yaml", 31), replace(USE, unit_code="KW"), "one"),)
    channels = (
        make_desired("one", 1, {f"{V}unitCode": "KWH"}),
        make_desired("two", 2, {"observationTypeCode": "ELECDEMAND"}),
    )
    live = (make_live(1, {f"{V}unitId": 2}), make_live(2))
    plan = make_plan(
        Definitions(channels, feeds, ("channels/north.yaml",), "sha256:0"), Snapshot(live, REFERENCE), BASIS
    )

    blocks = [
        recheck_feeds(change, live[change.channel_id - 1], live, plan.feeds, REFERENCE) for change in plan.sendable
    ]

    assert [move.change for move in plan.feeds[0].steps] == ["one", "two"]
    assert blocks == [(), ()]


@pytest.mark.parametrize(
    ("movers", "is_blocked"),
    [
        pytest.param((), True, id="moved by no change"),
        pytest.param(("one",), False, id="moved by this change alone"),
        pytest.param(("two",), True, id="moved by another change alone"),
        pytest.param(("two", "one"), False, id="moved by both"),
    ],
)
def test_only_what_the_plan_says_of_this_change_and_this_feed_was_reviewed(
    movers: tuple[str, ...], *, is_blocked: bool
) -> None:
    (change,) = plan_edit(UNIT, (ONE, TWIN)).sendable
    moves = tuple(FeedStep(mover, (f"{V}unitCode",), None) for mover in movers)
    feed = FeedRoute("logger", "one", 1, None, (), moves, identifiers=USE_KWH)

    blocks = recheck_feeds(change, ONE, (ONE, TWIN), (feed,), REFERENCE)

    assert [block.rule for block in blocks] == (["ESA603"] if is_blocked else [])
