"""The nearest of some names to one that is none of them."""

from __future__ import annotations

from heapq import nlargest
from itertools import islice, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# Comparing two texts well is slow: only the names that share most pairs of letters are compared.
_COMPARED = 40
# A longer text is no misspelt name, and slow to compare.
_LONGEST = 255
# A reader follows the first few suggestions; ten thousand of them would take minutes.
_SUGGESTED = 20


def suggest_names(unknown: Iterable[str], names: Collection[str]) -> dict[str, str]:
    """The nearest name for each of the first 20 of `unknown`, where there is one."""
    nearest = {name: find_nearest(name, names) for name in islice(dict.fromkeys(unknown), _SUGGESTED)}
    return {name: found for name, found in nearest.items() if found is not None}


def find_nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that `name` is most likely a misspelling of, whatever their case; None where none is near."""
    if len(name) > _LONGEST:
        return None
    # Imported here, as most runs have nothing to suggest.
    from difflib import get_close_matches  # noqa: PLC0415

    folded, pairs = name.casefold(), set(pairwise(name.casefold()))
    likely = nlargest(
        _COMPARED, names, key=lambda candidate: (len(pairs.intersection(pairwise(candidate.casefold()))), candidate)
    )
    by_folded = {candidate.casefold(): candidate for candidate in likely}
    return next((by_folded[match] for match in get_close_matches(folded, by_folded, n=1)), None)
