"""The files and the definitions of another commit, and whether the working tree differs from it."""

from __future__ import annotations

import errno
import os
import posixpath
import re
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.definitions.discovery import MAX_BYTES, PROJECT_FILE, has_definition_suffix
from reconciler.definitions.git import SUBMODULE, ask_git, fail, find_commit, find_prefix, misread, run_git
from reconciler.definitions.load import load_definitions
from reconciler.definitions.project_file import folders_of, make_project, parse_project
from reconciler.errors import ProjectError, advise_on
from reconciler.model.channels import Definitions
from reconciler.model.findings import Severity
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.definitions.load import LoadResult
    from reconciler.model.findings import Finding
    from reconciler.model.project import Project


# The modes of a tree of git. Source: git-fast-import(1), "filemodify".
ORDINARY = (b"100644", b"100755", b"100664")
LINK = b"120000"

_ROW = re.compile(rb"([0-7]{6}) [a-z]+ ([0-9a-f]{40,64})\t(.+)", re.DOTALL)
_SIZE = re.compile(rb"([0-9a-f]{40,64}) blob ([0-9]+)")


class TreeEntry(Struct, frozen=True):
    """An entry of a commit at `path`, relative to the root of the repository; `name` is the name of the object."""

    mode: bytes
    name: str
    path: str


def list_entries(root: Path, commit: str, paths: Sequence[str] = ()) -> Iterator[TreeEntry]:
    """The entries of `commit` at and below `paths`, relative to the root of the repository; all if there are no paths.

    Attributes such as export-ignore have no effect. Raises ProjectError if git does not have the tree here.
    """
    # Without -z git puts names with special characters in quotes.
    words = ("ls-tree", "-r", "-t", "-z", "--full-tree", commit)
    *lines, rest = _ask(root, *words, *(("--", *paths) if paths else ())).split(b"\0")
    for line in (*lines, *([rest] if rest else [])):
        row = _ROW.fullmatch(line)
        if row is None or line is rest:
            raise misread(root, words[0], line)
        yield TreeEntry(row[1], row[2].decode(), os.fsdecode(row[3]))


def read_blobs(root: Path, names: Iterable[str], largest: int) -> Mapping[str, bytes | None]:
    """The content of the objects `names`, byte for byte as they were committed; None for one larger than `largest`.

    Raises ProjectError if git does not have one of them here.
    """
    wanted = sorted(set(names))
    # Sizes first, so that a huge object is never read into memory.
    sizes = _read_sizes(root, wanted)
    fitting = [name for name in wanted if sizes[name] <= largest]
    answer, start = _ask_each(root, "--batch", fitting), 0
    blobs: dict[str, bytes | None] = dict.fromkeys(wanted)
    for name in fitting:
        header = f"{name} blob {sizes[name]}\n".encode()
        start, end = start + len(header), start + len(header) + sizes[name]
        if answer[start - len(header) : start] != header or answer[end : end + 1] != b"\n":
            raise misread(root, "cat-file", answer[start - len(header) :])
        blobs[name] = answer[start:end]
        start = end + 1
    return blobs


def _read_sizes(root: Path, names: Sequence[str]) -> Mapping[str, int]:
    lines = _ask_each(root, "--batch-check", names).splitlines()
    found = [_SIZE.fullmatch(line) for line in lines]
    sizes = {row[1].decode(): int(row[2]) for row in found if row is not None}
    if list(sizes) != list(names):
        wrong = next((line for line, row in zip(lines, found, strict=True) if row is None), b"")
        raise misread(root, "cat-file", wrong)
    return sizes


def _read_file_at(root: Path, reference: str, file: str) -> bytes | None:
    """The content of `file`, a path relative to `root`, at `reference`; None if it did not exist there.

    Raises ProjectError if git does not have the commit `reference`, if `file` is not a regular file, or if git fails.
    """
    commit, path = find_commit(root, reference), find_prefix(root) + file
    entry = next((entry for entry in list_entries(root, commit, [path]) if entry.path == path), None)
    if entry is None:
        return None
    if entry.mode not in ORDINARY:
        raise ProjectError(f"{file} at {reference} is a link or a folder", "make it a regular file there first")
    return _ask(root, "cat-file", "blob", entry.name)


def load_project_at(root: Path, reference: str) -> Project | None:
    """The project that the file in `root` described at `reference`; None if there was no file.

    Raises ProjectError if git fails, and if the file had errors there.
    """
    data = _read_file_at(root, reference, PROJECT_FILE)
    if data is None:
        return None
    tree, _ = parse_project(data)
    if tree is None:
        raise ProjectError(
            f"{PROJECT_FILE} has errors at {reference}", f"correct it there first, and rebase on {reference}"
        )
    return make_project(tree)


