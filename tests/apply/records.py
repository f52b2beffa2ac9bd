"""Live channels and changes in few words, for what is judged without a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.channels import DataPoint, Live, Version
from reconciler.model.fields import (
    CHANNEL_FIELDS,
    IS_CALCULATED,
    IS_PRIMARY_DEMAND,
    IS_PRIMARY_VALUE,
    OBSERVATION_RULE_ID,
    TRIP,
    VERSION_FIELDS,
    Impact,
)
from reconciler.model.plan import Action, Change, Edit, Plan, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.values import Value

MULTIPLIER = "esaChannelVersion.multiplier"
INFO = "channelInfo"


def make_live(
    values: Mapping[str, Value] | None = None, versions: int = 1, channel_id: int = 1, point: int = 1
) -> Live:
    """A simple Trip channel called Main with multiplier 1, but for `values`, and with so many versions."""
    flags = dict.fromkeys((IS_CALCULATED, IS_PRIMARY_VALUE, IS_PRIMARY_DEMAND), False)
    plain = {INFO: "Main", **flags, MULTIPLIER: 1, OBSERVATION_RULE_ID: TRIP, **(values or {})}
    of_channel = {field.path: plain.get(field.path) for field in CHANNEL_FIELDS}
    of_version = {field.path: plain.get(field.path) for field in VERSION_FIELDS}
    made = tuple(Version(channel_id * 10 + number, None, None, of_version) for number in range(versions))
    return Live(channel_id, {**of_channel, **of_version}, made, DataPoint(point))


def make_change(
    live: Live, wanted: Mapping[str, Value], name: str = "main", depends_on: tuple[str, ...] = ()
) -> Change:
    """The change of `live` to `wanted`, as allowed; its edits are left out."""
    return Change(
        name=name,
        channel_id=live.id,
        channel_info=live.name,
        data_point=live.data_point,
        file="channels/demo.yaml",
        line=1,
        action=Action.UPDATE,
        edits=(),
        before={},
        after={},
        live=live.values,
        target_values=wanted,
        version_id=live.current.id,
        version_count=len(live.versions),
        verdict=Verdict.ALLOWED,
        blocked_by=(),
        depends_on=depends_on,
        fingerprint="sha256:0",
    )


def make_step(name: str, point: int, depends_on: tuple[str, ...] = ()) -> Change:
    """A change of which only the name, the data point and what it depends on matter."""
    return make_change(make_live(point=point), {INFO: name}, name, depends_on)


def make_plan_of(*changes: Change) -> Plan:
    """A plan that holds `changes` and nothing else, each with the edits that it stands for."""
    shown = tuple(_show_edits(change) for change in changes)
    return Plan("0", "sandbox", "sandbox", "2026-11-21T00:00:00Z", None, "sha256:0", (), shown, 0, len(shown), ())


def _show_edits(change: Change) -> Change:
    before = {path: change.live.get(path) for path in change.target_values}
    edits = (
        Edit(path, before[path], value, Impact.FORWARD)
        for path, value in change.target_values.items()
        if before[path] != value
    )
    return replace(change, edits=tuple(edits), before=before, after=change.target_values)
