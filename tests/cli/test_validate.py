"""`validate` without options takes a short way past click, and comes to the same."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.command_line import call
from reconciler.cli.main import main

if TYPE_CHECKING:
    from tests.cli.desk import Desk

SOUND = "channels: {sound: {channelId: 1}}\n"
BROKEN = "channels: {broken: {chanelId: 1}}\n"


@pytest.mark.parametrize(
    "paths",
    [
        (),
        ("channels",),
        ("channels/sound.yaml",),
        ("channels/broken.yaml", "channels/sound.yaml"),
        (".",),
        ("",),
        ("channels/*.yaml",),
        ("missing",),
        ("/",),
        ("validate",),
    ],
    ids=" ".join,
)
def test_both_ways_find_and_say_the_same(paths: tuple[str, ...], desk: Desk) -> None:
    desk.write("channels/sound.yaml", SOUND)
    desk.write("channels/broken.yaml", BROKEN)

    assert desk.run("validate", *paths) == desk.run("validate", "--color", "auto", *paths)


@pytest.mark.parametrize("option", ["--quiet", "--format=json", "--color=never", "--help", "--"])
def test_a_call_with_options_is_read_by_click(option: str, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.write("channels/sound.yaml", SOUND)
    capsys.readouterr()

    read = (int(call(["validate", option])), *capsys.readouterr())

    assert (main(["validate", option]), *capsys.readouterr()) == read


@pytest.mark.parametrize("stream", ["1", "2"])
def test_with_a_stream_closed_the_exit_code_still_says_it(stream: str, desk: Desk) -> None:
    desk.write("channels/broken.yaml", BROKEN)

    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m reconciler validate {stream}>&-', sys.executable],
        cwd=desk.root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, "Traceback" in done.stdout + done.stderr) == (1, False)
