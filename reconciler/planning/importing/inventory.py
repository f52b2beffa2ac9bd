"""The live channels beside the files: which are managed, names and files for the others, which to import."""

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
from reconciler.planning.identification import make_index
from reconciler.planning.matching import match_channels, resolve_desired
from reconciler.planning.messages import show_value
from reconciler.planning.plan import advise_pattern, matches_filter
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from reconciler.model.channels import DataPoint, Definitions, Desired, Live, Snapshot
    from reconciler.model.findings import Finding
    from reconciler.model.values import Spec
    from reconciler.planning.identification import Index
    from reconciler.planning.matching import Match


Thing = TypeVar("Thing", bound=Hashable)

# Ever longer names for one thing, by number, to try in turn while they are taken. From some number on they contain the
# id of the thing, so that nothing else has them.
NameCandidates: TypeAlias = Callable[[int], str]

# The longest that the schema allows.
_LONGEST = 64
_LONGEST_PART = 28
_OTHERS = re.compile(r"[^a-z0-9._]+")


def slug(text: str | None, longest: int = _LONGEST_PART) -> str:
    """`text` as a part of a name: lower case without accents, hyphens for the rest; "" if nothing is left.

    Cut to `longest` characters, between words if there are several.
    """
    words = _simplify(text)
    if len(words) <= longest:
        return words
    cut = words[: longest + 1].rpartition("-")[0]
    return (cut or words[:longest]).rstrip("-._")


def _simplify(text: str | None) -> str:
    plain = unicodedata.normalize("NFKD", KEYS.hide(text or "").casefold()).encode("ascii", "ignore").decode()
    return _OTHERS.sub("-", plain).strip("-._")


def assign_unique(candidates: Mapping[Thing, NameCandidates], taken: Collection[str]) -> dict[Thing, str]:
    """For each thing the first of its candidates that no other thing has, and that is not `taken`.

    If several want one name, all of them try their next, so that the result does not depend on their order.
    """
    tries = dict.fromkeys(candidates, 0)
    names = {thing: candidate(0) for thing, candidate in candidates.items()}
    while clashing := _find_clashing(names, taken):
        for thing in clashing:
            tries[thing] += 1
            names[thing] = candidates[thing](tries[thing])
    return names


def name_data_point(point: DataPoint) -> str:
    """The slug of a data point: of its code, else its import id, else its name, else its id."""
    known = (slug(text) for text in (point.code, point.import_id, point.name))
    return next((name for name in known if name), f"data-point-{point.id}")


def name_place(point: DataPoint) -> str:
    """The slug of the place of a data point; "" if it has none."""
    return slug(point.place_name) or slug(point.place_code)


def candidate_names(live: Live) -> NameCandidates:
    """The names that `live` may have: data point and channel, then also type, unit and interval, last its id.

    Words at the beginning of the channel's name that its data point's or place's begins with are not repeated.
    """
    base = _start_with_letter("-".join(part for part in (name_data_point(live.data_point), _own_words(live)) if part))
    suffixes = _tell_apart(live)

    def name(number: int) -> str:
        if number == 0:
            return base[:_LONGEST].rstrip("-._")
        suffix = suffixes[number - 1] if number <= len(suffixes) else f"{live.id}-{number}"
        return f"{base[: _LONGEST - 1 - len(suffix)].rstrip('-._')}-{suffix}"

    return name


def _find_clashing(names: Mapping[Thing, str], taken: Collection[str]) -> list[Thing]:
    counts = Counter(names.values())
    return [thing for thing, name in names.items() if counts[name] > 1 or name in taken]


def _own_words(live: Live) -> str:
    """The name of `live` without the data point or place at its beginning."""
    words = _simplify(live.name).split("-")
    point = live.data_point
    known = (point.code, point.name, point.place_name, point.place_code)
    shared = max(_count_shared(words, _simplify(text).split("-")) for text in known)
    return slug("-".join(words[shared:]))


def _count_shared(words: list[str], others: list[str]) -> int:
    pairs = zip(words, others, strict=False)
    return next((count for count, (one, other) in enumerate(pairs) if one != other), min(len(words), len(others)))


