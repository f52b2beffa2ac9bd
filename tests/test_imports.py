"""What a command imports: only what it needs, for a hook or a small plan takes no longer than that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

from reconciler import sandbox
from reconciler.cli.command_line import commands
from reconciler.cli.main import main
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROJECT = "definitions: channels\ndefaultEnvironment: served\nenvironments: {{served: {{url: '{url}'}}}}\n"
GOOD = "channels:\n  one: {channelId: 1, channelInfo: Renamed, esaChannelVersion: {unitCode: KWH}}\n"
BROKEN = {
    "schema": GOOD.replace("channelInfo", "chanelInfo"),
    "rule": GOOD.replace("unitCode: KWH", "observationRule: Trip, rolloverValue: 9"),
    "yaml": GOOD.replace("}}", ""),
}

# Runs a command, and prints its exit code and the modules that it left behind after what it said itself.
SPY = """
import json, sys
from reconciler.cli.main import main
code = main(sys.argv[1:])
print()
print(json.dumps([code, sorted(sys.modules)]))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one sound file; its environment is out of reach."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "channels").mkdir()
    (tmp_path / "channels" / "all.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "reconciler.yaml").write_text(PROJECT.format(url="http://127.0.0.1:9"), encoding="utf-8")
    return tmp_path


def imported(root: Path, *arguments: str) -> tuple[int, set[str]]:
    """The exit code of a command in a process of its own, and the packages (rooms, of ours) that it imported."""
    variables = os.environ | {"ECI_API_KEY": "sandbox"}
    command = (sys.executable, "-c", SPY, *arguments)
    done = subprocess.run(command, cwd=root, env=variables, capture_output=True, text=True, check=True)
    code, modules = json.loads(done.stdout.splitlines()[-1])
    return code, {".".join(name.split(".")[: 2 if name.startswith("reconciler.") else 1]) for name in modules}


ABSENT_FROM_VALIDATE = {
    "asyncio",
    "deepdiff",
    "httpx",
    "jinja2",
    "reconciler.energycap",
    "reconciler.sandbox",
    "rich",
    "ruamel",
    "stamina",
    "starlette",
    "uvicorn",
}


def test_validate_of_sound_files_imports_nothing_that_speaks_compares_or_draws(root: Path) -> None:
    code, packages = imported(root, "validate")
    assert (code, packages & (ABSENT_FROM_VALIDATE | {"jsonschema"})) == (0, set())


def test_validate_without_options_does_without_click(root: Path) -> None:
    assert "click" not in imported(root, "validate")[1]


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_validate_of_broken_files_imports_no_more_than_what_explains_them(root: Path, text: str) -> None:
    (root / "channels" / "all.yaml").write_text(text, encoding="utf-8")
    code, packages = imported(root, "validate")
    assert (code, packages & ABSENT_FROM_VALIDATE) == (1, set())


def test_a_plan_against_a_url_imports_no_sandbox_and_none_of_what_other_commands_need(root: Path) -> None:
    with sandbox.running(root / "served.sqlite3", make_world(make_channel(1))) as service:
        (root / "reconciler.yaml").write_text(PROJECT.format(url=service.url), encoding="utf-8")
        code, packages = imported(root, "plan")
    absent = {
        "deepdiff",
        "jinja2",
        "jsonschema",
        "reconciler.apply",
        "reconciler.sandbox",
        "ruamel",
        "starlette",
        "uvicorn",
    }
    assert (code, packages & absent) == (0, set())


def every_command(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))


@pytest.mark.parametrize("path", [(), *every_command(commands)], ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*path, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: {' '.join(('reconciler', *path))} ")
