"""What happens while a plan is applied, one event at a time, for those who watch.

Order: for each sendable change `Started` and later `Finished`, those of independent changes interleaved; a change that
is not tried is only `Finished`. Then `Verifying` once, and `OutcomeCorrected` for each change whose outcome the final
read-back corrects. The result of `apply` has the same outcomes: events are for watching and are never the record.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from reconciler.model.outcomes import Outcome


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
