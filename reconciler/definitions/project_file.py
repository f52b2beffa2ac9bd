"""The project file: found, read as strictly as the definitions, and turned into records."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct, convert

from reconciler.definitions.discovery import PROJECT_FILE, read_project_file
from reconciler.definitions.fast_reader import PlainLines, decode, try_fast_parse
from reconciler.definitions.file_problems import FileProblem, shorten, show
from reconciler.definitions.schema import Format, validator_for
from reconciler.errors import ProjectError
from reconciler.model.findings import Finding
from reconciler.model.hosts import ALLOWED_HOSTS, is_allowed, name_host
from reconciler.model.lookalikes import tell_apart
from reconciler.model.project import (
    MAX_CREATES,
    Environment,
    Guards,
    HistoryRewrites,
    MaxChanges,
    OnBlocked,
    OnNotFound,
    Project,
    is_sandbox,
)
from reconciler.planning.messages import find_nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.hosts import AllowedHost

    ProjectTree: TypeAlias = Mapping[str, Any]


def find_root(start: Path) -> Path:
    """The nearest folder with a reconciler.yaml, from `start` upwards to the root of its git repository, or to the top.

    Raises ProjectError if none has one.
    """
    for folder in (start, *start.parents):
        # Also a pipe or a broken link: it must be reported, and not replaced by a file further up.
        if os.path.lexists(folder / PROJECT_FILE):
            return folder
        if (folder / ".git").exists():
            break
    message = f"no {PROJECT_FILE} in {start} or above it, up to the root of its git repository"
    if (start / "reconciler.yml").exists():
        raise ProjectError(f"{message}, but a reconciler.yml", f"rename it to {PROJECT_FILE}")
    raise ProjectError(message, "change into the project's folder, or make this one a project:  reconciler init")


def read_project(root: Path) -> tuple[ProjectTree | None, tuple[Finding, ...]]:
    """The content of the project file in `root`, or None and what is wrong with it."""
    data = read_project_file(root)
    if isinstance(data, Finding):
        return None, (data,)
    return parse_project(data)


def parse_project(data: bytes) -> tuple[ProjectTree | None, tuple[Finding, ...]]:
    """The content of a project file from its bytes, or None and what is wrong with it."""
    tree = _parse_fast(data)
    return _parse_fully(data) if tree is None else (tree, ())


def check_hosts(root: Path, tree: ProjectTree, allowed: tuple[AllowedHost, ...]) -> tuple[Finding, ...]:
    """Findings for the environments of the valid project file in `root` whose host may not be sent a key (ESA147).

    These are checked apart from the file's other errors, because they depend on where the tool runs.
    """
    environments: Mapping[str, Mapping[str, str]] = tree.get("environments", {})
    urls = {name: settings["url"] for name, settings in environments.items() if not is_sandbox(settings["url"])}
    foreign = {name: url for name, url in urls.items() if not is_allowed(url, allowed)}
    if not foreign:
        return ()
    problems = [_refuse_host(name, url) for name, url in foreign.items()]
    data = read_project_file(root)
    return _find_places(data, problems) if isinstance(data, bytes) else (data,)


def folders_of(tree: ProjectTree) -> tuple[str, ...]:
    """The definitions folders that a project file names, relative to the project's root."""
    folders = tree["definitions"]
    return (folders,) if isinstance(folders, str) else tuple(folders)


def variables_of(tree: ProjectTree) -> tuple[str, ...]:
    """The variables for keys that a project file names."""
    environments: Mapping[str, Mapping[str, str]] = tree.get("environments", {})
    return tuple(settings["apiKeyEnv"] for settings in environments.values() if "apiKeyEnv" in settings)


def _refuse_host(name: str, url: str) -> FileProblem:
    host = name_host(url)
    message = f"url names a host that may not be sent an API key, found {shorten(host)}"
    fix = f"correct the url; if the host is right, set  {ALLOWED_HOSTS}={host}"
    return FileProblem("ESA147", ("environments", name, "url"), message, fix)


def _find_places(data: bytes, problems: Sequence[FileProblem]) -> tuple[Finding, ...]:
    # Imported here because in most runs the project file is valid.
    from reconciler.definitions.yaml_reader import parse_yaml  # noqa: PLC0415

    document = parse_yaml(PROJECT_FILE, data)
    for problem in problems:
        document.report(problem)
    return tuple(document.findings)


def _parse_fast(data: bytes) -> Any:
    """The content of the project file; None if the full reader is needed."""
    try:
        values = try_fast_parse(decode(data), PlainLines())
    except UnicodeDecodeError:
        return None
    is_valid = values and validator_for(Format.PROJECT)(values.tree) and not any(_check_consistency(values.tree))
    return values.tree if values and is_valid else None


