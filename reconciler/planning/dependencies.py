"""Dependencies between changes: cycles, blocked dependents, the order of apply.

Which of two changes is applied first, and why:

    first                           then                           because
    channel(x) leaves a formula --> x becomes calculated           ESA403: EnergyCAP converts no channel
                                                                   that a formula uses
    x becomes simple            --> a formula gets channel(x)      ESA410: a formula may use only
                                                                   simple channels
    x gives up an import id     --> y gets that import id          ESA408: no two channels may have
                                                                   the same import id
    y becomes primary           --> x stops being primary          ESA409: a data point keeps a primary
                                                                   value throughout
    x stops being primary       --> y becomes primary              ESA409 with primaryMove: giveUpFirst

A change that waits for a blocked one is blocked too:

    a (blocked) --> b --> c         b and c are not applied

ESA409 binds in both directions: if either of the two is blocked, neither is applied. Changes that wait for each other
are a cycle, and all of them are blocked:

    x gets the import id of y --> y gets the import id of x --> x ...
"""

from __future__ import annotations

from collections import defaultdict
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.plan import Blocker

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence


class Dependency(Struct, frozen=True):
    """Another change of the plan, by name, without which the precondition `rule` fails.

    `must_precede` says that it is applied first; else the two are only applied together or not at all.
    """

    rule: str
    name: str
    must_precede: bool = True


def find_cycles(uses: Mapping[str, Collection[str]]) -> tuple[tuple[str, ...], ...]:
    """Cycles in `uses` (name → the names it uses), each from its smallest name on, no two with a name in common.

    The same cycles are found whatever the order of `uses`. If there are any, at least one is found; others that share a
    name with it are found after it is broken. A name that uses itself is a cycle of one.
    """
    search = _CycleSearch(uses)
    # Sorted, so that the same cycles are found in every run.
    for name in sorted(uses.keys()):
        search.walk(name)
    return tuple(sorted(map(_from_smallest, search.cycles)))


class _CycleSearch:
    """A depth-first search. Each use is followed once, and each name is in one cycle at most: in linear time."""

    def __init__(self, uses: Mapping[str, Collection[str]]) -> None:
        self.cycles: list[list[str]] = []
        self._uses = uses
        self._done: set[str] = set()
        # The names on the current path, each with its index there, and their uses that were not followed yet.
        self._path: list[str] = []
        self._places: dict[str, int] = {}
        self._ahead: list[Iterator[str]] = []
        # The indexes on the current path, ascending, whose names are in a cycle already.
        self._marked: list[int] = []

    def walk(self, start: str) -> None:
        """Search from `start`; without recursion, as nothing limits the depth."""
        if start not in self._done:
            self._enter(start)
        while self._path:
            used = next(self._ahead[-1], None)
            if used is None:
                self._leave()
            elif used in self._places:
                self._close(self._places[used])
            elif used in self._uses and used not in self._done:
                self._enter(used)

    def _enter(self, name: str) -> None:
        self._places[name] = len(self._path)
        self._path.append(name)
        self._ahead.append(iter(sorted(self._uses[name])))

    def _leave(self) -> None:
        name = self._path.pop()
        self._ahead.pop()
        del self._places[name]
        self._done.add(name)
        if self._marked and self._marked[-1] == len(self._path):
            self._marked.pop()

    def _close(self, start: int) -> None:
        """Keep the cycle that begins at index `start` of the path, unless it shares a name with another."""
        if not self._marked or self._marked[-1] < start:
            cycle = self._path[start:]
            self.cycles.append(cycle)
            self._marked += range(start, len(self._path))


def _from_smallest(cycle: list[str]) -> tuple[str, ...]:
    start = cycle.index(min(cycle))
    return (*cycle[start:], *cycle[:start])


_LONGEST_CYCLE = 8
# Every change of a cycle has these names in its evidence.
_LONGEST_EVIDENCE = 100
_BREAK_IMPORT_IDS = (
    "break the cycle with two plans: first give one of these channels an import id that no channel has, or null"
)
_BREAK = "break the cycle with two plans: first leave one of these edits out of the files, and put it back later"


