"""Generated tenants for laws: live channels, channels of the files for them, and the effect of each change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.identifiers import Identifiers
from tests.planning.tenant import CODES, NORTH, SOUTH, V, add_older_version, make_calculated, make_desired, make_live

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hypothesis.strategies import DrawFn

    from reconciler.model.channels import Desired, Live
    from reconciler.model.plan import Change
    from reconciler.model.values import Spec, Value

Thing = TypeVar("Thing")

# By hand from the pages of the API, not from the product: what an edit may set, and what a file may write for an id ...
SETTABLE = (
    *("channelInfo", "channelDescription", "channelImportId", "observationTypeId", "summarizationMethodId"),
    *("intervalMinutes", "isCalculated", "isPrimaryValue", "isPrimaryDemand"),
    *(f"{V}beginDate", f"{V}unitId", f"{V}observationRuleId", f"{V}multiplier", f"{V}offset", f"{V}rolloverValue"),
    *(f"{V}rollbackAllowance", f"{V}minimumReading", f"{V}maximumReading", f"{V}isValuePositive", f"{V}formula"),
)
ID_OF = {
    "observationTypeCode": "observationTypeId",
    "summarizationMethod": "summarizationMethodId",
    f"{V}unitCode": f"{V}unitId",
    f"{V}observationRule": f"{V}observationRuleId",
}
# ... and what the service fills in under the Odometer rule.
_ODOMETER_DEFAULTS: Spec = {f"{V}rolloverValue": 999_999_999_999_999, f"{V}rollbackAllowance": 0.1}
_INPUT = re.compile(r"channel\((\d+)\)")

_NUMBERS = st.sampled_from((None, 0, 1, 2.5))
_FLAGS = st.booleans()

# What the files may say, by path; formulas and import ids depend on the tenant.
_WRITABLE: dict[str, st.SearchStrategy[Any]] = {
    "channelInfo": st.sampled_from(("Use", "Net")),
    "channelDescription": st.sampled_from((None, "", "roof")),
    "observationTypeCode": st.sampled_from(("ELECUSE", "ELECDEMAND", "MYSTERY", "NONE")),
    "summarizationMethod": st.sampled_from(("Sum", "Average")),
    "intervalMinutes": st.sampled_from((None, 15, 60)),
    "isCalculated": _FLAGS,
    "isPrimaryValue": _FLAGS,
    "isPrimaryDemand": _FLAGS,
    f"{V}beginDate": st.sampled_from((None, "1899-12-30", "2025-01-01", "2026-01-01")),
    f"{V}unitCode": st.sampled_from(("KWH", "KW", "USD", "ODD", "TWICE")),
    f"{V}observationRule": st.sampled_from(("Odometer", "Trip")),
    f"{V}multiplier": st.sampled_from((0, 1, 1.0, 0.001)),
    f"{V}offset": _NUMBERS,
    f"{V}rolloverValue": st.sampled_from((None, 999_999_999_999_999, 100)),
    f"{V}rollbackAllowance": st.sampled_from((None, 0.1, 0.5)),
    f"{V}minimumReading": _NUMBERS,
    f"{V}maximumReading": _NUMBERS,
}


class Tenant(Struct, frozen=True):
    """Live channels, and channels of the files for some of them."""

    live: tuple[Live, ...]
    channels: tuple[Desired, ...]


def tenants() -> st.SearchStrategy[Tenant]:
    """Tenants, most of them with sendable edits, some with any edits that the schema allows."""
    return calm_tenants() | calm_tenants() | calm_tenants() | wild_tenants()


@st.composite
def wild_tenants(draw: DrawFn) -> Tenant:
    """Three to six channels on two data points, most of them managed, with legal and illegal edits."""
    live = draw(lives(fewest=3))
    managed = draw(st.lists(st.sampled_from(live), min_size=3, unique_by=lambda channel: channel.id))
    specs = draw(_moved(managed) | _freed(managed, live))
    if draw(_FLAGS):
        specs = {id_: {**specs[id_], **made_up} for id_, made_up in draw(_made_up(managed, live)).items()}
    channels = (
        make_desired(f"n{channel.id}", channel.id, specs[channel.id], select=draw(_select(channel)))
        for channel in managed
    )
    return Tenant(live, tuple(channels))


@st.composite
def calm_tenants(draw: DrawFn) -> Tenant:
    """Channels without readings, nearly all with a legal edit; some edits depend on each other."""
    ids = range(1, draw(st.integers(4, 6)) + 1)
    begun: dict[int, Spec] = {1: {"isPrimaryValue": True}, 2: {"isPrimaryDemand": True}}
    simple = [make_live(id_, begun.get(id_)) for id_ in ids[:-1]]
    live = _tell_convertible([*simple, make_calculated(ids[-1], "channel(1) + channel(2)")])
    specs = {id_: draw(_LEGAL) for id_ in ids} | draw(st.sampled_from(_hand_on(ids[-1])))
    some = st.lists(st.sampled_from(ids), min_size=3, unique=True)
    managed = draw(st.just(ids) | st.just(ids) | some)
    return Tenant(live, tuple(make_desired(f"n{id_}", id_, specs[id_]) for id_ in managed))


_LEGAL: st.SearchStrategy[Spec] = st.sampled_from(
    (
        *({"channelInfo": "Net"}, {"channelDescription": "roof"}, {f"{V}multiplier": 0.5}),
        *(
            {f"{V}maximumReading": 500, "channelInfo": "Net"},
            {"summarizationMethod": "Average"},
            {"channelInfo": "Use"},
        ),
    )
)


def _hand_on(user: int) -> tuple[dict[int, Spec], ...]:
    """Edits of a calm tenant of which one must come before another; `user` is the calculated channel."""
    freed: Spec = {f"{V}formula": "channel(3)"}
    converted: Spec = {"isCalculated": True, "intervalMinutes": None, f"{V}formula": "channel(3) * 2"}
    return (
        {1: {"channelImportId": "X"}, 2: {"channelImportId": "C-1"}},
        {1: {"channelImportId": None}, 2: {"channelImportId": "C-1"}, 3: {"channelImportId": "C-2"}},
        {1: {"isPrimaryValue": False}, 3: {"isPrimaryValue": True}},
        {2: {"isPrimaryDemand": False}, 1: {"isPrimaryDemand": True}},
        {user: freed, 1: converted},
        {user: freed, 2: converted},
    )


@st.composite
def lives(draw: DrawFn, fewest: int = 2) -> tuple[Live, ...]:
    """Channels as EnergyCAP could have them: unique import ids, one primary of each kind, correct convertible flags."""
    ids = range(1, draw(st.integers(fewest, 6)) + 1)
    channels = [draw(_live(id_, list(ids))) for id_ in ids]
    primaries = {(point, path): draw(st.sampled_from((None, *ids))) for point in (100, 200) for path in _PRIMARIES}
    flagged = (
        _set(channel, {path: primaries[channel.data_point.id, path] == channel.id for path in _PRIMARIES})
        for channel in channels
    )
    return _tell_convertible(flagged)


@st.composite
def neighbours(draw: DrawFn) -> tuple[Live, ...]:
    """Two to five channels on one data point without import ids, which may differ in type, unit and interval."""
    kinds = st.tuples(st.sampled_from((10, 11)), st.sampled_from((1, 2)), st.sampled_from((15, 60)))
    return tuple(
        make_live(
            id_,
            {
                "channelImportId": None,
                "observationTypeId": type_id,
                "summarizationMethodId": 2,
                f"{V}unitId": unit_id,
                "intervalMinutes": minutes,
            },
        )
        for id_, (type_id, unit_id, minutes) in enumerate(draw(st.lists(kinds, min_size=2, max_size=5)), start=1)
    )


def carry_out(change: Change, live: Iterable[Live]) -> tuple[Live, ...]:
    """`live` after EnergyCAP applied `change`, with what it fills in and demotes by itself."""
    taken = [path for path in _PRIMARIES if change.target_values.get(path) is True]
    after = []
    for channel in live:
        if channel.id == change.channel_id:
            after.append(_set(channel, change.target_values))
        elif channel.data_point == change.data_point:
            after.append(_set(channel, dict.fromkeys(taken, False)))
        else:
            after.append(channel)
    return _tell_convertible(after)


def write_as_is(channel: Live, names: Mapping[int, str], paths: Iterable[str]) -> Spec:
    """The values of `channel` as the files would write them, with names in formulas."""
    spec = {path: channel.values[path] for path in paths}
    formula = spec.get(f"{V}formula")
    if isinstance(formula, str):
        for id_, name in names.items():
            formula = formula.replace(f"channel({id_})", f"channel( {name} )")
        spec[f"{V}formula"] = formula
    return spec


_PRIMARIES = ("isPrimaryValue", "isPrimaryDemand")


@st.composite
def _live(draw: DrawFn, id_: int, ids: list[int]) -> Live:
    is_calculated = draw(_FLAGS)
    rule_id = draw(_mostly(2, 1))
    values: dict[str, Value] = {
        "channelImportId": draw(st.sampled_from((*4 * [f"C-{id_}"], None))),
        "observationTypeId": draw(_mostly(10, 11, 13)),
        "isCalculated": is_calculated,
        "intervalMinutes": None if is_calculated else 15,
        f"{V}formula": draw(_formulas([f"channel({other})" for other in ids])) if is_calculated else None,
        f"{V}observationRuleId": rule_id,
        f"{V}offset": draw(_NUMBERS) if rule_id == 2 else None,
    }
    readings, point = draw(st.sampled_from((*4 * [False], True, None))), draw(_mostly(NORTH, SOUTH))
    live = _set(make_live(id_, values, has_readings=readings, data_point=point), {})
    is_versioned = not is_calculated and draw(st.sampled_from((*4 * [False], True)))
    return add_older_version(live, "2025-06-01T00:00:00") if is_versioned else live


def _mostly(usual: Thing, *others: Thing) -> st.SearchStrategy[Thing]:
    return st.sampled_from((*[usual] * 4 * len(others), *others))


@st.composite
def _formulas(draw: DrawFn, inputs: list[str]) -> str:
    used = draw(st.lists(st.sampled_from(inputs), min_size=1, max_size=2, unique=True))
    return " + ".join(used) + draw(st.sampled_from(("", " * 2")))


def _select(channel: Live) -> st.SearchStrategy[Identifiers]:
    import_id = channel.values["channelImportId"]
    by_import_id = Identifiers(channel_import_id=import_id if isinstance(import_id, str) else "C-1")
    return _mostly(Identifiers(channel_id=channel.id), by_import_id)


@st.composite
def _made_up(draw: DrawFn, managed: list[Live], live: tuple[Live, ...]) -> Mapping[int, Spec]:
    """Any edits that the schema allows."""
    ids = [channel.id for channel in live]
    formulas = _formulas([*(f"channel(n{channel.id})" for channel in managed), *(f"channel({id_})" for id_ in ids)])
    import_ids = st.sampled_from((None, "X", *(f"C-{id_}" for id_ in ids)))
    values = _WRITABLE | {"channelImportId": import_ids, f"{V}formula": st.one_of(st.none(), formulas)}
    paths = st.lists(st.sampled_from(sorted(values)), min_size=1, max_size=4, unique=True)
    return {channel.id: {path: draw(values[path]) for path in draw(paths)} for channel in managed}


@st.composite
def _moved(draw: DrawFn, managed: list[Live]) -> Mapping[int, Spec]:
    """Import ids and primary flags that move from one channel to another."""
    import_ids = draw(st.permutations([channel.values["channelImportId"] for channel in managed] + ["X", None]))
    heir = draw(st.sampled_from(managed)).id
    path = draw(st.sampled_from(_PRIMARIES))
    moved: dict[int, Spec] = {}
    for channel, import_id in zip(managed, import_ids, strict=False):
        flag: Spec = {path: channel.id == heir} if draw(_FLAGS) else {}
        moved[channel.id] = {**flag, **({"channelImportId": import_id} if draw(_FLAGS) else {})}
    return moved


@st.composite
def _freed(draw: DrawFn, managed: list[Live], live: tuple[Live, ...]) -> Mapping[int, Spec]:
    """Conversions, and formulas that use other channels than before."""
    inputs = [f"channel({channel.id})" for channel in live]
    freed: dict[int, Spec] = {}
    for channel in managed:
        as_simple: Spec = {"isCalculated": False, "intervalMinutes": 15}
        as_calculated: Spec = {"isCalculated": True, f"{V}formula": draw(_formulas(inputs))}
        freed[channel.id] = draw(st.sampled_from((as_simple, as_calculated, {})))
    return freed


def _set(channel: Live, wanted: Spec) -> Live:
    values = {**channel.values, **wanted}
    if values[f"{V}observationRuleId"] == 1:
        values |= {path: default for path, default in _ODOMETER_DEFAULTS.items() if values[path] is None}
    values |= {code: CODES[path].get(values[path]) for code, path in ID_OF.items()}
    versioned = {path: value for path, value in values.items() if path.startswith(V)}
    begin = values[f"{V}beginDate"]
    current = replace(channel.current, begin_date=begin if isinstance(begin, str) else None, values=versioned)
    return replace(channel, values=values, versions=(*channel.versions[:-1], current))


def _tell_convertible(channels: Iterable[Live]) -> tuple[Live, ...]:
    everything = tuple(channels)
    used = {
        int(input_)
        for channel in everything
        for formula in channel.formulas
        for input_ in _INPUT.findall(formula)
        if int(input_) != channel.id
    }
    return tuple(
        replace(
            channel,
            is_convertible=None
            if channel.has_readings is None
            else not channel.has_readings
            and (channel.is_calculated or (len(channel.versions) == 1 and channel.id not in used)),
        )
        for channel in everything
    )
