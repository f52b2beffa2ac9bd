"""stdin, stdout and stderr in any state: closed, full, or with a reader that leaves."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from reconciler.errors import FileError, advise_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
