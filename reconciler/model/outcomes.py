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
    MISMATCH = "differs"  # written, but read back otherwise than sent


class Outcome(Struct, frozen=True):
    """The outcome of one change.

    `requests` counts the writes sent for it; `was_already_applied` says that it needed none. A change that is done may
    have a `remark`: what somebody else changed after it, or that it is `unread`, which means that the service confirmed
    the write but could not be read once more at the end.
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
        """What is done as far as the service confirmed it, and was not read once more."""
        return tuple(outcome for outcome in self.outcomes if outcome.unread)

    def with_status(self, ending: OutcomeStatus) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status is ending)


class Started(Struct, frozen=True):
    """A change is being looked at: its channel is read again, then perhaps written. `index` counts from 1."""

    name: str
    channel_id: int
    index: int
    of: int


class Finished(Struct, frozen=True):
    """What became of a change, as far as known before the last read-back. `index` is that of its `Started`."""

    outcome: Outcome
    index: int
    of: int


class Verifying(Struct, frozen=True):
    """All touched channels are being read once more."""

    channels: int


class OutcomeCorrected(Struct, frozen=True):
    """A change whose outcome the last read-back corrects: done and read otherwise, or failed and written late.

    Or it only adds a remark: what somebody else changed since, or that the channel could not be read.
    """

    outcome: Outcome


Event: TypeAlias = Started | Finished | Verifying | OutcomeCorrected
