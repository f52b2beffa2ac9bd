"""`reconciler validate`: the files alone, offline, all findings at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import printing
from reconciler.cli.overlaps import refuse_overlaps
from reconciler.cli.validating import validate
from reconciler.reports.findings_report import FORMATS

if TYPE_CHECKING:
    from reconciler.cli.exits import Exit
    from reconciler.cli.screen import Screen


@click.command("validate")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@printing(*FORMATS)
def command(screen: Screen, paths: tuple[Path, ...]) -> Exit:
    """Check all definitions: YAML, schema, domain rules. Offline, all findings at once.

    The whole project is always loaded, for names and formulas reach across files; PATHS only pick what is reported.
    """
    refuse_overlaps(screen, {}, {})
    return validate(screen, paths)