def propagate_blockers(
    blocks: Mapping[str, Sequence[Blocker]], needs: Mapping[str, Sequence[Dependency]]
) -> dict[str, tuple[Blocker, ...]]:
    """The blockers of every change by its name: its own, those of cycles, and those of blocked dependencies.

    A change with a blocker of its own gets none from its dependencies. The result does not depend on the order of the
    mappings.
    """
    settled = {name: tuple(own) for name, own in blocks.items()}
    for cycle in find_cycles(_predecessors(needs)):
        for name, block in _block_cycle(cycle, needs):
            settled[name] += (block,)
    needed_by = _invert(needs)
    newly_blocked = sorted(name for name, own in settled.items() if own)
    # Level by level, so that a change names only the nearest blocked changes, not the whole chain behind them.
    while newly_blocked:
        waiting = {name for blocked in newly_blocked for name in needed_by[blocked] if not settled[name]}
        settled |= {name: _inherit(needs[name], settled) for name in waiting}
        newly_blocked = sorted(waiting)
    return settled


def topological_order(names: Iterable[str], needs: Mapping[str, Sequence[Dependency]]) -> tuple[str, ...]:
    """`names` with dependencies before their dependents, else by name. Their needs must have no cycle."""
    chosen = set(names)
    sorter = TopologicalSorter(
        {name: [first for first in predecessors(needs[name]) if first in chosen] for name in chosen}
    )
    sorter.prepare()
    order: list[str] = []
    while sorter.is_active():
        # TopologicalSorter leaves the order within a level to its input.
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return tuple(order)


def with_dependencies(names: Iterable[str], needs: Mapping[str, Sequence[Dependency]]) -> frozenset[str]:
    """`names` and everything that they need, directly or indirectly."""
    closed: set[str] = set()
    ahead = list(names)
    while ahead:
        name = ahead.pop()
        if name not in closed:
            closed.add(name)
            ahead += [need.name for need in needs.get(name, ())]
    return frozenset(closed)


def predecessors(needs: Iterable[Dependency]) -> tuple[str, ...]:
    """The names in `needs` that must come first, each once, by name."""
    return tuple(sorted({need.name for need in needs if need.must_precede}))


def _predecessors(needs: Mapping[str, Sequence[Dependency]]) -> dict[str, tuple[str, ...]]:
    return {name: predecessors(own) for name, own in needs.items()}


def _invert(needs: Mapping[str, Sequence[Dependency]]) -> Mapping[str, Sequence[str]]:
    needed_by: dict[str, list[str]] = defaultdict(list)
    for name, own in needs.items():
        for need in own:
            needed_by[need.name].append(name)
    return needed_by


def _block_cycle(cycle: Sequence[str], needs: Mapping[str, Sequence[Dependency]]) -> Iterator[tuple[str, Blocker]]:
    """The blocker of each name in `cycle`. The texts are made once: a cycle may have thousands of names."""
    pairs = list(pairwise((*cycle, cycle[0])))
    waits = [f"{one} waits for {other}" for one, other in pairs[:_LONGEST_CYCLE]]
    more = [f"and so on, {len(pairs) - _LONGEST_CYCLE} more"] if len(pairs) > _LONGEST_CYCLE else []
    message = f"cannot be put in order, because none can be first: {', '.join(waits + more)}"
    evidence = {"cycle": list(cycle[:_LONGEST_EVIDENCE])}
    for name, following in pairs:
        # Two changes may wait for each other by several rules; the same one must be reported in every run.
        rule = min(need.rule for need in needs[name] if need.name == following)
        yield name, Blocker(rule, message, evidence, _BREAK_IMPORT_IDS if rule == "ESA408" else _BREAK)


def _inherit(needs: Iterable[Dependency], blocked: Mapping[str, Sequence[Blocker]]) -> tuple[Blocker, ...]:
    unmet = sorted({(need.rule, need.name) for need in needs if blocked[need.name]})
    return tuple(_blocked_dependency(rule, name, blocked[name]) for rule, name in unmet)


def _blocked_dependency(rule: str, name: str, blocks: Sequence[Blocker]) -> Blocker:
    rules = list(dict.fromkeys(block.rule for block in blocks))
    return Blocker(
        rule,
        f"needs the change of {name}, which is blocked by {', '.join(rules)}",
        {"needs": name, "blocked_by": rules},
        f"unblock {name}",
        is_unknown=all(block.is_unknown for block in blocks),
    )