def _start_with_letter(name: str) -> str:
    """`name` with a letter in it: in a formula, a name of digits alone would be an id."""
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


# Whether a file can hold a value at a path: the reader of files limits characters, digits, lengths and ranges. Beside
# the paths of fields there are `dataPoint` and those of `select`, as in `select.channelImportId`.
CanHold: TypeAlias = Callable[[str, Value], bool]


class Fields(Enum):
    """Which values of a channel are written to its file."""

    MINIMAL = "minimal"  # what identifies a channel, and what affects its readings
    ALL = "all"  # every value that is not EnergyCAP's default


class FileStyle(Enum):
    """Where the file of a data point goes."""

    PLACE = "place"  # in a folder for its place
    FLAT = "flat"


class WrittenVersions(Enum):
    """Which versions of a channel that has several are written to its file."""

    CURRENT = "current"  # as esaChannelVersion
    ALL = "all"  # as channelVersions


class ImportOptions(Struct, frozen=True):
    """How channels are written. `folder` is where new files go, relative to the project's root.

    `taken` are the paths that new files must not have, in lower case, as something exists there.
    """

    can_hold: CanHold
    fields: Fields = Fields.MINIMAL
    layout: FileStyle = FileStyle.PLACE
    versions: WrittenVersions = WrittenVersions.CURRENT
    folder: str = "channels"
    taken: frozenset[str] = frozenset()


class FileHeader(Struct, frozen=True):
    """The part of a channel file that is for all its channels: their data point, and the defaults of each."""

    data_point: str | None = None
    defaults: Spec = field(default_factory=dict)


class Skipped(Struct, frozen=True):
    """A value that is left out of the files, and so unmanaged, with the reason; `path` is "" for a whole channel."""

    name: str
    path: str
    reason: str


class Kept(Struct, frozen=True):
    """A value that a file keeps although EnergyCAP has `live`, with the reason: somebody edited the file."""

    name: str
    path: str
    value: Value
    live: Value
    reason: str


class ByHand(Struct, frozen=True):
    """Values, each as `key: value`, that a person must write into a file, because writing them would lose a comment."""

    file: str
    name: str
    values: tuple[str, ...]


# Names that Windows reserves for devices, also with a suffix: it cannot check out a repository with such a file.
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in "123456789")}
)


def existing_files(matches: Iterable[Match]) -> dict[int, str]:
    """The file with most managed channels of a data point, by its id; the first by name if several have as many."""
    files: dict[int, Counter[str]] = defaultdict(Counter)
    for match in matches:
        files[match.live.data_point.id].update((match.desired.file,))
    return {id_: min(counts, key=lambda file: (-counts[file], file)) for id_, counts in files.items()}


def files_by_data_point(points: Collection[DataPoint], options: ImportOptions) -> dict[int, str]:
    """A new file for each of `points`, by its id: unique, and not `taken`, even on disks that ignore letter case."""
    folders = _name_folders(points) if options.layout is FileStyle.PLACE else {}
    start = "" if options.folder == "." else f"{options.folder}/"
    candidates = {point.id: _candidate_files(f"{start}{folders.get(point.id, '')}", point) for point in points}
    return assign_unique(candidates, options.taken)


