"""The command line: starts a command, and turns what goes wrong into a message and an exit code."""

from __future__ import annotations

import errno
import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from reconciler import __version__
from reconciler.cli.exits import ExitCode
from reconciler.cli.streams import open_streams
from reconciler.errors import ReconcilerError, UsageError, advise_on
from reconciler.masking import hide_streams, hiding_keys

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType


# What a disk says that is full, at its quota or at a limit of the process, or broken.
_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
# What a file system says of a path that it does not take or give: of the user's machine, so not a bug.
_PATH_ERRORS = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.ESTALE),
    *(errno.EMFILE, errno.ENFILE, errno.ENOTCONN, errno.ETIMEDOUT),
)


def run() -> NoReturn:
    """Run the command that the process was started with, and exit. A traceback is for a bug, and then says so."""
    # What a command makes it keeps to its end: to look for garbage after every 700 things takes a tenth of a plan.
    gc.set_threshold(1_000_000)
    sys.excepthook = _explain_bug
    if not _is_validate_without_options(sys.argv[1:]):
        from reconciler.cli.interrupts import end_on_signals

        end_on_signals()
    open_streams()
    # To the end of the process, for the traceback of a bug comes last.
    hide_streams(os.environ)
    code = _run(None)
    # All is said, flushed and closed. After an interrupt, threads may still wait for answers that nobody wants; else
    # none is left, and to take the modules down one by one would be a sixth of the time that a hook takes.
    os._exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, that of the process where there are no `arguments`, and return its exit code."""
    with hiding_keys(os.environ):
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        return _call(arguments)
    except KeyboardInterrupt:
        return _fail("interrupted", "", ExitCode.INTERRUPTED)
    except OSError as error:
        if _is_folder_gone():
            return _fail(
                "the folder you are in no longer exists", "change into one that does:  cd FOLDER", ExitCode.FAILED
            )
        if not (error.errno in _DISK_ERRORS or (error.filename and error.errno in _PATH_ERRORS)):
            raise
        what = f"cannot use {error.filename}" if error.filename else "cannot write the output"
        return _fail(f"{what}: {error.strerror}", advise_on(error), ExitCode.FAILED)
    except ReconcilerError as error:
        return _fail(error.message, error.fix, ExitCode.USAGE if isinstance(error, UsageError) else ExitCode.FAILED)


def _is_folder_gone() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def _call(arguments: Sequence[str] | None) -> ExitCode:
    given = sys.argv[1:] if arguments is None else arguments
    if _is_validate_without_options(given):
        from reconciler.cli.screen import Output
        from reconciler.cli.validating import validate

        return validate(Output(), [Path(path) for path in given[1:]])
    from reconciler.cli.commands import call

    return call(arguments)


def _is_validate_without_options(arguments: Sequence[str]) -> bool:
    """Whether this is `validate` without options, as a hook calls it: nothing that a parser would be needed for.

    click takes a quarter of the time of such a call. On Windows it also expands patterns in PATHS.
    """
    names_only = not any(argument.startswith("-") for argument in arguments)
    return tuple(arguments[:1]) == ("validate",) and names_only and sys.platform != "win32"


def _fail(message: str, fix: str, code: ExitCode) -> int:
    # Imported here, as a run that succeeds does not need it. A message may quote a file or the service.
    from reconciler.reports.escaping import escape_text

    lines = (f"reconciler: {message}", *([f"  fix: {fix}"] if fix else []))
    sys.stderr.write("".join(f"{escape_text(line)}\n" for line in lines))
    sys.stderr.flush()
    return code


def _explain_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    import traceback

    traceback.print_exception(kind, error, trace)
    sys.stderr.write(
        f"\nThis is a bug in reconciler {__version__}, not in your files. Please report it with the lines above.\n"
        "Where EnergyCAP stands now, `reconciler plan` says.\n"
    )
