"""The options that several commands share, gathered into the record each of them takes."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from reconciler.cli.screen import Output, parse_outputs
from reconciler.errors import UsageError

# The size of a plan's Markdown in bytes. Source: a comment on GitHub takes 65,536 characters; there is some to spare.
MARKDOWN_BUDGET = 60_000
# What a plan can be printed as.
PLAN_FORMATS = ("text", "markdown", "html", "json", "gitlab-terraform")

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.cli.exits import ExitCode

    Command = Callable[..., ExitCode]


class OutputPath(click.Path):
    """A file to be written."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, readable=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Raises UsageError for `-`, which others take for stdout: that is for what --format asks for."""
        if value == "-":
            raise UsageError("no file is called -", "give a file; for stdout there is --format, as in  --format json")
        return super().convert(value, param, ctx)


class Scope(Struct, frozen=True):
    """What a command is about.

    An environment by its name (None: the default one), patterns of channel names, and the git reference to tell this
    change from drift (None: they are not told apart).
    """

    environment: str | None
    only: tuple[str, ...]
    base: str | None


def scope_options(command: Command) -> Command:
    """Give `command` the options --environment, --only and --base, as one `scope`."""

    @click.option(
        "-e", "--environment", metavar="NAME", help="The environment of reconciler.yaml; its default where left out."
    )
    @click.option(
        "--only",
        multiple=True,
        metavar="GLOB",
        help="Only channels whose name matches, with what they depend on. Repeatable.",
    )
    @click.option("--base", metavar="GITREF", help="Tell what the files change since GITREF from drift.")
    @wraps(command)
    def with_scope(*, environment: str | None, only: tuple[str, ...], base: str | None, **rest: Any) -> ExitCode:
        return command(scope=Scope(environment, only, base), **rest)

    return with_scope


def output_options(*formats: str) -> Callable[[Command], Command]:
    """Give a command the options --format (one of `formats`), --color, --quiet and --verbose, as one `output`."""

    def decorate(command: Command) -> Command:
        @click.option(
            "--format",
            "outputs",
            multiple=True,
            metavar="FORMAT[=FILE]",
            help=f"One of {', '.join(formats)}; to stdout, or to FILE. Repeatable.",
        )
        @click.option(
            "--color",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            show_default=True,
            help="When to use colour.",
        )
        @click.option("-q", "--quiet", is_flag=True, help="No remarks and no text; other formats still come.")
        @click.option("-v", "--verbose", is_flag=True, help="More remarks on stderr.")
        @wraps(command)
        def with_output(*, outputs: tuple[str, ...], color: str, quiet: bool, verbose: bool, **rest: Any) -> ExitCode:
            output = Output(parse_outputs(outputs, formats, is_quiet=quiet), color, quiet, verbose)
            return command(output=output, **rest)

        return with_output

    return decorate


class View(Struct, frozen=True):
    """How much of a plan is shown: `budget` is the size of its Markdown in bytes."""

    shows_unchanged: bool = False
    budget: int = MARKDOWN_BUDGET


def view_options(command: Command) -> Command:
    """Give `command` the options --show-unchanged and --markdown-budget, as one `view`."""

    @click.option("--show-unchanged", is_flag=True, help="List the channels that need no change, too.")
    @click.option(
        "--markdown-budget",
        type=click.IntRange(4096),
        default=MARKDOWN_BUDGET,
        show_default=True,
        metavar="BYTES",
        help="How large the Markdown may be: a comment takes 65,536 characters, a step summary 1,048,576.",
    )
    @wraps(command)
    def with_view(*, show_unchanged: bool, markdown_budget: int, **rest: Any) -> ExitCode:
        return command(view=View(show_unchanged, markdown_budget), **rest)

    return with_view
