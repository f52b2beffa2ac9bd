"""Where identifiers lead before and after each change of a plan."""

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


_INFERRED = frozenset((OBSERVATION_TYPE_ID, UNIT_ID, INTERVAL_MINUTES))

# What the pointers of readings, and of select, are compared with.
POINTED_AT = _INFERRED | {CHANNEL_IMPORT_ID}

# What an edit must have to do with for pointers to lead elsewhere: an import id, or a meter and an observation type.
_Corner: TypeAlias = tuple[str, Value]


class ResolutionChange(Struct, frozen=True):
    """A step of a plan that leads pointers elsewhere: its draft, and where they lead after it."""

    draft: Draft
    resolution: Resolution


class ResolutionTrace(Struct):
    """The way of pointers through a plan: where they lead live, and the steps that lead them elsewhere, in order."""

    identifiers: Identifiers
    before: Resolution
    changes: list[ResolutionChange] = field(default_factory=list)

    @property
    def after(self) -> Resolution:
        return self.changes[-1].resolution if self.changes else self.before

    def find_losing_change(self, channel_id: int | None) -> ResolutionChange:
        """The step after which the pointers do not lead to `channel_id` again. There must be one."""
        away = list(self.changes)
        while len(away) > 1 and away[-2].resolution.channel_id != channel_id:
            away.pop()
        return away[-1]


def trace_identifiers(pointers: Iterable[Identifiers], index: Index, steps: Iterable[Draft]) -> list[ResolutionTrace]:
    """The course of each of `identifiers` from the live `index` through `steps`, which are made one after the other.

    Only what an edit can lead elsewhere is looked at again: ten thousand channels cost no more than those edited.
    """
    courses = [ResolutionTrace(each, resolve(each, index)) for each in pointers]
    moving = [draft for draft in steps if affects_routing(draft)]
    if not moving:
        return courses
    at_corner = _place(courses)
    world = _PlannedIndex(index)
    for draft in moving:
        world.carry_out(draft)
        touched = {id(course): course for corner in _affected_keys(draft) for course in at_corner.get(corner, ())}
        for course in touched.values():
            world.look_again(course, draft)
    return courses


def affects_routing(draft: Draft) -> bool:
    """Whether `draft` edits anything that readings find their channel by."""
    return not draft.changed_paths.isdisjoint(POINTED_AT)


def undeclared_identifiers(steps: Iterable[Draft], index: Index) -> Iterator[Identifiers]:
    """The pointers by which live channels can be named now, and that an edit of `steps` may lead elsewhere.

    Of each meter the shortest come first: a type alone, then with a unit, then with an interval.
    """
    meters: dict[str, None] = {}
    for draft in steps:
        import_id, meter = draft.live.values.get(CHANNEL_IMPORT_ID), draft.live.data_point.import_id
        if CHANNEL_IMPORT_ID in draft.changed_paths and isinstance(import_id, str) and import_id:
            yield Identifiers(channel_import_id=import_id)
        if meter and not draft.changed_paths.isdisjoint(_INFERRED):
            meters[meter] = None
    for meter in meters:
        yield from _list_inferred(meter, index.by_meter[meter])


def causing_edits(draft: Draft, pointers: Identifiers) -> tuple[Edit, ...]:
    """The edits of `draft` that can lead `identifiers` elsewhere."""
    counted = {CHANNEL_IMPORT_ID} if pointers.channel_import_id else _INFERRED
    return tuple(edit for edit in draft.edits if FIELD_AT[edit.path].path in counted)


def _list_inferred(meter: str, channels: Sequence[Live]) -> Iterator[Identifiers]:
    """Nothing where the meter has but one channel, which gets all that is sent there whatever its settings."""
    full = [each for channel in channels if len(channels) > 1 and (each := _point(meter, channel)) is not None]
    by_unit = [replace(each, interval_seconds=None) for each in full]
    by_type = [replace(each, unit_code=None) for each in by_unit]
    yield from dict.fromkeys([*by_type, *by_unit, *full])


def _point(meter: str, channel: Live) -> Identifiers | None:
    """All that can be said of `channel` beside its meter; None where it has not even a type."""
    code, unit = channel.values.get(OBSERVATION_TYPE_CODE), channel.values.get(UNIT_CODE)
    minutes = channel.values.get(INTERVAL_MINUTES)
    if not isinstance(code, str):
        return None
    return Identifiers(
        meter_import_id=meter,
        observation_type_code=code,
        unit_code=unit if isinstance(unit, str) else None,
        interval_seconds=minutes * 60 if isinstance(minutes, int) and isinstance(unit, str) else None,
    )


def _place(courses: Iterable[ResolutionTrace]) -> dict[_Corner, list[ResolutionTrace]]:
    at_corner: dict[_Corner, list[ResolutionTrace]] = defaultdict(list)
    for course in courses:
        pointers = course.identifiers
        if pointers.channel_id is not None:
            continue
        if pointers.channel_import_id:
            at_corner[pointers.channel_import_id, None].append(course)
        elif pointers.meter_import_id and pointers.observation_type_code:
            at_corner[pointers.meter_import_id, pointers.observation_type_code].append(course)
    return at_corner


def _affected_keys(draft: Draft) -> Iterator[_Corner]:
    for channel in (draft.live, draft.after_apply):
        if CHANNEL_IMPORT_ID in draft.changed_paths:
            yield str(channel.values.get(CHANNEL_IMPORT_ID) or ""), None
        if channel.data_point.import_id:
            yield channel.data_point.import_id, channel.values.get(OBSERVATION_TYPE_CODE)


