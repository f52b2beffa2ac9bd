"""`reconciler validate`: the files alone, offline, all findings at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit
from reconciler.cli.output import parse_outputs, remark, write_outputs
from reconciler.cli.project import path_prefix
from reconciler.definitions.load import load_definitions
from reconciler.definitions.project import find_root, load_project
from reconciler.errors import ProjectError, UsageError
from reconciler.model.findings import Severity
from reconciler.reports import findings

if TYPE_CHECKING:
    from reconciler.model.findings import Finding


@click.command("validate")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@options.format_option(findings.FORMATS)
@options.color_option
@options.quiet_option
def command(paths: tuple[Path, ...], outputs: tuple[str, ...], color: str, quiet: bool) -> Exit:  # noqa: FBT001 - click
    """Check all definitions: YAML, schema, domain rules. Offline, all findings at once.

    The whole project is always loaded, for names and formulas reach across files; PATHS only pick what is reported.
    """
    wanted = parse_outputs(outputs, findings.FORMATS, quiet=quiet)
    root = _find_root_if_any(paths)
    if root is None:
        return Exit.DONE
    report = _validate(root)
    shown = report if not paths else report.only(_relative_to(root, paths))
    write_outputs(wanted, findings.renderers(shown, path_prefix(root)), color)
    return Exit.FAILED if any(found.severity is Severity.ERROR for found in shown.findings) else Exit.DONE
