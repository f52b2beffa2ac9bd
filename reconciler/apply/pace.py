"""How much at a time, and how far apart: all that is allowed, but less while the service strains."""

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
# Two changes begin no closer than half of what would spread them evenly; and none waits longer than these seconds.
_SHARE = 0.5
_LONGEST_GAP = 0.01


class Pace:
    """How many changes may be in flight; for one thread at a time.

    Halved where the service says that it is too busy, and where a change was slow, but once only for all that was in
    flight then; one more for each round that goes well, up to `most`. Once it is known what a change takes, they begin
    apart: in step they hinder one another here and there, and stay in step. `count_refusals` says how often the service
    has said so far that it is too busy, `clock` how many seconds it is.
    """

    def __init__(self, most: int, count_refusals: Callable[[], int], clock: Callable[[], float] = monotonic) -> None:
        self._most = most
        self._count_refusals = count_refusals
        self._clock = clock
        self._limit = float(most)
        self._usual: float | None = None
        self._begun: dict[str, float] = {}
        self._last_begun = float("-inf")
        self._refusals = count_refusals()
        # What was in flight at the last cut tells of the time before it.
        self._stale: set[str] = set()

    @property
    def limit(self) -> int:
        """How many changes may be in flight now, at least one."""
        return int(self._limit)

    @property
    def pause(self) -> float:
        """In how many seconds the next change may begin, beside those in flight; 0 where it may now."""
        if not self._begun or self._usual is None:
            return 0.0
        gap = min(_LONGEST_GAP, _SHARE * self._usual / self._limit)
        return max(0.0, self._last_begun + gap - self._clock())

    def begin(self, name: str) -> None:
        """Take note that a change is in flight."""
        self._last_begun = self._begun[name] = self._clock()

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

    def _is_refusing(self) -> bool:
        before, self._refusals = self._refusals, self._count_refusals()
        return self._refusals > before

    def _is_slow(self, seconds: float) -> bool:
        usual = seconds if self._usual is None else self._usual
        self._usual = usual + _LATEST * (seconds - usual)
        return seconds > max(_SLOW_SECONDS, _SLOW_FACTOR * usual)
