"""Why an edit is there: the files changed since a base, or the service drifted from what they said all along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.plan import Origin
from reconciler.planning.index import make_index
from reconciler.planning.pairs import find_route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.channels import Definitions, Desired, Live
    from reconciler.model.plan import Change, Edit, Plan
    from reconciler.model.values import Spec
    from reconciler.planning.index import Index


def mark_origins(
    plan: Plan, definitions: Definitions, base: Definitions, live: Sequence[Live], *, is_whole: bool = True
) -> Plan:
    """`plan` with the origin of each edit: drift where `definitions` say of the path what `base` said, else change.

    Channels go by their names. What the base said counts only for the same one of `live`: if a name leads to another
    channel than before, all its edits are from this change. An implied edit has the origin of the edit that implies it.
    Unless the base `is_whole`, the origin is unknown if it lacks the channel: that may be in what could not be read.
    """
    now = {desired.name: desired for desired in definitions.channels}
    before = {desired.name: desired for desired in base.channels}
    index = make_index(live)

    def mark(change: Change) -> Change:
        past = before.get(change.name)
        if past is None:
            return _mark_all(change, Origin.CHANGE if is_whole else Origin.UNKNOWN)
        if not _leads_to(change.channel_id, past, now[change.name], index):
            return _mark_all(change, Origin.CHANGE)
        return _mark_each(change, now[change.name].spec, past.spec)

    return replace(plan, changes=tuple(mark(change) if change.edits else change for change in plan.changes))


def _leads_to(channel_id: int, past: Desired, now: Desired, index: Index) -> bool:
    """Whether `past` is about the live channel that `now` is paired with, or points at it in the same words."""
    found = find_route(past, index).route.channel_id
    return found == channel_id or (found is None and past.select == now.select)


def _mark_all(change: Change, origin: Origin) -> Change:
    return replace(change, edits=tuple(replace(edit, origin=origin) for edit in change.edits))


def _mark_each(change: Change, spec: Spec, base: Spec) -> Change:
    return replace(change, edits=tuple(replace(edit, origin=_find_origin(edit, spec, base)) for edit in change.edits))


def _find_origin(edit: Edit, spec: Spec, base: Spec) -> Origin:
    path = edit.implied_by or edit.path
    return Origin.DRIFT if path in base and base[path] == spec.get(path) else Origin.CHANGE
