"""The API key: from the environment alone, and only when it can be one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Unauthorized
from reconciler.masking import SHORTEST

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_key(variable: str, environment: Mapping[str, str]) -> str:
    """The API key that `variable` holds in `environment`.

    Raises Unauthorized, which never shows the key, where it is missing, empty, or holds what no HTTP header can carry.
    """
    key = environment.get(variable)
    if key is None:
        raise Unauthorized(f"no API key: the variable {variable} is not set", _way_out(variable))
    if flaw := find_flaw(key):
        raise Unauthorized(f"no usable API key: the variable {variable} {flaw}", _way_out(variable))
    return key


def find_flaw(key: str) -> str | None:
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


def _way_out(variable: str) -> str:
    return f"export {variable}=<the key as EnergyCAP showed it>; in CI, a secret of that name"
