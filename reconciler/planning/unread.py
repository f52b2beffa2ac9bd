"""What of the service could not be read, and the formulas that it could not be asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.fields import FORMULA
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.desired import Definitions
    from reconciler.model.findings import Finding
    from reconciler.model.live import Snapshot
    from reconciler.model.plan import Plan


def find_unread(snapshot: Snapshot) -> tuple[Finding, ...]:
    """What of `snapshot` could not be read, and why: one note for each kind of thing."""
    reference = snapshot.reference
    lists = (("units", reference.units_unread), ("observation types", reference.observation_types_unread))
    return tuple(
        make_finding("ESA705", f"EnergyCAP's list of {kind} could not be read whole: {reason}")
        for kind, reason in lists
        if reason
    )


def find_unasked(plan: Plan, definitions: Definitions, unasked: Mapping[int, str]) -> tuple[Finding, ...]:
    """The formulas that `plan` would send and the service could not be asked about; why, by channel, is `unasked`."""
    written = {channel.name: channel for channel in definitions.channels if FORMULA in channel.spec}
    return tuple(
        make_finding(
            "ESA707",
            f"EnergyCAP could not be asked about this formula, so it is sent unjudged: {unasked[change.channel_id]}",
            written[change.name].place(FORMULA),
        )
        for change in plan.sendable
        if change.channel_id in unasked and change.name in written
    )
