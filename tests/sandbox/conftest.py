"""A running sandbox for each test that asks for one."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from reconciler.sandbox import Options, parse_faults, parse_settings, running
from reconciler.sandbox.demo_world import make_demo_world
from tests.sandbox.bench import Bench, connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.sandbox import World
    from tests.sandbox.bench import Start


@pytest.fixture(scope="session")
def demo_world() -> World:
    """The demo world, made once; nobody may change it."""
    return make_demo_world()


@pytest.fixture
def start(tmp_path: Path, demo_world: World) -> Iterator[Start]:
    """Starts a sandbox with settings written as `--set` takes them, by default on the demo world."""
    with ExitStack() as stack:

        def start_one(*assignments: str, world: World | None = None, faults: tuple[str, ...] = ()) -> Bench:
            options = Options(settings=parse_settings(assignments), faults=parse_faults(faults))
            service = stack.enter_context(running(tmp_path / "sandbox.sqlite3", world or demo_world, options))
            return Bench(service, stack.enter_context(connect(service.url)))

        yield start_one


@pytest.fixture
def demo(start: Start) -> Bench:
    """A sandbox on the demo world with the default settings."""
    return start()
