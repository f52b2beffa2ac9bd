"""A user's workspace: a project folder, an emulated service, and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from msgspec import Struct

from reconciler import sandbox
from reconciler.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PROJECT = """\
definitions: channels
defaultEnvironment: sandbox
environments:
  sandbox:
    url: sandbox
"""


class Answer(Struct, frozen=True):
    """What a command came to: its exit code, and what it said on stdout and stderr."""

    code: int
    out: str
    err: str


class Workspace:
    """A project in `root`, which is the working directory, with the embedded sandbox as its service."""

    def __init__(self, root: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capture = capture
        self.write("reconciler.yaml", PROJECT)

    @property
    def database(self) -> Path:
        return self.root / ".reconciler" / "sandbox.sqlite3"

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def define(self, channels: dict[str, Any], **file: Any) -> Path:
        """Write `channels` (and other keys of the file) as channels/all.yaml."""
        return self.write("channels/all.yaml", yaml.safe_dump({**file, "channels": channels}, sort_keys=False))

    def load(self, world: dict[str, Any]) -> None:
        """Start the embedded sandbox again from `world`."""
        self.database.parent.mkdir(exist_ok=True)
        sandbox.reset(self.database, world)

    def run(self, *arguments: str) -> Answer:
        self._capture.readouterr()
        code = main(arguments)
        out, err = self._capture.readouterr()
        return Answer(code, out, err)

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The method and path of every write that the sandbox answered, oldest first."""
        with sandbox.running(self.database) as service:
            return [(request.method, request.path) for request in service.requests()]

    def live(self, channel_id: int) -> dict[str, Any]:
        """A channel as the service would answer it now."""
        with sandbox.running(self.database) as service:
            channels = service.export()["channels"]
        return next(channel for channel in channels if channel["channelId"] == channel_id)
