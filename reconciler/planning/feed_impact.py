"""Feeds through a plan: routes, findings and blocked changes; and once more at apply."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.findings import Location
from reconciler.model.identifiers import V3_NAMES
from reconciler.model.plan import Blocker, FeedRoute, FeedStep
from reconciler.model.project import ChannelEdit, PrimaryMove
from reconciler.planning.changes import Judgement
from reconciler.planning.context import make_surroundings, name_channel
from reconciler.planning.dependencies import find_order, spread_blocks
from reconciler.planning.diff import list_touched
from reconciler.planning.feed_paths import (
    POINTED_AT,
    Fate,
    find_code,
    follow,
    is_moving,
    list_causes,
    list_implied,
    make_block,
    say_end,
    show_edit,
    show_given,
    show_id,
)
from reconciler.planning.identification import make_index
from reconciler.planning.messages import shorten, show_value
from reconciler.planning.preconditions import draft_again
from reconciler.planning.translation import list_codes
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from reconciler.model.channels import Live, ReferenceData
    from reconciler.model.findings import Finding
    from reconciler.model.identifiers import Feed, Identifiers
    from reconciler.model.plan import Change
    from reconciler.planning.context import Surroundings
    from reconciler.planning.diff import Draft
    from reconciler.planning.feed_paths import Course, Move


_HELD = "the plan blocks this: the readings go on as they do today"
_PAUSE = "pause the logger while the plan is applied, or apply these edits by plans of their own"


def check_fate(fate: Fate, around: Surroundings) -> Iterator[Finding]:
    """What is to be said of a feed at its place: that it is led away, on the way or for good, or was so already."""
    course, place = fate.course, _place_feed(fate.feed)
    is_reached = fate.expected is not None and course.before.channel_id == fate.expected
    if fate.expected is not None and fate.expected not in (course.before.channel_id, course.after.channel_id):
        message = (
            f"readings of feed {fate.feed.name} do not reach {show_id(fate.expected, around)}, which it expects: "
            f"today they {say_end(course.before, around)}"
        )
        yield make_finding("ESA605", message, place, detail=(_tell_given(fate.feed.identifiers),))
    elif not is_reached and fate.expected is not None:
        return
    if course.moves and (course.before.channel_id, course.after.channel_id) != (None, None):
        code, message, fix = _say_course(f"readings of feed {fate.feed.name}", course, around)
        detail = (*_tell_moves(course, around), *((_HELD,) if fate.is_held else ()))
        yield make_finding(code, message, place, fix=fix, detail=detail)


def check_implied(courses: Iterable[Course], around: Surroundings) -> Iterator[Finding]:
    """What is to be said of pointers that no feed declares, at the edit that leads them elsewhere.

    Nothing where no readings can be lost: where the channel has none, or is calculated. Several ways to name one
    channel that lead elsewhere alike are one finding, on the shortest.
    """
    alike: dict[tuple[object, ...], list[Course]] = {}
    for course in courses:
        if course.moves and _may_carry_readings(course, around):
            ends = (course.before.channel_id, course.after.channel_id, course.after.failure)
            alike.setdefault((*ends, *(move.draft.name for move in course.moves)), []).append(course)
    for first, *others in alike.values():
        code, message, fix = _say_course(f"readings for {_describe(first.pointers)}", first, around)
        told = (_tell_given(first.pointers), *_tell_longer(first.pointers, others))
        detail = (*_tell_moves(first, around), *told)
        yield make_finding(code, message, _place_cause(first, around), fix=fix or _advise(first, around), detail=detail)


def tell_fate(fate: Fate, around: Surroundings) -> Iterator[str]:
    """What is to be said of a feed beside its route, in sentences."""
    course = fate.course
    yield from _tell_moves(course, around)
    if fate.is_held:
        yield _HELD
    elif fate.expected not in (None, course.before.channel_id, course.after.channel_id):
        yield f"not the channel it expects: today its readings {say_end(course.before, around)}"


def _say_course(what: str, course: Course, around: Surroundings) -> tuple[str, str, str]:
    """A code, a sentence and a particular way out on how the readings of `what` come to land elsewhere."""
    before, after = course.before, course.after
    if before.channel_id is None:
        return "ESA604", f"{what} would begin to {say_end(after, around)}; today they {say_end(before, around)}", ""
    now = show_id(before.channel_id, around)
    if after.channel_id == before.channel_id:
        passing = course.moves[0].route
        message = f"{what} would not reach {now} while the plan is applied: for a time they would"
        return find_code(passing), f"{message} {say_end(passing, around)}", _PAUSE
    return find_code(after), f"{what} would no longer reach {now}: they would {say_end(after, around)}", ""


def _may_carry_readings(course: Course, around: Surroundings) -> bool:
    if course.before.channel_id is None:
        # What was not enough to find a channel is sent by nobody, unless it is all that can be said.
        is_all, gaining = course.pointers.interval_seconds is not None, course.after.channel_id
        return is_all and gaining is not None and _holds_readings(around.planned(around.index.by_id[gaining]))
    return _holds_readings(around.index.by_id[course.before.channel_id])


def _holds_readings(channel: Live) -> bool:
    return channel.has_readings is not False and not channel.is_calculated


def _advise(course: Course, around: Surroundings) -> str:
    """The way out where no feed stands for what sends the readings; "" for that of the rule."""
    managed = around.managed.get(course.before.channel_id or 0)
    if managed is None:
        return ""
    return (
        "if a logger sends such readings, change it together with this plan; "
        f"declared as a feed with  expect: {managed.name},  it would block this edit"
    )


def _tell_moves(course: Course, around: Surroundings) -> Iterator[str]:
    for move in course.moves:
        change = name_channel(move.draft.live, around)
        yield f"after {change}, {_show_causes(move, course)}: they {say_end(move.route, around)}"


def _show_causes(move: Move, course: Course) -> str:
    return ", ".join(show_edit(edit) for edit in list_causes(move.draft, course.pointers))


def _tell_longer(shortest: Identifiers, others: Sequence[Course]) -> Iterator[str]:
    given = {name for name, _ in V3_NAMES.say(shortest)}
    more = dict.fromkeys(name for course in others for name, _ in V3_NAMES.say(course.pointers) if name not in given)
    if more:
        yield f"the same goes for readings that also give {' and '.join(more)}"


def _tell_given(pointers: Identifiers) -> str:
    return f"they are sent with {show_given(pointers)}"


def _describe(pointers: Identifiers) -> str:
    """The pointers as a person says them who looks after meters."""
    if pointers.channel_import_id:
        return f"import id {show_value(pointers.channel_import_id)}"
    minutes = None if pointers.interval_seconds is None else f"{pointers.interval_seconds / 60:g} minutes"
    parts = (pointers.observation_type_code, pointers.unit_code, minutes)
    return f"meter {show_value(pointers.meter_import_id)} ({', '.join(shorten(part) for part in parts if part)})"


def _place_feed(feed: Feed) -> Location:
    return Location(file=feed.location.file, line=feed.location.line, path=("feeds", feed.name))


def _place_cause(course: Course, around: Surroundings) -> Location | None:
    is_back = course.after.channel_id == course.before.channel_id
    move = course.moves[0] if is_back else course.find_departure(course.before.channel_id)
    managed = around.managed[move.draft.live.id]
    path = list_causes(move.draft, course.pointers)[0].path
    return Location(file=managed.file, line=managed.line, path=("channels", managed.name, *path.split(".")))


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


def may_reroute(change: Change) -> bool:
    """Whether `change` edits anything that readings find their channel by."""
    return not list_touched(change.edits).isdisjoint(POINTED_AT)


def check_feeds_again(
    change: Change, fresh: Live, channels: Sequence[Live], feeds: Iterable[FeedRoute], reference: ReferenceData
) -> tuple[Blocker, ...]:
    """Why `change` must not be made now: it would take readings of `feeds` away, and the plan did not say so.

    `channels` are those of its data point as they read now, and `fresh` is its own. What the plan says that the change
    does to a feed was there to be reviewed, and is not said again.
    """
    unforeseen = [feed for feed in feeds if all(move.change != change.name for move in feed.steps)]
    if not unforeseen or not may_reroute(change):
        return ()
    read = {live.id: live for live in (*channels, fresh)}
    habits = (PrimaryMove.TAKE_FIRST, ChannelEdit.OMIT_VERSION)
    around = make_surroundings(make_index(read.values()), {}, {fresh.id: change}, reference, habits)
    draft = draft_again(change, fresh, list_codes(reference))
    courses = follow([feed.identifiers for feed in unforeseen], around.index, [draft])
    return tuple(
        _make_block(feed, course, around)
        for feed, course in zip(unforeseen, courses, strict=True)
        if course.moves and course.before.channel_id is not None
    )


def _make_block(feed: FeedRoute, course: Course, around: Surroundings) -> Blocker:
    now = show_id(course.before.channel_id, around)
    return Blocker(
        find_code(course.after),
        f"would take the readings of feed {feed.name} away from {now}: they would {say_end(course.after, around)}",
        {"feed": feed.name, "identifiers": show_given(feed.identifiers)},
        "plan again: reconciler plan",
    )
