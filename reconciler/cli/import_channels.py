"""`reconciler import`: writes live channels into channel files, and proves that a plan of them is empty."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from functools import wraps
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct
from msgspec.structs import replace

from reconciler import __version__
from reconciler.cli.build_plan import utc_now
from reconciler.cli.command_line import environment_option, output_options, snapshot_option
from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.file_io import Replacement, list_paths, read_exactly, remove_stale_temp_files, replace_files
from reconciler.cli.inputs import (
    NO_FILES,
    load_existing_definitions,
    load_snapshot,
    open_project,
    print_findings,
    start_live,
)
from reconciler.cli.output import TEXT
from reconciler.cli.paths import find_repository, path_prefix, refuse_overlaps
from reconciler.definitions.channel_editor import UnsafeEdit, append_channels, read_header, update_channels
from reconciler.definitions.channel_writer import (
    is_representable,
    place_schema,
    render_file,
    render_schema,
    to_yaml_scalar,
)
from reconciler.definitions.commits import read_base
from reconciler.definitions.discovery import check_inside, find_files
from reconciler.definitions.git import find_commit, find_fork, is_in_repository, read_commit
from reconciler.definitions.load import load_definitions
from reconciler.definitions.schema import Format
from reconciler.definitions.template_drafting import draft_templates, name_file, render_templates
from reconciler.errors import FileError, ProjectError, UsageError, advise_on
from reconciler.model.findings import Severity
from reconciler.planning.environments import choose_environment
from reconciler.planning.importing.drafting import add_begins, list_new, make_import_context, propose, skip_left_out
from reconciler.planning.importing.inventory import (
    ByHand,
    ChannelFilter,
    Fields,
    FileStyle,
    ImportOptions,
    Kept,
    WrittenVersions,
    make_inventory,
    select_channels,
)
from reconciler.planning.importing.listed_versions import add_new_versions, name_items
from reconciler.planning.importing.updates import (
    Past,
    find_suspicious_matches,
    find_updates,
    leave_edited,
    verify_import,
)
from reconciler.planning.plan import PlanRequest, make_plan, matches_filter
from reconciler.planning.removed import find_renames, rename
from reconciler.reports.escaping import escape_text
from reconciler.reports.findings_report import render_findings
from reconciler.reports.import_report import ImportSummary, WrittenFile, render_import
from reconciler.reports.terminal import no_style

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.cli.command_line import Command
    from reconciler.cli.inputs import ProjectContext
    from reconciler.cli.output import Output
    from reconciler.definitions.channel_writer import Tree
    from reconciler.definitions.load import LoadResult
    from reconciler.model.channels import Definitions, Desired, Live, Snapshot
    from reconciler.model.findings import Finding
    from reconciler.model.plan import Plan
    from reconciler.model.project import Environment
    from reconciler.model.values import Spec
    from reconciler.planning.importing.inventory import Inventory, Skipped
    from reconciler.planning.importing.updates import Updates


_EXCLUDE_THEM = "exclude these channels with --only"


_NOT_ALIKE = "fewer than three of the new channels are alike: they are written out, without a template"
_NO_LISTING = "--versions all cannot be combined with --update, which never replaces esaChannelVersion with a list"
_UNCOMMITTED = "not committed"
_NO_FORK = (
    "git cannot tell where this branch left the main branch, so edits committed on it look like drift and are not "
    "kept; --base REF keeps the edits made since REF"
)


def _filter_options(command: Command) -> Command:
    """Give `command` the options that select channels, as `channel_filter`."""

    @click.option(
        "--only", multiple=True, metavar="GLOB", help="Only channels whose (proposed) name matches. Repeatable."
    )
    @click.option(
        "--data-point",
        "data_points",
        multiple=True,
        metavar="GLOB",
        help="Only data points whose code or import id matches.",
    )
    @click.option("--place", "places", multiple=True, metavar="GLOB", help="Only places whose code or name matches.")
    @wraps(command)
    def with_filter(
        *, only: tuple[str, ...], data_points: tuple[str, ...], places: tuple[str, ...], **rest: Any
    ) -> ExitCode:
        return command(channel_filter=ChannelFilter(only, data_points, places), **rest)

    return with_filter


@click.command("import")
@environment_option
@_filter_options
@click.option(
    "--fields",
    type=click.Choice([fields.value for fields in Fields]),
    default=Fields.MINIMAL.value,
    show_default=True,
    help="What to write: what decides a channel's values and identifies it, or everything that is not a default.",
)
@click.option(
    "--layout",
    type=click.Choice([layout.value for layout in FileStyle]),
    default=FileStyle.PLACE.value,
    show_default=True,
    help="One file per data point: in a folder for its place, or all in one folder.",
)
@click.option(
    "--versions",
    type=click.Choice([versions.value for versions in WrittenVersions]),
    default=WrittenVersions.CURRENT.value,
    show_default=True,
    help="What to write of channels with several versions: the current one, with its begin date, or a list of all.",
)
@click.option(
    "--like",
    multiple=True,
    metavar="GLOB",
    help="Also import channels whose (proposed) name matches, with a template for those that are alike. Repeatable.",
)
@click.option("--update", is_flag=True, help="Update managed channels in the files from EnergyCAP instead.")
@click.option(
    "--base", metavar="REF", help="With --update, keep edits made since this commit, not since the main branch."
)
@click.option("--force", is_flag=True, help="With --update, also overwrite your own edits.")
@click.option("--dry-run", is_flag=True, help="Show what would be written as a diff, and write nothing.")
@snapshot_option("Import from")
@output_options(TEXT)
def command(
    output: Output, channel_filter: ChannelFilter, environment: str | None, snapshot: Path | None, **choices: Any
) -> ExitCode:
    """Write channel files for channels of EnergyCAP that no file manages yet.

    Before anything is written, the result is planned: if that plan is not empty, nothing is written. Channels that are
    already managed stay unchanged; with --update, only these are updated in the files, where EnergyCAP differs. Edits
    that are not committed, or were made on this branch, are kept and listed.
    """
    refuse_overlaps(output, {}, {"--snapshot": snapshot})
    if choices["update"] and choices["versions"] == WrittenVersions.ALL.value:
        raise UsageError(_NO_LISTING, "take the channel out of its file, and import it again without --update")
    if choices["update"] and choices["like"]:
        raise UsageError("--like is for new channels, and --update for managed ones", "leave out one of the two")
    channel_filter = replace(channel_filter, only=(*channel_filter.only, *choices["like"]))
    inputs = _read_input(output, environment, snapshot)
    inventory = make_inventory(inputs.definitions, inputs.snapshot)
    picked, unmatched = select_channels(inventory, channel_filter)
    if unmatched:
        print_findings(output, unmatched, inputs.context.root)
        return ExitCode.FAILED
    before = inputs.plan(inputs.definitions)
    wrong: Sequence[Finding] = ()
    if choices["update"]:
        sure, wrong = _set_doubtful_aside(output, inputs, before, picked, is_whole=channel_filter == ChannelFilter())
        updates = find_file_updates(inputs, inventory, sure, before)
        base = (choices["base"], _find_managed(inventory, sure))
        kept = updates if choices["force"] else exclude_own_edits(output, inputs, updates, *base)
        imported = update_files(inputs, add_version_begins(inputs, inventory, sure, kept))
    else:
        style = (Fields(choices["fields"]), FileStyle(choices["layout"]), WrittenVersions(choices["versions"]))
        imported = draft_new_files(inputs, inventory, picked, style, choices["like"])
        if choices["like"] and not imported.templates:
            output.log(_NOT_ALIKE)
    _verify_and_write(output, inputs, before, imported, is_dry_run=choices["dry_run"])
    managed = sum(live.id in inventory.managed for live in picked)
    asked = inputs.environment.name, imported.files, managed, imported.left_out, choices["update"], choices["dry_run"]
    done = ImportSummary(*asked, imported.by_hand, imported.kept, imported.pending, imported.listed)
    output.render({TEXT: lambda styler: render_import(done, styler, path_prefix(inputs.context.root))})
    return ExitCode.FAILED if wrong or imported.by_hand else ExitCode.DONE


def _set_doubtful_aside(
    output: Output, inputs: ImportInput, before: Plan, picked: Sequence[Live], *, is_whole: bool
) -> tuple[list[Live], list[Finding]]:
    """Those of `picked` that are surely the channels that the files mean, and the errors about others, printed.

    If all channels are updated (`is_whole`), those that match no channel are errors too.
    """
    doubts = find_suspicious_matches(before, inputs.definitions.channels)
    # Errors keep channels from being compared, for example because no channel in EnergyCAP matches them.
    lost = [finding for finding in before.findings if is_whole and finding.severity is Severity.ERROR]
    wrong = [*lost, *(doubts[live.id] for live in picked if live.id in doubts)]
    if wrong:
        print_findings(output, wrong, inputs.context.root)
        output.print_error("\n")
        output.log("channels with errors were not updated")
    return [live for live in picked if live.id not in doubts], wrong


def _verify_and_write(
    output: Output, inputs: ImportInput, before: Plan, imported: ImportedFiles, *, is_dry_run: bool
) -> None:
    if imported.files:
        with output.log_if_slow("planning with the files as they would be ..."):
            verify_empty_plan(output, inputs, before, imported)
    if not is_dry_run:
        with output.log_if_slow(f"writing {len(imported.files)} files ..."):
            _write(inputs, imported)


def _read_input(output: Output, environment: str | None, copy: Path | None) -> ImportInput:
    context = open_project(output)
    chosen = context.environment(environment)
    whole = load_existing_definitions(output, context)
    return ImportInput(context, chosen, whole, _read_service(output, context, chosen, copy))


def _read_service(output: Output, context: ProjectContext, environment: Environment, copy: Path | None) -> Snapshot:
    if copy is not None:
        live = load_snapshot(copy, dates=environment.version_dates)
    else:
        with start_live(output, context, environment) as read_live:
            live = read_live()
    if live.findings:
        output.log(render_findings(live.findings, no_style, path_prefix(context.root)).rstrip())
    return live.snapshot


def _write(inputs: ImportInput, imported: ImportedFiles) -> None:
    root = inputs.context.root

    def check() -> None:
        # A file added meanwhile, for example by a second import, may hold the same channels under other names.
        found = find_files(root, inputs.context.project.definitions).files
        if found != inputs.definitions.files:
            raise FileError(
                "channel files were added or removed during the import; nothing was written", "run the command again"
            )

    for file in imported.files:
        check_inside(root, root / file.file)
    for folder in inputs.context.project.definitions:
        remove_stale_temp_files(root / folder)
    replace_files([Replacement(root / file.file, file.before, file.after) for file in imported.files], check)


class ImportInput(Struct, frozen=True):
    """The input of an import: the project, its definitions for all environments, and the live snapshot."""

    context: ProjectContext
    environment: Environment
    whole: Definitions
    snapshot: Snapshot

    @property
    def definitions(self) -> Definitions:
        """The definitions of the environment."""
        return choose_environment(self.whole, self.environment.name)

    def plan(self, definitions: Definitions) -> Plan:
        """The plan of `definitions` for this environment."""
        basis = PlanRequest(__version__, self.environment, utc_now())
        return make_plan(choose_environment(definitions, self.environment.name), self.snapshot, basis)


class ImportedFiles(Struct, frozen=True):
    """The files to write, the names of their channels, and what was skipped.

    `by_hand` are values that a file cannot take without losing a comment; `kept` are values that the user edited,
    `pending` versions that EnergyCAP does not have. `templates` is how many were drafted, and `listed` are the channels
    that could have used one, but list their versions.
    """

    files: tuple[WrittenFile, ...]
    names: frozenset[str]
    left_out: tuple[Skipped, ...]
    by_hand: tuple[ByHand, ...] = ()
    kept: tuple[Kept, ...] = ()
    pending: tuple[Skipped, ...] = ()
    templates: int = 0
    listed: tuple[str, ...] = ()


def draft_new_files(
    inputs: ImportInput,
    inventory: Inventory,
    picked: Sequence[Live],
    style: tuple[Fields, FileStyle, WrittenVersions],
    like: Sequence[str] = (),
) -> ImportedFiles:
    """Files for those of `picked` that no file manages yet, with templates for those whose name is `like` a pattern."""
    root, folders = inputs.context.root, inputs.context.project.definitions
    new = list_new(picked, inventory)
    joined = {inventory.files[live.data_point.id] for live in new if live.data_point.id in inventory.files}
    # Channels of a data point that has a file go into that file, whose name the user may have chosen.
    texts = {file: read_exactly(root / file) for file in joined}
    headers = {file: read_header(text) for file, text in texts.items()}
    folder = str(PurePosixPath(folders[0]))
    options = ImportOptions(is_representable, *style, folder, list_paths(root, folder))
    proposal = propose(new, inventory, inputs.whole, headers, options)
    taken = {source.template for channel in inputs.whole.channels for source in channel.sources.values()}
    liked = [one for one in proposal.channels if like and matches_filter(one.name, like)]
    templates = draft_templates(liked, taken)
    uses = {name: tree for template in templates for name, tree in template.channels.items()}
    file = name_file(folder, options.taken)
    files = [WrittenFile(file, None, render_templates(file, templates), 0)] if templates else []
    for file, members in groupby(proposal.channels, key=lambda channel: channel.file):
        channels = tuple(members)
        text = _append(file, texts[file], channels, uses) if file in texts else render_file(file, channels, uses)
        files.append(WrittenFile(file, texts.get(file), text, len(channels)))
    names = frozenset(channel.name for channel in proposal.channels)
    left_out = (*skip_left_out(picked, inventory), *proposal.left_out)
    listed = tuple(one.name for one in liked if one.versions)
    whole = (*files, *_add_schema(root, files))
    return ImportedFiles(whole, names, left_out, templates=len(templates), listed=listed)


def find_file_updates(inputs: ImportInput, inventory: Inventory, picked: Sequence[Live], plan: Plan) -> Updates:
    """What differs in the files of those of `picked` that files manage: values by `plan`, and new versions."""
    managed = _find_managed(inventory, picked)
    updates = find_updates(plan, managed.keys(), is_representable)
    listing = [(one, managed[one.name]) for one in inputs.definitions.channels if one.name in managed]
    context = make_import_context((), inventory, {}, ImportOptions(is_representable))
    root = inputs.context.root
    return add_new_versions(updates, listing, context, lambda file: read_header(read_exactly(root / file)))


def _find_managed(inventory: Inventory, picked: Sequence[Live]) -> dict[str, Live]:
    """Those of `picked` that files manage, by their names there."""
    known = inventory.managed & inventory.names.keys()
    return {inventory.names[live.id]: live for live in picked if live.id in known}


def add_version_begins(inputs: ImportInput, inventory: Inventory, picked: Sequence[Live], updates: Updates) -> Updates:
    """`updates` with the begin date of the version for those of `picked` whose file does not have it."""
    return add_begins(updates, _find_managed(inventory, picked), inputs.definitions.channels)


def update_files(inputs: ImportInput, updates: Updates) -> ImportedFiles:
    """The files with `updates` applied."""
    files: list[WrittenFile] = []
    by_hand: list[ByHand] = []
    for file, channels in sorted(updates.files.items()):
        text = read_exactly(inputs.context.root / file)
        named = {
            name: name_items(spec, updates.currents[name]) if name in updates.currents else spec
            for name, spec in channels.items()
        }
        after, unkept = _update_text(text, named)
        if len(unkept) < len(channels):
            files.append(WrittenFile(file, text, after, len(channels) - len(unkept)))
        for name in unkept:
            values = (f"{path}: {to_yaml_scalar(value)}" for path, value in named[name].items())
            by_hand.append(ByHand(file, name, tuple(values)))
    written = updates.names - {one.name for one in by_hand}
    return ImportedFiles(tuple(files), written, updates.left_out, tuple(by_hand), updates.kept, updates.pending)


def _update_text(text: str, channels: Mapping[str, Spec]) -> tuple[str, list[str]]:
    """`text` with the values of `channels`, and the names of channels that would lose a comment and stay unchanged."""
    # One edit of all channels is tried first: each edit parses the file again.
    with suppress(UnsafeEdit):
        return update_channels(text, channels), []
    unkept = []
    for name, spec in channels.items():
        try:
            text = update_channels(text, {name: spec})
        except UnsafeEdit:
            unkept.append(name)
    return text, unkept


def _append(file: str, text: str, channels: Sequence[Desired], uses: Mapping[str, Tree]) -> str:
    try:
        return append_channels(text, channels, uses)
    except UnsafeEdit:
        raise ProjectError(
            f"channels cannot be added to {file} without changing more in it, such as a comment; nothing was written",
            "write  channels:  there with each channel on a line of its own, without an anchor, and import again",
        ) from None


def verify_empty_plan(output: Output, inputs: ImportInput, before: Plan, imported: ImportedFiles) -> None:
    """Plan with the new files: raise ProjectError, after printing why, if the imported channels still have changes.

    `before` is the plan with the old files.
    """
    root = inputs.context.root
    try:
        loaded = _load_copy(inputs, imported)
    except OSError as error:
        raise FileError(
            f"cannot make a temporary copy of the files to plan them first: {error.strerror}",
            f"{advise_on(error)}; or set TMPDIR to another folder for temporary files",
        ) from error
    errors = [found for found in loaded.findings if found.severity is Severity.ERROR and found.code != NO_FILES]
    if errors:
        print_findings(output, errors, root)
        raise ProjectError("the files would have errors; nothing was written", _EXCLUDE_THEM)
    # Values that the user edited still differ from EnergyCAP, as they should.
    kept = {(one.name, one.path) for one in imported.kept} | {(one.name, one.path) for one in imported.pending}
    differences = verify_import(before, inputs.plan(loaded.definitions), imported.names, kept)
    if differences:
        output.write("".join(f"{line}\n" for line in map(escape_text, differences)))
        raise ProjectError("a plan of these files would not be empty; nothing was written", _EXCLUDE_THEM)


def _load_copy(inputs: ImportInput, imported: ImportedFiles) -> LoadResult:
    """The definitions with the new files, loaded from a temporary folder. Raises OSError."""
    # The files are planned from a copy, so that nothing is written to the project before the plan is known to be empty.
    with tempfile.TemporaryDirectory(prefix="reconciler-") as folder:
        texts = {file: (inputs.context.root / file).read_bytes() for file in inputs.definitions.files}
        texts |= {written.file: written.after.encode() for written in imported.files}
        for file, content in texts.items():
            path = Path(folder, file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return load_definitions(Path(folder), inputs.context.project.definitions, inputs.context.environments)


def _add_schema(root: Path, files: Sequence[WrittenFile]) -> Iterator[WrittenFile]:
    """The schema that the first line of new files refers to, if the project does not have it."""
    schema = place_schema(Format.CHANNELS)
    if any(file.before is None for file in files) and not (root / schema).exists():
        yield WrittenFile(schema, None, render_schema(Format.CHANNELS), channels=0)


def exclude_own_edits(
    output: Output, inputs: ImportInput, updates: Updates, reference: str | None, managed: Mapping[str, Live]
) -> Updates:
    """`updates` without values that were edited since the last commit, and since `reference` or the branch began.

    `managed` are the live channels by their names in the files. Without a repository, edits look like drift: all
    updates remain, and a message says so. Raises ProjectError if git fails.
    """
    if not updates.files:
        return updates
    if find_repository(inputs.context.root) is None or not is_in_repository(inputs.context.root):
        output.log("not in a git repository, so your own edits look like drift and are not kept")
        return updates
    now = {channel.name: channel for channel in inputs.definitions.channels}
    return leave_edited(updates, now, tuple(_past_definitions(output, inputs, reference)), managed)


def _past_definitions(output: Output, inputs: ImportInput, reference: str | None) -> Iterator[Past]:
    root = inputs.context.root
    # Before the first commit, every value is an edit that is not committed.
    head = read_commit(root)
    if head is None:
        yield Past({}, _UNCOMMITTED)
        return
    yield _past_at(inputs, head, _UNCOMMITTED)
    fork = (reference, find_commit(root, reference)) if reference else find_fork(root)
    if fork is None:
        output.log(_NO_FORK)
    elif fork[1] != head:
        yield _past_at(inputs, fork[1], f"this branch changed it since {fork[0]}")


def _past_at(inputs: ImportInput, commit: str, reason: str) -> Past:
    base = read_base(inputs.context.root, commit, inputs.context.project.definitions)
    past = choose_environment(base.definitions, inputs.environment.name)
    renames = find_renames(inputs.definitions, past, inputs.snapshot.channels)
    channels = rename(past, renames).channels
    return Past({channel.name: channel for channel in channels}, reason, not base.unread)
