"""Whether the definitions are as the commit that is checked out has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.definitions.files import PROJECT_FILE
from reconciler.definitions.git import list_uncommitted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def has_uncommitted(root: Path, folders: Sequence[str]) -> bool | None:
    """Whether a file of the project at `root` is not committed as it is; None if git cannot tell.

    `folders` are those of the definitions. Other files, and those that git is told to ignore, do not count.
    """
    files = list_uncommitted(root, (PROJECT_FILE, *folders))
    return None if files is None else any(_may_define(root, file) for file in files)


def _may_define(root: Path, file: str) -> bool:
    """Whether `file` is read as definitions, or is a repository in the repository, which may hold such files."""
    is_hidden = any(part.startswith(".") for part in file.split("/"))
    return not is_hidden and (file.casefold().endswith((".yaml", ".yml")) or (root / file).is_dir())
