"""The options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

Command = TypeVar("Command", bound="Callable[..., Any]")

environment_option = click.option(
    "-e", "--environment", metavar="NAME", help="The environment of reconciler.yaml; its default where left out."
)
only_option = click.option(
    "--only",
    multiple=True,
    metavar="GLOB",
    help="Only channels whose name matches, with what they depend on. Repeatable.",
)
color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="When to use colour.",
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="No remarks and no text; other formats still come.")
verbose_option = click.option("-v", "--verbose", is_flag=True, help="More remarks on stderr.")


def format_option(formats: tuple[str, ...]) -> Callable[[Command], Command]:
    """The repeatable `--format FORMAT[=FILE]` of a command that knows `formats`."""
    return click.option(
        "--format",
        "outputs",
        multiple=True,
        metavar="FORMAT[=FILE]",
        help=f"One of {', '.join(formats)}; to stdout, or to FILE. Repeatable.",
    )