def _ask_each(root: Path, option: str, names: Sequence[str]) -> bytes:
    return _ask(root, "cat-file", option, lines="".join(f"{name}\n" for name in names).encode()) if names else b""


def _ask(root: Path, *words: str, lines: bytes = b"") -> bytes:
    """The output of git. Raises ProjectError if it fails, or if objects are missing."""
    answer = run_git(root, *words, lines=lines)
    # cat-file succeeds even if it reports objects as missing.
    lacking = [line for line in answer.stdout.splitlines() if line.endswith(b" missing")]
    if answer.returncode == 0 and not (lacking and words[-1] == "--batch-check"):
        return answer.stdout
    if run_git(root, "config", "--get-regexp", r"^remote\..*\.promisor$").returncode == 0:
        raise ProjectError(
            f"git lacks some files of the base in {root}: this clone is partial",
            "fetch the missing files:  git fetch --refetch --no-filter  (actions/checkout: without filter)",
        )
    raise fail(root, words[0], answer, b"; ".join(lacking[:1]).decode(errors="backslashreplace"))


def has_uncommitted(root: Path, folders: Sequence[str]) -> bool:
    """Whether a file of the project at `root` has changes that are not committed. Raises ProjectError if git fails.

    `folders` are the definitions folders. Other files, and those that git ignores, do not count.
    """
    return any(_may_define(root, file) for file in _list_uncommitted(root, (PROJECT_FILE, *folders)))


def list_left_out(root: Path, folders: Sequence[str]) -> tuple[str, ...]:
    """The definition files in `folders` that git tracks, but that are not here because the checkout is sparse.

    Raises ProjectError if git fails.
    """
    # The tag S marks files that a sparse checkout skips. Source: git-ls-files(1).
    rows = (os.fsdecode(row).partition(" ") for row in _split(ask_git(root, "ls-files", "-t", "-z", "--", *folders)))
    return tuple(
        file for tag, _, file in rows if tag == "S" and _may_define(root, file) and not os.path.lexists(root / file)
    )


def list_ignored(root: Path, folders: Sequence[str]) -> tuple[str, ...]:
    """The definition files in `folders` that git ignores, so that no commit contains them.

    Raises ProjectError if git fails.
    """
    answer = ask_git(root, "ls-files", "--others", "--ignored", "--exclude-standard", "-z", "--", *folders)
    files = map(os.fsdecode, _split(answer))
    return tuple(file for file in files if _may_define(root, file))


def _may_define(root: Path, file: str) -> bool:
    """Whether `file` is a definition file, or a repository inside the repository, which may have such files."""
    is_hidden = any(part.startswith(".") for part in file.split("/"))
    return not is_hidden and (has_definition_suffix(file) or (root / file).is_dir())


def _split(answer: bytes) -> list[bytes]:
    return [name for name in answer.split(b"\0") if name]


def _list_uncommitted(root: Path, paths: Sequence[str]) -> tuple[str, ...]:
    """The files at and below `paths`, all relative to `root`, that differ from the commit that is checked out.

    This includes untracked files, but not ignored ones.
    """
    differing = ("diff", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv", "--relative", "-z", "HEAD")
    untracked = ("ls-files", "--others", "--exclude-standard", "-z")
    settings = _list_settings_without_filters(root)
    answers = [ask_git(root, *words, "--", *paths, settings=settings) for words in (differing, untracked)]
    files = tuple(os.fsdecode(file) for answer in answers for file in _split(answer))
    return (*files, *_list_overlooked(root, paths, settings))


def _list_overlooked(root: Path, paths: Sequence[str], settings: Sequence[str]) -> list[str]:
    """The files that differ although git was told to assume no change (--assume-unchanged, --skip-worktree)."""
    expected: dict[str, str] = {}
    deleted: list[str] = []
    # With -v, a tag in lower case marks a file that git assumes to be unchanged. Source: git-ls-files(1).
    for row in _split(ask_git(root, "ls-files", "-v", "--stage", "-z", "--", *paths)):
        columns, _, file = os.fsdecode(row).partition("\t")
        tag, _, name, *_ = columns.split(" ")
        if (tag.islower() or tag == "S") and (root / file).is_file():
            expected[file] = name
        elif tag == "h":
            deleted.append(file)
    if not expected:
        return deleted
    found = ask_git(root, "hash-object", "--", *expected, settings=settings).decode().split()
    return deleted + [file for (file, name), own in zip(expected.items(), found, strict=True) if name != own]


def _list_settings_without_filters(root: Path) -> list[str]:
    """Settings for git that disable the filters of a repository, which are programs that git would run on files.

    A file that a filter changes on commit then counts as differing. Source: gitattributes(5).
    """
    words = ("config", "--name-only", "-z", "--get-regexp", r"^filter\..*\.(clean|process|required)$")
    answer = run_git(root, *words)
    # Its exit code is 1 if there is no such setting.
    if answer.returncode not in (0, 1):
        raise fail(root, words[0], answer)
    names = map(os.fsdecode, _split(answer.stdout))
    return [word for name in names for word in ("-c", f"{name}={'false' if name.endswith('.required') else ''}")]


# Errors of the disk or the process, which say nothing about the file that is copied.
_LIMITS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE)
_DUPLICATE = "ESA131"
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
    """The project at the base: its folder in the repository, its definitions folders, and the `error` of its file."""

    prefix: str
    folders: tuple[str, ...]
    error: str = ""
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
    reasons = dict(_find_unread(loaded)) | refused
    if home.error:
        reasons[PROJECT_FILE] = home.error
    reasons |= {folder: "it is in a repository of its own" for folder in folders if _is_nested(root, folder)}
    reasons |= dict.fromkeys(list_ignored(root, folders), "git ignores it, so no commit holds it")
    gaps = tuple(
        make_finding("ESA151", f"{file} could not be read at the base {reference}", detail=(f"there: {why}",))
        for file, why in sorted(reasons.items())
    )
    return Base(reference, _leave_out_duplicates(loaded), tuple(sorted(reasons)), gaps, home.notes)


