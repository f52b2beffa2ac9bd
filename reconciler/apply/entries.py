"""The entries of a journal: what was about to be written, what became of it, and where a run began and ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from reconciler.apply.writing import Landing, Write
    from reconciler.model.live import Live
    from reconciler.model.outcomes import Account


@dataclass(frozen=True, slots=True)
class Began:
    """A run of the plan began."""

    at: str


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that is about to be sent for the change `name`, and its channel as it read right before.

    `number` is its own in the whole journal.
    """

    at: str
    number: int
    name: str
    write: Write
    before: Live


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of the write whose intent has this `number`."""

    at: str
    number: int
    landing: Landing


@dataclass(frozen=True, slots=True)
class Ended:
    """A run came to its end, with this account. A run without one was killed."""

    at: str
    account: Account


# `at` is an ISO date and time in UTC.
Entry: TypeAlias = Began | Intent | Landed | Ended
