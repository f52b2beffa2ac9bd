"""What can go wrong, as a tree; `cli` alone turns it into a message and an exit code.

ReconcilerError
├── UsageError          the command line asks for something that cannot be
├── ProjectError        the project file is missing, or unreadable
├── PlanFileError       a saved plan is not one, was edited, or belongs elsewhere
├── FileError           a file could not be read or written
└── ServiceError        the service did not give what was asked
    ├── Unreachable     no answer: refused, reset, timed out
    ├── Unauthorized    no key, a wrong key, or one without the permission
    ├── Refused         an answer of 4xx, with the service's own text
    ├── Unavailable     an answer of 5xx or 429
    └── BadAnswer       an answer that is not what the service documents: no JSON, a short page, a redirect
"""

from __future__ import annotations

import errno


class ReconcilerError(Exception):
    """A failure with a way out: `message` says what happened and where, `fix` what to do now."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


class UsageError(ReconcilerError):
    """The command line asks for something that cannot be."""


class ProjectError(ReconcilerError):
    """The project file is missing, unreadable, or names no such environment."""


class PlanFileError(ReconcilerError):
    """A saved plan that is no plan, was changed after it was made, or was made for another environment."""


class FileError(ReconcilerError):
    """A file that could not be read or written."""


class ServiceError(ReconcilerError):
    """The service did not give what was asked; `answer` is what it answered, in words, "" where it did not."""

    answer: str = ""


class Unreachable(ServiceError):
    """No answer came: the connection was refused or reset, or the time ran out.

    What was asked may or may not have been done.
    """


class Unauthorized(ServiceError):
    """The key is missing, unknown, or lacks the permission (401 or 403)."""


class Rejected(ServiceError):
    """The service understood and said no (4xx); `status` and its own text are kept.

    `is_page` says that a page of HTML said so, which something on the way to the service may have sent.
    """

    def __init__(self, message: str, fix: str = "", *, status: int = 400, is_page: bool = False) -> None:
        super().__init__(message, fix)
        self.status = status
        self.is_page = is_page


class Unavailable(ServiceError):
    """The service could not answer now (429 or 5xx). What was asked may or may not have been done."""


class BadResponse(ServiceError):
    """An answer that the service's pages do not allow: no JSON, a short page, a redirect."""


# What each error of the file system says of its cause, by its name in `errno`: not every system has all of them.
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
    "ELOOP": "the links there lead in a circle, or are not followed: give the file itself",
    "EMFILE": "this process has too many files open: raise its limit (ulimit -n)",
    "ENFILE": "the system has too many files open: close other programs",
    "EIO": "the disk or network drive reports an error: try again, and check the drive if that does not help",
    "ESTALE": "the network drive has lost the file: try again, or mount the drive again",
    "ETIMEDOUT": "the network drive does not answer: look at the drive",
    "EBUSY": "another program is using it: close that, or use another path",
    "ETXTBSY": "another program is using it: close that, or use another path",
}
_BY_NUMBER = {getattr(errno, name): cause for name, cause in _CAUSES.items() if hasattr(errno, name)}


def advise_on(error: OSError) -> str:
    """What to do about an error of the file system, as far as its number says; else only where to look."""
    return _BY_NUMBER.get(error.errno or 0, "check the path, and what the system says about it")
