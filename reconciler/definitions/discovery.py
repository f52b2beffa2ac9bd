"""The definition files on disk: found in a stable order, and read whole or not at all."""

from __future__ import annotations

import os
import stat
from collections import deque
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from reconciler.definitions.file_problems import show
from reconciler.errors import FileError
from reconciler.model.findings import Location
from reconciler.regular_files import read_regular
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.findings import Finding

    Inode: TypeAlias = tuple[int, int]


PROJECT_FILE = "reconciler.yaml"
MAX_BYTES = 5 * 1024 * 1024
_ENDINGS = (".yaml", ".yml")
_COPY = "replace the link by a copy of its target, or delete it"


class Discovery(Struct, frozen=True):
    """The files in the folders of a project, relative to its root, sorted, each once."""

    files: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def unread(self) -> tuple[str, ...]:
        """The files and folders that were found and refused."""
        return tuple(
            finding.location.file for finding in self.findings if finding.code == "ESA101" and finding.location
        )


def find_files(root: Path, folders: Sequence[str]) -> Discovery:
    """All `*.yaml` and `*.yml` in `folders` and the folders in them. Names that start with a dot are skipped.

    Links are followed within `folders`; each file and folder is read once, however many links lead to it. A link out of
    `folders`, a folder that is missing or has no such file, and a file whose suffix looks like a typing mistake are
    findings.
    """
    search = _FolderWalk(root, tuple(os.path.realpath(root / folder) for folder in folders))
    for folder in folders:
        search.walk(folder)
    files = (file for file in search.files.values() if file != PROJECT_FILE)
    return Discovery(tuple(sorted(files)), tuple(search.findings))


def read_file(root: Path, file: str) -> bytes | Finding:
    """The content of `file`; a finding if it cannot be read, is not a regular file, or is larger than 5 MiB."""
    place = Location(file, line=1, column=1)
    try:
        # At most one byte more than the limit is read, so the size of a larger file comes from the system.
        data = read_regular(root / file, MAX_BYTES)
        size = len(data) if len(data) <= MAX_BYTES else max((root / file).stat().st_size, len(data))
    except OSError as error:
        return make_finding("ESA101", f"the file cannot be read: {_why(error)}", place)
    if size > MAX_BYTES:
        return make_finding("ESA103", f"the file is larger than 5 MiB, found {size:,} bytes", place)
    return data


def read_project_file(root: Path) -> bytes | Finding:
    """The content of the project file in `root`: like `read_file`, and a finding if a link leads out of the project.

    Such a file, for example /proc/self/environ, must not be read: a message might quote its secrets.
    """
    path = root / PROJECT_FILE
    target = os.path.realpath(path)
    is_link = target != str(Path(os.path.realpath(root), PROJECT_FILE))
    if is_link and not (is_within(target, os.path.realpath(root)) and has_definition_suffix(target)):
        place = Location(PROJECT_FILE, line=1, column=1)
        return make_finding(
            "ESA101", f"the link leads out of the project, found {_name_target(path)}", place, fix=_COPY
        )
    return read_file(root, PROJECT_FILE)


def check_inside(root: Path, path: Path) -> None:
    """Raise FileError if `path`, which is written as a path below `root`, leads out of it through a link."""
    if Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
        return
    links = [place for place in (path, *path.parents) if place.is_symlink() and place.is_relative_to(root)]
    where = links[-1] if links else path
    raise FileError(f"{where} is a link that leads out of the project", "replace it by a regular folder or file")


