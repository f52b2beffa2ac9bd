"""What becomes of a feed in a plan, and why that blocks a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from msgspec import Struct

from reconciler.model.identifiers import V3_NAMES, ResolutionFailure
from reconciler.model.plan import Blocker
from reconciler.planning.citing import show_value, show_values
from reconciler.planning.courses import list_causes
from reconciler.planning.surroundings import mention

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.identifiers import Feed, Identifiers, Resolution
    from reconciler.model.plan import Edit
    from reconciler.planning.courses import Course, Move
    from reconciler.planning.surroundings import Surroundings

_SHOWN = 5


class Fate(Struct, frozen=True):
    """What becomes of a feed: its course through the plan, beside the id of the channel that it expects.

    `expected` is None where that channel was not found. `is_held` says that the plan blocks what would lead the feed
    away; the course is then the one that it would have taken.
    """

    feed: Feed
    expected: int | None
    course: Course
    is_held: bool = False

    @property
    def is_lost(self) -> bool:
        """Whether the feed reaches the channel that it expects now, and would not after the plan."""
        course = self.course
        return self.expected is not None and course.before.channel_id == self.expected != course.after.channel_id

    @property
    def departure(self) -> Move:
        """The step that leads the feed away for good."""
        return self.course.find_departure(self.expected)


def make_block(fate: Fate, around: Surroundings) -> Blocker:
    """Why the change that leads `fate` away for good is blocked."""
    departure, feed = fate.departure, fate.feed
    edits = list_causes(departure.draft, feed.identifiers)
    paths = " and ".join(edit.path for edit in edits)
    return Blocker(
        find_code(departure.route),
        f"would take the readings of feed {feed.name} away from {show_id(fate.expected, around)}: "
        f"they would {say_end(departure.route, around)}",
        {
            "feed": f"{feed.name} ({feed.location.file}:{feed.location.line})",
            "identifiers": show_given(feed.identifiers),
            "edits": [show_edit(edit) for edit in edits],
            "expects": _mention(fate.expected, around),
            "would_find": [_mention(id_, around) for id_ in _find_ids(departure.route)],
        },
        f"leave {paths} as now, or change the logger, and with it feed {feed.name} in this plan",
    )


def find_code(route: Resolution) -> str:
    """The rule that is broken where pointers come to lead along `route`."""
    match route.failure:
        case None:
            return "ESA601"
        case ResolutionFailure.AMBIGUOUS:
            return "ESA602"
        case ResolutionFailure.UNMATCHED | ResolutionFailure.NO_IDENTIFIER:
            return "ESA603"
        case _:
            assert_never(route.failure)


def say_end(route: Resolution, around: Surroundings) -> str:
    """What readings do along `route`, after "they" or "would": they land on a channel, or nowhere, and why."""
    match route.failure:
        case None:
            return f"land on {show_id(route.channel_id, around)}"
        case ResolutionFailure.AMBIGUOUS:
            return (
                f"land nowhere, because {len(route.candidates)} channels fit ({_show_some(route.candidates, around)})"
            )
        case ResolutionFailure.UNMATCHED | ResolutionFailure.NO_IDENTIFIER:
            return "land nowhere, because no channel fits"
        case _:
            assert_never(route.failure)


def show_id(channel_id: int | None, around: Surroundings) -> str:
    """The channel with this id, shortly: as the files call it, or by its id and its name in EnergyCAP."""
    if channel_id is None:
        return "none"
    managed = around.managed.get(channel_id)
    return managed.name if managed else f"{channel_id} {show_value(around.index.by_id[channel_id].name)}"


def show_given(pointers: Identifiers) -> str:
    """The pointers that are given, as the readings API calls them."""
    return ", ".join(f"{name} {show_value(value)}" for name, value in V3_NAMES.say(pointers))


def show_edit(edit: Edit) -> str:
    """`edit` in one line: its path, and the value before and after."""
    return f"{edit.path} {' → '.join(show_values(edit.before, edit.after))}"


def _find_ids(route: Resolution) -> Sequence[int]:
    return () if route.failure is ResolutionFailure.UNMATCHED else route.candidates


def _show_some(ids: Sequence[int], around: Surroundings) -> str:
    more = len(ids) - _SHOWN
    names = [show_id(id_, around) for id_ in ids[:_SHOWN]]
    return ", ".join([*names, f"{more} more"] if more > 0 else names)


def _mention(channel_id: int | None, around: Surroundings) -> dict[str, object] | None:
    return None if channel_id is None else mention(around.index.by_id[channel_id], around)
