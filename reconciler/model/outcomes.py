"""The result of an apply, and the events while it runs."""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from msgspec import Struct


class OutcomeStatus(Enum):
    """How a change ended."""

    DONE = "done"
    STALE = "stale"  # live moved since the plan; nothing of this change was written
    FAILED = "failed"
    NOT_TRIED = "not tried"  # what it depends on did not succeed, or the run was stopped
    MISMATCH = "differs"  # written, but the read-back differs from what was sent


class Outcome(Struct, frozen=True):
    """The outcome of one change.

    The `channel_id` of a new channel is that of EnergyCAP if it is there, and `was_created` says that this plan created
    it. `requests` counts the writes sent for it; `was_already_applied` says that it needed none. A change that is done
    may have a `remark`: what somebody else changed after it, or that it is `unread`: the service confirmed the write,
    but the channel could not be read again at the end.
    """

    name: str
    channel_id: int
    status: OutcomeStatus
    message: str = ""
    fix: str = ""
    requests: int = 0
    was_already_applied: bool = False
    remark: str = ""
    unread: bool = False
    was_created: bool = False


class ApplyResult(Struct, frozen=True):
    """An outcome for every sendable change of a plan, in the plan's order.

    `interrupted` says that a user or the system stopped the run early, `aborted_because` why it stopped by itself, ""
    if it did not. Either way it can be resumed.
    """

    outcomes: tuple[Outcome, ...]
    interrupted: bool = False
    aborted_because: str = ""

    @property
    def unread(self) -> tuple[Outcome, ...]:
        """The changes that the service confirmed, but that could not be read again."""
        return tuple(outcome for outcome in self.outcomes if outcome.unread)

    def with_status(self, status: OutcomeStatus) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status is status)


class Started(Struct, frozen=True):
    """A change was begun: its channel is read again, then perhaps written. `index` counts from 1."""

    name: str
    channel_id: int
    index: int
    of: int


class Finished(Struct, frozen=True):
    """The outcome of a change as known before the read-back at the end. `index` is that of its `Started`."""

    outcome: Outcome
    index: int
    of: int


class Verifying(Struct, frozen=True):
    """All channels that may have been written are being read again."""

    channels: int


class OutcomeCorrected(Struct, frozen=True):
    """A change whose outcome the read-back at the end corrects: done but different now, or failed but written late.

    Or the read-back only adds a remark: what somebody else changed since, or that the channel could not be read.
    """

    outcome: Outcome


Event: TypeAlias = Started | Finished | Verifying | OutcomeCorrected
