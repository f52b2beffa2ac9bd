"""A running sandbox for each test that asks for one, and repeated reads that do not wait."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
import stamina

from reconciler.energycap.client import open_editor
from reconciler.sandbox import Options, parse_settings, running
from tests.apply.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.sandbox import World
    from tests.apply.bench import Interceptor, Start


@pytest.fixture(autouse=True)
def repeats_come_at_once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2, cap=True):
        yield


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a sandbox on the demo world, or another."""
    with ExitStack() as stack:

        def start_one(*assignments: str, world: World | None = None, network: Interceptor | None = None) -> Bench:
            options = Options(settings=parse_settings(assignments))
            service = stack.enter_context(running(tmp_path / "sandbox.sqlite3", world, options))
            editor = stack.enter_context(open_editor(service.url, "sandbox", network))
            return Bench(service, editor, stack.enter_context(open_editor(service.url, "sandbox")))

        yield start_one


@pytest.fixture
def demo(start: Start) -> Bench:
    """A sandbox on the demo world with the default settings."""
    return start()
