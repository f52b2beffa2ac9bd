"""The console sessions that documents show: run as they stand, and written anew where they changed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def run_sessions(document: str, desk: Path) -> str:
    """`document` with each console block as it comes out now: its commands (`$ …`), run in `desk`, and their output.

    Blocks of one document share the desk, so a later command sees what an earlier one did.
    """
    return _BLOCK.sub(lambda match: f"```console\n{_run_block(match.group(1), desk)}```", document)


def _run_block(block: str, desk: Path) -> str:
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{_run(command, desk)}" for command in commands)


def _run(command: str, desk: Path) -> str:
    variables = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "CI")}
    variables["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{variables['PATH']}"
    answer = subprocess.run(
        ["sh", "-c", command], cwd=desk, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return answer.stdout.decode()
