"""Changes made from drafts: verdict, fingerprint, origin."""

from __future__ import annotations

import json
from hashlib import sha256
from operator import itemgetter
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.fields import CHANNEL_FIELDS, FIELDS, VERSION_FIELDS
from reconciler.model.plan import Action, Change, History, Origin, Verdict, VersionSpan
from reconciler.planning.dependencies import predecessors, topological_order
from reconciler.planning.identification import make_index
from reconciler.planning.matching import find_identifiers, resolve_desired
from reconciler.planning.versions import name_versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.channels import Definitions, Desired, Live
    from reconciler.model.plan import Blocker, Edit, Plan
    from reconciler.model.values import Spec
    from reconciler.planning.dependencies import Dependency
    from reconciler.planning.diff import Draft
    from reconciler.planning.identification import Index
    from reconciler.planning.matching import Match


# One call takes all values: a plan makes a fingerprint of every channel, most of which have no edit.
_take_channel = itemgetter(*(field.path for field in CHANNEL_FIELDS))
_take_version = itemgetter(*(field.path for field in VERSION_FIELDS))


def fingerprint(live: Live) -> str:
    """`sha256:…` over the values of `live` and of all its versions, by the ids of the service.

    Codes, the names of data points and places, and readings are left out: they change without an edit of the channel.
    """
    versions = [
        (version.id, version.begin_date, version.end_date, _take_version(version.values)) for version in live.versions
    ]
    text = _encode((live.id, _take_channel(live.values), versions))
    return f"sha256:{sha256(text).hexdigest()}"


def _encode(values: tuple[object, ...]) -> bytes:
    try:
        return msgspec.json.encode(values)
    except UnicodeEncodeError:
        # A lone surrogate, which JSON can hold and UTF-8 cannot.
        return json.dumps(values).encode("ascii")


class PreconditionResults(Struct, frozen=True):
    """The blockers of each draft, by its name, and the other drafts that it depends on."""

    blocks: Mapping[str, tuple[Blocker, ...]]
    needs: Mapping[str, tuple[Dependency, ...]]

    @property
    def sendable(self) -> list[str]:
        return [name for name, blocks in self.blocks.items() if not blocks]


def make_changes(
    channels: Iterable[Match],
    unread: Mapping[str, tuple[Match, Blocker]],
    drafts: Mapping[str, Draft],
    results: PreconditionResults,
    moved: Mapping[str, tuple[str, ...]],
) -> Iterator[Change]:
    """A change for each of `channels`: the sendable ones in the order of apply, then blocked ones and no-ops by name.

    `unread` are the matches, by name, whose live channel could not be read, with the blocker that says so. `moved`
    names the feeds that a draft reroutes, by the draft's name.
    """
    matches = {match.desired.name: match for match in channels}
    blocked = sorted((*(name for name, blocks in results.blocks.items() if blocks), *unread))
    for name in (*topological_order(results.sendable, results.needs), *blocked):
        if name in unread:
            match, block = unread[name]
            yield replace(_make_no_op(match), action=Action.UPDATE, verdict=Verdict.UNKNOWN, blocked_by=(block,))
        else:
            make = _make_creation if drafts[name].is_creation else _make_update
            yield replace(make(matches[name], drafts[name], results), feeds=moved.get(name, ()))
    for name in sorted(matches.keys() - drafts.keys()):
        yield _make_no_op(matches[name])


def _make_update(match: Match, draft: Draft, results: PreconditionResults) -> Change:
    desired, live = match.desired, match.live
    blocks = results.blocks[draft.name]
    return replace(
        _make_no_op(match),
        action=Action.UPDATE,
        edits=_name_sources(draft.edits, desired),
        before=draft.before,
        after=draft.after,
        live={field.path: live.values.get(field.path) for field in FIELDS},
        target_values=draft.wanted,
        verdict=_find_verdict(blocks),
        blocked_by=blocks,
        depends_on=predecessors(results.needs[draft.name]),
        history=_make_history(live),
        versions=tuple(one.change for one in draft.versions),
    )


