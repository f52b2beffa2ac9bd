"""Names and files for imported channels."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from msgspec import Struct, field

from reconciler.masking import KEYS
from reconciler.model.fields import INTERVAL_MINUTES, OBSERVATION_TYPE_CODE, UNIT_CODE
from reconciler.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from reconciler.model.channels import DataPoint, Live
    from reconciler.model.values import Spec
    from reconciler.planning.matching import Match


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


def assign_unique(ladders: Mapping[Thing, Ladder], taken: Collection[str]) -> dict[Thing, str]:
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


def candidate_names(live: Live) -> Ladder:
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


# Whether a file can hold a value at a path: characters, digits, lengths and ranges, as its strict reader has them.
# Beside the paths of fields there are `dataPoint` and those of `select`, as in `select.channelImportId`.
CanHold: TypeAlias = Callable[[str, Value], bool]


class Fields(Enum):
    """How much of a channel gets into its file."""

    MINIMAL = "minimal"  # what decides which values a channel gets, and how it is known
    ALL = "all"  # every value that is not what the service takes by itself


class FileStyle(Enum):
    """Where the file of a data point goes."""

    PLACE = "place"  # into a folder for its place
    FLAT = "flat"


class ImportOptions(Struct, frozen=True):
    """On what terms channels are written. `folder` is where new files go, relative to the project's root.

    `taken` are the paths that new files must not have, in lower case: whatever exists there is left alone.
    """

    can_hold: CanHold
    fields: Fields = Fields.MINIMAL
    layout: FileStyle = FileStyle.PLACE
    folder: str = "channels"
    taken: frozenset[str] = frozenset()


class Head(Struct, frozen=True):
    """What a channel file says of all its channels: their data point, and the defaults merged under each."""

    data_point: str | None = None
    defaults: Spec = field(default_factory=dict)


class Skipped(Struct, frozen=True):
    """A value that stays out of the files, and so unmanaged: why. `path` is "" where the whole channel does."""

    name: str
    path: str
    reason: str


class Kept(Struct, frozen=True):
    """A value that a file keeps although EnergyCAP has `live`, as somebody wrote it on purpose: why."""

    name: str
    path: str
    value: Value
    live: Value
    reason: str


class ByHand(Struct, frozen=True):
    """Values that a file is not given, as it would lose a comment: each as `key: value`, for a person to write."""

    file: str
    name: str
    values: tuple[str, ...]


# Names that Windows keeps for devices, also with an ending: a repository with such a file cannot be checked out there.
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in "123456789")}
)
_LONGEST_FILE_NAME = 60


def existing_files(pairs: Iterable[Match]) -> dict[int, str]:
    """The file that most managed channels of a data point are in, by its id; of two with as many the first by name."""
    files: dict[int, Counter[str]] = defaultdict(Counter)
    for pair in pairs:
        files[pair.live.data_point.id][pair.desired.file] += 1
    return {id_: min(counts, key=lambda file: (-counts[file], file)) for id_, counts in files.items()}


def files_by_data_point(points: Collection[DataPoint], terms: ImportOptions) -> dict[int, str]:
    """A new file for each of `points`, by its id: none that exists, no two alike, also where letter case is ignored."""
    folders = _name_folders(points) if terms.layout is FileStyle.PLACE else {}
    start = "" if terms.folder == "." else f"{terms.folder}/"
    ladders = {point.id: _climb_files(f"{start}{folders.get(point.id, '')}", point) for point in points}
    return assign_unique(ladders, terms.taken)


def data_point_labels(points: Iterable[DataPoint], can_hold: CanHold) -> dict[int, str]:
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
    name = _avoid_devices(name_data_point(point)[:_LONGEST_FILE_NAME])

    def file(rung: int) -> str:
        suffix = "" if rung == 0 else f"-{point.id}" if rung == 1 else f"-{point.id}-{rung}"
        return f"{folder}{name}{suffix}.yaml"

    return file


def _avoid_devices(name: str) -> str:
    return f"x-{name}" if name.partition(".")[0] in _DEVICES else name
