"""The order of a run: what a change depends on comes first, and each data point has one change at a time."""

from __future__ import annotations

from graphlib import TopologicalSorter
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.plan import Change


class Queue:
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
