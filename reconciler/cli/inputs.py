"""What a command works on: the project, its definitions, and the live state of the channels."""

from __future__ import annotations

import os
from concurrent.futures import Future, wait
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.cli.file_io import read_file
from reconciler.cli.paths import path_prefix
from reconciler.definitions.discovery import check_inside
from reconciler.definitions.load import load_definitions
from reconciler.definitions.project_file import find_root, load_project
from reconciler.energycap.access import check_host_allowed, read_key
from reconciler.energycap.client import NEEDLESS_AFTER, open_reader
from reconciler.energycap.reference import (
    data_points_from_file,
    read_snapshot_file,
    snapshot_from_file,
    zone_codes_from_file,
)
from reconciler.energycap.session import open_threads
from reconciler.errors import ProjectError, ReconcilerError, UsageError
from reconciler.masking import KEYS, find_keys
from reconciler.model.findings import Severity
from reconciler.model.lookalikes import tell_apart
from reconciler.planning.context import find_unread
from reconciler.planning.environments import choose_environment
from reconciler.reports.findings_report import render_findings
from reconciler.reports.terminal import no_style

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from reconciler.cli.command_line import Scope
    from reconciler.cli.output import Output
    from reconciler.definitions.commits import Base
    from reconciler.definitions.load import LoadResult
    from reconciler.energycap.client import Reader
    from reconciler.model.channels import DataPoint, Definitions, Snapshot
    from reconciler.model.findings import Finding
    from reconciler.model.formulas import FormulaVerdict
    from reconciler.model.project import Environment, Project, VersionDates


Read = TypeVar("Read")

# Seconds after which Ctrl-C is noticed at the latest.
_LONGEST_WAIT = 0.2
# The rule "no files in the folder of definitions": the usual state before a first import.
NO_FILES = "ESA102"


class ProjectContext(Struct, frozen=True):
    """A project and the folder its project file is in."""

    root: Path
    project: Project

    @property
    def environments(self) -> tuple[str, ...]:
        """The names of all environments."""
        return tuple(environment.name for environment in self.project.environments)

    def environment(self, name: str | None) -> Environment:
        """The environment called `name`, or the default one. Raises UsageError if it does not exist."""
        chosen = name or self.project.default_environment
        known = {environment.name: environment for environment in self.project.environments}
        if chosen is None:
            raise UsageError(
                "no environment given, and reconciler.yaml has no defaultEnvironment", _list_choices(known)
            )
        if chosen not in known:
            from reconciler.planning.messages import suggest

            near = suggest(chosen, known)
            hint = f"did you mean {near[0]}{tell_apart(chosen, near[0])}? " if near else ""
            raise UsageError(f"no environment {chosen!r} in reconciler.yaml", hint + _list_choices(known))
        return known[chosen]

    def own_path(self, path: Path) -> Path:
        """The absolute path of a file that this tool keeps. Raises FileError if a link points out of the project."""
        check_inside(self.root, self.root / path)
        return self.root / path


def open_project(output: Output) -> ProjectContext:
    """The project that the working directory is in. Prints findings about its file; raises ProjectError for errors."""
    root = _find_root(Path.cwd())
    project, findings = load_project(root)
    named = None if project is None else [environment.api_key_env for environment in project.environments]
    # Whatever is printed or written from here on may quote a file that holds the key.
    KEYS.learn(find_keys(os.environ, named))
    if findings:
        print_findings(output, findings, root)
    if project is None:
        raise ProjectError("reconciler.yaml has errors", "fix the errors listed above")
    return ProjectContext(root, project)


def _find_root(folder: Path) -> Path:
    """The root of the project that `folder` is in. Raises ProjectError, with the projects below, if there is none."""
    try:
        return find_root(folder)
    except ProjectError as error:
        from reconciler.definitions.project_file import find_projects

        roots = [path_prefix(root).rstrip("/") for root in find_projects(folder).roots]
        if not roots:
            raise
        raise ProjectError(f"{error.message}; below it: {', '.join(roots)}", f"cd {quote(roots[0])}") from error


def check_base(context: ProjectContext, environment: Environment, scope: Scope) -> None:
    """Raise ProjectError if a key would go to another host than at the base of `scope`, or another key would go.

    A change of `environment` in a pull request counts only after the merge, because it may not be reviewed yet.
    """
    base = scope.base or ""
    if environment.is_sandbox:
        return
    # Imported here because most commands do not need git.
    from reconciler.definitions.commits import load_project_at

    if change := _find_change(environment, load_project_at(context.root, base), base, is_default=not scope.environment):
        raise ProjectError(
            f"no API key is sent: {change}",
            f"merge the change to reconciler.yaml into {base} first, on its own; until then, plan against a copy:  "
            "reconciler plan --snapshot FILE",
        )


