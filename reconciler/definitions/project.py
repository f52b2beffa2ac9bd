"""The project file as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.definitions.commits import read_file_at
from reconciler.definitions.files import PROJECT_FILE
from reconciler.definitions.project_file import folders_of, parse_project, read_project
from reconciler.errors import ProjectError
from reconciler.model.project import (
    ChannelEdit,
    Environment,
    Guards,
    HistoryRewrites,
    MaxChanges,
    OnBlocked,
    PrimaryMove,
    Project,
    VersionDates,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.definitions.project_file import ProjectTree
    from reconciler.model.findings import Finding

_DEFAULT = Environment("", "")


def load_project(root: Path) -> tuple[Project | None, tuple[Finding, ...]]:
    """The project file in `root`, and what is wrong with it; None where anything is."""
    tree, findings = read_project(root)
    return (None if tree is None else _make_project(tree)), findings


def load_project_at(root: Path, reference: str) -> Project | None:
    """The project file in `root` as git has it at `reference`; None where it was not there.

    Raises ProjectError where git cannot say, and where the file had errors there.
    """
    data = read_file_at(root, reference, PROJECT_FILE)
    if data is None:
        return None
    tree, _ = parse_project(data)
    if tree is None:
        raise ProjectError(
            f"{PROJECT_FILE} has errors at {reference}", f"correct it there first, and rebase on {reference}"
        )
    return _make_project(tree)


def _make_project(tree: ProjectTree) -> Project:
    environments = tuple(_make_environment(name, settings) for name, settings in tree.get("environments", {}).items())
    only = environments[0].name if len(environments) == 1 else None
    return Project(
        definitions=folders_of(tree),
        environments=environments,
        default_environment=tree.get("defaultEnvironment", only),
        guards=_make_guards(tree.get("guards", {})),
    )


def _make_environment(name: str, settings: Mapping[str, Any]) -> Environment:
    return Environment(
        name=name,
        url=settings["url"].rstrip("/"),
        api_key_env=settings.get("apiKeyEnv", _DEFAULT.api_key_env),
        primary_move=PrimaryMove(settings.get("primaryMove", PrimaryMove.TAKE_FIRST)),
        channel_edit=ChannelEdit(settings.get("channelEdit", ChannelEdit.OMIT_VERSION)),
        version_dates=VersionDates(settings["versionDates"]) if "versionDates" in settings else None,
    )


def _make_guards(settings: Mapping[str, Any]) -> Guards:
    return Guards(
        max_changes=_make_max_changes(settings.get("maxChanges")),
        history_rewrites=HistoryRewrites(settings.get("historyRewrites", HistoryRewrites.ASK)),
        blocked=OnBlocked(settings.get("blocked", OnBlocked.SKIP)),
    )


def _make_max_changes(value: str | int | None) -> MaxChanges | None:
    if isinstance(value, str):
        return MaxChanges(float(value.removesuffix("%")), is_percent=True)
    return None if value is None else MaxChanges(value)
