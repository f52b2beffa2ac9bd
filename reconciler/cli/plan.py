"""`reconciler plan`: what would change in EnergyCAP; nothing is written there."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.build_plan import build_plan, failed_plan, plan_renderers
from reconciler.cli.command_line import (
    PLAN_FORMATS,
    OutputPath,
    output_options,
    scope_options,
    snapshot_option,
    view_options,
)
from reconciler.cli.exit_codes import ExitCode, exit_of_plan
from reconciler.cli.file_io import write_file
from reconciler.cli.inputs import (
    BrokenDefinitions,
    check_base,
    load_snapshot,
    open_definitions,
    open_project,
    start_live,
)
from reconciler.cli.paths import refuse_overlaps
from reconciler.planfile.writing import render_plan_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.cli.command_line import Scope, View
    from reconciler.cli.inputs import LiveState, LoadedDefinitions, ProjectContext
    from reconciler.cli.output import Output
    from reconciler.model.plan import Plan
    from reconciler.model.project import Environment


@click.command("plan")
@scope_options
@click.option("--out", type=OutputPath(), metavar="FILE", help="Save the plan, for `apply FILE`.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if there are changes and none is blocked.")
@view_options
@snapshot_option("Plan against")
@output_options(*PLAN_FORMATS)
def command(output: Output, scope: Scope, view: View, **options: Any) -> ExitCode:
    """Compare the files with EnergyCAP and print what would change. Nothing is written to EnergyCAP."""
    refuse_overlaps(output, {"--out": options["out"]}, {"--snapshot": options["snapshot"]})
    context = open_project(output)
    environment = context.environment(scope.environment)
    # Before any request: a pull request may change reconciler.yaml so that the key goes to another host.
    if scope.base is not None and options["snapshot"] is None:
        check_base(context, environment, scope)
    # The service is slow, so it is asked before the files are read.
    with _start_live(output, context, environment, options["snapshot"]) as read_live:
        loaded = _open_definitions(output, context, environment, scope.base)
        plan = build_plan(context, environment, loaded, read_live(), scope.only)
    if options["out"] is not None:
        _save(output, plan, options["out"])
    output.render(plan_renderers(plan, context.root, view))
    return exit_of_plan(plan, detailed=options["detailed_exitcode"])


def _open_definitions(
    output: Output, context: ProjectContext, environment: Environment, base: str | None
) -> LoadedDefinitions:
    """The definitions. If they have errors, a plan that says so is written in the formats for machines."""
    try:
        return open_definitions(output, context, environment, base)
    except BrokenDefinitions as broken:
        # A job that reads the JSON or posts the Markdown still gets a plan, and the reason why it is empty.
        failed = failed_plan(context.root, environment, broken.loaded)
        output.without_text().render(plan_renderers(failed, context.root))
        raise


@contextmanager
def _start_live(
    output: Output, context: ProjectContext, environment: Environment, snapshot: Path | None
) -> Iterator[Callable[[], LiveState]]:
    """What reads the live state, from the service or from the file `snapshot`; the service answers within the block."""
    if snapshot is not None:
        yield partial(load_snapshot, snapshot, environment)
        return
    with start_live(output, context, environment) as read_live:
        yield read_live


def _save(output: Output, plan: Plan, out: Path) -> None:
    write_file(out, render_plan_file(plan))
    # `apply` refuses a plan with errors, and one made from a snapshot, which may be out of date.
    is_appliable = not plan.has_errors and plan.snapshot is None
    use = (
        f"; to apply it:  reconciler apply {quote(str(out))}"
        if is_appliable
        else ", for review only: it cannot be applied"
    )
    output.log(f"saved the plan to {out}{use}")
