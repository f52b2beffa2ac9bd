"""Readings whose unit is not that of their channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.fields import UNIT_CODE
from reconciler.model.units import fold
from reconciler.readings.routing import Router
from reconciler.readings.unit_flaws import find_spelling, find_unit_flaw
from tests.planning.tenant import V, make_live
from tests.readings.bench import CHANNELS, count, tell, write

if TYPE_CHECKING:
    from pathlib import Path

USE = CHANNELS.by_id[1]


@pytest.mark.parametrize(
    ("unit", "multiplier", "expected"),
    [
        ("kW h", 1, None),
        ("Wh", 0.001, None),
        (
            "Wh",
            1,
            (
                "ESA630",
                'unitCode says "Wh", but channel 1 "Use" has KWH: the values would be 1,000 times too large',
                "multiply the values by 0.001 and write the channel's unit, or correct the unit",
            ),
        ),
        (
            "MWh",
            40,
            (
                "ESA630",
                'unitCode says "MWh", but channel 1 "Use" has KWH: the values would be 1,000 times too small',
                "multiply the values by 1,000 and write the channel's unit, or correct the unit",
            ),
        ),
        (
            "m3",
            1,
            (
                "ESA630",
                'unitCode says "m3", but channel 1 "Use" has KWH: volume is not energy',
                "send the readings to a channel with their unit, or correct the unit",
            ),
        ),
        (
            "m3",
            11.2,
            (
                "ESA617",
                'unitCode says "m3", but channel 1 "Use" has KWH: volume is not energy; its multiplier is 11.2',
                "",
            ),
        ),
        (
            "USD",
            1,
            (
                "ESA630",
                'unitCode says "USD", but channel 1 "Use" has KWH: money in US dollars is not energy',
                "send the readings to a channel with their unit, or correct the unit",
            ),
        ),
        (
            "Mcal",
            1.163,
            None,
        ),
        (
            "KWHH",
            1,
            (
                "ESA631",
                'unitCode says "KWHH", which is not a known unit; channel 1 "Use" has KWH',
                "write a unit of EnergyCAP, such as  KWH",
            ),
        ),
    ],
)
def test_a_unit_that_is_not_the_channel_s_is_said(
    unit: str, multiplier: float, expected: tuple[str, str, str] | None
) -> None:
    flaw = find_unit_flaw(unit, "unitCode", make_live(1, {f"{V}multiplier": multiplier}))

    assert (flaw and (flaw.code, flaw.message, flaw.fix)) == expected


def test_units_are_judged_row_by_row_and_nothing_is_sound_with_a_wrong_one(tmp_path: Path) -> None:
    rows = "".join(f"USE,{unit},2026-01-01T0{hour}:00,1\n" for hour, unit in enumerate(("KWH", "kwh", "Wh", "XYZ")))

    census, groups = count(write(tmp_path, "channelImportId,unitCode,time,value\n" + rows))

    assert tell(census.findings) == [
        '4 ESA630 unitCode says "Wh", but channel 1 "Use" has KWH: the values would be 1,000 times too large',
        '5 ESA631 unitCode says "XYZ", which is not a known unit; channel 1 "Use" has KWH',
    ]
    assert (census.bad, census.is_sound) == (1, False)
    assert [group.landing.pointers.unit_code for group in groups[:2]] == ["KWH", "KWH"]


def test_a_unit_that_chooses_among_channels_is_spelled_as_theirs() -> None:
    landing = Router(CHANNELS).find(("", "", "NB-ELEC-01", "ELECUSE", "kw", "", 1))

    assert (landing.channel and landing.channel.id, landing.pointers.unit_code, landing.flaws) == (2, "KW", ())


def test_the_unit_of_the_header_counts(tmp_path: Path) -> None:
    text = "channelImportId,time,Energy [MWh]\nUSE,2026-01-01T00:00,1\n"
    router = Router(CHANNELS, value_unit="MWh")

    census, _ = count(write(tmp_path, text), router, names={"Energy [MWh]": "value"})

    assert tell(census.findings) == [
        (
            '2 ESA630 the header of the values says "MWh", but channel 1 "Use" has KWH: '
            "the values would be 1,000 times too small"
        )
    ]


@pytest.mark.parametrize(
    ("unit", "other"),
    [
        ("\u043a\u0412\u0442\u0447", "\u0413\u043a\u0430\u043b"),
        ("\xb5S", "s"),
        ("\u03a9", "\u0394"),
        ("#", "\xb0"),
        ("\u5ea6", ""),
    ],
)
def test_units_in_other_letters_or_signs_differ_from_each_other(unit: str, other: str) -> None:
    assert fold(unit) != fold(other)
    assert fold(f" {unit} ") == fold(unit)
    assert find_spelling(unit, [other]) == unit
    assert find_spelling(f" {unit} ", [other, unit]) == unit


def test_a_unit_of_the_tenant_s_own_is_compared_by_its_spelling_alone() -> None:
    live = replace(USE, values={**USE.values, UNIT_CODE: "BOILERS"})

    assert find_unit_flaw("boil ers", "unitCode", live) is None
    flaw = find_unit_flaw("kWh", "unitCode", live)
    assert flaw is not None
    assert (flaw.code, flaw.message) == (
        "ESA617",
        'readings land on channel 1 "Use", although unitCode says "kWh", not "BOILERS"',
    )
