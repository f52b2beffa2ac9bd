"""The reference page of commands: the help text of each, as it is printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.docs.sessions import run_command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COMMANDS = re.compile(r"^Commands:\n((?: .*\n)+)", re.MULTILINE)
_NAME = re.compile(r"^  (\S+)", re.MULTILINE)
_HEAD = """\
<!-- Made from the help texts of the commands in reconciler/cli: edit them there, then run `make docs`. -->

# Commands

An option means the same in every command. Results go to stdout, messages and progress to stderr.
[Exit codes](exit-codes.md) and [environment variables](environment-variables.md) are on pages of their own.
"""


def render_commands(workspace: Path) -> str:
    """The help texts of all commands, those within a group after it."""
    sections = (f"\n## {command}\n\n```console\n$ {command} --help\n{text}```\n" for command, text in _walk(workspace))
    return _HEAD + "".join(sections)


def _walk(workspace: Path, command: str = "reconciler") -> Iterator[tuple[str, str]]:
    text = run_command(f"{command} --help", workspace)
    yield command, text
    listed = _COMMANDS.search(text)
    for name in _NAME.findall(listed[1]) if listed else ():
        yield from _walk(workspace, f"{command} {name}")
