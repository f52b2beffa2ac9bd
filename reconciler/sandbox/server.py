"""The application on a loopback socket: uvicorn, and a check that every client is a program on this machine.

A page in a browser can send requests to this machine and, through a name of its own that resolves to it (DNS
rebinding), read the responses too. The browser then gives that name in Host, and usually the page's origin in Origin
and Sec-Fetch-Site, so requests with foreign values there are rejected.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.sandbox.app import ConnectionDroppedError
from reconciler.sandbox.errors import PortError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from starlette.types import ASGIApp, Receive, Scope, Send


_LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")
_HTTP_PORT = 80
# Values of Sec-Fetch-Site for the sandbox's own pages and for an address that was typed in.
_OWN_SITES = frozenset({"same-origin", "none"})


class LocalOnly:
    """An application that answers only requests to its own address, and none from pages of other origins."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rejection = _find_rejection(scope)
        await (self._app if rejection is None else _reject(rejection))(scope, receive, send)


def _find_rejection(scope: Scope) -> str | None:
    _, port = scope["server"]
    hosts = {f"{name}:{port}" for name in _LOCAL_NAMES} | (set(_LOCAL_NAMES) if port == _HTTP_PORT else set())
    if not scope["path"].startswith("/"):
        return "The target of the request must be a path."
    named = _header_values(scope, b"host")
    if len(named) != 1 or named[0].lower() not in hosts:
        return f"The sandbox answers to 127.0.0.1:{port}, localhost:{port} and [::1]:{port} alone."
    origins = {f"http://{host}" for host in hosts}
    is_foreign = any(origin.lower() not in origins for origin in _header_values(scope, b"origin"))
    if is_foreign or not _OWN_SITES.issuperset(_header_values(scope, b"sec-fetch-site")):
        return "The sandbox answers no page of another origin."
    return None


def _header_values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for header, value in scope["headers"] if header == name]


def _reject(message: str) -> Response:
    content = json.dumps({"message": message, "errors": []})
    return Response(content, 403, media_type="application/json")


_LOOPBACK = "127.0.0.1"


class Server(uvicorn.Server):
    """uvicorn that waits for an event instead of polling ten times a second, and leaves signals to its caller."""

    def __init__(self, app: ASGIApp) -> None:
        config = uvicorn.Config(
            self._answer,
            interface="asgi3",
            # The one protocol that uvicorn always has, and whose connections know their client.
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
        """Serves until `stop`, and then answers requests that have begun."""
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
            # Returning before the connection is closed would make uvicorn answer with a 500.
            while (await receive())["type"] != "http.disconnect":
                pass

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        if not self.should_exit:
            await self._stopped.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        self._close_connections()
        while self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks)
        # One in the middle of its answer was kept open for the next request, and one may have been accepted just now.
        await asyncio.sleep(0)
        self._close_connections()

    def _close_connections(self) -> None:
        for connection in list(self.server_state.connections):
            connection.shutdown()

    def capture_signals(self) -> AbstractContextManager[Any]:  # type: ignore[override]  # a generator there
        return nullcontext()


def listen(port: int = 0) -> socket.socket:
    """A loopback socket that accepts connections from now on; port 0 takes a free one.

    Raises `PortError` if the port is not available.
    """
    # asyncio turns off Nagle's algorithm only if the socket names TCP; else small responses wait 40 ms for an ACK.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_LOOPBACK, port))
        listener.listen()
    except (OSError, OverflowError) as failure:
        listener.close()
        msg = f"cannot listen on {_LOOPBACK}:{port}: {failure}"
        raise PortError(msg) from failure
    return listener


def url_of(listener: socket.socket) -> str:
    """The URL of the socket."""
    return f"http://{_LOOPBACK}:{listener.getsockname()[1]}"


@contextmanager
def in_thread(app: ASGIApp) -> Iterator[str]:
    """The URL of the app, which a thread serves for the length of the block."""
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
