"""Finds channels whose meter was swapped, and whose new meter has sent nothing yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.fields import OBSERVATION_RULE_ID, ODOMETER
from reconciler.model.values import canonical_time
from reconciler.planning.citing import show_value
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.channels import Live
    from reconciler.model.findings import Finding
    from reconciler.planning.pairs import Pair


def find_swap(live: Live) -> str | None:
    """What the first reading of the current version of `live` will do; None if it came already, or does nothing odd.

    Under the Odometer rule it is subtracted from the last reading of the version before: that of another register.
    """
    if len(live.versions) < 2 or live.is_calculated or live.values.get(OBSERVATION_RULE_ID) != ODOMETER:
        return None
    begin, last = (canonical_time(time or "") for time in (live.current.begin_date, live.last_reading))
    if not begin or not last or last > begin:
        return None
    where = f"channel {live.id} {show_value(live.name)}"
    return f"the first reading of {where} after {begin} counts from the one before it, at {last}"


def note_swaps(pairs: Iterable[Pair]) -> Iterator[Finding]:
    """A finding for each channel of `pairs` whose first reading after a swap is still to come."""
    for pair in pairs:
        if message := find_swap(pair.live):
            yield make_finding("ESA634", message, pair.desired.locate("esaChannelVersion"))
