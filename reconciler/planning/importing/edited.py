"""Which values of the files were edited since: an update keeps them, and overwrites the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.planning.importing.terms import Kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.channels import Desired
    from reconciler.model.values import Spec
    from reconciler.planning.importing.updates import Updates


class Past(Struct, frozen=True):
    """What the files said before: channels by the names of today, and why a value that was not so then is kept.

    Unless it `is_whole`, a channel that it does not have may be in what could not be read.
    """

    channels: Mapping[str, Desired]
    reason: str
    is_whole: bool = True


def leave_edited(updates: Updates, now: Mapping[str, Desired], pasts: Sequence[Past]) -> Updates:
    """`updates` without the values that the channels of `now` did not have in each of `pasts`; these are kept."""
    kept: list[Kept] = []
    files: dict[str, dict[str, Spec]] = {}
    for file, channels in updates.files.items():
        for name, spec in channels.items():
            reasons = {path: _find_reason(now[name], path, pasts) for path in spec}
            wanted = now[name].spec
            kept += [Kept(name, path, wanted[path], spec[path], reason) for path, reason in reasons.items() if reason]
            if taken := {path: value for path, value in spec.items() if not reasons[path]}:
                files.setdefault(file, {})[name] = taken
    return replace(updates, files=files, kept=tuple(kept))


def _find_reason(now: Desired, path: str, pasts: Sequence[Past]) -> str:
    for past in pasts:
        before = past.channels.get(now.name)
        if before is None and not past.is_whole:
            return f"{past.reason}, or was in a file that could not be read there"
        if before is None or (before.select, before.data_point) != (now.select, now.data_point):
            return past.reason
        if path not in before.spec or before.spec[path] != now.spec[path]:
            return past.reason
    return ""
