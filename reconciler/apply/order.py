"""The order of a run: what a change depends on comes first, and each data point has one change at a time."""

from __future__ import annotations

from graphlib import TopologicalSorter
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.plan import Change


class Queue:
    """The changes still to be taken up, in the plan's order as far as dependencies and data points allow.

    A change comes free when all it depends on, and the change before it on its data point, are finished, however they
    ended. True as long as a change is not finished.
    """

    def __init__(self, changes: Sequence[Change]) -> None:
        self._changes = changes
        self._rank = {change.name: rank for rank, change in enumerate(changes)}
        self._free: list[int] = []
        self._sorter = TopologicalSorter(_find_predecessors(changes))
        self._sorter.prepare()
        self._admit()

    def __bool__(self) -> bool:
        return self._sorter.is_active()

    def take(self) -> Change | None:
        """The first change in the plan's order that is free now; None where all that is left must wait."""
        return self._changes[heappop(self._free)] if self._free else None

    def finish(self, name: str) -> None:
        """Set free what waited for the change `name`, which was taken before."""
        self._sorter.done(name)
        self._admit()

    def _admit(self) -> None:
        for name in self._sorter.get_ready():
            heappush(self._free, self._rank[name])


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
