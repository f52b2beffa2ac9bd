"""What git knows of the definitions: the commit that is checked out, and how they were at another one."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def read_commit(root: Path) -> str | None:
    """The commit that is checked out at `root`; None outside a repository, before its first commit, or without git."""
    try:
        answer = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    except FileNotFoundError:
        return None
    return answer.stdout.decode().strip() or None


@contextmanager
def checked_out(root: Path, reference: str, folders: Sequence[str]) -> Iterator[Path]:
    """A temporary copy of `folders` of the project at `root` as they were at `reference`, for the length of the block.

    A folder that was not there is not in the copy. Raises ProjectError where `reference` is no commit at hand, as in a
    shallow clone, or where git is missing.
    """
    # Imported here, as most runs look at no other commit.
    import tarfile  # noqa: PLC0415
    from io import BytesIO  # noqa: PLC0415
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    commit = _find_commit(root, reference)
    with TemporaryDirectory(prefix="reconciler-base-") as folder:
        known = [name for name in folders if _git(root, "ls-tree", commit, "--", name).stdout]
        if known:
            archive = _git(root, "archive", "--format=tar", commit, "--", *known)
            with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
                files.extractall(folder, filter="data")
        yield Path(folder)


def _find_commit(root: Path, reference: str) -> str:
    try:
        answer = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    except FileNotFoundError as error:
        raise ProjectError("git was not found, so --base has nothing to compare with", "install git") from error
    if answer.returncode and _git(root, "rev-parse", "--git-dir").returncode:
        raise ProjectError(f"{root} is in no git repository, so --base has nothing to compare with", "leave --base out")
    if answer.returncode:
        raise ProjectError(
            f"git has no commit {reference!r} in {root}",
            f"look at the name; in a shallow clone:  git fetch --depth=1 origin {reference}",
        )
    return answer.stdout.decode().split()[-1]


def _git(root: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603 - words of a list, no shell
        ("git", "-C", str(root), *words),  # noqa: S607 - the user's own git
        capture_output=True,
        check=False,
    )
