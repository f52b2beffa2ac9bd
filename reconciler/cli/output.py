"""Where the words go: which formats were asked for, into which files, in colour or not."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.errors import FileError, UsageError
from reconciler.reports.paint import Style, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.reports.paint import Paint

    Renderers = Mapping[str, Callable[[Paint], str]]

TEXT = "text"

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


@dataclass(frozen=True, slots=True)
class Output:
    """One rendering that was asked for: a format, and the file it goes to; None is stdout."""

    format: str
    file: Path | None = None


def parse_outputs(texts: Sequence[str], formats: Sequence[str], *, quiet: bool = False) -> tuple[Output, ...]:
    """The outputs that `--format FORMAT[=FILE]` asks for.

    Text goes to stdout where no other format does, unless `quiet`. Raises UsageError for an unknown format, and where
    two outputs would share stdout or a file.
    """
    outputs = tuple(_parse_output(text, formats) for text in texts)
    targets = [output.file for output in outputs]
    if len(set(targets)) < len(targets):
        shared = next(target for target in targets if targets.count(target) > 1)
        raise UsageError(f"two --format outputs go to {shared or 'stdout'}", "give each its own: --format FORMAT=FILE")
    if None in targets or quiet:
        return outputs
    return (Output(TEXT), *outputs)


def write_outputs(outputs: Sequence[Output], renderers: Renderers, color: str) -> None:
    """Render each output and write it; files first, so that a full disk is known before the terminal says all is well."""
    for output in sorted(outputs, key=lambda output: output.file is None):
        if output.file is None:
            write(renderers[output.format](paint_for(color, output.format)))
        else:
            write_file(output.file, renderers[output.format](plain))


def write(text: str) -> None:
    """Put `text` on stdout; a reader that has left (`| head`) is no error."""
    with contextlib.suppress(BrokenPipeError):
        click.echo(text, nl=not text.endswith("\n"), color=True)
        return
    # The interpreter flushes stdout once more at exit; give it something that takes it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_file(path: Path, text: str) -> None:
    """Write `text` to `path` whole or not at all; raises FileError.

    What is no ordinary file, such as /dev/stdout or a pipe, is written to directly.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
        else:
            _replace_file(path, text)
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror}", "give another file, or make room") from error


def paint_for(color: str, format_name: str = TEXT) -> Paint:
    """How text is painted: only text, and only where `color`, NO_COLOR, FORCE_COLOR and the terminal agree."""
    return _paint if format_name == TEXT and _wants_color(color) else plain


def remark(text: str, *, quiet: bool = False) -> None:
    """Say something on stderr that is no part of what was asked for."""
    if not quiet:
        click.echo(text, err=True)


def _parse_output(text: str, formats: Sequence[str]) -> Output:
    name, equals, file = text.partition("=")
    if name not in formats:
        raise UsageError(f"unknown format {name!r}", f"write one of {', '.join(formats)}")
    if equals and not file:
        raise UsageError(f"--format {text} names no file", f"write --format {name}, or --format {name}=FILE")
    return Output(name, Path(file) if file else None)


def _replace_file(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _wants_color(color: str) -> bool:
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


def _paint(text: str, style: Style) -> str:
    return click.style(text, **_STYLES[style])  # type: ignore[arg-type]
