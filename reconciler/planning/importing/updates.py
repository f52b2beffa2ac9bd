"""What managed files would say if they took over what the service has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.fields import CHANNEL_INFO, FIELD_AT, OBSERVATION_TYPE_ID
from reconciler.planning.citing import place_identity, shorten, show_value
from reconciler.planning.importing.terms import LeftOut
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from reconciler.model.channels import Desired
    from reconciler.model.findings import Finding
    from reconciler.model.plan import Change, Edit, Plan
    from reconciler.model.values import Spec
    from reconciler.planning.importing.terms import CanHold, Kept


class Updates(Struct, frozen=True):
    """The values to be taken over, by file and name of the channel, what cannot be, and what the files keep."""

    files: Mapping[str, Mapping[str, Spec]]
    left_out: tuple[LeftOut, ...]
    kept: tuple[Kept, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The channels whose files change."""
        return frozenset(name for channels in self.files.values() for name in channels)


def find_updates(plan: Plan, names: Collection[str], can_hold: CanHold) -> Updates:
    """What the edits of `plan` would change, as it is now, for the channels called `names`.

    What an edit implies is not managed, and so not taken over.
    """
    files: dict[str, dict[str, Spec]] = {}
    left_out: list[LeftOut] = []
    for change in plan.changes:
        edits = [edit for edit in change.edits if edit.implied_by is None and change.name in names]
        lost = [
            LeftOut(change.name, edit.path, "a file cannot hold this value")
            for edit in edits
            if not can_hold(edit.path, edit.before)
        ]
        if edits and not lost:
            files.setdefault(change.file, {})[change.name] = {edit.path: edit.before for edit in edits}
        left_out += lost
    return Updates(files, tuple(left_out))


def find_doubts(plan: Plan, channels: Iterable[Desired]) -> dict[int, Finding]:
    """Why a live channel, by its id, may be none that the file of one of `channels` means, though it is found.

    Where name and observation type both differ, the pointer may have been handed on; an id leads to no other channel.
    """
    by_pointer = {desired.name: desired for desired in channels if not (desired.select and desired.select.channel_id)}
    return {
        change.channel_id: _explain_doubt(by_pointer[change.name], change)
        for change in plan.changes
        if change.name in by_pointer and {CHANNEL_INFO, OBSERVATION_TYPE_ID} <= _list_edited(change).keys()
    }


def _list_edited(change: Change) -> dict[str, Edit]:
    return {FIELD_AT[edit.path].path: edit for edit in change.edits}


def _explain_doubt(desired: Desired, change: Change) -> Finding:
    name, type_ = (_list_edited(change)[path] for path in (CHANNEL_INFO, OBSERVATION_TYPE_ID))
    here, there = (
        f"{show_value(name_)} ({shorten(str(code))})"
        for name_, code in ((name.after, type_.after), (name.before, type_.before))
    )
    message = f"select may lead to another channel, found {here} in the file and {there} in EnergyCAP"
    fix = f"correct select; where this is the channel all the same, write  select: {{channelId: {change.channel_id}}}"
    return make_finding("ESA308", message, place_identity(desired), fix=fix)
