"""The keys the service knows."""

from __future__ import annotations

from msgspec import Struct


class Keys(Struct, frozen=True):
    """One key whose user may do everything, and one whose user may only look."""

    write: str = "sandbox"
    read: str = "sandbox-read"
