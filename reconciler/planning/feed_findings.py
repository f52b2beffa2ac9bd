"""Says of feeds, and of what else readings may name a channel by, where a plan leads them (ESA601 to ESA605)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.dialects import V3
from reconciler.model.places import Place
from reconciler.planning.courses import list_causes
from reconciler.planning.fates import find_code, name_end, show_edit, show_given, show_id
from reconciler.planning.surroundings import name_channel
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.findings import Finding
    from reconciler.model.live import Live
    from reconciler.model.routes import Feed, Pointers
    from reconciler.planning.courses import Course, Move
    from reconciler.planning.fates import Fate
    from reconciler.planning.surroundings import Surroundings

_HELD = "this is blocked: the feed stays as it is"
_PAUSE = "pause the logger while the plan is applied, or apply these edits by plans of their own"


def check_fate(fate: Fate, around: Surroundings) -> Iterator[Finding]:
    """What is to be said of a feed at its place: that it is led away, on the way or for good, or was so already."""
    course, place = fate.course, _place_feed(fate.feed)
    is_reached = fate.expected is not None and course.before.channel_id == fate.expected
    if fate.expected is not None and fate.expected not in (course.before.channel_id, course.after.channel_id):
        message = (
            f"feed does not lead to the channel it expects, found {name_end(course.before, around)} "
            f"instead of {show_id(fate.expected, around)}"
        )
        yield make_finding("ESA605", message, place, detail=(f"it sends {show_given(fate.feed.pointers)}",))
    elif not is_reached and fate.expected is not None:
        return
    if course.moves and (course.before.channel_id, course.after.channel_id) != (None, None):
        code, message, fix = _say_course("feed", course, around)
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
            ends = (course.before.channel_id, course.after.channel_id, course.after.problem)
            alike.setdefault((*ends, *(move.draft.name for move in course.moves)), []).append(course)
    for first, *others in alike.values():
        code, message, fix = _say_course(f"readings sent with {show_given(first.pointers)}", first, around)
        detail = (*_tell_moves(first, around), *_tell_longer(first.pointers, others))
        yield make_finding(code, message, _place_cause(first, around), fix=fix or _advise(first, around), detail=detail)


def tell_fate(fate: Fate, around: Surroundings) -> Iterator[str]:
    """What is to be said of a feed beside its route, in sentences."""
    course = fate.course
    yield from _tell_moves(course, around)
    if fate.is_held:
        yield _HELD
    elif fate.expected not in (None, course.before.channel_id, course.after.channel_id):
        yield f"does not lead to what it expects already today, but to {name_end(course.before, around)}"


def _say_course(what: str, course: Course, around: Surroundings) -> tuple[str, str, str]:
    """A code, a sentence and a particular way out on how `what` is led elsewhere."""
    before, after = course.before, course.after
    now = name_end(before, around)
    if before.channel_id is None:
        return "ESA604", f"{what} would begin to land on {name_end(after, around)}, found {now} until now", ""
    if after.channel_id == before.channel_id:
        passing = course.moves[0].route
        message = f"{what} would be led elsewhere while the plan is applied, found {name_end(passing, around)}"
        return find_code(passing), f"{message} instead of {now} on the way", _PAUSE
    words = {"ESA601": "be redirected", "ESA602": "become ambiguous", "ESA603": "be left without a channel"}
    code = find_code(after)
    return code, f"{what} would {words[code]}, found {name_end(after, around)} instead of {now}", ""


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
    return f"change what sends these readings with the plan; a feed with  expect: {managed.name}  would block the edit"


def _tell_moves(course: Course, around: Surroundings) -> Iterator[str]:
    for move in course.moves:
        change = name_channel(move.draft.live, around)
        yield f"{change}, {_show_causes(move, course)}: then {name_end(move.route, around)}"


def _show_causes(move: Move, course: Course) -> str:
    return ", ".join(show_edit(edit) for edit in list_causes(move.draft, course.pointers))


def _tell_longer(shortest: Pointers, others: Sequence[Course]) -> Iterator[str]:
    given = {name for name, _ in V3.say(shortest)}
    more = dict.fromkeys(name for course in others for name, _ in V3.say(course.pointers) if name not in given)
    if more:
        yield f"so would readings that also give {' and '.join(more)}"


def _place_feed(feed: Feed) -> Place:
    return Place(file=feed.place.file, line=feed.place.line, keys=("feeds", feed.name))


def _place_cause(course: Course, around: Surroundings) -> Place | None:
    is_back = course.after.channel_id == course.before.channel_id
    move = course.moves[0] if is_back else course.find_departure(course.before.channel_id)
    managed = around.managed[move.draft.live.id]
    path = list_causes(move.draft, course.pointers)[0].path
    return Place(file=managed.file, line=managed.line, keys=("channels", managed.name, *path.split(".")))
