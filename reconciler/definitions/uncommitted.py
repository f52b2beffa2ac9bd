"""Whether the definitions match the commit that is checked out, and whether all of them are here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reconciler.definitions.files import PROJECT_FILE
from reconciler.definitions.git import ask_git, fail, run_git

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def has_uncommitted(root: Path, folders: Sequence[str]) -> bool:
    """Whether a file of the project at `root` is not committed as it is. Raises ProjectError if git cannot tell.

    `folders` are those of the definitions. Other files, and those that git is told to ignore, do not count.
    """
    return any(_may_define(root, file) for file in _list_uncommitted(root, (PROJECT_FILE, *folders)))


def list_left_out(root: Path, folders: Sequence[str]) -> tuple[str, ...]:
    """The files of definitions in `folders` that git tracks and keeps out of a sparse checkout: they are not here.

    Raises ProjectError if git cannot tell.
    """
    rows = (os.fsdecode(row).partition(" ") for row in _split(ask_git(root, "ls-files", "-t", "-z", "--", *folders)))
    return tuple(
        file for tag, _, file in rows if tag == "S" and _may_define(root, file) and not os.path.lexists(root / file)
    )


def list_ignored(root: Path, folders: Sequence[str]) -> tuple[str, ...]:
    """The files of definitions in `folders` that git is told to ignore: no commit holds what they said.

    Raises ProjectError if git cannot tell.
    """
    answer = ask_git(root, "ls-files", "--others", "--ignored", "--exclude-standard", "-z", "--", *folders)
    files = map(os.fsdecode, _split(answer))
    return tuple(file for file in files if _may_define(root, file))


def _may_define(root: Path, file: str) -> bool:
    """Whether `file` is read as definitions, or is a repository in the repository, which may hold such files."""
    is_hidden = any(part.startswith(".") for part in file.split("/"))
    return not is_hidden and (file.casefold().endswith((".yaml", ".yml")) or (root / file).is_dir())


def _split(answer: bytes) -> list[bytes]:
    return [name for name in answer.split(b"\0") if name]


def _list_uncommitted(root: Path, paths: Sequence[str]) -> tuple[str, ...]:
    """The files at and below `paths`, all relative to `root`, that are not as the commit that is checked out has them.

    Those that git does not track count, those that it is told to ignore do not.
    """
    differing = ("diff", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv", "--relative", "-z", "HEAD")
    untracked = ("ls-files", "--others", "--exclude-standard", "-z")
    settings = _list_settings_without_filters(root)
    answers = [ask_git(root, *words, "--", *paths, settings=settings) for words in (differing, untracked)]
    files = tuple(os.fsdecode(file) for answer in answers for file in _split(answer))
    return (*files, *_list_overlooked(root, paths, settings))


def _list_overlooked(root: Path, paths: Sequence[str], settings: Sequence[str]) -> list[str]:
    """The files that differ although git is told to take them for unchanged (--assume-unchanged, --skip-worktree)."""
    expected: dict[str, str] = {}
    gone: list[str] = []
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
    return gone + [file for (file, name), seen in zip(expected.items(), found, strict=True) if name != seen]


def _list_settings_without_filters(root: Path) -> list[str]:
    """Settings for git by which it starts none of the filters that it would compare files through.

    A file that is committed in another form than it has here then counts as differing. Source: gitattributes(5).
    """
    words = ("config", "--name-only", "-z", "--get-regexp", r"^filter\..*\.(clean|process|required)$")
    answer = run_git(root, *words)
    # It ends with 1 if there is no such setting.
    if answer.returncode not in (0, 1):
        raise fail(root, words[0], answer)
    names = map(os.fsdecode, _split(answer.stdout))
    return [word for name in names for word in ("-c", f"{name}={'false' if name.endswith('.required') else ''}")]
