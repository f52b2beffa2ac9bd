"""Stand-ins for the network: a script of answers, a service as a function, and bytes over a real socket."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import httpx

from tests.stub import STUCK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Script(httpx.BaseTransport):
    """Answers what it was given, in that order, and keeps what was sent; an exception is raised instead."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers = list(answers)
        self.sent: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.sent.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def make_page(channels: Sequence[object], total: int | None = None, **headers: str) -> httpx.Response:
    """A page of a list, with the header that counts all of it."""
    count = {"TotalNumberOfRecords": str(len(channels) if total is None else total)}
    return httpx.Response(200, json=list(channels), headers=count | headers)


@contextmanager
def raw_server(*answers: bytes) -> Iterator[str]:
    """The url of a server that gives each connection the next of these bytes, whatever is asked, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)  # a test that asks too rarely fails instead of hanging
        thread = threading.Thread(target=_serve, args=(listener, answers), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(STUCK)
        assert not thread.is_alive(), "a client keeps its connection open, or asked too rarely"


def _serve(listener: socket.socket, answers: Sequence[bytes]) -> None:
    # Each connection has a thread of its own: a client may keep one open while another of its threads asks.
    with ThreadPoolExecutor(len(answers)) as executor:
        for answer in answers:
            connection, _ = listener.accept()
            connection.settimeout(STUCK / 2)
            executor.submit(_answer, connection, answer)


def _answer(connection: socket.socket, answer: bytes) -> None:
    # A client may hang up as soon as it has read enough.
    with connection, suppress(ConnectionError, TimeoutError):
        connection.recv(65536)
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        # Until the other side has read it all: hanging up at once could reset the connection and lose the answer.
        while connection.recv(65536):
            pass


@contextmanager
def trickling_server(piece: bytes) -> Iterator[str]:
    """The url of a server that sends `piece` again and again, and nothing else, to any client."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as executor:
        is_over = threading.Event()

        def trickle(connection: socket.socket) -> None:
            with connection, suppress(ConnectionError):
                while not is_over.wait(0.01):
                    connection.sendall(piece)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    executor.submit(trickle, listener.accept()[0])

        executor.submit(accept)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        is_over.set()
        listener.shutdown(socket.SHUT_RDWR)
