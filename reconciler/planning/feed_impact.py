"""Feeds through a plan: routes, findings and blocked changes; and a re-check right before each change is applied."""

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
    IDENTIFYING_PATHS,
    FeedImpact,
    affects_routing,
    causing_edits,
    describe_destination,
    find_code,
    format_given_identifiers,
    make_feed_blocker,
    show_edit,
    show_id,
    trace_identifiers,
    undeclared_identifiers,
)
from reconciler.planning.identification import index_again
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


_BLOCKED = "the plan blocks this change, so the readings keep going where they go today"
_PAUSE = "pause the logger while the plan is applied, or apply these edits in separate plans"


def feed_findings(impact: FeedImpact, context: PlanContext) -> Iterator[Finding]:
    """The findings on a feed: its readings miss the expected channel already, would after the plan, or meanwhile."""
    trace, place = impact.trace, impact.feed.location
    if impact.expected is not None and impact.expected not in (trace.before.channel_id, trace.after.channel_id):
        message = (
            f"readings of feed {impact.feed.name} do not reach {show_id(impact.expected, context)}, which it expects: "
            f"today they {describe_destination(trace.before, context)}"
        )
        yield make_finding("ESA605", message, place, detail=(_list_identifiers(impact.feed.identifiers),))
    # The readings miss their channel today and would reach it after the plan, as intended.
    elif impact.expected not in (None, trace.before.channel_id):
        return
    # A feed that matches no channel before and after loses nothing by what happens in between.
    if trace.changes and (trace.before.channel_id, trace.after.channel_id) != (None, None):
        code, message, fix = _describe_trace(f"readings of feed {impact.feed.name}", trace, context)
        detail = (*_list_steps_in_words(trace, context), *((_BLOCKED,) if impact.is_blocked else ()))
        yield make_finding(code, message, place, fix=fix, detail=detail)


def undeclared_findings(traces: Iterable[ResolutionTrace], context: PlanContext) -> Iterator[Finding]:
    """The findings on identifiers that no feed declares, at the edit that changes what they resolve to.

    None if no readings can be lost: the channel has none, or is calculated. Several identifiers of one channel that are
    affected in the same way make one finding, on the shortest.
    """
    alike: dict[tuple[object, ...], list[ResolutionTrace]] = {}
    for trace in traces:
        if trace.changes and _may_carry_readings(trace, context):
            ends = (trace.before.channel_id, trace.after.channel_id, trace.after.failure)
            alike.setdefault((*ends, *(move.draft.name for move in trace.changes)), []).append(trace)
    # undeclared_identifiers lists the shortest identifiers first.
    for first, *others in alike.values():
        code, message, fix = _describe_trace(f"readings for {_describe(first.identifiers)}", first, context)
        given = (_list_identifiers(first.identifiers), *_list_longer(first.identifiers, others))
        detail = (*_list_steps_in_words(first, context), *given)
        yield make_finding(
            code, message, _locate_cause(first, context), fix=fix or _suggest_feed(first, context), detail=detail
        )


def feed_notes(impact: FeedImpact, context: PlanContext) -> Iterator[str]:
    """The notes on a feed beside its route, in sentences."""
    trace = impact.trace
    yield from _list_steps_in_words(trace, context)
    if impact.is_blocked:
        yield _BLOCKED
    elif impact.expected not in (None, trace.before.channel_id, trace.after.channel_id):
        yield f"not the channel it expects: today its readings {describe_destination(trace.before, context)}"


def _describe_trace(what: str, trace: ResolutionTrace, context: PlanContext) -> tuple[str, str, str]:
    """The code, message and fix of a finding on rerouted readings, called `what`; "" for the fix of the rule."""
    before, after = trace.before, trace.after
    if before.channel_id is None:
        return (
            "ESA604",
            (
                f"{what} would start to {describe_destination(after, context)}; "
                f"today they {describe_destination(before, context)}"
            ),
            "",
        )
    now = show_id(before.channel_id, context)
    if after.channel_id == before.channel_id:
        passing = trace.changes[0].resolution
        message = f"{what} would not reach {now} while the plan is applied: meanwhile they would"
        return find_code(passing), f"{message} {describe_destination(passing, context)}", _PAUSE
    return (
        find_code(after),
        f"{what} would no longer reach {now}: they would {describe_destination(after, context)}",
        "",
    )


def _may_carry_readings(trace: ResolutionTrace, context: PlanContext) -> bool:
    if trace.before.channel_id is None:
        # Nobody sends identifiers that match no single channel today, unless there are none more specific.
        is_most_specific, gaining = trace.identifiers.interval_seconds is not None, trace.after.channel_id
        return (
            is_most_specific and gaining is not None and _holds_readings(context.planned(context.index.by_id[gaining]))
        )
    return _holds_readings(context.index.by_id[trace.before.channel_id])


