"""What only one channel can have: an import id, and the primary flags of a data point (ESA408, ESA409)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.fields import CHANNEL_IMPORT_ID, IS_PRIMARY_DEMAND, IS_PRIMARY_VALUE
from reconciler.model.plan import Blocker
from reconciler.model.project import PrimaryMove
from reconciler.planning.citing import shorten, show_value
from reconciler.planning.surroundings import Need, mention, name_channel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.channels import Live
    from reconciler.planning.draft import Draft
    from reconciler.planning.surroundings import Surroundings


def check_import_id(draft: Draft, around: Surroundings) -> Iterator[Blocker | Need]:
    """What stands in the way of the import id that `draft` gives to its channel: who has it, or is to have it too.

    Import ids are compared exactly, letter case included.
    Source: the help centre on channels, "the import id must be unique".
    """
    import_id = draft.planned.values.get(CHANNEL_IMPORT_ID)
    if CHANNEL_IMPORT_ID not in draft.touched or not isinstance(import_id, str):
        return
    for holder in around.index.by_import_id.get(import_id, ()):
        if around.planned(holder).values.get(CHANNEL_IMPORT_ID) == import_id:
            yield _taken(import_id, holder, around)
        else:
            yield Need("ESA408", around.drafts[holder.id].name)
    for rival in around.claims.get(import_id, ()):
        if rival.live.id != draft.live.id:
            yield _claimed(import_id, rival.live, around)


def _taken(import_id: str, holder: Live, around: Surroundings) -> Blocker:
    return Blocker(
        "ESA408",
        f"cannot have import id {show_value(import_id)}: {name_channel(holder, around)} has it",
        {"channel_import_id": import_id, "held_by": mention(holder, around)},
        f"give {name_channel(holder, around)} another import id first, or none",
    )


def _claimed(import_id: str, rival: Live, around: Surroundings) -> Blocker:
    return Blocker(
        "ESA408",
        f"cannot have import id {show_value(import_id)}: this plan gives it to {name_channel(rival, around)} too",
        {"channel_import_id": import_id, "wanted_by": mention(rival, around)},
        "give each of the two an import id of its own",
    )


def check_primaries(draft: Draft, around: Surroundings) -> Iterator[Blocker | Need]:
    """What stands in the way of `draft` taking or giving up a primary flag of its data point.

    A flag that another channel has is taken only where the same plan lets that one give it up; the two stand and fall
    together, in the order that the environment is set to.
    Source: the help centre on channels; the effect of an edit on the other channel is not documented.
    """
    for path in (IS_PRIMARY_VALUE, IS_PRIMARY_DEMAND):
        if path not in draft.touched:
            continue
        if draft.planned.values.get(path) is True:
            yield from _check_taking(draft, path, around)
        elif draft.live.values.get(path) is True:
            yield from _check_giving_up(draft, path, around)


def _check_taking(draft: Draft, path: str, around: Surroundings) -> Iterator[Blocker | Need]:
    for other in around.neighbours(draft.live):
        has_it = other.values.get(path) is True
        if around.planned(other).values.get(path) is True:
            yield _second(draft, path, other, around)
        elif has_it:
            yield Need("ESA409", around.drafts[other.id].name, around.primary_move is PrimaryMove.GIVE_UP_FIRST)


def _check_giving_up(draft: Draft, path: str, around: Surroundings) -> Iterator[Blocker | Need]:
    heirs = [other for other in around.neighbours(draft.live) if around.planned(other).values.get(path) is True]
    for heir in heirs:
        if heir.values.get(path) is not True:
            yield Need("ESA409", around.drafts[heir.id].name, around.primary_move is PrimaryMove.TAKE_FIRST)
    if not heirs and path == IS_PRIMARY_VALUE:
        yield _last(draft, around)


def _second(draft: Draft, path: str, other: Live, around: Surroundings) -> Blocker:
    has_it = other.values.get(path) is True
    name, flag = name_channel(other, around), _flag(path)
    point = shorten(_point(draft.live))
    if not has_it:
        message, unblock = f"this plan makes {name} so too", f"write  {path}: true  for one of the two only"
    elif other.id in around.managed:
        message, unblock = f"{name} is and stays so", f"write  {path}: false  for {name}"
    else:
        message = f"{name} is, and EnergyCAP would change it unseen"
        unblock = f"put channel {other.id} into the files with  {path}: false"
    return Blocker(
        "ESA409",
        f"cannot become {flag} of data point {point}: {message}",
        {"data_point": _point(draft.live), "path": path, "held_by": mention(other, around)},
        unblock,
    )


def _last(draft: Draft, around: Surroundings) -> Blocker:
    others = around.neighbours(draft.live)
    point = _point(draft.live)
    return Blocker(
        "ESA409",
        f"cannot stop being primary value of data point {shorten(point)}: no other channel is to be it",
        {"data_point": point, "path": IS_PRIMARY_VALUE, "others": [mention(other, around) for other in others]},
        f"write  {IS_PRIMARY_VALUE}: true  for another channel of the data point in the same plan",
    )


def _flag(path: str) -> str:
    return "primary value" if path == IS_PRIMARY_VALUE else "primary demand"


def _point(live: Live) -> str:
    point = live.data_point
    return point.code or point.import_id or str(point.id)
