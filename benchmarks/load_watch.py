"""Watches the requests of an apply: when each channel was read, and when its PUT went out and was answered."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from threading import Lock

import httpx
from msgspec import Struct

_CHANNEL = re.compile(r"/api/v202406/esachannel/(\d+)")


class Window(Struct, frozen=True):
    """The time in which another person's edit of a channel may be overwritten unseen, and the body of the PUT."""

    body: str
    read_sent: float
    read_answered: float
    put_sent: float
    put_answered: float


class Watch(httpx.BaseTransport):
    """The real network, with a clock beside it."""

    def __init__(self) -> None:
        self._network = httpx.HTTPTransport(limits=httpx.Limits(max_connections=64, keepalive_expiry=3))
        self._lock = Lock()
        self._reads: dict[int, tuple[float, float]] = {}
        self._windows: dict[int, list[Window]] = defaultdict(list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        match = _CHANNEL.match(request.url.path)
        begin = time.monotonic()
        try:
            response = self._network.handle_request(request)
            # Still compressed: the client decompresses it itself.
            stream = httpx.ByteStream(b"".join(response.iter_raw()))
            return httpx.Response(response.status_code, headers=response.headers, stream=stream)
        finally:
            if match:
                self.note(request, int(match[1]), begin, time.monotonic())

    def close(self) -> None:
        self._network.close()

    @property
    def gaps(self) -> list[float]:
        """Seconds from the answer of the fresh read until the PUT left: what the client itself adds."""
        return [window.put_sent - window.read_answered for windows in self._windows.values() for window in windows]

    @property
    def spans(self) -> list[float]:
        """Seconds from the fresh read until the answer of the PUT: the window is within."""
        return [window.put_answered - window.read_sent for windows in self._windows.values() for window in windows]

    def windows(self, channel_id: int, body: str) -> list[Window]:
        """The windows of this channel whose PUT had this body: of a PUT that was sent again there are several."""
        return [window for window in self._windows[channel_id] if window.body == body]

    def note(self, request: httpx.Request, channel_id: int, begin: float, end: float) -> None:
        """Take note of a request about a channel that was sent and answered at these times."""
        with self._lock:
            if request.method == "GET":
                self._reads[channel_id] = (begin, end)
            elif channel_id in self._reads:
                body = request.read().decode()
                self._windows[channel_id].append(Window(body, *self._reads[channel_id], begin, end))


class Signature(httpx.BaseTransport):
    """The real network, where every body that is sent ends with a space: by it a service's journal tells who wrote."""

    MARK = " "

    def __init__(self) -> None:
        self._network = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        content = request.read()
        headers = {name: text for name, text in request.headers.items() if name != "content-length"}
        signed = httpx.Request(
            request.method,
            request.url,
            headers=headers,
            content=content + self.MARK.encode() if content else None,
            extensions=request.extensions,
        )
        return self._network.handle_request(signed)

    def close(self) -> None:
        self._network.close()
