"""`reconciler sandbox`: the emulated service, for trying out and rehearsing; only this module imports it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler import sandbox
from reconciler.cli.command_line import OutputPath
from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.file_io import write_file
from reconciler.cli.output import Output
from reconciler.cli.paths import DATABASE, OTHER_DATABASES, refuse_overlaps
from reconciler.definitions.discovery import check_inside
from reconciler.definitions.project_file import find_root
from reconciler.errors import FileError, ProjectError, UsageError, advise_on

if TYPE_CHECKING:
    from collections.abc import Iterator

database_option = click.option(
    "--db",
    "database",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The SQLite file of the sandbox; by default .reconciler/sandbox.sqlite3 of the project.",
)
world_option = click.option(
    "--world",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Reset to this world first: a file written by `snapshot` or `sandbox generate`.",
)


@click.group("sandbox")
def command() -> None:
    """An emulated EnergyCAP: no account, no key, no network."""


@command.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="P", help="By default a free port.")
@world_option
@database_option
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting for what the vendor leaves open. Repeatable.",
)
@click.option("--fault", "faults", multiple=True, metavar="SPEC", help="A fault to inject, and when. Repeatable.")
def serve(
    port: int, world: Path | None, database: Path | None, settings: tuple[str, ...], faults: tuple[str, ...]
) -> ExitCode:
    """Serve the sandbox on a loopback port until Ctrl-C.

    Any client can use it, with the key `sandbox`.
    """
    refuse_overlaps(Output(), {"--db": database}, {"--world": world})
    with _sandbox_errors():
        sandbox.serve(
            _choose_database(database),
            lambda url: click.echo(f"sandbox at {url} (key: sandbox); Ctrl-C stops it"),
            port=port,
            world=sandbox.read_world(world) if world else None,
            options=sandbox.Options(sandbox.parse_settings(settings), sandbox.parse_faults(faults)),
        )
    return ExitCode.DONE


@command.command("settings")
def list_settings() -> ExitCode:
    """List the settings for what the vendor leaves open, each with its values.

    To use one:  reconciler sandbox serve --set NAME=VALUE
    """
    for row in sandbox.describe_settings():
        values = ", ".join(f"{value} (default)" if value == row.default else value for value in row.values)
        click.echo(f"{row.name}={values}\n    {row.question}")
    return ExitCode.DONE


@command.command("faults")
def list_faults() -> ExitCode:
    """List the faults that the sandbox can inject, and how to request them.

    A fault is written  [METHOD] [PATH] KIND [@FIRST] [xCOUNT] [every=N] [p=SHARE] [seed=N] [retry-after=SECONDS], as in
    reconciler sandbox serve --fault 'PUT /api/v202406/esachannel/* 503-after x2 @3'
    """
    for kind, sentence in sandbox.describe_faults():
        click.echo(f"{kind}\n    {sentence}")
    return ExitCode.DONE


@command.command("reset")
@world_option
@database_option
def reset(world: Path | None, database: Path | None) -> ExitCode:
    """Reset the sandbox to the demo world, or to another one."""
    refuse_overlaps(Output(), {"--db": database}, {"--world": world})
    chosen = _choose_database(database)
    with _sandbox_errors():
        sandbox.reset(chosen, sandbox.read_world(world) if world else None)
    click.echo(f"{chosen}: reset to {world or 'the demo data'}")
    return ExitCode.DONE


@command.command("generate")
@click.option("--channels", type=click.IntRange(1), required=True, metavar="N", help="How many channels.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="S", help="The same seed gives the same world.")
@click.option("--out", type=OutputPath(), required=True, metavar="FILE", help="The file to write.")
@click.option(
    "--definitions", type=click.Path(path_type=Path), metavar="DIR", help="Also write channel files that match it."
)
@click.option(
    "--changed",
    type=click.FloatRange(0, 100),
    default=0,
    show_default=True,
    metavar="PERCENT",
    help="How many of these files' channels differ from the world.",
)
def generate(channels: int, seed: int, out: Path, definitions: Path | None, changed: float) -> ExitCode:
    """Generate a world of N channels, with made-up data."""
    refuse_overlaps(Output(), {"--out": out}, {})
    world = sandbox.generate(channels, seed)
    write_file(out, json.dumps(world, indent=1) + "\n")
    if definitions is not None:
        try:
            sandbox.write_definitions(world, definitions, changed, seed)
        except OSError as error:
            raise FileError(f"cannot write to {definitions}: {error.strerror}", advise_on(error)) from error
    click.echo(f"{out}: {channels} channels")
    return ExitCode.DONE


@contextmanager
def start_embedded(root: Path, name: str) -> Iterator[str]:
    """The URL of a sandbox of the project at `root`, which runs in this process until the end of the block.

    `name` says which one; "" is the project's own.
    """
    with _sandbox_errors(), sandbox.embedded(_find_database(root, name)) as url:
        yield url


def _choose_database(given: Path | None) -> Path:
    if given is not None:
        # Folders are not created: a typo in the path would leave them behind.
        if not given.parent.is_dir():
            raise FileError(
                f"cannot open {given}: no such folder: {given.parent}", "create the folder, or give another file"
            )
        return given
    try:
        return _find_database(find_root(Path.cwd()))
    except ProjectError as error:
        raise UsageError(
            "no reconciler.yaml here or in a parent folder, so no project sandbox", "name a file with --db"
        ) from error


def _find_database(root: Path, name: str = "") -> Path:
    database = DATABASE.with_name(OTHER_DATABASES.replace("*", name)) if name else DATABASE
    # A commit could make `.reconciler` a link, and the sandbox would write outside the project.
    check_inside(root, root / database)
    return _prepare(root / database)


def _prepare(database: Path) -> Path:
    try:
        database.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot make the folder {database.parent}: {error.strerror}", advise_on(error)) from error
    return database


@contextmanager
def _sandbox_errors() -> Iterator[None]:
    try:
        yield
    except sandbox.SettingError as error:
        raise UsageError(str(error), "reconciler sandbox settings  lists them") from error
    except sandbox.FaultError as error:
        raise UsageError(str(error), "reconciler sandbox faults  lists them") from error
    except sandbox.SandboxError as error:
        raise FileError(str(error)) from error
