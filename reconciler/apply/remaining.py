"""What of a change is still to be written: the writes that it takes, and how its channel must read after one."""

from __future__ import annotations

from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.canonical import is_same
from reconciler.model.channels import Version, is_new_id
from reconciler.model.fields import BEGIN_DATE, FIELD_AT, OBSERVATION_RULE_ID, ODOMETER, VERSION_FIELDS
from reconciler.model.plan import Action
from reconciler.model.values import begin_key, name_begin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.channels import Live
    from reconciler.model.plan import Change
    from reconciler.model.values import Spec


class WriteTarget(Enum):
    """What a write is sent to."""

    CHANNEL = "channel"
    VERSION = "version"
    NEW_VERSION = "new version"
    NEW_CHANNEL = "new channel"


class Write(Struct, frozen=True):
    """A planned request: its target, and the values that it sets, by the paths of EsaChannelEdit.

    `version_id` is the version that the versioned values belong to, 0 for the current one. For a new version, `begin`
    is when it is to begin, "" from the beginning.
    """

    part: WriteTarget
    wanted: Spec
    version_id: int = 0
    begin: str = ""

    def describe(self, live: Live) -> str:
        """What it is sent to, in words; of several versions of `live` an older or new one by its begin."""
        older = {version.id: begin_key(version.begin_date) for version in live.versions[:-1]}
        name: str = self.part.value
        if self.part is WriteTarget.NEW_VERSION:
            return f"{name} from {name_begin(self.begin)}"
        if self.part is WriteTarget.VERSION and self.version_id in older:
            return f"{name} from {name_begin(older[self.version_id])}"
        return name


def find_remaining(wanted: Spec, fresh: Live) -> Spec:
    """The values of `wanted`, by the paths of EsaChannelEdit, that `fresh` does not have yet."""
    rule_id = wanted.get(OBSERVATION_RULE_ID, fresh.values.get(OBSERVATION_RULE_ID))
    return {path: value for path, value in wanted.items() if not is_same(path, value, fresh.values.get(path), rule_id)}


def at_version(live: Live, version_id: int) -> Live | None:
    """`live` with the values of one of its versions, 0 for the current one, in the place of the current ones.

    None where it has no such version.
    """
    if version_id in {0, live.current.id}:
        return live
    version = next((one for one in live.versions if one.id == version_id), None)
    return show_version(live, version) if version else None


def show_version(live: Live, version: Version) -> Live:
    """`live` with the values of `version` in place of the current ones."""
    return replace(live, values={**live.values, **version.values})


def find_begun(live: Live, begin: str) -> Live | None:
    """`live` with the values of the version that begins at `begin` in place of the current ones; None without one."""
    version = index_begins(live).get(begin)
    return show_version(live, version) if version else None


def index_begins(live: Live) -> Mapping[str, Version]:
    """The versions of `live` by their begins, for what asks for many: the first one where two begin at one time."""
    return {begin_key(version.begin_date): version for version in reversed(live.versions)}


def find_unwritten(write: Write, found: Live) -> Spec:
    """The values of `write` that its channel, as it is `found`, does not have."""
    is_new = write.part is WriteTarget.NEW_VERSION
    version = find_begun(found, write.begin) if is_new else at_version(found, write.version_id)
    return find_remaining(write.wanted, version) if version else write.wanted


def find_writes(change: Change, fresh: Live) -> tuple[Write, ...]:
    """The writes that give `fresh` the values that `change` wants, in order; none if it has them all.

    A channel with one version takes its edits in one PUT. With several versions, edits of a version go to the version
    itself, and first. Only if the rule of the current one becomes Odometer, the edits of the channel come first: a
    demand channel cannot have that rule, so the observation type has to change before it, or after it on the way back.
    New versions are created last, so that what they take over is already there. A channel that is not there yet is
    created first; the rest is known once it is.
    """
    if change.is_creation and is_new_id(fresh.id):
        return (Write(WriteTarget.NEW_CHANNEL, change.target_values),)
    change, begun = as_created(change, fresh), index_begins(fresh)
    return (
        *_find_older(change, fresh),
        *_find_current(change, fresh),
        *(
            Write(WriteTarget.NEW_VERSION, one.target_values, begin=one.begin)
            for one in change.created_versions
            if one.begin not in begun
        ),
    )


def as_created(change: Change, fresh: Live) -> Change:
    """`change` as an update of the channel that it creates, which is there as `fresh`; any other change as it is."""
    if not change.is_creation:
        return change
    first = fresh.versions[0]
    return replace(
        change,
        action=Action.UPDATE,
        channel_id=fresh.id,
        live=change.target_values,
        version_id=first.id,
        version_count=1,
    )


def _find_older(change: Change, fresh: Live) -> Iterator[Write]:
    for one in change.versions:
        version = at_version(fresh, one.version_id) if one.version_id else None
        if version and (remaining := find_remaining(one.target_values, version)):
            yield Write(WriteTarget.VERSION, remaining, one.version_id or 0)


def _find_current(change: Change, fresh: Live) -> tuple[Write, ...]:
    version = at_version(fresh, change.version_id)
    # Without the version that the plan saw as the current one nothing can be said of its values.
    remaining = find_remaining(change.target_values, version or fresh)
    if len(fresh.versions) == 1:
        return (Write(WriteTarget.CHANNEL, remaining, fresh.current.id),) if remaining else ()
    versioned = {path: value for path, value in remaining.items() if FIELD_AT[path].is_versioned}
    of_channel = {path: value for path, value in remaining.items() if path not in versioned}
    writes = (
        Write(WriteTarget.VERSION, versioned, change.version_id),
        Write(WriteTarget.CHANNEL, of_channel, fresh.current.id),
    )
    if versioned.get(OBSERVATION_RULE_ID) == ODOMETER:
        writes = writes[::-1]
    return tuple(write for write in writes if write.wanted)


def expected_after(before: Live, write: Write) -> Live:
    """`before` as it must read once `write` is done and nothing else; a new version has the id 0."""
    versioned = {field.path: write.wanted[field.path] for field in VERSION_FIELDS if field.path in write.wanted}
    if write.part is WriteTarget.NEW_VERSION:
        versions = [*before.versions, Version(0, write.begin or None, None, versioned)]
        versions.sort(key=lambda version: begin_key(version.begin_date))
    else:
        edited = write.version_id or before.current.id
        versions = [
            _edit_version(version, versioned) if version.id == edited else version for version in before.versions
        ]
    of_channel = {path: value for path, value in write.wanted.items() if path not in versioned}
    return replace(before, values={**before.values, **of_channel}).with_versions(_end_with_next(before, versions))


def _edit_version(version: Version, values: Spec) -> Version:
    edited = {**version.values, **values}
    begin = edited.get(BEGIN_DATE) if BEGIN_DATE in values else version.begin_date
    return replace(version, begin_date=begin if isinstance(begin, str) else None, values=edited)


def _end_with_next(before: Live, versions: Sequence[Version]) -> tuple[Version, ...]:
    """`versions`, each with its end where the next one begins now, if it ended with the one after it `before`."""
    followed = {one.id for one, other in pairwise(before.versions) if is_followed(one, other)}
    ended = (
        replace(one, end_date=other.begin_date) if one.id in followed else one for one, other in pairwise(versions)
    )
    return (*ended, versions[-1])


def is_followed(version: Version, other: Version) -> bool:
    """Whether `version` is said to end where the `other` begins; the service may not say when a version ends."""
    return version.end_date is not None and begin_key(version.end_date) == begin_key(other.begin_date)
