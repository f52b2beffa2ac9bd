"""`reconciler show FILE`: a saved plan in any format, or the result of an apply from its journal."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from reconciler.cli.build_plan import plan_renderers, utc_now
from reconciler.cli.command_line import PLAN_FORMATS, OutputPath, output_options, view_options
from reconciler.cli.exit_codes import ExitCode, exit_of_plan
from reconciler.cli.file_io import read_file, write_file
from reconciler.cli.output import TEXT
from reconciler.cli.paths import refuse_overlaps
from reconciler.errors import FileError, UsageError
from reconciler.planfile.reading import read_plan
from reconciler.planfile.writing import render_plan_file

if TYPE_CHECKING:
    from reconciler.cli.command_line import View
    from reconciler.cli.output import Output
    from reconciler.model.plan import Plan


@click.command("show")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if there are changes and none is blocked.")
@view_options
@click.option("--inverse", type=OutputPath(), metavar="PLAN", help="With a journal: save the plan that reverses it.")
@output_options(*PLAN_FORMATS)
def command(output: Output, view: View, file: Path, inverse: Path | None, detailed_exitcode: bool) -> ExitCode:
    """Show a saved plan again, or the result of an apply from its journal.

    Reads only FILE: no definitions, no service. For a journal (.reconciler/journal/*.jsonl), the result is shown, and
    the plan that would reverse it.
    """
    refuse_overlaps(output, {"--inverse": inverse}, {"": file})
    plan = _render_journal(output, file) if file.suffix == ".jsonl" else read_plan(read_file(file))
    if inverse is not None:
        _save_inverse(output, plan, inverse, file)
    output.render(plan_renderers(plan, Path.cwd(), view))
    return exit_of_plan(plan, detailed=detailed_exitcode)


def _render_journal(output: Output, file: Path) -> Plan:
    """Print the result recorded in the journal, and return the plan that reverses it."""
    from reconciler.apply.journal import is_locked
    from reconciler.apply.journal_reader import read_journal, result_from_journal
    from reconciler.apply.rollback import make_rollback
    from reconciler.reports.apply_report import render_result

    # The result of an apply that is still running would be wrong a moment later.
    if is_locked(file):
        raise FileError(f"an apply is using the journal {file}", "wait until it finishes")
    content = read_journal(file)
    output.render_only(TEXT, lambda styler: render_result(content.plan, result_from_journal(content), styler))
    output.log("to reverse it:")
    return make_rollback(content, utc_now())


def _save_inverse(output: Output, plan: Plan, file: Path, journal: Path) -> None:
    if journal.suffix != ".jsonl":
        raise UsageError("--inverse needs a journal, not a plan", "give a .reconciler/journal/*.jsonl")
    write_file(file, render_plan_file(plan))
    output.log(
        f"saved the plan that reverses it to {file}, for review only; "
        f"to apply it:  reconciler apply --undo {quote(str(journal))}"
    )
