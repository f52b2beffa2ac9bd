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
from reconciler.planning.changes import PreconditionResults
from reconciler.planning.context import format_channel, make_context
from reconciler.planning.dependencies import propagate_blockers, topological_order
from reconciler.planning.diff import changed_paths
from reconciler.planning.feed_paths import (
    POINTED_AT,
    FeedImpact,
    affects_routing,
    causing_edits,
    describe_destination,
    find_code,
    format_given_identifiers,
    make_block,
    show_edit,
    show_id,
    trace_identifiers,
    undeclared_identifiers,
)
from reconciler.planning.identification import make_index
from reconciler.planning.messages import shorten, show_value
from reconciler.planning.preconditions import redraft
from reconciler.planning.translation import codes_by_id
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from reconciler.model.channels import Live, ReferenceData
    from reconciler.model.findings import Finding
    from reconciler.model.identifiers import Feed, Identifiers
    from reconciler.model.plan import Change
    from reconciler.planning.context import PlanContext
    from reconciler.planning.diff import Draft
    from reconciler.planning.feed_paths import ResolutionChange, ResolutionTrace


_HELD = "the plan blocks this: the readings go on as they do today"
_PAUSE = "pause the logger while the plan is applied, or apply these edits by plans of their own"


def feed_findings(impact: FeedImpact, context: PlanContext) -> Iterator[Finding]:
    """What is to be said of a feed at its place: that it is led away, on the way or for good, or was so already."""
    trace, place = impact.trace, _place_feed(impact.feed)
    is_reached = impact.expected is not None and trace.before.channel_id == impact.expected
    if impact.expected is not None and impact.expected not in (trace.before.channel_id, trace.after.channel_id):
        message = (
            f"readings of feed {impact.feed.name} do not reach {show_id(impact.expected, context)}, which it expects: "
            f"today they {describe_destination(trace.before, context)}"
        )
        yield make_finding("ESA605", message, place, detail=(_tell_given(impact.feed.identifiers),))
    elif not is_reached and impact.expected is not None:
        return
    if trace.changes and (trace.before.channel_id, trace.after.channel_id) != (None, None):
        code, message, fix = _say_course(f"readings of feed {impact.feed.name}", trace, context)
        detail = (*_tell_moves(trace, context), *((_HELD,) if impact.is_held else ()))
        yield make_finding(code, message, place, fix=fix, detail=detail)


def undeclared_findings(courses: Iterable[ResolutionTrace], context: PlanContext) -> Iterator[Finding]:
    """What is to be said of pointers that no feed declares, at the edit that leads them elsewhere.

    Nothing where no readings can be lost: where the channel has none, or is calculated. Several ways to name one
    channel that lead elsewhere alike are one finding, on the shortest.
    """
    alike: dict[tuple[object, ...], list[ResolutionTrace]] = {}
    for trace in courses:
        if trace.changes and _may_carry_readings(trace, context):
            ends = (trace.before.channel_id, trace.after.channel_id, trace.after.failure)
            alike.setdefault((*ends, *(move.draft.name for move in trace.changes)), []).append(trace)
    for first, *others in alike.values():
        code, message, fix = _say_course(f"readings for {_describe(first.identifiers)}", first, context)
        told = (_tell_given(first.identifiers), *_tell_longer(first.identifiers, others))
        detail = (*_tell_moves(first, context), *told)
        yield make_finding(
            code, message, _place_cause(first, context), fix=fix or _advise(first, context), detail=detail
        )


def feed_notes(impact: FeedImpact, context: PlanContext) -> Iterator[str]:
    """What is to be said of a feed beside its route, in sentences."""
    trace = impact.trace
    yield from _tell_moves(trace, context)
    if impact.is_held:
        yield _HELD
    elif impact.expected not in (None, trace.before.channel_id, trace.after.channel_id):
        yield f"not the channel it expects: today its readings {describe_destination(trace.before, context)}"


def _say_course(what: str, trace: ResolutionTrace, context: PlanContext) -> tuple[str, str, str]:
    """A code, a sentence and a particular way out on how the readings of `what` come to land elsewhere."""
    before, after = trace.before, trace.after
    if before.channel_id is None:
        return (
            "ESA604",
            (
                f"{what} would begin to {describe_destination(after, context)}; "
                f"today they {describe_destination(before, context)}"
            ),
            "",
        )
    now = show_id(before.channel_id, context)
    if after.channel_id == before.channel_id:
        passing = trace.changes[0].resolution
        message = f"{what} would not reach {now} while the plan is applied: for a time they would"
        return find_code(passing), f"{message} {describe_destination(passing, context)}", _PAUSE
    return (
        find_code(after),
        f"{what} would no longer reach {now}: they would {describe_destination(after, context)}",
        "",
    )


