"""Whether a channel moved since the plan saw it, value by value, and whether its edits would now do worse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.canonical import is_same
from reconciler.model.fields import FIELD_AT, OBSERVATION_RULE_ID, Impact
from reconciler.planning.diff import find_impact
from reconciler.planning.messages import show_values

if TYPE_CHECKING:
    from reconciler.model.channels import Live
    from reconciler.model.plan import Change
    from reconciler.model.values import Spec

# From harmless to grave.
_GRAVITY = tuple(Impact)


def find_remaining(wanted: Spec, fresh: Live) -> Spec:
    """The values of `wanted`, by the paths of EsaChannelEdit, that `fresh` does not have yet."""
    rule_id = wanted.get(OBSERVATION_RULE_ID, fresh.values.get(OBSERVATION_RULE_ID))
    return {path: value for path, value in wanted.items() if not is_same(path, value, fresh.values.get(path), rule_id)}


def find_movement(change: Change, fresh: Live) -> tuple[str, ...]:
    """What somebody else did to the channel of `change` since the plan saw it, one sentence each.

    A value counts that is neither what the plan saw nor what it wants: so what earlier steps of the plan, or an earlier
    run of it, have brought about does not count, nor does a value that the plan does not manage.
    """
    return (*_find_other_versions(change, fresh), *_find_other_values(change, fresh))


def find_graver(change: Change, fresh: Live) -> tuple[str, ...]:
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
