"""Names for what has none in the files: made of the words of EnergyCAP, each given once, whatever their order."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from reconciler.masking import KEYS
from reconciler.model.fields import INTERVAL_MINUTES, OBSERVATION_TYPE_CODE, UNIT_CODE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from reconciler.model.channels import DataPoint, Live

Thing = TypeVar("Thing", bound=Hashable)

# Ever longer names for one thing, by number: each may be tried where the one before is taken. From some number on they
# are such as nothing else has.
Ladder: TypeAlias = Callable[[int], str]

# The longest that the schema allows.
_LONGEST = 64
_LONGEST_PART = 28
_OTHERS = re.compile(r"[^a-z0-9._]+")


def slug(text: str | None, longest: int = _LONGEST_PART) -> str:
    """`text` in the letters of names: lower case without accents, hyphens for the rest; "" where nothing is left.

    Cut between words where it is too long, if there is more than one.
    """
    plain = unicodedata.normalize("NFKD", KEYS.hide(text or "").casefold()).encode("ascii", "ignore").decode()
    words = _OTHERS.sub("-", plain).strip("-._")
    if len(words) <= longest:
        return words
    cut = words[: longest + 1].rpartition("-")[0]
    return (cut or words[:longest]).rstrip("-._")


def settle(ladders: Mapping[Thing, Ladder], taken: Collection[str]) -> dict[Thing, str]:
    """The first name on the ladder of each that no other one has, and that is not `taken`.

    Where several want one name all of them go on to their next, so that none depends on who comes first.
    """
    rungs = dict.fromkeys(ladders, 0)
    names = {thing: ladder(0) for thing, ladder in ladders.items()}
    while clashing := _find_clashing(names, taken):
        for thing in clashing:
            rungs[thing] += 1
            names[thing] = ladders[thing](rungs[thing])
    return names


def name_data_point(point: DataPoint) -> str:
    """The slug of a data point: of its code, else of the next best that it is known by."""
    known = (slug(text) for text in (point.code, point.import_id, point.name))
    return next((name for name in known if name), f"data-point-{point.id}")


def name_place(point: DataPoint) -> str:
    """The slug of the place of a data point; "" where it has none."""
    return slug(point.place_name) or slug(point.place_code)


def climb_names(live: Live) -> Ladder:
    """The names that `live` may have: of data point and channel, then with what tells channels apart, last with its id.

    Words that the channel's name shares with the beginning of its data point's or place's are not repeated.
    """
    base = _start_with_letter("-".join(part for part in (name_data_point(live.data_point), _own_words(live)) if part))
    suffixes = _tell_apart(live)

    def name(rung: int) -> str:
        if rung == 0:
            return base
        suffix = suffixes[rung - 1] if rung <= len(suffixes) else f"{live.id}-{rung}"
        return f"{base[: _LONGEST - 1 - len(suffix)].rstrip('-._')}-{suffix}"

    return name


def _find_clashing(names: Mapping[Thing, str], taken: Collection[str]) -> list[Thing]:
    counts = Counter(names.values())
    return [thing for thing, name in names.items() if counts[name] > 1 or name in taken]


def _own_words(live: Live) -> str:
    """What the name of `live` says beyond where it is."""
    words = slug(live.name, 2 * _LONGEST).split("-")
    point = live.data_point
    known = (point.code, point.name, point.place_name, point.place_code)
    shared = max(_count_shared(words, slug(text, 2 * _LONGEST).split("-")) for text in known)
    return slug("-".join(words[shared:]))


def _count_shared(words: list[str], others: list[str]) -> int:
    pairs = zip(words, others, strict=False)
    return next((count for count, (one, other) in enumerate(pairs) if one != other), min(len(words), len(others)))


def _start_with_letter(name: str) -> str:
    """`name` as it may be: a name of digits alone would be an id in a formula."""
    return name if any(character.isalpha() for character in name) else f"channel-{name}"


def _tell_apart(live: Live) -> tuple[str, ...]:
    interval = live.values.get(INTERVAL_MINUTES)
    codes = (live.values.get(OBSERVATION_TYPE_CODE), live.values.get(UNIT_CODE), interval and f"{interval}min")
    slugs = [slug(str(code), 16) for code in codes if code]
    return (*_join_up(slugs), str(live.id))


def _join_up(parts: Iterable[str]) -> list[str]:
    joined: list[str] = []
    for part in filter(None, parts):
        joined.append(f"{joined[-1]}-{part}" if joined else part)
    return joined
