"""`reconciler validate`: the files alone, offline, all findings at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.command_line import output_options
from reconciler.cli.paths import refuse_overlaps
from reconciler.cli.validation import validate
from reconciler.reports.findings_report import FORMATS

if TYPE_CHECKING:
    from reconciler.cli.exit_codes import ExitCode
    from reconciler.cli.output import Output


@click.command("validate")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@output_options(*FORMATS)
def command(output: Output, paths: tuple[Path, ...]) -> ExitCode:
    """Check all definitions: YAML, schema, domain rules. Offline; reports all findings at once.

    The whole project is always loaded, because names and formulas refer to other files; PATHS only select what is
    reported.
    """
    refuse_overlaps(output, {}, {})
    return validate(output, paths)