class _PlannedIndex:
    """The channels as they are after some steps of a plan."""

    def __init__(self, live: Index) -> None:
        self._by_import_id = dict(live.by_import_id)
        self._by_meter = dict(live.by_meter)
        self._index = replace(live, by_import_id=self._by_import_id, by_meter=self._by_meter)

    def carry_out(self, draft: Draft) -> None:
        planned, meter = draft.after_apply, draft.after_apply.data_point.import_id
        if meter is not None:
            self._by_meter[meter] = [planned if each.id == planned.id else each for each in self._by_meter[meter]]
        if CHANNEL_IMPORT_ID in draft.changed_paths:
            self._rename(draft)

    def look_again(self, course: ResolutionTrace, draft: Draft) -> None:
        now, last = resolve(course.identifiers, self._index), course.after
        if (now.channel_id, now.failure) != (last.channel_id, last.failure):
            course.changes.append(ResolutionChange(draft, now))

    def _rename(self, draft: Draft) -> None:
        old, new = (str(live.values.get(CHANNEL_IMPORT_ID) or "") for live in (draft.live, draft.after_apply))
        left = [each for each in self._by_import_id.get(old, ()) if each.id != draft.live.id]
        self._by_import_id[old] = left
        joined = [*self._by_import_id.get(new, ()), draft.after_apply]
        self._by_import_id[new] = sorted(joined, key=lambda live: live.id)


_SHOWN = 5


class FeedImpact(Struct, frozen=True):
    """What becomes of a feed: its course through the plan, beside the id of the channel that it expects.

    `expected` is None where that channel was not found. `is_held` says that the plan blocks what would lead the feed
    away; the course is then the one that it would have taken.
    """

    feed: Feed
    expected: int | None
    trace: ResolutionTrace
    is_held: bool = False

    @property
    def loses_channel(self) -> bool:
        """Whether the feed reaches the channel that it expects now, and would not after the plan."""
        course = self.trace
        return self.expected is not None and course.before.channel_id == self.expected != course.after.channel_id

    @property
    def losing_change(self) -> ResolutionChange:
        """The step that leads the feed away for good."""
        return self.trace.find_losing_change(self.expected)


def make_block(impact: FeedImpact, context: PlanContext) -> Blocker:
    """Why the change that leads `impact` away for good is blocked."""
    departure, feed = impact.losing_change, impact.feed
    edits = causing_edits(departure.draft, feed.identifiers)
    paths = " and ".join(edit.path for edit in edits)
    return Blocker(
        find_code(departure.resolution),
        f"would take the readings of feed {feed.name} away from {show_id(impact.expected, context)}: "
        f"they would {describe_destination(departure.resolution, context)}",
        {
            "feed": f"{feed.name} ({feed.location.file}:{feed.location.line})",
            "identifiers": format_given_identifiers(feed.identifiers),
            "edits": [show_edit(edit) for edit in edits],
            "expects": _mention(impact.expected, context),
            "would_find": [_mention(id_, context) for id_ in _find_ids(departure.resolution)],
        },
        f"leave {paths} as now, or change the logger, and with it feed {feed.name} in this plan",
    )


def find_code(route: Resolution) -> str:
    """The rule that is broken where pointers come to lead along `resolve`."""
    match route.failure:
        case None:
            return "ESA601"
        case ResolutionFailure.AMBIGUOUS:
            return "ESA602"
        case ResolutionFailure.UNMATCHED | ResolutionFailure.NO_IDENTIFIER:
            return "ESA603"
        case _:
            assert_never(route.failure)


def describe_destination(route: Resolution, context: PlanContext) -> str:
    """What readings do along `resolve`, after "they" or "would": they land on a channel, or nowhere, and why."""
    match route.failure:
        case None:
            return f"land on {show_id(route.channel_id, context)}"
        case ResolutionFailure.AMBIGUOUS:
            return (
                f"land nowhere, because {len(route.candidates)} channels fit ({_show_some(route.candidates, context)})"
            )
        case ResolutionFailure.UNMATCHED | ResolutionFailure.NO_IDENTIFIER:
            return "land nowhere, because no channel fits"
        case _:
            assert_never(route.failure)


def show_id(channel_id: int | None, context: PlanContext) -> str:
    """The channel with this id, shortly: as the files call it, or by its id and its name in EnergyCAP."""
    if channel_id is None:
        return "none"
    managed = context.managed.get(channel_id)
    return managed.name if managed else f"{channel_id} {show_value(context.index.by_id[channel_id].name)}"


def format_given_identifiers(identifiers: Identifiers) -> str:
    """The identifiers that are given, as the readings API calls them."""
    return ", ".join(f"{name} {show_value(value)}" for name, value in V3_NAMES.say(identifiers))


def show_edit(edit: Edit) -> str:
    """`edit` in one line: its path, and the value before and after."""
    return f"{edit.path} {' → '.join(show_values(edit.before, edit.after))}"


def _find_ids(route: Resolution) -> Sequence[int]:
    return () if route.failure is ResolutionFailure.UNMATCHED else route.candidates


def _show_some(ids: Sequence[int], context: PlanContext) -> str:
    more = len(ids) - _SHOWN
    names = [show_id(id_, context) for id_ in ids[:_SHOWN]]
    return ", ".join([*names, f"{more} more"] if more > 0 else names)


def _mention(channel_id: int | None, context: PlanContext) -> dict[str, object] | None:
    return None if channel_id is None else channel_evidence(context.index.by_id[channel_id], context)
