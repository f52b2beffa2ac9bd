"""`reconciler import`: live channels into channel files, with the proof that a plan of them is empty."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.exits import Exit
from reconciler.cli.files import Replacement, remove_remnants, replace_files
from reconciler.cli.harvest import NO_FILES, Ground, gather_new, gather_updates, list_updates, prove, tie_versions
from reconciler.cli.keeping import keep_edits
from reconciler.cli.options import printing
from reconciler.cli.overlaps import refuse_overlaps
from reconciler.cli.project import open_workplace, print_findings
from reconciler.cli.screen import TEXT
from reconciler.cli.seen import read_copy, read_live
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

    from reconciler.cli.harvest import Harvest
    from reconciler.cli.options import Command
    from reconciler.cli.project import Workplace
    from reconciler.cli.screen import Screen
    from reconciler.model.channels import Definitions, Snapshot
    from reconciler.model.findings import Finding
    from reconciler.model.plan import Plan
    from reconciler.model.project import Environment


def _asking(command: Command) -> Command:
    """Give `command` the options that pick channels, as `asked`."""

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
    def with_asked(
        *, only: tuple[str, ...], data_points: tuple[str, ...], places: tuple[str, ...], **rest: Any
    ) -> Exit:
        return command(asked=Asked(only, data_points, places), **rest)

    return with_asked


@click.command("import")
@click.option(
    "-e", "--environment", metavar="NAME", help="The environment of reconciler.yaml; its default where left out."
)
@_asking
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
@printing(TEXT)
def command(screen: Screen, asked: Asked, environment: str | None, snapshot: Path | None, **choices: Any) -> Exit:
    """Write channel files for channels that EnergyCAP has and no file manages yet.

    The result is planned before it is written: where that plan would not be empty, nothing is. Channels that are
    managed already are left alone; with --update their files take over what differs in EnergyCAP, and nothing else.
    Edits that are not committed, or were made on this branch, are kept and listed.
    """
    refuse_overlaps(screen, {}, {"--snapshot": snapshot})
    ground = _open_ground(screen, environment, snapshot)
    survey = make_survey(ground.definitions, ground.snapshot)
    picked, unmatched = pick(survey, asked)
    if unmatched:
        print_findings(screen, unmatched, ground.workplace.root)
        return Exit.FAILED
    before = ground.plan(ground.definitions)
    wrong: list[Finding] = []
    if choices["update"]:
        doubts = find_doubts(before, ground.definitions.channels)
        lost = _find_lost(before) if asked == Asked() else []
        wrong = [*lost, *(doubts[live.id] for live in picked if live.id in doubts)]
        _tell_wrong(screen, ground, wrong)
        sure = [live for live in picked if live.id not in doubts]
        updates = list_updates(survey, sure, before)
        kept = updates if choices["force"] else keep_edits(screen, ground, updates, choices["base"])
        harvest = gather_updates(ground, tie_versions(ground, survey, sure, kept))
    else:
        harvest = gather_new(ground, survey, picked, (Fields(choices["fields"]), Layout(choices["layout"])))
    if harvest.files:
        with screen.remark_slow("planning with the files as they would be ..."):
            prove(screen, ground, before, harvest)
    if not choices["dry_run"]:
        with screen.remark_slow(f"writing {len(harvest.files)} files ..."):
            _write(ground, harvest)
    managed = sum(live.id in survey.managed for live in picked)
    done = ImportSummary(
        ground.environment.name,
        harvest.files,
        managed,
        harvest.left_out,
        choices["update"],
        choices["dry_run"],
        harvest.by_hand,
        harvest.kept,
    )
    screen.show({TEXT: lambda styler: render_import(done, styler, path_prefix(ground.workplace.root))})
    return Exit.FAILED if wrong or harvest.by_hand else Exit.DONE


def _tell_wrong(screen: Screen, ground: Ground, wrong: Sequence[Finding]) -> None:
    if wrong:
        print_findings(screen, wrong, ground.workplace.root)
        screen.complain("\n")
        screen.remark("channels with errors take nothing over")


def _find_lost(plan: Plan) -> list[Finding]:
    """What keeps managed channels from being compared at all: their pointers lead nowhere, or two to one."""
    return [finding for finding in plan.findings if finding.severity is Severity.ERROR]


def _open_ground(screen: Screen, environment: str | None, copy: Path | None) -> Ground:
    workplace = open_workplace(screen)
    chosen = workplace.environment(environment)
    definitions = _open_definitions(screen, workplace)
    return Ground(workplace, chosen, definitions, _look(screen, workplace, chosen, copy))


def _open_definitions(screen: Screen, workplace: Workplace) -> Definitions:
    """The definitions that are there, perhaps none at all. Raises ProjectError where they have errors."""
    loaded = load_definitions(workplace.root, workplace.project.definitions)
    errors = [found for found in loaded.findings if found.severity is Severity.ERROR and found.code != NO_FILES]
    if errors:
        print_findings(screen, errors, workplace.root)
        raise ProjectError("the definitions have errors; nothing was asked of EnergyCAP", "mend what is listed above")
    return loaded.definitions


def _look(screen: Screen, workplace: Workplace, environment: Environment, copy: Path | None) -> Snapshot:
    if copy is not None:
        seen = read_copy(copy, dates=environment.version_dates)
    else:
        with (
            open_service(workplace.root, environment) as address,
            open_reader(
                address.url, address.key, tell=screen.remark, version_dates=environment.version_dates
            ) as reader,
        ):
            seen = read_live(screen, environment, reader)
    if seen.findings:
        screen.remark(render_findings(seen.findings, no_style, path_prefix(workplace.root)).rstrip())
    return seen.snapshot


def _write(ground: Ground, harvest: Harvest) -> None:
    root = ground.workplace.root

    def check() -> None:
        # What somebody else adds meanwhile, such as a second import, may hold the same channels under another name.
        found = find_files(root, ground.workplace.project.definitions).files
        if found != ground.definitions.files:
            raise FileError("channel files came or went meanwhile; nothing was written", "run the command again")

    for file in harvest.files:
        check_inside(root, root / file.file)
    for folder in ground.workplace.project.definitions:
        remove_remnants(root / folder)
    replace_files([Replacement(root / file.file, file.before, file.after) for file in harvest.files], check)
