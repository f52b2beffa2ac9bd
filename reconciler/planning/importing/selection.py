"""The live channels beside the files: which are managed, how the others would be named, which to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.planning.identification import make_index
from reconciler.planning.importing.naming import assign_unique, candidate_names, existing_files
from reconciler.planning.matching import match_channels
from reconciler.planning.messages import show_value
from reconciler.planning.plan import advise_pattern, matches_filter
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reconciler.model.channels import Definitions, Live, Snapshot
    from reconciler.model.findings import Finding
    from reconciler.planning.identification import Index

_FIX = "correct the pattern; letter case matters, and * stands for any characters"


class Inventory(Struct, frozen=True):
    """The live channels beside the files.

    `managed` are the ids of channels in the files, `names` those of all channels that have or would get one, by id,
    `files` the existing files by the id of the data point whose channels they contain.
    """

    index: Index
    managed: frozenset[int]
    names: Mapping[int, str]
    files: Mapping[int, str]


class ChannelFilter(Struct, frozen=True):
    """Patterns that select channels: by name in the files, by data point, by place; no pattern selects all."""

    only: tuple[str, ...] = ()
    data_points: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


def make_inventory(definitions: Definitions, snapshot: Snapshot) -> Inventory:
    """The inventory of `snapshot`; names are assigned to all channels, so that a filter does not change them."""
    index = make_index(snapshot.channels)
    matched = match_channels(definitions.channels, index)
    written = {channel.name for channel in definitions.channels}
    readable = (live for live in index.by_id.values() if not live.flaw)
    new = {live.id: candidate_names(live) for live in readable if live.id not in matched.found}
    managed = {match.live.id: match.desired.name for match in matched.matches}
    return Inventory(index, matched.found, assign_unique(new, written) | managed, existing_files(matched.matches))


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
