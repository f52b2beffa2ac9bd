"""The connection of one thread to the service."""

from __future__ import annotations

import socket
from contextlib import contextmanager, suppress
from threading import Event, Timer
from typing import TYPE_CHECKING, TypeAlias

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The network, or what stands in for it in tests.
Wire: TypeAlias = httpx.BaseTransport


class Connection:
    """One thread's connection, with the cookies by which a balancer may keep it on one node of the service."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._cookies = httpx.Cookies()
        # What the last connection came about as: httpcore tells, and nobody else has it.
        self._stream: object = None

    def send(self, request: httpx.Request) -> httpx.Response:
        if self._cookies:
            self._cookies.set_cookie_header(request)
        response = self._wire.handle_request(request)
        if "set-cookie" in response.headers:
            response.request = request
            self._cookies.extract_cookies(response)
        return response

    def note(self, _event: str, seen: Mapping[str, object]) -> None:
        """Note what a connection came about as: to be called by the sender for each of its events."""
        if hasattr(seen.get("return_value"), "get_extra_info"):
            self._stream = seen["return_value"]

    @contextmanager
    def cut_after(self, seconds: float) -> Iterator[Event]:
        """Cut the connection if what is done within takes longer than that; the event is set then."""
        is_cut = Event()
        timer = Timer(seconds, self._cut, (is_cut,))
        timer.daemon = True
        timer.start()
        try:
            yield is_cut
        finally:
            timer.cancel()

    def _cut(self, is_cut: Event) -> None:
        is_cut.set()
        find = getattr(self._stream, "get_extra_info", None)
        with suppress(OSError):
            # Not closed, for whoever waits for it would then wait for whatever gets its number next.
            if find and (connected := find("socket")):
                connected.shutdown(socket.SHUT_RDWR)

    def renew(self, wire: Wire) -> None:
        self._wire.close()
        self._wire = wire

    def close(self) -> None:
        self._wire.close()
