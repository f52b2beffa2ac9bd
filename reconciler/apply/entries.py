"""The entries of a journal: what was about to be written, what became of it, and where a run began and ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from reconciler.apply.writing import Landing, Write
    from reconciler.model.channels import Live
    from reconciler.model.outcomes import ApplyResult


class Began(Struct, frozen=True):
    """A run of the plan began."""

    at: str


class Intent(Struct, frozen=True):
    """A write that is about to be sent for the change `name`, and its channel as it read right before.

    `number` is its own in the whole journal.
    """

    at: str
    number: int
    name: str
    write: Write
    before: Live


class Landed(Struct, frozen=True):
    """What became of the write whose intent has this `number`."""

    at: str
    number: int
    landing: Landing


class Ended(Struct, frozen=True):
    """A run came to its end, with this account. A run without one was killed."""

    at: str
    account: ApplyResult


# `at` is an ISO date and time in UTC.
Entry: TypeAlias = Began | Intent | Landed | Ended
