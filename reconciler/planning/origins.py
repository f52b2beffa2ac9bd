"""Why an edit is there: the files changed since a base, or the service drifted from what they said all along."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.model.plan import Origin

if TYPE_CHECKING:
    from reconciler.model.desired import Definitions
    from reconciler.model.plan import Change, Edit, Plan
    from reconciler.model.values import Spec


def mark_origins(plan: Plan, definitions: Definitions, base: Definitions, *, is_whole: bool = True) -> Plan:
    """`plan` with the origin of each edit: drift where `definitions` say of the path what `base` said, else change.

    An implied edit has the origin of the edit that implies it. Channels go by their names. Unless the base `is_whole`,
    the origin is unknown where it does not have the channel: that may be in what could not be read.
    """
    absent = Origin.CHANGE if is_whole else Origin.UNKNOWN
    specs = {desired.name: desired.spec for desired in definitions.channels}
    base_specs = {desired.name: desired.spec for desired in base.channels}
    return replace(
        plan,
        changes=tuple(
            _mark(change, specs[change.name], base_specs.get(change.name), absent) if change.edits else change
            for change in plan.changes
        ),
    )


def _mark(change: Change, spec: Spec, base: Spec | None, absent: Origin) -> Change:
    def find_origin(edit: Edit) -> Origin:
        return absent if base is None else _find_origin(edit, spec, base)

    return replace(change, edits=tuple(replace(edit, origin=find_origin(edit)) for edit in change.edits))


def _find_origin(edit: Edit, spec: Spec, base: Spec) -> Origin:
    path = edit.implied_by or edit.path
    return Origin.DRIFT if path in base and base[path] == spec.get(path) else Origin.CHANGE
