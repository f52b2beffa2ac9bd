"""What a change is judged against: live channels, other changes of its plan, and data that could not be read."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field

from reconciler.model.channels import DATA_POINT, is_new_id
from reconciler.model.fields import (
    CHANNEL_IMPORT_ID,
    FORMULA,
    INTERVAL_MINUTES,
    IS_CALCULATED,
    IS_PRIMARY_DEMAND,
    IS_PRIMARY_VALUE,
    OBSERVATION_TYPE_CODE,
    OBSERVATION_TYPE_ID,
    UNIT_CODE,
    UNIT_ID,
)
from reconciler.model.plan import Blocker
from reconciler.planning.identification import find_inputs, find_users
from reconciler.planning.messages import show_value
from reconciler.planning.translation import list_unread
from reconciler.rules import make_finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.channels import Definitions, Desired, Live, ObservationType, ReferenceData, Snapshot, Unit
    from reconciler.model.findings import Finding
    from reconciler.model.identifiers import Feed
    from reconciler.model.plan import Change, Plan
    from reconciler.model.project import ChannelEdit, PrimaryMove, VersionDates
    from reconciler.planning.diff import Draft
    from reconciler.planning.identification import Index
    from reconciler.planning.matching import Match, MatchResult


Managed: TypeAlias = "Desired | Change"


class PlanContext(Struct, frozen=True):
    """What a change is judged against.

    `drafts` are the updates of the plan by the id of their channel, `import_id_claims` those that give a new import id,
    by that id, `managed` the channels of the files by live id, `formula_users` the channels whose formulas use a
    channel, by its id; the last is empty unless the plan converts a channel. `formula_rejections` are EnergyCAP's
    reasons against a new formula, by the id of the channel that would get it. `unread` says why the list of units or of
    observation types could not be read in full, by the path of their code. `version_dates` says whether EnergyCAP's
    version dates with a zone are local time or UTC; None if the environment does not set it. `skipped` are the names of
    channels that were not found, without which the plan goes on.
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
    skipped: frozenset[str] = frozenset()

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
        # To find the users all formulas are parsed, and only a conversion asks for them.
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
        "channel_id": None if is_new_id(channel.id) else channel.id,
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
    # By id, so that the evidence does not depend on the order of the files.
    for draft in sorted(drafts, key=lambda draft: draft.live.id):
        import_id = draft.after_apply.values.get(CHANNEL_IMPORT_ID)
        if CHANNEL_IMPORT_ID in draft.changed_paths and isinstance(import_id, str):
            claims[import_id].append(draft)
    return dict(claims)


_SHOWN = 10


def find_unread(snapshot: Snapshot) -> tuple[Finding, ...]:
    """The lists and channels of `snapshot` that could not be read, and why: a note for each kind."""
    reference = snapshot.reference
    lists = (("units", reference.units_unread), ("observation types", reference.observation_types_unread))
    return (
        *(
            make_finding("ESA705", f"EnergyCAP's list of {kind} could not be read in full: {reason}")
            for kind, reason in lists
            if reason
        ),
        *_find_flawed(snapshot),
    )


def _find_flawed(snapshot: Snapshot) -> Iterator[Finding]:
    flawed = [live for live in snapshot.channels if live.flaw]
    if flawed:
        listed = ", ".join(f"{live.id} ({live.flaw})" for live in flawed[:_SHOWN])
        more = f", and {len(flawed) - _SHOWN} more" if len(flawed) > _SHOWN else ""
        several = f"{len(flawed)} channels could not be read and are left out"
        subject = several if len(flawed) > 1 else "1 channel could not be read and is left out"
        yield make_finding("ESA706", f"{subject}: {listed}{more}")


def find_unasked(plan: Plan, definitions: Definitions, unasked: Mapping[int, str]) -> tuple[Finding, ...]:
    """A note on each formula of `plan` that EnergyCAP could not validate; `unasked` has the reasons by channel id."""
    written = {channel.name: channel for channel in definitions.channels}
    return tuple(
        make_finding(
            "ESA707",
            f"EnergyCAP could not be asked about this formula, so it is sent unchecked: {unasked[change.channel_id]}",
            written[change.name].locate(FORMULA),
        )
        for change in plan.sendable
        if change.channel_id in unasked
    )


