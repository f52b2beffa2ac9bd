"""The anchors of one file, and what its aliases may ask of them."""

from __future__ import annotations

from msgspec import Struct

MAX_ALIASES = 100
# What aliases may stand for, in values: enough for any honest file, and nothing beside a billion laughs.
MAX_EXPANDED = 100_000


class AnchorValue(Struct, frozen=True):
    """A value that aliases may stand for: how many values it is made of, and how many levels below its own."""

    value: object
    size: int
    height: int
    offset: int


class AliasLimitExceeded(Exception):
    """More aliases, or aliases for more values, than a file may hold; the text is the sentence to say."""


class Anchors:
    """What was anchored so far, and how much of the aliases' allowance is used up."""

    def __init__(self) -> None:
        self._anchored: dict[str, AnchorValue] = {}
        self._used: set[str] = set()
        self._aliases = 0
        self._expanded = 0

    def keep(self, name: str, anchored: AnchorValue) -> None:
        """Let aliases of `name` stand for `anchored` from here on."""
        self._anchored[name] = anchored

    def find(self, name: str) -> AnchorValue | None:
        """What the alias `name` stands for, None where nothing. Raises TooMany."""
        anchored = self._anchored.get(name)
        self._used.add(name)
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise AliasLimitExceeded(f"a file may hold at most {MAX_ALIASES} aliases, found more")
        self._expanded += anchored.size if anchored else 0
        if self._expanded > MAX_EXPANDED:
            raise AliasLimitExceeded(f"aliases may stand for at most {MAX_EXPANDED:,} values, found more")
        return anchored

    def find_unused(self) -> tuple[tuple[str, int], ...]:
        """The anchors that no alias asks for, each with the offset it stands at."""
        return tuple((name, anchored.offset) for name, anchored in self._anchored.items() if name not in self._used)