def data_point_labels(points: Iterable[DataPoint], can_hold: CanHold) -> dict[int, str]:
    """The `dataPoint` of a file for each of `points`, by its id: code or import id, if no other data point has it.

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
    """The folder of each of `points` that has a place, by its id: the name of the place, and its code if needed."""
    places = {point.id: (name_place(point), slug(point.place_code)) for point in points}
    counts = Counter(name for name, _ in set(places.values()))
    named = ((id_, name if counts[name] == 1 or not code else f"{name}-{code}") for id_, (name, code) in places.items())
    return {id_: f"{_avoid_devices(folder)}/" for id_, folder in named if folder}


def _candidate_files(folder: str, point: DataPoint) -> NameCandidates:
    name = _avoid_devices(name_data_point(point))

    def file(number: int) -> str:
        suffix = "" if number == 0 else f"-{point.id}" if number == 1 else f"-{point.id}-{number}"
        return f"{folder}{name}{suffix}.yaml"

    return file


def _avoid_devices(name: str) -> str:
    return f"x-{name}" if name.partition(".")[0] in _DEVICES else name


_FIX = "correct the pattern; letter case matters, and * stands for any characters"


class Inventory(Struct, frozen=True):
    """The live channels beside the files.

    `managed` are the ids of channels in the files, `names` those of all channels that have or would get one, by id,
    `files` the existing files by the id of the data point whose channels they contain. `left_out` are the channels that
    `only` leaves out of this environment, by the id of the live channel that they would find here.
    """

    index: Index
    managed: frozenset[int]
    names: Mapping[int, str]
    files: Mapping[int, str]
    left_out: Mapping[int, Desired] = field(default_factory=dict)


class ChannelFilter(Struct, frozen=True):
    """Patterns that select channels: by name in the files, by data point, by place; no pattern selects all."""

    only: tuple[str, ...] = ()
    data_points: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


def make_inventory(definitions: Definitions, snapshot: Snapshot) -> Inventory:
    """The inventory of `snapshot`; names are assigned to all channels, so that a filter does not change them."""
    index = make_index(snapshot.channels)
    matched = match_channels(definitions.channels, index)
    written = {channel.name for channel in (*definitions.channels, *definitions.left_out)}
    readable = (live for live in index.by_id.values() if not live.flaw)
    new = {live.id: candidate_names(live) for live in readable if live.id not in matched.found}
    managed = {match.live.id: match.desired.name for match in matched.matches}
    names = assign_unique(new, written) | managed
    lookups = (resolve_desired(channel, index) for channel in definitions.left_out)
    left_out = {one.resolution.channel_id: one.desired for one in lookups if one.resolution.channel_id is not None}
    return Inventory(index, matched.found, names, existing_files(matched.matches), left_out)


def select_channels(inventory: Inventory, filter_: ChannelFilter) -> tuple[tuple[Live, ...], tuple[Finding, ...]]:
    """The channels that match a pattern of each given kind, by id, and a finding for each pattern that matches none.

    Patterns are compared with the code and import id of a data point, and with the code and name of a place.
    """
    channels = tuple(inventory.index.by_id.values())
    kinds = [kind for kind in _list_kinds(inventory, filter_) if kind.patterns]
    selected = tuple(live for live in channels if all(kind.matches(live, kind.patterns) for kind in kinds))
    findings = tuple(finding for kind in kinds for finding in kind.check(channels))
    if kinds and not selected and not findings:
        findings = (make_finding("ESA307", "no channel matches all of these options", fix="use fewer of them at once"),)
    return selected, findings


class _Criterion(Struct, frozen=True):
    """Patterns of one kind, and the texts of a channel that they are compared with."""

    noun: str
    option: str
    patterns: tuple[str, ...]
    list_texts: Callable[[Live], tuple[str | None, ...]]

    def matches(self, live: Live, patterns: Sequence[str]) -> bool:
        return any(text is not None and matches_filter(text, patterns) for text in self.list_texts(live))

    def check(self, channels: Sequence[Live]) -> Iterator[Finding]:
        for pattern in dict.fromkeys(self.patterns):
            if not any(self.matches(live, (pattern,)) for live in channels):
                message = f"no {self.noun} matches the pattern, found {show_value(pattern)}"
                names = {text for live in channels for text in self.list_texts(live) if text is not None}
                yield make_finding("ESA307", message, fix=advise_pattern(self.option, pattern, sorted(names)) or _FIX)


def _list_kinds(inventory: Inventory, filter_: ChannelFilter) -> tuple[_Criterion, ...]:
    return (
        _Criterion("channel", "--only", filter_.only, lambda live: (inventory.names.get(live.id),)),
        _Criterion("data point", "--data-point", filter_.data_points, _list_data_point_texts),
        _Criterion("place", "--place", filter_.places, _list_place_texts),
    )


def _list_data_point_texts(live: Live) -> tuple[str | None, ...]:
    return live.data_point.code, live.data_point.import_id


def _list_place_texts(live: Live) -> tuple[str | None, ...]:
    return live.data_point.place_code, live.data_point.place_name