def _holds_readings(channel: Live) -> bool:
    return channel.has_readings is not False and not channel.is_calculated


def _suggest_feed(trace: ResolutionTrace, context: PlanContext) -> str:
    """The fix if no feed declares the logger that sends the readings; "" for that of the rule."""
    before = trace.before.channel_id
    managed = None if before is None else context.managed.get(before)
    if managed is None:
        return ""
    return (
        "if a logger sends such readings, change it at the same time; to have such edits blocked, declare the logger "
        f"as a feed with  expect: {managed.name}"
    )


def _list_steps_in_words(trace: ResolutionTrace, context: PlanContext) -> Iterator[str]:
    for move in trace.changes:
        change = format_channel(move.draft.live, context)
        destination = describe_destination(move.resolution, context)
        yield f"once {change} is changed ({_show_causes(move, trace)}), they {destination}"


def _show_causes(move: ResolutionChange, trace: ResolutionTrace) -> str:
    return ", ".join(show_edit(edit) for edit in causing_edits(move.draft, trace.identifiers))


def _list_longer(shortest: Identifiers, others: Sequence[ResolutionTrace]) -> Iterator[str]:
    given = {name for name, _ in V3_NAMES.items(shortest)}
    more = dict.fromkeys(name for trace in others for name, _ in V3_NAMES.items(trace.identifiers) if name not in given)
    if more:
        yield f"the same applies to readings that also give {' and '.join(more)}"


def _list_identifiers(identifiers: Identifiers) -> str:
    return f"such readings are sent with {format_given_identifiers(identifiers)}"


def _describe(identifiers: Identifiers) -> str:
    """The identifiers in the words of a person who looks after meters."""
    if identifiers.channel_import_id:
        return f"import id {show_value(identifiers.channel_import_id)}"
    minutes = None if identifiers.interval_seconds is None else f"{identifiers.interval_seconds / 60:g} minutes"
    parts = (identifiers.observation_type_code, identifiers.unit_code, minutes)
    more = ", ".join(shorten(part) for part in parts if part)
    return f"meter {show_value(identifiers.meter_import_id)}{f' ({more})' if more else ' alone'}"


def _locate_cause(trace: ResolutionTrace, context: PlanContext) -> Location | None:
    is_back = trace.after.channel_id == trace.before.channel_id
    # If the readings come back, they miss the channel from the first change on.
    move = trace.changes[0] if is_back else trace.find_losing_change(trace.before.channel_id)
    managed = context.managed[move.draft.live.id]
    path = causing_edits(move.draft, trace.identifiers)[0].path
    return Location(file=managed.file, line=managed.line, path=("channels", managed.name, *path.split(".")))


class FeedAnalysis(Struct, frozen=True):
    """What a plan does to feeds, and which of its changes they block.

    `results` are those of its drafts, with the blocks that protect feeds and those of dependent changes. `moved` names
    the feeds that each draft would reroute, by the draft's name.
    """

    results: PreconditionResults
    routes: tuple[FeedRoute, ...]
    findings: tuple[Finding, ...]
    moved: Mapping[str, tuple[str, ...]]


def route_feeds(
    feeds: Sequence[Feed], preconditions: PreconditionResults, context: PlanContext, kept: Collection[str]
) -> FeedAnalysis:
    """`feeds` traced through the live channels and each sendable change of the drafts called `kept`.

    `preconditions` hold the blocks that each draft has of its own. A feed whose expected channel was not found is
    traced too. A feed that neither expects one of `kept` nor is rerouted is left out.
    """
    drafts = {draft.name: draft for draft in context.drafts.values() if draft.name in kept}
    results, impacts = _block_rerouting_changes(feeds, preconditions, context, drafts)
    shown = [impact for impact in impacts if impact.feed.expect in kept or impact.trace.changes]
    return FeedAnalysis(
        results,
        tuple(_make_route(impact, context) for impact in shown),
        (
            *(finding for impact in shown for finding in feed_findings(impact, context)),
            *_check_undeclared(feeds, _list_steps(results, drafts), context),
        ),
        _name_moved(shown),
    )


