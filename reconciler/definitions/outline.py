"""Where the keys, values and lines of a channel file begin and end."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from reconciler.definitions.close import parse_yaml

if TYPE_CHECKING:
    from reconciler.definitions.problems import Keys

_BREAK = re.compile(r"\r\n|\r|\n")


class FileLayout:
    """The layout of `text`, a sound channel file without byte order mark. Offsets count characters.

    `members` leads from a mapping to its keys in their order.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        document = parse_yaml("", text.encode())
        self.tree = document.tree
        self.spans = document.spans
        found = _BREAK.search(text)
        self.line_break = found.group() if found else "\n"
        self.members: dict[Keys, list[str]] = defaultdict(list)
        self._ends: dict[Keys, int] = {}
        for keys in self.spans:
            if keys:
                self.members[keys[:-1]].append(keys[-1])
            # A mapping over several lines reaches to the next key, past the comments on it; what is in it does not.
            end = 0 if self.is_block(keys) else self.span(keys)[1]
            for length in range(len(keys) + 1):
                self._ends[keys[:length]] = max(end, self._ends.get(keys[:length], 0))

    def is_anchored(self, keys: Keys) -> bool:
        """Whether aliases may stand for the value at `keys`: then a change of it is one elsewhere."""
        return self.text.startswith("&", self.spans[keys].start)

    def is_alias(self, keys: Keys) -> bool:
        """Whether an alias stands at `keys`, in place of a value that is written elsewhere."""
        return self.text.startswith("*", self.spans[keys].start)

    def is_nothing(self, keys: Keys) -> bool:
        """Whether the mapping at `keys` is left out: null, or braces with nothing between them."""
        start, end = self.span(keys)
        return self.text[start:end] in {"{}", "null", "Null", "NULL", "~"}

    def is_in_braces(self, keys: Keys) -> bool:
        """Whether the mapping at `keys` is written in braces, and is not empty."""
        return self.text.startswith("{", self.spans[keys].start) and bool(self.members[keys])

    def is_block(self, keys: Keys) -> bool:
        """Whether there is a mapping at `keys` with each key on a line of its own."""
        return keys in self.spans and self.spans[keys].is_block

    def span(self, keys: Keys) -> tuple[int, int]:
        """Where a single value begins and ends, without the empty lines that a text over several lines reaches to."""
        spot = self.spans[keys]
        return spot.start, spot.start + len(self.text[spot.start : spot.end].rstrip())

    def column(self, keys: Keys) -> int:
        """How far a key is indented."""
        return self.spans[keys].key_start - self.line_start(keys)

    def indent_step(self, keys: Keys) -> int:
        """How much further than its key a mapping is indented; 2 for one in braces."""
        return self.column((*keys, self.members[keys][0])) - self.column(keys) if self.is_block(keys) else 2

    def line_start(self, keys: Keys) -> int:
        """The offset at which the line of a key begins."""
        return self.text.rfind(self.line_break[-1], 0, self.spans[keys].key_start) + 1

    def line_end(self, keys: Keys) -> int:
        """The offset of the line break after all of a value, or of the end of the text."""
        found = _BREAK.search(self.text, self._ends[keys])
        return found.start() if found else len(self.text)
