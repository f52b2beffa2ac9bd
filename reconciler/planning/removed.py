"""What a change of the files removes (ESA518), renames (ESA519), or makes select another channel (ESA520)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.fields import (
    CHANNEL_IMPORT_ID,
    FIELD_AT,
    INTERVAL_MINUTES,
    OBSERVATION_TYPE_CODE,
    UNIT_CODE,
    version_path,
)
from reconciler.model.identifiers import Identifiers
from reconciler.model.plan import RemovedDefinition
from reconciler.planning.identification import make_index
from reconciler.planning.matching import find_identifiers, match_channels
from reconciler.planning.messages import show_value
from reconciler.planning.plan import matches_filter
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.channels import Definitions, Desired, Live
    from reconciler.model.findings import Finding
    from reconciler.model.identifiers import Feed
    from reconciler.planning.identification import Index

# Wanted values that find a channel if its select does not match any more.
_WANTED_IDENTIFIERS = (CHANNEL_IMPORT_ID, OBSERVATION_TYPE_CODE, UNIT_CODE, INTERVAL_MINUTES)
_KEPT = "nothing to do if you meant this: EnergyCAP keeps them as they are; if not, put them back into the files"
_UNCHECKED = "nothing to do if you meant this: plans no longer check where their readings go; if not, restore the feeds"


def find_renames(definitions: Definitions, base: Definitions, live: Sequence[Live]) -> Mapping[str, str]:
    """The new name of each channel of `base` that `definitions` have under another name, by the old one.

    Both match the same one of `live`, or have the same identifiers.
    """
    names, base_names = _list_names(definitions), _list_names(base)
    gone = [channel for channel in base.channels if channel.name not in names]
    new = [channel for channel in definitions.channels if channel.name not in base_names]
    if not gone:
        return {}
    index = make_index(live)
    old_ids = _find_ids(gone, index)
    by_id = {id_: name for name, id_ in _find_ids(new, index).items()}
    by_identifiers = {find_identifiers(channel): channel.name for channel in new}
    by_identifiers.pop(Identifiers(), None)
    renames = {
        channel.name: by_id.get(old_ids.get(channel.name, 0)) or by_identifiers.get(find_identifiers(channel))
        for channel in gone
    }
    return {name: new_name for name, new_name in renames.items() if new_name}


def rename(base: Definitions, renames: Mapping[str, str]) -> Definitions:
    """`base` with its channels under the names that they have now."""
    if not renames:
        return base
    channels = (replace(channel, name=renames.get(channel.name, channel.name)) for channel in base.channels)
    return replace(base, channels=tuple(channels))


def list_removed(definitions: Definitions, base: Definitions, patterns: Sequence[str]) -> tuple[RemovedDefinition, ...]:
    """The channels, feeds and settings that `base` managed, renamed as by `rename`, and `definitions` do not.

    If there are `patterns`, only channels whose name matches one of them count.
    """
    now = {channel.name: channel for channel in definitions.channels}
    picked = [channel for channel in base.channels if not patterns or matches_filter(channel.name, patterns)]
    return (
        *(RemovedDefinition("channel", channel.name, channel.file) for channel in picked if channel.name not in now),
        *(RemovedDefinition("feed", feed.name, feed.location.file) for feed in _find_gone_feeds(definitions, base)),
        *(lost for channel in picked if channel.name in now for lost in _compare(channel, now[channel.name])),
    )


def removed_findings(removed: Sequence[RemovedDefinition]) -> Iterator[Finding]:
    """A finding for each kind of definition in `removed`."""
    for noun in ("channel", "feed", "setting"):
        lines = sorted(_show(one) for one in removed if one.kind == noun)
        if lines:
            words = f"1 {noun} is" if len(lines) == 1 else f"{len(lines)} {noun}s are"
            message = f"{words} no longer managed because of this change"
            yield make_finding("ESA518", message, fix=_UNCHECKED if noun == "feed" else _KEPT, detail=tuple(lines))


def renamed_findings(renames: Mapping[str, str], patterns: Sequence[str]) -> Iterator[Finding]:
    """A note on the renamed channels; only those whose new name matches one of `patterns`, if there are any."""
    shown = [f"{old} → {new}" for old, new in renames.items() if not patterns or matches_filter(new, patterns)]
    if shown:
        verb = "channel has" if len(shown) == 1 else "channels have"
        message = f"{len(shown)} {verb} another name because of this change"
        yield make_finding("ESA519", message, detail=tuple(shown))


def reselected_findings(
    definitions: Definitions, base: Definitions, live: Sequence[Live], patterns: Sequence[str]
) -> Iterator[Finding]:
    """A warning on the names that select another one of `live` than at `base`; `patterns` as for the renames."""
    before = {channel.name: channel for channel in base.channels}
    kept = [channel for channel in definitions.channels if channel.name in before]
    moved = [channel for channel in kept if _list_identifiers(channel) != _list_identifiers(before[channel.name])]
    if not moved:
        return
    index = make_index(live)
    old_ids, ids = _find_ids([before[channel.name] for channel in moved], index), _find_ids(moved, index)
    shown = [
        f"{name}: {_cite(index.by_id[old_ids[name]])} → {_cite(index.by_id[id_])}"
        for name, id_ in ids.items()
        if old_ids.get(name, id_) != id_ and (not patterns or matches_filter(name, patterns))
    ]
    if shown:
        words = "1 name now selects" if len(shown) == 1 else f"{len(shown)} names now select"
        message = f"{words} another channel in EnergyCAP because of this change"
        yield make_finding("ESA520", message, detail=tuple(sorted(shown)))


def _list_identifiers(desired: Desired) -> tuple[object, ...]:
    """Everything in `desired` that decides which live channel it matches."""
    return desired.select, *map(desired.spec.get, _WANTED_IDENTIFIERS)


def _cite(live: Live) -> str:
    return f"{live.id} {show_value(live.name)}"


def _show(one: RemovedDefinition) -> str:
    if one.path is None:
        return f"{one.name}, in {one.file}"
    return f"{one.path} of {one.name}, which was {show_value(one.value)}"


def _compare(before: Desired, now: Desired) -> Iterator[RemovedDefinition]:
    # A code in place of its id, or the id in place of the code, manages the same setting.
    kept = {FIELD_AT[path].path for path in now.spec}
    for path, value in before.spec.items():
        if FIELD_AT[path].path not in kept:
            yield RemovedDefinition("setting", now.name, before.file, path, value)
    listed = {one.begin: one for one in now.versions}
    # Of the last one it is told above: it may have taken the place of esaChannelVersion, or given it up.
    for one in before.versions[:-1]:
        kept = {FIELD_AT[path].path for path in (listed[one.begin].spec if one.begin in listed else ())}
        for path, value in one.spec.items():
            if FIELD_AT[path].path not in kept:
                yield RemovedDefinition("setting", now.name, before.file, version_path(one.begin, path), value)


def _find_gone_feeds(definitions: Definitions, base: Definitions) -> Iterator[Feed]:
    names = {feed.name for feed in definitions.feeds}
    # A feed with the same identifiers under another name is renamed, not removed.
    identifiers = {feed.identifiers for feed in definitions.feeds}
    return (feed for feed in base.feeds if feed.name not in names and feed.identifiers not in identifiers)


def _list_names(definitions: Definitions) -> frozenset[str]:
    return frozenset(channel.name for channel in definitions.channels)


def _find_ids(channels: Sequence[Desired], index: Index) -> Mapping[str, int]:
    """The id of the live channel of each of `channels` that finds one, by name."""
    return {match.desired.name: match.live.id for match in match_channels(channels, index).matches}
