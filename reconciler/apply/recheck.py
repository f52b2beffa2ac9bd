"""Whether a change still holds on a fresh read."""

from __future__ import annotations

from collections import defaultdict
from threading import Lock
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.apply.new_channels import CreatedChannels, blank_of, choose_new_channel, import_id_of, read_if_there
from reconciler.apply.remaining import as_created, at_version, find_remaining, index_begins, show_version
from reconciler.model.canonical import is_same
from reconciler.model.channels import ReferenceData, is_new_id
from reconciler.model.fields import (
    BEGIN_DATE,
    CHANNEL_IMPORT_ID,
    FIELD_AT,
    FORMULA,
    IS_CALCULATED,
    IS_PRIMARY_DEMAND,
    IS_PRIMARY_VALUE,
    OBSERVATION_RULE_ID,
    OBSERVATION_TYPE_ID,
    UNIT_ID,
    Impact,
    find_version,
)
from reconciler.model.plan import Action, VersionAction
from reconciler.model.values import begin_key, name_begin
from reconciler.planning.diff import changed_paths, find_impact
from reconciler.planning.feed_impact import may_affect_routing, recheck_feeds
from reconciler.planning.identification import make_index
from reconciler.planning.messages import show_values
from reconciler.planning.preconditions import recheck_preconditions
from reconciler.planning.versions import begin_version, view_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.energycap.client import Editor
    from reconciler.model.channels import Fetched, Live, Version
    from reconciler.model.plan import Blocker, Change, Edit, FeedRoute, VersionChange
    from reconciler.model.values import Spec
    from reconciler.planning.identification import Index


# The effect of an edit of these depends on the other channels of the data point.
_SHARED = frozenset({CHANNEL_IMPORT_ID, FORMULA, IS_CALCULATED, IS_PRIMARY_DEMAND, IS_PRIMARY_VALUE})
# The effect of an edit of these depends on the lists of units and observation types.
_REFERRING = frozenset({IS_PRIMARY_DEMAND, OBSERVATION_RULE_ID, OBSERVATION_TYPE_ID, UNIT_ID})


class Rechecker:
    """Checks changes on fresh reads, and reads no more than each of them needs."""

    def __init__(
        self,
        editor: Editor,
        changes: Sequence[Change],
        feeds: Sequence[FeedRoute],
        created: CreatedChannels | None = None,
    ) -> None:
        self._editor = editor
        self._created = created or CreatedChannels()
        self._feeds = feeds
        self._on_point: dict[int, list[Change]] = defaultdict(list)
        for change in changes:
            self._on_point[change.data_point.id].append(change)
        self._renamed = frozenset(one.channel_id for one in changes if CHANNEL_IMPORT_ID in changed_paths(one.edits))
        self._lock = Lock()
        self._reference: ReferenceData | None = None
        self._everywhere: Index | None = None

    def read(self, change: Change) -> tuple[Fetched | None, tuple[Live, ...]]:
        """The channel of `change`, None if it is gone, and the other channels that the change depends on.

        The others come in one list of the data point, if the change depends on any. Reference data is read earlier and
        once for all changes. The channel itself is read last and by its id: no request comes between this read and the
        write, and a row of a list may leave out values that an edit would then erase. A channel to be created is looked
        for by its import id, and is blank if it is not there yet. Raises ServiceError.
        """
        self._find_reference(change)
        self._find_holders(change)
        if change.is_creation:
            neighbours = self._editor.list_channels(change.data_point.id)
            return choose_new_channel(self._editor, blank_of(change), import_id_of(change), neighbours), neighbours
        neighbours = ()
        if changed_paths(change.edits) & _SHARED or (self._feeds and may_affect_routing(change)):
            neighbours = self._editor.list_channels(change.data_point.id)
        return read_if_there(self._editor, change.channel_id), neighbours

    def check_again(self, change: Change, fresh: Live, neighbours: Sequence[Live]) -> tuple[Blocker, ...]:
        """The preconditions of `change` that fail or are unknown now, and the feeds that it would reroute now.

        Raises ServiceError.
        """
        others = [self._find_now(other) for other in self._on_point[change.data_point.id] if other.name != change.name]
        reference = self._find_reference(change)
        # What waits for this change and is still to be created takes part as it will be.
        blanks = [blank_of(other) for other in others if other.is_creation and change.name in other.depends_on]
        around = (*neighbours, *self._find_holders(change), *blanks)
        change = as_created(change, fresh) if not is_new_id(fresh.id) else change
        return (
            *recheck_preconditions(change, fresh, around, reference, others),
            *recheck_feeds(change, fresh, neighbours, self._feeds, reference),
        )

    def _find_now(self, change: Change) -> Change:
        """`change` with the ids of the channels that this run has created; itself an update if it did so."""
        known = self._created.fill_in(change)
        channel_id = self._created.find(change.channel_id) if change.is_creation else None
        return replace(known, action=Action.UPDATE, channel_id=channel_id) if channel_id else known

    def _find_holders(self, change: Change) -> tuple[Live, ...]:
        """The channels of other data points that have, or may have, the import id that `change` sets.

        All changes of a run share one list of all channels: the API has no filter for import ids, and a list for each
        change would take hours. Channels that this plan renames do not count, because the plan has their order, and the
        service refuses a duplicate anyway.
        """
        import_id = change.target_values.get(CHANNEL_IMPORT_ID)
        if change.channel_id not in self._renamed or not isinstance(import_id, str):
            return ()
        everywhere = self._index_everywhere()
        unread = (live for live in everywhere.flawed if CHANNEL_IMPORT_ID in live.unread)
        holders = (*everywhere.by_import_id.get(import_id, ()), *unread)
        return tuple(
            live for live in holders if live.data_point.id != change.data_point.id and live.id not in self._renamed
        )

    def _index_everywhere(self) -> Index:
        # Held while the list is read, so that all threads use one list.
        with self._lock:
            if self._everywhere is None:
                self._everywhere = make_index(self._editor.list_channels())
            return self._everywhere

    def _find_reference(self, change: Change) -> ReferenceData:
        if not changed_paths(change.edits) & _REFERRING:
            return ReferenceData()
        with self._lock:
            if self._reference is None:
                self._reference = self._editor.read_reference(())
            return self._reference


