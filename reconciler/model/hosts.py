"""The hosts that may get an API key: those of EnergyCAP, this machine, and those named in a variable."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from msgspec import Struct

from reconciler.errors import UsageError

# A variable and not a file of the repository, because a pull request must not decide where keys go.
ALLOWED_HOSTS = "RECONCILER_ALLOWED_HOSTS"

_VENDOR = ".energycap.com"
_DEFAULT_PORTS = {"https": 443, "http": 80}
_NAME = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
_ENTRY = rf"(?P<star>\*\.)?(?P<host>{_NAME}|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?"


class AllowedHost(Struct, frozen=True):
    """A host by its exact name, or with `is_suffix` all hosts below it; any port if `port` is None."""

    name: str
    is_suffix: bool = False
    port: int | None = None

    def allows(self, host: str, port: int | None) -> bool:
        """Whether this is `host` at `port`."""
        is_same = host.endswith(f".{self.name}") if self.is_suffix else host == self.name
        return is_same and self.port in (None, port)


def parse_allowed_hosts(text: str) -> tuple[AllowedHost, ...]:
    """The hosts in `text`, separated by commas or blanks. Raises UsageError for an entry that is not a host."""
    return tuple(_parse_entry(entry) for entry in re.split(r"[,\s]+", text) if entry)


def is_allowed(url: str, allowed: tuple[AllowedHost, ...]) -> bool:
    """Whether the host of `url` may be sent an API key.

    A host that is written in an unusual way, such as with a dot at its end or a backslash, may not: two parsers could
    disagree about it.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return False
    if parts.username is not None:
        return False
    if is_loopback(host):
        return True
    if ":" in host:
        return any(one.allows(_normalize(host), port) for one in allowed)
    if not re.fullmatch(_NAME, host, re.ASCII):
        return False
    return host.endswith(_VENDOR) or any(one.allows(host, port) for one in allowed)


def name_host(url: str) -> str:
    """The host of `url` as it is written in the variable."""
    host = urlsplit(url).hostname or ""
    return f"[{host}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine by its name alone: a name that DNS resolves could be any machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _parse_entry(entry: str) -> AllowedHost:
    match = re.fullmatch(_ENTRY, entry.lower(), re.ASCII)
    if match is None:
        raise _refuse(entry, "is not a host")
    host, port = match["host"].strip("[]"), int(match["port"]) if match["port"] else None
    is_address = match["host"].startswith("[")
    if is_address and not _is_address(host):
        raise _refuse(entry, "is not an address")
    if port is not None and not 0 < port < 65536:
        raise _refuse(entry, "has no port of 1 to 65535")
    if match["star"] and (_is_address(host) or "." not in host):
        raise _refuse(entry, "allows too much: behind  *.  it needs a domain of two parts")
    return AllowedHost(_normalize(host), match["star"] is not None, port)


def _normalize(host: str) -> str:
    return ip_address(host).compressed if _is_address(host) else host


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _refuse(entry: str, why: str) -> UsageError:
    return UsageError(
        f"{ALLOWED_HOSTS} cannot be used: {entry[:80]!a} {why}",
        f"name hosts, separated by commas:  {ALLOWED_HOSTS}=gateway.example.org,*.eci.example.org,a.example.org:8443",
    )
