"""The entry point: runs a command, and turns errors into a message and an exit code."""

from __future__ import annotations

import errno
import gc
import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO, cast

from reconciler import __version__
from reconciler.cli.exit_codes import ExitCode
from reconciler.errors import FileError, ReconcilerError, UsageError, advise_on
from reconciler.masking import hide_streams, hiding_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
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
        from reconciler.cli.signals import end_on_signals

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
        from reconciler.cli.output import Output
        from reconciler.cli.validation import validate

        return validate(Output(), [Path(path) for path in given[1:]])
    from reconciler.cli.command_line import call

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


def open_streams() -> None:
    """Let stdout and stderr take any text, and let no stream decide what a command does.

    If stderr cannot be written, what is said there is lost and the command continues. A reader of stdout that leaves
    (`| head`) is not an error; a full disk behind stdout is a FileError. If the process was started with a stream
    closed, its descriptor leads to the null device, so that no file of ours takes its number.
    """
    _fill_descriptors()
    sys.stdin = sys.stdin or Path(os.devnull).open()  # noqa: SIM115 - to the end
    # What comes in is read as files are, whatever the code page of the terminal.
    sys.stdin.reconfigure(encoding="utf-8", errors="strict")  # type: ignore[union-attr]
    sys.stdout = _make_safe(sys.stdout, _raise_file_error)
    sys.stderr = _make_safe(sys.stderr, _ignore)


def _fill_descriptors() -> None:
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)


def _open_null() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _make_safe(stream: TextIO | None, on_error: Callable[[OSError], None]) -> TextIO:
    known = stream or _open_null()
    known.reconfigure(errors="backslashreplace")  # type: ignore[attr-defined]
    # A terminal shared with a program that does not wait for it would lose what does not fit at once.
    with suppress(OSError):
        os.set_blocking(known.fileno(), True)
    return cast("TextIO", _SafeStream(known, on_error))


def _ignore(_error: OSError) -> None:
    """Say nothing: stderr is where it would be said."""


def _raise_file_error(error: OSError) -> None:
    if not isinstance(error, BrokenPipeError):
        raise FileError(f"cannot write to stdout: {error.strerror}", advise_on(error)) from error


class _SafeStream:
    """A stream of text that leads nowhere once it could not be written; `on_error` is told then, and from then on."""

    def __init__(self, stream: TextIO, on_error: Callable[[OSError], None]) -> None:
        self._stream = stream
        self._on_error = on_error
        self._error: OSError | None = None

    def write(self, text: str) -> int:
        with self._giving_up():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._giving_up():
            self._stream.flush()

    @contextmanager
    def _giving_up(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            # What the old stream still holds is dropped with it: nobody flushes it again.
            self._stream, self._error = _open_null(), error
        if self._error is not None:
            self._on_error(self._error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
