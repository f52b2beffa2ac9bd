"""What holds of feeds in every plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.model.channels import Definitions, Snapshot
from reconciler.model.findings import Location
from reconciler.model.identifiers import Feed, Identifiers
from reconciler.planning.identification import make_index, resolve
from reconciler.planning.plan import make_plan
from tests.cases import note_case
from tests.planning.tenant import BASIS, NORTH, REFERENCE, V, make_desired, make_live
from tests.planning.tenants import Tenant, carry_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random

    from hypothesis.strategies import DrawFn

    from reconciler.model.channels import Live
    from reconciler.model.plan import Plan
    from reconciler.model.values import Spec, Value

# The first plan with an edit imports deepdiff, which takes longer than a hundred plans.
untimed = settings(deadline=None)


UNIT = f"{V}unitCode"

_SETTINGS: dict[str, tuple[Value, ...]] = {
    "channelImportId": ("C-1", "C-2", "NEW", None),
    "observationTypeCode": ("ELECUSE", "GASUSE"),
    UNIT: ("KWH", "GAL"),
    "intervalMinutes": (15, 60),
}
_LIVE = st.tuples(st.sampled_from((10, 12)), st.sampled_from((1, 3)), st.sampled_from((15, 60)))


@st.composite
def fed_tenants(draw: DrawFn) -> tuple[Tenant, tuple[Feed, ...]]:
    """Channels of one meter with edits of what readings find them by, and feeds that expect them, rightly or not."""
    apart = st.lists(_LIVE, min_size=3, max_size=5, unique=True)
    drawn = draw(apart | apart | st.lists(_LIVE, min_size=3, max_size=5))
    live = tuple(
        make_live(id_, {"observationTypeId": type_id, f"{V}unitId": unit_id, "intervalMinutes": minutes})
        for id_, (type_id, unit_id, minutes) in enumerate(drawn, start=1)
    )
    channels = tuple(
        make_desired(f"n{channel.id}", channel.id, {**draw(_moved(channel)), **draw(_moved(channel) | st.just({}))})
        for channel in live
    )
    given = draw(st.lists(_pointers(live), min_size=3, max_size=5, unique=True))
    return Tenant(live, channels), tuple(draw(_feed(number, each, live)) for number, each in enumerate(given))


def _moved(channel: Live) -> st.SearchStrategy[Spec]:
    """One thing otherwise than it is, by which readings find the channel."""
    return st.sampled_from(
        [{path: value} for path, values in _SETTINGS.items() for value in values if value != channel.values[path]]
    )


@st.composite
def _pointers(draw: DrawFn, live: Sequence[Live]) -> Identifiers:
    channel = draw(st.sampled_from(live))
    if draw(st.booleans()):
        return Identifiers(channel_import_id=f"C-{channel.id}")
    type_code, unit_code, minutes = (
        str(channel.values[path]) for path in ("observationTypeCode", UNIT, "intervalMinutes")
    )
    return Identifiers(None, None, NORTH.import_id, type_code, unit_code, int(minutes) * 60)


@st.composite
def _feed(draw: DrawFn, number: int, pointers: Identifiers, live: Sequence[Live]) -> Feed:
    reached = resolve(pointers, make_index(live)).channel_id
    expect = draw(st.sampled_from((*[reached or 1] * 4, 2)))
    return Feed(f"feed{number}", Location("channels/north.yaml", 40 + number), pointers, f"n{expect}")


def plan_of(tenant: Tenant, feeds: Iterable[Feed]) -> Plan:
    definitions = Definitions(tenant.channels, tuple(feeds), (), "sha256:0")
    return make_plan(definitions, Snapshot(tenant.live, REFERENCE), BASIS)


@untimed
@given(fed_tenants())
def test_a_feed_that_reaches_what_it_expects_does_so_after_every_apply(world: tuple[Tenant, tuple[Feed, ...]]) -> None:
    tenant, feeds = world
    plan = plan_of(tenant, feeds)
    ids = {change.name: change.channel_id for change in plan.changes}
    live = tenant.live
    before = make_index(live)

    for change in plan.sendable:
        live = carry_out(change, live)

    after = make_index(live)
    note_case(reached=plan.sendable and any(told.before == ids.get(told.expect) for told in plan.feeds))
    for feed, told in zip(feeds, plan.feeds, strict=True):
        expected = ids.get(feed.expect)
        now, then = resolve(feed.identifiers, before).channel_id, resolve(feed.identifiers, after).channel_id
        assert told.before == now
        assert told.is_change_blocked or told.after == then
        if expected is not None and now == expected:
            assert then == expected


@untimed
@given(fed_tenants())
def test_the_moves_of_a_feed_lead_from_what_it_reaches_to_what_it_would(world: tuple[Tenant, tuple[Feed, ...]]) -> None:
    plan = plan_of(*world)
    names = {change.name: change for change in plan.changes}

    note_case(reached=any(told.steps for told in plan.feeds))
    for told in plan.feeds:
        assert (told.steps[-1].channel_id if told.steps else told.before) == told.after
        for move in told.steps:
            assert set(move.paths) <= {edit.path for edit in names[move.change].edits}
            assert move.paths
            assert told.name in names[move.change].feeds


@untimed
@given(fed_tenants())
def test_feeds_only_ever_hold_changes_back(world: tuple[Tenant, tuple[Feed, ...]]) -> None:
    tenant, feeds = world

    unfed, fed = plan_of(tenant, ()), plan_of(tenant, feeds)

    note_case(reached=len(fed.sendable) < len(unfed.sendable))
    assert {change.name for change in fed.sendable} <= {change.name for change in unfed.sendable}
    same = {change.name: replace(change, feeds=()) for change in fed.sendable}
    assert same == {change.name: change for change in unfed.sendable if change.name in same}


@untimed
@given(fed_tenants(), st.randoms(use_true_random=False))
def test_the_order_of_feeds_and_channels_does_not_matter(
    world: tuple[Tenant, tuple[Feed, ...]], random: Random
) -> None:
    tenant, feeds = world
    shuffled = list(feeds)
    random.shuffle(shuffled)
    note_case(reached=shuffled != list(feeds))

    backwards = replace(tenant, live=tenant.live[::-1], channels=tenant.channels[::-1])

    assert plan_of(backwards, shuffled) == plan_of(tenant, feeds)
