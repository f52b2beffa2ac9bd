"""The service as an ASGI application: its paths, its key, its content type.

Documented: the header ECI-ApiKey, and Content-Type: application/json on every request. Not documented, and so decided
here: 415 where a body comes as something else, while a GET, which has none, is not asked: the vendor's own Python
package sends no content type with it. Invented: the two keys, and all that lies outside /api.
"""

from __future__ import annotations

import sqlite3
from random import Random
from typing import TYPE_CHECKING, cast

from msgspec import Struct
from msgspec.structs import asdict
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route

from reconciler.sandbox.bodies import ApiError
from reconciler.sandbox.channel_endpoints import ChannelEndpoints, VersionEndpoints
from reconciler.sandbox.fault_injection import FaultInjector, die
from reconciler.sandbox.faults import Schedule
from reconciler.sandbox.http_responses import AppState, make_error_response, respond_with_json
from reconciler.sandbox.reading_endpoints import ReadingEndpoints
from reconciler.sandbox.reference_endpoints import ReferenceEndpoints
from reconciler.sandbox.settings import Options
from reconciler.sandbox.store import explain_failure, is_file_failure, read_request_log

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from reconciler.sandbox.store import Store

# Speed over size: the pages are large and the way is short.
_GZIP_LEVEL = 1


def create_app(store: Store, options: Options | None = None, die: Callable[[], None] = die) -> ASGIApp:
    """The service over a store, for any ASGI server. Use one store for one app only.

    A fault that drops the connection is raised as `ConnectionDroppedError`, for only the server can do it; `die` is
    called for one that ends the server.
    """
    chosen = options or Options()
    state = AppState(store, chosen.settings)
    endpoints = (ChannelEndpoints(state), VersionEndpoints(state), ReferenceEndpoints(state), ReadingEndpoints(state))
    routes = [route for endpoint in endpoints for route in endpoint.routes()]
    app = Starlette(
        routes=[*routes, Route("/sandbox/requests", _list_requests(state), methods=["GET"])],
        exception_handlers={
            ApiError: _on_refusal(state),
            HTTPException: _on_http_exception(state),
            sqlite3.DatabaseError: _on_file_failure(state),
        },
    )
    packed = GZipMiddleware(_Gate(app, chosen), compresslevel=_GZIP_LEVEL)
    seed = sum(fault.seed for fault in chosen.faults)
    return FaultInjector(packed, store, Schedule(chosen.faults), die, Random(seed))  # noqa: S311 - repeatable, not secret


class _Gate(Struct, frozen=True):
    """Lets in whoever has a key and speaks JSON; paths count in lower case, as they do in the real service's host."""

    app: ASGIApp
    options: Options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope = {**scope, "path": scope["path"].lower()}
        error = self._check(scope) if scope["path"].startswith("/api/") else None
        answer = self.app if error is None else make_error_response(self.options.settings, error)
        await answer(scope, receive, send)

    def _check(self, scope: Scope) -> ApiError | None:
        headers = Headers(scope=scope)
        key = headers.get("ECI-ApiKey")
        if key not in {self.options.keys.write, self.options.keys.read}:
            return ApiError(401, "The header ECI-ApiKey holds no valid key.")
        kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if scope["method"] != "GET" and kind != "application/json":
            return ApiError(415, "The header Content-Type must be application/json.")
        if key == self.options.keys.read and _is_write(scope):
            return ApiError(int(self.options.settings.no_permission_status), "The user of this key may not do this.")
        return None


def _is_write(scope: Scope) -> bool:
    return scope["method"] != "GET" and "/formula/" not in scope["path"]


def _list_requests(state: AppState) -> Callable[[Request], Awaitable[Response]]:
    async def list_requests(_request: Request) -> Response:
        return respond_with_json([asdict(one) for one in read_request_log(state.store)])

    return list_requests


def _on_refusal(state: AppState) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def on_refusal(_request: Request, error: Exception) -> Response:
        return make_error_response(state.settings, cast("ApiError", error))

    return on_refusal


def _on_file_failure(state: AppState) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def on_file_failure(_request: Request, exception: Exception) -> Response:
        failure = cast("sqlite3.DatabaseError", exception)
        if not is_file_failure(failure):
            raise failure
        return make_error_response(state.settings, ApiError(500, explain_failure(failure, "the sandbox's file")))

    return on_file_failure


def _on_http_exception(state: AppState) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def on_http_exception(_request: Request, exception: Exception) -> Response:
        failure = cast("HTTPException", exception)
        response = make_error_response(state.settings, ApiError(failure.status_code, failure.detail))
        response.headers.update(failure.headers or {})
        return response

    return on_http_exception
