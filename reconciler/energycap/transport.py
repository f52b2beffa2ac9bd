"""One request and one response over HTTP; the only module that imports httpx.

Responses are decompressed piece by piece, because a few bytes may expand to more than the memory of any machine.
"""

from __future__ import annotations

import io
import logging
import os
import socket
import ssl
import threading
import time
import zlib
from contextlib import closing, contextmanager, suppress
from threading import Event, Timer
from typing import TYPE_CHECKING, TypeAlias, cast
from urllib.request import getproxies

import httpx
from msgspec import Struct

from reconciler import __version__
from reconciler.energycap.access import (
    ABOUT_CERTIFICATES,
    advise_on_proxy,
    check_host_allowed,
    diagnose,
    diagnose_no_response,
    find_certificate_error,
    find_key_error,
    find_proxy,
)
from reconciler.energycap.responses import (
    MAX_BYTES_READ,
    Response,
    bad_response,
    escape_unprintable,
    extract_error_text,
)
from reconciler.errors import Rejected, Unauthorized, Unreachable
from reconciler.masking import MASK, Masker
from reconciler.model.hosts import name_host

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Mapping, MutableMapping

    from reconciler.energycap.access import ServiceAddress
    from reconciler.energycap.endpoints import Request
    from reconciler.errors import ServiceError


class Tunnel:
    """Whether one request still waits for its tunnel through a proxy, for at most `connect_timeout` seconds.

    `timeout` has the limits of that request, of which `read` is changed.
    Source: httpcore, "Extensions", "trace": a function that is called before something is sent.
    """

    def __init__(self, timeout: MutableMapping[str, float | None], connect_timeout: float) -> None:
        self.is_opening = False
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._read_timeout = timeout["read"]

    def __call__(self, event: str, seen: Mapping[str, object]) -> None:
        """Note what is about to be sent: httpcore calls this for each of its events."""
        if event == "http11.send_request_headers.started":
            self.is_opening = getattr(seen["request"], "method", b"") == b"CONNECT"
            self._timeout["read"] = self._connect_timeout if self.is_opening else self._read_timeout


# The largest decompressed piece: 64 KiB may expand to 64 MiB.
_PIECE = 2**16
# The formats of zlib by their names in HTTP (RFC 9110, 8.4.1). Others are not asked for.
_FORMATS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class DecompressionError(Exception):
    """A body cannot be decompressed; the text says why, and follows a colon."""


