"""The application on a socket: uvicorn, started and stopped without waiting, in a thread or in the foreground."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.sandbox.errors import PortError
from reconciler.sandbox.faulting import ConnectionDroppedError
from reconciler.sandbox.visitors import LocalOnly

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from starlette.types import ASGIApp, Receive, Scope, Send

_LOOPBACK = "127.0.0.1"


class Server(uvicorn.Server):
    """uvicorn, but it waits for an event instead of looking ten times a second, and leaves signals to its starter."""

    def __init__(self, app: ASGIApp) -> None:
        config = uvicorn.Config(
            self._answer,
            interface="asgi3",
            # The one protocol that is always there, and whose connections can be told by their client.
            http="h11",
            ws="none",
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=False,
        )
        super().__init__(config)
        self._app = LocalOnly(app)
        self._stopped = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run_on(self, listener: socket.socket) -> None:
        """Serves until `stop`. Requests that have begun are answered first."""
        asyncio.run(self.serve([listener]))

    def stop(self, *_signal: object) -> None:
        """Ends `run_on`; from any thread, and as a signal handler."""
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopped.set)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except ConnectionDroppedError:
            for connection in self.server_state.connections:
                if isinstance(connection, H11Protocol) and connection.client == scope["client"]:
                    connection.transport.close()
            # Ends once the connection is closed, so that uvicorn does not answer in its stead.
            while (await receive())["type"] != "http.disconnect":
                pass

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        if not self.should_exit:
            await self._stopped.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks)

    def capture_signals(self) -> AbstractContextManager[Any]:  # type: ignore[override]  # a generator there
        return nullcontext()


def listen(port: int = 0) -> socket.socket:
    """A loopback socket that accepts connections from now on; port 0 takes a free one.

    Raises `PortError` where the port cannot be had.
    """
    # Without the protocol's number asyncio does not know TCP, and small answers wait 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_LOOPBACK, port))
        listener.listen()
    except (OSError, OverflowError) as failure:
        listener.close()
        msg = f"port {port} on {_LOOPBACK} cannot be had: {failure}"
        raise PortError(msg) from failure
    return listener


def url_of(listener: socket.socket) -> str:
    """Where a client finds the socket."""
    return f"http://{_LOOPBACK}:{listener.getsockname()[1]}"


@contextmanager
def in_thread(app: ASGIApp) -> Iterator[str]:
    """The URL at which a thread serves the app for the length of the block."""
    listener = listen()
    server = Server(app)
    thread = threading.Thread(target=server.run_on, args=(listener,), name="sandbox", daemon=True)
    thread.start()
    try:
        yield url_of(listener)
    finally:
        server.stop()
        thread.join()


@contextmanager
def stopped_by_signals(server: Server) -> Iterator[None]:
    """A block in which SIGINT and SIGTERM stop the server instead of the program."""
    before = {number: signal.signal(number, server.stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
