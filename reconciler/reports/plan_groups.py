"""Changes grouped by place and data point, identical changes shown once, and what depends on a change."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.fields import Impact
from reconciler.model.plan import MIN_IDENTICAL
from reconciler.reports.escaping import escape_text

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from reconciler.model.channels import DataPoint
    from reconciler.model.plan import Change, ChannelLabel, Plan


class DataPointChanges(Struct, frozen=True):
    """Changes of one data point, in the plan's order."""

    data_point: DataPoint
    changes: tuple[Change, ...]


class IdenticalChanges(Struct, frozen=True):
    """Sendable changes with identical edits, and exceptions that edit one of the same values differently."""

    changes: tuple[Change, ...]
    exceptions: tuple[Change, ...]


def group_by_data_point(changes: Iterable[Change]) -> tuple[DataPointChanges, ...]:
    """`changes` by data point, ordered by the names of place and data point; those without a place come last."""
    groups: defaultdict[int, list[Change]] = defaultdict(list)
    for change in changes:
        groups[change.data_point.id].append(change)
    # Grouped by id: two data points may have the same name.
    made = (DataPointChanges(members[0].data_point, tuple(members)) for members in groups.values())
    return tuple(sorted(made, key=lambda group: _sort_key(group.data_point)))


def group_by_place(changes: Iterable[Change]) -> tuple[tuple[str, tuple[Change, ...]], ...]:
    """`changes` by the escaped name of their place, in order; "" for those without one, last."""
    places: defaultdict[str, list[Change]] = defaultdict(list)
    for change in changes:
        places[format_place(change.data_point)].append(change)
    return tuple((name, tuple(places[name])) for name in sorted(places, key=lambda name: (not name, name)))


def group_identical(
    changes: Sequence[Change], excluded: Container[str] = frozenset()
) -> tuple[tuple[IdenticalChanges, ...], tuple[Change, ...]]:
    """Groups of at least MIN_IDENTICAL changes, the largest first, and all other changes in their order.

    Only changes that can be sent at any time are grouped: one that is blocked, depends on another or is named in
    `excluded` is always on its own.
    """
    kinds: defaultdict[object, list[Change]] = defaultdict(list)
    for change in changes:
        # The others have reasons and dependents of their own, which one text for all would hide.
        if change.is_sendable and not change.depends_on and change.name not in excluded:
            kinds[change.edits].append(change)
    alike = sorted((kind for kind in kinds.values() if len(kind) >= MIN_IDENTICAL), key=len, reverse=True)
    grouped = {change.name for kind in alike for change in kind}
    groups = tuple(IdenticalChanges(tuple(kind), _find_exceptions(kind, changes)) for kind in alike)
    return groups, tuple(change for change in changes if change.name not in grouped)


def _find_exceptions(kind: Sequence[Change], changes: Sequence[Change]) -> tuple[Change, ...]:
    paths = {edit.path for edit in kind[0].edits}
    alike = {change.name for change in kind}
    return tuple(
        change for change in changes if change.name not in alike and any(edit.path in paths for edit in change.edits)
    )


def format_data_point(data_point: DataPoint) -> str:
    """The escaped name of a data point with its place: `North Campus · NB-ELEC-01 North electricity (ELECTRIC)`."""
    texts = [data_point.code or data_point.import_id, data_point.name]
    name = " ".join(escape_text(text) for text in dict.fromkeys(texts) if text) or f"data point {data_point.id}"
    commodity = f" ({escape_text(data_point.commodity)})" if data_point.commodity else ""
    place = format_place(data_point)
    return f"{place} · {name}{commodity}" if place else f"{name}{commodity}"


def format_place(data_point: DataPoint) -> str:
    """The escaped name of the place of a data point, or else its code, or else ""."""
    return escape_text(data_point.place_name or data_point.place_code or "")


def _sort_key(data_point: DataPoint) -> tuple[bool, str, str, int]:
    place = format_place(data_point)
    return (not place, place, data_point.code or data_point.name or "", data_point.id)


# Edits with these impacts change the values of a channel, and so all values that are computed from them.
_CHANGES_VALUES = frozenset((Impact.HISTORY, Impact.FORWARD, Impact.STRUCTURAL))


class Dependents(Struct, frozen=True):
    """The users of each channel by id, live or as planned, and the blocked changes that depend on each by name.

    `is_rollback` says that the plan puts back what another one did.
    """

    users: Mapping[int, Sequence[ChannelLabel]]
    blocked_by_name: Mapping[str, tuple[Change, ...]]
    is_rollback: bool = False

    def affected_channels(self, change: Change) -> tuple[ChannelLabel, ...]:
        """The channels whose formulas use that of `change`, directly or through others, ordered by id.

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
        """The blocked changes that depend on `change`, which itself can be sent."""
        return self.blocked_by_name.get(change.name, ())


def find_dependents(plan: Plan) -> Dependents:
    """The dependents of the changes of `plan`."""
    users: defaultdict[int, list[ChannelLabel]] = defaultdict(list)
    for link in plan.formula_links:
        users[link.used.id].append(link.user)
    return Dependents(users, plan.blocked_dependents, plan.is_rollback)


def introduce_blocked_dependents(blocked: Sequence[Change]) -> str:
    """The words before the names of the blocked dependents."""
    return "a blocked change depends on this one" if len(blocked) == 1 else "blocked changes depend on this one"


def blocking_rules(change: Change) -> tuple[str, ...]:
    """The rules that block `change`, each once."""
    return tuple(dict.fromkeys(block.rule for block in change.blocked_by))
