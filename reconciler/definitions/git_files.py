"""The files of a commit, read from git's objects, and whether the working tree differs from them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.definitions.discovery import PROJECT_FILE
from reconciler.definitions.git import ask_git, fail, find_commit, find_prefix, misread, run_git
from reconciler.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path


# The modes of a tree of git. Source: git-fast-import(1), "filemodify".
ORDINARY = (b"100644", b"100755", b"100664")
LINK = b"120000"
SUBMODULE = b"160000"

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
        head = f"{name} blob {sizes[name]}\n".encode()
        start, end = start + len(head), start + len(head) + sizes[name]
        if answer[start - len(head) : start] != head or answer[end : end + 1] != b"\n":
            raise misread(root, "cat-file", answer[start - len(head) :])
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


def read_file_at(root: Path, reference: str, file: str) -> bytes | None:
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
    return not is_hidden and (file.casefold().endswith((".yaml", ".yml")) or (root / file).is_dir())


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
    gone: list[str] = []
    # With -v, a tag in lower case marks a file that git assumes to be unchanged. Source: git-ls-files(1).
    for row in _split(ask_git(root, "ls-files", "-v", "--stage", "-z", "--", *paths)):
        head, _, file = os.fsdecode(row).partition("\t")
        tag, _, name, *_ = head.split(" ")
        if (tag.islower() or tag == "S") and (root / file).is_file():
            expected[file] = name
        elif tag == "h":
            gone.append(file)
    if not expected:
        return gone
    found = ask_git(root, "hash-object", "--", *expected, settings=settings).decode().split()
    return gone + [file for (file, name), own in zip(expected.items(), found, strict=True) if name != own]


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