def _find_base_project(root: Path, commit: str, reference: str, folders: tuple[str, ...]) -> _BaseProject:
    prefix = find_prefix(root)
    for entry in list_entries(root, commit, [prefix + PROJECT_FILE]):
        if entry.path == prefix + PROJECT_FILE:
            return _open_base_project(root, entry, prefix, folders)
    top = Path(os.path.realpath(root)).parents[prefix.count("/") - 1] if prefix else Path(os.path.realpath(root))
    files = [entry for entry in list_entries(root, commit) if posixpath.basename(entry.path) == PROJECT_FILE]
    # A project file that still exists belongs to another project; only a deleted one can have been moved to `root`.
    deleted = [entry for entry in files if not os.path.lexists(top / entry.path)]
    if not deleted:
        message = f"{reference} has no {PROJECT_FILE} in {prefix.rstrip('/') or _TOP}"
        return _BaseProject(prefix, folders, notes=(make_finding("ESA153", message),))
    names, here = ", ".join(_name_folder(entry) for entry in deleted), prefix.rstrip("/") or _TOP
    if len(deleted) > 1:
        return _BaseProject(prefix, folders, f"the project was not in {here}, but may have been in one of: {names}")
    message = f"at the base {reference} the project was in {names}, and it is in {here} now"
    past = posixpath.dirname(deleted[0].path)
    home = _open_base_project(root, deleted[0], f"{past}/" if past else "", folders)
    return _BaseProject(home.prefix, home.folders, home.error, (make_finding("ESA152", message),))


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
            raise _make_copy_error(error) from error
        for entry in sorted(kept, key=lambda entry: entry.mode == LINK):
            if why := _add_to_copy(past, entry.path.removeprefix(prefix), entry.mode, blobs[entry.name]):
                refused[entry.path] = why
        yield past, {path.removeprefix(prefix): why for path, why in refused.items()}


def _add_to_copy(past: Path, file: str, mode: bytes, data: bytes | None) -> str:
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
            raise _make_copy_error(error) from error
        return f"it cannot be copied: {error.strerror}"
    return ""


def _make_copy_error(error: OSError) -> ProjectError:
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
    duplicates = {finding.location.file for finding in errors if finding.location and finding.code == _DUPLICATE}
    for file in {*loaded.unread, *duplicates}:
        first = next((finding for finding in errors if finding.location and finding.location.file == file), None)
        yield file, f"line {_line_of(first)}: {first.message}" if first else "its content is not valid"


def _leave_out_duplicates(loaded: LoadResult) -> Definitions:
    """The definitions without the channels that were defined twice: which of the two applied is unknown."""
    duplicates = {
        f.location.path[1] for f in loaded.findings if f.code == _DUPLICATE and f.location and len(f.location.path) > 1
    }
    whole = loaded.definitions
    channels = tuple(channel for channel in whole.channels if channel.name not in duplicates)
    return Definitions(channels, whole.feeds, whole.files, whole.digest)


def _line_of(finding: Finding | None) -> int:
    return max(finding.location.line, 1) if finding and finding.location else 1
