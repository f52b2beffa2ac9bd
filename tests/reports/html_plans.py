"""Two more plans for the page: one that shows everything at once, and one as large as the page must bear."""

from __future__ import annotations

from msgspec.structs import replace

from reconciler.model.channels import DataPoint
from reconciler.model.fields import Impact
from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.plan import (
    Blocker,
    Change,
    ChannelLabel,
    Edit,
    FeedRoute,
    FormulaLink,
    History,
    Origin,
    Plan,
    VersionSpan,
)
from tests.reports.plans import FORMULA, MULTIPLIER, make_change, make_plan

_NORTH = DataPoint(301, "NB-ELEC-01", "North Building main electric", "NB-ELEC-01", "ELECTRIC", "NB", "North Building")
_GAS = DataPoint(308, "SC-GAS-01", "Science Center gas", "SC-GAS-01", "NATURALGAS", "SC", "Ferris Science Center")
_WATER = DataPoint(314, "LB-WATER-01", "Library water", "LB-WATER-01", "WATER", "LB", "Whitcombe Library")

_SWAPPED = History(
    versions=(
        VersionSpan(11, None, "2021-03-01T00:00:00"),
        VersionSpan(12, "2021-03-01T00:00:00", "2023-07-15T09:30:00"),
        VersionSpan(13, "2023-07-15T09:30:00", None),
    ),
    has_readings=True,
    first_reading="2019-09-02T00:15:00",
    last_reading="2026-11-20T23:45:00",
)
_ONE = History(
    (VersionSpan(21, None, None),),
    has_readings=True,
    first_reading="2020-01-01T00:00:00",
    last_reading="2026-11-20T23:45:00",
)
_NEW = History((VersionSpan(31, None, None),), has_readings=False)

_USE, _LOSSES, _NET, _SOLAR, _TOTAL = (
    ChannelLabel(1042, "nb-elec-use", "North Building electricity use"),
    ChannelLabel(1043, "nb-elec-losses", "North Building feeder losses"),
    ChannelLabel(1044, "nb-elec-net", "North Building net use"),
    ChannelLabel(1070, "nb-solar-yield", "North Building roof solar"),
    ChannelLabel(1077, None, "Campus electric total"),
)
_GAS_USE, _GAS_ENERGY = ChannelLabel(1061, "sc-gas-use", "Gas use"), ChannelLabel(1062, "sc-gas-energy", "Gas energy")

_USED = Blocker(
    "ESA403",
    "cannot become calculated: its readings feed other formulas",
    {
        "used_by": (
            {"channel_id": 1044, "name": _NET.info, "managed_as": _NET.name, "file": "channels/north.yaml", "line": 31},
            {"channel_id": 1077, "name": _TOTAL.info, "managed_as": None, "file": None, "line": None},
        ),
        "last_reading": "2026-11-20T23:45:00",
    },
    "take channel(nb-elec-losses) out of these formulas first, as in  formula: channel(nb-elec-use)  for nb-elec-net",
)
_UNCLEAR = Blocker(
    "ESA407",
    "unknown whether the unit is of a Money type",
    {"unit": "USD", "unit_type": None},
    "look the unit up in EnergyCAP",
    is_unknown=True,
)


def _change(
    label: ChannelLabel, point: DataPoint, history: History, *edits: Edit, **other: tuple[object, ...]
) -> Change:
    change = make_change(label.name or "", *edits, channel_id=label.id, data_point=point, **other)  # type: ignore[arg-type]
    return replace(
        change,
        channel_info=label.info,
        history=history if edits else None,
        version_id=history.versions[-1].id,
        version_count=len(history.versions),
    )


def _mark(edit: Edit, origin: Origin) -> Edit:
    return replace(edit, origin=origin)


_FORMULA = Edit(
    FORMULA,
    "channel(nb-elec-use) - channel(nb-elec-losses) + 0.5 * channel(1077)",
    "channel(nb-elec-use) * 0.97 + channel(nb-solar-yield) + 0.5 * channel(1077)",
    Impact.HISTORY,
    origin=Origin.CHANGE,
)

