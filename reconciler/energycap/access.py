"""The address of the service and the API key, checked before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from reconciler.errors import ProjectError, Unauthorized
from reconciler.masking import SHORTEST
from reconciler.model.hosts import ALLOWED_HOSTS, is_allowed, is_loopback, name_host, parse_allowed_hosts

if TYPE_CHECKING:
    from collections.abc import Mapping


_EXAMPLE = "write  url: https://app.energycap.com"


class ServiceAddress(Struct, frozen=True):
    """Where a service is: `base` comes before every path and has no slash at its end."""

    base: str
    is_encrypted: bool
    is_loopback: bool


def read_address(url: str) -> ServiceAddress:
    """The address that `url` stands for.

    Raises ProjectError where it is no address, holds more than one, or would send the key unencrypted over a network.
    """
    parts = _split(url)
    if parts.username is not None:
        raise ProjectError(
            "the url of a service must hold no user name or password", "leave them out: the API key is all it takes"
        )
    if rule := _find_broken_rule(url, parts):
        raise ProjectError(f"the url of a service must {rule}, found {url!r}", _EXAMPLE)
    is_encrypted, is_here = parts.scheme == "https", is_loopback(parts.hostname or "")
    if not (is_encrypted or is_here):
        raise ProjectError(
            f"the url of a service must be https, for plain http shows the API key to the network, found {url!r}",
            f"write  url: https://{parts.netloc}",
        )
    return ServiceAddress(f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}", is_encrypted, is_here)


def check_host_allowed(url: str, environment: Mapping[str, str]) -> None:
    """Raise ProjectError where the host of `url` may not be sent an API key.

    `environment` may name further hosts; raises UsageError where it does so in a way that cannot be read.
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
        _ = parts.port  # looking at it is what makes sure that it is a number
    except ValueError:
        # The url is not shown, for whatever it is, it may hold a password.
        raise ProjectError("the url of a service must name a host, and a port at most", _EXAMPLE) from None
    return parts


def _find_broken_rule(url: str, parts: SplitResult) -> str | None:
    if not (url.isascii() and url.isprintable()) or " " in url:
        return "hold neither white space nor letters beyond ASCII"
    if parts.scheme not in {"http", "https"}:
        return "begin with https://"
    if not _is_host(parts.hostname or ""):
        return "name a host"
    if parts.query or parts.fragment:
        return "end with its path"
    return None


def _is_host(name: str) -> bool:
    """Whether `name` can be looked up: no part of it is empty or too long."""
    try:
        return bool(name.encode("idna"))
    except UnicodeError:
        return False


def read_key(variable: str, environment: Mapping[str, str]) -> str:
    """The API key that `variable` holds in `environment`.

    Raises Unauthorized, which never shows the key, where it is missing, empty, or holds what no HTTP header can carry.
    """
    key = environment.get(variable)
    if key is None:
        raise Unauthorized(f"no API key: the variable {variable} is not set", _fix_for_key(variable))
    if flaw := find_key_error(key):
        raise Unauthorized(f"no usable API key: the variable {variable} {flaw}", _fix_for_key(variable))
    return key


def find_key_error(key: str) -> str | None:
    """What keeps `key` from being sent, as words that go after its name; None where nothing does."""
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
