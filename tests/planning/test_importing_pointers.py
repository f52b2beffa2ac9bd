"""The pointers by which an imported channel is found again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from msgspec.structs import replace

from reconciler.definitions.channel_writer import is_representable
from reconciler.model.identifiers import Identifiers
from reconciler.planning.identification import make_index, resolve
from reconciler.planning.importing.drafting import find_pointers, has_own_import_id
from tests.cases import note_case
from tests.planning.tenant import NORTH, V, make_calculated, make_live
from tests.planning.tenants import lives, neighbours

if TYPE_CHECKING:
    from reconciler.model.channels import Live

NAMELESS = {"channelImportId": None}
USE = make_live(1, NAMELESS)


@pytest.mark.parametrize(
    ("live", "others", "expected"),
    [
        pytest.param(make_live(1), [], Identifiers(channel_import_id="C-1"), id="its import id"),
        pytest.param(
            make_live(1),
            [make_live(2, {"channelImportId": "C-1"})],
            Identifiers(channel_id=1),
            id="its id, where the import id is not its own and nothing else is",
        ),
        pytest.param(
            USE,
            [make_live(2, {"observationTypeId": 11})],
            Identifiers(meter_import_id="NB-ELEC-01", observation_type_code="ELECUSE"),
            id="its observation type",
        ),
        pytest.param(
            USE,
            [make_live(2, {f"{V}unitId": 2})],
            Identifiers(meter_import_id="NB-ELEC-01", observation_type_code="ELECUSE", unit_code="KWH"),
            id="its unit",
        ),
        pytest.param(
            USE,
            [make_live(2, {"intervalMinutes": 60})],
            Identifiers(
                meter_import_id="NB-ELEC-01", observation_type_code="ELECUSE", unit_code="KWH", interval_seconds=900
            ),
            id="its interval",
        ),
        pytest.param(
            make_calculated(1, "channel(2)", NAMELESS),
            [make_live(2)],
            Identifiers(channel_id=1),
            id="no interval to go by",
        ),
        pytest.param(
            replace(USE, data_point=replace(NORTH, import_id=None)),
            [],
            Identifiers(channel_id=1),
            id="no import id at all",
        ),
        pytest.param(
            make_live(1, {"channelImportId": "bell \x07"}),
            [],
            Identifiers(meter_import_id="NB-ELEC-01", observation_type_code="ELECUSE"),
            id="an import id that no file can hold",
        ),
        pytest.param(
            make_live(1, {"channelImportId": " ", "observationTypeId": 99}), [], Identifiers(channel_id=1), id="no type"
        ),
    ],
)
def test_a_channel_is_pointed_to_by_what_is_its_own(live: Live, others: list[Live], expected: Identifiers) -> None:
    assert find_pointers(live, make_index([live, *others]), is_representable) == expected


@given(lives() | neighbours())
def test_pointers_lead_to_their_channel_and_no_two_are_alike(channels: tuple[Live, ...]) -> None:
    index = make_index(channels)
    pointers = {live.id: find_pointers(live, index, is_representable) for live in channels}

    note_case(reached=any(found.channel_import_id is None for found in pointers.values()))
    assert {id_: resolve(found, index).channel_id for id_, found in pointers.items()} == {id_: id_ for id_ in pointers}
    assert len(set(pointers.values())) == len(channels)


def test_an_import_id_that_two_have_is_nobodys_own() -> None:
    twins = [
        make_live(1),
        make_live(2, {"channelImportId": "C-1"}),
        make_live(3),
        make_live(4, {"channelImportId": ""}),
    ]
    index = make_index(twins)

    assert [has_own_import_id(live, index) for live in twins] == [False, False, True, False]
