"""Who is answered: programs on this machine that call the sandbox by its own address, never a page of another origin.

A page in a browser can send requests to this machine, and by a name of its own that leads here (DNS rebinding) read the
answers too. The browser then says by which name, in Host, and mostly for whom, in Origin and Sec-Fetch-Site.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")
_HTTP_PORT = 80
# A request that no page made: typed into the address bar, or by no browser at all.
_OWN_SITES = frozenset({"same-origin", "none"})


class LocalOnly:
    """An application that answers only what is sent to the address it is served at, and by no foreign page."""

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
