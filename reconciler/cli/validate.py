"""`reconciler validate`: the files alone, offline, all findings at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler import __version__
from reconciler.cli.exits import Exit
from reconciler.cli.options import printing
from reconciler.cli.project import relocate
from reconciler.definitions.load import load_definitions
from reconciler.definitions.project import find_root, load_project
from reconciler.errors import ProjectError, UsageError
from reconciler.model.findings import Severity
from reconciler.reports import (
    findings_concise,
    findings_github,
    findings_gitlab,
    findings_json,
    findings_junit,
    findings_sarif,
    findings_text,
)
from reconciler.reports.findings_text import Checked
from reconciler.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.cli.screen import Screen
    from reconciler.model.findings import Finding
    from reconciler.reports.paint import Paint

FORMATS = ("text", "concise", "json", "github", "gitlab", "sarif", "junit")


@click.command("validate")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@printing(*FORMATS)
def command(screen: Screen, paths: tuple[Path, ...]) -> Exit:
    """Check all definitions: YAML, schema, domain rules. Offline, all findings at once.

    The whole project is always loaded, for names and formulas reach across files; PATHS only pick what is reported.
    """
    root = _find_project(screen, paths)
    if root is None:
        return Exit.DONE
    findings, checked = _validate(root)
    shown = _pick(findings, [_relative_to(root, path) for path in paths])
    screen.show(_renderers(shown, checked, root))
    return Exit.FAILED if any(finding.severity is Severity.ERROR for finding in shown) else Exit.DONE


def _find_project(screen: Screen, paths: Sequence[Path]) -> Path | None:
    """The project's root; None where there is no project and nothing was asked for by name.

    A pre-commit hook runs in every repository that lists it, also where nobody has written definitions yet.
    """
    try:
        return find_root(Path.cwd())
    except ProjectError:
        if paths:
            raise
        if sys.stderr.isatty():
            screen.remark("no reconciler.yaml here or above: nothing to validate")
        return None


def _validate(root: Path) -> tuple[tuple[Finding, ...], Checked]:
    project, findings = load_project(root)
    if project is None:
        return findings, Checked(files=0, channels=0)
    loaded = load_definitions(root, project.definitions)
    checked = Checked(len(loaded.definitions.files), len(loaded.definitions.channels))
    return (*findings, *loaded.findings), checked


def _relative_to(root: Path, path: Path) -> str:
    if not path.exists():
        raise UsageError(f"no such file or folder: {path}")
    try:
        return path.absolute().resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        raise UsageError(f"{path} is not in the project at {root}") from None


def _pick(findings: tuple[Finding, ...], paths: Sequence[str]) -> tuple[Finding, ...]:
    """The findings in one of `paths`, files or folders, and those without a place; all where no path is given."""
    if not paths or "." in paths:
        return findings
    folders = tuple(f"{path}/" for path in paths)
    return tuple(
        finding
        for finding in findings
        if finding.place is None or finding.place.file in paths or finding.place.file.startswith(folders)
    )


def _renderers(findings: tuple[Finding, ...], checked: Checked, root: Path) -> Mapping[str, Callable[[Paint], str]]:
    here = relocate(findings, root)
    return {
        "text": lambda paint: findings_text.render(here, checked, paint),
        "concise": lambda _: findings_concise.render(here),
        "json": lambda _: findings_json.render(findings),
        "github": lambda _: findings_github.render(findings),
        "gitlab": lambda _: findings_gitlab.render(findings),
        "sarif": lambda _: findings_sarif.render(findings, RULES, __version__),
        "junit": lambda _: findings_junit.render(findings),
    }
