"""Where the words go: which formats were asked for, into which files, in colour or not."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct

from reconciler.cli.files import open_live, open_whole, write_file
from reconciler.errors import FileError, UsageError
from reconciler.reports.terminal import Style, no_style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reconciler.reports.terminal import Styler

    Renderers = Mapping[str, Callable[[Styler], str]]

TEXT = "text"
# Seconds after which a user wonders what is going on.
_PATIENCE = 1.0

_STYLES: Mapping[Style, Mapping[str, object]] = {
    Style.ERROR: {"fg": "red", "bold": True},
    Style.WARNING: {"fg": "yellow", "bold": True},
    Style.NOTE: {"fg": "cyan"},
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


class Output(Struct, frozen=True):
    """One rendering that was asked for: a format, and the file it goes to; None is stdout."""

    format: str
    file: Path | None = None


class Screen(Struct, frozen=True):
    """What a command prints on: results to stdout and into files, remarks to stderr.

    `color` is auto, always or never.
    """

    outputs: tuple[Output, ...] = (Output(TEXT),)
    color: str = "auto"
    is_quiet: bool = False
    is_verbose: bool = False

    @property
    def styler(self) -> Styler:
        """How text on stdout is painted: as `color`, NO_COLOR, FORCE_COLOR and the terminal agree."""
        return _paint if _wants_color(self.color) else no_style

    def show(self, renderers: Renderers) -> None:
        """Render each output and write it; files first, so that a full disk is known before all is said to be well."""
        for output in sorted(self.outputs, key=lambda output: output.file is None):
            if output.file is None:
                _speak_as(output.format)
                self.write(renderers[output.format](self.styler if output.format == TEXT else no_style))
            else:
                write_file(output.file, renderers[output.format](no_style))

    def show_account(self, renderers: Renderers) -> None:
        """Show those of `renderers` that were asked for, each on its own; on stderr what has no room where it belongs.

        What was done must be known, so a full disk behind one output does not take the others along.
        """
        for output in sorted(self.outputs, key=lambda output: output.file is None):
            if output.format not in renderers:
                continue
            try:
                self._with([output]).show(renderers)
            except FileError as error:
                _put(f"{error.message}\n{renderers[TEXT](no_style)}", sys.stderr)

    def for_machines(self) -> Screen:
        """The same screen without its text."""
        return self._with(output for output in self.outputs if output.format != TEXT)

    def show_only(self, format_name: str, render: Callable[[Styler], str]) -> None:
        """Render the outputs of one format alone: what a command says beside its other formats."""
        self._with(output for output in self.outputs if output.format == format_name).show({format_name: render})

    def _with(self, outputs: Iterable[Output]) -> Screen:
        return Screen(tuple(outputs), self.color, self.is_quiet, self.is_verbose)

    @property
    def shows_text(self) -> bool:
        """Whether text was asked for on stdout."""
        return Output(TEXT) in self.outputs

    def write(self, text: str) -> None:
        """Put `text` on stdout. Raises FileError if it is full."""
        _put(text, sys.stdout)

    def complain(self, text: str) -> None:
        """Say what went wrong: on stdout among other text, on stderr where stdout is for machines or for nothing."""
        if self.shows_text:
            self.write(text)
        else:
            _put(text, sys.stderr)

    def remark(self, text: str) -> None:
        """Say something on stderr that is no part of what was asked for."""
        if not self.is_quiet:
            _put(text, sys.stderr)

    @contextmanager
    def remark_slow(self, text: str) -> Iterator[None]:
        """Say on stderr what is going on, where the block takes longer than a second."""
        from threading import Timer

        timer = Timer(_PATIENCE, self.remark, (text,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    @contextmanager
    def open_bar(self, length: int, label: str) -> Iterator[Callable[[int], None] | None]:
        """A function that moves a bar on stderr on; None where stderr is no terminal, or nothing is said."""
        if self.is_quiet or not sys.stderr.isatty():
            yield None
            return
        import click

        with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
            yield bar.update

    @contextmanager
    def open_lines(self, output: Output, *, is_live: bool) -> Iterator[Callable[[str], object]]:
        """A function that puts lines where `output` goes: on stdout and if `is_live` at once, else whole at the end.

        Raises FileError.
        """
        if output.file is None:
            _speak_as(output.format)
            yield self.write
            return
        with open_live(output.file) if is_live else open_whole(output.file) as write:
            yield write

    def remark_more(self, text: str) -> None:
        """Say on stderr what only `--verbose` wants to know."""
        if self.is_verbose:
            _put(text, sys.stderr)


def parse_outputs(texts: Sequence[str], formats: Sequence[str], *, is_quiet: bool) -> tuple[Output, ...]:
    """The outputs that `--format FORMAT[=FILE]` asks for.

    Text goes to stdout where no other format does, unless `is_quiet`. Raises UsageError for an unknown format, and
    where two outputs would share stdout or a file.
    """
    outputs = tuple(_parse_output(text, formats) for text in texts)
    targets = [output.file for output in outputs]
    shared = next((target for target in targets if targets.count(target) > 1), targets)
    if shared is not targets:
        raise UsageError(f"two --format outputs go to {shared or 'stdout'}", "give each its own: --format FORMAT=FILE")
    if None in targets or is_quiet:
        return outputs
    return (Output(TEXT), *outputs)


def _parse_output(text: str, formats: Sequence[str]) -> Output:
    name, equals, file = text.partition("=")
    if name not in formats:
        raise UsageError(f"unknown format {name!r}", f"write one of {', '.join(formats)}")
    if equals and file in ("", "-"):
        raise UsageError(f"--format {text} names no file", f"write --format {name}, or --format {name}=FILE")
    return Output(name, Path(file) if file else None)


def _speak_as(format_name: str) -> None:
    """Let stdout be UTF-8 for all but text: JSON and XML in the code page of a terminal could not be read."""
    if format_name != TEXT:
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]


def _wants_color(color: str) -> bool:
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def _put(text: str, stream: TextIO) -> None:
    stream.write(text if text.endswith("\n") else f"{text}\n")
    stream.flush()


def _paint(text: str, style: Style) -> str:
    # Imported here, as most runs of `validate` have nothing to style.
    import click

    return click.style(text, **_STYLES[style])  # type: ignore[arg-type]
