"""When the clocks of a time zone are set forward or back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import tzinfo

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_NONE = timedelta(0)


class Transition(Struct, frozen=True):
    """A change of clocks at `instant`: local times from `begin` up to `end` are skipped, or come twice.

    `before` and `after` are the offsets on both sides of it.
    """

    instant: datetime
    before: timedelta
    after: timedelta

    @property
    def is_skipped(self) -> bool:
        return self.after > self.before

    @property
    def begin(self) -> datetime:
        return self._wall(min(self.before, self.after))

    @property
    def end(self) -> datetime:
        return self._wall(max(self.before, self.after))

    def _wall(self, offset: timedelta) -> datetime:
        return (self.instant + offset).replace(tzinfo=None)


@cache
def find_transitions(zone: tzinfo, year: int) -> tuple[Transition, ...]:
    """The changes of the clocks of `zone` in a year, and in the day on each side of it."""
    found = []
    at = datetime(year, 1, 1, tzinfo=UTC) - _DAY
    end = datetime(year + 1, 1, 1, tzinfo=UTC) + _DAY
    while at < end:
        if _offset(at, zone) != _offset(at + _DAY, zone):
            instant = _halve(at, at + _DAY, zone)
            found.append(Transition(instant, _offset(instant - _SECOND, zone), _offset(instant, zone)))
        at += _DAY
    return tuple(found)


def _halve(low: datetime, high: datetime, zone: tzinfo) -> datetime:
    """The first second after `low`, and not after `high`, that has the offset of `high`."""
    while high - low > _SECOND:
        middle = low + timedelta(seconds=(high - low) // _SECOND // 2)
        if _offset(middle, zone) == _offset(high, zone):
            high = middle
        else:
            low = middle
    return high


def _offset(at: datetime, zone: tzinfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or _NONE
