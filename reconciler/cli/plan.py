"""`reconciler plan`: what would change in EnergyCAP; nothing is written there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.comparing import Comparing
from reconciler.cli.options import PLAN_FORMATS, Target, printing, scoped, viewing
from reconciler.cli.overlaps import refuse_overlaps
from reconciler.cli.project import check_base, open_workplace

if TYPE_CHECKING:
    from reconciler.cli.exits import Exit
    from reconciler.cli.options import Scope, View
    from reconciler.cli.screen import Screen


@click.command("plan")
@scoped
@click.option("--out", type=Target(), metavar="FILE", help="Save the plan, to be applied as it is.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there are changes, none of them blocked.")
@viewing
@click.option(
    "--snapshot", type=click.Path(path_type=Path), metavar="FILE", help="Plan against this copy, offline and key-free."
)
@printing(*PLAN_FORMATS)
def command(screen: Screen, scope: Scope, view: View, **options: Any) -> Exit:
    """Compare the files with EnergyCAP and print what would change. Nothing is written to EnergyCAP."""
    refuse_overlaps(screen, {"--out": options["out"]}, {"--snapshot": options["snapshot"]})
    workplace = open_workplace(screen)
    environment = workplace.environment(scope.environment)
    if scope.base is not None and options["snapshot"] is None:
        check_base(workplace, environment, scope)
    comparing = Comparing(screen, workplace, environment, scope, options["snapshot"])
    return comparing.finish(options["out"], view, is_detailed=options["detailed_exitcode"])
