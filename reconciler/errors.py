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


class Refused(ServiceError):
    """The service understood and said no (4xx); `status` and its own text are kept."""

    def __init__(self, message: str, fix: str = "", *, status: int = 400) -> None:
        super().__init__(message, fix)
        self.status = status


class Unavailable(ServiceError):
    """The service could not answer now (429 or 5xx). What was asked may or may not have been done."""


class BadAnswer(ServiceError):
    """An answer that the service's pages do not allow: no JSON, a short page, a redirect."""
