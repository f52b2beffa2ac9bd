"""Reference data: what the service lists, and what only its channels show."""

from __future__ import annotations

import pytest

from reconciler.energycap.reference import make_reference, types_from_response, units_from_response
from reconciler.energycap.wire import live_from_response
from reconciler.errors import BadAnswer
from reconciler.model.reference import ObservationType, Reference, SummarizationMethod, Unit
from tests.energycap.documents import make_channel, make_version


def test_units_are_read_with_their_type() -> None:
    units = units_from_response(
        [
            {
                "unitId": 2,
                "unitCode": "USD",
                "unitType": {"unitTypeId": 9, "unitTypeCode": "M", "unitTypeInfo": "Money"},
            },
            {"unitId": 1, "unitCode": "KWH", "unitInfo": "Kilowatt hour"},
        ]
    )

    assert units == {1: Unit(1, "KWH"), 2: Unit(2, "USD", "M", "Money")}


def test_observation_types_are_read_with_their_noun() -> None:
    types = types_from_response(
        [
            {"observationTypeId": 4, "observationTypeCode": "ELECDEM", "nounCode": "Demand"},
            {"observationTypeId": 3, "observationTypeCode": "ELECUSE", "nounCode": None},
        ]
    )

    assert types == {3: ObservationType(3, "ELECUSE"), 4: ObservationType(4, "ELECDEM", "Demand")}


@pytest.mark.parametrize(
    ("document", "flaw"),
    [
        ({}, "the list of units: the answer should be a list of objects, found an object"),
        ([7], "the list of units: the answer should be a list of objects, found a list of other things"),
        ([{"unitId": "1"}], "the list of units: unitId should be an id, found text"),
        ([{"unitId": 1}], "the list of units: unitCode should be text, found nothing"),
        ([{"unitId": 1, "unitCode": "A", "unitType": 7}], "the list of units: unitType should be an object, found 7"),
    ],
)
def test_a_list_of_units_that_is_none_is_refused(document: object, flaw: str) -> None:
    with pytest.raises(BadAnswer) as failure:
        units_from_response(document)

    assert failure.value.message == f"the service's answer cannot be used: {flaw}"


def test_a_list_of_observation_types_that_is_none_is_refused() -> None:
    with pytest.raises(BadAnswer) as failure:
        types_from_response([{"observationTypeId": 3}])

    assert failure.value.message == (
        "the service's answer cannot be used: "
        "the list of observation types: observationTypeCode should be text, found nothing"
    )


def test_what_only_channels_show_is_added_and_all_is_ordered_by_id() -> None:
    old = make_version(unit={"unitId": 8, "unitCode": "M3"}, channelVersionId=1, endDate="2026-01-01")
    new = make_version(beginDate="2026-01-01")
    channels = [
        live_from_response(make_channel(channelVersions=[old, new])),
        live_from_response(
            make_channel(
                observationType={"observationTypeId": 2, "observationTypeCode": "GASUSE"},
                summarizationMethod={"summarizationMethodId": 4, "summarizationMethodInfo": "Max"},
            )
        ),
    ]

    reference = make_reference({1: Unit(1, "kWh")}, {3: ObservationType(3, "ELECUSE", "Use")}, channels)

    assert reference == Reference(
        units=(Unit(1, "kWh"), Unit(8, "M3")),
        observation_types=(ObservationType(2, "GASUSE"), ObservationType(3, "ELECUSE", "Use")),
        summarization_methods=(SummarizationMethod(4, "Max"), SummarizationMethod(5, "Sum")),
    )


def test_what_channels_show_without_id_or_name_teaches_nothing() -> None:
    channel = make_channel(
        observationType={"observationTypeId": 2},
        summarizationMethod={"summarizationMethodInfo": "Max"},
        channelVersions=[make_version(unit=None)],
    )

    assert make_reference({}, {}, [live_from_response(channel)]) == Reference()
