"""Which proxy of the environment is used for a service, if any."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        """The proxy as messages name it, without its user name and password."""
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
        """Why it cannot be a proxy, if that can be seen from its address; else ""."""
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

    `proxies` are those of `urllib.request.getproxies`: by scheme, and under "no" the hosts that are reached without.
    """
    found = next((scheme for scheme in ("https", "all") if proxies.get(scheme, "").strip()), None)
    parts = urlsplit(base)
    if found is None or needs_none(parts.hostname or "", parts.port or _HTTPS_PORT, proxies.get("no", "")):
        return None
    url = proxies[found].strip()
    return Proxy(f"{found.upper()}_PROXY", url if "://" in url else f"http://{url}")


def needs_none(host: str, port: int, no_proxy: str) -> bool:
    """Whether `no_proxy`, the value of NO_PROXY, says that `host` is reached without a proxy.

    Its entries are as in curl: names with all below them, addresses, networks and `*`; each may also have a port. An
    entry that is none of these matches nothing, and stops nothing. Source: curl's manual, "NO_PROXY".
    """
    return any(_matches(host, port, entry) for entry in no_proxy.replace(",", " ").split())


def _matches(host: str, port: int, entry: str) -> bool:
    if entry == "*":
        return True
    pattern = entry.rpartition("://")[2].casefold()
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
