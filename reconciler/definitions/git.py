"""Git run safely: the current commit, branches and tracked files."""

from __future__ import annotations

import os
import re
import subprocess
from itertools import pairwise
from shlex import quote
from typing import TYPE_CHECKING

from reconciler.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


# Variables that choose the repository, the index or the objects, as git sets them for its hooks. Here the given folder
# decides. Source: git rev-parse --local-env-vars. Settings (GIT_CONFIG_*) stay: git passes them to submodules, too.
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
        # Not in that list, but the meaning of paths must not depend on the caller either.
        "GIT_GLOB_PATHSPECS",
        "GIT_ICASE_PATHSPECS",
        "GIT_NOGLOB_PATHSPECS",
    }
)
# The form that git expects of these settings; anything else would make it fail.
_SETTINGS = {"GIT_CONFIG_COUNT": "[0-9]+", "GIT_CONFIG_PARAMETERS": "'.*'"}
# Git must not fetch, prompt, lock, or replace what a commit has; a path is a path, not a pattern. A repository is found
# above a mounted folder, too, such as a volume for journals. Source: git(1).
# Before git 2.45, only GIT_ALLOW_PROTOCOL keeps a partial clone from fetching.
_OVERRIDES = {
    "LC_ALL": "C",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_CEILING_DIRECTORIES": "",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
# Files in the project that look like a bare repository (HEAD, config, objects) are not used as one, and no setting of a
# repository starts a program. Source: git-config(1), safe.bareRepository.
_GUARDED = (
    "--no-pager",
    *("-c", "safe.bareRepository=explicit"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.warnAmbiguousRefs=true"),
)
_NO_REPOSITORY = b"not a git repository (or any "
# Git's messages for a name that is not a commit; any other message is a failure.
_NO_COMMIT = re.compile(b"Needed a single revision|expected commit type|unknown revision|bad revision")
# A commit is always passed to git with all digits: 40 of SHA-1, or 64 of SHA-256.
_COMMIT = re.compile(rb"([0-9a-f]{40,64})\n")
# The form of a name of a commit, which may be followed by ~1 or the like.
_NAME = re.compile(r"[\w@][\w./@{}^~-]*\Z")
_LONGEST = 600
_LONGEST_MISREAD = 60
_UNTRACKED = ("--others", "--exclude-standard")


# The mode of a submodule in a tree of git. Source: git-fast-import(1), "filemodify".
SUBMODULE = b"160000"


# Seconds: a file system that does not answer, or a lock or helper that git waits for, must not hold a job for ever.
PATIENCE = 120.0


class GitMissing(ProjectError):
    """Git could not be started: it is not installed, or it may not be run."""


def read_commit(root: Path) -> str | None:
    """The commit that is checked out at `root`; None outside a repository, before its first commit, or without git.

    A git that may not be run counts as missing. Raises ProjectError if git runs and fails.
    """
    try:
        answer = run_git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    except GitMissing:
        return None
    if found := _COMMIT.fullmatch(answer.stdout):
        return found[1].decode()
    if is_outside(root, answer) or (answer.returncode == 1 and not answer.stdout):
        return None
    raise ProjectError(f"git cannot tell which commit is checked out in {root}: {_quote(answer)}", _advise(answer))


def is_tracked(path: Path) -> bool:
    """Whether git tracks the file at `path`, or a link that leads to it: then anyone who can push may have written it.

    Raises ProjectError if git fails.
    """
    return any(_is_tracked(place) for place in (path.resolve(), *_list_links(path.absolute())))


def _list_links(path: Path) -> set[Path]:
    """All links in `path`, and in the paths that these links name."""
    links: set[Path] = set()
    ways = [path]
    while ways:
        way = ways.pop()
        for place in {way, *way.parents} - links:
            if place.is_symlink():
                links.add(place)
                ways.append(place.parent / place.readlink())
    return links


def _is_tracked(place: Path) -> bool:
    try:
        answer = run_git(place.parent, "ls-files", "--error-unmatch", "--", place.name)
    except GitMissing as error:
        raise GitMissing(f"{error.message}, so it is unknown whether git tracks {place}", error.fix) from error
    if answer.returncode in (0, 1):
        return answer.returncode == 0
    if is_outside(place.parent, answer):
        return False
    fix = _advise(answer, "do what git asks for, and try again")
    raise ProjectError(f"git cannot tell whether it tracks {place}: {_quote(answer)}", fix)


def list_files(folder: Path) -> tuple[tuple[bytes, str], ...] | None:
    """The files below `folder` that git tracks, each with its mode, and those it would track, with the mode b"".

    A repository inside the repository is one file. None outside a repository, and if git is not installed. Raises
    ProjectError if git fails.
    """
    try:
        answers = [run_git(folder, "ls-files", *words, "-z") for words in (("--stage",), _UNTRACKED)]
    except GitMissing as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return None
        raise
    for answer in answers:
        if _NO_REPOSITORY in answer.stderr:
            return None
        if answer.returncode:
            raise ProjectError(f"git cannot list the files in {folder}: {_quote(answer)}", _advise(answer))
    tracked, others = (answer.stdout for answer in answers)
    lines = (*tracked.split(b"\0")[:-1], *(b" \t" + path for path in others.split(b"\0")[:-1]))
    return tuple((line.partition(b" ")[0], os.fsdecode(line.partition(b"\t")[2])) for line in lines)


def find_commit(root: Path, reference: str) -> str:
    """The commit that `reference` names. Raises ProjectError if it names none, or more than one."""
    try:
        # Old versions of git do not have --end-of-options. A name of a commit never begins with a dash or with ./
        name = f"./{reference}" if reference.startswith("-") else reference
        answer = run_git(root, "rev-parse", "--verify", f"{name}^{{commit}}")
    except GitMissing as error:
        raise GitMissing(f"{error.message}, so --base has nothing to compare with", error.fix) from error
    if b"is ambiguous" in answer.stderr:
        raise ProjectError(
            f"{reference!r} names more than one commit or object in {root}: {_quote(answer)}",
            f"write the full name, such as  refs/heads/{reference}, refs/tags/{reference}  or all digits of a commit",
        )
    if answer.returncode == 0 and (found := _COMMIT.fullmatch(answer.stdout)):
        return found[1].decode()
    find_prefix(root)
    failures = [line for line in answer.stderr.splitlines() if line.startswith((b"fatal: ", b"error: "))]
    if answer.returncode and (not failures or any(not _NO_COMMIT.search(line) for line in failures)):
        message = f"git cannot read the commit {reference!r} in {root}: {_quote(answer)}"
        raise ProjectError(message, _advise(answer))
    if read_commit(root) is None:
        raise ProjectError(
            f"no commit is checked out in {root}, so --base has nothing to compare with",
            "commit first, or leave --base out",
        )
    raise ProjectError(f"git has no commit {reference!r} in {root}", _advise_on_name(root, reference))


def _advise_on_name(root: Path, reference: str) -> str:
    if not _NAME.match(reference):
        return "give a branch, a tag or a commit, such as  origin/main"
    if run_git(root, "rev-parse", "--is-shallow-repository").stdout == b"true\n":
        return "this clone is shallow, so fetch more:  git fetch --unshallow  (actions/checkout: fetch-depth)"
    return f"check the name; in a shallow clone:  git fetch --depth=1 origin {reference}"


def find_prefix(root: Path) -> str:
    """The folder `root` relative to the root of its repository: "", or with a slash at the end.

    Raises ProjectError if it is not in a working tree.
    """
    answer = run_git(root, "rev-parse", "--is-inside-work-tree", "--show-prefix")
    if is_outside(root, answer):
        message = f"{root} is not in a git repository, so --base has nothing to compare with"
        raise ProjectError(message, "leave --base out")
    inside, _, prefix = answer.stdout.partition(b"\n")
    if answer.returncode or inside != b"true":
        reason = _quote(answer) if answer.returncode else "the folder is not in its working tree"
        message = f"git cannot read the repository of {root}, so --base has nothing to compare with: {reason}"
        raise ProjectError(message, _advise(answer, "run this in the working tree, or leave --base out"))
    return os.fsdecode(prefix.removesuffix(b"\n"))


def is_outside(folder: Path, answer: subprocess.CompletedProcess[bytes]) -> bool:
    """Whether git found no repository at `folder` or above, and there really is none.

    Git says the same about a repository whose HEAD is damaged. An empty .git does not count.
    """
    real = folder.resolve()
    return _NO_REPOSITORY in answer.stderr and not any(
        _holds_anything(place / ".git") for place in (real, *real.parents)
    )


def _holds_anything(place: Path) -> bool:
    try:
        return any(place.iterdir()) if place.is_dir() else os.path.lexists(place)
    except PermissionError:
        return True


_FSCK = "check the repository:  git fsck"


def ask_git(root: Path, *words: str, settings: Sequence[str] = ()) -> bytes:
    """The output of git for `words`, run in `root` with these `settings`. Raises ProjectError if it fails."""
    answer = run_git(root, *settings, *words)
    if answer.returncode:
        raise fail(root, words[0], answer)
    return answer.stdout


def fail(root: Path, word: str, answer: subprocess.CompletedProcess[bytes], reason: str = "") -> ProjectError:
    """The error for a git command `word` that failed, with `reason` or git's own message."""
    return ProjectError(f"git {word} failed in {root}: {reason or _quote(answer)}", _advise(answer))


def misread(root: Path, word: str, answer: bytes) -> ProjectError:
    """The error for a git command `word` that succeeded with an `answer` in an unknown form."""
    shown = answer[:_LONGEST_MISREAD].decode(errors="backslashreplace")
    return ProjectError(
        f"cannot read the answer of git {word} in {root}: {shown!r}", "check which git runs:  git --version"
    )


def _quote(answer: subprocess.CompletedProcess[bytes]) -> str:
    """Git's message in one line; reports escape it."""
    lines = answer.stderr.decode(errors="backslashreplace").splitlines()
    lines = [re.sub("^(fatal|error|warning): ", "", line.strip()) for line in lines if not line.startswith("hint:")]
    text = "; ".join(line for line in lines if line).replace(":; ", ": ") or _describe_end(answer.returncode)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def _describe_end(code: int) -> str:
    if code == 0:
        return "its output cannot be read"
    return f"it was terminated by signal {-code}" if code < 0 else f"it printed nothing and exited with code {code}"


def _advise(answer: subprocess.CompletedProcess[bytes], otherwise: str = _FSCK) -> str:
    trusted = re.search(rb"safe\.directory (.+)$", answer.stderr, re.MULTILINE)
    if b"dubious ownership" in answer.stderr and trusted:
        return f"if you trust it:  git config --global --add safe.directory {os.fsdecode(trusted[1])}"
    if b"promisor remote" in answer.stderr:
        return "this clone is partial, so fetch what is missing:  git fetch --refetch --no-filter"
    return otherwise


def run_git(root: Path, *words: str, lines: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The result of git with `words`, run in `root` with `lines` as input.

    Raises GitMissing if it does not start, and ProjectError if it does not finish.
    """
    kept = {name: value for name, value in os.environ.items() if _is_kept(name, value)}
    try:
        return subprocess.run(  # noqa: S603 - words of a list, no shell
            ("git", *_GUARDED, "-C", str(root), *words),  # noqa: S607 - the user's own git
            capture_output=True,
            check=False,
            env=kept | _OVERRIDES,
            input=lines,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired as error:
        message = f"git {_find_command(words)} did not finish in {root} within {PATIENCE:g} seconds"
        raise ProjectError(message, f"see what it waits for:  git -C {quote(str(root))} status") from error
    except FileNotFoundError as error:
        raise GitMissing("git was not found", "install git") from error
    except OSError as error:
        raise GitMissing(
            f"git cannot be run: {error.strerror}", "check the installation of git:  git --version"
        ) from error


def _find_command(words: Sequence[str]) -> str:
    """The command among `words`, which may begin with settings: -c and its value."""
    return next((word for before, word in pairwise(("", *words)) if before != "-c" and not word.startswith("-")), "")


def _is_kept(name: str, value: str) -> bool:
    is_valid = name not in _SETTINGS or bool(re.fullmatch(_SETTINGS[name], value))
    return is_valid and name not in LOCAL_VARIABLES and not name.startswith("GIT_TRACE")


# The branch that this one will be merged into comes first: the branch's own upstream may already have its commits.
_UPSTREAM = "@{upstream}"
_TRUNKS = ("origin/HEAD", "origin/main", "origin/master", "main", "master", _UPSTREAM)


def is_in_repository(root: Path) -> bool:
    """Whether `root` is in a working tree of git, with or without a commit. Raises ProjectError if git fails."""
    answer = run_git(root, "rev-parse", "--is-inside-work-tree")
    if answer.returncode and not is_outside(root, answer):
        raise fail(root, "rev-parse", answer)
    return answer.stdout.strip() == b"true"


def find_fork(root: Path) -> tuple[str, str] | None:
    """The main branch, and the commit where what is checked out at `root` left it; None if either is not available.

    A shallow clone may lack that commit, or the main branch. Raises ProjectError if git fails.
    """
    for trunk in _TRUNKS:
        if run_git(root, "rev-parse", "--verify", "--quiet", f"{trunk}^{{commit}}").returncode:
            continue
        answer = run_git(root, "merge-base", "HEAD", trunk)
        # Its exit code is 1 if the two have no common commit here.
        if answer.returncode not in (0, 1):
            raise fail(root, "merge-base", answer)
        commit = answer.stdout.decode().strip()
        is_fork = commit and (trunk != _UPSTREAM or commit != read_commit(root))
        return (trunk, commit) if is_fork else None
    return None
