"""Follows pointers through a plan: where they lead live, and which of its steps lead them elsewhere."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias

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
from reconciler.model.identifiers import Identifiers
from reconciler.model.values import Value
from reconciler.planning.resolve import route

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.channels import Live
    from reconciler.model.identifiers import Resolution
    from reconciler.model.plan import Edit
    from reconciler.planning.draft import Draft
    from reconciler.planning.index import Index

_INFERRED = frozenset((OBSERVATION_TYPE_ID, UNIT_ID, INTERVAL_MINUTES))

# What the pointers of readings, and of select, are compared with.
POINTED_AT = _INFERRED | {CHANNEL_IMPORT_ID}

# What an edit must have to do with for pointers to lead elsewhere: an import id, or a meter and an observation type.
_Corner: TypeAlias = tuple[str, Value]


class Move(Struct, frozen=True):
    """A step of a plan that leads pointers elsewhere: its draft, and where they lead after it."""

    draft: Draft
    route: Resolution


class Course(Struct):
    """The way of pointers through a plan: where they lead live, and the steps that lead them elsewhere, in order."""

    pointers: Identifiers
    before: Resolution
    moves: list[Move] = field(default_factory=list)

    @property
    def after(self) -> Resolution:
        return self.moves[-1].route if self.moves else self.before

    def find_departure(self, channel_id: int | None) -> Move:
        """The step after which the pointers do not lead to `channel_id` again. There must be one."""
        away = list(self.moves)
        while len(away) > 1 and away[-2].route.channel_id != channel_id:
            away.pop()
        return away[-1]


def follow(pointers: Iterable[Identifiers], index: Index, steps: Iterable[Draft]) -> list[Course]:
    """The course of each of `pointers` from the live `index` through `steps`, which are made one after the other.

    Only what an edit can lead elsewhere is looked at again: ten thousand channels cost no more than those edited.
    """
    courses = [Course(each, route(each, index)) for each in pointers]
    moving = [draft for draft in steps if is_moving(draft)]
    if not moving:
        return courses
    at_corner = _place(courses)
    world = _World(index)
    for draft in moving:
        world.carry_out(draft)
        touched = {id(course): course for corner in _list_corners(draft) for course in at_corner.get(corner, ())}
        for course in touched.values():
            world.look_again(course, draft)
    return courses


def is_moving(draft: Draft) -> bool:
    """Whether `draft` edits anything that readings find their channel by."""
    return not draft.touched.isdisjoint(POINTED_AT)


def list_implied(steps: Iterable[Draft], index: Index) -> Iterator[Identifiers]:
    """The pointers by which live channels can be named now, and that an edit of `steps` may lead elsewhere.

    Of each meter the shortest come first: a type alone, then with a unit, then with an interval.
    """
    meters: dict[str, None] = {}
    for draft in steps:
        import_id, meter = draft.live.values.get(CHANNEL_IMPORT_ID), draft.live.data_point.import_id
        if CHANNEL_IMPORT_ID in draft.touched and isinstance(import_id, str) and import_id:
            yield Identifiers(channel_import_id=import_id)
        if meter and not draft.touched.isdisjoint(_INFERRED):
            meters[meter] = None
    for meter in meters:
        yield from _list_inferred(meter, index.by_meter[meter])


def list_causes(draft: Draft, pointers: Identifiers) -> tuple[Edit, ...]:
    """The edits of `draft` that can lead `pointers` elsewhere."""
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


def _place(courses: Iterable[Course]) -> dict[_Corner, list[Course]]:
    at_corner: dict[_Corner, list[Course]] = defaultdict(list)
    for course in courses:
        pointers = course.pointers
        if pointers.channel_id is not None:
            continue
        if pointers.channel_import_id:
            at_corner[pointers.channel_import_id, None].append(course)
        elif pointers.meter_import_id and pointers.observation_type_code:
            at_corner[pointers.meter_import_id, pointers.observation_type_code].append(course)
    return at_corner


def _list_corners(draft: Draft) -> Iterator[_Corner]:
    for channel in (draft.live, draft.planned):
        if CHANNEL_IMPORT_ID in draft.touched:
            yield str(channel.values.get(CHANNEL_IMPORT_ID) or ""), None
        if channel.data_point.import_id:
            yield channel.data_point.import_id, channel.values.get(OBSERVATION_TYPE_CODE)


class _World:
    """The channels as they are after some steps of a plan."""

    def __init__(self, live: Index) -> None:
        self._by_import_id = dict(live.by_import_id)
        self._by_meter = dict(live.by_meter)
        self._index = replace(live, by_import_id=self._by_import_id, by_meter=self._by_meter)

    def carry_out(self, draft: Draft) -> None:
        planned, meter = draft.planned, draft.planned.data_point.import_id
        if meter is not None:
            self._by_meter[meter] = [planned if each.id == planned.id else each for each in self._by_meter[meter]]
        if CHANNEL_IMPORT_ID in draft.touched:
            self._rename(draft)

    def look_again(self, course: Course, draft: Draft) -> None:
        now, last = route(course.pointers, self._index), course.after
        if (now.channel_id, now.failure) != (last.channel_id, last.failure):
            course.moves.append(Move(draft, now))

    def _rename(self, draft: Draft) -> None:
        old, new = (str(live.values.get(CHANNEL_IMPORT_ID) or "") for live in (draft.live, draft.planned))
        left = [each for each in self._by_import_id.get(old, ()) if each.id != draft.live.id]
        self._by_import_id[old] = left
        joined = [*self._by_import_id.get(new, ()), draft.planned]
        self._by_import_id[new] = sorted(joined, key=lambda live: live.id)
