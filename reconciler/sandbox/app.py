"""The service as an ASGI application: its paths, keys and content type, and faults applied to requests.

Documented: the header ECI-ApiKey, and Content-Type: application/json on every request. Not documented, and so decided
here: 415 if a body has another content type. A GET has no body and is not checked: the vendor's own Python package
sends no content type with it. Invented: the two keys, and everything outside /api.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
from functools import partial
from random import Random
from typing import TYPE_CHECKING, NoReturn, cast

from msgspec import Struct
from msgspec.structs import asdict, replace
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from reconciler.sandbox.bodies import ApiError
from reconciler.sandbox.endpoints import (
    SHUFFLED_PAGE,
    TRUNCATED_PAGE,
    ChannelEndpoints,
    ReferenceEndpoints,
    VersionEndpoints,
)
from reconciler.sandbox.esa_reading_list import ReadingListEndpoint
from reconciler.sandbox.faults import Fault, FaultKind, Schedule
from reconciler.sandbox.reading_endpoints import ReadingEndpoints
from reconciler.sandbox.responses import FAULT_IN_SCOPE, AppState, make_error_response, respond_with_json
from reconciler.sandbox.settings import Options
from reconciler.sandbox.store import LoggedRequest, explain_failure, is_file_failure, log_request, read_request_log
from reconciler.sandbox.summarized_list import SummarizedListEndpoint
from reconciler.sandbox.tables import read_channel, replace_at, save_channel

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from reconciler.sandbox.store import Store
    from reconciler.sandbox.tables import Channel


# The exit code of a process after kill -9: 128 and the number of the signal.
_KILLED = 137


class ConnectionDroppedError(Exception):
    """The server must close the connection of this request, whatever was sent so far."""


def die() -> NoReturn:
    """Ends the program at once, as kill -9 does."""
    os._exit(_KILLED)


# Speed over size: pages are large, and they stay on this machine.
_GZIP_LEVEL = 1


def create_app(store: Store, options: Options | None = None, die: Callable[[], None] = die) -> ASGIApp:
    """The service over a store, for any ASGI server. Use one store for one app only.

    A fault that drops the connection is raised as `ConnectionDroppedError`, because only the server can close it. `die`
    is called by a fault that ends the server.
    """
    chosen = options or Options()
    state = AppState(store, chosen.settings)
    endpoints = (
        ChannelEndpoints(state),
        VersionEndpoints(state),
        ReferenceEndpoints(state),
        ReadingEndpoints(state),
        ReadingListEndpoint(state),
        SummarizedListEndpoint(state),
    )
    routes = [route for endpoint in endpoints for route in endpoint.routes()]
    app = Starlette(
        routes=[*routes, Route("/sandbox/requests", partial(_list_requests, state), methods=["GET"])],
        exception_handlers={
            ApiError: partial(_on_refusal, state),
            HTTPException: partial(_on_http_exception, state),
            sqlite3.DatabaseError: partial(_on_file_failure, state),
        },
    )
    packed = GZipMiddleware(_Gate(app, chosen), compresslevel=_GZIP_LEVEL)
    seed = sum(fault.seed for fault in chosen.faults)
    return FaultInjector(packed, store, Schedule(chosen.faults), die, Random(seed))  # noqa: S311 - repeatable, not secret


class _Gate(Struct, frozen=True):
    """The check of key, permission and content type."""

    app: ASGIApp
    options: Options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # The vendor's pages write esaReading, its own package esareading: ASP.NET matches paths in any case.
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
    # The two formula checks are POSTs that change nothing.
    return scope["method"] != "GET" and "/formula/" not in scope["path"]


async def _list_requests(state: AppState, _request: Request) -> Response:
    return respond_with_json([asdict(one) for one in read_request_log(state.store)])


async def _on_refusal(state: AppState, _request: Request, error: Exception) -> Response:
    return make_error_response(state.settings, cast("ApiError", error))


async def _on_file_failure(state: AppState, _request: Request, exception: Exception) -> Response:
    failure = cast("sqlite3.DatabaseError", exception)
    if not is_file_failure(failure):
        raise failure
    return make_error_response(state.settings, ApiError(500, explain_failure(failure, "the sandbox's file")))


async def _on_http_exception(state: AppState, _request: Request, exception: Exception) -> Response:
    failure = cast("HTTPException", exception)
    response = make_error_response(state.settings, ApiError(failure.status_code, failure.detail))
    response.headers.update(failure.headers or {})
    return response


_CHANNEL_IN_PATH = re.compile(r"/esachannel/([0-9]{1,9})", re.IGNORECASE)
_BEFORE = (FaultKind.STATUS_BEFORE, FaultKind.DROP_BEFORE, FaultKind.DIE_BEFORE)
_AFTER = (FaultKind.STATUS_AFTER, FaultKind.DROP_AFTER, FaultKind.DIE_AFTER)
_HINTS = {FaultKind.TRUNCATED_PAGE: TRUNCATED_PAGE, FaultKind.SHUFFLED_PAGE: SHUFFLED_PAGE}


class FaultInjector(Struct, frozen=True):
    """An application with faults injected into its requests.

    If several faults end one request, the first counts, and those before a write take precedence over those after it.
    """

    app: ASGIApp
    store: Store
    schedule: Schedule
    die: Callable[[], None]
    random: Random

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Paths outside /api belong to the sandbox itself: reading its request log must not use up a fault.
        is_call = scope["type"] == "http" and scope["path"].lower().startswith("/api/")
        faults = self.schedule.next_faults(scope["method"], scope["path"]) if is_call else ()
        for fault in faults:
            await asyncio.sleep(fault.milliseconds / 1000)
        before = next((fault for fault in faults if fault.kind in _BEFORE), None)
        if before is not None:
            self._record(scope, before)
            await self._end(before, scope, receive, send)
            return
        await self._answer(faults, scope, receive, send)

    async def _answer(self, faults: tuple[Fault, ...], scope: Scope, receive: Receive, send: Send) -> None:
        after = next((fault for fault in faults if fault.kind in _AFTER), None)
        hints = {_HINTS[fault.kind]: True for fault in faults if fault.kind in _HINTS}
        words = {FAULT_IN_SCOPE: after.text} if after else {}
        other_writers = _OtherWriters(
            self.store, self.random, tuple(one for one in faults if one.kind is FaultKind.OTHER_WRITER)
        )
        # Right before the write, when the client's own check of the channel has passed.
        if scope["type"] == "http" and scope["method"] != "GET":
            other_writers.write(scope["path"])
        faulty_send = _FaultySend(faults, other_writers, scope, _discard if after else send)
        await self.app({**scope, **hints, **words}, receive, faulty_send)
        if after is not None:
            await self._end(after, scope, receive, send)

    async def _end(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.kind:
            case FaultKind.STATUS_BEFORE | FaultKind.STATUS_AFTER:
                await _status_response(fault)(scope, receive, send)
            case FaultKind.DIE_BEFORE | FaultKind.DIE_AFTER:
                self.die()
            case _:
                raise ConnectionDroppedError

    def _record(self, scope: Scope, fault: Fault) -> None:
        """Logs a write that was not carried out."""
        if scope["method"] == "GET":
            return
        with self.store.writing():
            entry = LoggedRequest(0, scope["method"], scope["path"].lower(), "", fault.status, fault.text)
            log_request(self.store, entry)


class _OtherWriters(Struct, frozen=True):
    """Edits by other users that faults add to one request."""

    store: Store
    random: Random
    faults: tuple[Fault, ...]

    def write(self, path: str) -> None:
        for fault in self.faults:
            with self.store.writing():
                channel = self._choose_channel(path)
                if channel is not None:
                    _edit_as_another(self.store, channel, fault)

    def _choose_channel(self, path: str) -> Channel | None:
        named = _CHANNEL_IN_PATH.search(path)
        if named:
            return read_channel(self.store, int(named[1]))
        rows = self.store.connection.execute("SELECT channel_id FROM channels ORDER BY channel_id").fetchall()
        return read_channel(self.store, self.random.choice(rows)[0]) if rows else None


def _edit_as_another(store: Store, channel: Channel, fault: Fault) -> None:
    number = store.connection.execute("SELECT count(*) FROM requests").fetchone()[0] + 1
    settings, versions = channel.settings, channel.versions
    value: str | float = f"By another writer ({number})"
    match fault.property:
        case "channelInfo":
            settings = replace(settings, channel_info=str(value))
        case "multiplier":
            latest = versions[-1]
            value = latest.settings.multiplier + 1
            edited = replace(latest, settings=replace(latest.settings, multiplier=value))
            versions = replace_at(versions, len(versions) - 1, edited)
        case _:
            settings = replace(settings, channel_description=str(value))
    save_channel(store, replace(channel, settings=settings, versions=versions))
    path = f"/api/v202406/esachannel/{channel.channel_id}"
    log_request(store, LoggedRequest(0, "PUT", path, json.dumps({fault.property: value}), 200, fault.text))


def _status_response(fault: Fault) -> ASGIApp:
    # Invented: the vendor's pages mention neither 429 nor Retry-After.
    seconds = 1 if fault.retry_after is None and fault.status == 429 else fault.retry_after
    headers = {} if seconds is None else {"Retry-After": str(seconds)}
    return PlainTextResponse(f"The fault {fault.text}, as asked for.", fault.status, headers)


async def _discard(_message: Message) -> None:
    """Replaces `send` if the response is lost."""


class _FaultySend(Struct, frozen=True):
    """`send`, with the faults that happen after the service has read and before its response arrives."""

    faults: tuple[Fault, ...]
    other_writers: _OtherWriters
    scope: Scope
    send: Send

    async def __call__(self, message: Message) -> None:
        kinds = {fault.kind for fault in self.faults}
        if message["type"] == "http.response.start":
            # The response was made before: it shows the channel as it was.
            if self.scope["method"] == "GET":
                self.other_writers.write(self.scope["path"])
            if FaultKind.DEPRECATED in kinds:
                MutableHeaders(scope=message)["ECI-Deprecated"] = "a later version, by the fault asked for"
        if message["type"] == "http.response.body" and FaultKind.TRUNCATED_BODY in kinds:
            half = message["body"][: len(message["body"]) // 2]
            await self.send({"type": "http.response.body", "body": half, "more_body": True})
            raise ConnectionDroppedError
        await self.send(message)
