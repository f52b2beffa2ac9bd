"""A scratch repository on an emulated hub, and an emulated EnergyCAP that knows who may write and who may only look."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import Struct

from reconciler import sandbox
from tests.ci.hub import Hub
from tests.ci.runner import run_workflow, skip_without_locked_packages
from tests.worlds import make_channel, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ci.hub import Event
    from tests.ci.runner import JobRun

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = ROOT / "docs" / "ci" / "github"
PROJECT = """\
definitions: channels
environments:
  production:
    url: {url}
"""
WORLD = make_world(
    make_channel(1),
    make_channel(2, data_point=2),
    make_channel(3, data_point=3, readings=True),
    make_channel(4, data_point=3),
)
CHANNELS = """\
channels:
  one:
    channelId: 1
    channelInfo: Channel 1
  two:
    channelId: 2
    channelInfo: Channel 2
  read:
    channelId: 3
    isCalculated: false
"""
RENAMED = ("channelInfo: Channel 1", "channelInfo: Renamed")
# A channel with readings cannot become calculated.
BLOCKED = (
    "isCalculated: false",
    "isCalculated: true\n    intervalMinutes: null\n    esaChannelVersion:\n      formula: channel(4) * 2",
)
FILE = "channels/all.yaml"


class Scene(Struct, frozen=True):
    """The hub and the service: what the runs see and do."""

    hub: Hub
    service: sandbox.Service

    def run(self, workflow: str, event: Event) -> dict[str, JobRun]:
        return run_workflow(self.hub, WORKFLOWS / f"reconciler-{workflow}.yml", event)

    def open_pull(self, before: str, after: str, **how: Any) -> Event:
        """A pull request that says `after` where the file of all channels said `before`."""
        assert before in CHANNELS
        return self.hub.open_pull({FILE: CHANNELS.replace(before, after)}, **how)

    def edit_live(self, channel_id: int, **values: Any) -> None:
        """Somebody changes a channel in EnergyCAP by hand."""
        world = self.service.export()
        channel = next(one for one in world["channels"] if one["channelId"] == channel_id)
        channel.update(values)
        self.service.load(world)

    def live(self, channel_id: int) -> Any:
        return next(one for one in self.service.export()["channels"] if one["channelId"] == channel_id)

    @property
    def writes(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.service.requests()]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A repository whose main branch says what the service has, with its keys where the workflows want them."""
    if shutil.which("jq") is None:
        pytest.skip("gh's --jq is played by jq, which is not here")
    skip_without_locked_packages()
    hub = Hub(tmp_path / "hub")
    hub.secrets["ECI_API_KEY_READ"] = "sandbox-read"
    hub.environments["energycap"] = {"ECI_API_KEY_WRITE": "sandbox"}
    with sandbox.running(tmp_path / "service.sqlite3", WORLD) as service:
        hub.commit({"reconciler.yaml": PROJECT.format(url=service.url), FILE: CHANNELS})
        yield Scene(hub, service)
