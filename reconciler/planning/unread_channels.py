"""What is unknown because the service's answer for a channel cannot be read (ESA417, ESA418)."""

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
from reconciler.planning.citing import show_value
from reconciler.planning.index import find_inputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.channels import Live
    from reconciler.model.identifiers import Feed
    from reconciler.planning.draft import Draft
    from reconciler.planning.pairs import Pair, Pairing
    from reconciler.planning.surroundings import Surroundings

_POINTED_AT = frozenset({OBSERVATION_TYPE_ID, UNIT_ID, INTERVAL_MINUTES})
_TOLD_APART = frozenset({OBSERVATION_TYPE_CODE, UNIT_CODE, INTERVAL_MINUTES, DATA_POINT})


def block_unread(pairing: Pairing) -> Mapping[str, tuple[Pair, Blocker]]:
    """The pairs of channels that cannot be compared, by name, and why: the live one could not be read."""
    flawed = [(pair, "") for pair in pairing.pairs if pair.live.flaw]
    hidden = [(pair, "it may be the channel that cannot be read: ") for pair in pairing.hidden]
    return {pair.desired.name: (pair, _not_compared(pair.live, doubt)) for pair, doubt in (*flawed, *hidden)}


def check_unread(draft: Draft, around: Surroundings) -> Iterator[Blocker]:
    """What other channels may hold that stands in the way of `draft`, where they could not be read."""
    flawed = [live for live in around.index.flawed if live.id != draft.live.id]
    # Nearly all plans end here.
    if not flawed:
        return
    near = [live for live in flawed if _is_near(live, draft.live)]
    if CHANNEL_IMPORT_ID in draft.touched and isinstance(draft.planned.values.get(CHANNEL_IMPORT_ID), str):
        yield from _say(flawed, {CHANNEL_IMPORT_ID}, "whether another channel has this import id")
    for path, flag in ((IS_PRIMARY_VALUE, "value"), (IS_PRIMARY_DEMAND, "demand")):
        if path in draft.touched:
            yield from _say(near, {path, DATA_POINT}, f"whether another channel is the primary {flag}")
    if draft.is_conversion and draft.planned.is_calculated:
        yield from _say(flawed, {FORMULA}, "whether the formula of another channel uses this one")
    if not draft.touched.isdisjoint((FORMULA, IS_CALCULATED)):
        formula = draft.planned.values.get(FORMULA)
        used = find_inputs((formula,) if isinstance(formula, str) else ())
        inputs = [live for live in flawed if live.id in used]
        yield from _say(inputs, {DATA_POINT, IS_CALCULATED}, "whether the formula may use this channel")


def check_feeds(draft: Draft, around: Surroundings, feeds: Iterable[Feed]) -> Iterator[Blocker]:
    """What other channels may hold that decides where readings of `feeds` go after `draft`, and could not be read."""
    meter = draft.live.data_point.import_id
    if not around.index.flawed or meter is None or draft.touched.isdisjoint(_POINTED_AT):
        return
    if names := [feed.name for feed in feeds if feed.identifiers.meter_import_id == meter]:
        near = [live for live in around.index.flawed if live.id != draft.live.id and _is_near(live, draft.live)]
        yield from _say(near, _TOLD_APART, f"where the readings of feed {names[0]} would go")


def _is_near(live: Live, other: Live) -> bool:
    return DATA_POINT in live.unread or live.data_point.id == other.data_point.id


def _not_compared(live: Live, doubt: str) -> Blocker:
    return Blocker(
        "ESA417",
        f"cannot be compared with EnergyCAP: {doubt}channel {live.id} cannot be read, {live.flaw}",
        {"channel_id": live.id},
        f"plan again; if that does not help, look at channel {live.id} in EnergyCAP: correct it there, or let the "
        "key's user see it; if nothing is wrong there, report this message",
        is_unknown=True,
    )


def _say(channels: Iterable[Live], paths: Iterable[str], what: str) -> Iterator[Blocker]:
    unread = [live for live in channels if not live.unread.isdisjoint(paths)]
    if unread:
        names = ", ".join(f"{live.id} {show_value(live.name)}" if live.name else str(live.id) for live in unread)
        yield Blocker(
            "ESA418",
            f"it is not known {what}: EnergyCAP's answer cannot be read for {names}",
            {"unread": [{"channel_id": live.id, "name": live.name, "flaw": live.flaw} for live in unread]},
            "plan again; if that does not help, look at these channels in EnergyCAP: correct them there, or let the "
            "key's user see them; if nothing is wrong there, report this message",
            is_unknown=True,
        )
