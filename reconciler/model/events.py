"""What happens while a plan is applied, one event at a time, for those who watch.

Order: for each sendable change `Started` and later `Finished`, those of independent changes interleaved; a change that
is not tried is only `Finished`. Then `Verifying` once, and `Differed` for each change of which the last read-back says
something else or more. The account of `apply` says the same at the end: events are for watching, never the record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from reconciler.model.record import record

if TYPE_CHECKING:
    from reconciler.model.outcomes import Outcome


@record
class Started:
    """A change is being looked at: its channel is read again, then perhaps written. `index` counts from 1."""

    name: str
    channel_id: int
    index: int
    of: int


@record
class Finished:
    """What became of a change, as far as known before the last read-back. `index` is that of its `Started`."""

    outcome: Outcome
    index: int
    of: int


@record
class Verifying:
    """All touched channels are being read once more."""

    channels: int


@record
class Differed:
    """A change whose outcome the last read-back corrects: done and read otherwise, or failed and written late.

    Or it only adds a remark: what somebody else changed since, or that the channel could not be read.
    """

    outcome: Outcome


Event: TypeAlias = Started | Finished | Verifying | Differed
