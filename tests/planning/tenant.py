"""A small tenant: live channels, channels of the files for them, and their plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from reconciler.model.channels import (
    DataPoint,
    Definitions,
    Desired,
    Live,
    ObservationType,
    ReferenceData,
    Snapshot,
    SummarizationMethod,
    Unit,
    Version,
)
from reconciler.model.fields import FIELDS
from reconciler.model.identifiers import Identifiers
from reconciler.model.project import Environment
from reconciler.planning.plan import PlanRequest, make_plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.plan import Change, Plan
    from reconciler.model.values import Spec, Value

V = "esaChannelVersion."

REFERENCE = ReferenceData(
    units=(
        Unit(1, "KWH", "ENERGY", "Energy"),
        Unit(2, "KW", "POWER", "Power"),
        Unit(3, "GAL", "VOLUME", "Volume"),
        Unit(4, "USD", "MONEY", "Money"),
        Unit(5, "ODD"),
        Unit(6, "TWICE", "ENERGY", "Energy"),
        Unit(7, "TWICE", "ENERGY", "Energy"),
    ),
    observation_types=(
        ObservationType(10, "ELECUSE", "Use"),
        ObservationType(11, "ELECDEMAND", "Demand"),
        ObservationType(12, "GASUSE", "Use"),
        ObservationType(13, "MYSTERY"),
    ),
    summarization_methods=(SummarizationMethod(1, "Sum"), SummarizationMethod(2, "Average")),
)
CODES: dict[str, dict[Any, str]] = {
    "observationTypeId": {type_.id: type_.code for type_ in REFERENCE.observation_types},
    "summarizationMethodId": {method.id: method.name for method in REFERENCE.summarization_methods},
    f"{V}unitId": {unit.id: unit.code for unit in REFERENCE.units},
    f"{V}observationRuleId": {1: "Odometer", 2: "Trip"},
}
NORTH = DataPoint(100, "NB-ELEC", "North electricity", "NB-ELEC-01", "Electric", "NB", "North Building")
SOUTH = DataPoint(200, "SB-ELEC", "South electricity", "SB-ELEC-01", "Electric", "SB", "South Building")
SANDBOX = Environment("sandbox", "sandbox")
BASIS = PlanRequest("0.1.0", SANDBOX, "2026-11-21T12:00:00Z", "abc123")

_VALUES: dict[str, Value] = {
    "channelInfo": "Use",
    "channelDescription": None,
    "observationTypeId": 10,
    "summarizationMethodId": 1,
    "intervalMinutes": 15,
    "isCalculated": False,
    "isPrimaryValue": False,
    "isPrimaryDemand": False,
    f"{V}unitId": 1,
    f"{V}observationRuleId": 2,
    f"{V}multiplier": 1,
}


def make_live(id_: int, values: Spec | None = None, **others: Any) -> Live:
    """A simple Trip channel on NORTH without readings, its import id `C-<id>`; `others` are fields of Live."""
    merged = {field.path: None for field in FIELDS} | {"channelImportId": f"C-{id_}"} | _VALUES | dict(values or {})
    everything = merged | {field.alias: CODES[field.path].get(merged[field.path]) for field in FIELDS if field.alias}
    versioned = {path: value for path, value in everything.items() if path.startswith(V)}
    current = Version(id_ * 10, _text(everything[f"{V}beginDate"]), None, versioned)
    live = Live(id_, everything, (current,), NORTH, has_readings=False, is_convertible=True)
    return replace(live, **others)


def make_calculated(id_: int, formula: str, values: Spec | None = None, **others: Any) -> Live:
    """A calculated channel on NORTH without readings."""
    own: Spec = {"isCalculated": True, "intervalMinutes": None, f"{V}formula": formula}
    return make_live(id_, {**own, **(values or {})}, **others)


def add_older_version(live: Live, ended: str, **values: Value) -> Live:
    """`live` with an older version that ends when its present one begins."""
    older = Version(live.id * 10 - 1, None, ended, {**live.current.values, **values})
    begun = {f"{V}beginDate": ended}
    current = replace(live.current, begin_date=ended, values={**live.current.values, **begun})
    return replace(live, values={**live.values, **begun}, versions=(older, current))


def make_desired(name: str, id_: int, spec: Spec | None = None, **others: Any) -> Desired:
    """A channel of channels/north.yaml that is found by its id."""
    desired = Desired(name, "channels/north.yaml", 7, Identifiers(channel_id=id_), spec or {})
    return replace(desired, **others)


def plan_of(
    channels: Iterable[Desired], live: Iterable[Live], basis: PlanRequest = BASIS, reference: ReferenceData = REFERENCE
) -> Plan:
    """The plan that turns `live` into `channels`."""
    definitions = Definitions(tuple(channels), (), ("channels/north.yaml",), "sha256:0")
    return make_plan(definitions, Snapshot(tuple(live), reference), basis)


def plan_one(spec: Spec, live: Live, *others: Live) -> Change:
    """The change of one channel, `north`, that manages `spec` of `live`, among `others`."""
    (change,) = plan_of([make_desired("north", live.id, spec)], [live, *others]).changes
    return change


def list_blocks(change: Change) -> list[str]:
    """The blocks of `change` as `rule message`."""
    return [f"{block.rule} {block.message}" for block in change.blocked_by]


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None
