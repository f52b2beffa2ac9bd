"""What a change is judged against: the live channels around it, and the other changes of its plan."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field

from reconciler.model.fields import CHANNEL_IMPORT_ID
from reconciler.planning.identification import find_users
from reconciler.planning.messages import show_value
from reconciler.planning.translation import list_unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.channels import Desired, Live, ObservationType, ReferenceData, Unit
    from reconciler.model.plan import Change
    from reconciler.model.project import ChannelEdit, PrimaryMove, VersionDates
    from reconciler.planning.diff import Draft
    from reconciler.planning.identification import Index

Managed: TypeAlias = "Desired | Change"


class PlanContext(Struct, frozen=True):
    """What a change is judged against.

    `drafts` are the updates of the plan by the id of their channel, `import_id_claims` those that give a new import id,
    by that id, `managed` the channels of the files by live id, `formula_users` the channels whose formulas use a
    channel, by its id; the last is empty unless the plan converts a channel. `formula_rejections` are EnergyCAP's
    reasons against a new formula, by the id of the channel that would get it. `unread` says why the list of units or of
    observation types could not be read in full, by the path of their code. `version_dates` says whether EnergyCAP's
    version dates with a zone are local time or UTC; None if the environment does not set it.
    """

    index: Index
    drafts: Mapping[int, Draft]
    import_id_claims: Mapping[str, Sequence[Draft]]
    managed: Mapping[int, Managed]
    formula_users: Mapping[int, Sequence[Live]]
    units: Mapping[int, Unit]
    observation_types: Mapping[int, ObservationType]
    primary_move: PrimaryMove
    channel_edit: ChannelEdit
    formula_rejections: Mapping[int, Sequence[str]] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    version_dates: VersionDates | None = None

    def planned(self, channel: Live) -> Live:
        """`channel` as it will be after the plan."""
        return self.drafts[channel.id].after_apply if channel.id in self.drafts else channel

    def neighbours(self, channel: Live) -> Sequence[Live]:
        """The other channels of the data point of `channel`."""
        on_point = self.index.by_data_point.get(channel.data_point.id, ())
        return [other for other in on_point if other.id != channel.id]


def make_context(
    index: Index,
    drafts: Mapping[int, Draft],
    managed: Mapping[int, Managed],
    reference: ReferenceData,
    habits: tuple[PrimaryMove, ChannelEdit],
) -> PlanContext:
    """The context of the changes in `drafts`; `habits` are settings of the environment."""
    primary_move, channel_edit = habits
    return PlanContext(
        index=index,
        drafts=drafts,
        import_id_claims=_find_claims(drafts.values()),
        managed=managed,
        formula_users=find_users(index) if any(draft.is_conversion for draft in drafts.values()) else {},
        units={unit.id: unit for unit in reference.units},
        observation_types={type_.id: type_ for type_ in reference.observation_types},
        primary_move=primary_move,
        channel_edit=channel_edit,
        unread=list_unread(reference),
    )


def channel_evidence(channel: Live, context: PlanContext) -> dict[str, object]:
    """`channel` as evidence: id and name in EnergyCAP, and where it is managed, null if it is not."""
    managed = context.managed.get(channel.id)
    return {
        "channel_id": channel.id,
        "name": channel.name,
        "managed_as": managed.name if managed else None,
        "file": managed.file if managed else None,
        "line": managed.line if managed else None,
    }


def format_channel(channel: Live, context: PlanContext) -> str:
    """`channel` in words: its name in the files and its location, or its id and name if it is not managed."""
    managed = context.managed.get(channel.id)
    if managed is None:
        return f"{channel.id} {show_value(channel.name)} (not managed here)"
    return f"{managed.name} ({managed.file}:{managed.line})"


def _find_claims(drafts: Iterable[Draft]) -> Mapping[str, Sequence[Draft]]:
    claims: dict[str, list[Draft]] = defaultdict(list)
    for draft in sorted(drafts, key=lambda draft: draft.live.id):
        import_id = draft.after_apply.values.get(CHANNEL_IMPORT_ID)
        if CHANNEL_IMPORT_ID in draft.changed_paths and isinstance(import_id, str):
            claims[import_id].append(draft)
    return dict(claims)
