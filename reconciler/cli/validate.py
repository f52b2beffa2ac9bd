"""`reconciler validate`: the files alone, offline, all findings at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.exits import Exit
from reconciler.cli.options import printing
from reconciler.cli.project import path_prefix
from reconciler.definitions.load import load_definitions
from reconciler.definitions.project import find_root, load_project
from reconciler.errors import ProjectError, UsageError
from reconciler.model.findings import Severity
from reconciler.reports.findings import FORMATS, Report, renderers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.screen import Screen


# What stands where a project was meant to be.
_TRACES = ("channels", "reconciler.yml")


@click.command("validate")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@printing(*FORMATS)
def command(screen: Screen, paths: tuple[Path, ...]) -> Exit:
    """Check all definitions: YAML, schema, domain rules. Offline, all findings at once.

    The whole project is always loaded, for names and formulas reach across files; PATHS only pick what is reported.
    """
    root = _find_project(paths)
    if root is None:
        screen.remark("no reconciler.yaml here or above, and no channels/: nothing to validate")
        screen.show(renderers(Report((), files=0, channels=0)))
        return Exit.DONE
    report = _validate(root)
    shown = report.only([_relative_to(root, path) for path in paths]) if paths else report
    hidden = len(report.findings) - len(shown.findings)
    if hidden:
        screen.remark(f"not shown: {hidden} more in other files; reconciler validate  shows all")
    screen.show(renderers(shown, path_prefix(root)))
    return Exit.FAILED if any(finding.severity is Severity.ERROR for finding in shown.findings) else Exit.DONE


def _find_project(paths: Sequence[Path]) -> Path | None:
    """The project's root; None where there is no project, nothing like one, and nothing was asked for by name.

    A pre-commit hook runs in every repository that lists it, also where nobody has written definitions yet.
    """
    try:
        return find_root(Path.cwd())
    except ProjectError:
        if paths or any(Path(name).exists() for name in _TRACES):
            raise
        return None


def _validate(root: Path) -> Report:
    project, findings = load_project(root)
    if project is None:
        return Report(findings, files=0, channels=0)
    loaded = load_definitions(root, project.definitions)
    read = loaded.definitions
    return Report((*findings, *loaded.findings), files=len(read.files), channels=len(read.channels))


def _relative_to(root: Path, path: Path) -> str:
    if not path.exists():
        raise UsageError(f"no such file or folder: {path}")
    try:
        return path.absolute().resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        raise UsageError(f"{path} is not in the project at {root}") from None
