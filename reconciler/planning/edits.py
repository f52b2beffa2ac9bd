"""The edits that turn a live channel into the desired one: asked for, or implied by what is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.canonical import is_same
from reconciler.model.fields import (
    BEGIN_DATE,
    FIELD_AT,
    FIELDS,
    FORMULA,
    INTERVAL_MINUTES,
    IS_CALCULATED,
    OBSERVATION_RULE_ID,
    ODOMETER,
    OFFSET,
    ROLLBACK_ALLOWANCE,
    ROLLOVER_VALUE,
    TRIP,
)
from reconciler.model.plan import Edit
from reconciler.model.values import canonical_time
from reconciler.planning.draft import Draft, list_touched, plan_live
from reconciler.planning.vocabulary import show_formula

if TYPE_CHECKING:
    from reconciler.model.channels import Desired, Live
    from reconciler.model.fields import Field, Impact
    from reconciler.model.values import Spec, Value
    from reconciler.planning.vocabulary import Vocabulary

# An edit of the first path to the value nulls what stands at the others: it means nothing there, or is refused.
# Source: EsaChannelVersionEdit, "Must be null when ObservationRuleId is set to Trip", "Exclusive to the Trip
# observation rule"; EsaChannelEdit.intervalMinutes, "Must be null when IsCalculated is set to True".
_IMPLICATIONS: tuple[tuple[str, Value, tuple[str, ...]], ...] = (
    (OBSERVATION_RULE_ID, TRIP, (ROLLOVER_VALUE, ROLLBACK_ALLOWANCE)),
    (OBSERVATION_RULE_ID, ODOMETER, (OFFSET,)),
    (IS_CALCULATED, True, (INTERVAL_MINUTES,)),
    (IS_CALCULATED, False, (FORMULA,)),
)


def make_draft(desired: Desired, live: Live, translated: Spec, vocabulary: Vocabulary) -> Draft | None:
    """The edits that turn `live` into `desired`, in the order of the field table; None where it needs none.

    `translated` is what `desired` manages by the paths of EsaChannelEdit; where it means what `live` has, live keeps
    its own spelling. Paths that `desired` does not hold are edited only where an edit that it asks for implies it.
    """
    wanted = _keep_same(translated, live.values)
    if wanted.items() <= live.values.items():
        return None
    causes = _find_implied(wanted, live.values)
    before, after = _show(desired, live, wanted, vocabulary)
    before |= {path: _show_value(path, live, None, vocabulary) for path in causes}
    after |= dict.fromkeys(causes)
    wanted |= dict.fromkeys(causes)
    changed = _find_changed(before, after)
    written = _written_paths(desired)
    edits = tuple(
        Edit(path, before[path], after[path], find_impact(field, live, wanted), written.get(causes.get(path, "")))
        for field in FIELDS
        if (path := written.get(field.path, field.path)) in changed
    )
    return Draft(
        name=desired.name,
        live=live,
        planned=plan_live(live, wanted, vocabulary.codes),
        edits=edits,
        touched=list_touched(edits),
        before=before,
        after=after,
        wanted=wanted,
    )


def _written_paths(desired: Desired) -> dict[str, str]:
    return {FIELD_AT[path].path: path for path in desired.spec}


def _keep_same(translated: Spec, live: Spec) -> dict[str, Value]:
    rule_id = translated.get(OBSERVATION_RULE_ID, live.get(OBSERVATION_RULE_ID))
    unlike = translated.items() - live.items()
    same = {path: live.get(path) for path, value in unlike if is_same(path, value, live.get(path), rule_id)}
    return {**translated, **same}


def _find_implied(wanted: Spec, live: Spec) -> dict[str, str]:
    """The paths that an edit in `wanted` nulls, each with the path of that edit."""
    return {
        path: cause
        for cause, value, paths in _IMPLICATIONS
        if cause in wanted and wanted[cause] == value and live.get(cause) != value
        for path in paths
        if path not in wanted and not is_same(path, None, live.get(path), wanted.get(OBSERVATION_RULE_ID))
    }


def _show(
    desired: Desired, live: Live, wanted: Spec, vocabulary: Vocabulary
) -> tuple[dict[str, Value], dict[str, Value]]:
    """What `desired` manages before and after, in the file's own vocabulary; alike where there is no edit."""
    before = dict(desired.spec)
    for path, value in desired.spec.items():
        field = FIELD_AT[path]
        if wanted[field.path] != live.values.get(field.path):
            before[path] = _show_value(path, live, value, vocabulary)
    return before, dict(desired.spec)


def _show_value(path: str, live: Live, written: Value, vocabulary: Vocabulary) -> Value:
    value = live.values.get(path)
    if path == FORMULA and isinstance(value, str):
        return show_formula(value, written, vocabulary)
    return value


def _find_changed(before: Spec, after: Spec) -> frozenset[str]:
    # Imported here, as it takes longer than the rest of a plan, and plans without an edit do not need it.
    from deepdiff import DeepDiff  # noqa: PLC0415

    # What equals is left out, as it takes as long as what does not.
    unlike = [path for path in before if before[path] != after[path]]
    tree = DeepDiff({path: before[path] for path in unlike}, {path: after[path] for path in unlike}, view="tree")
    return frozenset(level.path(output_format="list")[0] for levels in tree.values() for level in levels)


def find_impact(field: Field, live: Live, wanted: Spec) -> Impact:
    """What an edit of `field` does to `live`, where `wanted` are all values that it is to have."""
    return field.impact if _reaches_readings(field, live, wanted) else field.impact_without_readings


def _reaches_readings(field: Field, live: Live, wanted: Spec) -> bool:
    """Whether the edit may be applied to readings that are there; what is not known counts as there.

    A version's time is exclusive of its begin, and an edit of the begin moves what lies between the two.
    """
    if live.has_readings is False:
        return False
    if not field.is_versioned or live.last_reading is None:
        return True
    begin = live.values.get(BEGIN_DATE)
    begins = (begin, wanted.get(BEGIN_DATE, begin))
    first = min(str(moment or "") for moment in begins)
    return canonical_time(live.last_reading) > canonical_time(first)