# From harmless to severe.
_SEVERITIES = tuple(Impact)


def find_conflicts(change: Change, fresh: Live) -> tuple[str, ...]:
    """What somebody else changed in the channel of `change` since the plan was made, each as a sentence.

    A value counts if it is neither what the plan saw nor what it wants. So edits by earlier changes of the plan, or by
    an earlier run of it, do not count, nor do values that the plan does not manage.
    """
    if is_new_id(fresh.id):
        return ()
    others = _find_other_settings(change, fresh) if change.is_creation else _find_other_values(change, fresh)
    return (*_find_other_versions(as_created(change, fresh), fresh), *others)


def find_worse_impacts(change: Change, fresh: Live) -> tuple[str, ...]:
    """The edits of `change` whose impact is worse now than when they were reviewed, each as a sentence.

    This happens if readings came since: an edit that concerned only future values would then rewrite stored ones.
    """
    # A new channel has no readings that its settings could rewrite.
    if fresh.has_readings is None or is_new_id(fresh.id):
        return ()
    change = as_created(change, fresh)
    current = at_version(fresh, change.version_id) or fresh
    remaining = find_remaining(change.target_values, current)
    by_begin: dict[str | None, list[Edit]] = defaultdict(list)
    for edit in change.edits:
        by_begin[find_version(edit.path)].append(edit)
    own = [edit for edit in by_begin[None] if FIELD_AT[edit.path].path in remaining]
    impacts = {edit: find_impact(FIELD_AT[edit.path], current, change.target_values) for edit in own}
    for one in change.versions:
        view = view_version(fresh, begin_version(one), one.end)
        # The begin of a new version does nothing to readings by itself: its settings do.
        edits = [edit for edit in by_begin[one.begin] if FIELD_AT[edit.path].path != BEGIN_DATE]
        impacts |= {edit: find_impact(FIELD_AT[edit.path], view, one.target_values) for edit in edits}
    return tuple(
        f"the edit of {edit.path} is {impact.value} now, was {edit.impact.value}: readings came since"
        for edit, impact in impacts.items()
        if _SEVERITIES.index(impact) > _SEVERITIES.index(edit.impact)
    )


def _find_other_versions(change: Change, fresh: Live) -> tuple[str, ...]:
    created = {one.begin for one in change.created_versions}
    others = [version for version in fresh.versions if begin_key(version.begin_date) not in created]
    if len(others) != change.version_count:
        return (f"it has {_count(len(others))}, the plan saw {change.version_count}",)
    if others[-1].id != change.version_id:
        return (f"its current version is {others[-1].id}, the plan saw {change.version_id}",)
    return ()


def _count(versions: int) -> str:
    return "1 version" if versions == 1 else f"{versions} versions"


def _find_other_settings(change: Change, fresh: Live) -> Iterator[str]:
    """What differs in the channel that `change` would create, if it is there by now."""
    for path, value in find_remaining(change.target_values, show_version(fresh, fresh.versions[0])).items():
        is_now, planned = show_values(fresh.values.get(path), value)
        yield f"channel {fresh.id} has its import id, and {path} is {is_now}, planned {planned}"
    begun = index_begins(fresh)
    for one in change.versions:
        yield from _find_other_creation(one, fresh, begun.get(one.begin))


def _find_other_values(change: Change, fresh: Live) -> Iterator[str]:
    yield from _compare(change.target_values, change.live, at_version(fresh, change.version_id))
    begun = index_begins(fresh)
    for one in change.versions:
        if one.action is VersionAction.UPDATE:
            place = f"in the version from {name_begin(one.begin)}, "
            yield from _compare(one.target_values, one.live, at_version(fresh, one.version_id or 0), place)
        else:
            yield from _find_other_creation(one, fresh, begun.get(one.begin))


def _find_other_creation(one: VersionChange, fresh: Live, version: Version | None) -> Iterator[str]:
    """What differs in the `version` of `fresh` that the plan would create, if it is there by now."""
    if version is None:
        return
    found, place = show_version(fresh, version), f"in the version from {name_begin(one.begin)}, "
    for path, value in find_remaining(one.target_values, found).items():
        is_now, planned = show_values(found.values.get(path), value)
        yield f"{place}which the plan would create, {path} is {is_now}, planned {planned}"


def _compare(wanted: Spec, seen: Spec, found: Live | None, place: str = "") -> Iterator[str]:
    """The values of `found` that are neither what the plan saw nor what it wants."""
    if found is None:
        return
    rule_id = found.values.get(OBSERVATION_RULE_ID)
    for path in find_remaining(wanted, found):
        if not is_same(path, seen.get(path), found.values.get(path), rule_id):
            is_now, was = show_values(found.values.get(path), seen.get(path))
            yield f"{place}{path} is {is_now}, the plan saw {was}"
