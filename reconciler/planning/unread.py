"""What could not be read from the service, and which formulas it could not check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.fields import FORMULA
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.channels import Definitions, Snapshot
    from reconciler.model.findings import Finding
    from reconciler.model.plan import Plan


_SHOWN = 10


def find_unread(snapshot: Snapshot) -> tuple[Finding, ...]:
    """What of `snapshot` could not be read, and why: one note for each kind of thing."""
    reference = snapshot.reference
    lists = (("units", reference.units_unread), ("observation types", reference.observation_types_unread))
    return (
        *(
            make_finding("ESA705", f"EnergyCAP's list of {kind} could not be read in full: {reason}")
            for kind, reason in lists
            if reason
        ),
        *_find_flawed(snapshot),
    )


def _find_flawed(snapshot: Snapshot) -> Iterator[Finding]:
    flawed = [live for live in snapshot.channels if live.flaw]
    if flawed:
        told = ", ".join(f"{live.id} ({live.flaw})" for live in flawed[:_SHOWN])
        more = f", and {len(flawed) - _SHOWN} more" if len(flawed) > _SHOWN else ""
        several = f"{len(flawed)} channels could not be read and are left out"
        subject = several if len(flawed) > 1 else "1 channel could not be read and is left out"
        yield make_finding("ESA706", f"{subject}: {told}{more}")


def find_unasked(plan: Plan, definitions: Definitions, unasked: Mapping[int, str]) -> tuple[Finding, ...]:
    """The formulas that `plan` would send and the service could not be asked about; why, by channel, is `unasked`."""
    written = {channel.name: channel for channel in definitions.channels if FORMULA in channel.spec}
    return tuple(
        make_finding(
            "ESA707",
            f"EnergyCAP could not be asked about this formula, so it is sent unchecked: {unasked[change.channel_id]}",
            written[change.name].locate(FORMULA),
        )
        for change in plan.sendable
        if change.channel_id in unasked and change.name in written
    )
