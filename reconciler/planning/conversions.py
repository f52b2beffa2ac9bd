"""Whether a channel may become calculated, or simple (ESA401 to ESA405)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.plan import Blocker
from reconciler.planning.index import find_inputs
from reconciler.planning.surroundings import Need, mention, name_channel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.channels import Live
    from reconciler.planning.draft import Draft
    from reconciler.planning.surroundings import Surroundings


def check_conversion(draft: Draft, around: Surroundings) -> Iterator[Blocker | Need]:
    """What stands in the way of `draft`, if it is a conversion.

    A visible cause counts also where the service calls the channel convertible.
    Source: EsaChannelEdit.isCalculated, EsaChannelResponse.isCalculatedConvertible.
    """
    if not draft.is_conversion:
        return
    causes: list[Blocker | Need] = list(_check_readings(draft))
    if draft.planned.is_calculated:
        causes += [*_check_versions(draft.live), *_check_users(draft, around)]
    yield from causes
    if draft.live.is_convertible is False and not causes:
        yield _inconvertible(draft)


def _check_readings(draft: Draft) -> Iterator[Blocker]:
    live = draft.live
    rule = "ESA401" if draft.planned.is_calculated else "ESA404"
    kind, other = _kinds(draft)
    if live.has_readings:
        yield Blocker(
            rule,
            f"cannot become {kind}: it has readings",
            _readings(live),
            # The summarized readings of a calculated channel cannot be deleted.
            f"leave it {other} and make a new {kind} channel in EnergyCAP"
            + (", or delete its readings there first" if draft.planned.is_calculated else ""),
        )
    elif live.has_readings is None and live.is_convertible is None:
        yield Blocker(
            rule,
            f"cannot be known whether it may become {kind}: EnergyCAP does not say whether it has readings",
            _readings(live),
            "look in EnergyCAP whether the channel has readings, and convert it there",
            is_unknown=True,
        )


def _check_versions(live: Live) -> Iterator[Blocker]:
    if len(live.versions) > 1:
        yield Blocker(
            "ESA402",
            f"cannot become calculated: it has {len(live.versions)} versions",
            {"versions": _versions(live)},
            "leave it simple and make a new calculated channel in EnergyCAP, or delete its older versions there first",
        )


def _check_users(draft: Draft, around: Surroundings) -> Iterator[Blocker | Need]:
    users = [user for user in around.users.get(draft.live.id, ()) if user.id != draft.live.id]
    freed = [user for user in users if draft.live.id not in find_inputs(around.planned(user).formulas)]
    for user in freed:
        yield Need("ESA403", around.drafts[user.id].name)
    if len(freed) < len(users):
        yield _used(draft, users, freed, around)


def _used(draft: Draft, users: Sequence[Live], freed: Sequence[Live], around: Surroundings) -> Blocker:
    kept = [user for user in users if user not in freed]
    names = ", ".join(name_channel(user, around) for user in kept)
    done = ", ".join(around.drafts[user.id].name for user in freed)
    return Blocker(
        "ESA403",
        "cannot become calculated: its readings feed other formulas",
        {"used_by": [{**mention(user, around), "freed_by_plan": user in freed} for user in users]},
        f"take channel({draft.name}) out of the formula of {names} first"
        + (f"; this plan already does so for {done}" if done else ""),
    )


def _inconvertible(draft: Draft) -> Blocker:
    live = draft.live
    kind, _ = _kinds(draft)
    return Blocker(
        "ESA405",
        f"cannot become {kind}: EnergyCAP says that it is not convertible, and nothing that can be read says why",
        {"is_convertible": False, **_readings(live), "versions": _versions(live), "used_by": []},
        "look at the channel in EnergyCAP, or ask its support why it cannot be converted",
    )


def _kinds(draft: Draft) -> tuple[str, str]:
    return ("calculated", "simple") if draft.planned.is_calculated else ("simple", "calculated")


def _readings(live: Live) -> dict[str, object]:
    return {
        "has_readings": live.has_readings,
        "first_reading": live.first_reading,
        "last_reading": live.last_reading,
    }


def _versions(live: Live) -> list[dict[str, object]]:
    return [
        {"version_id": version.id, "begin_date": version.begin_date, "end_date": version.end_date}
        for version in live.versions
    ]
