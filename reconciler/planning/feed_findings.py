"""Says of feeds, and of what else readings may name a channel by, where a plan leads them (ESA601 to ESA605)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.findings import Location
from reconciler.model.identifiers import V3_NAMES
from reconciler.planning.citing import shorten, show_value
from reconciler.planning.courses import list_causes
from reconciler.planning.fates import find_code, say_end, show_edit, show_given, show_id
from reconciler.planning.surroundings import name_channel
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.channels import Live
    from reconciler.model.findings import Finding
    from reconciler.model.identifiers import Feed, Identifiers
    from reconciler.planning.courses import Course, Move
    from reconciler.planning.fates import Fate
    from reconciler.planning.surroundings import Surroundings

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
