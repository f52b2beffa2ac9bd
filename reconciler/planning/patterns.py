"""Patterns that pick channels, data points or places, and what to write instead of one that matches nothing."""

from __future__ import annotations

import shlex
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from reconciler.model.lookalikes import tell_apart
from reconciler.planning.nearest import find_near

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

_OFFERED = 3


def is_picked(name: str, patterns: Sequence[str]) -> bool:
    """Whether the channel called `name` matches one of `patterns`: shell patterns, letter case included."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def advise_pattern(option: str, pattern: str, names: Collection[str], meant: Sequence[str] = ()) -> str:
    """What to write for `pattern`, which matches none of `names`; `meant` are those that it names in another way.

    "" if nothing is like it.
    """
    parts = [part.strip() for part in pattern.split(",")]
    if len(parts) > 1 and all(any(is_picked(name, (part,)) for name in names) for part in parts):
        return f"write  {' '.join(f'{option} {shlex.quote(part)}' for part in parts)}"
    near = tuple(meant) or tuple(_find_alike(pattern, names)) or find_near(pattern, names)
    if not near:
        return ""
    more = f", or one of {len(near) - _OFFERED} more" if len(near) > _OFFERED else ""
    return (
        f"did you mean  {option} {' or '.join(map(shlex.quote, near[:_OFFERED]))}{more}{tell_apart(pattern, near[0])}"
    )


def _find_alike(pattern: str, names: Iterable[str]) -> Iterable[str]:
    """Those of `names` that `pattern` matches, or begins, if letter case does not count."""
    folded = pattern.casefold()
    return (name for name in names if is_picked(name.casefold(), (folded, f"{folded}*")))
