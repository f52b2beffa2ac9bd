"""The vendor's channel identification, step by step, and the index that it searches."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from reconciler.model.identifiers import Identifiers, Resolution, ResolutionFailure, ResolutionStep
from reconciler.planning.identification import find_inputs, find_users, make_index, resolve
from tests.planning.tenant import NORTH, SOUTH, V, add_older_version, make_calculated, make_live

LONELY = replace(SOUTH, id=300, import_id="LONELY")
CHANNELS = make_index(
    (
        make_live(1),
        make_live(2, {f"{V}unitId": 2}),
        make_live(3, {f"{V}unitId": 2, "intervalMinutes": 60}),
        make_live(4, {"observationTypeId": 11}),
        make_calculated(5, "channel(1)", {"observationTypeId": 12}),
        make_calculated(6, "channel(2)", {"observationTypeId": 12}),
        make_live(7, {"channelImportId": "TWICE"}, data_point=LONELY),
        make_live(8, {"channelImportId": "TWICE"}, data_point=SOUTH),
        make_live(9, {"channelImportId": None}, data_point=SOUTH),
    )
)
EVERYTHING = Identifiers(7, "C-2", "NB-ELEC-01", "ELECUSE", "KWH", 900)
BY_METER = replace(EVERYTHING, channel_id=None, channel_import_id=None)
ALL_NORTH = (1, 2, 3, 4, 5, 6)
START = (ResolutionStep.ONLY_CHANNEL, ALL_NORTH)
TYPED = (ResolutionStep.OBSERVATION_TYPE_CODE, (1, 2, 3))
AT_UNIT = (ResolutionStep.UNIT_CODE, (2, 3))


@pytest.mark.parametrize(
    ("identifiers", "expected"),
    [
        pytest.param(
            EVERYTHING,
            Resolution(7, ResolutionStep.CHANNEL_ID, None, (7,), ((ResolutionStep.CHANNEL_ID, (7,)),)),
            id="channel id wins",
        ),
        pytest.param(
            replace(EVERYTHING, channel_id=99),
            Resolution(None, None, ResolutionFailure.UNMATCHED, (), ((ResolutionStep.CHANNEL_ID, ()),)),
            id="an unknown channel id is not replaced by anything else",
        ),
        pytest.param(
            replace(EVERYTHING, channel_id=None),
            Resolution(2, ResolutionStep.CHANNEL_IMPORT_ID, None, (2,), ((ResolutionStep.CHANNEL_IMPORT_ID, (2,)),)),
            id="then channel import id",
        ),
        pytest.param(
            replace(EVERYTHING, channel_id=None, channel_import_id="c-2"),
            Resolution(None, None, ResolutionFailure.UNMATCHED, (), ((ResolutionStep.CHANNEL_IMPORT_ID, ()),)),
            id="letter case counts, and the meter is not used instead",
        ),
        pytest.param(
            Identifiers(channel_import_id="TWICE"),
            Resolution(None, None, ResolutionFailure.AMBIGUOUS, (7, 8), ((ResolutionStep.CHANNEL_IMPORT_ID, (7, 8)),)),
            id="an import id of two channels",
        ),
        pytest.param(
            Identifiers(channel_import_id="", meter_import_id="LONELY"),
            Resolution(7, ResolutionStep.ONLY_CHANNEL, None, (7,), ((ResolutionStep.ONLY_CHANNEL, (7,)),)),
            id="an empty import id is not given",
        ),
        pytest.param(
            Identifiers(meter_import_id="LONELY", observation_type_code="GASUSE", unit_code="GAL", interval_seconds=60),
            Resolution(7, ResolutionStep.ONLY_CHANNEL, None, (7,), ((ResolutionStep.ONLY_CHANNEL, (7,)),)),
            id="the only channel of a meter, whatever its type, unit and interval",
        ),
        pytest.param(
            Identifiers(meter_import_id="NOWHERE"),
            Resolution(None, None, ResolutionFailure.UNMATCHED, (), ((ResolutionStep.ONLY_CHANNEL, ()),)),
            id="an unknown meter",
        ),
        pytest.param(
            Identifiers(meter_import_id="NB-ELEC-01"),
            Resolution(None, None, ResolutionFailure.AMBIGUOUS, ALL_NORTH, (START,)),
            id="several channels and no type",
        ),
        pytest.param(
            replace(BY_METER, observation_type_code=None),
            Resolution(None, None, ResolutionFailure.AMBIGUOUS, ALL_NORTH, (START,)),
            id="a unit does not replace the type",
        ),
        pytest.param(
            replace(BY_METER, observation_type_code="ELECDEMAND"),
            Resolution(
                4,
                ResolutionStep.OBSERVATION_TYPE_CODE,
                None,
                (4,),
                (START, (ResolutionStep.OBSERVATION_TYPE_CODE, (4,))),
            ),
            id="one of the type",
        ),
        pytest.param(
            replace(BY_METER, observation_type_code="MYSTERY"),
            Resolution(
                None, None, ResolutionFailure.UNMATCHED, ALL_NORTH, (START, (ResolutionStep.OBSERVATION_TYPE_CODE, ()))
            ),
            id="none of the type",
        ),
        pytest.param(
            BY_METER,
            Resolution(1, ResolutionStep.UNIT_CODE, None, (1,), (START, TYPED, (ResolutionStep.UNIT_CODE, (1,)))),
            id="one of the type with the unit",
        ),
        pytest.param(
            replace(BY_METER, unit_code="GAL"),
            Resolution(
                None, None, ResolutionFailure.UNMATCHED, (1, 2, 3), (START, TYPED, (ResolutionStep.UNIT_CODE, ()))
            ),
            id="none of the type with the unit",
        ),
        pytest.param(
            replace(BY_METER, unit_code="KW", interval_seconds=3600),
            Resolution(
                3, ResolutionStep.INTERVAL, None, (3,), (START, TYPED, AT_UNIT, (ResolutionStep.INTERVAL, (3,)))
            ),
            id="one of type and unit with the interval",
        ),
        pytest.param(
            replace(BY_METER, unit_code="KW", interval_seconds=300),
            Resolution(
                None, None, ResolutionFailure.UNMATCHED, (2, 3), (START, TYPED, AT_UNIT, (ResolutionStep.INTERVAL, ()))
            ),
            id="none of type and unit with the interval",
        ),
        pytest.param(
            replace(BY_METER, unit_code="KW", interval_seconds=None),
            Resolution(None, None, ResolutionFailure.AMBIGUOUS, (2, 3), (START, TYPED, AT_UNIT)),
            id="several of type and unit, and no interval",
        ),
        pytest.param(
            replace(BY_METER, observation_type_code="GASUSE"),
            Resolution(
                None,
                None,
                ResolutionFailure.UNMATCHED,
                (5, 6),
                (
                    START,
                    (ResolutionStep.OBSERVATION_TYPE_CODE, (5, 6)),
                    (ResolutionStep.UNIT_CODE, (5, 6)),
                    (ResolutionStep.INTERVAL, ()),
                ),
            ),
            id="calculated channels have no interval to match",
        ),
        pytest.param(
            replace(BY_METER, meter_import_id=None),
            Resolution(None, None, ResolutionFailure.NO_IDENTIFIER, (), ()),
            id="a type, unit and interval identify nothing",
        ),
    ],
)
def test_identifiers_resolve_as_the_vendor_page_says(identifiers: Identifiers, expected: Resolution) -> None:
    assert resolve(identifiers, CHANNELS) == expected


def test_a_channel_whose_unit_could_not_be_read_may_have_the_one_that_is_asked_for() -> None:
    unread = make_live(2, {f"{V}unitId": None}, unread=frozenset({f"{V}unitCode"}))
    channels = make_index((make_live(1, {f"{V}unitId": 2}), unread, make_live(3)))

    assert resolve(replace(BY_METER, interval_seconds=None), channels) == Resolution(
        None,
        None,
        ResolutionFailure.AMBIGUOUS,
        (2, 3),
        (
            (ResolutionStep.ONLY_CHANNEL, (1, 2, 3)),
            (ResolutionStep.OBSERVATION_TYPE_CODE, (1, 2, 3)),
            (ResolutionStep.UNIT_CODE, (2, 3)),
        ),
    )


def test_channels_with_the_same_interval_stay_ambiguous() -> None:
    twins = make_index((make_live(1), make_live(2)))

    assert resolve(BY_METER, twins).candidates == (1, 2)
    assert resolve(BY_METER, twins).failure is ResolutionFailure.AMBIGUOUS


def test_the_meter_is_the_import_id_of_the_data_point_not_its_code() -> None:
    assert resolve(Identifiers(meter_import_id=NORTH.code), CHANNELS).failure is ResolutionFailure.UNMATCHED


ONE, TWO = make_live(1), make_live(2, {"channelImportId": None}, data_point=SOUTH)
THREE = make_calculated(3, "channel(1) + channel(1) / channel( 2 )")


def test_channels_are_indexed_by_every_identifier_in_the_order_of_their_ids() -> None:
    index = make_index((THREE, TWO, ONE))

    assert list(index.by_id.values()) == [ONE, TWO, THREE]
    assert index.by_import_id == {"C-1": [ONE], "C-3": [THREE]}
    assert index.by_meter == {NORTH.import_id: [ONE, THREE], SOUTH.import_id: [TWO]}
    assert index.by_data_point == {NORTH.id: [ONE, THREE], SOUTH.id: [TWO]}


def test_a_data_point_without_an_import_id_is_not_indexed_by_meter() -> None:
    assert make_index((make_live(1, data_point=replace(NORTH, import_id=None)),)).by_meter == {}


def test_a_channel_is_used_by_the_formulas_of_all_versions() -> None:
    versioned = add_older_version(make_calculated(4, "channel(1)"), "2024-01-01", **{f"{V}formula": "channel(9)"})

    users = find_users(make_index((versioned, THREE)))

    assert users == {1: [THREE, versioned], 2: [THREE], 9: [versioned]}


@pytest.mark.parametrize("reference", ["north", "\N{ARABIC-INDIC DIGIT THREE}", "\N{SUPERSCRIPT TWO}", "-1"])
def test_a_reference_that_is_not_of_plain_digits_is_not_an_id(reference: str) -> None:
    assert find_inputs((f"channel({reference})",)) == ()


@pytest.mark.parametrize(
    ("digits", "ids"), [("00" * 9 + "42", (42,)), ("9" * 20, (int("9" * 20),)), ("9" * 21, ()), ("9" * 5000, ())]
)
def test_a_number_that_is_too_long_is_not_an_id(digits: str, ids: tuple[int, ...]) -> None:
    assert find_inputs((f"channel({digits})",)) == ids


def test_inputs_are_ids_in_order_each_once_without_names() -> None:
    assert find_inputs(("channel(20) + channel(3)", "channel(20) - channel(north)")) == (20, 3)
