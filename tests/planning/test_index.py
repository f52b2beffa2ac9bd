"""Live channels by what points at them."""

from __future__ import annotations

from msgspec.structs import replace

from reconciler.planning.identification import find_inputs, find_users, make_index
from tests.planning.tenant import NORTH, SOUTH, V, add_older_version, make_calculated, make_live

ONE, TWO = make_live(1), make_live(2, {"channelImportId": None}, data_point=SOUTH)
THREE = make_calculated(3, "channel(1) + channel(1) / channel( 2 )")


def test_channels_are_found_by_every_pointer_in_the_order_of_their_ids() -> None:
    index = make_index((THREE, TWO, ONE))

    assert list(index.by_id.values()) == [ONE, TWO, THREE]
    assert index.by_import_id == {"C-1": [ONE], "C-3": [THREE]}
    assert index.by_meter == {NORTH.import_id: [ONE, THREE], SOUTH.import_id: [TWO]}
    assert index.by_data_point == {NORTH.id: [ONE, THREE], SOUTH.id: [TWO]}


def test_a_data_point_without_an_import_id_has_no_pointer() -> None:
    assert make_index((make_live(1, data_point=replace(NORTH, import_id=None)),)).by_meter == {}


def test_a_channel_is_used_by_the_formulas_of_all_versions() -> None:
    versioned = add_older_version(make_calculated(4, "channel(1)"), "2024-01-01", **{f"{V}formula": "channel(9)"})

    users = find_users(make_index((versioned, THREE)))

    assert users == {1: [THREE, versioned], 2: [THREE], 9: [versioned]}


def test_inputs_are_ids_in_order_each_once_and_names_are_none() -> None:
    assert find_inputs(("channel(20) + channel(3)", "channel(20) - channel(north)")) == (20, 3)
