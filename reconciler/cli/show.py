"""`reconciler show FILE`: a saved plan again, in any format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.documents import read_file
from reconciler.cli.exits import Exit, exit_of_plan
from reconciler.cli.options import printing
from reconciler.cli.planned import FORMATS, plan_renderers
from reconciler.planfile.reading import read_plan

if TYPE_CHECKING:
    from reconciler.cli.screen import Screen


@click.command("show")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there are changes, none of them blocked.")
@click.option("--show-unchanged", is_flag=True, help="List the channels that need no change, too.")
@printing(*FORMATS)
def command(screen: Screen, file: Path, detailed_exitcode: bool, show_unchanged: bool) -> Exit:
    """Show a saved plan again. Reads FILE alone: no definitions, no service."""
    plan = read_plan(read_file(file))
    screen.show(plan_renderers(plan, Path.cwd(), show_unchanged=show_unchanged))
    return exit_of_plan(plan, detailed=detailed_exitcode)
