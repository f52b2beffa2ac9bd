"""Proxies that open a tunnel, and servers that speak TLS, on this very machine."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CERTIFICATES = Path(__file__).parent / "certificates"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[int]]]:
    """The address of a server that hands each connection to `serve`, and how many connections came so far."""
    seen: list[int] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                seen.append(len(seen) + 1)
                threading.Thread(target=_handle, args=(serve, connection), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
        # Closing alone does not wake the thread that waits for a connection.
        listener.shutdown(socket.SHUT_RDWR)


def tunnel_to(context: ssl.SSLContext, answer: bytes) -> Callable[[socket.socket], None]:
    """A proxy that opens a tunnel wherever to, at the end of which a server of `context` gives `answer`."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(ESTABLISHED)
        with context.wrap_socket(connection, server_side=True) as encrypted:
            encrypted.recv(65536)
            encrypted.sendall(answer)

    return serve


def answering(answer: bytes) -> Callable[[socket.socket], None]:
    """A proxy that gives `answer` to whatever is asked, and hangs up."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    return serve


def make_context(name: str) -> ssl.SSLContext:
    """What a server shows that has the certificate called `name` in the folder beside this module."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{name}.pem", CERTIFICATES / "key.pem")
    return context


def _handle(serve: Callable[[socket.socket], None], connection: socket.socket) -> None:
    # A client that does not trust the server hangs up in the middle.
    with connection, suppress(OSError):
        serve(connection)
