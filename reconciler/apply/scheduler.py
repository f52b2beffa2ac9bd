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
    """The changes that are still to be taken, in the plan's order as far as dependencies and data points allow.

    A change is free when all changes that it depends on, and the one before it on its data point, are finished, however
    they ended. If some of the `lanes` would be idle at the end while the longest chain of dependent changes is still
    running, the longest chains come first: usually for the last few changes, or for all if one chain is very long. It
    is true while any change is unfinished.
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
        """The first change that is free now; None if all that are left must wait."""
        if not self._free:
            return None
        if self._waiting == self._last:
            self._free = [self._entry(rank) for _, rank in self._free]
            heapify(self._free)
        _, rank = heappop(self._free)
        self._waiting -= 1
        return self._changes[rank]

    def finish(self, name: str) -> None:
        """Free the changes that waited for the change `name`, which was taken before."""
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
    """For each change, the length of the longest chain of changes that begins with it."""
    heights = dict.fromkeys(predecessors, 1)
    for name in reversed(tuple(TopologicalSorter(predecessors).static_order())):
        for before in predecessors[name]:
            heights[before] = max(heights[before], heights[name] + 1)
    return heights


# A change is slow if it takes so many times as long as usual, and longer than these seconds.
_SLOW_FACTOR = 4.0
_SLOW_SECONDS = 2.0
# The weight of the latest change in the usual time: if a service stays slow, that becomes usual after a few changes.
_LATEST = 0.1
# Two changes begin at least half as far apart as if they were spread evenly; none waits longer than these seconds.
_SHARE = 0.5
_LONGEST_GAP = 0.01


class ConcurrencyLimiter:
    """How many changes may be in flight; for one thread at a time.

    The limit is halved when the service says that it is too busy, or when a change was slow, but only once for all
    changes in flight at that time. It rises by one for each round that goes well, up to `most`. Once the usual time of
    a change is known, changes begin at intervals: if they began together, they would stay together, and hinder one
    another here and at the service. `count_refusals` says how often the service was too busy so far, `clock` is the
    time in seconds.
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
        # Changes that were in flight when the limit was last halved say nothing about the time since.
        self._stale: set[str] = set()

    @property
    def limit(self) -> int:
        """How many changes may be in flight now, at least one."""
        return int(self._limit)

    @property
    def pause(self) -> float:
        """In how many seconds the next change may begin beside those in flight; 0 if it may begin now."""
        if not self._begun or self._usual is None:
            return 0.0
        gap = min(_LONGEST_GAP, _SHARE * self._usual / self._limit)
        return max(0.0, self._last_begun + gap - self._clock())

    def started(self, name: str) -> None:
        """Count a change as in flight."""
        self._last_begun = self._begun[name] = self._clock()

    def finished(self, name: str) -> None:
        """Count a change as finished, and adapt the limit to how long it took and how busy the service was."""
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
