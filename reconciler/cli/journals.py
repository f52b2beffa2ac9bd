"""Reads a journal for a command that acts on it; refuses one that is in use, or that may come from a commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.apply.chronicle import read_journal
from reconciler.apply.journal import is_at_work
from reconciler.definitions.git import is_tracked
from reconciler.errors import FileError

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.apply.chronicle import Chronicle


def load_journal(path: Path) -> Chronicle:
    """The journal at `path`, for a command that acts on it.

    Raises FileError if git tracks it, if an apply is using it, or if it cannot be trusted as a journal.
    """
    if path.exists() and is_tracked(path):
        raise FileError(
            f"git tracks the journal {path}: anyone who can push may have written it, so nothing was sent",
            "plan instead: reconciler plan  - or take it out of git and look at it first:  "
            f"git rm --cached {path}  and  reconciler show {path}",
        )
    if is_at_work(path):
        raise FileError(f"an apply is using the journal {path}", "wait until it has ended")
    return read_journal(path)
