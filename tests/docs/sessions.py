"""What documents show being done: run as it stands, and updated where the output changed.

A reader sees files, edits and commands; each is a fenced block, and all blocks of a document share one workspace:

    ```yaml file=channels/north.yaml     the whole file
    ```diff file=channels/north.yaml     lines of it, each change unmistakable
    ```console                           commands (`$ …`) and what they print
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_BLOCK = re.compile(
    r"^```(?P<kind>console|yaml(?= file=)|diff(?= file=))(?: file=(?P<file>\S+))?\n(?P<body>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
# Who runs the sessions, and when: the same commits and plans, and no habits of their own.
_SETTLED = {
    "SOURCE_DATE_EPOCH": "1795338000",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2026-11-20T09:00:00Z",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_COMMITTER_DATE": "2026-11-20T09:00:00Z",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
# Nor do they measure: what runs here runs in the tests of the command line, too, and would take twice as long.
_HABITS = ("NO_COLOR", "FORCE_COLOR", "CI", "COVERAGE_PROCESS_CONFIG")


def lay_out_demo(workspace: Path) -> None:
    """What the demo needs, under git."""
    for name in ("reconciler.yaml", ".gitignore"):
        shutil.copy(ROOT / name, workspace)
    for name in ("channels", "schemas"):
        shutil.copytree(ROOT / name, workspace / name)
    run_command("git init -q -b main && git add . && git commit -q -m 'The channels of the demo'", workspace)


def run_sessions(document: str, workspace: Path) -> str:
    """`document` with each console block as it comes out now, after the files and edits shown before it."""
    return _BLOCK.sub(partial(_carry_out, workspace), document)


def run_command(command: str, workspace: Path) -> str:
    """What a shell command prints in `workspace`, on stdout and stderr together."""
    variables = {name: value for name, value in os.environ.items() if name not in _HABITS}
    variables["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{variables['PATH']}"
    answer = subprocess.run(
        ["sh", "-c", command],
        cwd=workspace,
        env=variables | _SETTLED,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return answer.stdout.decode()


def _carry_out(workspace: Path, block: re.Match[str]) -> str:
    match block["kind"]:
        case "console":
            return f"```console\n{_run(block['body'], workspace)}```"
        case "yaml":
            _write(workspace / block["file"], block["body"])
        case _:
            _edit(workspace / block["file"], block["body"])
    return block[0]


def _run(block: str, workspace: Path) -> str:
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{run_command(command, workspace)}" for command in commands)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _edit(path: Path, difference: str) -> None:
    lines = difference.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if line[0] in " -")
    new = "".join(line[1:] for line in lines if line[0] in " +")
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} has these lines {text.count(old)} times:\n{old}"
    path.write_text(text.replace(old, new), encoding="utf-8")
