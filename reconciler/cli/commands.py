"""All commands as click sees them, and what it says of a command line that none of them understands."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from reconciler import __version__
from reconciler.cli.exits import ExitCode
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

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


# What the same is called by other tools.
_SYNONYMS = {"yes": "auto-approve", "y": "auto-approve"}


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


def call(arguments: Sequence[str] | None = None) -> ExitCode:
    """Run the command that `arguments` ask for, those of the process where there are none.

    Raises UsageError for arguments that no command takes, and KeyboardInterrupt where the user has had enough.
    """
    try:
        return ExitCode(commands.main(arguments, prog_name="reconciler", standalone_mode=False) or ExitCode.DONE)
    except click.exceptions.Abort as error:
        raise KeyboardInterrupt from error
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return ExitCode.USAGE
    except click.NoSuchOption as error:
        near = " or ".join(map(repr, _find_options(error)))
        hint = f" Did you mean {near}?" if near else ""
        raise UsageError(f"{error.message}{hint}", _help_of(error)) from error
    except click.ClickException as error:
        raise UsageError(error.format_message(), _help_of(error)) from error


def _find_options(error: click.NoSuchOption) -> list[str]:
    """The options that one that does not exist may stand for.

    click compares them with their hyphens, which all of them have in common, and so takes --yes for --resume.
    """
    # Imported here, as a run that succeeds does not need it.
    from reconciler.planning.messages import find_near

    parameters = error.ctx.command.params if error.ctx else ()
    names = [option[2:] for parameter in parameters for option in parameter.opts if option.startswith("--")]
    wanted = error.option_name.lstrip("-")
    meant = _SYNONYMS.get(wanted, wanted)
    begun = tuple(name for name in names if meant and name.startswith(meant))
    return [f"--{name}" for name in begun or find_near(wanted, names)]


def _help_of(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{context.command_path if context else 'reconciler'} --help"
