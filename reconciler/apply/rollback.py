"""The plan that reverts what a journal says was written."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from reconciler import __version__
from reconciler.apply.remaining import WriteTarget, as_created, at_version, expected_after, find_remaining, show_version
from reconciler.apply.writes import WriteResult
from reconciler.errors import ServiceError
from reconciler.masking import holds_mask
from reconciler.model.channels import Live, Version
from reconciler.model.fields import (
    BEGIN_DATE,
    CHANNEL_IMPORT_ID,
    FIELD_AT,
    FIELDS,
    IS_CALCULATED,
    OBSERVATION_RULE_ID,
    PRIMARY_FLAGS,
    ROLLBACK_ALLOWANCE,
    ROLLOVER_VALUE,
    VERSION_FIELDS,
    Impact,
    find_version,
    version_path,
)
from reconciler.model.findings import Location
from reconciler.model.outcomes import OutcomeStatus
from reconciler.model.plan import (
    INVERSE,
    Blocker,
    Edit,
    History,
    Plan,
    Verdict,
    VersionAction,
    VersionChange,
    VersionSpan,
)
from reconciler.model.values import begin_key, name_begin
from reconciler.planfile.writing import encode_plan
from reconciler.planning.changes import fingerprint
from reconciler.planning.messages import show_value
from reconciler.planning.versions import view_version
from reconciler.rules import RULES, make_finding

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from reconciler.apply.journal_entries import WriteIntended
    from reconciler.apply.journal_reader import JournalContent
    from reconciler.model.findings import Finding
    from reconciler.model.plan import Change
    from reconciler.model.values import Spec

# A primary flag of a data point, by the id of that.
Flag: TypeAlias = tuple[int, str]

# Source: EsaChannelVersionEdit, both are 999999999999999 and 0.1 by default under the Odometer rule.
_FILLED_IN = frozenset((ROLLOVER_VALUE, ROLLBACK_ALLOWANCE))
# What a new version gets from the one before it in a rollback: all but its begin.
_SETTINGS = tuple(field.path for field in VERSION_FIELDS if field.path != BEGIN_DATE)
_LASTING = frozenset((Impact.HISTORY, Impact.ROUTING))
_DOUBTFUL = "ESA713"
_HIDDEN = "ESA725"


class _Undoing(Struct, frozen=True):
    """What was written of one change, and the values that revert it.

    `after` is the channel as read after the last write. `wanted` are the values from before the first write, by the id
    of their version; 0 is the channel itself. `created` are the begins of new versions. `doubts` say why it is unknown
    which values the writes changed. `was_written` is False for a channel that only lost a primary flag to another.
    """

    change: Change
    after: Live
    wanted: Mapping[int, Spec]
    created: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    was_written: bool = True

    @property
    def of_channel(self) -> Spec:
        """What the channel and its current version are to have again."""
        return {**self.wanted.get(0, {}), **self.of_versions.get(self.after.current.id, {})}

    @property
    def of_versions(self) -> Mapping[int, Spec]:
        """What each version is to have again. One that was created stays, with the settings of the one before it."""
        wanted = {id_: dict(spec) for id_, spec in self.wanted.items() if id_}
        for before, version in pairwise(self.after.versions):
            if begin_key(version.begin_date) in self.created:
                values = {**before.values, **wanted.get(before.id, {})}
                settings = {path: values.get(path) for path in _SETTINGS}
                remaining = find_remaining(settings, show_version(self.after, version))
                wanted[version.id] = {**remaining, **wanted.get(version.id, {})}
        return {id_: spec for id_, spec in wanted.items() if spec}

    @property
    def is_needed(self) -> bool:
        """Whether anything is to be reverted, or may be; not if all that was written is unchanged or stays."""
        return bool(self.of_channel or self.of_versions or self.doubts)


def make_rollback(content: JournalContent, created: str) -> Plan:
    """The plan that reverts every write in `content`, in the opposite order; `created` as in Plan.

    It also reverts what the service did by itself: values that it filled in, and a primary flag that it took away. A
    change is blocked if the result of one of its writes is unknown. A new channel stays, without a primary flag that it
    took. What the settings have done to readings meanwhile cannot be reverted; the findings say so.
    """
    plan = content.plan
    writes = content.writes_by_name
    written = {
        change.name: _find_returned(change, writes[change.name], plan)
        if change.is_creation
        else _find_undoing(change, writes[change.name])
        for change in plan.sendable
    }
    taken = {flag for undoing in written.values() if undoing for flag in _list_taken(undoing)}
    found = (_add_demoted(written[change.name], change, taken) for change in reversed(plan.sendable))
    undoings = sorted((undoing for undoing in found if undoing), key=lambda undoing: bool(undoing.doubts))
    return Plan(
        tool_version=__version__,
        environment=plan.environment,
        url=plan.url,
        created=created,
        commit=None,
        definitions_digest=f"{INVERSE}{encode_plan(plan)['digest']}",
        filter=(),
        changes=tuple(_invert(undoing, undoings) for undoing in undoings if undoing.is_needed),
        unmanaged=plan.unmanaged,
        managed=plan.managed,
        findings=(
            *(finding for change in plan.creations for finding in _warn_of_new(change, writes[change.name])),
            *(finding for undoing in undoings for finding in _warn(undoing)),
        ),
    )


def _find_returned(
    change: Change, writes: Iterable[tuple[WriteIntended, WriteResult | None]], plan: Plan
) -> _Undoing | None:
    """The primary flags that a new channel gives back to others of the plan; all else of it is kept."""
    found = [result.found for _, result in writes if result and result.status is OutcomeStatus.DONE and result.found]
    if not found:
        return None
    others = [other for other in plan.sendable if other.data_point.id == change.data_point.id]
    former = [path for path in PRIMARY_FLAGS if any(other.live.get(path) is True for other in others)]
    returned = {path: False for path in former if change.target_values.get(path) is True}
    made = replace(as_created(change, found[-1]), edits=(), versions=())
    return _Undoing(made, found[-1], {0: returned}) if returned else None


def _warn_of_new(change: Change, writes: Iterable[tuple[WriteIntended, WriteResult | None]]) -> Iterator[Finding]:
    """What is left of a new channel that was created, or may have been."""
    results = [result for intent, result in writes if intent.write.part is WriteTarget.NEW_CHANNEL]
    last = results[-1] if results else WriteResult(OutcomeStatus.FAILED)
    place = Location(change.file, change.line, path=("channels", change.name))
    if last is not None and last.status is OutcomeStatus.FAILED:
        return
    if last is not None and last.found is not None:
        yield make_finding("ESA715", f"channel {last.found.id} was created; it cannot be deleted by this tool", place)
        return
    import_id = show_value(change.target_values.get(CHANNEL_IMPORT_ID))
    yield make_finding("ESA716", f"unknown whether {change.name} was created, with the import id {import_id}", place)


def _find_undoing(change: Change, writes: Iterable[tuple[WriteIntended, WriteResult | None]]) -> _Undoing | None:
    undoing = None
    for intent, result in writes:
        if result is None or result.status is not OutcomeStatus.FAILED:
            undoing = _add(undoing, change, intent, result)
    return undoing


def _add(undoing: _Undoing | None, change: Change, intent: WriteIntended, result: WriteResult | None) -> _Undoing:
    """`undoing` with another write, which was done or may have been."""
    done = result if result and result.status is OutcomeStatus.DONE else None
    # If the result is unknown, the plan shows what it would revert, but the change is blocked.
    after = (done and done.found) or expected_after(intent.before, intent.write)
    undoing = undoing or _Undoing(change, after, {})
    doubts = undoing.doubts if done else (*undoing.doubts, _doubt(intent, result))
    if intent.write.part is WriteTarget.NEW_VERSION:
        return replace(undoing, after=after, created=(*undoing.created, intent.write.begin), doubts=doubts)
    version_id = intent.write.version_id or intent.before.current.id
    before, now = at_version(intent.before, version_id) or intent.before, at_version(after, version_id) or after
    was = {field.path: before.values.get(field.path) for field in FIELDS}
    found = _limit(find_remaining(was, now), intent)
    wanted = dict(undoing.wanted)
    for id_, is_versioned in ((0, False), (version_id, True)):
        part = {path: value for path, value in found.items() if FIELD_AT[path].is_versioned is is_versioned}
        # What an earlier write replaced is what was there before them all.
        wanted[id_] = {**part, **wanted.get(id_, {})}
    return replace(undoing, after=after, wanted=wanted, doubts=doubts)


def _limit(values: Spec, intent: WriteIntended) -> Spec:
    """Those of `values` that the write caused: what it sent, and what the service fills in for a rule."""
    paths = set(intent.write.wanted)
    if OBSERVATION_RULE_ID in paths:
        paths |= _FILLED_IN
    return {path: value for path, value in values.items() if path in paths}


def _doubt(intent: WriteIntended, result: WriteResult | None) -> str:
    return result.message if result else f"it is unknown whether its {intent.write.describe(intent.before)} was written"


def _list_taken(undoing: _Undoing) -> list[Flag]:
    """The primary flags of its data point that the channel did not have before."""
    return [(undoing.change.data_point.id, path) for path in PRIMARY_FLAGS if undoing.of_channel.get(path) is False]


def _add_demoted(undoing: _Undoing | None, change: Change, taken: Collection[Flag]) -> _Undoing | None:
    """`undoing` with the primary flags that the service took away for another channel of the same plan."""
    lost = {
        path: True for path in PRIMARY_FLAGS if (change.data_point.id, path) in taken and change.live.get(path) is True
    }
    if not lost:
        return undoing
    if undoing:
        return replace(undoing, wanted={**undoing.wanted, 0: {**undoing.wanted.get(0, {}), **lost}})
    return _Undoing(
        change, _make_seen(change, {**change.live, **dict.fromkeys(lost, False)}), {0: lost}, was_written=False
    )


def _make_seen(change: Change, values: Spec) -> Live:
    """The channel as the plan saw it, for one that was not written itself."""
    spans = change.history.versions if change.history else (VersionSpan(change.version_id, None, None),)
    versions = tuple(Version(span.id, span.begin_date, span.end_date, values) for span in spans)
    return Live(change.channel_id, values, versions, change.data_point)


def _invert(undoing: _Undoing, undoings: Sequence[_Undoing]) -> Change:
    change, after = undoing.change, undoing.after
    versions = tuple(_invert_versions(undoing))
    edits = (*_list_edits(undoing), *(edit for one in versions for edit in _list_version_edits(one)))
    blocks = tuple(
        Blocker(_DOUBTFUL, f"cannot be reverted automatically: {doubt}", {"doubt": doubt}, RULES[_DOUBTFUL].fix)
        for doubt in undoing.doubts
    )
    blocks += tuple(_refuse_masked(undoing))
    return replace(
        change,
        edits=edits,
        before={edit.path: edit.before for edit in edits},
        after={edit.path: edit.after for edit in edits},
        live={field.path: after.values.get(field.path) for field in FIELDS},
        target_values=undoing.of_channel,
        version_id=after.current.id,
        version_count=len(after.versions),
        verdict=Verdict.BLOCKED if blocks else Verdict.ALLOWED,
        blocked_by=blocks,
        depends_on=tuple(
            other.change.name for other in undoings if other.is_needed and change.name in other.change.depends_on
        ),
        fingerprint=fingerprint(after) if undoing.was_written else change.fingerprint,
        history=_make_history(undoing),
        # Feeds are not resolved through a rollback.
        feeds=(),
        versions=versions,
        # A guess for the edit that is reverted.
        register_fall=None,
    )


def _make_history(undoing: _Undoing) -> History | None:
    if undoing.change.history is None:
        return None
    spans = (VersionSpan(version.id, version.begin_date, version.end_date) for version in undoing.after.versions)
    return replace(undoing.change.history, versions=tuple(spans))


def _invert_versions(undoing: _Undoing) -> Iterator[VersionChange]:
    """The versions beside the current one that get back what they had."""
    ends = {one.id: begin_key(other.begin_date) for one, other in pairwise(undoing.after.versions)}
    wanted_by_id = undoing.of_versions
    for version in [version for version in undoing.after.versions[:-1] if version.id in wanted_by_id]:
        wanted = wanted_by_id[version.id]
        seen = {field.path: version.values.get(field.path) for field in VERSION_FIELDS}
        yield VersionChange(
            VersionAction.UPDATE,
            begin_key(version.begin_date),
            version.id,
            ends[version.id],
            before={path: seen[path] for path in wanted},
            after=wanted,
            inherited={},
            live=seen,
            target_values=wanted,
        )


def _list_version_edits(one: VersionChange) -> Iterator[Edit]:
    for path, value in one.target_values.items():
        yield Edit(version_path(one.begin, path), one.live.get(path), value, FIELD_AT[path].impact)


def _refuse_masked(undoing: _Undoing) -> Iterator[Blocker]:
    for path, value in ((path, value) for spec in undoing.wanted.values() for path, value in spec.items()):
        if holds_mask(value):
            message = f"cannot revert {path}: a key was masked in the value that the journal holds"
            yield Blocker(_HIDDEN, message, {"path": path}, RULES[_HIDDEN].fix)


def _list_edits(undoing: _Undoing) -> Iterator[Edit]:
    """The edits that revert, in the vocabulary of the files if the plan had an edit there, with their worst impact."""
    wanted = undoing.of_channel
    own = {FIELD_AT[edit.path].path: edit for edit in undoing.change.edits if find_version(edit.path) is None}
    is_same_version = undoing.after.current.id == undoing.change.version_id
    for field in FIELDS:
        if field.path in wanted:
            edit = own.get(field.path) if is_same_version or not field.is_versioned else None
            before, after = undoing.after.values.get(field.path), wanted[field.path]
            yield (
                Edit(edit.path, edit.after, edit.before, field.impact)
                if edit
                else Edit(field.path, before, after, field.impact)
            )


def _warn(undoing: _Undoing) -> Iterator[Finding]:
    if undoing.doubts:
        return
    change = undoing.change
    place = Location(change.file, change.line, path=("channels", change.name))
    if IS_CALCULATED in undoing.of_channel:
        yield make_finding("ESA712", f"conversion can be undone only while {change.name} has no readings", place)
    paths = [edit.path for edit in change.edits if edit.impact in _LASTING]
    if paths:
        message = f"settings of {change.name} are reverted, but not their effect on readings, found {', '.join(paths)}"
        yield make_finding("ESA711", message, place)
    for begin in undoing.created:
        version = next((one for one in change.created_versions if one.begin == begin), None)
        reason = f" ({show_value(version.because)})" if version and version.because else ""
        message = f"the version of {change.name} from {name_begin(begin)}{reason} stays: it gets the settings before it"
        yield make_finding("ESA714", f"{message}{_describe_unread(version)}", place)


def _describe_unread(version: VersionChange | None) -> str:
    """That nothing stored changes, as far as was known when the version was planned; "" if it had readings then."""
    is_unread = version is not None and not (version.first_reading or version.last_reading)
    return "; stored values change only if readings have come in its time since it was planned" if is_unread else ""


def judge_created(plan: Plan, forward: Plan, read: Callable[[int], Live | None]) -> Plan:
    """`plan`, which reverts `forward`, with what it does to the versions that were created, by their readings now.

    `read` reads a channel by its id, and may raise ServiceError: then its versions count as read.
    """
    created = {change.name: {one.begin for one in change.created_versions} for change in forward.changes}
    return replace(
        plan,
        changes=tuple(
            _judge_versions(change, created[change.name], read) if created.get(change.name) else change
            for change in plan.changes
        ),
    )


def _judge_versions(change: Change, created: Collection[str], read: Callable[[int], Live | None]) -> Change:
    try:
        live = read(change.channel_id)
    except ServiceError:
        return change
    if live is None or live.has_readings is None:
        return change
    unread = {begin for begin in created if not _has_readings(live, begin)}
    current = begin_key(live.current.begin_date)
    edits = (
        replace(edit, impact=FIELD_AT[edit.path].impact_without_readings)
        if FIELD_AT[edit.path].is_versioned and (current if (at := find_version(edit.path)) is None else at) in unread
        else edit
        for edit in change.edits
    )
    return replace(change, edits=tuple(edits))


def _has_readings(live: Live, begin: str) -> bool:
    """Whether readings may lie in the time of the version of `live` that begins at `begin`."""
    begins = [begin_key(version.begin_date) for version in live.versions]
    version = next((one for one, key in zip(live.versions, begins, strict=True) if key == begin), None)
    end = next((other for other in begins if other > begin), None)
    return version is None or view_version(live, version, end).has_readings is not False
