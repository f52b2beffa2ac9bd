"""What the plan of the demo must show, written by hand from channels/*.yaml and the demo's world, format by format.

No report was copied: a fact that a format leaves out or gets wrong is found here, however its golden file came about.
"""

from __future__ import annotations

from msgspec import Struct

PAST = "from 2021-07-01 00:15 to 2026-11-20 23:45"
V = "esaChannelVersion."


class Shown(Struct, frozen=True):
    """An edit: its path, the value before and after as JSON writes it, its impact, the factor if it has one,
    and the path of the edit that brings it along."""

    path: str
    before: str
    after: str
    impact: str
    factor: str = ""
    implied_by: str = ""


class Expected(Struct, frozen=True):
    """A change: what it is called, where it stands, its edits, and what else a reviewer must be told of it."""

    name: str
    channel_id: int
    info: str
    place: str
    edits: tuple[Shown, ...]
    told: tuple[str, ...] = ()
    after: str = ""
    blocked: str = ""


CHANGES = (
    Expected(
        "cp-steam-sold",
        1091,
        "Steam to campus",
        "channels/central-plant.yaml:16",
        (Shown("channelDescription", "null", '"All four branches, without the plant\'s own use"', "cosmetic"),),
    ),
    Expected(
        "cp-steam-losses",
        1092,
        "Steam losses",
        "channels/central-plant.yaml:24",
        (
            Shown("intervalMinutes", "15", "null", "routing"),
            Shown("isCalculated", "false", "true", "structural"),
            Shown(f"{V}formula", "null", '"channel(cp-steam-made) - channel(cp-steam-sold)"', "history"),
        ),
        (PAST, "it has readings", "create a calculated one in EnergyCAP"),
        blocked="ESA401",
    ),
    Expected(
        "sc-elec-demand",
        1060,
        "Science Center demand",
        "channels/science-electricity.yaml:27",
        (Shown(f"{V}maximumReading", "null", "4000", "history"),),
        (PAST, "keep past values"),
    ),
    Expected(
        "sc-elec-feeder-a",
        1057,
        "Science Center feeder A",
        "channels/science-electricity.yaml:7",
        (Shown("isPrimaryValue", "true", "false", "structural"),),
        ("is no longer the channel whose values its data point shows",),
        after="sc-elec-total",
    ),
    Expected(
        "sc-elec-feeder-b",
        1058,
        "Science Center feeder B",
        "channels/science-electricity.yaml:12",
        (Shown("channelDescription", "null", '"Switchgear B, level 1. Current transformers 400:5"', "cosmetic"),),
    ),
    Expected(
        "sc-elec-total",
        1059,
        "Science Center both feeders",
        "channels/science-electricity.yaml:18",
        (
            Shown("channelInfo", '"Science Center both feeders"', '"Science Center electricity use"', "cosmetic"),
            Shown("isPrimaryValue", "false", "true", "structural"),
        ),
        ("becomes the channel whose values its data point shows",),
    ),
    Expected(
        "sc-gas-kiln",
        1065,
        "Kiln submeter",
        "channels/science-water-and-steam.yaml:32",
        (Shown(f"{V}multiplier", "1", "0.1", "forward", "×0.1"),),
    ),
    Expected(
        "sc-steam-use",
        1068,
        "Science Center condensate",
        "channels/science-water-and-steam.yaml:23",
        (
            Shown("channelDescription", "null", '"Condensate meter, mechanical room B12"', "cosmetic"),
            Shown(f"{V}multiplier", "1", "10", "history", "×10"),
        ),
        # Of two versions the second alone is edited, and with it what is stored since the meter was swapped.
        ("from 2024-06-03 10:30 to 2026-11-20 23:45",),
    ),
    Expected(
        "sc-water-deionized",
        1067,
        "Deionized water",
        "channels/science-water-and-steam.yaml:14",
        (
            Shown(f"{V}observationRule", '"Odometer"', '"Trip"', "forward"),
            Shown(f"{V}rolloverValue", "999999999999999", "null", "forward", implied_by=f"{V}observationRule"),
            Shown(f"{V}rollbackAllowance", "0.1", "null", "forward", implied_by=f"{V}observationRule"),
        ),
    ),
    Expected(
        "sc-water-use",
        1066,
        "Science Center water use",
        "channels/science-water-and-steam.yaml:5",
        (Shown(f"{V}multiplier", "1", "100", "history", "×100"),),
        (PAST,),
    ),
    Expected(
        "nb-elec-net",
        1044,
        "North Building net use",
        "channels/north-electricity.yaml:32",
        (
            Shown(
                f"{V}formula",
                '"channel(nb-elec-use) - channel(nb-elec-losses)"',
                '"channel(nb-elec-use) * 0.97"',
                "history",
            ),
        ),
        (PAST,),
    ),
    Expected(
        "nb-elec-use",
        1042,
        "North Building electricity use",
        "channels/north-electricity.yaml:9",
        (
            Shown(
                "channelDescription",
                '"Main switchboard, basement"',
                '"Main switchboard, basement. Register in Wh"',
                "cosmetic",
            ),
            Shown(f"{V}multiplier", "1", "0.001", "history", "×0.001"),
        ),
        # What is calculated from it, also where no file says so.
        (PAST, "nb-elec-losses", "nb-elec-net", "1101", "Campus total"),
    ),
    Expected(
        "nb-elec-losses",
        1043,
        "North Building feeder losses",
        "channels/north-electricity.yaml:24",
        (
            Shown("intervalMinutes", "15", "null", "routing"),
            Shown("isCalculated", "false", "true", "structural"),
            Shown(f"{V}formula", "null", '"channel(nb-elec-use) * 0.03"', "forward"),
        ),
        ("becomes calculated", "it takes no readings"),
        after="nb-elec-net",
    ),
    Expected(
        "lb-water-old",
        1077,
        "Library water use",
        "channels/library-water.yaml:7",
        (
            Shown("channelInfo", '"Library water use"', '"Library water use (until 2026)"', "cosmetic"),
            Shown("channelImportId", '"LB-WATER-01-USE"', '"LB-WATER-01-OLD"', "routing"),
        ),
        ("readings sent with the old import id would no longer go to this channel",),
    ),
    Expected(
        "lb-water-use",
        1078,
        "Library water use (new meter)",
        "channels/library-water.yaml:13",
        (
            Shown("channelInfo", '"Library water use (new meter)"', '"Library water use"', "cosmetic"),
            Shown("channelImportId", '"LB-WATER-01-NEW"', '"LB-WATER-01-USE"', "routing"),
        ),
        ("readings sent with the old import id would no longer go to this channel",),
        after="lb-water-old",
    ),
)
UNCHANGED = (
    *("cp-steam-made", "lb-water-flow", "nb-elec-demand"),
    *("nb-cooling-use", "nb-cooling-demand", "nb-cooling-supply", "nb-cooling-return"),
)
# A meter that was swapped, and a channel that is new: what a plan shows of them.
SWAPPED, CREATED = "cp-gas-boiler-2", "cp-gas-boiler-3"
SWAP = (
    Shown("channelVersions[2026-11-02T08:00:00].beginDate", "null", '"2026-11-02T08:00:00"', "history"),
    Shown("channelVersions[2026-11-02T08:00:00].multiplier", "1", "10", "history", "×10"),
    Shown("channelVersions[2026-11-02T08:00:00].rolloverValue", "999999999999999", "1000000", "history"),
)
NEW_VALUES = (
    ("channelInfo", '"Boiler 3 gas"'),
    ("channelImportId", '"CP-GAS-01-BOILER3"'),
    ("observationTypeCode", '"GASUSE"'),
    ("summarizationMethod", '"Sum"'),
    ("intervalMinutes", "15"),
    ("isCalculated", "false"),
    ("isPrimaryValue", "false"),
    ("isPrimaryDemand", "false"),
    ("esaChannelVersion.unitCode", '"CCF"'),
    ("esaChannelVersion.observationRule", '"Odometer"'),
    ("esaChannelVersion.multiplier", "10"),
    ("esaChannelVersion.rolloverValue", "1000000"),
)
# 60 channels are live, and 23 of them in files.
COUNTS = "1 to create, 15 to update, 1 blocked, 7 unchanged, 37 unmanaged"
SENTENCE = (
    "1 new channel would be created and 15 channels would change in sandbox; 8 edits may rewrite stored values; "
    "1 more change is blocked and would not be sent. Once created, a channel cannot be deleted by this tool. "
    "2 warnings and 2 notes, some of them about where readings would go."
)
# Code, severity, file, line, and what readings it is about and where they would go.
ROUTES = (
    ("ESA601", "warning", "channels/library-water.yaml", 11, '"LB-WATER-01-USE"', "they would go to lb-water-use"),
    ("ESA603", "warning", "channels/library-water.yaml", 17, '"LB-WATER-01-NEW"', "they would match no channel"),
    ("ESA604", "note", "channels/north-electricity.yaml", 28, '"NB-ELEC-01"', "would start to go to nb-elec-use"),
)
OTHER_FINDINGS = (("ESA523", "note", "channels/plant-gas.yaml", 13),)
# Formulas before and after, by id: who uses whom.
LINKS = {
    (1043, 1042, False, True),
    (1044, 1042, True, True),
    (1044, 1043, True, False),
    (1059, 1057, True, True),
    (1059, 1058, True, True),
    (1092, 1090, False, True),
    (1092, 1091, False, True),
    (1101, 1042, True, True),
}