def _parse_fully(data: bytes) -> tuple[ProjectTree | None, tuple[Finding, ...]]:
    # Imported here because in most runs the project file is valid.
    from reconciler.definitions.schema_errors import explain  # noqa: PLC0415
    from reconciler.definitions.yaml_reader import parse_yaml  # noqa: PLC0415

    document = parse_yaml(PROJECT_FILE, data)
    tree: Any = document.tree
    problems = explain(Format.PROJECT, tree).problems if document.is_read else ()
    for problem in (*problems, *_check_consistency(tree)):
        if problem.keys not in document.refused:
            document.report(problem)
    findings = tuple(sorted(document.findings, key=lambda finding: finding.order))
    return (None if findings else tree), findings


def _check_consistency(tree: object) -> Iterator[FileProblem]:
    """The rules that the schema cannot express. Only values of the right type are checked."""
    if isinstance(tree, dict):
        yield from _check_default(tree.get("defaultEnvironment"), tree.get("environments", {}))
        definitions = tree.get("definitions")
        if isinstance(definitions, list):
            for index, folder in enumerate(definitions):
                yield from _check_folder(("definitions", str(index)), folder)
        else:
            yield from _check_folder(("definitions",), definitions)


def _check_default(name: object, environments: object) -> Iterator[FileProblem]:
    if isinstance(name, str) and isinstance(environments, dict) and name not in environments:
        near = find_nearest(name, environments) if len(name) <= 64 else None
        fix = f"did you mean  defaultEnvironment: {near}{tell_apart(name, near)}" if near else ""
        known = f"one of {', '.join(environments)}" if environments else "an environment, and there are none"
        message = f"defaultEnvironment must name {known}, found {show(name)}"
        yield FileProblem("ESA143", ("defaultEnvironment",), message, fix)


def _check_folder(keys: tuple[str, ...], folder: object) -> Iterator[FileProblem]:
    if isinstance(folder, str) and (folder.startswith(("/", "~")) or "\\" in folder or ".." in folder.split("/")):
        yield FileProblem("ESA144", keys, f"a definitions folder must be inside the project, found {shorten(folder)}")


def load_project(root: Path) -> tuple[Project | None, tuple[Finding, ...]]:
    """The project that the file in `root` describes, or None and what is wrong with the file."""
    tree, findings = read_project(root)
    return (None if tree is None else make_project(tree)), findings


def make_project(tree: ProjectTree) -> Project:
    """The project that a valid project file with the content `tree` describes."""
    environments = tuple(
        convert({"name": name, **settings, "url": settings["url"].rstrip("/")}, Environment)
        for name, settings in tree.get("environments", {}).items()
    )
    only = environments[0].name if len(environments) == 1 else None
    return Project(
        definitions=folders_of(tree),
        environments=environments,
        default_environment=tree.get("defaultEnvironment", only),
        guards=_make_guards(tree.get("guards", {})),
    )


def _make_guards(settings: Mapping[str, Any]) -> Guards:
    return Guards(
        max_changes=_make_max_changes(settings.get("maxChanges")),
        max_creates=settings.get("maxCreates", MAX_CREATES),
        history_rewrites=HistoryRewrites(settings.get("historyRewrites", HistoryRewrites.ASK)),
        blocked=OnBlocked(settings.get("blocked", OnBlocked.SKIP)),
        not_found=OnNotFound(settings.get("notFound", OnNotFound.STOP)),
    )


def _make_max_changes(value: str | int | None) -> MaxChanges | None:
    if isinstance(value, str):
        return MaxChanges(float(value.removesuffix("%")), is_percent=True)
    return None if value is None else MaxChanges(value)


# How deep the search for projects goes if git cannot list the files.
_DEPTH = 4


class FoundProjects(Struct, frozen=True):
    """The roots of the projects below a folder, and the submodules that are not checked out and may have more."""

    roots: tuple[Path, ...]
    absent: tuple[Path, ...] = ()


def find_projects(folder: Path) -> FoundProjects:
    """The projects below `folder`, in the order of their names, without those that are hidden or ignored by git."""
    # Imported here because most commands do not need git.
    from reconciler.definitions.git import SUBMODULE, list_files  # noqa: PLC0415

    files = list_files(folder) if _is_in_repository(folder) else None
    if files is None:
        return FoundProjects(tuple(sorted(_walk(folder))))
    roots: set[Path] = set()
    absent: set[Path] = set()
    for mode, name in files:
        path = folder / name
        if path.name == PROJECT_FILE and path != folder / PROJECT_FILE and os.path.lexists(path):
            roots.add(path.parent)
        elif mode == SUBMODULE and not (path / ".git").exists():
            absent.add(path)
        elif (mode == SUBMODULE or name.endswith("/")) and path.is_dir():
            inner = find_projects(path)
            roots.update((*([path] if os.path.lexists(path / PROJECT_FILE) else []), *inner.roots))
            absent.update(inner.absent)
    return FoundProjects(tuple(sorted(roots)), tuple(sorted(absent)))


def _is_in_repository(folder: Path) -> bool:
    return any((place / ".git").exists() for place in (folder, *folder.parents))


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = [] if depth >= _DEPTH else [name for name in folders if not name.startswith(".")]
        if depth and PROJECT_FILE in files:
            yield Path(place)
