"""Circles among formulas: channels that would have to be calculated before themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping


def find_cycles(uses: Mapping[str, Collection[str]]) -> tuple[tuple[str, ...], ...]:
    """Circles in `uses` (name → the names it uses), each from its smallest name on, no two with a name in common.

    The same circles are found whatever the order of `uses`. Wherever there are circles at least one is found; those
    that share a name with it come to light when it is mended. A name that uses itself is a circle of one.
    """
    cycles: list[tuple[str, ...]] = []
    in_cycle: set[str] = set()
    done: set[str] = set()
    for name in sorted(uses.keys()):
        for cycle in _walk(name, uses, done):
            if in_cycle.isdisjoint(cycle):
                in_cycle.update(cycle)
                cycles.append(_from_smallest(cycle))
    return tuple(sorted(cycles))


def _walk(start: str, uses: Mapping[str, Collection[str]], done: set[str]) -> Iterator[list[str]]:
    """The circles met on the way down from `start`; without recursion, as nothing limits the depth."""
    path = {} if start in done else {start: iter(sorted(uses[start]))}
    while path:
        name = next(reversed(path))
        used = next(path[name], None)
        if used is None:
            done.add(name)
            del path[name]
        elif used in path:
            names = list(path)
            yield names[names.index(used) :]
        elif used in uses and used not in done:
            path[used] = iter(sorted(uses[used]))


def _from_smallest(cycle: list[str]) -> tuple[str, ...]:
    start = cycle.index(min(cycle))
    return (*cycle[start:], *cycle[:start])
