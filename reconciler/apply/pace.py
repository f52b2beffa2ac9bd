"""How much at a time, and how far apart: all that is allowed, less while the service strains, more again after it."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# A change is slow that takes so many times as long as is usual, and longer than these seconds.
_SLOW_FACTOR = 4.0
_SLOW_SECONDS = 2.0
# The share of the latest change in what is usual: a service that stays slow is usual after a few.
_LATEST = 0.1
# The least time between two beginnings, as a share of what there would be were they spread evenly, and in seconds.
_LEAST_SHARE = 0.5
_LONGEST_GAP = 0.01


class Pace:
    """How many changes may be in flight; for one thread at a time.

    Halved where the service says that it is too busy, and where a change was slow, but once only for all that was in
    flight then; one more for each round that goes well, up to `most`. Changes do not begin all at once: in step they
    would hinder each other here and there, and stay in step. `count_refusals` says how often the service has said so
    far that it is too busy, `clock` how many seconds it is.
    """

    def __init__(self, most: int, count_refusals: Callable[[], int], clock: Callable[[], float] = monotonic) -> None:
        self._most = most
        self._count_refusals = count_refusals
        self._clock = clock
        self._limit = float(most)
        self._usual: float | None = None
        self._begun: dict[str, float] = {}
        self._latest = float("-inf")
        self._refusals = count_refusals()
        # What was in flight at the last cut tells of the time before it.
        self._stale: set[str] = set()

    @property
    def limit(self) -> int:
        """How many changes may be in flight now, at least one."""
        return int(self._limit)

    def begin(self, name: str) -> float:
        """Take note that a change is in flight, once so many seconds have passed."""
        now = self._clock()
        self._latest = self._begun[name] = max(now, self._latest + self._find_gap())
        return self._latest - now

    def end(self, name: str) -> None:
        """Take note that a change is not in flight any more, and of how the service did meanwhile."""
        is_strained = self._is_slow(self._clock() - self._begun.pop(name)) | self._is_refusing()
        if name in self._stale:
            self._stale.remove(name)
        elif is_strained:
            self._limit = max(1.0, self._limit / 2)
            self._stale = set(self._begun)
        else:
            self._limit = min(float(self._most), self._limit + 1 / self._limit)

    def _find_gap(self) -> float:
        return min(_LONGEST_GAP, _LEAST_SHARE * (self._usual or 0.0) / self._limit)

    def _is_refusing(self) -> bool:
        before, self._refusals = self._refusals, self._count_refusals()
        return self._refusals > before

    def _is_slow(self, seconds: float) -> bool:
        usual = seconds if self._usual is None else self._usual
        self._usual = usual + _LATEST * (seconds - usual)
        return seconds > max(_SLOW_SECONDS, _SLOW_FACTOR * usual)
