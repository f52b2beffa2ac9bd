"""What the benchmarks of apply share: services in processes of their own, and a plan that changes many channels."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.measuring import running
from reconciler.model.channels import Definitions, Desired
from reconciler.model.identifiers import Identifiers
from reconciler.model.project import Environment
from reconciler.planning.plan import PlanRequest, make_plan
from reconciler.sandbox import generate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.energycap.client import Reader
    from reconciler.model.plan import Plan

KEY = "sandbox"
ENVIRONMENT = Environment("served", "sandbox")
_TOOL = (sys.executable, "-m", "reconciler")
# Where the sandbox's own database costs no time of a disk: what is measured is the client.
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it


@contextmanager
def a_world(channels: int) -> Iterator[Path]:
    """A folder, in memory where the machine has such, that holds `world.json` with so many channels."""
    with TemporaryDirectory(prefix="benchmark-", dir=_MEMORY if _MEMORY.is_dir() else None) as name:
        folder = Path(name)
        (folder / "world.json").write_text(json.dumps(generate(channels, 1)), encoding="utf-8")
        yield folder


@contextmanager
def serving(folder: Path, *faults: str, answers: Sequence[str] = (), is_fresh: bool = True) -> Iterator[str]:
    """The URL of the sandbox over `folder`, struck by `faults`; where `is_fresh`, it starts again from its world.

    `answers` are its settings, as `--set` takes them.
    """
    world = ("--world", "world.json") if is_fresh else ()
    struck = [word for fault in faults for word in ("--fault", fault)]
    struck += [word for answer in answers for word in ("--set", answer)]
    with running((*_TOOL, "sandbox", "serve", *world, "--db", "sandbox.sqlite3", *struck), folder) as url:
        yield url


@contextmanager
def serving_bare(folder: Path, milliseconds: int) -> Iterator[str]:
    """The URL of a service over the world in `folder` that takes so many ms to answer, and does next to nothing."""
    command = (sys.executable, str(Path(__file__).with_name("bare.py")), "world.json", str(milliseconds))
    with running(command, folder) as url:
        yield url


def plan_names(reader: Reader) -> Plan:
    """The plan that gives every channel another name; what has its new name already needs no change."""
    snapshot = reader.read_snapshot()
    wished = tuple(
        Desired(
            f"c{live.id}",
            "channels/all.yaml",
            1,
            Identifiers(channel_id=live.id),
            {"channelInfo": name_wanted(live.id)},
        )
        for live in snapshot.channels
    )
    definitions = Definitions(wished, (), ("channels/all.yaml",), "sha256:0")
    return make_plan(definitions, snapshot, PlanRequest("0", ENVIRONMENT, "2026-11-21T00:00:00Z"))


def name_wanted(channel_id: int) -> str:
    """The name that `plan_names` wants of a channel."""
    return f"Channel {channel_id} of the benchmark"
