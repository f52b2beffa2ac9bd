"""How a sandbox runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.sandbox.keys import Keys
from reconciler.sandbox.settings import Settings

if TYPE_CHECKING:
    from reconciler.sandbox.faults import Fault


@dataclass(frozen=True, slots=True)
class Options:
    """Its answers to the unknowns, its faults, its keys."""

    settings: Settings = field(default_factory=Settings)
    faults: tuple[Fault, ...] = ()
    keys: Keys = field(default_factory=Keys)
