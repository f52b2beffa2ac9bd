"""What git knows of the definitions: the commit that is checked out, and how they were at another one."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import ProjectError

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Iterator, Sequence

# A hook of git has these set for its own repository; here the folder that is given says which one is meant.
_OTHER_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
# The modes of ordinary files in a tree of git; 120000 is a link.
_ORDINARY = (b"100644", b"100755")
# Files in the project that look like a repository without a working tree (HEAD, config, objects) are not asked what is
# committed here, and no setting of a repository starts a program. Source: git-config(1), safe.bareRepository.
_GUARDED = ("-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")


def read_commit(root: Path) -> str | None:
    """The commit that is checked out at `root`; None outside a repository, before its first commit, or without git."""
    try:
        answer = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    except FileNotFoundError:
        return None
    return answer.stdout.decode().strip() or None


def is_tracked(path: Path) -> bool:
    """Whether git tracks the file at `path`, or a link that leads to it: whoever can push may have written it.

    Raises ProjectError if git cannot tell.
    """
    whole = path.absolute()
    links = [place for place in (whole, *whole.parents) if place.is_symlink()]
    return any(_is_tracked(place) for place in (whole.resolve(), *links))


def _is_tracked(place: Path) -> bool:
    try:
        answer = _git(place.parent, "ls-files", "--error-unmatch", "--", f":(literal){place.name}")
    except FileNotFoundError as error:
        raise ProjectError(f"git was not found, so nobody can tell whether {place} is in it", "install git") from error
    if answer.returncode in (0, 1):
        return answer.returncode == 0
    if b"not a git repository" in answer.stderr:
        return False
    reason = answer.stderr.decode(errors="replace").strip().partition("\n")[0]
    raise ProjectError(f"git cannot tell whether {place} is in it: {reason}", "do what git asks for, and try again")


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
                files.extractall(folder, filter=_leave_out_links)  # noqa: S202 - stricter than its own
        yield Path(folder)


def _leave_out_links(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    """What is unpacked: no link that leads out of the copy, and nothing but files, folders and links within it."""
    import tarfile  # noqa: PLC0415

    try:
        return tarfile.data_filter(member, folder)
    except tarfile.FilterError:
        return None


def read_file_at(root: Path, reference: str, file: str) -> bytes | None:
    """The content of `file`, a path relative to `root`, at `reference`; None where it was not there.

    Raises ProjectError where `reference` is no commit at hand, where `file` was no ordinary file, and where git fails.
    """
    listed = _ask(root, "ls-tree", "-z", _find_commit(root, reference), "--", file)
    if not listed:
        return None
    mode, _, name = listed.partition(b"\t")[0].split(b" ")
    if mode not in _ORDINARY:
        raise ProjectError(f"{file} at {reference} is a link or a folder", "make it an ordinary file there first")
    return _ask(root, "cat-file", "blob", name.decode())


def _ask(root: Path, *words: str) -> bytes:
    """What git answers; it has a code of its own for failure, and nothing it says then is an answer."""
    answer = _git(root, *words)
    if answer.returncode:
        reason = answer.stderr.decode(errors="backslashreplace").strip() or f"it ended with {answer.returncode}"
        raise ProjectError(f"git {words[0]} failed in {root}: {reason}", "look at the repository:  git fsck")
    return answer.stdout


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
        ("git", *_GUARDED, "-C", str(root), *words),  # noqa: S607 - the user's own git
        capture_output=True,
        check=False,
        env={name: value for name, value in os.environ.items() if name not in _OTHER_REPOSITORY} | {"LC_ALL": "C"},
    )