def _may_carry_readings(trace: ResolutionTrace, context: PlanContext) -> bool:
    if trace.before.channel_id is None:
        # What was not enough to find a channel is sent by nobody, unless it is all that can be said.
        is_all, gaining = trace.identifiers.interval_seconds is not None, trace.after.channel_id
        return is_all and gaining is not None and _holds_readings(context.planned(context.index.by_id[gaining]))
    return _holds_readings(context.index.by_id[trace.before.channel_id])


def _holds_readings(channel: Live) -> bool:
    return channel.has_readings is not False and not channel.is_calculated


def _advise(trace: ResolutionTrace, context: PlanContext) -> str:
    """The way out where no feed stands for what sends the readings; "" for that of the rule."""
    managed = context.managed.get(trace.before.channel_id or 0)
    if managed is None:
        return ""
    return (
        "if a logger sends such readings, change it together with this plan; "
        f"declared as a feed with  expect: {managed.name},  it would block this edit"
    )


def _tell_moves(trace: ResolutionTrace, context: PlanContext) -> Iterator[str]:
    for move in trace.changes:
        change = format_channel(move.draft.live, context)
        yield f"after {change}, {_show_causes(move, trace)}: they {describe_destination(move.resolution, context)}"


def _show_causes(move: ResolutionChange, trace: ResolutionTrace) -> str:
    return ", ".join(show_edit(edit) for edit in causing_edits(move.draft, trace.identifiers))


def _tell_longer(shortest: Identifiers, others: Sequence[ResolutionTrace]) -> Iterator[str]:
    given = {name for name, _ in V3_NAMES.say(shortest)}
    more = dict.fromkeys(name for trace in others for name, _ in V3_NAMES.say(trace.identifiers) if name not in given)
    if more:
        yield f"the same goes for readings that also give {' and '.join(more)}"


def _tell_given(pointers: Identifiers) -> str:
    return f"they are sent with {format_given_identifiers(pointers)}"


def _describe(pointers: Identifiers) -> str:
    """The pointers as a person says them who looks after meters."""
    if pointers.channel_import_id:
        return f"import id {show_value(pointers.channel_import_id)}"
    minutes = None if pointers.interval_seconds is None else f"{pointers.interval_seconds / 60:g} minutes"
    parts = (pointers.observation_type_code, pointers.unit_code, minutes)
    return f"meter {show_value(pointers.meter_import_id)} ({', '.join(shorten(part) for part in parts if part)})"


def _place_feed(feed: Feed) -> Location:
    return Location(file=feed.location.file, line=feed.location.line, path=("feeds", feed.name))


def _place_cause(trace: ResolutionTrace, context: PlanContext) -> Location | None:
    is_back = trace.after.channel_id == trace.before.channel_id
    move = trace.changes[0] if is_back else trace.find_losing_change(trace.before.channel_id)
    managed = context.managed[move.draft.live.id]
    path = causing_edits(move.draft, trace.identifiers)[0].path
    return Location(file=managed.file, line=managed.line, path=("channels", managed.name, *path.split(".")))


class FeedAnalysis(Struct, frozen=True):
    """What feeds make of a plan.

    `judgement` is that of its drafts, the blocks of feeds included, and handed on to what needs the blocked.
    `moved` names the feeds that each draft would lead elsewhere, by the draft's name.
    """

    judgement: PreconditionResults
    routes: tuple[FeedRoute, ...]
    findings: tuple[Finding, ...]
    moved: Mapping[str, tuple[str, ...]]


def route_feeds(
    feeds: Sequence[Feed], judged: PreconditionResults, context: PlanContext, kept: Collection[str]
) -> FeedAnalysis:
    """`feeds` through live and, step by step, through what `judged` lets be sent of the drafts called `kept`.

    `judged` holds the blocks that each draft has of its own. A feed whose expected channel was not found is followed
    all the same. Feeds that have to do with none of `kept` are left out.
    """
    drafts = {draft.name: draft for draft in context.drafts.values() if draft.name in kept}
    judgement, fates = _block_rerouting_changes(feeds, judged, context, drafts)
    told = [impact for impact in fates if impact.feed.expect in kept or impact.trace.changes]
    return FeedAnalysis(
        judgement,
        tuple(_make_route(impact, context) for impact in told),
        (
            *(finding for impact in told for finding in feed_findings(impact, context)),
            *_check_rest(feeds, _list_steps(judgement, drafts), context),
        ),
        _name_moved(told),
    )


