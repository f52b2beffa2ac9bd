"""The sandbox for the length of a block, or until a signal, as the command line and tests start it.

This module imports no web framework: Starlette, uvicorn and asyncio take longer to import than most commands take to
run, and a command that only lists the sandbox's settings needs none of them. So `server` is imported only when
something is served.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.sandbox.demo_world import make_demo_world
from reconciler.sandbox.errors import FaultError
from reconciler.sandbox.faults import FaultKind
from reconciler.sandbox.settings import Options
from reconciler.sandbox.store import LoggedRequest, Store, check_rows, check_tables, open_store, read_request_log
from reconciler.sandbox.worlds import World, export_world, has_world, load_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Service(Struct, frozen=True):
    """A running sandbox: its URL, and what is in its file."""

    url: str
    database: Path

    def requests(self, after: int = 0) -> tuple[LoggedRequest, ...]:
        """The log of writes, from the first id above `after`."""
        with open_store(self.database) as store:
            return read_request_log(store, after)

    def export(self) -> World:
        """The whole world in it."""
        with open_store(self.database) as store:
            return export_world(store)

    def load(self, world: World) -> None:
        """Starts again from a world with an empty log, without a new server. Raises `WorldError`."""
        reset(self.database, world)


@contextmanager
def embedded(database: Path) -> Iterator[str]:
    """The URL of the service for the length of a block, in a thread on a free loopback port.

    State is kept in `database`; if that file does not exist, it starts with the demo world. Raises `StoreError`.
    """
    with running(database) as service:
        yield service.url


@contextmanager
def running(database: Path, world: World | None = None, options: Options | None = None) -> Iterator[Service]:
    """The service for the length of a block, as `embedded`; if a world is given, it starts again from that.

    Raises `StoreError`, `WorldError`, and `FaultError` for a fault that would end the caller's process.
    """
    from reconciler.sandbox.app import create_app  # noqa: PLC0415 - starlette only where something is served
    from reconciler.sandbox.server import in_thread  # noqa: PLC0415 - and uvicorn

    chosen = options or Options()
    if any(fault.kind in (FaultKind.DIE_BEFORE, FaultKind.DIE_AFTER) for fault in chosen.faults):
        raise FaultError("a server that shares its program with others cannot die; serve it on its own")
    with open_store(database) as store:
        prepare(store, world)
        with in_thread(create_app(store, chosen)) as url:
            yield Service(url, database)


def serve(
    database: Path,
    announce: Callable[[str], None],
    *,
    port: int = 0,
    world: World | None = None,
    options: Options | None = None,
) -> None:
    """Serves until SIGINT or SIGTERM; `announce` is given the URL once connections are accepted.

    It starts from the given world, else from what is in `database`, else from the demo world. Raises `StoreError`,
    `WorldError` and `PortError`.
    """
    from reconciler.sandbox.app import create_app  # noqa: PLC0415 - starlette only where something is served
    from reconciler.sandbox.server import Server, listen, stopped_by_signals, url_of  # noqa: PLC0415 - and uvicorn

    listener = listen(port)
    with open_store(database) as store:
        prepare(store, world)
        server = Server(create_app(store, options or Options()))
        with stopped_by_signals(server):
            announce(url_of(listener))
            server.run_on(listener)


def reset(database: Path, world: World | None = None) -> None:
    """Starts again from a world, by default the demo, with an empty log. Raises `StoreError`, `WorldError`."""
    with open_store(database) as store:
        prepare(store, make_demo_world() if world is None else world)


def prepare(store: Store, world: World | None) -> None:
    """Loads the given world into the store, or the demo if the store has none.

    Raises `WorldError`, and `StoreError` if the store is damaged.
    """
    check_tables(store)
    # One transaction: if two processes find an empty file, the second must not undo writes that came after the first.
    with store.writing():
        if world is not None:
            load_world(store, world)
        elif has_world(store):
            check_rows(store)
        else:
            load_world(store, make_demo_world())
