"""Whether a change still holds on a fresh read."""

from __future__ import annotations

from collections import defaultdict
from threading import Lock
from typing import TYPE_CHECKING

from reconciler.errors import Rejected
from reconciler.model.canonical import is_same
from reconciler.model.channels import ReferenceData
from reconciler.model.fields import (
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
)
from reconciler.planning.diff import changed_paths, find_impact
from reconciler.planning.feed_impact import may_affect_routing, recheck_feeds
from reconciler.planning.identification import make_index
from reconciler.planning.messages import show_values
from reconciler.planning.preconditions import recheck_preconditions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.energycap.client import Editor, Reader
    from reconciler.model.channels import Fetched, Live
    from reconciler.model.plan import Blocker, Change, FeedRoute
    from reconciler.model.values import Spec
    from reconciler.planning.identification import Index


# What an edit of these may do depends on the other channels of the data point.
_SHARED = frozenset({CHANNEL_IMPORT_ID, FORMULA, IS_CALCULATED, IS_PRIMARY_DEMAND, IS_PRIMARY_VALUE})
# And of these on what the service says of units and observation types.
_REFERRING = frozenset({IS_PRIMARY_DEMAND, OBSERVATION_RULE_ID, OBSERVATION_TYPE_ID, UNIT_ID})


def read_if_there(reader: Reader, channel_id: int) -> Fetched | None:
    """The channel with this id, None where there is none any more. Raises any other ServiceError."""
    try:
        return reader.read_channel(channel_id)
    except Rejected as error:
        if error.status == 404:
            return None
        raise


class Rechecker:
    """Reads what changes are judged by: no more than each of them needs."""

    def __init__(self, editor: Editor, changes: Sequence[Change], feeds: Sequence[FeedRoute]) -> None:
        self._editor = editor
        self._feeds = feeds
        self._on_point: dict[int, list[Change]] = defaultdict(list)
        for change in changes:
            self._on_point[change.data_point.id].append(change)
        self._renamed = frozenset(one.channel_id for one in changes if CHANNEL_IMPORT_ID in changed_paths(one.edits))
        self._lock = Lock()
        self._reference: ReferenceData | None = None
        self._everywhere: Index | None = None

    def read(self, change: Change) -> tuple[Fetched | None, tuple[Live, ...]]:
        """The channel of `change`, None where it is not there any more, and the others that the change is judged by.

        The others come by one list of the data point, where they matter to each other. What else it takes to judge is
        read before, once for all changes. The channel itself comes last and by its id: from here to the write nothing
        more is asked of the service, and a row of a list may leave out values that an edit then erases. Raises
        ServiceError.
        """
        self._find_reference(change)
        self._find_holders(change)
        neighbours: tuple[Live, ...] = ()
        if changed_paths(change.edits) & _SHARED or (self._feeds and may_affect_routing(change)):
            neighbours = self._editor.list_channels(change.data_point.id)
        return read_if_there(self._editor, change.channel_id), neighbours

    def check_again(self, change: Change, fresh: Live, neighbours: Sequence[Live]) -> tuple[Blocker, ...]:
        """The preconditions that fail or cannot be known for `change` now, and the feeds that it would lead away now.

        Raises ServiceError.
        """
        others = [other for other in self._on_point[change.data_point.id] if other is not change]
        reference = self._find_reference(change)
        return (
            *recheck_preconditions(change, fresh, (*neighbours, *self._find_holders(change)), reference, others),
            *recheck_feeds(change, fresh, neighbours, self._feeds, reference),
        )

    def _find_holders(self, change: Change) -> tuple[Live, ...]:
        """The channels of other data points that have, or may have, the import id that `change` gives.

        By one list of this run.

        Import ids cannot be asked for, and a list for each change would take hours. Those that this plan gives another
        import id do not count: what comes first is in the plan, and the service has the last word.
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


# From harmless to grave.
_GRAVITY = tuple(Impact)


def find_remaining(wanted: Spec, fresh: Live) -> Spec:
    """The values of `wanted`, by the paths of EsaChannelEdit, that `fresh` does not have yet."""
    rule_id = wanted.get(OBSERVATION_RULE_ID, fresh.values.get(OBSERVATION_RULE_ID))
    return {path: value for path, value in wanted.items() if not is_same(path, value, fresh.values.get(path), rule_id)}


def find_conflicts(change: Change, fresh: Live) -> tuple[str, ...]:
    """What somebody else did to the channel of `change` since the plan saw it, one sentence each.

    A value counts that is neither what the plan saw nor what it wants: so what earlier steps of the plan, or an earlier
    run of it, have brought about does not count, nor does a value that the plan does not manage.
    """
    return (*_find_other_versions(change, fresh), *_find_other_values(change, fresh))


def find_worse_impacts(change: Change, fresh: Live) -> tuple[str, ...]:
    """Which edits of `change` would do worse than when they were reviewed, one sentence each.

    That is so where readings came since: what was to count for future values only would rewrite stored ones.
    """
    if fresh.has_readings is None:
        return ()
    remaining = find_remaining(change.target_values, fresh)
    fields = {edit: FIELD_AT[edit.path] for edit in change.edits if FIELD_AT[edit.path].path in remaining}
    impacts = {edit: find_impact(field, fresh, change.target_values) for edit, field in fields.items()}
    return tuple(
        f"the edit of {edit.path} is {impact.value} now, was {edit.impact.value}: readings came since"
        for edit, impact in impacts.items()
        if _GRAVITY.index(impact) > _GRAVITY.index(edit.impact)
    )


def _find_other_versions(change: Change, fresh: Live) -> tuple[str, ...]:
    if len(fresh.versions) != change.version_count:
        return (f"it has {_count(len(fresh.versions))}, the plan saw {change.version_count}",)
    if fresh.current.id != change.version_id:
        return (f"its current version is {fresh.current.id}, the plan saw {change.version_id}",)
    return ()


def _count(versions: int) -> str:
    return "1 version" if versions == 1 else f"{versions} versions"


def _find_other_values(change: Change, fresh: Live) -> tuple[str, ...]:
    rule_id = fresh.values.get(OBSERVATION_RULE_ID)
    return tuple(
        "{} is {}, the plan saw {}".format(path, *show_values(fresh.values.get(path), change.live.get(path)))
        for path in find_remaining(change.target_values, fresh)
        if not is_same(path, change.live.get(path), fresh.values.get(path), rule_id)
    )
