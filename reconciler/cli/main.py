"""The command line: finds the command, and turns what goes wrong into a message and an exit code."""

from __future__ import annotations

import errno
import gc
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from reconciler import __version__
from reconciler.cli.exits import Exit
from reconciler.errors import ReconcilerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

COMMANDS = ("init", "import", "validate", "plan", "show", "apply", "snapshot", "readings", "explain", "sandbox")
# A command whose name no module can have.
_MODULES = {"import": "import_channels"}


class _LazyGroup(click.Group):
    """A group that imports a command when it is called, so that none pays for the libraries of another."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if super().get_command(ctx, cmd_name) is None:
            return None
        command: click.Command = import_module(f"reconciler.cli.{_MODULES.get(cmd_name, cmd_name)}").command
        return command


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: Any) -> None:
    if wanted and not ctx.resilient_parsing:
        from reconciler.definitions.reader import PARSER

        click.echo(f"reconciler {__version__} (YAML: {PARSER})")
        ctx.exit()


@click.group(
    cls=_LazyGroup,
    commands={name: click.Command(name) for name in COMMANDS},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="The version."
)
def commands() -> None:
    """EnergyCAP ESA channels under git.

    YAML files say how channels should be set; `plan` shows what would change in EnergyCAP, `apply` changes it.
    """


def run() -> NoReturn:
    """Run the command that the process was started with, and exit. A traceback is for a bug, and then says so."""
    # What a command makes it keeps to its end: to look for garbage after every 700 things takes a tenth of a plan.
    gc.set_threshold(200_000)
    sys.excepthook = _explain_bug
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.exit(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        return int(commands.main(arguments, prog_name="reconciler", standalone_mode=False) or Exit.DONE)
    except click.exceptions.Abort:
        return _fail("interrupted", "", Exit.INTERRUPTED)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return Exit.USAGE
    except click.ClickException as error:
        return _fail(error.format_message(), _help_of(error), Exit.USAGE)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO):
            raise
        return _fail(f"cannot write the output: {error.strerror}", "make room, or send it elsewhere", Exit.FAILED)
    except ReconcilerError as error:
        return _fail(error.message, error.fix, Exit.USAGE if isinstance(error, UsageError) else Exit.FAILED)


def _fail(message: str, fix: str, code: Exit) -> int:
    click.echo(f"reconciler: {message}", err=True)
    if fix:
        click.echo(f"  fix: {fix}", err=True)
    return code


def _help_of(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{context.command_path} --help" if context else ""


def _explain_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    import traceback

    traceback.print_exception(kind, error, trace)
    click.echo(
        f"\nThis is a bug in reconciler {__version__}, not in your files. Please report it with the lines above.\n"
        "Where EnergyCAP stands now, `reconciler plan` says.",
        err=True,
    )