class _FolderWalk:
    """A walk through folders; `roots` are their paths without links.

    `files` are those found so far, by device and inode; `folders` are those visited in the current walk.
    """

    def __init__(self, root: Path, roots: tuple[str, ...]) -> None:
        self.root = root
        self.roots = roots
        self.files: dict[Inode, str] = {}
        self.findings: list[Finding] = []
        # Files with a finding: a file in overlapping folders gets one only.
        self.reported: set[str] = set()
        self.folders: set[Inode] = set()
        self.found_count = 0

    def walk(self, folder: str) -> None:
        """Find all files below `folder`. A loop, not a recursion: folders may be nested deeper than Python's stack."""
        path = self.root / folder
        if not path.is_dir():
            problem = "the definitions path is not a folder" if path.exists() else "definitions folder not found"
            self._refuse_folder("ESA102", f"{problem}: {folder}")
            return
        if self._is_elsewhere(path):
            message = f"a definitions folder must be inside the project, found {folder}, a link out of it"
            self._refuse_folder("ESA144", message)
            return
        status, before = path.stat(), self.found_count
        self.folders = {(status.st_dev, status.st_ino)}
        waiting = deque(["" if folder == "." else folder.rstrip("/")])
        while waiting:
            waiting.extend(self._list(waiting.popleft()))
        if before == self.found_count:
            self._refuse_folder("ESA102", f"the definitions folder contains no *.yaml files: {folder}")

    def _is_elsewhere(self, path: Path) -> bool:
        """Whether a link in `path` leads out of the project, or to something hidden in it, such as .git."""
        target, root = os.path.realpath(path), os.path.realpath(self.root)
        if target == os.path.normpath(Path(root, path.relative_to(self.root))):
            return False
        return not is_within(target, root)

    def _list(self, folder: str) -> list[str]:
        """Add the files in `folder`; the folders in it."""
        try:
            # The order of a file system is arbitrary; findings and duplicates must not depend on it.
            with os.scandir(self.root / folder) as found:
                entries = sorted((entry for entry in found if not entry.name.startswith(".")), key=attrgetter("name"))
        except OSError as error:
            self._refuse(folder, f"the folder cannot be read: {_why(error)}")
            return []
        paths = ((f"{folder}/{entry.name}" if folder else entry.name, entry) for entry in entries)
        return [path for path, entry in paths if self._visit(path, entry)]

    def _visit(self, path: str, entry: os.DirEntry[str]) -> bool:
        """Add `path` if it is a definition file; whether it is a folder that must be visited."""
        is_named = has_definition_suffix(path)
        try:
            # Not `entry.stat()`, whose inode is 0 on Windows.
            status = Path(entry).stat()
        except OSError as error:
            self._refuse(path, f"the file cannot be read: {_why(error)}")
            return False
        is_folder = stat.S_ISDIR(status.st_mode)
        if (is_named or is_folder) and entry.is_symlink() and self._escapes_roots(entry, is_folder=is_folder):
            self._refuse(path, f"the link leads out of the definitions, found {Path(entry).readlink()}", _COPY)
        elif is_named and is_folder:
            self._refuse(path, "a folder is named like a definition file", "rename the folder, or delete it")
        elif is_named and not stat.S_ISREG(status.st_mode):
            self._refuse(path, "only regular files are read, found a pipe, a socket or a device", "delete it")
        elif is_named:
            self._keep(path, status)
        elif is_folder:
            return self._is_new(status)
        elif _is_nearly_named(entry.name):
            self._tell("ESA118", path, f"only files that end in .yaml or .yml are read, found {show(entry.name)}")
        return False

    def _keep(self, path: str, status: os.stat_result) -> None:
        self.found_count += 1
        # By inode: a file with a second link would otherwise define its channels twice.
        self.files.setdefault((status.st_dev, status.st_ino), path)

    def _is_new(self, status: os.stat_result) -> bool:
        inode = (status.st_dev, status.st_ino)
        is_new = inode not in self.folders
        self.folders.add(inode)
        return is_new

    def _escapes_roots(self, link: os.DirEntry[str], *, is_folder: bool) -> bool:
        """Whether a link leads out of the definitions: such a file must not be read, as a message might quote it.

        So does a link to another kind of file in the folders, such as one with the credentials of a pipeline.
        """
        target = os.path.realpath(link)
        is_none = not (is_folder or has_definition_suffix(target))
        return is_none or not any(is_within(target, home) for home in self.roots)

    def _refuse(self, file: str, message: str, fix: str = "") -> None:
        self.found_count += 1
        self._tell("ESA101", file, message, fix)

    def _tell(self, code: str, file: str, message: str, fix: str = "") -> None:
        if file not in self.reported:
            self.reported.add(file)
            self.findings.append(make_finding(code, message, Location(file, line=1, column=1), fix=fix))

    def _refuse_folder(self, code: str, message: str) -> None:
        self.findings.append(make_finding(code, message, Location(PROJECT_FILE, path=("definitions",))))


def has_definition_suffix(path: str) -> bool:
    """Whether a file of this name is read if it is in a definitions folder: YAML by its suffix, in any case."""
    return path.casefold().endswith(_ENDINGS)


def _name_target(path: Path) -> str:
    """The target of the link at `path`; if the link is a folder above it, the resolved path."""
    return str(path.readlink() if path.is_symlink() else path.resolve())


def is_within(target: str, home: str) -> bool:
    """Whether `target` is `home` or in it, and not hidden there, like .git."""
    if not Path(target).is_relative_to(home):
        return False
    return not any(part.startswith(".") for part in Path(target).relative_to(home).parts)


def _is_nearly_named(name: str) -> bool:
    """Whether `name` was probably meant to end in .yaml: .yam, .ymal and the like, .yaml.txt, a space at the end.

    The backups of editors, such as .yaml~ and .yaml.bak, do not count.
    """
    dot, ending = name.casefold().rstrip().removesuffix(".txt").rpartition(".")[1:]
    return bool(dot) and ending[:1] == "y" and 2 <= len(ending) <= 5 and set(ending[1:]) <= set("aml")


def _why(error: OSError) -> str:
    return error.strerror or str(error)
