"""How a sandbox runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.sandbox.keys import Keys
from reconciler.sandbox.settings import Settings

if TYPE_CHECKING:
    from reconciler.sandbox.faults import Fault


class Options(Struct, frozen=True):
    """Its answers to the unknowns, its faults, its keys."""

    settings: Settings = field(default_factory=Settings)
    faults: tuple[Fault, ...] = ()
    keys: Keys = field(default_factory=Keys)
