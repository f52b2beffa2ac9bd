"""One request, one answer, over HTTP; only this module and `connection.py` know httpx."""

from __future__ import annotations

import io
import logging
import os
import ssl
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, cast
from urllib.request import getproxies

import httpx
from msgspec import Struct

from reconciler import __version__
from reconciler.energycap.address import refuse_foreign
from reconciler.energycap.answers import Answer, unusable
from reconciler.energycap.connection import Connection
from reconciler.energycap.failures import ABOUT_CERTIFICATES, advise_on_proxy, diagnose, diagnose_silence
from reconciler.energycap.key import find_flaw
from reconciler.energycap.proxies import find_proxy
from reconciler.energycap.trust import find_flaw as find_flaw_of_trust
from reconciler.energycap.tunnel import Tunnel
from reconciler.energycap.unpacking import Packed, unpack
from reconciler.energycap.words import MOST_READ, find_words, make_harmless
from reconciler.errors import Rejected, Unauthorized, Unreachable
from reconciler.masking import MASK, Masker
from reconciler.model.hosts import name_host

if TYPE_CHECKING:
    import re

    from reconciler.energycap.address import Address
    from reconciler.energycap.calls import Request
    from reconciler.energycap.connection import Wire
    from reconciler.errors import ServiceError

# Below the shortest time that servers keep an idle connection (5 s): none is used while the other side closes it.
_IDLE_SECONDS = 3.0

# Its debug log shows the headers of answers, and whatever a service may repeat in them.
logging.getLogger("httpcore").setLevel(logging.INFO)

_ABOUT_MASK = "take the key out of the channel in EnergyCAP, replace it, and plan again"
_MASK = MASK.encode()


class Limits(Struct, frozen=True):
    """How long to wait, in seconds: for a connection, for a sign of life, for the whole answer; and its most bytes."""

    connect: float = 10.0
    silence: float = 60.0
    whole: float = 120.0
    # A page of 1,000 channels is about 3.3 MB; what is far beyond would only fill the memory, tenfold once it is read.
    largest: int = 32 * 2**20


_LIMITS = Limits()


class Unsent(Unreachable):
    """No connection came about: nothing was sent, so nothing was done."""


class Barred(Unsent):
    """The connection failed, and the next one would fail alike: an untrusted certificate, a proxy that refuses."""


class _TakesTooLong(httpx.TransportError):
    """The answer was not there in time, though something came of it again and again."""

    def __init__(self) -> None:
        super().__init__("")


