"""Whether a channel may become calculated or simple, and what its formula may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.channels import DATA_POINT, is_new_id
from reconciler.model.fields import FORMULA, IS_CALCULATED
from reconciler.model.plan import Blocker
from reconciler.planning.context import channel_evidence, format_channel
from reconciler.planning.dependencies import Dependency
from reconciler.planning.identification import find_inputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.channels import Live
    from reconciler.model.plan import Plan
    from reconciler.planning.context import PlanContext
    from reconciler.planning.diff import Draft


def check_conversion(draft: Draft, context: PlanContext) -> Iterator[Blocker | Dependency]:
    """The blockers and dependencies of `draft`, if it is a conversion.

    A visible cause blocks it even if EnergyCAP calls the channel convertible.
    Source: EsaChannelEdit.isCalculated, EsaChannelResponse.isCalculatedConvertible.
    """
    if not draft.is_conversion:
        return
    causes: list[Blocker | Dependency] = list(_check_readings(draft))
    if draft.after_apply.is_calculated:
        causes += [*_check_versions(draft.live), *_check_users(draft, context)]
    yield from causes
    if draft.live.is_convertible is False and not causes:
        yield _not_convertible(draft)


def _check_readings(draft: Draft) -> Iterator[Blocker]:
    live = draft.live
    rule = "ESA401" if draft.after_apply.is_calculated else "ESA404"
    kind, other = _kinds(draft)
    if live.has_readings:
        yield Blocker(
            rule,
            f"cannot become {kind}: it has readings",
            _readings(live),
            # The summarized readings of a calculated channel cannot be deleted.
            f"leave the channel {other} and create a {kind} one in EnergyCAP"
            + (", or delete its readings there first" if draft.after_apply.is_calculated else ""),
        )
    # Without hasReadings, isCalculatedConvertible answers the question.
    elif live.has_readings is None and live.is_convertible is None:
        yield Blocker(
            rule,
            f"unknown whether it may become {kind}: EnergyCAP does not say whether it has readings",
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
            "leave the channel simple and create a calculated one in EnergyCAP, or "
            "delete its older versions there first",
        )


def _check_users(draft: Draft, context: PlanContext) -> Iterator[Blocker | Dependency]:
    # These include formulas of older versions, which no edit can change.
    users = [user for user in context.formula_users.get(draft.live.id, ()) if user.id != draft.live.id]
    freed = [user for user in users if draft.live.id not in find_inputs(context.planned(user).formulas)]
    for user in freed:
        yield Dependency("ESA403", context.drafts[user.id].name)
    if len(freed) < len(users):
        yield _used(draft, users, freed, context)


def _used(draft: Draft, users: Sequence[Live], freed: Sequence[Live], context: PlanContext) -> Blocker:
    kept = [user for user in users if user not in freed]
    names = ", ".join(format_channel(user, context) for user in kept)
    done = ", ".join(context.drafts[user.id].name for user in freed)
    return Blocker(
        "ESA403",
        "cannot become calculated: its readings feed other formulas",
        {"used_by": [{**channel_evidence(user, context), "freed_by_plan": user in freed} for user in users]},
        f"remove channel({draft.name}) from the formula of {names} first"
        + (f"; this plan already does so for {done}" if done else ""),
    )


def _not_convertible(draft: Draft) -> Blocker:
    live = draft.live
    kind, _ = _kinds(draft)
    return Blocker(
        "ESA405",
        f"cannot become {kind}: EnergyCAP says that it is not convertible, for a reason that is not visible",
        {"is_convertible": False, **_readings(live), "versions": _versions(live), "used_by": []},
        "look at the channel in EnergyCAP, or ask its support why it cannot be converted",
    )


def _kinds(draft: Draft) -> tuple[str, str]:
    return ("calculated", "simple") if draft.after_apply.is_calculated else ("simple", "calculated")


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


def check_inputs(draft: Draft, context: PlanContext) -> Iterator[Blocker | Dependency]:
    """The blockers and dependencies of the formula that `draft` gives to its channel, with its inputs after the plan.

    A live formula that is not edited is not checked: EnergyCAP has accepted it.
    Source: POST /api/v202405/formula/validate.
    """
    formula = draft.after_apply.values.get(FORMULA)
    is_touched = not draft.changed_paths.isdisjoint((FORMULA, IS_CALCULATED))
    if not is_touched or not draft.after_apply.is_calculated or not isinstance(formula, str):
        return
    wrong: list[tuple[str, dict[str, object]]] = []
    for id_ in find_inputs((formula,)):
        channel = context.index.by_id.get(id_)
        problem = _find_problem(draft.live, channel, context)
        if problem is not None:
            known = {"channel_id": id_} if channel is None else channel_evidence(channel, context)
            text = f"channel({id_})" if channel is None else format_channel(channel, context)
            wrong.append((f"{text} {problem}", {**known, "problem": problem}))
        elif channel is not None and _is_made_usable(channel, context):
            yield Dependency("ESA410", context.drafts[id_].name)
    if wrong:
        message = f"cannot use this formula: {'; '.join(text for text, _ in wrong)}"
        unblock = "use simple channels of the same data point; in place of a calculated one, its own formula"
        yield Blocker("ESA410", message, {"formula": formula, "inputs": [evidence for _, evidence in wrong]}, unblock)
    # EnergyCAP rejects a formula for wrong inputs too, so its answer is shown only if they are right.
    elif reasons := context.formula_rejections.get(draft.live.id):
        message = f"cannot use this formula: EnergyCAP rejects it, {'; '.join(reasons)}"
        evidence = {"formula": formula, "service_says": list(reasons)}
        yield Blocker("ESA412", message, evidence, "correct the formula as EnergyCAP says")


def _is_made_usable(channel: Live, context: PlanContext) -> bool:
    """Whether this plan creates `channel` or makes it simple: formulas that use it are accepted only after that."""
    if channel.id not in context.drafts:
        return False
    return is_new_id(channel.id) or (channel.is_calculated and not context.planned(channel).is_calculated)


def list_new_formulas(plan: Plan) -> tuple[tuple[int, int, str], ...]:
    """The formulas that `plan` would send and EnergyCAP can validate now: channel id, data point id, text with ids.

    Formulas that use a channel which another change converts first are left out: EnergyCAP would reject them today.
    """
    # A managed value is among the target values even if it does not change.
    converted = {
        change.channel_id for change in plan.sendable if any(edit.path == IS_CALCULATED for edit in change.edits)
    }
    formulas = (
        (change.channel_id, change.data_point.id, formula)
        for change in plan.sendable
        if any(edit.path == FORMULA for edit in change.edits)
        and isinstance(formula := change.target_values.get(FORMULA), str)
    )
    return tuple(new for new in formulas if converted.isdisjoint(find_inputs((new[2],))))


def _find_problem(user: Live, channel: Live | None, context: PlanContext) -> str | None:
    if channel is not None and not channel.unread.isdisjoint((DATA_POINT, IS_CALCULATED)):
        return None  # ESA418 blocks the formula
    if channel is None or channel.data_point.id != user.data_point.id:
        return "is not on this data point"
    if channel.id == user.id:
        return "is the channel itself"
    if not context.planned(channel).is_calculated:
        return None
    # Only in the second case can a change of this plan be taken back.
    return "is calculated" if channel.is_calculated else "becomes calculated by this plan"
