"""The output of a command: formats, files and colour, log messages and progress."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct

from reconciler.errors import FileError, UsageError
from reconciler.reports.terminal import Style, no_style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reconciler.reports.terminal import Styler

    Renderers = Mapping[str, Callable[[Styler], str]]

TEXT = "text"
# Seconds without output after which a user wonders whether the command hangs.
_SLOW_SECONDS = 1.0

_STYLES: Mapping[Style, Mapping[str, object]] = {
    Style.ERROR: {"fg": "red", "bold": True},
    Style.WARNING: {"fg": "yellow", "bold": True},
    Style.NOTE: {"fg": "cyan"},
    Style.CREATE: {"fg": "green", "bold": True},
    Style.UPDATE: {"fg": "yellow", "bold": True},
    Style.BLOCKED: {"fg": "red", "bold": True},
    Style.UNKNOWN: {"fg": "magenta", "bold": True},
    Style.UNCHANGED: {"dim": True},
    Style.DONE: {"fg": "green", "bold": True},
    Style.STALE: {"fg": "magenta", "bold": True},
    Style.FAILED: {"fg": "red", "bold": True},
    Style.NOT_TRIED: {"fg": "yellow"},
    Style.HEADING: {"bold": True},
    Style.NAME: {"bold": True},
    Style.PATH: {},
    Style.BEFORE: {"fg": "red"},
    Style.AFTER: {"fg": "green"},
    Style.RISK: {"fg": "yellow"},
    Style.PLACE: {"bold": True},
    Style.CODE: {"fg": "magenta"},
    Style.CARET: {"fg": "red", "bold": True},
    Style.FIX: {"fg": "cyan"},
    Style.FAINT: {"dim": True},
    Style.PLAIN: {},
}


class OutputTarget(Struct, frozen=True):
    """One output: a format, and the file it goes to; None is stdout."""

    format: str
    file: Path | None = None


class Output(Struct, frozen=True):
    """Where a command writes: results to stdout and files, log messages to stderr.

    `color` is auto, always or never.
    """

    targets: tuple[OutputTarget, ...] = (OutputTarget(TEXT),)
    color: str = "auto"
    is_quiet: bool = False
    is_verbose: bool = False

    @property
    def styler(self) -> Styler:
        """How text on stdout is styled, by `color`, NO_COLOR, FORCE_COLOR and the terminal."""
        return _apply_style if _wants_color(self.color) else no_style

    def render(self, renderers: Renderers) -> None:
        """Render and write each output; files first, so that a full disk is reported before stdout says success."""
        for target in sorted(self.targets, key=lambda target: target.file is None):
            if target.file is None:
                _set_encoding(target.format)
                self.write(renderers[target.format](self.styler if target.format == TEXT else no_style))
            else:
                # Imported here because most runs write to stdout only.
                from reconciler.cli.file_io import write_file

                write_file(target.file, renderers[target.format](no_style))

    def render_result(self, renderers: Renderers) -> None:
        """Write a result in each format that is on; to stderr if its target cannot be written.

        The user must learn what was done, so a full disk behind one output does not stop the others.
        """
        for target in sorted(self.targets, key=lambda target: target.file is None):
            if target.format not in renderers:
                continue
            try:
                self._with([target]).render(renderers)
            except FileError as error:
                _write_line(f"{error.message}\n{renderers[TEXT](no_style)}", sys.stderr)

    def without_text(self) -> Output:
        """The same output without text on stdout."""
        return self._with(target for target in self.targets if target.format != TEXT)

    def render_only(self, format_name: str, render: Callable[[Styler], str]) -> None:
        """Render and write the outputs of one format only."""
        self._with(target for target in self.targets if target.format == format_name).render({format_name: render})

    def _with(self, outputs: Iterable[OutputTarget]) -> Output:
        return Output(tuple(outputs), self.color, self.is_quiet, self.is_verbose)

    @property
    def shows_text(self) -> bool:
        """Whether text goes to stdout."""
        return OutputTarget(TEXT) in self.targets

    def write(self, text: str) -> None:
        """Write `text` to stdout. Raises FileError if the disk behind it is full."""
        _write_line(text, sys.stdout)

    def print_error(self, text: str) -> None:
        """Print what went wrong: on stdout if text goes there, else on stderr."""
        if self.shows_text:
            self.write(text)
        else:
            _write_line(text, sys.stderr)

    def log(self, text: str) -> None:
        """Print a message on stderr, unless --quiet."""
        if not self.is_quiet:
            _write_line(text, sys.stderr)

    @contextmanager
    def log_if_slow(self, text: str) -> Iterator[None]:
        """Print `text` on stderr if the block takes longer than a second."""
        from threading import Timer

        timer = Timer(_SLOW_SECONDS, self.log, (text,))
        # The process must not wait for a message that nobody needs any more.
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    @contextmanager
    def open_progress_bar(self, length: int, label: str) -> Iterator[Callable[[int], None] | None]:
        """A function that advances a bar on stderr; None if stderr is not a terminal, or with --quiet."""
        # A bar redraws its line, which in the log of a CI job would be thousands of lines.
        if self.is_quiet or not sys.stderr.isatty():
            yield None
            return
        import click

        with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
            yield bar.update

    @contextmanager
    def open_lines(self, target: OutputTarget, *, is_live: bool) -> Iterator[Callable[[str], object]]:
        """A function that writes lines to `target`: at once on stdout or if `is_live`, else at the end of the block.

        Raises FileError.
        """
        if target.file is None:
            _set_encoding(target.format)
            yield self.write
            return
        from reconciler.cli.file_io import open_atomic, open_unbuffered

        with open_unbuffered(target.file) if is_live else open_atomic(target.file) as write:
            yield write

    def log_verbose(self, text: str) -> None:
        """Print a message on stderr, only with --verbose."""
        if self.is_verbose:
            _write_line(text, sys.stderr)


def parse_outputs(texts: Sequence[str], formats: Sequence[str], *, is_quiet: bool) -> tuple[OutputTarget, ...]:
    """The outputs given by `--format FORMAT[=FILE]`.

    Text goes to stdout if no other format does, unless `is_quiet`. Raises UsageError for an unknown format, and if two
    outputs go to stdout or to the same file.
    """
    outputs = tuple(_parse_output(text, formats) for text in texts)
    files = [target.file for target in outputs]
    shared = next((file for file in files if files.count(file) > 1), files)
    if shared is not files:
        raise UsageError(f"two --format outputs go to {shared or 'stdout'}", "give each its own: --format FORMAT=FILE")
    # A format that goes only to files leaves stdout to the text that a person reads.
    if None in files or is_quiet:
        return outputs
    return (OutputTarget(TEXT), *outputs)


def _parse_output(text: str, formats: Sequence[str]) -> OutputTarget:
    name, equals, file = text.partition("=")
    if name not in formats:
        raise UsageError(f"unknown format {name!r}", f"write one of {', '.join(formats)}")
    if equals and file in ("", "-"):
        raise UsageError(f"--format {text} has no file", f"write --format {name}, or --format {name}=FILE")
    return OutputTarget(name, Path(file) if file else None)


def _set_encoding(format_name: str) -> None:
    """Set stdout to UTF-8 for all formats but text: programs cannot read JSON in the code page of a terminal."""
    if format_name != TEXT:
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]


def _wants_color(color: str) -> bool:
    if color != "auto":
        return color == "always"
    # Source: https://no-color.org and https://force-color.org.
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def _write_line(text: str, stream: TextIO) -> None:
    stream.write(text if text.endswith("\n") else f"{text}\n")
    stream.flush()


def _apply_style(text: str, style: Style) -> str:
    # Imported here because most runs of `validate` have nothing to style.
    import click

    return click.style(text, **_STYLES[style])  # type: ignore[arg-type]
