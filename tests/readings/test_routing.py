"""The channel of a group of readings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.fields import INTERVAL_MINUTES, UNIT_CODE
from reconciler.model.identifiers import ESA_NAMES, Identifiers, ResolutionFailure, ResolutionStep
from reconciler.model.units import fold
from reconciler.planning.identification import make_index, resolve
from reconciler.planning.messages import describe_channel
from reconciler.readings.csv_layout import CsvOptions
from reconciler.readings.delivery import make_batches
from reconciler.readings.reading_rows import BrokenFile, RowError
from reconciler.readings.readings_file import open_readings_file
from reconciler.readings.routing import (
    Router,
    find_routing_errors,
    find_routing_warnings,
    find_unit_error,
    find_unit_spelling,
)
from tests.planning.tenant import NORTH, V, make_live
from tests.readings.bench import CHANNELS, METER, count, tell, write

if TYPE_CHECKING:
    from pathlib import Path


USE = Identifiers(meter_import_id=METER, observation_type_code="ELECUSE")
ONE = 'candidate: 1 "Use", import id "USE", ELECUSE, KWH, 15 minutes'
TWO = 'candidate: 2 "Use", import id "USE-KW", ELECUSE, KW, 15 minutes'


@pytest.mark.parametrize(
    ("identifiers", "errors"),
    [
        (Identifiers(channel_id=1), ()),
        (
            Identifiers(unit_code="KWH"),
            (RowError("ESA614", 'readings do not say which channel they are for, found only unitCode "KWH"'),),
        ),
        (
            Identifiers(),
            (RowError("ESA614", "readings do not say which channel they are for, found no identifier at all"),),
        ),
        (
            Identifiers(channel_id=99),
            (RowError("ESA615", "readings match no channel: none has channelId 99"),),
        ),
        (
            Identifiers(channel_import_id="USE-KV"),
            (
                RowError(
                    "ESA615",
                    'readings match no channel: none has channelImportId "USE-KV"',
                    detail=('nearest: 2 "Use", import id "USE-KW", ELECUSE, KW, 15 minutes',),
                ),
            ),
        ),
        (
            Identifiers(meter_import_id="TWIN"),
            (
                RowError(
                    "ESA615",
                    'readings match no channel: none has meterImportId "TWIN"',
                    detail=('nearest: meterImportId "TWINS", 2 channels',),
                ),
            ),
        ),
        (
            Identifiers(channel_import_id="Q"),
            (RowError("ESA615", 'readings match no channel: none has channelImportId "Q"'),),
        ),
        (
            Identifiers(meter_import_id="Q"),
            (RowError("ESA615", 'readings match no channel: none has meterImportId "Q"'),),
        ),
        (
            Identifiers(meter_import_id=METER, observation_type_code="ELECUSE", unit_code="GAL"),
            (
                RowError(
                    "ESA615",
                    'readings match no channel: none has meterImportId "NB-ELEC-01", '
                    'observationTypeCode "ELECUSE", unitCode "GAL"',
                    detail=(ONE, TWO),
                ),
            ),
        ),
        (
            USE,
            (
                RowError(
                    "ESA616",
                    'readings match 2 channels: meterImportId "NB-ELEC-01", observationTypeCode "ELECUSE"',
                    "add unitCode, or give channelImportId",
                    (ONE, TWO),
                ),
            ),
        ),
        (
            Identifiers(None, None, "TWINS", "ELECUSE", "KWH", 900),
            (
                RowError(
                    "ESA616",
                    'readings match 2 channels: meterImportId "TWINS", observationTypeCode '
                    '"ELECUSE", unitCode "KWH", channelIntervalInSeconds 900',
                    "give channelId",
                    (
                        'candidate: 6 "Twin", import id "C-6", ELECUSE, KWH, 15 minutes',
                        'candidate: 7 "Twin", import id "C-7", ELECUSE, KWH, 15 minutes',
                    ),
                ),
            ),
        ),
        (
            Identifiers(channel_import_id="NET"),
            (RowError("ESA618", 'channel 4 "Use" is calculated and takes no readings'),),
        ),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_identifiers_without_a_channel_show_the_candidates(
    identifiers: Identifiers, errors: tuple[RowError, ...]
) -> None:
    assert find_routing_errors(identifiers, resolve(identifiers, CHANNELS), CHANNELS, suggests=True) == errors


def test_there_are_no_suggestions_if_too_many_identifiers_fail() -> None:
    identifiers = Identifiers(channel_import_id="USE-KV")

    (error,) = find_routing_errors(identifiers, resolve(identifiers, CHANNELS), CHANNELS, suggests=False)

    assert error.detail == ()


def test_many_candidates_are_counted() -> None:
    channels = make_index(make_live(id_) for id_ in range(1, 14))
    identifiers = Identifiers(meter_import_id=METER)

    (error,) = find_routing_errors(identifiers, resolve(identifiers, channels), channels, suggests=True)

    assert (len(error.detail), error.detail[-1]) == (11, "and 3 more")


def test_identifiers_that_are_not_used_are_compared() -> None:
    channel = CHANNELS.by_id[1]

    assert find_routing_warnings(Identifiers(1, "USE", NORTH.import_id, "ELECUSE", "KWH", 900), channel) == ()
    assert find_routing_warnings(Identifiers(1, "USE-KW", "NB", None, None, 3600), channel) == (
        RowError(
            "ESA617",
            'readings go to channel 1 "Use", although channelImportId says "USE-KW", not "USE"',
            detail=('meterImportId says "NB", not "NB-ELEC-01"', "channelIntervalInSeconds says 3600, not 900"),
        ),
    )


def test_a_channel_is_described_by_what_identifies_its_readings() -> None:
    assert describe_channel(CHANNELS.by_id[4]) == '4 "Use", import id "NET", GASUSE, KWH, calculated'
    assert describe_channel(CHANNELS.by_id[5]) == '5 "Gas", import id null, ELECUSE, KWH, 15 minutes'


UNIT_USE = CHANNELS.by_id[1]


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
def test_a_unit_that_is_not_the_channel_s_is_an_error(
    unit: str, multiplier: float, expected: tuple[str, str, str] | None
) -> None:
    error = find_unit_error(unit, "unitCode", make_live(1, {f"{V}multiplier": multiplier}))

    assert (error and (error.code, error.message, error.fix)) == expected


def test_units_are_checked_row_by_row(tmp_path: Path) -> None:
    rows = "".join(f"USE,{unit},2026-01-01T0{hour}:00,1\n" for hour, unit in enumerate(("KWH", "kwh", "Wh", "XYZ")))

    check, groups = count(write(tmp_path, "channelImportId,unitCode,time,value\n" + rows))

    assert tell(check.findings) == [
        '4 ESA630 unitCode says "Wh", but channel 1 "Use" has KWH: the values would be 1,000 times too large',
        '5 ESA631 unitCode says "XYZ", which is not a known unit; channel 1 "Use" has KWH',
    ]
    assert (check.invalid, check.is_valid) == (1, False)
    assert [group.destination.identifiers.unit_code for group in groups[:2]] == ["KWH", "KWH"]


def test_a_unit_is_spelled_as_the_channels_do() -> None:
    destination = Router(CHANNELS).find(("", "", "NB-ELEC-01", "ELECUSE", "kw", "", 1))

    assert (destination.channel and destination.channel.id, destination.identifiers.unit_code, destination.errors) == (
        2,
        "KW",
        (),
    )


def test_the_unit_of_the_header_is_checked(tmp_path: Path) -> None:
    text = "channelImportId,time,Energy [MWh]\nUSE,2026-01-01T00:00,1\n"
    router = Router(CHANNELS, value_unit="MWh")

    check, _ = count(write(tmp_path, text), router, names={"Energy [MWh]": "value"})

    assert tell(check.findings) == [
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
    assert find_unit_spelling(unit, [other]) == unit
    assert find_unit_spelling(f" {unit} ", [other, unit]) == unit


def test_an_unknown_unit_of_the_tenant_is_compared_by_its_spelling() -> None:
    live = replace(UNIT_USE, values={**UNIT_USE.values, UNIT_CODE: "BOILERS"})

    assert find_unit_error("boil ers", "unitCode", live) is None
    error = find_unit_error("kWh", "unitCode", live)
    assert error is not None
    assert (error.code, error.message) == (
        "ESA617",
        'readings go to channel 1 "Use", although unitCode says "kWh", not "BOILERS"',
    )


NOTHING = ("", "", "", "", "", "", 1)


def test_a_destination_has_the_channel_and_the_route() -> None:
    destination = Router(CHANNELS).find(("", "", METER, "ELECDEMAND", "", "", 1))

    assert destination.identifiers == Identifiers(meter_import_id=METER, observation_type_code="ELECDEMAND")
    assert (destination.route.channel_id, destination.route.decided_by) == (3, ResolutionStep.OBSERVATION_TYPE_CODE)
    assert (destination.channel, destination.errors, destination.warnings) == (CHANNELS.by_id[3], (), ())


def test_a_warning_does_not_prevent_sending() -> None:
    destination = Router(CHANNELS).find(("1", "USE-KW", "", "", "", "", 1))

    assert destination.channel == CHANNELS.by_id[1]
    assert [warning.code for warning in destination.warnings] == ["ESA617"]


@pytest.mark.parametrize(
    ("key", "code", "problem"),
    [
        (NOTHING, "ESA614", ResolutionFailure.NO_IDENTIFIER),
        (("99", *NOTHING[1:]), "ESA615", ResolutionFailure.UNMATCHED),
        (("", "", METER, *NOTHING[3:]), "ESA616", ResolutionFailure.AMBIGUOUS),
        (("x", "USE", *NOTHING[2:]), "ESA613", ResolutionFailure.NO_IDENTIFIER),
        (("", "NET", *NOTHING[2:]), "ESA618", None),
    ],
)
def test_a_destination_with_an_error_has_no_channel(
    key: tuple[object, ...], code: str, problem: ResolutionFailure | None
) -> None:
    destination = Router(CHANNELS).find(key)

    assert ([error.code for error in destination.errors], destination.route.failure, destination.channel) == (
        [code],
        problem,
        None,
    )


def test_the_same_identifiers_are_resolved_once() -> None:
    router = Router(CHANNELS)

    assert router.find(("1", *NOTHING[1:])) is router.find(("1", *NOTHING[1:]))


def test_the_esa_call_accepts_only_whole_minutes() -> None:
    key = ("", "", METER, "ELECUSE", "KWH", "90", 1)

    assert Router(CHANNELS).find(key).errors == ()
    assert Router(CHANNELS, ESA_NAMES).find(key).errors == (
        RowError("ESA613", "esaChannelIntervalMinutes must be whole minutes, found 90 seconds"),
    )


def test_the_number_of_suggestions_is_limited() -> None:
    router = Router(make_index([make_live(1)]))

    details = [router.find(("", f"C-{number}", *NOTHING[2:])).errors[0].detail for number in range(100, 130)]

    assert [bool(detail) for detail in details] == [True] * 20 + [False] * 10


def test_too_many_different_identifiers_are_refused() -> None:
    router = Router(CHANNELS, most_keys=2)
    router.find(("1", *NOTHING[1:]))
    router.find(("2", *NOTHING[1:]))

    assert router.find(("1", *NOTHING[1:])).channel == CHANNELS.by_id[1]
    with pytest.raises(BrokenFile, match="the file names more than 2 channels"):
        router.find(NOTHING)


CSV = "channelId,time,value\n1,2026-01-01,1\n"
JSON = json.dumps([{"channelId": 1, "readings": [{"time": "2026-01-01", "value": 1}]}])


@pytest.mark.parametrize("text", [CSV, JSON], ids=["csv", "json"])
@pytest.mark.parametrize(("minutes", "is_matched"), [(5, False), (60, False), (1440, True), (43200, True)])
def test_a_date_alone_is_accepted_for_an_interval_of_a_day(
    text: str, minutes: int, is_matched: bool, tmp_path: Path
) -> None:
    path = write(tmp_path, text)
    router = Router(make_index([make_live(1, {INTERVAL_MINUTES: minutes})]))

    check, _ = count(path, router)

    message = f"a channel with an interval of {minutes} minutes needs a time of day, found only the date 2026-01-01"
    assert tell(check.findings) == ([] if is_matched else [f"{2 if text == CSV else 1} ESA623 {message}"])
    groups = check.clock_changes.read_groups(open_readings_file(path, CsvOptions()), router)
    batches = make_batches(groups, router, lambda *_: None)
    assert [load.reading.time for batch in batches for load in batch] == ["2026-01-01T00:00:00"] * is_matched
