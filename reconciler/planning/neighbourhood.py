"""Who uses whom in formulas, around the channels that a plan would edit."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from reconciler.model.plan import ChannelLabel, FormulaLink
from reconciler.planning.index import find_inputs

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from reconciler.planning.draft import Draft
    from reconciler.planning.index import Index

# Pairs of ids: the channel whose formula it is, and one that it uses.
_Links = frozenset[tuple[int, int]]


def find_neighbourhood(index: Index, drafts: Mapping[str, Draft], names: Mapping[int, str]) -> tuple[FormulaLink, ...]:
    """What the formulas of the channels of `drafts` use, and whose formulas use them, users of users included.

    `names` are those of the managed channels, by id. Each pair once, ordered by the ids of user and used.
    """
    if not drafts:
        return ()
    planned = {draft.live.id: draft.planned for draft in drafts.values()}
    before = frozenset((live.id, used) for live in index.by_id.values() for used in find_inputs(live.formulas))
    untouched = frozenset(link for link in before if link[0] not in planned)
    after = untouched | {(live.id, used) for live in planned.values() for used in find_inputs(live.formulas)}
    near = _find_near(before | after, planned.keys())

    def label(channel_id: int) -> ChannelLabel:
        live = index.by_id.get(channel_id)
        return ChannelLabel(channel_id, names.get(channel_id), live.name if live else "")

    return tuple(
        FormulaLink(label(user), label(used), (user, used) in before, (user, used) in after)
        for user, used in sorted(near)
    )


def _find_near(links: _Links, edited: Collection[int]) -> _Links:
    users: dict[int, set[int]] = defaultdict(set)
    for user, used in links:
        users[used].add(user)
    fed, waiting = set(edited), list(edited)
    while waiting:
        new = users.get(waiting.pop(), set()) - fed
        fed |= new
        waiting += new
    return frozenset((user, used) for user, used in links if user in edited or (user in fed and used in fed))
