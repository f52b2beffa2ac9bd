"""The pipelines that `init` writes: those of docs/ci, adapted to a project below the root of its repository."""

from __future__ import annotations

import json
import re
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from reconciler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_GITLAB = "reconciler.gitlab-ci.yml"
# The steps that work on the files of the project. All others run before the checkout, or know no project.
_STEPS = ("Validate", "Plan", "Show the reviewed plan, or plan anew", "Apply", "Compare")
# What has a name of its own for each project: files of workflows, artefacts, groups of jobs.
_PER_PROJECT = re.compile(r"(?<![\w-])reconciler-(?:plan|apply|drift|journal)(?!\w)")
# In a pattern, a setting or a list of paths these would mean something.
_SAFE_FOLDER = re.compile(r"[\w.][\w .+@-]*(?:/[\w.][\w .+@-]*)*")


class Pipeline(Enum):
    """The CI system that a workflow is written for."""

    GITHUB = "github"
    GITLAB = "gitlab"
    NONE = "none"


def list_pipeline(pipeline: Pipeline, folder: str) -> Mapping[str, str]:
    """The files of `pipeline` by their paths from the root of the repository, where the project is in `folder` of it.

    Raises UsageError for a folder whose name cannot stand in a pipeline.
    """
    pipelines = find_pipelines(Path(__file__).parent.parent)
    if folder and pipeline is not Pipeline.NONE and not _SAFE_FOLDER.fullmatch(folder):
        raise UsageError(
            f"the folder {folder} has a character in its name that means something in a pipeline",
            "rename the folder, or leave --ci out and write a pipeline of your own",
        )
    match pipeline:
        case Pipeline.GITHUB:
            files = {path.name: _read(path) for path in sorted((pipelines / "github").glob("*.yml"))}
            return {
                f".github/workflows/{_rename(name, folder)}": _fit_github(text, folder) for name, text in files.items()
            }
        case Pipeline.GITLAB:
            return {".gitlab-ci.yml": _fit_gitlab(_read(pipelines / "gitlab" / _GITLAB), folder)}
        case Pipeline.NONE:
            return {}
        case _:
            assert_never(pipeline)


def find_pipelines(package: Path) -> Path:
    """The folder of the pipelines for the package at `package`: within it in a wheel, `docs/ci` in the repository."""
    within = package / "ci"
    return within if within.is_dir() else package.parent / "docs" / "ci"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _rename(text: str, folder: str) -> str:
    """`text` with the folder in all that each project needs a name of its own for."""
    if not folder:
        return text
    label = re.sub("[^A-Za-z0-9._]+", "-", folder).strip("-.") or "project"
    return _PER_PROJECT.sub(lambda match: f"{match.group()}-{label}", text)


def _fit_github(text: str, folder: str) -> str:
    if not folder:
        return text
    text = re.sub(
        r"(?m)^name: (.+)$", lambda match: f"name: {json.dumps(f'{match[1]} ({folder})')}", _rename(text, folder)
    )
    text = text.replace("“Apply channels”", f"“Apply channels ({folder})”")
    for step in _STEPS:
        text = text.replace(
            f"      - name: {step}\n", f"      - name: {step}\n        working-directory: {json.dumps(folder)}\n"
        )
    return text.replace("path: .reconciler/journal", f"path: {json.dumps(f'{folder}/.reconciler/journal')}")


def _fit_gitlab(text: str, folder: str) -> str:
    if not folder:
        return text
    # A commit could make any part of the way a link to elsewhere, where the next line deletes and the tool reads.
    lines = (f'test "$(cd "{folder}" && pwd -P)" = "$(pwd -P)/{folder}"', f'cd "{folder}"')
    enter = "".join(f"    - {json.dumps(line)}\n" for line in lines)
    text = re.sub(r"(?m)^  before_script:\n", lambda match: f"{match.group()}{enter}", text)
    text = re.sub(
        r"(codequality|terraform): (\S+)", lambda match: f"{match[1]}: {json.dumps(f'{folder}/{match[2]}')}", text
    )
    return re.sub(r"(paths|exists): \[(.+?)\]", lambda match: f"{match[1]}: [{_below(match[2], folder)}]", text)


def _below(paths: str, folder: str) -> str:
    return ", ".join(json.dumps(f"{folder}/{path}") for path in paths.split(", "))
