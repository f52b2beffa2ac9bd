"""What became of a plan: an outcome for each change, and the account of all."""

from __future__ import annotations

from enum import Enum

from reconciler.model.record import record


class Ending(Enum):
    """How a change ended."""

    DONE = "done"
    STALE = "stale"  # live moved since the plan; nothing of this change was written
    FAILED = "failed"
    NOT_TRIED = "not tried"  # what it depends on did not succeed, or the run was stopped
    DIFFERS = "differs"  # written, but read back otherwise than sent


@record
class Outcome:
    """What became of one change. `requests` counts the writes that were sent for it; `already` says it needed none.

    A change that is done may have a `remark`: what somebody else changed after it, or that it is `unread`, which is to
    say that the service confirmed it but could not be read once more at the end.
    """

    name: str
    channel_id: int
    ending: Ending
    message: str = ""
    fix: str = ""
    requests: int = 0
    already: bool = False
    remark: str = ""
    unread: bool = False


@record
class Account:
    """An outcome for every sendable change of a plan, in the plan's order.

    `interrupted` says that a user or a system stopped the run before all was tried, `halted` why it stopped by itself,
    empty where it did not: either way it can be gone on with.
    """

    outcomes: tuple[Outcome, ...]
    interrupted: bool = False
    halted: str = ""

    @property
    def unread(self) -> tuple[Outcome, ...]:
        """What is done as far as the service confirmed it, and was not read once more."""
        return tuple(outcome for outcome in self.outcomes if outcome.unread)

    def ended(self, ending: Ending) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.ending is ending)