def _block_rerouting_changes(
    feeds: Iterable[Feed], judged: PreconditionResults, context: PlanContext, drafts: Mapping[str, Draft]
) -> tuple[PreconditionResults, list[FeedImpact]]:
    """`judged` with the changes blocked that lead a feed away from the channel it expects, and what becomes of feeds.

    Blocked is the one change after which the feed does not come back. The others are then looked at again, for what is
    left may lead it away too, or no longer: each round blocks at least one change, so there is a last one.
    """
    expected = {managed.name: channel_id for channel_id, managed in context.managed.items()}
    watched, blocks = sorted(feeds, key=lambda feed: feed.name), dict(judged.blocks)
    held: dict[str, FeedImpact] = {}
    while True:
        settled = PreconditionResults(propagate_blockers(blocks, judged.needs), judged.needs)
        courses = trace_identifiers([feed.identifiers for feed in watched], context.index, _list_steps(settled, drafts))
        fates = [
            FeedImpact(feed, expected.get(feed.expect), trace) for feed, trace in zip(watched, courses, strict=True)
        ]
        lost = [impact for impact in fates if impact.loses_channel]
        if not lost:
            return settled, [held.get(impact.feed.name, impact) for impact in fates]
        for impact in lost:
            held.setdefault(impact.feed.name, replace(impact, is_held=True))
            name = impact.losing_change.draft.name
            blocks[name] = (*blocks[name], make_block(impact, context))


def _list_steps(judgement: PreconditionResults, drafts: Mapping[str, Draft]) -> list[Draft]:
    """The drafts that would be sent and may lead pointers elsewhere, in the order of apply."""
    sendable = [name for name in judgement.sendable if name in drafts]
    if not any(affects_routing(drafts[name]) for name in sendable):
        return []
    return [drafts[name] for name in topological_order(sendable, judgement.needs) if affects_routing(drafts[name])]


def _make_route(impact: FeedImpact, context: PlanContext) -> FeedRoute:
    trace = impact.trace
    return FeedRoute(
        name=impact.feed.name,
        expect=impact.feed.expect,
        before=trace.before.channel_id,
        after=trace.after.channel_id,
        findings=tuple(feed_notes(impact, context)),
        steps=tuple(
            FeedStep(
                move.draft.name,
                tuple(edit.path for edit in causing_edits(move.draft, trace.identifiers)),
                move.resolution.channel_id,
                move.resolution.failure,
            )
            for move in trace.changes
        ),
        is_change_blocked=impact.is_held,
        identifiers=impact.feed.identifiers,
    )


def _check_rest(feeds: Iterable[Feed], steps: Sequence[Draft], context: PlanContext) -> tuple[Finding, ...]:
    """What is to be said of the pointers that no feed declares, and that some logger may send all the same."""
    declared = {feed.identifiers for feed in feeds}
    implied = [each for each in dict.fromkeys(undeclared_identifiers(steps, context.index)) if each not in declared]
    return tuple(undeclared_findings(trace_identifiers(implied, context.index, steps), context))


def _name_moved(fates: Iterable[FeedImpact]) -> dict[str, tuple[str, ...]]:
    moved: dict[str, dict[str, None]] = defaultdict(dict)
    for impact in fates:
        for move in impact.trace.changes:
            moved[move.draft.name][impact.feed.name] = None
    return {name: tuple(feeds) for name, feeds in moved.items()}


def may_affect_routing(change: Change) -> bool:
    """Whether `change` edits anything that readings find their channel by."""
    return not changed_paths(change.edits).isdisjoint(POINTED_AT)


def recheck_feeds(
    change: Change, fresh: Live, channels: Sequence[Live], feeds: Iterable[FeedRoute], reference: ReferenceData
) -> tuple[Blocker, ...]:
    """Why `change` must not be made now: it would take readings of `feeds` away, and the plan did not say so.

    `channels` are those of its data point as they read now, and `fresh` is its own. What the plan says that the change
    does to a feed was there to be reviewed, and is not said again.
    """
    unforeseen = [feed for feed in feeds if all(move.change != change.name for move in feed.steps)]
    if not unforeseen or not may_affect_routing(change):
        return ()
    read = {live.id: live for live in (*channels, fresh)}
    habits = (PrimaryMove.TAKE_FIRST, ChannelEdit.OMIT_VERSION)
    context = make_context(make_index(read.values()), {}, {fresh.id: change}, reference, habits)
    draft = redraft(change, fresh, codes_by_id(reference))
    courses = trace_identifiers([feed.identifiers for feed in unforeseen], context.index, [draft])
    return tuple(
        _make_block(feed, trace, context)
        for feed, trace in zip(unforeseen, courses, strict=True)
        if trace.changes and trace.before.channel_id is not None
    )


def _make_block(feed: FeedRoute, trace: ResolutionTrace, context: PlanContext) -> Blocker:
    now = show_id(trace.before.channel_id, context)
    return Blocker(
        find_code(trace.after),
        f"would take the readings of feed {feed.name} away from {now}: "
        f"they would {describe_destination(trace.after, context)}",
        {"feed": feed.name, "identifiers": format_given_identifiers(feed.identifiers)},
        "plan again: reconciler plan",
    )
