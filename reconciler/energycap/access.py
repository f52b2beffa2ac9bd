"""How the service is reached: its address and key, checked before anything is sent, proxies, and failed connections."""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from reconciler.errors import ProjectError, Unauthorized, advise_on
from reconciler.masking import SHORTEST
from reconciler.model.hosts import ALLOWED_HOSTS, is_allowed, is_loopback, name_host, parse_allowed_hosts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_EXAMPLE = "write  url: https://app.energycap.com"


class ServiceAddress(Struct, frozen=True):
    """The address of a service: `base` comes before every path and does not end with a slash."""

    base: str
    is_encrypted: bool
    is_loopback: bool


def read_address(url: str) -> ServiceAddress:
    """The address in `url`.

    Raises ProjectError if `url` is not the address of a service, or would send the key unencrypted over a network.
    """
    parts = _split(url)
    if parts.username is not None:
        raise ProjectError(
            "the url of a service must not contain a user name or password", "leave them out: the API key is enough"
        )
    if rule := _find_broken_rule(url, parts):
        raise ProjectError(f"the url of a service must {rule}, found {url!r}", _EXAMPLE)
    is_encrypted, is_here = parts.scheme == "https", is_loopback(parts.hostname or "")
    if not (is_encrypted or is_here):
        raise ProjectError(
            f"the url of a service must be https, because plain http shows the API key to the network, found {url!r}",
            f"write  url: https://{parts.netloc}",
        )
    return ServiceAddress(f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}", is_encrypted, is_here)


def check_host_allowed(url: str, environment: Mapping[str, str]) -> None:
    """Raise ProjectError if the API key must not be sent to the host of `url`.

    `environment` may name more hosts; UsageError if what it says about them cannot be read.
    """
    if is_allowed(url, parse_allowed_hosts(environment.get(ALLOWED_HOSTS, ""))):
        return
    host = name_host(url)
    raise ProjectError(
        f"the API key is not sent to {host}: only hosts of energycap.com and this machine may get it",
        f"correct the url in reconciler.yaml; if this host is right, set  {ALLOWED_HOSTS}={host}",
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # urlsplit checks the port only when it is read
    except ValueError:
        # The url is not shown, because it may contain a password.
        raise ProjectError("the url of a service must name a host, and a port at most", _EXAMPLE) from None
    return parts


def _find_broken_rule(url: str, parts: SplitResult) -> str | None:
    if not (url.isascii() and url.isprintable()) or " " in url:
        return "contain only ASCII characters, and no white space"
    if parts.scheme not in {"http", "https"}:
        return "begin with https://"
    if not _is_host(parts.hostname or ""):
        return "name a host"
    if parts.query or parts.fragment:
        return "end with its path"
    return None


def _is_host(name: str) -> bool:
    """Whether `name` can be looked up: each of its labels has 1 to 63 characters."""
    try:
        return bool(name.encode("idna"))
    except UnicodeError:
        return False


def read_key(variable: str, environment: Mapping[str, str]) -> str:
    """The API key in the variable `variable` of `environment`.

    Raises Unauthorized, which never shows the key, if it is missing, empty, or cannot be sent in an HTTP header.
    """
    key = environment.get(variable)
    if key is None:
        raise Unauthorized(f"no API key: the variable {variable} is not set", _fix_for_key(variable))
    if flaw := find_key_error(key):
        raise Unauthorized(f"no usable API key: the variable {variable} {flaw}", _fix_for_key(variable))
    return key


def find_key_error(key: str) -> str | None:
    """Why `key` cannot be sent, as words that follow its name; None if it can."""
    if not key.strip():
        return "is empty"
    if key != key.strip():
        return "begins or ends with white space, perhaps a newline"
    if len(key) < SHORTEST:
        return f"is shorter than {SHORTEST} characters, and could not be hidden in what is shown"
    if not (key.isascii() and key.isprintable()) or " " in key:
        return "holds white space or characters that no API key has"
    return None


def _fix_for_key(variable: str) -> str:
    return f"export {variable}=<the key as EnergyCAP showed it>; in CI, a secret of that name"


_HTTPS_PORT = 443
_SCHEMES = ("http", "https")


class Proxy(Struct, frozen=True):
    """A proxy, and the variable that names it. Its url may hold a password and is never shown."""

    variable: str
    url: str

    def __repr__(self) -> str:
        return f"Proxy({self.shown!r})"

    @property
    def shown(self) -> str:
        """The proxy in messages, without its user name and password."""
        try:
            parts = urlsplit(self.url)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            return f"from {self.variable}"
        host = parts.hostname or ""
        if not host:
            return f"from {self.variable}"
        return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port} from {self.variable}"

    @property
    def flaw(self) -> str:
        """Why its address cannot be that of a proxy; "" if it can."""
        try:
            parts = urlsplit(self.url)
            is_whole = bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_whole = False
        if not is_whole:
            return "its address cannot be read"
        if parts.scheme not in _SCHEMES:
            return f"only http:// and https:// are supported, not {parts.scheme}://"
        if parts.path not in {"", "/"}:
            return "its address has a path: it may be that of a file such as proxy.pac, which only lists proxies"
        return ""


