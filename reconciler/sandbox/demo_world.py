"""The demo world: a small campus with 60 channels on 20 data points in four buildings, and a fifth that is new.

The definitions in `channels/` are written for it and fix its errors: a register entered in the wrong scale, one of two
main feeds counted alone, a meter that was swapped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.sandbox.properties import ODOMETER, TRIP
from reconciler.sandbox.world_builder import SampleChannel, SampleDataPoint, SampleVersion, make_world

if TYPE_CHECKING:
    from reconciler.sandbox.worlds import World

_NORTH, _SCIENCE = "North Building", "Ferris Science Center"
_LIBRARY, _PLANT = "Whitcombe Library", "Central Utility Plant"

_POINTS = (
    SampleDataPoint(301, "NB-ELEC-01", "North Building main electric", _NORTH, "ELECTRIC"),
    SampleDataPoint(302, "NB-GAS-01", "North Building gas", _NORTH, "NATURALGAS"),
    SampleDataPoint(303, "NB-WATER-01", "North Building water", _NORTH, "WATER"),
    SampleDataPoint(304, "NB-STEAM-01", "North Building steam", _NORTH, "STEAM"),
    SampleDataPoint(305, "NB-CHW-01", "North Building chilled water", _NORTH, "CHILLEDWATER"),
    SampleDataPoint(306, "SC-ELEC-01", "Science Center main electric", _SCIENCE, "ELECTRIC"),
    SampleDataPoint(307, "SC-ELEC-02", "Science Center laboratories", _SCIENCE, "ELECTRIC"),
    SampleDataPoint(308, "SC-GAS-01", "Science Center gas", _SCIENCE, "NATURALGAS"),
    SampleDataPoint(309, "SC-WATER-01", "Science Center water", _SCIENCE, "WATER"),
    SampleDataPoint(310, "SC-STEAM-01", "Science Center steam", _SCIENCE, "STEAM"),
    SampleDataPoint(311, "SC-CHW-01", "Science Center chilled water", _SCIENCE, "CHILLEDWATER"),
    SampleDataPoint(312, "LB-ELEC-01", "Library main electric", _LIBRARY, "ELECTRIC"),
    SampleDataPoint(313, "LB-GAS-01", "Library gas", _LIBRARY, "NATURALGAS"),
    SampleDataPoint(314, "LB-WATER-01", "Library water", _LIBRARY, "WATER"),
    SampleDataPoint(315, "LB-CHW-01", "Library chilled water", _LIBRARY, "CHILLEDWATER"),
    SampleDataPoint(316, "CP-ELEC-01", "Plant main electric", _PLANT, "ELECTRIC"),
    SampleDataPoint(317, "CP-GAS-01", "Plant boiler gas", _PLANT, "NATURALGAS"),
    SampleDataPoint(318, "CP-STEAM-01", "Plant steam header", _PLANT, "STEAM"),
    SampleDataPoint(319, "CP-CHW-01", "Plant chillers", _PLANT, "CHILLEDWATER"),
    SampleDataPoint(320, "CAMPUS-ELEC", "Campus electric total", _PLANT, "ELECTRIC", is_calculated=True),
)
# The submeters of a new building, which have no channels yet.
_NEW_POINTS = tuple(
    SampleDataPoint(400 + number, f"AH-SUB-{number:02}", f"Alder Hall submeter {number}", "Alder Hall", "ELECTRIC")
    for number in range(1, 41)
)
_BY_CODE = {point.code: point for point in _POINTS}

# Id, import id (its data point's code and a word), observation type, minutes, rule, unit, primary flag, last reading,
# name. A calculated channel has no interval; a hyphen means "none".
_CHANNELS = """
1042 NB-ELEC-01-USE       ELECUSE 15 Odometer KWH   value  184220.5 North Building electricity use
1043 NB-ELEC-01-LOSSES    ELECUSE 15 Trip     KWH   -      -        North Building feeder losses
1044 NB-ELEC-01-NET       ELECUSE -  Trip     KWH   -      1787.3   North Building net use
1045 NB-ELEC-01-DEMAND    ELECDEM 15 Trip     KW    demand 412.6    North Building demand
1046 NB-GAS-01-USE        GASUSE  60 Odometer CCF   value  73.0     North Building gas use
1047 NB-GAS-01-ENERGY     GASUSE  -  Trip     THERM -      75.7     North Building gas energy
1048 NB-WATER-01-USE      WATUSE  60 Odometer GAL   value  1240.0   North Building water use
1049 NB-WATER-01-IRRIG    WATUSE  60 Trip     GAL   -      -        North Building irrigation
1050 NB-STEAM-01-USE      STMUSE  15 Trip     LB    value  960.0    North Building steam use
1051 NB-STEAM-01-FLOW     STMFLOW 15 Trip     LBHR  demand 3840.0   North Building steam flow
1052 NB-CHW-01-USE        CHWUSE  15 Trip     TONHR value  88.4     North Building cooling use
1053 NB-CHW-01-DEMAND     CHWDEM  15 Trip     TON   demand 353.6    North Building cooling demand
1054 NB-CHW-01-SUPPLY     CHWTEMP 15 Trip     DEGF  -      44.1     North Building CHW supply
1055 NB-CHW-01-RETURN     CHWTEMP 15 Trip     DEGF  -      55.8     North Building CHW return
1056 NB-CHW-01-DELTA      CHWTEMP -  Trip     DEGF  -      11.7     North Building CHW difference
1057 SC-ELEC-01-FEEDA     ELECUSE 15 Odometer KWH   value  302.2    Science Center feeder A
1058 SC-ELEC-01-FEEDB     ELECUSE 15 Odometer KWH   -      281.9    Science Center feeder B
1059 SC-ELEC-01-TOTAL     ELECUSE -  Trip     KWH   -      584.1    Science Center both feeders
1060 SC-ELEC-01-DEMAND    ELECDEM 15 Trip     KW    demand 2336.4   Science Center demand
1061 SC-ELEC-02-USE       ELECUSE 15 Odometer KWH   value  119.6    Laboratories electricity use
1062 SC-ELEC-02-DEMAND    ELECDEM 15 Trip     KW    demand 478.4    Laboratories demand
1063 SC-ELEC-02-HOODS     ELECUSE 15 Odometer KWH   -      41.3     Fume hood fans
1064 SC-GAS-01-USE        GASUSE  60 Odometer CCF   value  12.0     Science Center gas use
1065 SC-GAS-01-KILN       GASUSE  15 Trip     CCF   -      -        Kiln submeter
1066 SC-WATER-01-USE      WATUSE  60 Odometer GAL   value  2310.0   Science Center water use
1067 SC-WATER-01-DI       WATUSE  60 Odometer GAL   -      -        Deionized water
1068 SC-STEAM-01-USE      STMUSE  15 Odometer LB    value  2210.0   Science Center condensate
1069 SC-STEAM-01-FLOW     STMFLOW 15 Trip     LBHR  demand 8840.0   Science Center steam flow
1070 SC-CHW-01-USE        CHWUSE  15 Trip     TONHR value  212.5    Science Center cooling use
1071 SC-CHW-01-DEMAND     CHWDEM  15 Trip     TON   demand 850.0    Science Center cooling demand
1072 LB-ELEC-01-USE       ELECUSE 15 Odometer KWH   value  96.8     Library electricity use
1073 LB-ELEC-01-SOLAR     ELECUSE 15 Odometer KWH   -      0.0      Library solar generation
1074 LB-ELEC-01-NET       ELECUSE -  Trip     KWH   -      96.8     Library use with solar
1075 LB-ELEC-01-DEMAND    ELECDEM 15 Trip     KW    demand 387.2    Library demand
1076 LB-GAS-01-USE        GASUSE  60 Odometer CCF   value  31.0     Library gas use
1077 LB-WATER-01-USE      WATUSE  60 Odometer GAL   -      880.0    Library water use
1078 LB-WATER-01-NEW      WATUSE  15 Trip     GAL   value  14.0     Library water use (new meter)
1079 LB-WATER-01-FLOW     WATFLOW 15 Trip     GPM   demand 0.9      Library water flow
1080 LB-CHW-01-USE        CHWUSE  15 Trip     TONHR value  61.2     Library cooling use
1081 LB-CHW-01-DEMAND     CHWDEM  15 Trip     TON   demand 244.8    Library cooling demand
1082 CP-ELEC-01-USE       ELECUSE 15 Odometer KWH   value  1530.4   Plant electricity use
1083 CP-ELEC-01-PUMPS     ELECUSE 15 Odometer KWH   -      402.9    Plant pumps
1084 CP-ELEC-01-CHILLERS  ELECUSE 15 Odometer KWH   -      866.0    Plant chillers electricity
1085 CP-ELEC-01-OTHER     ELECUSE -  Trip     KWH   -      261.5    Plant other electricity
1086 CP-ELEC-01-DEMAND    ELECDEM 15 Trip     KW    demand 6121.6   Plant demand
1087 CP-GAS-01-USE        GASUSE  15 Odometer CCF   value  655.0    Boiler gas use
1088 CP-GAS-01-BOILER1    GASUSE  15 Odometer CCF   -      340.0    Boiler 1 gas
1089 CP-GAS-01-BOILER2    GASUSE  15 Odometer CCF   -      315.0    Boiler 2 gas
1090 CP-STEAM-01-MADE     STMUSE  15 Trip     KLB   value  54.7     Steam produced
1091 CP-STEAM-01-SOLD     STMUSE  15 Trip     KLB   -      47.9     Steam to campus
1092 CP-STEAM-01-LOSSES   STMUSE  15 Trip     KLB   -      6.8      Steam losses
1093 CP-STEAM-01-FLOW     STMFLOW 15 Trip     LBHR  demand 218800.0 Steam header flow
1094 CP-CHW-01-USE        CHWUSE  15 Trip     TONHR value  1102.0   Chilled water produced
1095 CP-CHW-01-CH1        CHWUSE  15 Trip     TONHR -      560.0    Chiller 1 cooling
1096 CP-CHW-01-CH2        CHWUSE  15 Trip     TONHR -      542.0    Chiller 2 cooling
1097 CP-CHW-01-DEMAND     CHWDEM  15 Trip     TON   demand 4408.0   Chilled water demand
1098 CP-CHW-01-SUPPLY     CHWTEMP 15 Trip     DEGF  -      43.2     Plant CHW supply
1099 CP-CHW-01-RETURN     CHWTEMP 15 Trip     DEGF  -      55.4     Plant CHW return
1100 CP-CHW-01-SPARE      CHWUSE  15 Trip     TONHR -      -        Chiller 3 cooling (planned)
1101 CAMPUS-ELEC-TOTAL    ELECUSE -  Trip     KWH   value  2131.4   Campus total
"""
_FORMULAS = {
    1044: "channel(1042) - channel(1043)",
    1047: "channel(1046) * 1.037",
    1056: "channel(1055) - channel(1054)",
    1059: "channel(1057) + channel(1058)",
    1074: "channel(1072) - channel(1073)",
    1085: "channel(1082) - channel(1083) - channel(1084)",
    1101: "channel(1042) + channel(1061) + channel(1072) + channel(1082)",
}
# Meters that were swapped: when the new one was installed, and the multiplier of the old one.
_SWAPPED = {
    1046: ("2023-05-15T08:00:00", 10.0),
    1068: ("2024-06-03T10:30:00", 10.0),
    1087: ("2022-09-12T07:00:00", 100.0),
}
_MULTIPLIERS = {1058: 2.0, 1063: 0.1, 1076: 10.0, 1090: 0.001, 1091: 0.001, 1092: 0.001}
# Offset, minimum and maximum of the latest version.
_LIMITS: dict[int, tuple[float | None, float | None, float | None]] = {
    1043: (None, 0.0, 5000.0),
    1044: (None, -500.0, None),
    1046: (None, 0.0, 900.0),
    1051: (None, None, 20000.0),
    1054: (-0.4, 32.0, 90.0),
    1057: (None, 0.0, 5000.0),
    1065: (0.5, 0.0, 250.0),
    1068: (None, 0.0, 40000.0),
    1075: (None, None, 600.0),
    1078: (-2.5, None, 500.0),
    1091: (1.25, 0.0, None),
    1093: (None, None, 400000.0),
    1098: (0.3, 32.0, 90.0),
}
# The minimum and maximum of the version before the meter was swapped.
_FORMER_LIMITS = {1046: (None, 9000.0), 1068: (-10.0, 400000.0)}
_DESCRIPTIONS = {
    1042: "Main switchboard, basement",
    1057: "Switchgear A, level 1",
    1060: "Both feeders together, 15 minute block",
    1072: "Main switchboard, loading dock",
    1077: "Meter of 2009, in parallel until the new one is trusted",
    1101: "Primary meters of all buildings, for the monthly report",
}
# Channels that were set up by hand, without an import id.
_WITHOUT_IMPORT_ID = (1049, 1065, 1100)

_METHODS = {"ELECDEM": "Max", "WATFLOW": "Max", "STMFLOW": "Max", "CHWDEM": "Max", "CHWTEMP": "Average"}
_RULES = {"Odometer": ODOMETER, "Trip": TRIP}


def make_demo_world() -> World:
    """The demo world, always the same."""
    return make_world((*_POINTS, *_NEW_POINTS), [_read_row(row) for row in _CHANNELS.strip().splitlines()])


def _read_row(row: str) -> SampleChannel:
    number, import_id, kind, minutes, rule, unit, primary, last_value, name = row.split(maxsplit=8)
    channel_id = int(number)
    return SampleChannel(
        channel_id=channel_id,
        point=_BY_CODE[import_id.rpartition("-")[0]],
        name=name,
        import_id=None if channel_id in _WITHOUT_IMPORT_ID else import_id,
        observation_type=kind,
        interval=None if minutes == "-" else int(minutes),
        versions=_versions(channel_id, _RULES[rule], unit),
        method=_METHODS.get(kind, "Sum"),
        description=_DESCRIPTIONS.get(channel_id),
        primary=primary,
        last_value=None if last_value == "-" else float(last_value),
    )


def _versions(channel_id: int, rule: int, unit: str) -> tuple[SampleVersion, ...]:
    offset, minimum, maximum = _LIMITS.get(channel_id, (None, None, None))
    latest = SampleVersion(
        unit,
        rule,
        multiplier=_MULTIPLIERS.get(channel_id, 1.0),
        formula=_FORMULAS.get(channel_id),
        offset=offset,
        minimum=minimum,
        maximum=maximum,
    )
    if channel_id not in _SWAPPED:
        return (latest,)
    begin_date, multiplier = _SWAPPED[channel_id]
    minimum, maximum = _FORMER_LIMITS.get(channel_id, (None, None))
    former = replace(latest, multiplier=multiplier, minimum=minimum, maximum=maximum)
    return (former, replace(latest, begin_date=begin_date))
