"""The service a command talks to: the embedded sandbox, or EnergyCAP with a key from the environment."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.energycap.address import refuse_foreign
from reconciler.energycap.key import read_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.model.project import Environment


class ServiceAccess(Struct, frozen=True):
    """Where a service answers, and the key it takes. The key never leaves this record but for the request header."""

    url: str
    key: str

    def __repr__(self) -> str:
        return f"Address(url={self.url!r})"


@contextmanager
def open_service(root: Path, environment: Environment) -> Iterator[ServiceAccess]:
    """The address of `environment`'s service; the embedded sandbox answers for the length of the block.

    Raises ProjectError where its host may not be sent a key, and Unauthorized where the variable that should hold the
    key is empty.
    """
    if not environment.is_sandbox:
        # Here too, so that a variable without a key is not the first that is said of a host that would not get it.
        refuse_foreign(environment.url, os.environ)
        yield ServiceAccess(environment.url, read_key(environment.api_key_env, os.environ))
        return
    from reconciler.cli.sandbox import start_embedded

    with start_embedded(root) as url:
        yield ServiceAccess(url, "sandbox")
