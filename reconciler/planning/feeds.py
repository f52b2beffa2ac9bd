"""Leads feeds, and all else that live channels can be named by, through a plan; blocks what would lead a feed away."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.plan import FeedRoute, FeedStep
from reconciler.planning.changes import Judgement
from reconciler.planning.courses import follow, is_moving, list_causes, list_implied
from reconciler.planning.fates import Fate, make_block
from reconciler.planning.feed_findings import check_fate, check_implied, tell_fate
from reconciler.planning.order import find_order, spread_blocks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from reconciler.model.findings import Finding
    from reconciler.model.identifiers import Feed
    from reconciler.planning.draft import Draft
    from reconciler.planning.surroundings import Surroundings


class Feeding(Struct, frozen=True):
    """What feeds make of a plan.

    `judgement` is that of its drafts, the blocks of feeds included, and handed on to what needs the blocked.
    `moved` names the feeds that each draft would lead elsewhere, by the draft's name.
    """

    judgement: Judgement
    routes: tuple[FeedRoute, ...]
    findings: tuple[Finding, ...]
    moved: Mapping[str, tuple[str, ...]]


def route_feeds(feeds: Sequence[Feed], judged: Judgement, around: Surroundings, kept: Collection[str]) -> Feeding:
    """`feeds` through live and, step by step, through what `judged` lets be sent of the drafts called `kept`.

    `judged` holds the blocks that each draft has of its own. A feed whose expected channel was not found is followed
    all the same. Feeds that have to do with none of `kept` are left out.
    """
    drafts = {draft.name: draft for draft in around.drafts.values() if draft.name in kept}
    judgement, fates = _hold(feeds, judged, around, drafts)
    told = [fate for fate in fates if fate.feed.expect in kept or fate.course.moves]
    return Feeding(
        judgement,
        tuple(_make_route(fate, around) for fate in told),
        (
            *(finding for fate in told for finding in check_fate(fate, around)),
            *_check_rest(feeds, _list_steps(judgement, drafts), around),
        ),
        _name_moved(told),
    )


def _hold(
    feeds: Iterable[Feed], judged: Judgement, around: Surroundings, drafts: Mapping[str, Draft]
) -> tuple[Judgement, list[Fate]]:
    """`judged` with the changes blocked that lead a feed away from the channel it expects, and what becomes of feeds.

    Blocked is the one change after which the feed does not come back. The others are then looked at again, for what is
    left may lead it away too, or no longer: each round blocks at least one change, so there is a last one.
    """
    expected = {managed.name: channel_id for channel_id, managed in around.managed.items()}
    watched, blocks = sorted(feeds, key=lambda feed: feed.name), dict(judged.blocks)
    held: dict[str, Fate] = {}
    while True:
        settled = Judgement(spread_blocks(blocks, judged.needs), judged.needs)
        courses = follow([feed.identifiers for feed in watched], around.index, _list_steps(settled, drafts))
        fates = [Fate(feed, expected.get(feed.expect), course) for feed, course in zip(watched, courses, strict=True)]
        lost = [fate for fate in fates if fate.is_lost]
        if not lost:
            return settled, [held.get(fate.feed.name, fate) for fate in fates]
        for fate in lost:
            held.setdefault(fate.feed.name, replace(fate, is_held=True))
            name = fate.departure.draft.name
            blocks[name] = (*blocks[name], make_block(fate, around))


def _list_steps(judgement: Judgement, drafts: Mapping[str, Draft]) -> list[Draft]:
    """The drafts that would be sent and may lead pointers elsewhere, in the order of apply."""
    sendable = [name for name in judgement.sendable if name in drafts]
    if not any(is_moving(drafts[name]) for name in sendable):
        return []
    return [drafts[name] for name in find_order(sendable, judgement.needs) if is_moving(drafts[name])]


def _make_route(fate: Fate, around: Surroundings) -> FeedRoute:
    course = fate.course
    return FeedRoute(
        name=fate.feed.name,
        expect=fate.feed.expect,
        before=course.before.channel_id,
        after=course.after.channel_id,
        findings=tuple(tell_fate(fate, around)),
        steps=tuple(
            FeedStep(
                move.draft.name,
                tuple(edit.path for edit in list_causes(move.draft, course.pointers)),
                move.route.channel_id,
                move.route.failure,
            )
            for move in course.moves
        ),
        is_change_blocked=fate.is_held,
        identifiers=fate.feed.identifiers,
    )


def _check_rest(feeds: Iterable[Feed], steps: Sequence[Draft], around: Surroundings) -> tuple[Finding, ...]:
    """What is to be said of the pointers that no feed declares, and that some logger may send all the same."""
    declared = {feed.identifiers for feed in feeds}
    implied = [each for each in dict.fromkeys(list_implied(steps, around.index)) if each not in declared]
    return tuple(check_implied(follow(implied, around.index, steps), around))


def _name_moved(fates: Iterable[Fate]) -> dict[str, tuple[str, ...]]:
    moved: dict[str, dict[str, None]] = defaultdict(dict)
    for fate in fates:
        for move in fate.course.moves:
            moved[move.draft.name][fate.feed.name] = None
    return {name: tuple(feeds) for name, feeds in moved.items()}
