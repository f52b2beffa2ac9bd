"""The live channels beside the files: which are managed, what the others would be called, and who is asked for."""

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

    `managed` are the ids that the files find, `names` leads from every id to the name it has or would have there,
    `homes` from the id of a data point to the file that its managed channels are in.
    """

    index: Index
    managed: frozenset[int]
    names: Mapping[int, str]
    homes: Mapping[int, str]


class ChannelFilter(Struct, frozen=True):
    """Patterns that pick channels: by name in the files, by data point, by place; no pattern picks all."""

    only: tuple[str, ...] = ()
    data_points: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


def make_inventory(definitions: Definitions, snapshot: Snapshot) -> Inventory:
    """The survey of `snapshot`; names are settled over all channels, so that no filter changes them."""
    index = make_index(snapshot.channels)
    matched = match_channels(definitions.channels, index)
    written = {channel.name for channel in definitions.channels}
    readable = (live for live in index.by_id.values() if not live.flaw)
    new = {live.id: candidate_names(live) for live in readable if live.id not in matched.found}
    managed = {pair.live.id: pair.desired.name for pair in matched.matches}
    return Inventory(index, matched.found, assign_unique(new, written) | managed, existing_files(matched.matches))


def pick(survey: Inventory, asked: ChannelFilter) -> tuple[tuple[Live, ...], tuple[Finding, ...]]:
    """The channels that match a pattern of each kind asked for, by id; findings where patterns match none.

    A data point goes by its code or import id, a place by its code or name.
    """
    channels = tuple(survey.index.by_id.values())
    kinds = [kind for kind in _list_kinds(survey, asked) if kind.patterns]
    picked = tuple(live for live in channels if all(kind.matches(live, kind.patterns) for kind in kinds))
    findings = tuple(finding for kind in kinds for finding in kind.check(channels))
    if kinds and not picked and not findings:
        findings = (make_finding("ESA307", "no channel matches all that is asked for", fix="ask for less at once"),)
    return picked, findings


class _Criterion(Struct, frozen=True):
    """Patterns of one kind, and the words of a channel that they are compared with."""

    noun: str
    option: str
    patterns: tuple[str, ...]
    tell: Callable[[Live], tuple[str | None, ...]]

    def matches(self, live: Live, patterns: Sequence[str]) -> bool:
        return any(word is not None and matches_filter(word, patterns) for word in self.tell(live))

    def check(self, channels: Sequence[Live]) -> Iterator[Finding]:
        for pattern in dict.fromkeys(self.patterns):
            if not any(self.matches(live, (pattern,)) for live in channels):
                message = f"no {self.noun} matches the pattern, found {show_value(pattern)}"
                names = {word for live in channels for word in self.tell(live) if word is not None}
                yield make_finding("ESA307", message, fix=advise_pattern(self.option, pattern, sorted(names)) or _FIX)


def _list_kinds(survey: Inventory, asked: ChannelFilter) -> tuple[_Criterion, ...]:
    return (
        _Criterion("channel", "--only", asked.only, lambda live: (survey.names.get(live.id),)),
        _Criterion("data point", "--data-point", asked.data_points, _tell_data_point),
        _Criterion("place", "--place", asked.places, _tell_place),
    )


def _tell_data_point(live: Live) -> tuple[str | None, ...]:
    return live.data_point.code, live.data_point.import_id


def _tell_place(live: Live) -> tuple[str | None, ...]:
    return live.data_point.place_code, live.data_point.place_name
