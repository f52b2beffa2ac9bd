"""What managed files would say if they took over what the service has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.planning.importing.terms import LeftOut

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from reconciler.model.plan import Plan
    from reconciler.model.values import Spec
    from reconciler.planning.importing.terms import CanHold


@dataclass(frozen=True, slots=True)
class Updates:
    """The values to be taken over, by file and name of the channel, and what cannot be."""

    files: Mapping[str, Mapping[str, Spec]]
    left_out: tuple[LeftOut, ...]

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
