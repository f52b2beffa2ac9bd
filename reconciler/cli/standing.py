"""Where the working directory is in the project, and where the project is in its repository."""

from __future__ import annotations

import os
from pathlib import Path


def path_prefix(root: Path) -> str:
    """What leads from the working directory to the project's root, "" or ending with a slash."""
    relative = os.path.relpath(root, Path.cwd())
    return "" if relative == "." else f"{Path(relative).as_posix()}/"


def find_repository(folder: Path) -> Path | None:
    """The root of the git repository that `folder` is in, without links; None outside of one.

    Git is not asked: hosts count paths from there, whether git trusts the repository or not.
    """
    real = Path(os.path.realpath(folder))
    return next((place for place in (real, *real.parents) if os.path.lexists(place / ".git")), None)


def folder_in_repository(folder: Path) -> str | None:
    """Where `folder` is in its repository: "" for the root of it, None outside of one."""
    repository = find_repository(folder)
    if repository is None:
        return None
    relative = Path(os.path.realpath(folder)).relative_to(repository).as_posix()
    return "" if relative == "." else relative
