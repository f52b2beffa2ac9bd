"""Why a connection failed, and what to do about it."""

from __future__ import annotations

import errno
import re
import socket
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.errors import advise_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.energycap.proxies import Proxy

ABOUT_CERTIFICATES = "name the file of your organisation's certificates in the variable SSL_CERT_FILE"
_ABOUT_NETWORK = "check the network and the url of the environment; behind a proxy, the variable HTTPS_PROXY"
_LOGIN = "407"
# What this machine has not enough of, whatever the network is like.
_OWN_LIMITS = (errno.EMFILE, errno.ENFILE)
# An answer of 3xx or 4xx to CONNECT is what the proxy decided, but for these two.
_DECISION = re.compile(r"3\d\d\b|4(?!08|29)\d\d\b")
# OpenSSL's names of what it met; two sides without a common version each say it in another way.
_NO_COMMON_VERSION = re.compile(
    r"PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|VERSION_TOO_LOW|HANDSHAKE_FAILURE|NO_SHARED_CIPHER"
)
_NOT_TLS = re.compile(r"WRONG_VERSION_NUMBER|HTTP_REQUEST|RECORD_LAYER_FAILURE|HTTPS_PROXY_REQUEST|UNKNOWN_PROTOCOL")
_WRONG_HOST = re.compile(r"Hostname mismatch|IP address mismatch|doesn't match")
_WRONG_TIME = re.compile(r"certificate has expired|certificate is not yet valid")


class Diagnosis(Struct, frozen=True):
    """What was seen, what to do about it, and whether the same request would fail the same way again."""

    reason: str
    fix: str
    is_lasting: bool = False


def advise_on_proxy(proxy: Proxy) -> str:
    """What to write for a proxy that cannot be used."""
    return (
        f"write {proxy.variable} as http://HOST:PORT or https://HOST:PORT; with a login, as "
        "http://USER:PASSWORD@HOST:PORT, with / : @ in the name and password written as %2F %3A %40"
    )


def diagnose(error: Exception, text: str, host: str, proxy: Proxy | None) -> Diagnosis:
    """Why no request left for `host`: `error` is what was raised, and `text` what it says."""
    if "[SSL" in text:
        return _diagnose_tls(text, host, proxy)
    for cause in _list_causes(error):
        if isinstance(cause, OSError) and cause.errno in _OWN_LIMITS:
            return Diagnosis(text, advise_on(cause))
    if proxy is None:
        return Diagnosis(text, _ABOUT_NETWORK)
    return _diagnose_proxy(error, text, host, proxy)


def diagnose_silence(text: str, proxy: Proxy | None) -> Diagnosis:
    """Why an answer did not come, or not whole, though the request may have left."""
    return Diagnosis(text if proxy is None else f"{text}, through the proxy {proxy.shown}", _ABOUT_NETWORK)


def _diagnose_tls(text: str, host: str, proxy: Proxy | None) -> Diagnosis:
    through = f", through the proxy {proxy.shown}" if proxy else ""
    reason = f"{text}{through}"
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return Diagnosis(reason, _advise_on_certificate(text, host), is_lasting=True)
    if _NOT_TLS.search(text):
        other = "the proxy answered instead of the service" if proxy else "something in between answered instead"
        fix = f"what answered does not speak TLS: either the port in the url is not one for https, or {other}"
        return Diagnosis(reason, fix, is_lasting=True)
    if _NO_COMMON_VERSION.search(text):
        fix = (
            f"this machine and what answers for {host} have no version or cipher of TLS in common: ask the owner of "
            "the proxy or gateway in between for TLS 1.2 or later, and look at this machine's OpenSSL settings"
        )
        return Diagnosis(reason, fix, is_lasting=True)
    # The other side hung up, or said something rare: that has many causes, and may pass.
    who = f"the proxy or whatever else answers for {host}"
    fix = f"no TLS connection was made: either {who} blocks it, or offers no version of TLS that is accepted here"
    return Diagnosis(reason, fix)


def _advise_on_certificate(text: str, host: str) -> str:
    if _WRONG_HOST.search(text):
        return f"what answered for {host} has a certificate for another host: check the url, and any proxy in between"
    if _WRONG_TIME.search(text):
        whose = (
            f"the certificate shown for {host} must be renewed by its owner, or by the owner of the proxy in between"
        )
        return f"check the clock of this machine; if it is right, {whose}"
    return ABOUT_CERTIFICATES


def _diagnose_proxy(error: Exception, text: str, host: str, proxy: Proxy) -> Diagnosis:
    status = text[:3]
    if status == _LOGIN:
        fix = (
            f"write user name and password into {proxy.variable}: http://USER:PASSWORD@HOST:PORT; if they are there, "
            "they are wrong, or the proxy asks for a kind of login other than Basic"
        )
        return Diagnosis(f"the proxy {proxy.shown} asks for a login: {text}", fix, is_lasting=True)
    if status.isdecimal():
        fix = f"ask the owner of the proxy to let {host} through; if {host} is reached without it, add it to NO_PROXY"
        reason = f"the proxy {proxy.shown} did not connect to {host}: {text}"
        return Diagnosis(reason, fix, is_lasting=bool(_DECISION.match(text)))
    fix = f"check {proxy.variable} and the network; if {host} is reached without a proxy, add it to NO_PROXY"
    if any(isinstance(cause, socket.gaierror | ConnectionRefusedError) for cause in _list_causes(error)):
        return Diagnosis(f"the proxy {proxy.shown} cannot be reached: {text}", fix)
    return Diagnosis(f"{text}, through the proxy {proxy.shown}", fix)


def _list_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