_ROUTING_EDITS = frozenset({OBSERVATION_TYPE_ID, UNIT_ID, INTERVAL_MINUTES})
_ROUTING_VALUES = frozenset({OBSERVATION_TYPE_CODE, UNIT_CODE, INTERVAL_MINUTES, DATA_POINT})


def block_unread(matched: MatchResult) -> Mapping[str, tuple[Match, Blocker]]:
    """The matches that cannot be compared, by name, each with the blocker: the live channel could not be read."""
    flawed = [(match, "") for match in matched.matches if match.live.flaw]
    hidden = [(match, "it may be the channel that cannot be read: ") for match in matched.hidden]
    return {match.desired.name: (match, _not_compared(match.live, doubt)) for match, doubt in (*flawed, *hidden)}


def check_unread(draft: Draft, context: PlanContext) -> Iterator[Blocker]:
    """A blocker for each kind of unread value of other channels that may forbid `draft`."""
    flawed = [live for live in context.index.flawed if live.id != draft.live.id]
    # Most snapshots are read in full.
    if not flawed:
        return
    # Import ids are unique in all of EnergyCAP, primary flags only on their data point.
    near = [live for live in flawed if _is_near(live, draft.live)]
    if CHANNEL_IMPORT_ID in draft.changed_paths and isinstance(draft.after_apply.values.get(CHANNEL_IMPORT_ID), str):
        yield from _block_if_unread(flawed, {CHANNEL_IMPORT_ID}, "whether another channel has this import id")
    for path, flag in ((IS_PRIMARY_VALUE, "value"), (IS_PRIMARY_DEMAND, "demand")):
        if path in draft.changed_paths:
            yield from _block_if_unread(near, {path, DATA_POINT}, f"whether another channel is the primary {flag}")
    if draft.is_conversion and draft.after_apply.is_calculated:
        yield from _block_if_unread(flawed, {FORMULA}, "whether the formula of another channel uses this one")
    if not draft.changed_paths.isdisjoint((FORMULA, IS_CALCULATED)):
        formula = draft.after_apply.values.get(FORMULA)
        used = find_inputs((formula,) if isinstance(formula, str) else ())
        inputs = [live for live in flawed if live.id in used]
        yield from _block_if_unread(inputs, {DATA_POINT, IS_CALCULATED}, "whether the formula may use this channel")


def check_unread_feeds(draft: Draft, context: PlanContext, feeds: Iterable[Feed]) -> Iterator[Blocker]:
    """A blocker if an unread value of another channel decides where readings of `feeds` go after `draft`."""
    near = [live for live in context.index.flawed if _is_near(live, draft.live)]
    # Most snapshots are read in full, and there may be many feeds.
    if not near:
        return
    meter = draft.live.data_point.import_id
    if meter is None or draft.changed_paths.isdisjoint(_ROUTING_EDITS):
        return
    if names := [feed.name for feed in feeds if feed.identifiers.meter_import_id == meter]:
        yield from _block_if_unread(near, _ROUTING_VALUES, f"where the readings of feed {names[0]} would go")


def _is_near(live: Live, other: Live) -> bool:
    # A channel whose data point was not read may be on any.
    return DATA_POINT in live.unread or live.data_point.id == other.data_point.id


def _not_compared(live: Live, doubt: str) -> Blocker:
    return Blocker(
        "ESA417",
        f"cannot be compared with EnergyCAP: {doubt}channel {live.id} cannot be read, {live.flaw}",
        {"channel_id": live.id},
        f"plan again; if that does not help, look at channel {live.id} in EnergyCAP: correct it there, or give the "
        "key's user permission to see it; if nothing is wrong there, report this message",
        is_unknown=True,
    )


def _block_if_unread(channels: Iterable[Live], paths: Iterable[str], what: str) -> Iterator[Blocker]:
    unread = [live for live in channels if not live.unread.isdisjoint(paths)]
    if unread:
        names = ", ".join(f"{live.id} {show_value(live.name)}" if live.name else str(live.id) for live in unread)
        yield Blocker(
            "ESA418",
            f"unknown {what}: EnergyCAP's answer cannot be read for {names}",
            {"unread": [{"channel_id": live.id, "name": live.name, "flaw": live.flaw} for live in unread]},
            "plan again; if that does not help, look at these channels in EnergyCAP: correct them there, or give "
            "the key's user permission to see them; if nothing is wrong there, report this message",
            is_unknown=True,
        )
