"""Paths: where a project is in its repository, which are open streams, and outputs that would overwrite a used file."""

from __future__ import annotations

import os
import re
import stat
import sys
from itertools import combinations, product
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from reconciler.definitions.discovery import PROJECT_FILE, find_files, has_definition_suffix, is_within
from reconciler.definitions.project_file import find_root, folders_of, read_project
from reconciler.errors import ProjectError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.cli.output import Output

    Identity: TypeAlias = tuple[object, ...]

    Named: TypeAlias = tuple[str, Path]


# What this tool itself keeps, relative to the project's root.
DATABASE = Path(".reconciler") / "sandbox.sqlite3"
# Other sandboxes of the project, each with a name.
OTHER_DATABASES = "sandbox-*.sqlite3"
JOURNALS = Path(".reconciler") / "journal"


def path_prefix(root: Path) -> str:
    """The path from the working directory to the project's root: "" or ending with a slash."""
    relative = os.path.relpath(root, Path.cwd())
    return "" if relative == "." else f"{Path(relative).as_posix()}/"


def find_repository(folder: Path) -> Path | None:
    """The root of the git repository that `folder` is in, with links resolved; None outside of one.

    Found without git: hosts count paths from this root even if git does not trust the repository.
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


_DESCRIPTOR = r"/(?:dev|proc/self)/fd/(\d+)"
_STANDARD_STREAMS: Mapping[str, int] = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
# As many as Linux follows. Source: path_resolution(7).
_MAX_LINKS = 40


def find_descriptor(path: Path) -> int | None:
    """The descriptor that `path`, or a link to it, names, such as /dev/stdout and /dev/fd/63."""
    place = os.path.abspath(path)  # noqa: PTH100 - without following links
    for _ in range(_MAX_LINKS):
        if place in _STANDARD_STREAMS:
            return _STANDARD_STREAMS[place]
        if found := re.fullmatch(_DESCRIPTOR, place):
            return int(found[1])
        if not os.path.islink(place):  # noqa: PTH114
            return None
        place = os.path.normpath(Path(place).parent / Path(place).readlink())
    return None


_OWN_FILE = "give the output a file of its own"
# SQLite keeps these beside a database.
_DATABASE_SUFFIXES = ("", "-wal", "-shm")


def refuse_overlaps(output: Output, outputs: Mapping[str, Path | None], inputs: Mapping[str, Path | None]) -> None:
    """Raise UsageError if one of `output` or `outputs` would overwrite an input, another output, or a project file.

    Keys are the names of options; None means not given. Call this before anything is read. The project is the one that
    the working directory is in, if any.
    """
    formats = [(f"--format {target.format}={target.file}", target.file) for target in output.targets if target.file]
    written, read = [*formats, *_list_given(outputs)], _list_given(inputs)
    # A shell empties the FILE of `> FILE` before the command starts, so an input that is also stdout is lost.
    redirected = [(name, Path(f"/dev/fd/{number}")) for name, number in (("stdout", 1), ("stderr", 2))]
    pairs = [*combinations(written, 2), *product((one for one in written if not _is_stream(one[1])), redirected)]
    for (one, first), (other, second) in pairs:
        if _is_same(first, second):
            raise UsageError(f"{one} and {other} are the same file", "give each output a file of its own")
    for (one, first), (other, second) in product([*written, *redirected], read):
        if _is_same(first, second):
            raise UsageError(f"{one} would overwrite {other}, which this command reads", _OWN_FILE)
    if written:
        _refuse_project_files(written)


def _list_given(files: Mapping[str, Path | None]) -> list[Named]:
    return [(f"{name} {path}".strip(), path) for name, path in files.items() if path is not None]


def _is_stream(path: Path) -> bool:
    return find_descriptor(path) in (1, 2)


def _is_same(one: Path, other: Path) -> bool:
    identity = _identify(one)
    return identity is not None and identity == _identify(other)


def _identify(path: Path) -> Identity | None:
    """A value equal for two paths of one file, existing or not; None if overwriting loses nothing, as with a device."""
    try:
        status = _read_status(path)
    except FileNotFoundError:
        return _identify_missing(Path(os.path.realpath(path)))
    except OSError:
        return (os.path.realpath(path),)
    # A pipe counts too: two outputs would mix in it.
    keeps = stat.S_ISREG(status.st_mode) or stat.S_ISFIFO(status.st_mode)
    return (status.st_dev, status.st_ino) if keeps else None


def _read_status(path: Path) -> os.stat_result:
    # `/dev/stdin` and the like mean an open file, which may have no path.
    number = 0 if path == Path("-") else find_descriptor(path)
    return path.stat() if number is None else os.fstat(number)


def _identify_missing(path: Path) -> Identity:
    name = path.name.casefold() if _ignores_case(path.parent) else path.name
    try:
        folder = path.parent.stat()
    except OSError:
        return (str(path.parent), name)
    return (folder.st_dev, folder.st_ino, name)


def _ignores_case(folder: Path) -> bool:
    """Whether the file system ignores case, tested with `folder` or the nearest parent whose name has letters."""
    for place in (folder, *folder.parents):
        other = place.with_name(place.name.swapcase()) if place.name else place
        if other.name != place.name:
            return os.path.exists(other) and other.samefile(place)  # noqa: PTH110 - False for a name that is too long
    return sys.platform in ("win32", "darwin")


def _refuse_project_files(written: Sequence[Named]) -> None:
    try:
        root = find_root(Path.cwd())
    except (ProjectError, OSError):
        # A command that needs a project reports this itself.
        return
    tree, _ = read_project(root)
    folders = () if tree is None else folders_of(tree)
    for one, path in written:
        if what := _find_owner(root, folders, path, is_database=one.startswith("--db ")):
            raise UsageError(f"{one} would overwrite {what}", _OWN_FILE)


def _find_owner(root: Path, folders: Sequence[str], path: Path, *, is_database: bool) -> str:
    """What the project at `root` keeps in the file at `path`; "" if nothing."""
    target = Path(os.path.realpath(path))
    if _is_same(path, root / PROJECT_FILE):
        return f"{PROJECT_FILE}, the project file"
    for database in () if is_database else (root / DATABASE, *(root / DATABASE.parent).glob(OTHER_DATABASES)):
        if any(_is_same(path, Path(f"{database}{ending}")) for ending in _DATABASE_SUFFIXES):
            return f"{database.relative_to(root).as_posix()}, the sandbox of the project"
    if target.suffix == ".jsonl" and is_within(str(target), os.path.realpath(root / JOURNALS)):
        return f"{target.name}, the journal of an apply"
    homes = [os.path.realpath(root / folder) for folder in folders]
    if has_definition_suffix(target.name) and any(is_within(str(target), home) for home in homes):
        return f"a definition file: all .yaml files in {', '.join(folders)} are read"
    # A hard link to a channel file may be anywhere, with any extension.
    if _has_other_names(target) and any(_is_same(path, root / file) for file in find_files(root, folders).files):
        return "a definition file, which has another name there"
    return ""


def _has_other_names(target: Path) -> bool:
    try:
        return target.stat().st_nlink > 1
    except OSError:
        return False
