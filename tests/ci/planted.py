"""What a hostile commit can hold: files that would run, and files that would pass for results."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORGED = "forged by a commit"
# Names that an interpreter started in the checkout would take for its own modules, or for those of the tool.
_MODULES = (
    *("json.py", "sitecustomize.py", "usercustomize.py", "sysconfig.py", "encodings.py", "click.py", "httpx.py"),
    *("conftest.py", "setup.py", "os.py", "site.py", "yaml/__init__.py"),
    *("venv/__init__.py", "venv/__main__.py", "pip/__init__.py", "pip/__main__.py"),
    *("reconciler/__init__.py", "reconciler/__main__.py", "reconciler/requirements.py"),
)
# Programs that a step starts, in the checkout and where a search path with a relative folder would find them.
_PROGRAMS = tuple(
    f"{folder}{name}"
    for folder in ("", "bin/", ".venv/bin/")
    for name in ("python", "python3", "git", "gh", "jq", "bash", "sh", "env", "mktemp", "sed")
)
# What a shell, git or a test runner would read if the checkout were its home or its root.
_SHELL_FILES = (
    ".bashrc",
    ".bash_profile",
    ".profile",
    ".bash_env",
    ".envrc",
    "hooks/post-checkout",
    ".githooks/pre-commit",
)
# Where a job once wrote its results, where it writes them now, and where the journal of an apply goes.
_RESULTS = tuple(
    f"{folder}{name}"
    for folder in ("", "reviewed/", "reconciler-plan/", "reconciler-results/")
    for name in ("plan.json", "plan.html", "plan.md", "counts.json", "codequality.json", "account.txt")
)


def plant_code(marker: Path) -> Mapping[str, str]:
    """Files of which each, when it is run, writes its name to `marker`; and settings for what installs and runs."""
    code = "import pathlib\nwith open({marker!r}, 'a') as stream:\n    stream.write({name!r} + '\\n')\n"
    program = "#!/bin/sh\necho {name} >> {marker}\n"
    filters = (
        f"clean = echo clean >> {marker}\n\tsmudge = echo smudge >> {marker}\n\ttextconv = echo diff >> {marker}\n"
    )
    config = f'[core]\nfsmonitor = ./git\nhooksPath = hooks\n[filter "evil"]\n{filters}[diff "evil"]\n{filters}'
    return {
        **{name: code.format(marker=str(marker), name=name) for name in _MODULES},
        **{name: program.format(marker=marker, name=name) for name in (*_PROGRAMS, *_SHELL_FILES)},
        **{name: f"import os; os.system('echo {name} >> {marker}')\n" for name in ("evil.pth", "reconciler.pth")},
        ".gitattributes": "* filter=evil diff=evil merge=evil\n",
        ".gitconfig": config,
        "pyvenv.cfg": "home = .\ninclude-system-site-packages = true\n",
        "requirements/runtime.txt": "evil==1\n",
        "pyproject.toml": '[build-system]\nrequires = ["evil"]\nbuild-backend = "json"\nbackend-path = ["."]\n',
        "pip.conf": "[global]\nindex-url = http://127.0.0.1:9/\n[install]\nrequirement = evil.txt\n",
        "setup.cfg": "[install]\nprefix = .\n",
        "requirements.txt": "evil==1\n",
        ".python-version": "2.7\n",
    }


def plant_results() -> Mapping[str, str]:
    """Files that are called like the results of the tool."""
    return {**dict.fromkeys(_RESULTS, f"\n{FORGED}\n"), ".reconciler/journal/forged.jsonl": FORGED}


def plant_links(target: Path) -> Mapping[str, Path]:
    """Links where results go: to the file `target`, and to its folder."""
    return {
        **{name: target for name in _RESULTS if "/" not in name},
        **dict.fromkeys(("reviewed", "reconciler-plan", "reconciler-results", ".reconciler"), target.parent),
    }
