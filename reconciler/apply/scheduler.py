"""Which change is next, and how many are applied at once."""

from __future__ import annotations

from graphlib import TopologicalSorter
from heapq import heapify, heappop, heappush
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.model.plan import Change


class ChangeQueue:
    """The changes still to be taken up, in the plan's order as far as dependencies and data points allow.

    A change comes free when all it depends on, and the change before it on its data point, are finished, however they
    ended. Where the longest row of changes that wait for one another would be alone at the end, as some of `lanes` have
    nothing left to do, the longest rows come first: mostly the last few changes, all where one row is very long. True
    as long as a change is not finished.
    """

    def __init__(self, changes: Sequence[Change], lanes: int = 1) -> None:
        predecessors = _find_predecessors(changes)
        heights = _find_heights(predecessors)
        self._changes = changes
        self._rank = {change.name: rank for rank, change in enumerate(changes)}
        self._heights = [heights[change.name] for change in changes]
        self._waiting = len(changes)
        self._last = lanes * max(self._heights, default=0) if lanes > 1 else 0
        self._free: list[tuple[int, int]] = []
        self._sorter = TopologicalSorter(predecessors)
        self._sorter.prepare()
        self._admit()

    def __bool__(self) -> bool:
        return self._sorter.is_active()

    def take(self) -> Change | None:
        """The change that is free now and comes first; None where all that is left must wait."""
        if not self._free:
            return None
        if self._waiting == self._last:
            self._free = [self._entry(rank) for _, rank in self._free]
            heapify(self._free)
        _, rank = heappop(self._free)
        self._waiting -= 1
        return self._changes[rank]

    def finish(self, name: str) -> None:
        """Set free what waited for the change `name`, which was taken before."""
        self._sorter.done(name)
        self._admit()

    def _admit(self) -> None:
        for name in self._sorter.get_ready():
            heappush(self._free, self._entry(self._rank[name]))

    def _entry(self, rank: int) -> tuple[int, int]:
        return (-self._heights[rank] if self._waiting <= self._last else 0), rank


def _find_predecessors(changes: Sequence[Change]) -> Mapping[str, Sequence[str]]:
    names = {change.name for change in changes}
    last_on: dict[int, str] = {}
    predecessors: dict[str, list[str]] = {}
    for change in changes:
        predecessors[change.name] = [name for name in change.depends_on if name in names]
        if change.data_point.id in last_on:
            predecessors[change.name].append(last_on[change.data_point.id])
        last_on[change.data_point.id] = change.name
    return predecessors


def _find_heights(predecessors: Mapping[str, Sequence[str]]) -> Mapping[str, int]:
    """How many changes must come one after the other, from each change on, itself included."""
    heights = dict.fromkeys(predecessors, 1)
    for name in reversed(tuple(TopologicalSorter(predecessors).static_order())):
        for before in predecessors[name]:
            heights[before] = max(heights[before], heights[name] + 1)
    return heights


# A change is slow that takes so many times as long as is usual, and longer than these seconds.
_SLOW_FACTOR = 4.0
_SLOW_SECONDS = 2.0
# The share of the latest change in what is usual: a service that stays slow is usual after a few.
_LATEST = 0.1
# Two changes begin no closer than half of what would spread them evenly; and none waits longer than these seconds.
_SHARE = 0.5
_LONGEST_GAP = 0.01


class ConcurrencyLimiter:
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

    def started(self, name: str) -> None:
        """Take note that a change is in flight."""
        self._last_begun = self._begun[name] = self._clock()

    def finished(self, name: str) -> None:
        """Take note that a change is not in flight any more, and of how the service did meanwhile."""
        is_strained = self._is_slow(self._clock() - self._begun.pop(name)) | self._is_refusing()
        if name in self._stale:
            return
        if is_strained:
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