def _find_change(environment: Environment, past: Project | None, base: str, *, is_default: bool) -> str:
    """What would send the key elsewhere than at the base, in words; "" if nothing."""
    if past is None:
        return f"reconciler.yaml is not in {base}"
    if is_default and past.default_environment != environment.name:
        default = past.default_environment or "not set"
        return f"defaultEnvironment is {default} at {base}, and {environment.name} now"
    known = {one.name: one for one in past.environments}
    if environment.name not in known:
        return f"{base} has no environment {environment.name}"
    before, name = known[environment.name], environment.name
    if before.url != environment.url:
        return f"the url of {name} is {before.url} at {base}, and {environment.url} now"
    if before.api_key_env != environment.api_key_env:
        return f"apiKeyEnv of {name} is {before.api_key_env} at {base}, and {environment.api_key_env} now"
    return ""


class BrokenDefinitions(ProjectError):
    """The definitions have errors, which were printed; `loaded` holds the errors and the valid channels."""

    def __init__(self, loaded: LoadResult) -> None:
        super().__init__("the definitions have errors; nothing was planned", "fix the errors listed above")
        self.loaded = loaded


class LoadedDefinitions(Struct, frozen=True):
    """The definitions of one environment, the warnings about them, and those at the base, if one is given."""

    definitions: Definitions
    warnings: tuple[Finding, ...]
    base: Base | None


def open_definitions(
    output: Output, context: ProjectContext, environment: Environment, base: str | None = None
) -> LoadedDefinitions:
    """The definitions that the project has for `environment`, and those that it had at the git reference `base`.

    Raises BrokenDefinitions if the current ones have errors, and ProjectError if git has no such reference. Files that
    are broken at the base are left out, and findings name them.
    """
    loaded = load_definitions(context.root, context.project.definitions, context.environments)
    if any(finding.severity is Severity.ERROR for finding in loaded.findings):
        print_findings(output, loaded.findings, context.root)
        raise BrokenDefinitions(loaded)
    definitions = choose_environment(loaded.definitions, environment.name)
    if base is None:
        return LoadedDefinitions(definitions, loaded.findings, None)
    from reconciler.definitions.commits import read_base

    past = read_base(context.root, base, context.project.definitions)
    past = replace(past, definitions=choose_environment(past.definitions, environment.name))
    return LoadedDefinitions(definitions, loaded.findings, past)


def load_existing_definitions(output: Output, context: ProjectContext) -> Definitions:
    """The definitions of all environments, possibly none. Raises ProjectError if they have errors."""
    loaded = load_definitions(context.root, context.project.definitions, context.environments)
    errors = [found for found in loaded.findings if found.severity is Severity.ERROR and found.code != NO_FILES]
    # Which channels are managed is unknown while a file cannot be read, so some would be imported twice.
    if errors:
        print_findings(output, errors, context.root)
        raise ProjectError("the definitions have errors; EnergyCAP was not contacted", "fix the errors listed above")
    return loaded.definitions


def print_findings(output: Output, findings: Sequence[Finding], root: Path) -> None:
    """Print `findings` as text, with paths relative to the working directory."""
    styler = output.styler if output.shows_text else no_style
    output.print_error(render_findings(findings, styler, path_prefix(root)))


def _list_choices(known: dict[str, Environment]) -> str:
    return f"write --environment with one of: {', '.join(known)}"


class ServiceAccess(Struct, frozen=True):
    """The URL of a service and its key. The key leaves this record only for the request header."""

    url: str
    key: str

    def __repr__(self) -> str:
        return f"ServiceAccess(url={self.url!r})"


@contextmanager
def open_service(root: Path, environment: Environment) -> Iterator[ServiceAccess]:
    """The URL and key of the service of `environment`; the embedded sandbox runs until the end of the block.

    Raises ProjectError if its host must not get a key, and Unauthorized if the variable for the key is empty.
    """
    if not environment.is_sandbox:
        # The host is checked first: asking for a key that would not be sent anyway would mislead.
        check_host_allowed(environment.url, os.environ)
        yield ServiceAccess(environment.url, read_key(environment.api_key_env, os.environ))
        return
    from reconciler.cli.sandbox import start_embedded

    with start_embedded(root, environment.sandbox_name) as url:
        yield ServiceAccess(url, "sandbox")


