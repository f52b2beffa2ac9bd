"""Where the branch that is checked out began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.definitions.git import fail, is_nowhere, run_git

if TYPE_CHECKING:
    from pathlib import Path

# The branch that this one is to be merged into tells; its own upstream may have its commits already.
_TRUNKS = ("origin/HEAD", "origin/main", "origin/master", "main", "master", "@{upstream}")


def is_in_repository(root: Path) -> bool:
    """Whether `root` is in a working tree of git, with or without a commit. Raises ProjectError if git cannot tell."""
    answer = run_git(root, "rev-parse", "--is-inside-work-tree")
    if answer.returncode and not is_nowhere(answer):
        raise fail(root, "rev-parse", answer)
    return answer.stdout.strip() == b"true"


def find_fork(root: Path) -> tuple[str, str] | None:
    """The main branch, and the commit where what is checked out at `root` left it; None where git knows of neither."""
    for trunk in _TRUNKS:
        answer = run_git(root, "merge-base", "HEAD", trunk)
        if answer.returncode == 0 and (commit := answer.stdout.decode().strip()):
            return trunk, commit
    return None
