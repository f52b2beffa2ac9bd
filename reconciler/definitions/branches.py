"""Where the branch that is checked out began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.definitions.git import fail, is_outside, read_commit, run_git

if TYPE_CHECKING:
    from pathlib import Path

# The branch that this one is to be merged into tells; its own upstream may have its commits already.
_UPSTREAM = "@{upstream}"
_TRUNKS = ("origin/HEAD", "origin/main", "origin/master", "main", "master", _UPSTREAM)


def is_in_repository(root: Path) -> bool:
    """Whether `root` is in a working tree of git, with or without a commit. Raises ProjectError if git cannot tell."""
    answer = run_git(root, "rev-parse", "--is-inside-work-tree")
    if answer.returncode and not is_outside(root, answer):
        raise fail(root, "rev-parse", answer)
    return answer.stdout.strip() == b"true"


def find_fork(root: Path) -> tuple[str, str] | None:
    """The main branch, and the commit where what is checked out at `root` left it; None if that cannot be told here.

    A shallow clone may lack that commit, or the main branch. Raises ProjectError if git fails.
    """
    for trunk in _TRUNKS:
        if run_git(root, "rev-parse", "--verify", "--quiet", f"{trunk}^{{commit}}").returncode:
            continue
        answer = run_git(root, "merge-base", "HEAD", trunk)
        # It ends with 1 if both have no commit in common here.
        if answer.returncode not in (0, 1):
            raise fail(root, "merge-base", answer)
        commit = answer.stdout.decode().strip()
        is_told = commit and (trunk != _UPSTREAM or commit != read_commit(root))
        return (trunk, commit) if is_told else None
    return None