EVERYTHING: Plan = make_plan(
    _change(
        _USE,
        _NORTH,
        _SWAPPED,
        Edit("channelInfo", "NB use", _USE.info, Impact.COSMETIC, origin=Origin.CHANGE),
        Edit(MULTIPLIER, 1, 0.001, Impact.HISTORY, origin=Origin.DRIFT),
        Edit("esaChannelVersion.beginDate", "2023-07-15T09:30:00", "2023-08-01T00:00:00", Impact.HISTORY),
    ),
    _change(
        _LOSSES,
        _NORTH,
        _SWAPPED,
        Edit("isCalculated", before=False, after=True, impact=Impact.STRUCTURAL, origin=Origin.CHANGE),
        Edit("intervalMinutes", 15, None, Impact.ROUTING, implied_by="isCalculated", origin=Origin.CHANGE),
        Edit(FORMULA, None, "channel(nb-elec-use) * 0.03", Impact.HISTORY, origin=Origin.CHANGE),
        blocked_by=(_USED,),
    ),
    _change(_NET, _NORTH, _ONE, _FORMULA, depends_on=("nb-elec-use",)),
    _change(
        _SOLAR,
        _NORTH,
        _NEW,
        Edit("channelImportId", "NB-PV", "NB-SOLAR-01-YIELD", Impact.ROUTING, origin=Origin.CHANGE),
        Edit("channelDescription", "", None, Impact.COSMETIC, origin=Origin.DRIFT),
    ),
    _change(
        _GAS_USE,
        _GAS,
        _ONE,
        Edit("isPrimaryValue", before=False, after=True, impact=Impact.STRUCTURAL, origin=Origin.CHANGE),
    ),
    _change(
        ChannelLabel(1063, "sc-gas-cost", "Gas cost"),
        _GAS,
        _ONE,
        Edit("esaChannelVersion.unitCode", "THERM", "USD", Impact.HISTORY, origin=Origin.CHANGE),
        blocked_by=(_UNCLEAR,),
    ),
    *(
        _change(
            ChannelLabel(1100 + number, f"lb-water-{number:02}", f"Library water {number}"),
            _WATER,
            _NEW,
            Edit("esaChannelVersion.maximumReading", None, 5000, Impact.FORWARD, origin=Origin.CHANGE),
        )
        for number in range(6)
    ),
    *(
        _change(ChannelLabel(1200 + number, f"lb-water-old-{number:02}", f"Old meter {number}"), _WATER, _NEW)
        for number in range(30)
    ),
    _change(_GAS_ENERGY, _GAS, _ONE),
    findings=(
        Finding(
            "ESA305",
            Severity.WARNING,
            "found by its new import id, not by the one in select",
            Location("channels/north.yaml", 44, 5),
            ('select.channelImportId: "NB-PV" finds nothing',),
            "write  channelImportId: NB-SOLAR-01-YIELD  under select",
        ),
        Finding(
            "ESA601", Severity.NOTE, "feed reaches a channel for the first time", Location("channels/north.yaml", 90, 3)
        ),
    ),
    feeds=(
        FeedRoute("north-logger", "nb-elec-use", 1042, 1042, ()),
        FeedRoute("roof-logger", "nb-solar-yield", 1070, None, ("would reach no channel: its import id is gone",)),
        FeedRoute("gas-logger", "sc-gas-use", None, 1061, ()),
    ),
    formula_links=(
        FormulaLink(_LOSSES, _USE, before=False, after=True),
        FormulaLink(_NET, _USE, before=True, after=True),
        FormulaLink(_NET, _LOSSES, before=True, after=False),
        FormulaLink(_NET, _SOLAR, before=False, after=True),
        FormulaLink(_NET, _TOTAL, before=True, after=True),
        FormulaLink(_GAS_ENERGY, _GAS_USE, before=True, after=True),
    ),
)


def make_large_plan(unchanged: int, changed: int = 20) -> Plan:
    """A plan with `changed` changes, no two alike, and `unchanged` channels at 50 places."""
    points = [
        DataPoint(
            number, f"DP-{number:04}", f"Meter {number}", None, "ELECTRIC", f"P{number:02}", f"Building {number:02}"
        )
        for number in range(50)
    ]
    return make_plan(
        *(
            make_change(
                f"changed-{number:05}",
                Edit(MULTIPLIER, 1, number + 2, Impact.HISTORY),
                channel_id=500_000 + number,
                data_point=points[number % 50],
            )
            for number in range(changed)
        ),
        *(
            make_change(
                f"building-{number % 50:02}-use-{number:05}", channel_id=2000 + number, data_point=points[number % 50]
            )
            for number in range(unchanged)
        ),
    )
