"""Whether a formula uses only what it may: simple channels of the same data point (ESA410)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.fields import FORMULA, IS_CALCULATED
from reconciler.model.plan import Block
from reconciler.planning.index import find_inputs
from reconciler.planning.surroundings import Need, mention, name_channel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.live import Live
    from reconciler.planning.draft import Draft
    from reconciler.planning.surroundings import Surroundings


def check_inputs(draft: Draft, around: Surroundings) -> Iterator[Block | Need]:
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


def _find_problem(user: Live, channel: Live | None, around: Surroundings) -> str | None:
    if channel is None or channel.data_point.id != user.data_point.id:
        return "is not on this data point"
    if channel.id == user.id:
        return "is the channel itself"
    if not around.planned(channel).is_calculated:
        return None
    return "is calculated" if channel.is_calculated else "becomes calculated by this plan"


def _wrong_inputs(formula: str, wrong: list[tuple[str, dict[str, object]]]) -> Block:
    return Block(
        "ESA410",
        f"cannot use this formula: {'; '.join(text for text, _ in wrong)}",
        {"formula": formula, "inputs": [evidence for _, evidence in wrong]},
        "use simple channels of the same data point; in place of a calculated one, its own formula",
    )
