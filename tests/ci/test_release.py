""".github/workflows/release.yml: what a tag builds, and that no other tag builds it."""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING

import pytest
import yaml

from reconciler import __version__
from tests.ci.conftest import ROOT
from tests.ci.hub import Event, Hub
from tests.ci.runner import make_site, run_shell

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ci.runner import StepRun
    from tests.ci.stand_ins import Site

SOURCES = (
    "reconciler",
    "schemas",
    "docs",
    "channels",
    "requirements",
    "tests",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
)


@pytest.fixture
def sources(tmp_path: Path) -> Hub:
    return Hub(tmp_path / "hub")


def build(hub: Hub, tag: str) -> tuple[Site, StepRun]:
    """The step that builds, run over the sources of this project as if `tag` had been pushed."""
    event = Event("push", "0" * 40, tag, {})
    site = make_site(hub, event, "build", hub.begin_run(event, {}))
    for name in (*SOURCES, "pyproject.toml", "reconciler.yaml"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, site.workspace / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, site.workspace)
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
    (script,) = [step["run"] for step in workflow["jobs"]["build"]["steps"] if "run" in step]
    return site, run_shell(site, script, {}, (workflow["defaults"]["run"]["shell"], site.workspace))


def test_the_tag_of_this_version_builds_a_wheel_that_holds_everything(sources: Hub) -> None:
    site, step = build(sources, f"v{__version__}")

    assert step.code == 0, step.log
    wheel, source = sorted((site.workspace / "dist").iterdir(), key=lambda path: path.suffix, reverse=True)
    assert source.name == f"esa_reconciler-{__version__}.tar.gz"
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = [
        "schemas/channels.schema.json",
        "ci/gitlab/reconciler.gitlab-ci.yml",
        "py.typed",
        "cli/scaffold/example.yaml",
    ]
    wanted += [f"ci/github/reconciler-{name}.yml" for name in ("apply", "drift", "plan")]
    assert {f"reconciler/{name}" for name in wanted} <= names


def test_another_tag_builds_nothing(sources: Hub) -> None:
    site, step = build(sources, "v99.0.0")

    assert step.code == 1
    assert f"::error title=Release::the tag is v99.0.0, but reconciler/__init__.py says {__version__}" in step.log
    assert not (site.workspace / "dist").exists()