def _block_rerouting_changes(
    feeds: Iterable[Feed], preconditions: PreconditionResults, context: PlanContext, drafts: Mapping[str, Draft]
) -> tuple[PreconditionResults, list[FeedImpact]]:
    """`preconditions` with those changes blocked that take a feed from its expected channel; the impact on each feed.

    Only the change after which the readings do not come back is blocked. The feeds are then traced again without it, as
    the other changes may reroute them too, or no longer. Each round blocks at least one change, so this ends.
    """
    expected = {managed.name: channel_id for channel_id, managed in context.managed.items()}
    ordered, blocks = sorted(feeds, key=lambda feed: feed.name), dict(preconditions.blocks)
    blocked: dict[str, FeedImpact] = {}
    while True:
        results = PreconditionResults(propagate_blockers(blocks, preconditions.needs), preconditions.needs)
        traces = trace_identifiers([feed.identifiers for feed in ordered], context.index, _list_steps(results, drafts))
        traced = {trace.identifiers: trace for trace in traces}
        impacts = [
            FeedImpact(
                feed,
                expected.get(feed.expect),
                traced[feed.identifiers],
                is_skipped=feed.expect in context.skipped,
            )
            for feed in ordered
        ]
        lost = [impact for impact in impacts if impact.loses_channel]
        if not lost:
            return results, [blocked.get(impact.feed.name, impact) for impact in impacts]
        for impact in lost:
            # Reports show what the first round found: the plan without any block for this feed.
            blocked.setdefault(impact.feed.name, replace(impact, is_blocked=True))
            name = impact.losing_change.draft.name
            blocks[name] = (*blocks[name], make_feed_blocker(impact, context))


def _list_steps(results: PreconditionResults, drafts: Mapping[str, Draft]) -> list[Draft]:
    """The drafts that would be sent and may affect routing, in the order of apply."""
    sendable = [name for name in results.sendable if name in drafts]
    if not any(affects_routing(drafts[name]) for name in sendable):
        return []
    return [drafts[name] for name in topological_order(sendable, results.needs) if affects_routing(drafts[name])]


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
        is_change_blocked=impact.is_blocked,
        identifiers=impact.feed.identifiers,
    )


def _check_undeclared(feeds: Iterable[Feed], steps: Sequence[Draft], context: PlanContext) -> tuple[Finding, ...]:
    """The findings on identifiers that no feed declares, and that a logger may send anyway."""
    declared = {feed.identifiers for feed in feeds}
    implied = [each for each in dict.fromkeys(undeclared_identifiers(steps, context.index)) if each not in declared]
    return tuple(undeclared_findings(trace_identifiers(implied, context.index, steps), context))


def _name_moved(impacts: Iterable[FeedImpact]) -> dict[str, tuple[str, ...]]:
    moved: dict[str, dict[str, None]] = defaultdict(dict)
    for impact in impacts:
        for move in impact.trace.changes:
            moved[move.draft.name][impact.feed.name] = None
    return {name: tuple(feeds) for name, feeds in moved.items()}


def may_affect_routing(change: Change) -> bool:
    """Whether `change` edits a value that identifiers are compared with."""
    return not changed_paths(change.edits).isdisjoint(IDENTIFYING_PATHS)


def recheck_feeds(
    change: Change, fresh: Live, channels: Sequence[Live], feeds: Iterable[FeedRoute], reference: ReferenceData
) -> tuple[Blocker, ...]:
    """Why `change` must not be applied now: it would reroute readings of `feeds`, and the plan did not say so.

    `channels` are those of its data point as they read now, and `fresh` is its own. A feed that the plan already shows
    as rerouted by this change was reviewed, and does not block it.
    """
    unreviewed = [feed for feed in feeds if all(move.change != change.name for move in feed.steps)]
    read = {live.id: live for live in (*channels, fresh)}
    habits = (PrimaryMove.TAKE_FIRST, ChannelEdit.OMIT_VERSION)
    # Only for the texts of blockers: the other changes of the plan do not matter for this one.
    context = make_context(index_again(read.values()), {}, {fresh.id: change}, reference, habits)
    draft = redraft(change, fresh, codes_by_id(reference))
    traces = trace_identifiers([feed.identifiers for feed in unreviewed], context.index, [draft])
    rerouted = {trace.identifiers: trace for trace in traces if trace.changes and trace.before.channel_id is not None}
    return tuple(
        _make_recheck_blocker(feed, rerouted[feed.identifiers], context)
        for feed in unreviewed
        if feed.identifiers in rerouted
    )


def _make_recheck_blocker(feed: FeedRoute, trace: ResolutionTrace, context: PlanContext) -> Blocker:
    now = show_id(trace.before.channel_id, context)
    return Blocker(
        find_code(trace.after),
        f"would take the readings of feed {feed.name} away from {now}: "
        f"they would {describe_destination(trace.after, context)}",
        {"feed": feed.name, "identifiers": format_given_identifiers(feed.identifiers)},
        "plan again: reconciler plan",
    )
