"""Whether a change is legal now, with the evidence read and what would unblock it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.canonical import is_same
from reconciler.model.fields import OBSERVATION_RULE_ID
from reconciler.model.plan import Blocker
from reconciler.model.project import ChannelEdit, PrimaryMove
from reconciler.planning.conversions import check_conversion
from reconciler.planning.draft import Draft, list_touched, plan_live
from reconciler.planning.index import make_index
from reconciler.planning.inputs import check_inputs
from reconciler.planning.rivals import check_import_id, check_primaries
from reconciler.planning.settings import check_settings
from reconciler.planning.surroundings import make_surroundings
from reconciler.planning.unread_channels import check_unread
from reconciler.planning.vocabulary import list_codes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.channels import Live, ReferenceData
    from reconciler.model.plan import Change
    from reconciler.planning.surroundings import Need, Surroundings
    from reconciler.planning.vocabulary import Codes


def judge(draft: Draft, around: Surroundings) -> tuple[Blocker | Need, ...]:
    """The preconditions of `draft` that fail or cannot be known, and the other changes of the plan that it needs."""
    return (
        *draft.blocks,
        *check_settings(draft, around),
        *check_conversion(draft, around),
        *check_import_id(draft, around),
        *check_primaries(draft, around),
        *check_inputs(draft, around),
        *check_unread(draft, around),
    )


def check_again(
    change: Change, fresh: Live, neighbours: Sequence[Live], reference: ReferenceData, others: Sequence[Change]
) -> tuple[Blocker, ...]:
    """The blocks that hold now for `change`, on a fresh read of its channel and of those of its data point.

    `neighbours` may include the channel itself. `others` are the other sendable changes of the plan: those that wait
    for this one may still have to give up, or to take, what this one takes or gives up; what came before shows in the
    fresh read.
    """
    codes = list_codes(reference)
    read = {live.id: live for live in (*neighbours, fresh)}
    waiting = [other for other in others if change.name in other.depends_on and other.channel_id in read]
    drafts = {step.channel_id: draft_again(step, read[step.channel_id], codes) for step in (*waiting, change)}
    around = make_surroundings(
        make_index(read.values()),
        drafts,
        {step.channel_id: step for step in (*others, change)},
        reference,
        (PrimaryMove.TAKE_FIRST, ChannelEdit.OMIT_VERSION),
    )
    return tuple(found for found in judge(drafts[fresh.id], around) if isinstance(found, Blocker))


def draft_again(change: Change, fresh: Live, codes: Codes) -> Draft:
    """`change` as it would be carried out on `fresh`, with what is so already left out of what it touches."""
    rule_id = change.target_values.get(OBSERVATION_RULE_ID, fresh.values.get(OBSERVATION_RULE_ID))
    touched = (
        path
        for path in list_touched(change.edits)
        if not is_same(path, change.target_values[path], fresh.values.get(path), rule_id)
    )
    return Draft(
        name=change.name,
        live=fresh,
        planned=plan_live(fresh, change.target_values, codes),
        edits=change.edits,
        touched=frozenset(touched),
        before=change.before,
        after=change.after,
        wanted=change.target_values,
    )
