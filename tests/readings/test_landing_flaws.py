"""Why identifiers lead nowhere, in words."""

from __future__ import annotations

import pytest

from reconciler.model.identifiers import Identifiers
from reconciler.planning.identification import make_index, route
from reconciler.readings.flaws import Flaw
from reconciler.readings.landing_flaws import describe_channel, find_doubts, find_landing_flaws
from tests.planning.tenant import NORTH, make_live
from tests.readings.bench import CHANNELS, METER

USE = Identifiers(meter_import_id=METER, observation_type_code="ELECUSE")
ONE = 'candidate: 1 "Use", import id "USE", ELECUSE, KWH, 15 minutes'
TWO = 'candidate: 2 "Use", import id "USE-KW", ELECUSE, KW, 15 minutes'


@pytest.mark.parametrize(
    ("pointers", "flaws"),
    [
        (Identifiers(channel_id=1), ()),
        (
            Identifiers(unit_code="KWH"),
            (Flaw("ESA614", 'readings do not say which channel they are for, found only unitCode "KWH"'),),
        ),
        (
            Identifiers(),
            (Flaw("ESA614", "readings do not say which channel they are for, found no identifier at all"),),
        ),
        (
            Identifiers(channel_id=99),
            (Flaw("ESA615", "readings land nowhere: no channel has channelId 99"),),
        ),
        (
            Identifiers(channel_import_id="USE-KV"),
            (
                Flaw(
                    "ESA615",
                    'readings land nowhere: no channel has channelImportId "USE-KV"',
                    detail=('nearest: 2 "Use", import id "USE-KW", ELECUSE, KW, 15 minutes',),
                ),
            ),
        ),
        (
            Identifiers(meter_import_id="TWIN"),
            (
                Flaw(
                    "ESA615",
                    'readings land nowhere: no channel has meterImportId "TWIN"',
                    detail=('nearest: meterImportId "TWINS", 2 channels',),
                ),
            ),
        ),
        (
            Identifiers(channel_import_id="Q"),
            (Flaw("ESA615", 'readings land nowhere: no channel has channelImportId "Q"'),),
        ),
        (
            Identifiers(meter_import_id="Q"),
            (Flaw("ESA615", 'readings land nowhere: no channel has meterImportId "Q"'),),
        ),
        (
            Identifiers(meter_import_id=METER, observation_type_code="ELECUSE", unit_code="GAL"),
            (
                Flaw(
                    "ESA615",
                    'readings land nowhere: no channel has meterImportId "NB-ELEC-01", '
                    'observationTypeCode "ELECUSE", unitCode "GAL"',
                    detail=(ONE, TWO),
                ),
            ),
        ),
        (
            USE,
            (
                Flaw(
                    "ESA616",
                    'readings land nowhere: 2 channels have meterImportId "NB-ELEC-01", observationTypeCode "ELECUSE"',
                    "add unitCode, or give channelImportId",
                    (ONE, TWO),
                ),
            ),
        ),
        (
            Identifiers(None, None, "TWINS", "ELECUSE", "KWH", 900),
            (
                Flaw(
                    "ESA616",
                    'readings land nowhere: 2 channels have meterImportId "TWINS", observationTypeCode '
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
            (Flaw("ESA618", 'channel 4 "Use" is calculated and takes no readings'),),
        ),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_what_leads_nowhere_is_said_with_who_was_left(pointers: Identifiers, flaws: tuple[Flaw, ...]) -> None:
    assert find_landing_flaws(pointers, route(pointers, CHANNELS), CHANNELS, suggests=True) == flaws


def test_nothing_is_suggested_where_too_much_is_lost() -> None:
    pointers = Identifiers(channel_import_id="USE-KV")

    (flaw,) = find_landing_flaws(pointers, route(pointers, CHANNELS), CHANNELS, suggests=False)

    assert flaw.detail == ()


def test_many_candidates_are_counted() -> None:
    channels = make_index(make_live(id_) for id_ in range(1, 14))
    pointers = Identifiers(meter_import_id=METER)

    (flaw,) = find_landing_flaws(pointers, route(pointers, channels), channels, suggests=True)

    assert (len(flaw.detail), flaw.detail[-1]) == (11, "and 3 more")


def test_identifiers_that_do_not_count_are_compared_all_the_same() -> None:
    channel = CHANNELS.by_id[1]

    assert find_doubts(Identifiers(1, "USE", NORTH.import_id, "ELECUSE", "KWH", 900), channel) == ()
    assert find_doubts(Identifiers(1, "USE-KW", "NB", None, None, 3600), channel) == (
        Flaw(
            "ESA617",
            'readings land on channel 1 "Use", although channelImportId says "USE-KW", not "USE"',
            detail=('meterImportId says "NB", not "NB-ELEC-01"', "channelIntervalInSeconds says 3600, not 900"),
        ),
    )


def test_channels_are_told_by_what_readings_are_told_apart_by() -> None:
    assert describe_channel(CHANNELS.by_id[4]) == '4 "Use", import id "NET", GASUSE, KWH, calculated'
    assert describe_channel(CHANNELS.by_id[5]) == '5 "Gas", import id null, ELECUSE, KWH, 15 minutes'
