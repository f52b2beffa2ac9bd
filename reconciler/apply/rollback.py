"""The plan that reverts what a journal says was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from reconciler import __version__
from reconciler.apply.read_back import expected_after
from reconciler.apply.recheck import find_remaining
from reconciler.masking import holds_mask
from reconciler.model.fields import (
    FIELD_AT,
    FIELDS,
    IS_CALCULATED,
    IS_PRIMARY_DEMAND,
    IS_PRIMARY_VALUE,
    OBSERVATION_RULE_ID,
    ROLLBACK_ALLOWANCE,
    ROLLOVER_VALUE,
    Impact,
)
from reconciler.model.findings import Location
from reconciler.model.outcomes import OutcomeStatus
from reconciler.model.plan import INVERSE, Blocker, Edit, Plan, Verdict
from reconciler.planfile.writing import encode_plan
from reconciler.planning.changes import fingerprint
from reconciler.rules import RULES, make_finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from reconciler.apply.journal_entries import WriteIntended
    from reconciler.apply.journal_reader import JournalContent
    from reconciler.apply.writes import WriteResult
    from reconciler.model.findings import Finding
    from reconciler.model.plan import Change
    from reconciler.model.values import Spec

# A primary flag of a data point, by the id of that.
Flag: TypeAlias = tuple[int, str]

_FLAGS = (IS_PRIMARY_VALUE, IS_PRIMARY_DEMAND)
# Source: EsaChannelVersionEdit, both are 999999999999999 and 0.1 by default under the Odometer rule.
_FILLED_IN = frozenset((ROLLOVER_VALUE, ROLLBACK_ALLOWANCE))
_LASTING = frozenset((Impact.HISTORY, Impact.ROUTING))
_DOUBTFUL = "ESA713"
_HIDDEN = "ESA725"


class _Undoing(Struct, frozen=True):
    """What was written of one change, and the values that revert it.

    `seen` are the values of the channel as read after the last write, `wanted` those before the first; both by the
    paths of EsaChannelEdit. `doubts` say why it is unknown which values the writes changed.
    """

    change: Change
    seen: Spec
    wanted: Spec
    version_id: int
    version_count: int
    fingerprint: str
    doubts: tuple[str, ...] = ()


def make_rollback(content: JournalContent, created: str) -> Plan:
    """The plan that reverts every write in `content`, in the opposite order; `created` as in Plan.

    It also reverts what the service did by itself: values that it filled in, and a primary flag that it took away. A
    change is blocked if the result of one of its writes is unknown. What the settings have done to readings meanwhile
    cannot be reverted; the findings say so.
    """
    plan = content.plan
    writes = content.writes_by_name
    written = {change.name: _find_undoing(change, writes[change.name]) for change in plan.sendable}
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
        changes=tuple(_invert(undoing, undoings) for undoing in undoings),
        unmanaged=plan.unmanaged,
        managed=plan.managed,
        findings=tuple(finding for undoing in undoings for finding in _warn(undoing)),
    )


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
    after = (done and done.found) or expected_after(intent.before, intent.write.wanted)
    was = {field.path: intent.before.values.get(field.path) for field in FIELDS}
    wanted, doubts = (undoing.wanted, undoing.doubts) if undoing else ({}, ())
    return _Undoing(
        change=change,
        seen={field.path: after.values.get(field.path) for field in FIELDS},
        wanted={**_limit(find_remaining(was, after), intent), **wanted},
        version_id=after.current.id,
        version_count=len(after.versions),
        fingerprint=fingerprint(after),
        doubts=doubts if done else (*doubts, _doubt(intent, result)),
    )


def _limit(values: Spec, intent: WriteIntended) -> Spec:
    """Those of `values` that the write caused: what it sent, and what the service fills in for a rule."""
    paths = set(intent.write.wanted)
    if OBSERVATION_RULE_ID in paths:
        paths |= _FILLED_IN
    return {path: value for path, value in values.items() if path in paths}


def _doubt(intent: WriteIntended, result: WriteResult | None) -> str:
    return result.message if result else f"it is unknown whether its {intent.write.part.value} was written"


def _list_taken(undoing: _Undoing) -> list[Flag]:
    """The primary flags of its data point that the channel did not have before."""
    return [(undoing.change.data_point.id, path) for path in _FLAGS if undoing.wanted.get(path) is False]


def _add_demoted(undoing: _Undoing | None, change: Change, taken: Collection[Flag]) -> _Undoing | None:
    """`undoing` with the primary flags that the service took away for another channel of the same plan."""
    lost = {path: True for path in _FLAGS if (change.data_point.id, path) in taken and change.live.get(path) is True}
    if not lost:
        return undoing
    if undoing:
        return replace(undoing, wanted={**undoing.wanted, **lost})
    seen = {**change.live, **dict.fromkeys(lost, False)}
    return _Undoing(change, seen, lost, change.version_id, change.version_count, change.fingerprint)


def _invert(undoing: _Undoing, undoings: Sequence[_Undoing]) -> Change:
    change = undoing.change
    edits = tuple(_list_edits(undoing))
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
        live=undoing.seen,
        target_values=undoing.wanted,
        version_id=undoing.version_id,
        version_count=undoing.version_count,
        verdict=Verdict.BLOCKED if blocks else Verdict.ALLOWED,
        blocked_by=blocks,
        depends_on=tuple(other.change.name for other in undoings if change.name in other.change.depends_on),
        fingerprint=undoing.fingerprint,
        # Feeds are not resolved through a rollback.
        feeds=(),
    )


def _refuse_masked(undoing: _Undoing) -> Iterator[Blocker]:
    for path, value in undoing.wanted.items():
        if holds_mask(value):
            message = f"cannot revert {path}: a key was masked in the value that the journal holds"
            yield Blocker(_HIDDEN, message, {"path": path}, RULES[_HIDDEN].fix)


def _list_edits(undoing: _Undoing) -> Iterator[Edit]:
    """The edits that revert, in the vocabulary of the files if the plan had an edit there, with their worst impact."""
    edits = {FIELD_AT[edit.path].path: edit for edit in undoing.change.edits}
    for field in FIELDS:
        if field.path in undoing.wanted:
            edit = edits.get(field.path)
            before, after = undoing.seen.get(field.path), undoing.wanted[field.path]
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
    if IS_CALCULATED in undoing.wanted:
        yield make_finding("ESA712", f"conversion can be undone only while {change.name} has no readings", place)
    paths = [edit.path for edit in change.edits if edit.impact in _LASTING]
    if paths:
        message = f"settings of {change.name} are reverted, but not their effect on readings, found {', '.join(paths)}"
        yield make_finding("ESA711", message, place)
