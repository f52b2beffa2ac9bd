"""What hangs on the changes of a plan: the channels that their values reach, and the blocked changes that wait."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.fields import Impact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.plan import Change, ChannelLabel, Plan

# What these edits do to the values of a channel, they do to all that is computed from them.
_CHANGES_VALUES = frozenset((Impact.HISTORY, Impact.FORWARD, Impact.STRUCTURAL))


class Dependents(Struct, frozen=True):
    """Whose formulas use a channel, by its id, live or as planned; which blocked changes wait for one, by its name."""

    users: Mapping[int, Sequence[ChannelLabel]]
    blocked_by_name: Mapping[str, tuple[Change, ...]]

    def affected_channels(self, change: Change) -> tuple[ChannelLabel, ...]:
        """The channels whose formulas use that of `change`, users of users included, ordered by id.

        None where no edit changes its values.
        """
        if not any(edit.impact in _CHANGES_VALUES for edit in change.edits):
            return ()
        found: dict[int, ChannelLabel] = {}
        ahead = [change.channel_id]
        while ahead:
            users = {user.id: user for user in self.users.get(ahead.pop(), ()) if user.id not in found}
            found |= users
            ahead += users
        return tuple(found[id_] for id_ in sorted(found) if id_ != change.channel_id)

    def blocked_dependents(self, change: Change) -> tuple[Change, ...]:
        """The blocked changes that would come after `change`, which itself can be sent."""
        return self.blocked_by_name.get(change.name, ())


def find_dependents(plan: Plan) -> Dependents:
    """The relations of the changes of `plan`."""
    users: defaultdict[int, list[ChannelLabel]] = defaultdict(list)
    for link in plan.formula_links:
        users[link.used.id].append(link.user)
    return Dependents(users, plan.blocked_dependents)


def introduce_blocked_dependents(waiting: Sequence[Change]) -> str:
    """What the names of `blocked_by_name` follow."""
    return "a blocked change waits for this one" if len(waiting) == 1 else "blocked changes wait for this one"


def blocking_rules(change: Change) -> tuple[str, ...]:
    """The rules that block `change`, each once."""
    return tuple(dict.fromkeys(block.rule for block in change.blocked_by))