class ReadingSource(Struct, frozen=True):
    """Where stored readings come from, if a plan may ask for them; `output` tells a waiting user about it."""

    reader: Reader
    output: Output


def _read_nothing(_data_point_ids: Collection[int]) -> Mapping[int, DataPoint | None]:
    return {}


def _validate_nothing(_formulas: Iterable[tuple[int, str]]) -> tuple[FormulaVerdict, ...]:
    return ()


class LiveState(Struct, frozen=True):
    """What was read from the service, with findings about what could not be read.

    For a snapshot file, `taken` is when it was taken, and `zone_codes` are the time zones of its data points.
    `validate` asks the service whether formulas are valid, `read_data_points` for data points that no channel shows.
    `readings` has the stored readings; None if the plan is only to be compared, or made from a snapshot.
    """

    snapshot: Snapshot
    findings: tuple[Finding, ...] = ()
    taken: str | None = None
    zone_codes: Mapping[int, str] = field(default_factory=dict)
    validate: Callable[[Iterable[tuple[int, str]]], tuple[FormulaVerdict, ...]] = _validate_nothing
    read_data_points: Callable[[Collection[int]], Mapping[int, DataPoint | None]] = _read_nothing
    readings: ReadingSource | None = None


def read_live(output: Output, environment: Environment, reader: Reader) -> LiveState:
    """Everything that a plan needs from the service, read now."""
    return read_in_thread(partial(_read_live, output, environment, reader))


def _read_live(output: Output, environment: Environment, reader: Reader) -> LiveState:
    with output.log_if_slow(f"reading all channels of {environment.name} ..."):
        snapshot = reader.read_snapshot()
    return LiveState(
        snapshot,
        (*reader.findings, *find_unread(snapshot)),
        validate=reader.validate_formulas,
        read_data_points=reader.read_data_points,
    )


def _read_with_readings(output: Output, environment: Environment, reader: Reader) -> LiveState:
    return replace(_read_live(output, environment, reader), readings=ReadingSource(reader, output))


@contextmanager
def start_live(output: Output, context: ProjectContext, environment: Environment) -> Iterator[Callable[[], LiveState]]:
    """Begin to read everything that a plan needs from the service, which answers until the end of the block.

    The function waits for it, and raises what kept it from being read. If it is never called, nobody waits: the block
    may read files meanwhile, and end if they have errors. The embedded sandbox is started at the call.
    """
    with ExitStack() as stack:

        def start() -> Future[LiveState]:
            access = stack.enter_context(open_service(context.root, environment))
            reader = stack.enter_context(
                open_reader(access.url, access.key, tell=output.log, version_dates=environment.version_dates)
            )
            stack.callback(lambda: output.log_verbose(f"requests: {reader.requests.total()}"))
            thread = stack.enter_context(open_threads(1, NEEDLESS_AFTER))
            return thread.submit(_read_with_readings, output, environment, reader)

        if environment.is_sandbox:
            yield lambda: _await(start())
            return
        try:
            reading = start()
        except ReconcilerError as error:
            reading = Future()
            reading.set_exception(error)
        yield partial(_await, reading)


def read_in_thread(read: Callable[[], Read]) -> Read:
    """What `read` gives, in a thread of its own, so that Ctrl-C ends the wait for it."""
    with open_threads(1, NEEDLESS_AFTER) as thread:
        return _await(thread.submit(read))


def _await(reading: Future[Read]) -> Read:
    """What another thread reads. Ctrl-C ends the wait, even if it comes just before it."""
    # Such a signal, or one that comes to another thread, does not end a wait by itself.
    while not wait((reading,), _LONGEST_WAIT).done:
        pass
    return reading.result()


def load_snapshot(file: Path, environment: Environment | None = None, dates: VersionDates | None = None) -> LiveState:
    """Everything that a plan needs from the service, from the `file` written by `snapshot`.

    `dates` says how to read version dates with a zone, unless `environment` does. Raises UsageError if the snapshot is
    of another environment.
    """
    world = read_snapshot_file(read_file(file))
    if environment is not None and world.get("environment", environment.name) != environment.name:
        raise UsageError(
            f"{file} is a snapshot of {world['environment']}, not of {environment.name}",
            "give --environment, or take a snapshot:  reconciler snapshot --out FILE",
        )
    snapshot, taken = snapshot_from_file(world, environment.version_dates if environment else dates)
    points = data_points_from_file(world)
    return LiveState(
        snapshot,
        find_unread(snapshot),
        taken,
        zone_codes_from_file(world),
        read_data_points=lambda asked: {id_: points[id_] for id_ in asked if id_ in points},
    )
