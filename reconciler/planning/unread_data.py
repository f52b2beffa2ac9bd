"""Live data that could not be read, and the changes that this blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.channels import DATA_POINT
from reconciler.model.fields import (
    CHANNEL_IMPORT_ID,
    FORMULA,
    INTERVAL_MINUTES,
    IS_CALCULATED,
    IS_PRIMARY_DEMAND,
    IS_PRIMARY_VALUE,
    OBSERVATION_TYPE_CODE,
    OBSERVATION_TYPE_ID,
    UNIT_CODE,
    UNIT_ID,
)
from reconciler.model.plan import Blocker
from reconciler.planning.identification import find_inputs
from reconciler.planning.messages import show_value
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.channels import Definitions, Live, Snapshot
    from reconciler.model.findings import Finding
    from reconciler.model.identifiers import Feed
    from reconciler.model.plan import Plan
    from reconciler.planning.context import PlanContext
    from reconciler.planning.diff import Draft
    from reconciler.planning.matching import Match, MatchResult


_SHOWN = 10


def find_unread(snapshot: Snapshot) -> tuple[Finding, ...]:
    """The lists and channels of `snapshot` that could not be read, and why: a note for each kind."""
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
    """A note on each formula of `plan` that EnergyCAP could not validate; `unasked` has the reasons by channel id."""
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


_ROUTING_EDITS = frozenset({OBSERVATION_TYPE_ID, UNIT_ID, INTERVAL_MINUTES})
_ROUTING_VALUES = frozenset({OBSERVATION_TYPE_CODE, UNIT_CODE, INTERVAL_MINUTES, DATA_POINT})


def block_unread(matched: MatchResult) -> Mapping[str, tuple[Match, Blocker]]:
    """The matches that cannot be compared, by name, each with the blocker: the live channel could not be read."""
    flawed = [(match, "") for match in matched.matches if match.live.flaw]
    hidden = [(match, "it may be the channel that cannot be read: ") for match in matched.hidden]
    return {match.desired.name: (match, _not_compared(match.live, doubt)) for match, doubt in (*flawed, *hidden)}


def check_unread(draft: Draft, context: PlanContext) -> Iterator[Blocker]:
    """The blockers of `draft` that values of other channels may be, if these could not be read."""
    flawed = [live for live in context.index.flawed if live.id != draft.live.id]
    # Most snapshots are read in full.
    if not flawed:
        return
    near = [live for live in flawed if _is_near(live, draft.live)]
    if CHANNEL_IMPORT_ID in draft.changed_paths and isinstance(draft.after_apply.values.get(CHANNEL_IMPORT_ID), str):
        yield from _block_if_unread(flawed, {CHANNEL_IMPORT_ID}, "whether another channel has this import id")
    for path, flag in ((IS_PRIMARY_VALUE, "value"), (IS_PRIMARY_DEMAND, "demand")):
        if path in draft.changed_paths:
            yield from _block_if_unread(near, {path, DATA_POINT}, f"whether another channel is the primary {flag}")
    if draft.is_conversion and draft.after_apply.is_calculated:
        yield from _block_if_unread(flawed, {FORMULA}, "whether the formula of another channel uses this one")
    if not draft.changed_paths.isdisjoint((FORMULA, IS_CALCULATED)):
        formula = draft.after_apply.values.get(FORMULA)
        used = find_inputs((formula,) if isinstance(formula, str) else ())
        inputs = [live for live in flawed if live.id in used]
        yield from _block_if_unread(inputs, {DATA_POINT, IS_CALCULATED}, "whether the formula may use this channel")


def check_feeds(draft: Draft, context: PlanContext, feeds: Iterable[Feed]) -> Iterator[Blocker]:
    """A blocker if an unread value of another channel decides where readings of `feeds` go after `draft`."""
    meter = draft.live.data_point.import_id
    if not context.index.flawed or meter is None or draft.changed_paths.isdisjoint(_ROUTING_EDITS):
        return
    if names := [feed.name for feed in feeds if feed.identifiers.meter_import_id == meter]:
        near = [live for live in context.index.flawed if live.id != draft.live.id and _is_near(live, draft.live)]
        yield from _block_if_unread(near, _ROUTING_VALUES, f"where the readings of feed {names[0]} would go")


def _is_near(live: Live, other: Live) -> bool:
    return DATA_POINT in live.unread or live.data_point.id == other.data_point.id


def _not_compared(live: Live, doubt: str) -> Blocker:
    return Blocker(
        "ESA417",
        f"cannot be compared with EnergyCAP: {doubt}channel {live.id} cannot be read, {live.flaw}",
        {"channel_id": live.id},
        f"plan again; if that does not help, look at channel {live.id} in EnergyCAP: correct it there, or give the "
        "key's user permission to see it; if nothing is wrong there, report this message",
        is_unknown=True,
    )


def _block_if_unread(channels: Iterable[Live], paths: Iterable[str], what: str) -> Iterator[Blocker]:
    unread = [live for live in channels if not live.unread.isdisjoint(paths)]
    if unread:
        names = ", ".join(f"{live.id} {show_value(live.name)}" if live.name else str(live.id) for live in unread)
        yield Blocker(
            "ESA418",
            f"unknown {what}: EnergyCAP's answer cannot be read for {names}",
            {"unread": [{"channel_id": live.id, "name": live.name, "flaw": live.flaw} for live in unread]},
            "plan again; if that does not help, look at these channels in EnergyCAP: correct them there, or give "
            "the key's user permission to see them; if nothing is wrong there, report this message",
            is_unknown=True,
        )
