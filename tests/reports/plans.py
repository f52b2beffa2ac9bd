"""Plans that between them show all that a report can be asked to show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from reconciler.model.channels import DataPoint, new_channel_id
from reconciler.model.fields import FIELD_AT, FIELDS, OBSERVATION_RULES, Impact
from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.formulas import rename_references
from reconciler.model.plan import (
    Action,
    Blocker,
    Change,
    ChannelLabel,
    Edit,
    FeedRoute,
    FormulaLink,
    History,
    Origin,
    Plan,
    Verdict,
    VersionSpan,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.values import Spec, Value

IDS = {"nb-elec-use": 1042, "nb-elec-losses": 1043, "nb-elec-net": 1044, "nb-solar-yield": 1070} | {
    name: new_channel_id(name) for name in ("nb-wind", "nb-wind-net")
}
MULTIPLIER = "esaChannelVersion.multiplier"
FORMULA = "esaChannelVersion.formula"
RULE = "esaChannelVersion.observationRule"
ROLLOVER = "esaChannelVersion.rolloverValue"

NORTH = DataPoint(7, "NB-ELEC-01", "North electricity", "DP-7", "ELECTRIC", "NORTH", "North Campus")
SOUTH = DataPoint(8, "SB-GAS-01", "South gas", None, "NATURALGAS", "SOUTH", "South Campus")
LOST = DataPoint(9)

READ = History(
    versions=(VersionSpan(70, None, "2024-01-01T00:00:00"), VersionSpan(71, "2024-01-01T00:00:00", None)),
    has_readings=True,
    first_reading="2022-05-01T00:00:00",
    last_reading="2026-10-31T23:45:00",
)
UNREAD = History(versions=(VersionSpan(72, None, None),), has_readings=False)

RENAME = Edit("channelInfo", "NB use", "North Building use", Impact.COSMETIC)
RESCALE = Edit(MULTIPLIER, 1, 0.001, Impact.HISTORY)
REIDENTIFY = Edit("channelImportId", "OLD-1", "NB-ELEC-01-USE", Impact.ROUTING)


def make_change(
    name: str,
    *edits: Edit,
    channel_id: int = 1042,
    data_point: DataPoint = NORTH,
    blocked_by: Sequence[Blocker] = (),
    depends_on: Sequence[str] = (),
    feeds: Sequence[str] = (),
) -> Change:
    """A change of a channel that has readings and two versions; without edits, one that needs none."""
    known = {edit.path: edit.before for edit in edits} or {"channelInfo": "North Building use", MULTIPLIER: 0.001}
    wanted = known | {edit.path: edit.after for edit in edits}
    unknown = bool(blocked_by) and all(block.is_unknown for block in blocked_by)
    return Change(
        name=name,
        channel_id=channel_id,
        channel_info=f"{name} in EnergyCAP",
        data_point=data_point,
        file="channels/north.yaml",
        line=channel_id - 1035,
        action=Action.UPDATE if edits else Action.NO_OP,
        edits=edits,
        before=known,
        after=wanted if edits else known,
        live=_by_ids(known) if edits else {},
        target_values=_by_ids(wanted) if edits else {},
        version_id=71,
        version_count=2,
        verdict=Verdict.UNKNOWN if unknown else Verdict.BLOCKED if blocked_by else Verdict.ALLOWED,
        blocked_by=tuple(blocked_by),
        depends_on=tuple(depends_on),
        fingerprint="sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        history=READ if edits else None,
        feeds=tuple(feeds),
    )


def _by_ids(spec: Spec) -> Spec:
    """`spec` as EnergyCAP has it."""

    def translate(value: Value) -> Value:
        if not isinstance(value, str):
            return value
        return OBSERVATION_RULES.get(value) or rename_references(value, lambda name: str(IDS.get(name, name)))

    return {FIELD_AT[path].path: translate(value) for path, value in spec.items()}


def make_plan(
    *changes: Change,
    filter_: Sequence[str] = (),
    findings: Sequence[Finding] = (),
    feeds: Sequence[FeedRoute] = (),
    formula_links: Sequence[FormulaLink] = (),
) -> Plan:
    """A plan for production, made of `changes`."""
    return Plan(
        tool_version="0.1.0",
        environment="production",
        url="https://app.energycap.com",
        created="2026-11-21T12:00:00Z",
        commit="8d5957b",
        uncommitted=False,
        definitions_digest="sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        filter=tuple(filter_),
        changes=changes,
        unmanaged=4,
        managed=len(changes),
        findings=tuple(findings),
        feeds=tuple(feeds),
        formula_links=tuple(formula_links),
    )


USED = Blocker(
    rule="ESA403",
    message="cannot become calculated: its readings feed other formulas",
    evidence={
        "used_by": [
            {
                "channel_id": 1044,
                "name": "North net",
                "managed_as": "nb-elec-net",
                "file": "channels/north.yaml",
                "line": 31,
                "freed_by_plan": True,
            },
            {"channel_id": 1077, "name": "Campus total", "managed_as": None, "file": None, "line": None},
        ]
    },
    unblock='remove channel(nb-elec-losses) from the formula of 1077 "Campus total" (not managed here) first; '
    "this plan already does so for nb-elec-net",
)
VERSIONED = Blocker(
    rule="ESA402",
    message="cannot become calculated: it has 2 versions",
    evidence={
        "versions": [
            {"version_id": 70, "begin_date": None, "end_date": "2024-01-01T00:00:00"},
            {"version_id": 71, "begin_date": "2024-01-01T00:00:00", "end_date": None},
        ]
    },
    unblock="leave the channel simple and create a calculated one in EnergyCAP, or "
    "delete its older versions there first",
)
UNCLEAR = Blocker(
    rule="ESA407",
    message='unknown whether the unit is of a Money type, found "USD"',
    evidence={"unit": "USD", "unit_type": None},
    unblock="look up the unit in EnergyCAP",
    is_unknown=True,
)

_CONVERT = (
    Edit("isCalculated", before=False, after=True, impact=Impact.STRUCTURAL),
    Edit("intervalMinutes", 15, None, Impact.ROUTING, implied_by="isCalculated"),
    Edit(FORMULA, None, "channel(nb-elec-use) * 0.03", Impact.HISTORY),
)
_TO_TRIP = (
    Edit(RULE, "Odometer", "Trip", Impact.HISTORY),
    Edit(ROLLOVER, 100000, None, Impact.HISTORY, implied_by=RULE),
)
_NET = Edit(FORMULA, "channel(nb-elec-use) - channel(nb-elec-losses)", "channel(nb-elec-use) * 0.97", Impact.HISTORY)
_USE, _LOSSES, _NET_LABEL, _TOTAL = (
    ChannelLabel(1042, "nb-elec-use", "North Building use"),
    ChannelLabel(1043, "nb-elec-losses", "North losses"),
    ChannelLabel(1044, "nb-elec-net", "North net"),
    ChannelLabel(1077, None, "Campus total"),
)
_LINKS = (
    FormulaLink(_LOSSES, _USE, before=False, after=True),
    FormulaLink(_NET_LABEL, _USE, before=True, after=True),
    FormulaLink(_NET_LABEL, _LOSSES, before=True, after=False),
    FormulaLink(_TOTAL, _LOSSES, before=True, after=True),
)
_FEEDS = (
    FeedRoute("north-logger", "nb-elec-use", 1042, 1042, ()),
    FeedRoute("gas-logger", "sb-gas", 1060, 1042, ("would reach nb-elec-use instead of sb-gas",)),
    FeedRoute("new-logger", "nb-elec-use", None, 1042, ()),
    FeedRoute(
        "loss-logger",
        "nb-elec-losses",
        1043,
        None,
        ("this is blocked: the feed stays as it is",),
        is_change_blocked=True,
    ),
)


def _alike() -> tuple[Change, ...]:
    gas = [
        make_change(f"sb-gas-{number:03}", RESCALE, channel_id=2000 + number, data_point=SOUTH) for number in range(12)
    ]
    electric = [make_change(f"nb-elec-{number:03}", RESCALE, channel_id=3000 + number) for number in range(400)]
    return (
        *electric,
        make_change("nb-elec-main", Edit(MULTIPLIER, 1, 1000, Impact.HISTORY), channel_id=1045),
        make_change("nb-elec-spare", RESCALE, RENAME, channel_id=1046),
        make_change("nb-elec-paid", RESCALE, channel_id=1047, blocked_by=[UNCLEAR]),
        *gas,
    )


_NEW_SETTINGS: dict[str, Value] = {
    "channelImportId": "NB-WIND-01",
    "observationTypeCode": "ELECUSE",
    "intervalMinutes": 15,
    "isCalculated": False,
    "isPrimaryValue": True,
    MULTIPLIER: 40,
    RULE: "Trip",
}


def make_creation(name: str, settings: Spec, **others: Any) -> Change:
    """The creation of a channel called `name` with `settings`."""
    spec = {"channelInfo": f"{name} to be", **settings}
    edits = (
        Edit(path, None, value, Impact.STRUCTURAL if path == "isPrimaryValue" and value else Impact.FORWARD)
        for path, value in spec.items()
    )
    ids = {"observationTypeId": 1} if "observationTypeCode" in spec else {}
    change = make_change(name, *edits, channel_id=new_channel_id(name), **others)
    return replace(
        change,
        action=Action.CREATE,
        channel_info=spec["channelInfo"],
        line=12,
        before=dict.fromkeys(spec),
        live=dict.fromkeys(field.path for field in FIELDS),
        target_values={**dict.fromkeys(field.path for field in FIELDS), **_by_ids(spec), **ids},
        version_id=0,
        version_count=0,
        fingerprint="",
        history=None,
    )


_NEW_LINKS = (
    FormulaLink(
        ChannelLabel(new_channel_id("nb-wind-net"), "nb-wind-net", "nb-wind-net to be"),
        ChannelLabel(new_channel_id("nb-wind"), "nb-wind", "nb-wind to be"),
        before=False,
        after=True,
    ),
)


HOSTILE = (
    "</td><script>alert(1)</script> | `rm -rf` @everyone\n::set-output name=x::y ##[add-mask]z \x1b[31m\u202egpj -->"
)
_HOSTILE_POINT = DataPoint(10, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
_HOSTILE_BLOCK = Blocker("ESA408", HOSTILE, {HOSTILE: [HOSTILE, {HOSTILE: HOSTILE}]}, HOSTILE)

PLANS = {
    "empty": make_plan(make_change("nb-elec-use"), make_change("nb-elec-net", channel_id=1044)),
    "one-edit": make_plan(make_change("nb-elec-use", RENAME), make_change("nb-elec-net", channel_id=1044)),
    "only-blocked": make_plan(
        make_change("nb-elec-losses", *_CONVERT, channel_id=1043, blocked_by=[USED, VERSIONED]),
        make_change("nb-elec-cost", RENAME, channel_id=1048, blocked_by=[UNCLEAR]),
    ),
    "mixed": make_plan(
        make_change("nb-elec-use", RENAME, REIDENTIFY, RESCALE, *_TO_TRIP, feeds=["gas-logger", "new-logger"]),
        make_change("nb-elec-losses", *_CONVERT, channel_id=1043, blocked_by=[USED]),
        make_change("nb-elec-net", channel_id=1044),
        feeds=_FEEDS,
        formula_links=_LINKS,
    ),
    "alike": make_plan(*_alike()),
    "hostile": make_plan(
        make_change(HOSTILE, Edit("channelInfo", HOSTILE, HOSTILE * 2, Impact.COSMETIC), data_point=_HOSTILE_POINT),
        make_change(
            f"2{HOSTILE}",
            Edit("channelImportId", None, HOSTILE, Impact.ROUTING),
            channel_id=1043,
            data_point=_HOSTILE_POINT,
            blocked_by=[_HOSTILE_BLOCK],
            depends_on=[HOSTILE],
        ),
        filter_=[HOSTILE],
        feeds=[FeedRoute(HOSTILE, HOSTILE, 1, None, (HOSTILE,))],
        formula_links=[
            FormulaLink(ChannelLabel(1042, HOSTILE, HOSTILE), ChannelLabel(1, None, HOSTILE), before=True, after=True)
        ],
    ),
    "several-places": make_plan(
        make_change("sb-gas", REIDENTIFY, channel_id=1060, data_point=SOUTH),
        make_change("lost", Edit("channelDescription", "", None, Impact.COSMETIC), channel_id=1061, data_point=LOST),
        make_change("nb-elec-use", RENAME),
        make_change(
            "nb-elec-demand",
            Edit("isPrimaryDemand", before=False, after=True, impact=Impact.STRUCTURAL),
            channel_id=1049,
        ),
    ),
    "conversion-chain": make_plan(
        make_change("nb-elec-net", _NET, channel_id=1044),
        make_change("nb-elec-losses", *_CONVERT, channel_id=1043, depends_on=["nb-elec-net"]),
        make_change(
            "nb-elec-use",
            Edit("isPrimaryValue", before=False, after=True, impact=Impact.STRUCTURAL),
            depends_on=["nb-elec-losses"],
        ),
        formula_links=_LINKS,
    ),
    "in-vain": make_plan(
        make_change("nb-elec-net", _NET, channel_id=1044),
        make_change("nb-elec-losses", *_CONVERT, channel_id=1043, blocked_by=[VERSIONED], depends_on=["nb-elec-net"]),
        make_change("nb-elec-use", REIDENTIFY),
        findings=[
            Finding(
                "ESA603",
                Severity.WARNING,
                'readings for import id "OLD-1" would no longer reach nb-elec-use: they would match no channel',
                Location("channels/north.yaml", 7, 5, ("channels", "nb-elec-use", "channelImportId")),
                fix="write  channelImportId: OLD-1, or change the logger",
            ),
            Finding("ESA604", Severity.NOTE, 'readings for import id "NB-ELEC-01-USE" would start to go to a channel'),
        ],
        formula_links=_LINKS,
    ),
    "creation": make_plan(
        make_change("nb-elec-use", RENAME),
        make_creation("nb-wind", _NEW_SETTINGS),
        make_creation(
            "nb-wind-net",
            {"isCalculated": True, FORMULA: "channel(nb-wind) * 2"},
            depends_on=["nb-wind"],
        ),
        make_creation("nb-wind-spare", {"channelImportId": "OLD-1"}, data_point=SOUTH, blocked_by=[UNCLEAR]),
        formula_links=_NEW_LINKS,
        feeds=[FeedRoute("wind-logger", "nb-wind", None, new_channel_id("nb-wind"), ())],
    ),
    "broken": replace(
        make_plan(
            findings=[
                Finding("ESA101", Severity.ERROR, "expected a mapping", Location("channels/north.yaml", 3, 1)),
                Finding("ESA104", Severity.WARNING, "an odd space"),
            ]
        ),
        unmanaged=0,
    ),
    "drift-and-change": replace(
        make_plan(
            make_change(
                "nb-elec-use",
                Edit("channelInfo", "NB use", "North Building use", Impact.COSMETIC, origin=Origin.CHANGE),
                Edit(MULTIPLIER, 2, 1, Impact.HISTORY, origin=Origin.DRIFT),
            ),
        ),
        uncommitted=True,
    ),
    "origin-unknown": make_plan(
        make_change(
            "nb-elec-use",
            Edit("channelInfo", "NB use", "North Building use", Impact.COSMETIC, origin=Origin.UNKNOWN),
            Edit(MULTIPLIER, 2, 1, Impact.HISTORY, origin=Origin.DRIFT),
        ),
        findings=[Finding("ESA151", Severity.WARNING, "channels/north.yaml could not be read at the base main")],
    ),
    "implausible": make_plan(
        make_change(
            "nb-elec-use",
            Edit(
                MULTIPLIER,
                1,
                1_000_000,
                Impact.HISTORY,
                warnings=(
                    "ESA515 the multiplier changes by more than a factor of 1,000, found 1 → 1000000 (×1,000,000)",
                ),
            ),
        ),
        findings=[
            Finding(
                "ESA515",
                Severity.WARNING,
                "the multiplier changes by more than a factor of 1,000, found 1 → 1000000 (×1,000,000)",
                Location(
                    "channels/north.yaml", 9, 3, path=("channels", "nb-elec-use", "esaChannelVersion", "multiplier")
                ),
                fix="check the multiplier against the meter's nameplate",
            )
        ],
    ),
    "filtered": make_plan(
        make_change("nb-elec-use", RENAME),
        make_change("nb-elec-net", channel_id=1044),
        filter_=["nb-elec-u*", "nb-elec-n*"],
        findings=[Finding("ESA302", Severity.ERROR, "no such channel", Location("channels/north.yaml", 9, 3))],
    ),
}