def _name_sources(edits: tuple[Edit, ...], desired: Desired) -> tuple[Edit, ...]:
    """`edits` with where a template has their values."""
    if not desired.sources:
        return edits
    return tuple(replace(edit, source=desired.find_source(edit.path)) for edit in edits)


def _make_creation(match: Match, draft: Draft, results: PreconditionResults) -> Change:
    change = _make_update(match, draft, results)
    name = draft.after_apply.name
    return replace(change, action=Action.CREATE, channel_info=name, version_count=0, fingerprint="", history=None)


def _make_no_op(match: Match) -> Change:
    desired, live = match.desired, match.live
    spec = name_versions(desired, live)
    return Change(
        name=desired.name,
        channel_id=live.id,
        channel_info=live.name,
        data_point=live.data_point,
        file=desired.file,
        line=desired.line,
        action=Action.NO_OP,
        edits=(),
        before=spec,
        after=spec,
        # A no-op sends nothing, so its live values need not be saved with the plan.
        live={},
        target_values={},
        version_id=live.current.id,
        version_count=len(live.versions),
        verdict=Verdict.ALLOWED,
        blocked_by=(),
        depends_on=(),
        fingerprint=fingerprint(live),
    )


def _find_verdict(blocks: Sequence[Blocker]) -> Verdict:
    if not blocks:
        return Verdict.ALLOWED
    # One certain blocker is enough: the change cannot be sent whatever the unknown ones turn out to be.
    return Verdict.UNKNOWN if all(block.is_unknown for block in blocks) else Verdict.BLOCKED


def _make_history(live: Live) -> History:
    versions = (VersionSpan(version.id, version.begin_date, version.end_date) for version in live.versions)
    return History(tuple(versions), live.has_readings, live.first_reading, live.last_reading)


def mark_drift(
    plan: Plan, definitions: Definitions, base: Definitions, live: Sequence[Live], *, is_whole: bool = True
) -> Plan:
    """`plan` with the origin of each edit: drift if `definitions` and `base` have the same value at its path.

    Else the edit comes from this change of the files. Channels are compared by name, and only if both versions of the
    files match the same one of `live`: if a name now matches another channel, all its edits are from this change. An
    implied edit has the origin of the edit that implies it. Unless the base `is_whole`, the origin is unknown if it
    lacks the channel, which may be in a file that could not be read.
    """
    now = {desired.name: desired for desired in definitions.channels}
    before = {desired.name: desired for desired in base.channels}
    index = make_index(live)
    lives = {one.id: one for one in live}

    def mark(change: Change) -> Change:
        past = before.get(change.name)
        if past is None:
            return _mark_all(change, Origin.CHANGE if is_whole else Origin.UNKNOWN)
        if change.is_creation:
            is_same = past.creates and (past.spec, past.versions) == (now[change.name].spec, now[change.name].versions)
            return _mark_all(change, Origin.DRIFT if is_same else Origin.CHANGE)
        if not _is_same_channel(change.channel_id, past, now[change.name], index):
            return _mark_all(change, Origin.CHANGE)
        specs = (name_versions(desired, lives[change.channel_id]) for desired in (now[change.name], past))
        return _mark_each(change, *specs)

    return replace(plan, changes=tuple(mark(change) if change.edits else change for change in plan.changes))


def _is_same_channel(channel_id: int, past: Desired, now: Desired, index: Index) -> bool:
    """Whether `past` matches the live channel that `now` matches, or none but has the same select."""
    found = resolve_desired(past, index).resolution.channel_id
    # If the base matches no channel any more, the same select still means the same one.
    return found == channel_id or (found is None and find_identifiers(past) == find_identifiers(now))


def _mark_all(change: Change, origin: Origin) -> Change:
    return replace(change, edits=tuple(replace(edit, origin=origin) for edit in change.edits))


def _mark_each(change: Change, spec: Spec, base: Spec) -> Change:
    return replace(change, edits=tuple(replace(edit, origin=_find_origin(edit, spec, base)) for edit in change.edits))


def _find_origin(edit: Edit, spec: Spec, base: Spec) -> Origin:
    path = edit.implied_by or edit.path
    return Origin.DRIFT if path in base and base[path] == spec.get(path) else Origin.CHANGE
