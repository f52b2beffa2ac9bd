"""The definitions at another commit, read as a project of their own, and the files that could not be read."""

from __future__ import annotations

import errno
import os
import posixpath
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.definitions.discovery import PROJECT_FILE, has_definition_suffix
from reconciler.definitions.git import find_commit, find_prefix
from reconciler.definitions.git_files import LINK, ORDINARY, SUBMODULE, list_entries, list_ignored, read_blobs
from reconciler.definitions.load import load_definitions
from reconciler.definitions.project_file import folders_of, parse_project
from reconciler.definitions.scalars import MAX_BYTES
from reconciler.errors import ProjectError, advise_on
from reconciler.model.channels import Definitions
from reconciler.model.findings import Severity
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.definitions.git_files import TreeEntry
    from reconciler.definitions.load import LoadResult
    from reconciler.model.findings import Finding

# Errors of the disk or the process, which say nothing about the file that is copied.
_LIMITS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE)
_TWICE = "ESA131"
_TOP = "the root of the repository"


class Base(Struct, frozen=True):
    """The definitions at `reference`.

    `unread` are the files that could not be read there: what they said about a channel is unknown, and so is whether
    they had one that no other file has. `gaps` are the findings that say so, `notes` are further remarks.
    """

    reference: str
    definitions: Definitions
    unread: tuple[str, ...] = ()
    gaps: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()


class _BaseProject(Struct, frozen=True):
    """The project at the base: its folder in the repository, its definitions folders, and the `flaw` of its file."""

    prefix: str
    folders: tuple[str, ...]
    flaw: str = ""
    notes: tuple[Finding, ...] = ()


def read_base(root: Path, reference: str, folders: Sequence[str]) -> Base:
    """The definitions of the project at `root` as they were at `reference`.

    The project file of that commit says where they were, even if it was in another folder; if there was none, `folders`
    are used. Raises ProjectError if git is missing, if it does not have the commit `reference`, as in a shallow clone,
    or does not have its files.
    """
    commit = find_commit(root, reference)
    home = _find_base_project(root, commit, reference, tuple(folders))
    entries = _find_entries(root, commit, home)
    # The loader reads a copy on disk, so that links and folders mean the same as in a checkout.
    with _copy(root, entries, home.prefix) as (past, refused):
        loaded = load_definitions(past, home.folders)
    flaws = dict(_find_unread(loaded)) | refused
    if home.flaw:
        flaws[PROJECT_FILE] = home.flaw
    flaws |= {folder: "it is in a repository of its own" for folder in folders if _is_nested(root, folder)}
    flaws |= dict.fromkeys(list_ignored(root, folders), "git ignores it, so no commit holds it")
    gaps = tuple(
        make_finding("ESA151", f"{file} could not be read at the base {reference}", detail=(f"there: {why}",))
        for file, why in sorted(flaws.items())
    )
    return Base(reference, _leave_out_doubled(loaded), tuple(sorted(flaws)), gaps, home.notes)


def _find_base_project(root: Path, commit: str, reference: str, folders: tuple[str, ...]) -> _BaseProject:
    prefix = find_prefix(root)
    for entry in list_entries(root, commit, [prefix + PROJECT_FILE]):
        if entry.path == prefix + PROJECT_FILE:
            return _open_base_project(root, entry, prefix, folders)
    top = Path(os.path.realpath(root)).parents[prefix.count("/") - 1] if prefix else Path(os.path.realpath(root))
    files = [entry for entry in list_entries(root, commit) if posixpath.basename(entry.path) == PROJECT_FILE]
    # A project file that still exists belongs to another project; only a deleted one can have been moved to `root`.
    gone = [entry for entry in files if not os.path.lexists(top / entry.path)]
    if not gone:
        message = f"{reference} has no {PROJECT_FILE} in {prefix.rstrip('/') or _TOP}"
        return _BaseProject(prefix, folders, notes=(make_finding("ESA153", message),))
    names, here = ", ".join(_name_folder(entry) for entry in gone), prefix.rstrip("/") or _TOP
    if len(gone) > 1:
        return _BaseProject(prefix, folders, f"the project was not in {here}, but may have been in one of: {names}")
    message = f"at the base {reference} the project was in {names}, and it is in {here} now"
    past = posixpath.dirname(gone[0].path)
    home = _open_base_project(root, gone[0], f"{past}/" if past else "", folders)
    return _BaseProject(home.prefix, home.folders, home.flaw, (make_finding("ESA152", message),))


def _name_folder(entry: TreeEntry) -> str:
    return posixpath.dirname(entry.path) or _TOP


def _open_base_project(root: Path, entry: TreeEntry, prefix: str, folders: tuple[str, ...]) -> _BaseProject:
    if entry.mode not in ORDINARY:
        return _BaseProject(prefix, folders, "it was a link, a folder or a submodule")
    data = read_blobs(root, [entry.name], MAX_BYTES)[entry.name]
    if data is None:
        return _BaseProject(prefix, folders, "it was larger than 5 MiB")
    tree, findings = parse_project(data)
    if tree is None:
        return _BaseProject(prefix, folders, f"line {_line_of(findings[0])}: {findings[0].message}")
    return _BaseProject(prefix, folders_of(tree))


