"""What a test needs to let pre-commit install and run this project's hook, without an index."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[1]
_PACKAGE = (
    "reconciler",
    "schemas",
    "docs",
    "requirements",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    ".pre-commit-hooks.yaml",
)


def make_variables(home: Path) -> dict[str, str]:
    """The environment for git and pre-commit: no index and no build environment, the packages of this one instead."""
    here = Path(sys.executable).parent
    return {
        "PATH": f"{here}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "PRE_COMMIT_HOME": str(home / "pre-commit"),
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        **{f"GIT_{who}_{what}": "test@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }


def copy_package(folder: Path) -> None:
    """Put into `folder` what the package is built from."""
    for name in _PACKAGE:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder)


def commit_all(repository: Path, variables: Mapping[str, str]) -> None:
    """Make `repository` one with everything in it committed."""
    git(repository, variables, "init", "--quiet")
    git(repository, variables, "add", "--all")
    git(repository, variables, "commit", "--quiet", "--message", "all")


def git(repository: Path, variables: Mapping[str, str], *words: str) -> None:
    """Run git in `repository`; raises CalledProcessError."""
    subprocess.run(["git", *words], cwd=repository, env=variables, check=True)
