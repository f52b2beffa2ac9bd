"""Whether a formula uses only what it may (ESA410), and whether the service accepts it (ESA412)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.channels import DATA_POINT
from reconciler.model.fields import FORMULA, IS_CALCULATED
from reconciler.model.plan import Blocker
from reconciler.planning.index import find_inputs
from reconciler.planning.surroundings import Need, mention, name_channel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.channels import Live
    from reconciler.model.plan import Plan
    from reconciler.planning.draft import Draft
    from reconciler.planning.surroundings import Surroundings


def check_inputs(draft: Draft, around: Surroundings) -> Iterator[Blocker | Need]:
    """What stands in the way of the formula that `draft` gives to its channel, with the inputs as they will be then.

    A formula that is live already and is not touched has been accepted by the service and is not judged.
    Source: POST /api/v202405/formula/validate.
    """
    formula = draft.planned.values.get(FORMULA)
    is_touched = not draft.touched.isdisjoint((FORMULA, IS_CALCULATED))
    if not is_touched or not draft.planned.is_calculated or not isinstance(formula, str):
        return
    wrong: list[tuple[str, dict[str, object]]] = []
    for id_ in find_inputs((formula,)):
        channel = around.index.by_id.get(id_)
        problem = _find_problem(draft.live, channel, around)
        if problem is not None:
            known = {"channel_id": id_} if channel is None else mention(channel, around)
            text = f"channel({id_})" if channel is None else name_channel(channel, around)
            wrong.append((f"{text} {problem}", {**known, "problem": problem}))
        elif channel is not None and channel.is_calculated:
            yield Need("ESA410", around.drafts[id_].name)
    if wrong:
        yield _wrong_inputs(formula, wrong)
    elif draft.live.id in around.refusals:
        yield _refused(formula, around.refusals[draft.live.id])


def list_new_formulas(plan: Plan) -> tuple[tuple[int, int, str], ...]:
    """The formulas that `plan` would send and the service can judge now: channel, data point, text with ids.

    Left out are those that use a channel which another change converts first: the service would judge too early.
    """
    converted = {change.channel_id for change in plan.sendable if IS_CALCULATED in change.target_values}
    formulas = (
        (change.channel_id, change.data_point.id, formula)
        for change in plan.sendable
        if any(edit.path == FORMULA for edit in change.edits)
        and isinstance(formula := change.target_values.get(FORMULA), str)
    )
    return tuple(new for new in formulas if converted.isdisjoint(find_inputs((new[2],))))


def _find_problem(user: Live, channel: Live | None, around: Surroundings) -> str | None:
    if channel is not None and not channel.unread.isdisjoint((DATA_POINT, IS_CALCULATED)):
        return None  # what it is cannot be told, and another check says so
    if channel is None or channel.data_point.id != user.data_point.id:
        return "is not on this data point"
    if channel.id == user.id:
        return "is the channel itself"
    if not around.planned(channel).is_calculated:
        return None
    return "is calculated" if channel.is_calculated else "becomes calculated by this plan"


def _wrong_inputs(formula: str, wrong: list[tuple[str, dict[str, object]]]) -> Blocker:
    return Blocker(
        "ESA410",
        f"cannot use this formula: {'; '.join(text for text, _ in wrong)}",
        {"formula": formula, "inputs": [evidence for _, evidence in wrong]},
        "use simple channels of the same data point; in place of a calculated one, its own formula",
    )


def _refused(formula: str, reasons: Sequence[str]) -> Blocker:
    return Blocker(
        "ESA412",
        f"cannot use this formula: the service refuses it, {'; '.join(reasons)}",
        {"formula": formula, "service_says": list(reasons)},
        "correct the formula as EnergyCAP says",
    )
