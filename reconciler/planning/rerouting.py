"""Leads feeds through one change once more, on channels read afresh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.plan import Blocker
from reconciler.model.project import ChannelEdit, PrimaryMove
from reconciler.planning.courses import POINTED_AT, follow
from reconciler.planning.draft import list_touched
from reconciler.planning.fates import find_code, say_end, show_given, show_id
from reconciler.planning.index import make_index
from reconciler.planning.preconditions import draft_again
from reconciler.planning.surroundings import make_surroundings
from reconciler.planning.vocabulary import list_codes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.model.channels import Live, ReferenceData
    from reconciler.model.plan import Change, FeedRoute
    from reconciler.planning.courses import Course
    from reconciler.planning.surroundings import Surroundings


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
