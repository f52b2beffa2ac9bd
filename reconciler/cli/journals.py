"""Journals that a command is to act on: none that somebody else may have written, none in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.apply.chronicle import read_journal
from reconciler.apply.journal import is_at_work
from reconciler.definitions.git import is_tracked
from reconciler.errors import FileError

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.apply.chronicle import Chronicle


def open_journal_of(path: Path) -> Chronicle:
    """What the journal at `path` tells, to be acted on.

    Raises FileError if git tracks it, if an apply is at work with it, or if it is no sound journal.
    """
    if path.exists() and is_tracked(path):
        raise FileError(
            f"git tracks the journal {path}: whoever wrote the commit may have written it, so nothing is sent by it",
            "plan instead: reconciler plan  - or take it out of git and look at it first:  "
            f"git rm --cached {path}  and  reconciler show {path}",
        )
    if is_at_work(path):
        raise FileError(f"an apply is at work with the journal {path}", "wait for its end")
    return read_journal(path)
