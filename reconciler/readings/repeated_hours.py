"""Which moment a repeated local time means, as far as the order of a channel's readings shows it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from reconciler.readings.transitions import Transition


def find_moments(
    times: Sequence[datetime], change: Transition, before: datetime | None, following: datetime | None
) -> Sequence[timedelta] | None:
    """The offset of each of a channel's `times` in the hour that `change` repeats; None if nothing tells.

    `times` follow one another in the file. `before` is the reading ahead of them, `following` the one after them. Two
    runs tell: of rising times the first run is the earlier hour, of falling ones the later.
    """
    rising = _split(times, lambda one, other: one < other)
    falling = _split(times, lambda one, other: one > other)
    directions = {_tell(before, change, is_before=True), _tell(following, change, is_before=False)} - {None}
    if len(directions) > 1:
        return None
    if rising is not None and directions != {False} and (falling is None or directions):
        return [change.before] * rising + [change.after] * (len(times) - rising)
    if falling is not None and directions != {True} and (rising is None or directions):
        return [change.after] * falling + [change.before] * (len(times) - falling)
    return None


def _split(times: Sequence[datetime], is_next: Callable[[datetime, datetime], bool]) -> int | None:
    """How many of `times` are in the first of the two runs that they are; None where they are not two."""
    breaks = [place for place, (one, other) in enumerate(pairwise(times), start=1) if not is_next(one, other)]
    return breaks[0] if len(breaks) == 1 else None


def _tell(time: datetime | None, change: Transition, *, is_before: bool) -> bool | None:
    """Whether a reading beside the hour says that times rise in the file; None where there is no such reading."""
    return None if time is None else (time < change.begin) is is_before
