"""The keys the service knows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """One key whose user may do everything, and one whose user may only look."""

    write: str = "sandbox"
    read: str = "sandbox-read"
