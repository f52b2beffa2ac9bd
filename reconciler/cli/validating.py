"""What `validate` does, without the parser of its command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.exits import Exit
from reconciler.cli.standing import find_folder, path_prefix
from reconciler.definitions.load import load_definitions
from reconciler.definitions.project_file import check_hosts, find_root, folders_of, read_project, variables_of
from reconciler.errors import ProjectError, UsageError
from reconciler.masking import KEYS, find_keys
from reconciler.model.findings import Severity
from reconciler.model.hosts import ALLOWED_HOSTS, parse_allowed_hosts
from reconciler.reports.findings import Report, renderers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.screen import Screen


# What stands where a project was meant to be.
_TRACES = ("channels", "reconciler.yml")


def validate(screen: Screen, paths: Sequence[Path]) -> Exit:
    """Show on `screen` what is wrong with the definitions: all of it, or what is in `paths`.

    Raises ProjectError where there is no project, but traces of one, and UsageError for a path that is not in it.
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
    screen.show(renderers(shown, path_prefix(root), find_folder(root)))
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
    tree, findings = read_project(root)
    KEYS.learn(find_keys(os.environ, None if tree is None else variables_of(tree)))
    if tree is None:
        return Report(findings, files=0, channels=0)
    foreign = check_hosts(root, tree, parse_allowed_hosts(os.environ.get(ALLOWED_HOSTS, "")))
    loaded = load_definitions(root, folders_of(tree))
    read = loaded.definitions
    return Report((*findings, *foreign, *loaded.findings), files=len(read.files), channels=len(read.channels))


def _relative_to(root: Path, path: Path) -> str:
    if not path.exists():
        raise UsageError(f"no such file or folder: {path}")
    try:
        return path.absolute().resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        raise UsageError(f"{path} is not in the project at {root}") from None