def find_proxy(base: str, proxies: Mapping[str, str]) -> Proxy | None:
    """The proxy to the service at the https address `base`.

    `proxies` are those of `urllib.request.getproxies`: by scheme, and under "no" the hosts that need none.
    """
    found = next((scheme for scheme in ("https", "all") if proxies.get(scheme, "").strip()), None)
    parts = urlsplit(base)
    if found is None or needs_none(parts.hostname or "", parts.port or _HTTPS_PORT, proxies.get("no", "")):
        return None
    url = proxies[found].strip()
    return Proxy(f"{found.upper()}_PROXY", url if "://" in url else f"http://{url}")


def needs_none(host: str, port: int, no_proxy: str) -> bool:
    """Whether `no_proxy`, the value of NO_PROXY, says that `host` needs no proxy.

    Its entries are those of curl: names, each with its subdomains, addresses, networks and `*`; each may have a port.
    An entry that is none of these is ignored. Source: curl's manual, "NO_PROXY".
    """
    return any(_matches(host, port, entry) for entry in no_proxy.replace(",", " ").split())


def _matches(host: str, port: int, entry: str) -> bool:
    if entry == "*":
        return True
    # Some write a url instead of a name.
    pattern = entry.rpartition("://")[2].casefold()
    # Before a port is split off, because the end of an IPv6 address looks like one.
    network = _parse_network(pattern)
    if network is None:
        pattern, wanted = _split_port(pattern)
        if wanted not in {"", str(port)}:
            return False
        network = _parse_network(pattern)
    if network is not None:
        return _is_in(host, network)
    name, domain = host.casefold().rstrip("."), pattern.lstrip("*").strip(".")
    return bool(domain) and (name == domain or name.endswith(f".{domain}"))


def _split_port(pattern: str) -> tuple[str, str]:
    before, colon, port = pattern.rpartition(":")
    return (before, port) if colon and port.isdecimal() else (pattern, "")


def _parse_network(pattern: str) -> IPv4Network | IPv6Network | None:
    text = pattern.replace("[", "").replace("]", "") if pattern.startswith("[") and "]:" not in pattern else pattern
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _is_in(host: str, network: IPv4Network | IPv6Network) -> bool:
    try:
        return ip_address(host) in network
    except ValueError:
        return False


CERTIFICATE_FILE, CERTIFICATE_FOLDERS = "SSL_CERT_FILE", "SSL_CERT_DIR"
# OpenSSL finds certificates in a folder by these names: a hash of the subject, and a number.
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")


def find_certificate_error(environment: Mapping[str, str]) -> tuple[str, str] | None:
    """What is wrong with the certificates in SSL_CERT_FILE or SSL_CERT_DIR, and the fix; None if nothing is.

    The folder is checked only if no file is named, because a file replaces it.
    """
    if file := environment.get(CERTIFICATE_FILE):
        return _check_file(Path(file))
    if folders := environment.get(CERTIFICATE_FOLDERS):
        return _check_folders([Path(folder) for folder in folders.split(os.pathsep) if folder])
    return None


