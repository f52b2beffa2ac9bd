"""What git knows about a project: one function runs git, and only its output on success counts."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from reconciler.errors import ProjectError
from reconciler.model.record import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

# The modes of a tree of git. Source: git-fast-import(1), "filemodify".
ORDINARY = (b"100644", b"100755", b"100664")
LINK = b"120000"
SUBMODULE = b"160000"

# What says which repository, index or objects are meant, in a hook of git for instance; here the folder that is given
# does. Source: git rev-parse --local-env-vars. Of these, git itself hands on settings (GIT_CONFIG_*) to a submodule.
LOCAL_VARIABLES = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_CONFIG",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
        # Not of that list, but how paths are read must not depend on the caller either.
        "GIT_GLOB_PATHSPECS",
        "GIT_ICASE_PATHSPECS",
        "GIT_NOGLOB_PATHSPECS",
    }
)
# What git takes for settings; all else in these variables would only stop it.
_SETTINGS = {"GIT_CONFIG_COUNT": "[0-9]+", "GIT_CONFIG_PARAMETERS": "'.*'"}
# Nothing is fetched, asked for, locked or put in the place of what a commit holds; a path is a path, not a pattern.
# Source: git(1). Before git 2.45 only the protocols keep a partial clone from fetching.
_OWN = {
    "LC_ALL": "C",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
# Files in the project that look like a repository without a working tree (HEAD, config, objects) are not asked what is
# committed here, and no setting of a repository starts a program. Source: git-config(1), safe.bareRepository.
_GUARDED = (
    "--no-pager",
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.warnAmbiguousRefs=true"),
)
_NOWHERE = b"not a git repository (or any "
# What git says of a name that leads to no commit; all else that it says is a failure.
_NO_COMMIT = re.compile(b"Needed a single revision|expected commit type|unknown revision|bad revision")
_LONGEST = 600
_UNTRACKED = ("--others", "--exclude-standard")


class GitMissing(ProjectError):
    """Git could not be started: it is not installed, or it may not be run."""


@record
class Entry:
    """What a commit holds at `path`, which is relative to the root of the repository; `name` is that of the object."""

    mode: bytes
    name: str
    path: str


def read_commit(root: Path) -> str | None:
    """The commit that is checked out at `root`; None outside a repository, before its first commit, or without git.

    A git that may not be run counts as none. Raises ProjectError if git runs and cannot tell.
    """
    try:
        answer = run_git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    except GitMissing:
        return None
    if answer.returncode in (0, 1) or _NOWHERE in answer.stderr:
        return answer.stdout.decode().strip() or None
    raise ProjectError(f"git cannot tell which commit is checked out in {root}: {_quote(answer)}", _advise(answer))


def is_tracked(path: Path) -> bool:
    """Whether git tracks the file at `path`, or a link that leads to it: anyone who can push may have written it.

    Raises ProjectError if git cannot tell.
    """
    whole = path.absolute()
    links = [place for place in (whole, *whole.parents) if place.is_symlink()]
    return any(_is_tracked(place) for place in (whole.resolve(), *links))


def _is_tracked(place: Path) -> bool:
    try:
        answer = run_git(place.parent, "ls-files", "--error-unmatch", "--", place.name)
    except GitMissing as error:
        raise GitMissing(f"{error.message}, so nobody can tell whether {place} is in it", error.fix) from error
    if answer.returncode in (0, 1):
        return answer.returncode == 0
    if _NOWHERE in answer.stderr:
        return False
    fix = _advise(answer, "do what git asks for, and try again")
    raise ProjectError(f"git cannot tell whether {place} is in it: {_quote(answer)}", fix)


def list_files(folder: Path) -> tuple[tuple[bytes, str], ...]:
    """The files below `folder` that git tracks, each with its mode, and those it would track, with b"" for a mode.

    A repository in the repository is one file. Nothing outside of a repository, or where git is not installed. Raises
    ProjectError if git cannot tell.
    """
    try:
        answers = [run_git(folder, "ls-files", *words, "-z") for words in (("--stage",), _UNTRACKED)]
    except GitMissing as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return ()
        raise
    for answer in answers:
        if answer.returncode and _NOWHERE not in answer.stderr:
            raise ProjectError(f"git cannot list the files in {folder}: {_quote(answer)}", _advise(answer))
    tracked, others = (answer.stdout for answer in answers)
    lines = (*tracked.split(b"\0")[:-1], *(b" \t" + path for path in others.split(b"\0")[:-1]))
    return tuple((line.partition(b" ")[0], os.fsdecode(line.partition(b"\t")[2])) for line in lines)


def find_commit(root: Path, reference: str) -> str:
    """The commit that `reference` names. Raises ProjectError if it names none, or more than one."""
    try:
        answer = run_git(root, "rev-parse", "--verify", "--end-of-options", f"{reference}^{{commit}}")
    except GitMissing as error:
        raise GitMissing(f"{error.message}, so --base has nothing to compare with", error.fix) from error
    if b"is ambiguous" in answer.stderr:
        raise ProjectError(
            f"{reference!r} names more than one commit or object in {root}: {_quote(answer)}",
            f"write the full name, such as  refs/heads/{reference}, refs/tags/{reference}  or all digits of a commit",
        )
    found = answer.stdout.decode().split()[-1:]
    if not answer.returncode and re.fullmatch("[0-9a-f]+", "".join(found)):
        return found[0]
    find_prefix(root)
    if answer.returncode and any(line and not _NO_COMMIT.search(line) for line in answer.stderr.splitlines()):
        message = f"git cannot read the commit {reference!r} in {root}: {_quote(answer)}"
        raise ProjectError(message, _advise(answer))
    if read_commit(root) is None:
        raise ProjectError(
            f"no commit is checked out in {root}, so --base has nothing to compare with",
            "commit first, or leave --base out",
        )
    is_shallow = run_git(root, "rev-parse", "--is-shallow-repository").stdout == b"true\n"
    fetch = f"git fetch --depth=1 origin {reference}"
    deepen = "this clone is shallow, so fetch more:  git fetch --unshallow  (actions/checkout: fetch-depth)"
    fix = deepen if is_shallow else f"check the name; in a shallow clone:  {fetch}"
    raise ProjectError(f"git has no commit {reference!r} in {root}", fix)


def find_prefix(root: Path) -> str:
    """The folder `root` seen from the root of its repository: "" or ending with a slash.

    Raises ProjectError if it is in no working tree.
    """
    answer = run_git(root, "rev-parse", "--is-inside-work-tree", "--show-prefix")
    if _NOWHERE in answer.stderr and not any(os.path.lexists(place / ".git") for place in (root, *root.parents)):
        raise ProjectError(f"{root} is in no git repository, so --base has nothing to compare with", "leave --base out")
    inside, _, prefix = answer.stdout.partition(b"\n")
    if answer.returncode or inside != b"true":
        reason = _quote(answer) if answer.returncode else "the folder is not in its working tree"
        message = f"git cannot read the repository of {root}, so --base has nothing to compare with: {reason}"
        raise ProjectError(message, _advise(answer, "run this in the working tree, or leave --base out"))
    return os.fsdecode(prefix.removesuffix(b"\n"))


def list_entries(root: Path, commit: str, paths: Sequence[str] = ()) -> Iterator[Entry]:
    """What the tree of `commit` holds at and below `paths`, relative to the root of the repository; all without paths.

    Attributes such as export-ignore have no say. Raises ProjectError if git does not have the tree at hand.
    """
    words = ("ls-tree", "-r", "-t", "-z", "--full-tree", commit)
    for line in _ask(root, *words, *(("--", *paths) if paths else ())).split(b"\0")[:-1]:
        head, _, path = line.partition(b"\t")
        mode, _, name = head.split(b" ")
        yield Entry(mode, name.decode(), os.fsdecode(path))


def read_blobs(root: Path, names: Iterable[str], largest: int) -> Mapping[str, bytes | None]:
    """The content of the objects `names`, byte for byte as they were committed; None for one larger than `largest`.

    Raises ProjectError if git does not have one of them at hand.
    """
    wanted = sorted(set(names))
    sizes = {}
    for line in _ask_each(root, "--batch-check", wanted).decode().splitlines():
        name, *rest = line.split(" ")
        if rest[:1] != ["blob"]:
            raise ProjectError(f"git cat-file failed in {root}: {line}", _FSCK)
        sizes[name] = int(rest[1])
    fitting = [name for name in wanted if sizes[name] <= largest]
    answer, start = _ask_each(root, "--batch", fitting), 0
    blobs: dict[str, bytes | None] = dict.fromkeys(wanted)
    for name in fitting:
        start = answer.index(b"\n", start) + 1
        blobs[name] = answer[start : start + sizes[name]]
        start += sizes[name] + 1
    return blobs


def read_file_at(root: Path, reference: str, file: str) -> bytes | None:
    """The content of `file`, a path relative to `root`, at `reference`; None where it was not there.

    Raises ProjectError where `reference` is no commit at hand, where `file` is not an ordinary file, or if git fails.
    """
    commit, path = find_commit(root, reference), find_prefix(root) + file
    entry = next((entry for entry in list_entries(root, commit, [path]) if entry.path == path), None)
    if entry is None:
        return None
    if entry.mode not in ORDINARY:
        raise ProjectError(f"{file} at {reference} is a link or a folder", "make it an ordinary file there first")
    return _ask(root, "cat-file", "blob", entry.name)


_FSCK = "look at the repository:  git fsck"


def _ask_each(root: Path, option: str, names: Sequence[str]) -> bytes:
    return _ask(root, "cat-file", option, lines="".join(f"{name}\n" for name in names).encode()) if names else b""


def _ask(root: Path, *words: str, lines: bytes = b"") -> bytes:
    """What git answers; it has a code of its own for failure, and nothing it says then is an answer."""
    answer = run_git(root, *words, lines=lines)
    if answer.returncode == 0 and not (b" missing\n" in answer.stdout and words[-1] == "--batch-check"):
        return answer.stdout
    if run_git(root, "config", "--get-regexp", r"^remote\..*\.promisor$").returncode == 0:
        raise ProjectError(
            f"git lacks some files of the base in {root}: this clone is partial",
            "fetch the missing files:  git fetch --refetch --no-filter  (actions/checkout: without filter)",
        )
    missing = answer.stdout.decode(errors="backslashreplace").splitlines()
    reason = _quote(answer) or next((line for line in missing if line.endswith(" missing")), "")
    message = reason or f"it ended with {answer.returncode}"
    raise ProjectError(f"git {words[0]} failed in {root}: {message}", _advise(answer))


def _quote(answer: subprocess.CompletedProcess[bytes]) -> str:
    """What git said of it, in one line; a report makes it harmless."""
    lines = answer.stderr.decode(errors="backslashreplace").splitlines()
    said = [re.sub("^(fatal|error|warning): ", "", line.strip()) for line in lines if not line.startswith("hint:")]
    text = "; ".join(line for line in said if line).replace(":; ", ": ")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def _advise(answer: subprocess.CompletedProcess[bytes], otherwise: str = _FSCK) -> str:
    trusted = re.search(rb"safe\.directory (.+)$", answer.stderr, re.MULTILINE)
    if b"dubious ownership" in answer.stderr and trusted:
        return f"if you trust it:  git config --global --add safe.directory {os.fsdecode(trusted[1])}"
    return otherwise


def run_git(root: Path, *words: str, lines: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Git's answer to `words`, asked in `root`, with `lines` on its stdin. Raises GitMissing if it does not start."""
    kept = {name: value for name, value in os.environ.items() if _is_kept(name, value)}
    try:
        return subprocess.run(  # noqa: S603 - words of a list, no shell
            ("git", *_GUARDED, "-C", str(root), *words),  # noqa: S607 - the user's own git
            capture_output=True,
            check=False,
            env=kept | _OWN,
            input=lines,
        )
    except FileNotFoundError as error:
        raise GitMissing("git was not found", "install git") from error
    except OSError as error:
        raise GitMissing(
            f"git cannot be run: {error.strerror}", "check the installation of git:  git --version"
        ) from error


def _is_kept(name: str, value: str) -> bool:
    is_sound = name not in _SETTINGS or bool(re.fullmatch(_SETTINGS[name], value))
    return is_sound and name not in LOCAL_VARIABLES and not name.startswith("GIT_TRACE")