def decompress(body: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The decompressed pieces of `body`; `encoding` is the header Content-Encoding. Raises DecompressionError.

    Only one layer of compression is allowed, because the factors of several multiply.
    """
    names = [name for name in (part.strip().casefold() for part in encoding.split(",")) if name not in ("", "identity")]
    if not names:
        return iter(body)
    if len(names) > 1:
        raise DecompressionError(f"it is packed {len(names)} times")
    if names[0] not in _FORMATS:
        raise DecompressionError(f"it is packed as {names[0]}, which was not asked for")
    return _inflate(body, _FORMATS[names[0]])


def _inflate(body: Iterable[bytes], format_: int) -> Iterator[bytes]:
    inflater = None
    try:
        for packed in body:
            rest = packed
            while rest:
                if inflater is None or inflater.eof:
                    # A body of gzip may have several members (RFC 1952, 2.2).
                    inflater = zlib.decompressobj(format_)
                yield inflater.decompress(rest, _PIECE)
                rest = inflater.unconsumed_tail or inflater.unused_data
        while inflater and (piece := inflater.decompress(b"", _PIECE)):
            yield piece
    except zlib.error as error:
        raise DecompressionError(str(error)) from None
    # A response without a body may name the encoding that it would have had.
    if inflater and not inflater.eof:
        raise DecompressionError("it was cut short")


# The network, or its replacement in tests.
HttpTransport: TypeAlias = httpx.BaseTransport


class Connection:
    """One thread's connection, with the cookies by which a load balancer keeps it on one node of the service."""

    def __init__(self, http_transport: HttpTransport) -> None:
        self._http_transport = http_transport
        self._cookies = httpx.Cookies()
        # The stream of the last connection, which only httpcore's trace events show.
        self._stream: object = None

    def send(self, request: httpx.Request) -> httpx.Response:
        if self._cookies:
            self._cookies.set_cookie_header(request)
        response = self._http_transport.handle_request(request)
        if "set-cookie" in response.headers:
            response.request = request
            self._cookies.extract_cookies(response)
        return response

    def note(self, _event: str, seen: Mapping[str, object]) -> None:
        """Note the stream of a new connection: httpcore calls this for each of its events."""
        if hasattr(seen.get("return_value"), "get_extra_info"):
            self._stream = seen["return_value"]

    @contextmanager
    def cut_after(self, seconds: float) -> Iterator[Event]:
        """Cut the connection, and set the event, if the block takes longer than that."""
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
            # Not closed: a thread that still waits on it could get another connection with the same descriptor.
            if find and (connected := find("socket")):
                connected.shutdown(socket.SHUT_RDWR)

    def renew(self, http_transport: HttpTransport) -> None:
        self._http_transport.close()
        self._http_transport = http_transport

    def close(self) -> None:
        self._http_transport.close()
        # One that was opened while the pool was closed is in no pool.
        if close := getattr(self._stream, "close", None):
            close()


# Servers close an idle connection after 5 s at the earliest, so none is used at that moment.
_IDLE_SECONDS = 3.0

# Its debug log shows the headers of responses, in which a service may repeat the key.
logging.getLogger("httpcore").setLevel(logging.INFO)

_ABOUT_MASK = "take the key out of the channel in EnergyCAP, replace it, and plan again"
_MASK = MASK.encode()


class Limits(Struct, frozen=True):
    """Limits in seconds for a connection, for silence and for the whole response, and its largest size."""

    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    total_timeout: float = 120.0
    # A page of 1,000 channels is about 3.3 MB. Much more would only fill the memory, tenfold once it is decoded.
    max_bytes: int = 32 * 2**20


_LIMITS = Limits()


class NotSent(Unreachable):
    """There was no connection: nothing was sent, so nothing was done."""


class ConnectionBlocked(NotSent):
    """The connection failed, and the next one would too: an untrusted certificate, or a proxy that refuses."""


class _ResponseTimeout(httpx.TransportError):
    """The response was not complete in time, although parts of it kept arriving."""

    def __init__(self) -> None:
        super().__init__("")


class Transport:
    """Sends the requests that `allowed` matches as `METHOD /path`, each thread over a connection of its own.

    A pool of connections for all threads does not scale beyond 16 threads. All share one store of certificates, which
    takes 24 ms to read.
    """

    def __init__(
        self,
        address: ServiceAddress,
        key: str,
        allowed: re.Pattern[str],
        http_transport: HttpTransport | None = None,
        limits: Limits = _LIMITS,
    ) -> None:
        if flaw := find_key_error(key):
            raise Unauthorized(f"no usable API key: it {flaw}", "give the key as EnergyCAP showed it")
        # Checked here too, and not only in the project file, so that no object with the key exists for another host.
        check_host_allowed(address.base, os.environ)
        self._address = address
        self._masker = Masker([key])
        self._allowed = allowed
        self._http_transport = http_transport
        self._limits = limits
        self._headers = _make_headers(key)
        self._timeout = httpx.Timeout(limits.read_timeout, connect=limits.connect_timeout, pool=limits.connect_timeout)
        self._ssl_context = _make_ssl_context(address)
        # A proxy of the environment is never used for this machine itself.
        self._proxy = None if address.is_loopback else find_proxy(address.base, getproxies())
        self._lock = threading.Lock()
        self._local = threading.local()
        self._connections: list[Connection] = []
        self._is_closed = False

    def exchange(self, request: Request) -> Response:
        """The complete response to one request, which is sent once, whatever its status.

        Raises NotSent if nothing was sent, Unreachable if no complete response came in time, and BadResponse if it
        cannot be decompressed. A request that is not allowed is a bug and raises RuntimeError.
        """
        if not self._allowed.fullmatch(str(request)):
            raise RuntimeError(f"{request} may not be sent from here: this is a bug, and nothing was sent")
        if not request.endpoint.is_read and _MASK in (request.body or b""):
            raise Rejected(f"{request} was not sent: it would write {MASK} where a key was hidden", _ABOUT_MASK)
        try:
            return self._receive(request)
        except DecompressionError as reason:
            failure: ServiceError = bad_response(f"{request}: it could not be unpacked: {self._show(str(reason))}")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failure = self._make_failure(request, error)
            # A tunnel whose TLS failed keeps the only connection of its pool busy, and the next request would time out.
            self._renew_connection()
        finally:
            self._close_if_late()
        # Raised out here, because the error of httpx would be its context, and has the request with the key.
        raise failure

    def close(self) -> None:
        """Close the connections of all threads; threads that still run cannot send anything more."""
        with self._lock:
            self._is_closed = True
        for connection in self._connections:
            connection.close()

    def _close_if_late(self) -> None:
        """Close the connection of this thread if it was opened, or used, while all others were closed."""
        connection: Connection | None = getattr(self._local, "connection", None)
        if self._is_closed and connection is not None:
            connection.close()

    def _receive(self, request: Request) -> Response:
        end = time.monotonic() + self._limits.total_timeout
        with closing(self._send_in_time(request)) as response:
            body = io.BytesIO()
            # Not by httpx, which decompresses each piece in full, however long it becomes.
            stream = cast("httpx.SyncByteStream", response.stream)
            for chunk in decompress(stream, response.headers.get("content-encoding", "")):
                if body.tell() + len(chunk) > self._limits.max_bytes:
                    raise bad_response(f"{request}: it is longer than {self._limits.max_bytes:,} bytes")
                body.write(chunk)
                if time.monotonic() >= end:
                    raise _ResponseTimeout
            return self._make_response(response, body.getvalue())

    def _send_in_time(self, request: Request) -> httpx.Response:
        """The response up to its headers. The timeout of httpx is for each piece of them, so their sum has no limit."""
        connection = self._connection()
        with connection.cut_after(self._limits.total_timeout) as cut:
            try:
                return self._send(request, connection)
            except httpx.TransportError:
                if not cut.is_set():
                    raise
                raise _ResponseTimeout from None

    def _send(self, request: Request, connection: Connection) -> httpx.Response:
        timeout = self._timeout.as_dict()
        tunnel = Tunnel(timeout, self._limits.connect_timeout)
        traces = (connection.note, tunnel) if self._proxy else (connection.note,)
        extensions = {"timeout": timeout, "trace": lambda *seen: [trace(*seen) for trace in traces]}
        try:
            return connection.send(self._make_request(request, extensions))
        except httpx.TransportError as error:
            if not tunnel.is_opening:
                raise
            # Only CONNECT was sent to the proxy, so this is the same as no connection.
            kind = httpx.ConnectTimeout if isinstance(error, httpx.TimeoutException) else httpx.ProxyError
            raise kind(str(error)) from error

    def _make_request(self, request: Request, extensions: dict[str, object]) -> httpx.Request:
        return httpx.Request(
            request.endpoint.method,
            f"{self._address.base}{request.path}",
            params=request.query,
            headers=self._headers,
            content=request.body,
            extensions=extensions,
        )

    def _make_response(self, response: httpx.Response, body: bytes) -> Response:
        headers = {name.lower(): self._hide_key(text) for name, text in response.headers.items()}
        kind = headers.get("content-type", "").casefold()
        is_plain_success = response.is_success and "json" in kind
        error_text = (
            ""
            if is_plain_success
            else self._show(extract_error_text(self._masker.hide_bytes(body[:MAX_BYTES_READ]), kind))
        )
        # Of a failure only the text is needed, and the errors of several attempts are kept.
        return Response(response.status_code, headers, body if response.is_success else b"", error_text)

    def _make_failure(self, request: Request, error: Exception) -> ServiceError:
        text = self._reason_for(error)
        match error:
            case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout() | httpx.ProxyError():
                seen = diagnose(error, text, name_host(self._address.base), self._proxy)
                kind: type[Unreachable] = ConnectionBlocked if seen.is_lasting else NotSent
            case _:
                seen, kind = diagnose_no_response(text, self._proxy), Unreachable
        return kind(self._describe(request, seen.reason), seen.fix)

    def _reason_for(self, error: Exception) -> str:
        match error:
            case httpx.ConnectTimeout():
                return f"no connection within {self._limits.connect_timeout:g} s"
            case httpx.PoolTimeout():
                return f"the connection of this thread was still in use after {self._limits.connect_timeout:g} s"
            case _ResponseTimeout():
                return f"it takes longer than {self._limits.total_timeout:g} s"
            case httpx.TimeoutException():
                return f"silence for {self._limits.read_timeout:g} s"
            case _:
                return self._show(str(error)) or type(error).__name__

    def _describe(self, request: Request, reason: str) -> str:
        return f"no answer from {self._address.base}: {request}: {reason}"

    def _show(self, text: str) -> str:
        return escape_unprintable(self._hide_key(text))

    def _hide_key(self, text: str) -> str:
        return self._masker.hide(text)

    def _connection(self) -> Connection:
        with self._lock:
            if self._is_closed:
                raise RuntimeError("this transport is closed: nothing was sent")
            connection: Connection | None = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = Connection(self._http_transport or self._open_http_transport())
                self._connections.append(connection)
            return connection

    def _renew_connection(self) -> None:
        with self._lock:
            if self._http_transport is None and not self._is_closed:
                self._local.connection.renew(self._open_http_transport())

    def _open_http_transport(self) -> HttpTransport:
        limits = httpx.Limits(max_connections=1, keepalive_expiry=_IDLE_SECONDS)
        if self._proxy is None:
            # Without httpx's client and its hooks and redirects, a request takes a third less CPU time.
            return httpx.HTTPTransport(verify=self._ssl_context, limits=limits)
        if flaw := self._proxy.flaw:
            raise ConnectionBlocked(
                f"the proxy {self._proxy.shown} cannot be used: {flaw}", advise_on_proxy(self._proxy)
            )
        try:
            is_encrypted = self._proxy.url.startswith("https:")
            proxy = httpx.Proxy(self._proxy.url, ssl_context=self._ssl_context if is_encrypted else None)
            return httpx.HTTPTransport(verify=self._ssl_context, limits=limits, proxy=proxy)
        except (ValueError, httpx.InvalidURL):
            message = f"the proxy {self._proxy.shown} cannot be used: its address cannot be read"
            failure = ConnectionBlocked(message, advise_on_proxy(self._proxy))
        # Raised out here, because the first error has the address of the proxy, which may contain a password.
        raise failure


def _make_headers(key: str) -> httpx.Headers:
    return httpx.Headers(
        {
            "ECI-ApiKey": key,
            "Content-Type": "application/json",  # also without a body: "all requests must specify JSON content type"
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": f"esa-reconciler/{__version__}",
        }
    )


def _make_ssl_context(address: ServiceAddress) -> ssl.SSLContext:
    if not address.is_encrypted:
        # Never used. It trusts no certificate, because reading those of the machine takes 24 ms.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if flaw := find_certificate_error(os.environ):
        raise ConnectionBlocked(*flaw)
    try:
        context = httpx.create_ssl_context()
        context.load_default_certs()  # besides httpx's own: organisations add theirs to the store of the machine
    except OSError as error:
        raise NotSent(f"the certificates of this machine cannot be read: {error}", ABOUT_CERTIFICATES) from error
    return context
