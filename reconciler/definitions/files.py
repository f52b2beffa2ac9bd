"""The files of definitions on disk: found in a settled order, and read whole or not at all."""

from __future__ import annotations

import os
import stat
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from reconciler.definitions.source import MAX_BYTES
from reconciler.model.places import Place
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reconciler.model.findings import Finding

    Inode: TypeAlias = tuple[int, int]

PROJECT_FILE = "reconciler.yaml"
_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Found:
    """The files in the folders of a project, relative to its root, sorted, each once, with the size of all of them."""

    files: tuple[str, ...]
    size: int
    findings: tuple[Finding, ...]


def find_files(root: Path, folders: Sequence[str]) -> Found:
    """All `*.yaml` and `*.yml` in `folders` and the folders in them. Names that start with a dot are passed over.

    Links are followed; each file and each folder is read once, however many ways lead there. A folder that is missing
    or holds no such file is a finding.
    """
    search = _Search(root)
    for folder in folders:
        search.walk(folder)
    files = (file for file in search.files.values() if file != PROJECT_FILE)
    return Found(tuple(sorted(files)), search.size, tuple(search.findings))


def read_file(root: Path, file: str) -> bytes | Finding:
    """The content of `file`; a finding where it cannot be read or is larger than 5 MiB."""
    try:
        with (root / file).open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            data = stream.read() if size <= MAX_BYTES else b""
    except OSError as error:
        return make_finding("ESA101", f"the file cannot be read: {_why(error)}", Place(file, line=1, column=1))
    size = max(size, len(data))
    if size > MAX_BYTES:
        message = f"the file is larger than 5 MiB, found {size:,} bytes"
        return make_finding("ESA103", message, Place(file, line=1, column=1))
    return data


@dataclass(slots=True)
class _Search:
    """A walk through folders. `files` are those found by device and inode, `folders` those of the present walk."""

    root: Path
    files: dict[Inode, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    folders: set[Inode] = field(default_factory=set)
    met: int = 0
    size: int = 0

    def walk(self, folder: str) -> None:
        """Find all files below `folder`. A loop instead of a recursion: folders may nest deeper than Python's stack."""
        path = self.root / folder
        if not path.is_dir():
            what = "is not a folder" if path.exists() else "does not exist"
            self._refuse_folder(f"the folder of definitions {what}, found {folder}")
            return
        self.folders, before = set(), self.met + len(self.findings)
        waiting = deque(["" if folder == "." else folder.rstrip("/")])
        while waiting:
            waiting.extend(self._list(waiting.popleft()))
        if before == self.met + len(self.findings):
            self._refuse_folder(f"the folder of definitions holds no *.yaml, found {folder}")

    def _list(self, folder: str) -> list[str]:
        """The folders in `folder`, after its files were kept."""
        try:
            names = sorted(entry.name for entry in (self.root / folder).iterdir() if not entry.name.startswith("."))
        except OSError as error:
            self._refuse(folder, f"the folder cannot be read: {_why(error)}")
            return []
        paths = (f"{folder}/{name}" if folder else name for name in names)
        return [path for path in paths if self._visit(path)]

    def _visit(self, path: str) -> bool:
        """Whether `path` is a folder to go into; a file of definitions is kept."""
        try:
            status = (self.root / path).stat()
        except OSError as error:
            self._refuse(path, f"the file cannot be read: {_why(error)}")
            return False
        is_named = path.casefold().endswith(_ENDINGS)
        is_folder = stat.S_ISDIR(status.st_mode)
        if is_named and not stat.S_ISREG(status.st_mode):
            self._refuse(path, "a folder with the name of a file" if is_folder else "not an ordinary file")
            return False
        inode = (status.st_dev, status.st_ino)
        if is_named:
            self.met += 1
            self.size += status.st_size
            self.files.setdefault(inode, path)
        is_new_folder = is_folder and inode not in self.folders
        self.folders.add(inode)
        return is_new_folder

    def _refuse(self, file: str, message: str) -> None:
        self.findings.append(make_finding("ESA101", message, Place(file, line=1, column=1)))

    def _refuse_folder(self, message: str) -> None:
        self.findings.append(make_finding("ESA102", message, Place(PROJECT_FILE, keys=("definitions",))))


def _why(error: OSError) -> str:
    return error.strerror or str(error)
