"""What an update of the files leaves alone: edits that are not committed, or were made on the branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.standing import find_repository
from reconciler.definitions.base import read_base
from reconciler.definitions.branches import find_fork, is_in_repository
from reconciler.definitions.git import find_commit, read_commit
from reconciler.planning.importing.updates import Past, leave_edited
from reconciler.planning.removed import find_renames, rename

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.cli.harvest import ImportInput
    from reconciler.cli.screen import Output
    from reconciler.planning.importing.updates import Updates

_UNCOMMITTED = "not committed"
_NO_FORK = (
    "git cannot tell where this branch left the main branch, so edits committed on it look like drift and are not "
    "kept; --base REF keeps the edits made since REF"
)


def exclude_own_edits(output: Output, inputs: ImportInput, updates: Updates, reference: str | None) -> Updates:
    """`updates` without what somebody edited since the last commit, or since the branch began, or since `reference`.

    Outside of a repository nobody can tell, and all is taken over; that is said. Raises ProjectError where git fails.
    """
    if not updates.files:
        return updates
    if find_repository(inputs.context.root) is None or not is_in_repository(inputs.context.root):
        output.log("not in a git repository, so your own edits look like drift and are not kept")
        return updates
    now = {channel.name: channel for channel in inputs.definitions.channels}
    return leave_edited(updates, now, tuple(_past_definitions(output, inputs, reference)))


def _past_definitions(output: Output, inputs: ImportInput, reference: str | None) -> Iterator[Past]:
    root = inputs.context.root
    head = read_commit(root)
    if head is None:
        yield Past({}, _UNCOMMITTED)
        return
    yield _past_at(inputs, head, _UNCOMMITTED)
    fork = (reference, find_commit(root, reference)) if reference else find_fork(root)
    if fork is None:
        output.log(_NO_FORK)
    elif fork[1] != head:
        yield _past_at(inputs, fork[1], f"this branch changed it since {fork[0]}")


def _past_at(inputs: ImportInput, commit: str, reason: str) -> Past:
    base = read_base(inputs.context.root, commit, inputs.context.project.definitions)
    renames = find_renames(inputs.definitions, base.definitions, inputs.snapshot.channels)
    channels = rename(base.definitions, renames).channels
    return Past({channel.name: channel for channel in channels}, reason, not base.unread)
