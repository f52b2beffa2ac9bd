"""One batch of readings on its way: sent, and its fate settled even where the answer is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.energycap.transport import Unsent
from reconciler.errors import BadResponse, Rejected, ServiceError, Unauthorized, Unavailable, Unreachable
from reconciler.model.identifiers import V3_NAMES
from reconciler.readings.batches import group_loads, make_body
from reconciler.readings.receiving import Unclear, find_failed, find_missing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.energycap.sender import Sender
    from reconciler.model.identifiers import IdentifierNames
    from reconciler.readings.batches import Load

# Answers that are lost one after the other are no accident any more.
_ATTEMPTS = 3
_DOUBTFUL = (Unreachable, Unavailable, BadResponse)


class Fate(Struct, frozen=True):
    """What became of a batch: all of it was taken but for what is named here.

    `rejected` come with the service's reasons, of `unknown` nobody knows, and `untaken` did certainly not arrive.
    `error` is why nothing more should be sent.
    """

    rejected: Sequence[tuple[Load, str]] = ()
    unknown: Sequence[Load] = ()
    untaken: Sequence[Load] = ()
    error: ServiceError | None = None


class Delivery(Struct, frozen=True):
    """How readings are sent: by which sender and call. `pause` waits before a lost answer is looked into."""

    sender: Sender
    dialect: IdentifierNames
    pause: Callable[[], None]

    def deliver(self, loads: Sequence[Load]) -> Fate:
        """Send `loads` in one request and settle what became of each; in one for each group where all are refused."""
        try:
            return self._deliver_v3(loads) if self.dialect is V3_NAMES else self._deliver_esa(loads)
        except Rejected as error:
            groups = group_loads(loads)
            if len(groups) == 1:
                return Fate(rejected=[(load, error.message) for load in loads])
        return _unite([self.deliver(group) for group in groups])

    def _deliver_v3(self, loads: Sequence[Load]) -> Fate:
        """A lost answer is settled by reading what the channels have; only what they have not is sent again.

        Raises Refused where nothing of `loads` was taken.
        """
        waiting, lost = loads, None
        for _ in range(_ATTEMPTS):
            try:
                return self._exchange(waiting)
            except Rejected as error:
                if waiting is loads:
                    raise
                return Fate(rejected=[(load, error.message) for load in waiting])
            except _DOUBTFUL as error:
                lost = error
            self.pause()
            try:
                waiting = find_missing(waiting, self.sender)
            except ServiceError:
                return Fate(unknown=waiting, error=lost)
            if not waiting:
                return Fate()
        return Fate(untaken=waiting, error=lost)

    def _deliver_esa(self, loads: Sequence[Load]) -> Fate:
        """A repeat overwrites, so the sender repeats on its own. Raises Refused where nothing was taken."""
        try:
            return self._exchange(loads)
        except _DOUBTFUL as error:
            return Fate(unknown=loads, error=error)

    def _exchange(self, loads: Sequence[Load]) -> Fate:
        """What the answer to one request says. Raises Refused, and what leaves open whether it was carried out."""
        body = make_body(group_loads(loads), self.dialect)
        try:
            is_v3 = self.dialect is V3_NAMES
            receipt = self.sender.send_readings(body) if is_v3 else self.sender.send_esa_readings(body)
            return Fate(rejected=() if receipt is None else find_failed(receipt, loads, self.dialect))
        except (Unsent, Unauthorized) as error:
            return Fate(untaken=loads, error=error)
        except Unclear:
            raise Unreachable("the service's answer speaks of other readings than were sent") from None


def _unite(fates: Sequence[Fate]) -> Fate:
    return Fate(
        rejected=[pair for fate in fates for pair in fate.rejected],
        unknown=[load for fate in fates for load in fate.unknown],
        untaken=[load for fate in fates for load in fate.untaken],
        error=next((fate.error for fate in fates if fate.error is not None), None),
    )
