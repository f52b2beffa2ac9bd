"""The command line as click sees it: the group of commands, each loaded when called, and the options they share."""

from __future__ import annotations

from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from reconciler import __version__
from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.output import Output, parse_outputs
from reconciler.errors import UsageError
from reconciler.reports.markdown_budget import BUDGET

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Command = Callable[..., ExitCode]


# The formats of a plan.
PLAN_FORMATS = ("text", "markdown", "html", "json", "gitlab-terraform")


class OutputPath(click.Path):
    """A file to write."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, readable=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Raises UsageError for `-`: other tools mean stdout by it, which only --format writes to here."""
        if value == "-":
            raise UsageError("- is not a file name here", "give a file; for stdout use --format, as in  --format json")
        return super().convert(value, param, ctx)


class Scope(Struct, frozen=True):
    """What a command works on.

    The name of an environment (None: the default), patterns of channel names, and the git reference that distinguishes
    changes of the files from drift (None: no distinction).
    """

    environment: str | None
    only: tuple[str, ...]
    base: str | None


environment_option = click.option(
    "-e", "--environment", metavar="NAME", help="The environment of reconciler.yaml to use, if not its default."
)


def snapshot_option(verb: str) -> Callable[[Command], Command]:
    """The option --snapshot of a command that `verb` describes."""
    return click.option(
        "--snapshot",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=f"{verb} this snapshot, offline and without a key.",
    )


def scope_options(command: Command) -> Command:
    """Give `command` the options --environment, --only and --base, as one `scope`."""

    @environment_option
    @click.option(
        "--only",
        multiple=True,
        metavar="GLOB",
        help="Only channels whose name matches, with what they depend on. Repeatable.",
    )
    @click.option("--base", metavar="GITREF", help="Distinguish changes of the files since GITREF from drift.")
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
        @click.option("-q", "--quiet", is_flag=True, help="No messages and no text; other formats are still written.")
        @click.option("-v", "--verbose", is_flag=True, help="More messages on stderr.")
        @wraps(command)
        def with_output(*, outputs: tuple[str, ...], color: str, quiet: bool, verbose: bool, **rest: Any) -> ExitCode:
            output = Output(parse_outputs(outputs, formats, is_quiet=quiet), color, quiet, verbose)
            return command(output=output, **rest)

        return with_output

    return decorate


class View(Struct, frozen=True):
    """How much of a plan is shown: `budget` is the maximum size of its Markdown in bytes."""

    shows_unchanged: bool = False
    budget: int = BUDGET


def view_options(command: Command) -> Command:
    """Give `command` the options --show-unchanged and --markdown-budget, as one `view`."""

    @click.option("--show-unchanged", is_flag=True, help="Also list the channels that need no change.")
    @click.option(
        "--markdown-budget",
        type=click.IntRange(4096),
        default=BUDGET,
        show_default=True,
        metavar="BYTES",
        help="The maximum size of the Markdown: a comment takes 65,536 characters, a step summary 1,048,576.",
    )
    @wraps(command)
    def with_view(*, show_unchanged: bool, markdown_budget: int, **rest: Any) -> ExitCode:
        return command(view=View(show_unchanged, markdown_budget), **rest)

    return with_view


COMMANDS = ("init", "import", "validate", "plan", "show", "apply", "snapshot", "readings", "explain", "sandbox")
# `import` is a keyword, so no module can have this name.
_MODULES = {"import": "import_channels"}


class _LazyGroup(click.Group):
    """A group that imports a command when it is called, because each needs other libraries."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if super().get_command(ctx, cmd_name) is None:
            return None
        command: click.Command = import_module(f"reconciler.cli.{_MODULES.get(cmd_name, cmd_name)}").command
        return command


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: Any) -> None:
    if wanted and not ctx.resilient_parsing:
        from reconciler.definitions.yaml_syntax import PARSER

        click.echo(f"reconciler {__version__} (YAML: {PARSER})")
        ctx.exit()


# Names that other tools use for the same option.
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

    YAML files define how channels should be set. `plan` shows what would change in EnergyCAP, and `apply` changes it.
    """


def call(arguments: Sequence[str] | None = None) -> ExitCode:
    """Run the command that `arguments` name; None takes the arguments of the process.

    Raises UsageError for arguments that no command takes, and KeyboardInterrupt if the user aborts a question.
    """
    try:
        return ExitCode(commands.main(arguments, prog_name="reconciler", standalone_mode=False) or ExitCode.DONE)
    except click.exceptions.Abort as error:
        raise KeyboardInterrupt from error
    # The message of this error is the help text.
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
    """The options that the user may have meant by one that does not exist.

    click compares names with their hyphens, which all options share, and so suggests --resume for --yes.
    """
    # Imported here because a run that succeeds does not need it.
    from reconciler.planning.messages import suggest

    parameters = error.ctx.command.params if error.ctx else ()
    names = [option[2:] for parameter in parameters for option in parameter.opts if option.startswith("--")]
    wanted = error.option_name.lstrip("-")
    meant = _SYNONYMS.get(wanted, wanted)
    begun = tuple(name for name in names if meant and name.startswith(meant))
    return [f"--{name}" for name in begun or suggest(wanted, names)]


def _help_of(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{context.command_path if context else 'reconciler'} --help"
