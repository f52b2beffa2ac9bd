"""The projects below a folder that is in none: those that git knows, or those a few folders down."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.definitions.commits import SUBMODULE
from reconciler.definitions.files import PROJECT_FILE
from reconciler.definitions.git import list_files

if TYPE_CHECKING:
    from collections.abc import Iterator

# How far down projects are looked for where git cannot list the files.
_DEPTH = 4


class FoundProjects(Struct, frozen=True):
    """What is below a folder: the roots of projects, and the submodules that are not checked out, where more may be."""

    roots: tuple[Path, ...]
    absent: tuple[Path, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.roots and not self.absent


def find_projects(folder: Path) -> FoundProjects:
    """The projects below `folder`, in the order of their names. What is hidden, or ignored by git, is passed over."""
    files = list_files(folder) if _is_in_repository(folder) else None
    if files is None:
        return FoundProjects(tuple(sorted(_walk(folder))))
    roots: set[Path] = set()
    absent: set[Path] = set()
    for mode, name in files:
        path = folder / name
        if path.name == PROJECT_FILE and path != folder / PROJECT_FILE and os.path.lexists(path):
            roots.add(path.parent)
        elif mode == SUBMODULE and not (path / ".git").exists():
            absent.add(path)
        elif (mode == SUBMODULE or name.endswith("/")) and path.is_dir():
            inner = find_projects(path)
            roots.update((*([path] if os.path.lexists(path / PROJECT_FILE) else []), *inner.roots))
            absent.update(inner.absent)
    return FoundProjects(tuple(sorted(roots)), tuple(sorted(absent)))


def _is_in_repository(folder: Path) -> bool:
    return any((place / ".git").exists() for place in (folder, *folder.parents))


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = [] if depth >= _DEPTH else [name for name in folders if not name.startswith(".")]
        if depth and PROJECT_FILE in files:
            yield Path(place)
