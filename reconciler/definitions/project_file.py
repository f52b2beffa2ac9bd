"""The project file: found from where the user stands, and read as strictly as the definitions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

from reconciler.definitions.files import PROJECT_FILE, read_project_file
from reconciler.definitions.plain import try_fast_parse
from reconciler.definitions.problems import FileProblem
from reconciler.definitions.scalars import PlainScalars
from reconciler.definitions.schema import Format, validator_for
from reconciler.definitions.source import decode
from reconciler.definitions.subjects import shorten, show
from reconciler.errors import ProjectError
from reconciler.model.findings import Finding
from reconciler.model.hosts import ALLOWED_HOSTS, is_allowed, name_host
from reconciler.model.lookalikes import tell_apart
from reconciler.model.project import SANDBOX
from reconciler.planning.messages import find_nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from reconciler.model.hosts import AllowedHost

    # What the file says, where it fits its schema.
    ProjectTree: TypeAlias = Mapping[str, Any]


def find_root(start: Path) -> Path:
    """The nearest folder with a reconciler.yaml, from `start` upwards to the git root, or to the top without one.

    Raises ProjectError where there is none.
    """
    for folder in (start, *start.parents):
        # Whatever is called so: a pipe or a link to nowhere is said, and no file further up is taken in its place.
        if os.path.lexists(folder / PROJECT_FILE):
            return folder
        if (folder / ".git").exists():
            break
    message = f"no {PROJECT_FILE} in {start} or above it, up to the root of its git repository"
    if (start / "reconciler.yml").exists():
        raise ProjectError(f"{message}, but a reconciler.yml", f"rename it to {PROJECT_FILE}")
    raise ProjectError(message, "change into the project's folder, or make this one a project:  reconciler init")


def read_project(root: Path) -> tuple[ProjectTree | None, tuple[Finding, ...]]:
    """What the project file in `root` says, and what is wrong with it; None where anything is."""
    data = read_project_file(root)
    if isinstance(data, Finding):
        return None, (data,)
    return parse_project(data)


def parse_project(data: bytes) -> tuple[ProjectTree | None, tuple[Finding, ...]]:
    """What a project file with this content says, and what is wrong with it; None where anything is."""
    tree = _parse_fast(data)
    return _parse_fully(data) if tree is None else (tree, ())


def check_hosts(root: Path, tree: ProjectTree, allowed: tuple[AllowedHost, ...]) -> tuple[Finding, ...]:
    """The environments of the sound project file in `root` whose host may not be sent a key (ESA147).

    They are apart from what else is wrong with the file, for the answer depends on where the tool runs.
    """
    environments: Mapping[str, Mapping[str, str]] = tree.get("environments", {})
    urls = {name: settings["url"] for name, settings in environments.items() if settings["url"] != SANDBOX}
    foreign = {name: url for name, url in urls.items() if not is_allowed(url, allowed)}
    if not foreign:
        return ()
    problems = [_refuse_host(name, url) for name, url in foreign.items()]
    data = read_project_file(root)
    return _find_places(data, problems) if isinstance(data, bytes) else (data,)


def folders_of(tree: ProjectTree) -> tuple[str, ...]:
    """The folders of definitions that a project file names, relative to the project's root."""
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
    # Imported here, as most runs find the project file sound.
    from reconciler.definitions.close import parse_yaml  # noqa: PLC0415

    document = parse_yaml(PROJECT_FILE, data)
    for problem in problems:
        document.report(problem)
    return tuple(document.findings)


def _parse_fast(data: bytes) -> Any:
    """What the project file holds; None where a close look is due."""
    try:
        values = try_fast_parse(decode(data), PlainScalars())
    except UnicodeDecodeError:
        return None
    is_sound = values and validator_for(Format.PROJECT)(values.tree) and not any(_check_consistency(values.tree))
    return values.tree if values and is_sound else None


def _parse_fully(data: bytes) -> tuple[ProjectTree | None, tuple[Finding, ...]]:
    # Imported here, as most runs find the project file sound.
    from reconciler.definitions.close import parse_yaml  # noqa: PLC0415
    from reconciler.definitions.explain import explain  # noqa: PLC0415

    document = parse_yaml(PROJECT_FILE, data)
    tree: Any = document.tree
    problems = explain(Format.PROJECT, tree).problems if document.is_read else ()
    for problem in (*problems, *_check_consistency(tree)):
        if problem.keys not in document.refused:
            document.report(problem)
    findings = tuple(sorted(document.findings, key=lambda finding: finding.order))
    return (None if findings else tree), findings


def _check_consistency(tree: object) -> Iterator[FileProblem]:
    """What the schema cannot say. Looks only at what has the right type."""
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
        yield FileProblem(
            "ESA144", keys, f"a folder of definitions must be inside the project, found {shorten(folder)}"
        )
