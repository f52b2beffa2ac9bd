"""The opening of a tunnel through a proxy: the request itself has not left yet, so it may take no longer than that."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping


class Tunnel:
    """Whether one request still waits for its tunnel. While it does, silence may last `patience` seconds.

    `timeout` are the limits of that request, of which `read` is changed.
    Source: httpcore, "Extensions", "trace": who sees what is about to be sent.
    """

    def __init__(self, timeout: MutableMapping[str, float | None], patience: float) -> None:
        self.is_opening = False
        self._timeout = timeout
        self._patience = patience
        self._silence = timeout["read"]

    def __call__(self, event: str, seen: Mapping[str, object]) -> None:
        """Note what is about to be sent: to be called by the sender for each of its events."""
        if event == "http11.send_request_headers.started":
            self.is_opening = getattr(seen["request"], "method", b"") == b"CONNECT"
            self._timeout["read"] = self._patience if self.is_opening else self._silence
