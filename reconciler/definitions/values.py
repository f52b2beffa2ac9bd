"""What a file without a flaw holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from typing import TypeAlias

    Lines: TypeAlias = dict[str, dict[str, int]]

# The mappings of a file whose keys are names: their lines are wanted.
NAMING = ("channels", "feeds")
MAX_DEPTH = 20


class ParsedValues(Struct, frozen=True):
    """The values of a file, and the line of each name under `channels` and `feeds`, counted from 1."""

    tree: object
    lines: Lines
