"""The file of each data point: the one that its channels are in already, or a new one named after it."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from reconciler.planning.importing.names import name_data_point, name_place, settle, slug
from reconciler.planning.importing.terms import Layout

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from reconciler.model.channels import DataPoint
    from reconciler.planning.importing.names import Ladder
    from reconciler.planning.importing.terms import CanHold, Terms
    from reconciler.planning.pairs import Pair

# Names that Windows keeps for devices, also with an ending: a repository with such a file cannot be checked out there.
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in "123456789")}
)
_LONGEST = 60


def find_homes(pairs: Iterable[Pair]) -> dict[int, str]:
    """The file that most managed channels of a data point are in, by its id; of two with as many the first by name."""
    files: dict[int, Counter[str]] = defaultdict(Counter)
    for pair in pairs:
        files[pair.live.data_point.id][pair.desired.file] += 1
    return {id_: min(counts, key=lambda file: (-counts[file], file)) for id_, counts in files.items()}


def settle_files(points: Collection[DataPoint], terms: Terms) -> dict[int, str]:
    """A new file for each of `points`, by its id: none that exists, no two alike, also where letter case is ignored."""
    folders = _name_folders(points) if terms.layout is Layout.PLACE else {}
    start = "" if terms.folder == "." else f"{terms.folder}/"
    ladders = {point.id: _climb_files(f"{start}{folders.get(point.id, '')}", point) for point in points}
    return settle(ladders, terms.taken)


def find_words(points: Iterable[DataPoint], can_hold: CanHold) -> dict[int, str]:
    """What `dataPoint` says for each of `points`, by its id: code or import id, if no other one is known by it.

    One that has neither is left out.
    """
    known = {point.id: [word for word in (point.code, point.import_id) if word] for point in points}
    counts = Counter(word for words in known.values() for word in set(words))
    usable = (
        (id_, [word for word in words if counts[word] == 1 and can_hold("dataPoint", word)])
        for id_, words in known.items()
    )
    return {id_: words[0] for id_, words in usable if words}


def _name_folders(points: Iterable[DataPoint]) -> dict[int, str]:
    """The folder of each of `points` that has a place, by its id: named after the place, and its code where need be."""
    places = {point.id: (name_place(point), slug(point.place_code)) for point in points}
    counts = Counter(name for name, _ in set(places.values()))
    named = ((id_, name if counts[name] == 1 or not code else f"{name}-{code}") for id_, (name, code) in places.items())
    return {id_: f"{_avoid_devices(folder)}/" for id_, folder in named if folder}


def _climb_files(folder: str, point: DataPoint) -> Ladder:
    name = _avoid_devices(name_data_point(point)[:_LONGEST])

    def file(rung: int) -> str:
        suffix = "" if rung == 0 else f"-{point.id}" if rung == 1 else f"-{point.id}-{rung}"
        return f"{folder}{name}{suffix}.yaml"

    return file


def _avoid_devices(name: str) -> str:
    return f"x-{name}" if name.partition(".")[0] in _DEVICES else name
