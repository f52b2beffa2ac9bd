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


# A disk that is full, at its quota or at a limit of the process, or broken.
_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
# A path that the file system refuses: a matter of the user's machine, not a bug.
_PATH_ERRORS = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.ESTALE),
    *(errno.EMFILE, errno.ENFILE, errno.ENOTCONN, errno.ETIMEDOUT),
)


def run() -> NoReturn:
    """Run the command of this process, and exit. Only a bug gives a traceback, and the message says so."""
    # A command keeps its objects to the end, and collecting garbage every 700 of them takes a tenth of a plan.
    gc.set_threshold(1_000_000)
    sys.excepthook = _explain_bug
    if not _is_validate_without_options(sys.argv[1:]):
        from reconciler.cli.signals import end_on_signals

        end_on_signals()
    open_streams()
    # Until the process ends, because the traceback of a bug is written last.
    hide_streams(os.environ)
    code = _run(None)
    # All output is flushed and closed. A normal exit would wait for threads after an interrupt, and unload modules one
    # by one, which takes a sixth of the time of a hook.
    os._exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` name, and return its exit code; None takes the arguments of the process."""
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
                "the folder you are in no longer exists", "change to one that exists:  cd FOLDER", ExitCode.FAILED
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
        _import_msgspec()
        from reconciler.cli.output import Output
        from reconciler.cli.validation import validate

        return validate(Output(), [Path(path) for path in given[1:]])
    from reconciler.cli.command_line import call

    return call(arguments)


def _import_msgspec() -> None:
    """Import msgspec without typing_extensions, which it imports if it is installed but does not need.

    With it comes `inspect`: together they would take a sixth of the time of a hook.
    """
    if "typing_extensions" in sys.modules:
        return
    # An import of None fails. Source: Python's language reference, "The module cache".
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]
    # A later msgspec may need it: then this import fails, and a later one, without the block, does not.
    with suppress(ImportError):
        import msgspec  # noqa: F401
    del sys.modules["typing_extensions"]


def _is_validate_without_options(arguments: Sequence[str]) -> bool:
    """Whether this is `validate` without options, as a hook calls it, which needs no parser.

    click would take a quarter of the time of such a call. On Windows it is needed to expand patterns in PATHS.
    """
    names_only = not any(argument.startswith("-") for argument in arguments)
    return tuple(arguments[:1]) == ("validate",) and names_only and sys.platform != "win32"


def _fail(message: str, fix: str, code: ExitCode) -> int:
    # Imported here because a run that succeeds does not need it. A message may quote a file or the service.
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
        "To see the state of EnergyCAP now:  reconciler plan\n"
    )


def open_streams() -> None:
    """Let stdout and stderr take any text, and keep commands independent of the state of the streams.

    If stderr cannot be written, its messages are lost and the command continues. A reader of stdout that leaves
    (`| head`) is not an error; a full disk behind stdout is a FileError. If the process was started with a closed
    stream, its descriptor is opened on the null device, so that no other file gets its number.
    """
    _fill_descriptors()
    sys.stdin = sys.stdin or Path(os.devnull).open()  # noqa: SIM115 - open until the process ends
    # stdin is UTF-8 like files, whatever the code page of the terminal.
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
    # A non-blocking terminal, set so by another program, would lose what does not fit at once.
    with suppress(OSError):
        os.set_blocking(known.fileno(), True)
    return cast("TextIO", _SafeStream(known, on_error))


def _ignore(_error: OSError) -> None:
    """Do nothing: the message would go to stderr too."""


def _raise_file_error(error: OSError) -> None:
    if not isinstance(error, BrokenPipeError):
        raise FileError(f"cannot write to stdout: {error.strerror}", advise_on(error)) from error


class _SafeStream:
    """A text stream that discards output after a failed write; `on_error` gets the error for that and later writes."""

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
            # Text still buffered in the old stream is dropped: nothing flushes it again.
            self._stream, self._error = _open_null(), error
        if self._error is not None:
            self._on_error(self._error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