class Transport:
    """Sends the requests that `allowed` matches as `METHOD /path`, each thread over a connection of its own.

    One pool of them for all threads stops scaling at 16; one store of certificates for all saves 24 ms each.
    """

    def __init__(
        self,
        address: Address,
        key: str,
        allowed: re.Pattern[str],
        wire: Wire | None = None,
        limits: Limits = _LIMITS,
    ) -> None:
        if flaw := find_flaw(key):
            raise Unauthorized(f"no usable API key: it {flaw}", "give the key as EnergyCAP showed it")
        # Here, and not only where the project file is read: nothing that holds the key comes about for another host.
        refuse_foreign(address.base, os.environ)
        self._address = address
        self._masker = Masker([key])
        self._allowed = allowed
        self._wire = wire
        self._limits = limits
        self._headers = _make_headers(key)
        self._timeout = httpx.Timeout(limits.silence, connect=limits.connect, pool=limits.connect)
        self._trust = _make_trust(address)
        # A proxy of the environment stands between here and the world, never between here and this machine.
        self._proxy = None if address.is_loopback else find_proxy(address.base, getproxies())
        self._lock = threading.Lock()
        self._local = threading.local()
        self._connections: list[Connection] = []
        self._is_closed = False

    def exchange(self, request: Request) -> Answer:
        """The answer to one request, asked once and read to its end, whatever its status.

        Raises Unsent where nothing left this machine, Unreachable where no whole answer came in time, and BadAnswer
        where one came that cannot be unpacked. A request that is not allowed is a bug: a RuntimeError.
        """
        if not self._allowed.fullmatch(str(request)):
            raise RuntimeError(f"{request} may not be sent from here: this is a bug, and nothing was sent")
        if not request.call.is_read and _MASK in (request.body or b""):
            raise Rejected(f"{request} was not sent: it would write {MASK} where a key was hidden", _ABOUT_MASK)
        try:
            return self._receive(request)
        except Packed as reason:
            failure: ServiceError = unusable(f"{request}: it could not be unpacked: {self._show(str(reason))}")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failure = self._make_failure(request, error)
            # A tunnel whose TLS failed would keep the only place of its pool, and the next request wait for it in vain.
            self._renew_connection()
        # Raised out here, for the error of httpx holds the request, and with it the key.
        raise failure

    def close(self) -> None:
        """Close the connections of all threads; nothing is sent any more, whoever is still at work."""
        with self._lock:
            self._is_closed = True
        for connection in self._connections:
            connection.close()

    def _receive(self, request: Request) -> Answer:
        end = time.monotonic() + self._limits.whole
        with closing(self._send_in_time(request)) as response:
            body = io.BytesIO()
            # Not by httpx, which unpacks a piece whole, however long it becomes.
            stream = cast("httpx.SyncByteStream", response.stream)
            for chunk in unpack(stream, response.headers.get("content-encoding", "")):
                if body.tell() + len(chunk) > self._limits.largest:
                    raise unusable(f"{request}: it is longer than {self._limits.largest:,} bytes")
                body.write(chunk)
                if time.monotonic() >= end:
                    raise _TakesTooLong
            return self._make_answer(response, body.getvalue())

    def _send_in_time(self, request: Request) -> httpx.Response:
        """The answer up to its headers. httpx waits for each piece of them, of which there may be any number."""
        connection = self._connection()
        with connection.cut_after(self._limits.whole) as cut:
            try:
                return self._send(request, connection)
            except httpx.TransportError:
                if not cut.is_set():
                    raise
                raise _TakesTooLong from None

    def _send(self, request: Request, connection: Connection) -> httpx.Response:
        timeout = self._timeout.as_dict()
        tunnel = Tunnel(timeout, self._limits.connect)
        traces = (connection.note, tunnel) if self._proxy else (connection.note,)
        extensions = {"timeout": timeout, "trace": lambda *seen: [trace(*seen) for trace in traces]}
        try:
            return connection.send(self._make_request(request, extensions))
        except httpx.TransportError as error:
            if not tunnel.is_opening:
                raise
            # Nothing but the wish for a tunnel was sent, so this is as if there was no connection.
            kind = httpx.ConnectTimeout if isinstance(error, httpx.TimeoutException) else httpx.ProxyError
            raise kind(str(error)) from error

    def _make_request(self, request: Request, extensions: dict[str, object]) -> httpx.Request:
        return httpx.Request(
            request.call.method,
            f"{self._address.base}{request.path}",
            params=request.query,
            headers=self._headers,
            content=request.body,
            extensions=extensions,
        )

    def _make_answer(self, response: httpx.Response, body: bytes) -> Answer:
        headers = {name.lower(): self._hide_key(text) for name, text in response.headers.items()}
        kind = headers.get("content-type", "").casefold()
        is_plain_success = response.is_success and "json" in kind
        words = "" if is_plain_success else self._show(find_words(self._masker.hide_bytes(body[:MOST_READ]), kind))
        # Of a failure only the words are of use, and errors of several tries are kept side by side.
        return Answer(response.status_code, headers, body if response.is_success else b"", words)

    def _make_failure(self, request: Request, error: Exception) -> ServiceError:
        text = self._find_reason(error)
        match error:
            case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout() | httpx.ProxyError():
                seen = diagnose(error, text, name_host(self._address.base), self._proxy)
                kind: type[Unreachable] = Barred if seen.is_lasting else Unsent
            case _:
                seen, kind = diagnose_silence(text, self._proxy), Unreachable
        return kind(self._describe(request, seen.reason), seen.fix)

    def _find_reason(self, error: Exception) -> str:
        match error:
            case httpx.ConnectTimeout():
                return f"no connection within {self._limits.connect:g} s"
            case httpx.PoolTimeout():
                return f"the connection of this thread was still in use after {self._limits.connect:g} s"
            case _TakesTooLong():
                return f"it takes longer than {self._limits.whole:g} s"
            case httpx.TimeoutException():
                return f"silence for {self._limits.silence:g} s"
            case _:
                return self._show(str(error)) or type(error).__name__

    def _describe(self, request: Request, reason: str) -> str:
        return f"no answer from {self._address.base}: {request}: {reason}"

    def _show(self, text: str) -> str:
        return make_harmless(self._hide_key(text))

    def _hide_key(self, text: str) -> str:
        return self._masker.hide(text)

    def _connection(self) -> Connection:
        with self._lock:
            if self._is_closed:
                raise RuntimeError("this transport is closed: nothing was sent")
            connection: Connection | None = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = Connection(self._wire or self._open_wire())
                self._connections.append(connection)
            return connection

    def _renew_connection(self) -> None:
        with self._lock:
            if self._wire is None and not self._is_closed:
                self._local.connection.renew(self._open_wire())

    def _open_wire(self) -> Wire:
        limits = httpx.Limits(max_connections=1, keepalive_expiry=_IDLE_SECONDS)
        if self._proxy is None:
            # Without httpx's client, whose hooks and redirects nobody wants, a request takes a third less CPU.
            return httpx.HTTPTransport(verify=self._trust, limits=limits)
        if flaw := self._proxy.flaw:
            raise Barred(f"the proxy {self._proxy.shown} cannot be used: {flaw}", advise_on_proxy(self._proxy))
        try:
            is_encrypted = self._proxy.url.startswith("https:")
            proxy = httpx.Proxy(self._proxy.url, ssl_context=self._trust if is_encrypted else None)
            return httpx.HTTPTransport(verify=self._trust, limits=limits, proxy=proxy)
        except (ValueError, httpx.InvalidURL):
            message = f"the proxy {self._proxy.shown} cannot be used: its address cannot be read"
            failure = Barred(message, advise_on_proxy(self._proxy))
        # Raised out here, for a proxy's address may hold a password.
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


def _make_trust(address: Address) -> ssl.SSLContext:
    if not address.is_encrypted:
        # Never used, and made so that it would trust nobody: reading the certificates takes 24 ms.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if flaw := find_flaw_of_trust(os.environ):
        raise Barred(*flaw)
    try:
        trust = httpx.create_ssl_context()
        trust.load_default_certs()  # besides those of httpx, for organisations keep theirs in the machine's own store
    except OSError as error:
        raise Unsent(f"the certificates of this machine cannot be read: {error}", ABOUT_CERTIFICATES) from error
    return trust
