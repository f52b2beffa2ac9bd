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
    search = _Search(uses)
    for name in sorted(uses.keys()):
        search.walk(name)
    return tuple(sorted(map(_from_smallest, search.cycles)))


class _Search:
    """A walk along all uses. Each use is followed once, and each name is in one circle at most: in linear time."""

    def __init__(self, uses: Mapping[str, Collection[str]]) -> None:
        self.cycles: list[list[str]] = []
        self._uses = uses
        self._done: set[str] = set()
        self._in_cycle: set[str] = set()
        # The names on the way down, each with its place there, and what they use and was not followed yet.
        self._path: list[str] = []
        self._places: dict[str, int] = {}
        self._ahead: list[Iterator[str]] = []
        # The places on the way down, in order, whose names are in a circle already.
        self._marked: list[int] = []

    def walk(self, start: str) -> None:
        """Go down from `start`; without recursion, as nothing limits the depth."""
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
        if name in self._in_cycle:
            self._marked.append(len(self._path))
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
        """Keep the circle that goes round from `start`, where it shares no name with another."""
        if not self._marked or self._marked[-1] < start:
            cycle = self._path[start:]
            self.cycles.append(cycle)
            self._in_cycle.update(cycle)
            self._marked += range(start, len(self._path))


def _from_smallest(cycle: list[str]) -> tuple[str, ...]:
    start = cycle.index(min(cycle))
    return (*cycle[start:], *cycle[:start])