def _find_entries(root: Path, commit: str, home: _BaseProject) -> tuple[TreeEntry, ...]:
    """The files, links and submodules that may be definitions: those in the definitions folders.

    If there are links, or a folder does not exist under its own name, all of the project is included: links may lead
    anywhere in it.
    """
    places = [posixpath.normpath(home.prefix + folder) for folder in home.folders]
    paths = [] if "." in places else places
    entries = [entry for entry in list_entries(root, commit, paths) if _is_in(entry.path, places)]
    found = {entry.path for entry in entries}
    is_plain = all(entry.mode != LINK for entry in entries) and all(place in found or place == "." for place in places)
    if is_plain:
        return tuple(entries)
    around = list_entries(root, commit, [home.prefix.rstrip("/")] if home.prefix else [])
    inside = (entry for entry in around if entry.path.startswith(home.prefix))
    return tuple(entry for entry in inside if entry.mode != SUBMODULE or _is_near(entry.path, places))


def _is_in(path: str, places: Sequence[str]) -> bool:
    return any(place in (".", path) or path.startswith(f"{place}/") for place in places)


def _is_near(path: str, places: Sequence[str]) -> bool:
    return _is_in(path, places) or any(place.startswith(f"{path}/") for place in places)


@contextmanager
def _copy(root: Path, entries: Sequence[TreeEntry], prefix: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """A temporary copy of `entries`, byte for byte as they were committed, and why some are not in it.

    Links come last, so that no file is written through one.
    """
    from tempfile import TemporaryDirectory  # noqa: PLC0415 - most runs look at no other commit

    kept = [
        entry
        for entry in entries
        if entry.mode == LINK or (entry.mode in ORDINARY and has_definition_suffix(entry.path))
    ]
    blobs = read_blobs(root, [entry.name for entry in kept], MAX_BYTES)
    refused = {entry.path: "it was a submodule" for entry in entries if entry.mode == SUBMODULE}
    with ExitStack() as stack:
        try:
            past = Path(stack.enter_context(TemporaryDirectory(prefix="reconciler-base-")))
        except OSError as error:
            raise _no_copy(error) from error
        for entry in sorted(kept, key=lambda entry: entry.mode == LINK):
            if why := _put(past, entry.path.removeprefix(prefix), entry.mode, blobs[entry.name]):
                refused[entry.path] = why
        yield past, {path.removeprefix(prefix): why for path, why in refused.items()}


def _put(past: Path, file: str, mode: bytes, data: bytes | None) -> str:
    """Put `file` into the copy; the reason if that is not possible, else ""."""
    if data is None:
        return "it was larger than 5 MiB"
    # A tree object can contain any name; none may lead out of the copy.
    if {"", ".", ".."} & set(file.split("/")) or (mode == LINK and b"\0" in data):
        return "its name, or what it links to, is not valid"
    try:
        (past / file).parent.mkdir(parents=True, exist_ok=True)
        if mode == LINK:
            (past / file).symlink_to(os.fsdecode(data))
        else:
            # "x" never writes through a link, nor over a file whose name differs only in case.
            with (past / file).open("xb") as stream:
                stream.write(data)
    except OSError as error:
        if error.errno in _LIMITS:
            raise _no_copy(error) from error
        return f"it cannot be copied: {error.strerror}"
    return ""


def _no_copy(error: OSError) -> ProjectError:
    fix = f"{advise_on(error)}; or set TMPDIR to another folder for temporary files"
    return ProjectError(f"cannot make a copy of the base: {error.strerror}", fix)


def _is_nested(root: Path, folder: str) -> bool:
    """Whether `folder` is in a repository inside the project's: commits of the outer one do not contain its files."""
    place = root / posixpath.normpath(folder)
    return any(
        os.path.lexists(one / ".git") for one in (place, *place.parents) if one.is_relative_to(root) and one != root
    )


def _find_unread(loaded: LoadResult) -> Iterator[tuple[str, str]]:
    """The files that could not be read completely, each with the reason."""
    errors = [finding for finding in loaded.findings if finding.location and finding.severity is Severity.ERROR]
    doubled = {finding.location.file for finding in errors if finding.location and finding.code == _TWICE}
    for file in {*loaded.unread, *doubled}:
        first = next((finding for finding in errors if finding.location and finding.location.file == file), None)
        yield file, f"line {_line_of(first)}: {first.message}" if first else "its content is not valid"


def _leave_out_doubled(loaded: LoadResult) -> Definitions:
    """The definitions without the channels that were defined twice: which of the two applied is unknown."""
    doubled = {
        f.location.path[1] for f in loaded.findings if f.code == _TWICE and f.location and len(f.location.path) > 1
    }
    whole = loaded.definitions
    channels = tuple(channel for channel in whole.channels if channel.name not in doubled)
    return Definitions(channels, whole.feeds, whole.files, whole.digest)


def _line_of(finding: Finding | None) -> int:
    return max(finding.location.line, 1) if finding and finding.location else 1
