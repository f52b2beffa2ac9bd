"""What can go wrong, as a tree; `cli` alone turns it into a message and an exit code.

ReconcilerError
├── UsageError          the command line asks for something impossible
├── ProjectError        the project file is missing, or unreadable
├── PlanFileError       a saved plan is not a plan, was edited, or is for another environment
├── FileError           a file could not be read or written
└── ServiceError        the service did not answer a request as it should
    ├── Unreachable     no answer: refused, reset, timed out
    ├── Unauthorized    no key, a wrong key, or one without the permission
    ├── Rejected        an answer of 4xx, with the service's own text
    ├── Unavailable     an answer of 5xx or 429
    └── BadResponse     an answer that is not as documented: not JSON, a short page, a redirect
"""

from __future__ import annotations

import errno


class ReconcilerError(Exception):
    """A failure: `message` says what happened and where, `fix` what to do now."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


class UsageError(ReconcilerError):
    """The command line asks for something impossible."""


class ProjectError(ReconcilerError):
    """The project file is missing, unreadable, or names no such environment."""


class PlanFileError(ReconcilerError):
    """A saved plan that is not a plan, was changed after it was made, or was made for another environment."""


class FileError(ReconcilerError):
    """A file that could not be read or written."""


class ServiceError(ReconcilerError):
    """The service did not answer a request as it should; `answer` is its answer in words, "" if there was none."""

    answer: str = ""


class Unreachable(ServiceError):
    """No answer came: the connection was refused or reset, or the time ran out.

    The request may or may not have been carried out.
    """


class Unauthorized(ServiceError):
    """The key is missing, unknown, or lacks the permission (401 or 403)."""


class Rejected(ServiceError):
    """The service refused the request (4xx); `status` and its own text are kept.

    `is_page` says that the answer was a page of HTML, which a proxy between here and the service may have sent.
    """

    def __init__(self, message: str, fix: str = "", *, status: int = 400, is_page: bool = False) -> None:
        super().__init__(message, fix)
        self.status = status
        self.is_page = is_page


class Unavailable(ServiceError):
    """The service could not answer now. After 429 the request was not carried out; after 5xx it may have been."""


class BadResponse(ServiceError):
    """An answer that is not as documented: not JSON, a short page, a redirect."""


# The cause and the fix of each file system error, by its name in `errno`, because not every system has all of them.
_CAUSES = {
    "ENOENT": "the path, or a part of it, does not exist: check its spelling, and the folder you are in",
    "EACCES": "the system forbids it: look at the permissions and the owner of the file and of its folders",
    "EPERM": "the system forbids it: look at the permissions and the owner of the file and of its folders",
    "EROFS": "the file system is read-only: use a path on another one",
    "ENOSPC": "make room on that disk, or use a path on another one",
    "EDQUOT": "your quota there is used up: make room, or use a path elsewhere",
    "EFBIG": "the file would be larger than the file system or a limit of this process (ulimit -f) allows",
    "EEXIST": "a file has the name of a folder that is needed here: rename it, or use another path",
    "EISDIR": "it is a folder: give a file",
    "ENOTDIR": "a part of the path is a file, not a folder: check the path",
    "ENAMETOOLONG": "the name is too long for this file system: use a shorter one",
    "ELOOP": "the symbolic links there form a loop, or are not followed: give the file itself",
    "EMFILE": "this process has too many files open: raise its limit (ulimit -n)",
    "ENFILE": "the system has too many files open: close other programs",
    "EIO": "the disk or network drive reports an error: try again, and check the drive if that does not help",
    "ESTALE": "the network drive has lost the file: try again, or mount the drive again",
    "ETIMEDOUT": "the network drive does not answer: check the drive",
    "EBUSY": "another program is using it: close that, or use another path",
    "ETXTBSY": "another program is using it: close that, or use another path",
}
_BY_NUMBER = {getattr(errno, name): cause for name, cause in _CAUSES.items() if hasattr(errno, name)}


def advise_on(error: OSError) -> str:
    """What to do about a file system error, or where to look if its number is unknown."""
    return _BY_NUMBER.get(error.errno or 0, "check the path, and what the system says about it")
