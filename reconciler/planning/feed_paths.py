"""What identifiers resolve to before and after each change of a plan."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias, assert_never

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.model.fields import (
    CHANNEL_IMPORT_ID,
    FIELD_AT,
    INTERVAL_MINUTES,
    OBSERVATION_TYPE_CODE,
    OBSERVATION_TYPE_ID,
    UNIT_CODE,
    UNIT_ID,
)
from reconciler.model.identifiers import V3_NAMES, Identifiers, ResolutionFailure
from reconciler.model.plan import Blocker
from reconciler.model.values import Value
from reconciler.planning.context import channel_evidence
from reconciler.planning.identification import resolve
from reconciler.planning.messages import show_value, show_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.channels import Live
    from reconciler.model.identifiers import Feed, Resolution
    from reconciler.model.plan import Edit
    from reconciler.planning.context import PlanContext
    from reconciler.planning.diff import Draft
    from reconciler.planning.identification import Index


# What tells the channels of one meter apart. An edit of the meter's own import id is not possible here: it belongs to
# the data point.
_INFERRED = frozenset((OBSERVATION_TYPE_ID, UNIT_ID, INTERVAL_MINUTES))

# What the identifiers of readings, and of select, are compared with.
IDENTIFYING_PATHS = _INFERRED | {CHANNEL_IMPORT_ID}

# An edit can affect only identifiers with the same key: an import id, or a meter and an observation type. The type is
# in the key, as EnergyCAP compares it before unit and interval. A new channel can affect all identifiers of its meter,
# whose key is the meter alone: the only channel of a meter gets all of its readings.
_RoutingKey: TypeAlias = tuple[Value, ...]


class ResolutionChange(Struct, frozen=True):
    """A change of a plan after which identifiers resolve differently: its draft, and the new resolution."""

    draft: Draft
    resolution: Resolution


class ResolutionTrace(Struct):
    """How identifiers resolve on live channels, and the changes of a plan that alter this, in the order of apply."""

    identifiers: Identifiers
    before: Resolution
    changes: list[ResolutionChange] = field(default_factory=list)

    @property
    def after(self) -> Resolution:
        return self.changes[-1].resolution if self.changes else self.before

    def find_losing_change(self, channel_id: int | None) -> ResolutionChange:
        """The change after which the identifiers no longer match `channel_id` until the end. There must be one."""
        away = list(self.changes)
        while len(away) > 1 and away[-2].resolution.channel_id != channel_id:
            away.pop()
        return away[-1]


def trace_identifiers(
    identifiers: Iterable[Identifiers], index: Index, steps: Iterable[Draft]
) -> list[ResolutionTrace]:
    """The trace of each of `identifiers` from the live `index` through `steps`, which are applied in their order.

    Identifiers are resolved again only after an edit that can affect them, so that the time depends on the number of
    edits and not on that of all channels.
    """
    traces = [ResolutionTrace(each, resolve(each, index)) for each in identifiers]
    moving = [draft for draft in steps if affects_routing(draft)]
    if not moving:
        return traces
    by_key = _group_by_key(traces)
    planned = _PlannedIndex(index)
    for draft in moving:
        planned.carry_out(draft)
        affected = {id(trace): trace for key in _affected_keys(draft) for trace in by_key.get(key, ())}
        for trace in affected.values():
            planned.extend(trace, draft)
    return traces


def affects_routing(draft: Draft) -> bool:
    """Whether `draft` edits a value that identifiers are compared with."""
    return not draft.changed_paths.isdisjoint(IDENTIFYING_PATHS)


def undeclared_identifiers(steps: Sequence[Draft], index: Index) -> Iterator[Identifiers]:
    """The identifiers that may match a live channel today, and that an edit of `steps` may affect.

    For each meter the shortest come first: a type alone, then with a unit, then with an interval.
    """
    meters: dict[str, None] = {}
    for draft in steps:
        import_id, meter = draft.live.values.get(CHANNEL_IMPORT_ID), draft.live.data_point.import_id
        if CHANNEL_IMPORT_ID in draft.changed_paths and import_id:
            yield Identifiers(channel_import_id=str(import_id))
        if meter and not draft.changed_paths.isdisjoint(_INFERRED):
            meters[meter] = None
    for meter in meters:
        yield from _list_inferred(meter, index.by_meter.get(meter, ()))
    for meter in dict.fromkeys(draft.live.data_point.import_id for draft in steps if draft.is_creation):
        # Today it gets all readings of its meter, whatever they say beside it.
        if meter and len(index.by_meter.get(meter, ())) == 1:
            yield from _list_only(meter, index.by_meter[meter][0])


def causing_edits(draft: Draft, identifiers: Identifiers) -> tuple[Edit, ...]:
    """The edits of `draft` that can change what `identifiers` resolve to."""
    counted = {CHANNEL_IMPORT_ID} if identifiers.channel_import_id else _INFERRED
    return tuple(edit for edit in draft.edits if FIELD_AT[edit.path].path in counted)


def _list_inferred(meter: str, channels: Sequence[Live]) -> Iterator[Identifiers]:
    """None if the meter has only one channel: it gets all readings of the meter whatever its settings."""
    full = [each for channel in channels if len(channels) > 1 and (each := _identify(meter, channel)) is not None]
    by_unit = [replace(each, interval_seconds=None) for each in full]
    by_type = [replace(each, unit_code=None) for each in by_unit]
    yield from dict.fromkeys([*by_type, *by_unit, *full])


def _list_only(meter: str, channel: Live) -> Iterator[Identifiers]:
    """What readings of the only channel of a meter may say: the meter alone, and then more."""
    bare = Identifiers(meter_import_id=meter)
    full = _identify(meter, channel) or bare
    by_unit = replace(full, interval_seconds=None)
    yield from dict.fromkeys((bare, replace(by_unit, unit_code=None), by_unit, full))


def _identify(meter: str, channel: Live) -> Identifiers | None:
    """The most specific identifiers of `channel` on its meter; None if its observation type is not known."""
    code, unit = channel.values.get(OBSERVATION_TYPE_CODE), channel.values.get(UNIT_CODE)
    minutes = channel.values.get(INTERVAL_MINUTES)
    if not isinstance(code, str):
        return None
    return Identifiers(
        meter_import_id=meter,
        observation_type_code=code,
        unit_code=unit if isinstance(unit, str) else None,
        # Without a unit the interval is never compared.
        interval_seconds=minutes * 60 if isinstance(minutes, int) and isinstance(unit, str) else None,
    )


def _group_by_key(traces: Iterable[ResolutionTrace]) -> dict[_RoutingKey, list[ResolutionTrace]]:
    """`traces` by what an edit must touch to affect them; those that no edit can affect are left out."""
    by_key: dict[_RoutingKey, list[ResolutionTrace]] = defaultdict(list)
    for trace in traces:
        given = trace.identifiers
        # No edit changes a channel id.
        if given.channel_id is not None:
            continue
        if given.channel_import_id:
            by_key[given.channel_import_id, None].append(trace)
        elif given.meter_import_id:
            by_key[given.meter_import_id, given.observation_type_code].append(trace)
            by_key[given.meter_import_id,].append(trace)
    return by_key


def _affected_keys(draft: Draft) -> Iterator[_RoutingKey]:
    for channel in (draft.live, draft.after_apply):
        if CHANNEL_IMPORT_ID in draft.changed_paths:
            yield channel.values.get(CHANNEL_IMPORT_ID), None
        if channel.data_point.import_id:
            yield channel.data_point.import_id, channel.values.get(OBSERVATION_TYPE_CODE)
    if draft.is_creation and draft.live.data_point.import_id:
        yield (draft.live.data_point.import_id,)


class _PlannedIndex:
    """The channels as they are after some changes of a plan."""

    def __init__(self, live: Index) -> None:
        self._by_import_id = dict(live.by_import_id)
        self._by_meter = dict(live.by_meter)
        self._index = replace(live, by_import_id=self._by_import_id, by_meter=self._by_meter)

    def carry_out(self, draft: Draft) -> None:
        planned, meter = draft.after_apply, draft.after_apply.data_point.import_id
        if meter is not None:
            others = [each for each in self._by_meter.get(meter, ()) if each.id != planned.id]
            self._by_meter[meter] = sorted([*others, planned], key=lambda live: live.id)
        if CHANNEL_IMPORT_ID in draft.changed_paths:
            self._rename(draft)

    def extend(self, trace: ResolutionTrace, draft: Draft) -> None:
        """Add `draft`, the last one carried out, to `trace` if its identifiers resolve differently now."""
        now, last = resolve(trace.identifiers, self._index), trace.after
        # Other candidates with the same failure change nothing: the readings are not stored either way.
        if (now.channel_id, now.failure) != (last.channel_id, last.failure):
            trace.changes.append(ResolutionChange(draft, now))

    def _rename(self, draft: Draft) -> None:
        old, new = (live.values.get(CHANNEL_IMPORT_ID) for live in (draft.live, draft.after_apply))
        if isinstance(old, str):
            self._by_import_id[old] = [each for each in self._by_import_id[old] if each.id != draft.live.id]
        if isinstance(new, str):
            # EnergyCAP may already have several channels with one import id.
            joined = [*self._by_import_id.get(new, ()), draft.after_apply]
            self._by_import_id[new] = sorted(joined, key=lambda live: live.id)


_SHOWN = 5


class FeedImpact(Struct, frozen=True):
    """What a plan does to a feed: the trace of its identifiers, beside the id of the channel that it expects.

    `expected` is None if that channel was not found; `is_skipped` says that the plan goes on without it. `is_blocked`
    says that the plan blocks the change that would reroute the feed; the trace is then what would happen without the
    block.
    """

    feed: Feed
    expected: int | None
    trace: ResolutionTrace
    is_blocked: bool = False
    is_skipped: bool = False

    @property
    def loses_channel(self) -> bool:
        """Whether the feed reaches the channel that it expects now, and would not after the plan.

        Where the expected channel is skipped, nobody can tell which way is right, so any other way counts.
        """
        before, after = self.trace.before.channel_id, self.trace.after.channel_id
        return before != after and (self.is_skipped or (self.expected is not None and before == self.expected))

    @property
    def losing_change(self) -> ResolutionChange:
        """The change after which the readings no longer reach the channel that they reach now."""
        return self.trace.find_losing_change(self.trace.before.channel_id)


def make_feed_blocker(impact: FeedImpact, context: PlanContext) -> Blocker:
    """Why the change that takes the readings of `impact` away from the expected channel is blocked."""
    losing, feed = impact.losing_change, impact.feed
    edits = causing_edits(losing.draft, feed.identifiers)
    paths = " and ".join(edit.path for edit in edits)
    destination = describe_destination(losing.resolution, context)
    return Blocker(
        "ESA336" if impact.is_skipped else find_code(losing.resolution),
        (
            f"would reroute feed {feed.name}, which expects {feed.expect}, and that channel was not found: "
            f"its readings would {destination}"
        )
        if impact.is_skipped
        else f"would take the readings of feed {feed.name} away from {show_id(impact.expected, context)}: "
        f"they would {destination}",
        {
            "feed": f"{feed.name} ({feed.location.file}:{feed.location.line})",
            "identifiers": format_given_identifiers(feed.identifiers),
            "edits": [show_edit(edit) for edit in edits],
            "expects": _describe_channel(impact.expected, context),
            "would_find": [_describe_channel(id_, context) for id_ in _find_ids(losing.resolution)],
        },
        f"keep {paths} as in EnergyCAP, or change the logger too, and feed {feed.name} in the same plan",
    )


def find_code(resolution: Resolution) -> str:
    """The rule on readings that would go where `resolution` says: to another channel, to several, or to none."""
    match resolution.failure:
        case None:
            return "ESA601"
        case ResolutionFailure.AMBIGUOUS:
            return "ESA602"
        case ResolutionFailure.UNMATCHED | ResolutionFailure.NO_IDENTIFIER:
            return "ESA603"
        case _:
            assert_never(resolution.failure)


def describe_destination(resolution: Resolution, context: PlanContext) -> str:
    """Where readings go by `resolution`, as a verb phrase after "they" or "would"."""
    match resolution.failure:
        case None:
            return f"go to {show_id(resolution.channel_id, context)}"
        case ResolutionFailure.AMBIGUOUS:
            candidates = resolution.candidates
            return f"match {len(candidates)} channels ({_show_some(candidates, context)}) and reach none"
        case ResolutionFailure.UNMATCHED | ResolutionFailure.NO_IDENTIFIER:
            return "match no channel"
        case _:
            assert_never(resolution.failure)


def show_id(channel_id: int | None, context: PlanContext) -> str:
    """The channel with this id in few words: its name in the files, else its id and its name in EnergyCAP."""
    if channel_id is None:
        return "none"
    managed = context.managed.get(channel_id)
    return managed.name if managed else f"{channel_id} {show_value(context.index.by_id[channel_id].name)}"


def format_given_identifiers(identifiers: Identifiers) -> str:
    """The identifiers that are given, as the readings API calls them."""
    return ", ".join(f"{name} {show_value(value)}" for name, value in V3_NAMES.items(identifiers))


def show_edit(edit: Edit) -> str:
    """`edit` in one line: its path, and the value before and after."""
    return f"{edit.path} {' → '.join(show_values(edit.before, edit.after))}"


def _find_ids(resolution: Resolution) -> Sequence[int]:
    # The candidates of an unmatched resolution are those of the step before the last, which the readings do not match.
    return () if resolution.failure is ResolutionFailure.UNMATCHED else resolution.candidates


def _show_some(ids: Sequence[int], context: PlanContext) -> str:
    more = len(ids) - _SHOWN
    names = [show_id(id_, context) for id_ in ids[:_SHOWN]]
    return ", ".join([*names, f"{more} more"] if more > 0 else names)


def _describe_channel(channel_id: int | None, context: PlanContext) -> dict[str, object] | None:
    return None if channel_id is None else channel_evidence(context.index.by_id[channel_id], context)