def _check_file(path: Path) -> tuple[str, str] | None:
    fix = f"name a file of certificates in PEM format in {CERTIFICATE_FILE}, or unset it to trust those of this machine"
    try:
        with path.open("rb"):
            ssl.create_default_context(cafile=path)
    except ssl.SSLError as error:
        return f"{CERTIFICATE_FILE} names {path}, which cannot be used: {_explain_ssl_error(path, error)}", fix
    except OSError as error:
        return f"{CERTIFICATE_FILE} names {path}, which cannot be read: {error.strerror}", fix
    return None


def _explain_ssl_error(path: Path, error: ssl.SSLError) -> str:
    if path.stat().st_size == 0:
        return "it is empty"
    return f"no certificate in PEM format was found in it ({error.reason or error})"


def _check_folders(folders: list[Path]) -> tuple[str, str] | None:
    seen = [_check_folder(folder) for folder in folders]
    if not all(seen):
        return None
    fix = (
        "run  openssl rehash FOLDER  there, or name a file of certificates in PEM format in "
        f"{CERTIFICATE_FILE}, or unset {CERTIFICATE_FOLDERS}"
    )
    return f"{CERTIFICATE_FOLDERS} leads to no certificate: {'; '.join(seen)}", fix


def _check_folder(folder: Path) -> str:
    """What is wrong with one folder; "" if OpenSSL finds certificates in it."""
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError as error:
        return f"{folder} cannot be read: {error.strerror}"
    if any(map(_HASHED.fullmatch, names)):
        return ""
    return f"{folder} {'holds no file with a hashed name such as 5ed36f99.0' if names else 'is empty'}"


ABOUT_CERTIFICATES = "name the file of your organisation's certificates in the variable SSL_CERT_FILE"
_ABOUT_NETWORK = "check the network and the url of the environment; behind a proxy, the variable HTTPS_PROXY"
_LOGIN = "407"
# This process or this machine has too many files open, whatever the state of the network.
_OWN_LIMITS = (errno.EMFILE, errno.ENFILE)
# A 3xx or 4xx to CONNECT is a decision of the proxy, except 408 and 429, which may pass.
_DECISION = re.compile(r"3\d\d\b|4(?!08|29)\d\d\b")
# Reasons of OpenSSL. Client and server name the lack of a common version differently.
_NO_COMMON_VERSION = re.compile(
    r"PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|VERSION_TOO_LOW|HANDSHAKE_FAILURE|NO_SHARED_CIPHER"
)
_NOT_TLS = re.compile(r"WRONG_VERSION_NUMBER|HTTP_REQUEST|RECORD_LAYER_FAILURE|HTTPS_PROXY_REQUEST|UNKNOWN_PROTOCOL")
_WRONG_HOST = re.compile(r"Hostname mismatch|IP address mismatch|doesn't match")
_WRONG_TIME = re.compile(r"certificate has expired|certificate is not yet valid")


class Diagnosis(Struct, frozen=True):
    """Why a request failed, the fix, and whether the same request would fail again in the same way."""

    reason: str
    fix: str
    is_lasting: bool = False


def advise_on_proxy(proxy: Proxy) -> str:
    """How to write the address of a proxy that cannot be used."""
    return (
        f"write {proxy.variable} as http://HOST:PORT or https://HOST:PORT; with a login, as "
        "http://USER:PASSWORD@HOST:PORT, with / : @ in the name and password written as %2F %3A %40"
    )


def diagnose(error: Exception, text: str, host: str, proxy: Proxy | None) -> Diagnosis:
    """Why no request was sent to `host`; `text` is what `error` says."""
    if "[SSL" in text:
        return _diagnose_tls(text, host, proxy)
    for cause in _list_causes(error):
        if isinstance(cause, OSError) and cause.errno in _OWN_LIMITS:
            return Diagnosis(text, advise_on(cause))
    if proxy is None:
        return Diagnosis(text, _ABOUT_NETWORK)
    return _diagnose_proxy(error, text, host, proxy)


def diagnose_no_response(text: str, proxy: Proxy | None) -> Diagnosis:
    """Why there is no complete response, although the request may have been sent."""
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
    # The other side hung up or gave a rare reason. That has many causes, and a repeat may help.
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
