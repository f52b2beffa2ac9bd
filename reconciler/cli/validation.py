"""What `validate` does, without click, which would take a quarter of the time of a hook."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.paths import find_repository, folder_in_repository, path_prefix
from reconciler.definitions.load import load_definitions
from reconciler.definitions.project_file import (
    check_hosts,
    find_projects,
    find_root,
    folders_of,
    read_project,
    variables_of,
)
from reconciler.errors import ProjectError, UsageError
from reconciler.masking import KEYS, find_keys
from reconciler.model.findings import Severity
from reconciler.model.hosts import ALLOWED_HOSTS, parse_allowed_hosts
from reconciler.reports.findings_report import FindingsReport, join_reports, renderers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.cli.output import Output


# Files that suggest a project whose project file is missing or misnamed.
_PROJECT_SIGNS = ("channels", "reconciler.yml")


def validate(output: Output, paths: Sequence[Path]) -> ExitCode:
    """Report what is wrong with the definitions: everything, or only what is in `paths`.

    Without a project here or above, those below are checked, because a pre-commit hook runs at the root of its
    repository. Each path is checked in its own project. Raises ProjectError if there is no project but signs of one,
    and UsageError for a path outside of any project.
    """
    projects = _find_projects(output, paths)
    if not projects:
        output.log("no reconciler.yaml here, above or below, and no channels/: nothing to validate")
        output.render(renderers(FindingsReport((), files=0, channels=0)))
        return ExitCode.DONE
    reports = {root: _validate_project(root) for root in projects}
    shown = {root: report.within(projects[root]) if projects[root] else report for root, report in reports.items()}
    hidden = sum(len(reports[root].findings) - len(shown[root].findings) for root in projects)
    if hidden:
        output.log(f"not shown: {hidden} more in other files; reconciler validate  shows all")
    _render_reports(output, shown)
    failed = (finding.severity is Severity.ERROR for report in shown.values() for finding in report.findings)
    return ExitCode.FAILED if any(failed) else ExitCode.DONE


def _render_reports(output: Output, reports: Mapping[Path, FindingsReport]) -> None:
    if len(reports) == 1:
        ((root, report),) = reports.items()
        output.render(renderers(report, path_prefix(root), folder_in_repository(root)))
        return
    output.log(f"{len(reports)} projects: {', '.join(path_prefix(root).rstrip('/') or '.' for root in reports)}")
    joined = join_reports([report.with_prefix(path_prefix(root)) for root, report in reports.items()])
    output.render(renderers(joined, folder=folder_in_repository(Path.cwd())))


def _find_projects(output: Output, paths: Sequence[Path]) -> dict[Path, list[str]]:
    """The roots of the projects to check, each with the paths given in it; no paths mean the whole project."""
    if not paths:
        return {root: [] for root in _find_here(output)}
    projects: dict[Path, list[str]] = {}
    for path in paths:
        for root in _find_owners(output, path):
            projects.setdefault(root, []).append(_relative_to(root, path))
    return projects


def _find_here(output: Output) -> tuple[Path, ...]:
    try:
        return (find_root(Path.cwd()),)
    except ProjectError:
        if _has_project_signs(Path.cwd()):
            raise
    return _find_below(output, Path.cwd())


def _has_project_signs(folder: Path) -> bool:
    """Whether `folder`, or a parent in its repository, looks like a project or a part of one."""
    repository = find_repository(folder) or folder
    above = [one for one in (folder, *folder.parents) if one.is_relative_to(repository)]
    return any((one / name).exists() for one in above for name in _PROJECT_SIGNS)


def _find_below(output: Output, folder: Path) -> tuple[Path, ...]:
    """The projects below `folder`. Raises ProjectError if none is found and submodules are not checked out."""
    below = find_projects(folder)
    # Imported here because most runs validate one project.
    from shlex import quote

    # git leaves the folder of such a submodule empty, so its projects would be skipped silently.
    absent = " ".join(quote(path_prefix(path).rstrip("/")) for path in below.absent)
    if absent and not below.roots:
        raise ProjectError(
            f"no project here, but these submodules are not checked out: {absent}",
            f"git submodule update --init -- {absent}",
        )
    if absent:
        output.log(f"not validated, because these submodules are not checked out: {absent}")
    return below.roots


def _find_owners(output: Output, path: Path) -> tuple[Path, ...]:
    """The project that `path` is in, or those below it."""
    if not path.exists():
        raise UsageError(f"no such file or folder: {path}")
    # A link to a file belongs to the project that it is in, not to the one it points to.
    start = path.resolve() if path.is_dir() else path.absolute().parent
    try:
        return (find_root(start),)
    except ProjectError:
        repository = find_repository(Path.cwd())
        is_near = start.is_relative_to(repository or Path.cwd())
        below = _find_below(output, start) if path.is_dir() and is_near else ()
        if not below:
            raise UsageError(f"{path} is not in the project at {find_root(Path.cwd())}") from None
        return below


def _validate_project(root: Path) -> FindingsReport:
    tree, findings = read_project(root)
    # The findings quote the files, and a file may hold the key.
    KEYS.learn(find_keys(os.environ, None if tree is None else variables_of(tree)))
    if tree is None:
        return FindingsReport(findings, files=0, channels=0)
    foreign = check_hosts(root, tree, parse_allowed_hosts(os.environ.get(ALLOWED_HOSTS, "")))
    loaded = load_definitions(root, folders_of(tree), tuple(tree.get("environments", {})), makes_digest=False)
    read = loaded.definitions
    return FindingsReport((*findings, *foreign, *loaded.findings), files=len(read.files), channels=len(read.channels))


def _relative_to(root: Path, path: Path) -> str:
    """`path` relative to the project at `root`; "." if the project is below it."""
    whole, real = path.absolute().resolve(), root.resolve()
    if real.is_relative_to(whole):
        return "."
    return whole.relative_to(real).as_posix()
