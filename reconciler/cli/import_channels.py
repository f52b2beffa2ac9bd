"""`reconciler import`: live channels into channel files, with the proof that a plan of them is empty."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.exits import ExitCode
from reconciler.cli.files import Replacement, remove_stale_temp_files, replace_files
from reconciler.cli.harvest import (
    NO_FILES,
    ImportInput,
    add_version_begins,
    draft_new_files,
    find_file_updates,
    update_files,
    verify_empty_plan,
)
from reconciler.cli.keeping import exclude_own_edits
from reconciler.cli.options import output_options
from reconciler.cli.overlaps import refuse_overlaps
from reconciler.cli.project import open_project, print_findings
from reconciler.cli.screen import TEXT
from reconciler.cli.seen import load_snapshot, read_live
from reconciler.cli.service import open_service
from reconciler.cli.standing import path_prefix
from reconciler.definitions.files import check_inside, find_files
from reconciler.definitions.load import load_definitions
from reconciler.energycap.client import open_reader
from reconciler.errors import FileError, ProjectError
from reconciler.model.findings import Severity
from reconciler.planning.importing.naming import Fields, Layout
from reconciler.planning.importing.selection import Asked, make_survey, pick
from reconciler.planning.importing.updates import find_doubts
from reconciler.reports.findings_report import render_findings
from reconciler.reports.import_report import ImportSummary, render_import
from reconciler.reports.terminal import no_style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.harvest import ImportedFiles
    from reconciler.cli.options import Command
    from reconciler.cli.project import ProjectContext
    from reconciler.cli.screen import Output
    from reconciler.model.channels import Definitions, Snapshot
    from reconciler.model.findings import Finding
    from reconciler.model.plan import Plan
    from reconciler.model.project import Environment


def _filter_options(command: Command) -> Command:
    """Give `command` the options that pick channels, as `channel_filter`."""

    @click.option(
        "--only", multiple=True, metavar="GLOB", help="Only channels whose name, here or to be, matches. Repeatable."
    )
    @click.option(
        "--data-point",
        "data_points",
        multiple=True,
        metavar="GLOB",
        help="Only data points with such a code or import id.",
    )
    @click.option("--place", "places", multiple=True, metavar="GLOB", help="Only places with such a code or name.")
    @wraps(command)
    def with_filter(
        *, only: tuple[str, ...], data_points: tuple[str, ...], places: tuple[str, ...], **rest: Any
    ) -> ExitCode:
        return command(channel_filter=Asked(only, data_points, places), **rest)

    return with_filter


@click.command("import")
@click.option(
    "-e", "--environment", metavar="NAME", help="The environment of reconciler.yaml; its default where left out."
)
@_filter_options
@click.option(
    "--fields",
    type=click.Choice([fields.value for fields in Fields]),
    default=Fields.MINIMAL.value,
    show_default=True,
    help="What is written: what decides a channel's values and how it is known, or all that is not a default.",
)
@click.option(
    "--layout",
    type=click.Choice([layout.value for layout in Layout]),
    default=Layout.PLACE.value,
    show_default=True,
    help="One file a data point: in a folder for its place, or all in one folder.",
)
@click.option("--update", is_flag=True, help="Instead, let files take over what EnergyCAP has for managed channels.")
@click.option(
    "--base", metavar="REF", help="With --update, keep what was edited since this commit, not since the main branch."
)
@click.option("--force", is_flag=True, help="With --update, overwrite what you edited as well.")
@click.option("--dry-run", is_flag=True, help="Show what would be written as a diff, and write nothing.")
@click.option(
    "--snapshot", type=click.Path(path_type=Path), metavar="FILE", help="Import from this copy, offline and key-free."
)
@output_options(TEXT)
def command(
    output: Output, channel_filter: Asked, environment: str | None, snapshot: Path | None, **choices: Any
) -> ExitCode:
    """Write channel files for channels that EnergyCAP has and no file manages yet.

    The result is planned before it is written: where that plan would not be empty, nothing is. Channels that are
    managed already are left alone; with --update their files take over what differs in EnergyCAP, and nothing else.
    Edits that are not committed, or were made on this branch, are kept and listed.
    """
    refuse_overlaps(output, {}, {"--snapshot": snapshot})
    inputs = _read_input(output, environment, snapshot)
    survey = make_survey(inputs.definitions, inputs.snapshot)
    picked, unmatched = pick(survey, channel_filter)
    if unmatched:
        print_findings(output, unmatched, inputs.context.root)
        return ExitCode.FAILED
    before = inputs.plan(inputs.definitions)
    wrong: list[Finding] = []
    if choices["update"]:
        doubts = find_doubts(before, inputs.definitions.channels)
        lost = _find_unmatched(before) if channel_filter == Asked() else []
        wrong = [*lost, *(doubts[live.id] for live in picked if live.id in doubts)]
        _print_errors(output, inputs, wrong)
        sure = [live for live in picked if live.id not in doubts]
        updates = find_file_updates(survey, sure, before)
        kept = updates if choices["force"] else exclude_own_edits(output, inputs, updates, choices["base"])
        imported = update_files(inputs, add_version_begins(inputs, survey, sure, kept))
    else:
        imported = draft_new_files(inputs, survey, picked, (Fields(choices["fields"]), Layout(choices["layout"])))
    if imported.files:
        with output.log_if_slow("planning with the files as they would be ..."):
            verify_empty_plan(output, inputs, before, imported)
    if not choices["dry_run"]:
        with output.log_if_slow(f"writing {len(imported.files)} files ..."):
            _write(inputs, imported)
    managed = sum(live.id in survey.managed for live in picked)
    done = ImportSummary(
        inputs.environment.name,
        imported.files,
        managed,
        imported.left_out,
        choices["update"],
        choices["dry_run"],
        imported.by_hand,
        imported.kept,
    )
    output.render({TEXT: lambda styler: render_import(done, styler, path_prefix(inputs.context.root))})
    return ExitCode.FAILED if wrong or imported.by_hand else ExitCode.DONE


def _print_errors(output: Output, inputs: ImportInput, wrong: Sequence[Finding]) -> None:
    if wrong:
        print_findings(output, wrong, inputs.context.root)
        output.print_error("\n")
        output.log("channels with errors take nothing over")


def _find_unmatched(plan: Plan) -> list[Finding]:
    """What keeps managed channels from being compared at all: their pointers lead nowhere, or two to one."""
    return [finding for finding in plan.findings if finding.severity is Severity.ERROR]


def _read_input(output: Output, environment: str | None, copy: Path | None) -> ImportInput:
    context = open_project(output)
    chosen = context.environment(environment)
    definitions = _load_own_definitions(output, context)
    return ImportInput(context, chosen, definitions, _read_service(output, context, chosen, copy))


def _load_own_definitions(output: Output, context: ProjectContext) -> Definitions:
    """The definitions that are there, perhaps none at all. Raises ProjectError where they have errors."""
    loaded = load_definitions(context.root, context.project.definitions)
    errors = [found for found in loaded.findings if found.severity is Severity.ERROR and found.code != NO_FILES]
    if errors:
        print_findings(output, errors, context.root)
        raise ProjectError("the definitions have errors; nothing was asked of EnergyCAP", "mend what is listed above")
    return loaded.definitions


def _read_service(output: Output, context: ProjectContext, environment: Environment, copy: Path | None) -> Snapshot:
    if copy is not None:
        live = load_snapshot(copy, dates=environment.version_dates)
    else:
        with (
            open_service(context.root, environment) as access,
            open_reader(access.url, access.key, tell=output.log, version_dates=environment.version_dates) as reader,
        ):
            live = read_live(output, environment, reader)
    if live.findings:
        output.log(render_findings(live.findings, no_style, path_prefix(context.root)).rstrip())
    return live.snapshot


def _write(inputs: ImportInput, imported: ImportedFiles) -> None:
    root = inputs.context.root

    def check() -> None:
        # What somebody else adds meanwhile, such as a second import, may hold the same channels under another name.
        found = find_files(root, inputs.context.project.definitions).files
        if found != inputs.definitions.files:
            raise FileError("channel files came or went meanwhile; nothing was written", "run the command again")

    for file in imported.files:
        check_inside(root, root / file.file)
    for folder in inputs.context.project.definitions:
        remove_stale_temp_files(root / folder)
    replace_files([Replacement(root / file.file, file.before, file.after) for file in imported.files], check)
