"""Which live channels an import takes."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from reconciler.model.channels import Definitions, Desired, Live, Snapshot
from reconciler.planning.importing.selection import ChannelFilter, Inventory, make_inventory, select_channels
from tests.planning.tenant import REFERENCE, SOUTH, make_desired, make_live

LIVE = (
    make_live(1),
    make_live(2, {"channelInfo": "Net"}),
    make_live(3, data_point=SOUTH),
    make_live(4, data_point=replace(SOUTH, id=300, code=None, import_id=None, place_code=None, place_name=None)),
)
MINE = make_desired("mine", 1)


def inventory_of(*managed: Desired, live: tuple[Live, ...] = LIVE) -> Inventory:
    return make_inventory(Definitions(managed, (), (), "sha256:0"), Snapshot(live, REFERENCE))


def test_an_inventory_names_every_channel() -> None:
    inventory = inventory_of(MINE)

    assert (inventory.managed, inventory.names, inventory.files) == (
        frozenset({1}),
        {1: "mine", 2: "nb-elec-net", 3: "sb-elec-use", 4: "south-electricity-use"},
        {100: "channels/north.yaml"},
    )


def test_a_channel_that_two_files_select_is_managed_and_has_no_name() -> None:
    inventory = inventory_of(MINE, make_desired("yours", 1), make_desired("lost", 99))

    assert (inventory.managed, inventory.names.get(1), inventory.files) == (frozenset({1}), None, {})


def test_the_name_of_a_channel_that_was_not_found_is_not_given_to_another() -> None:
    assert inventory_of(make_desired("nb-elec-net", 99)).names[2] == "nb-elec-net-elecuse"


@pytest.mark.parametrize(
    ("filter_", "ids"),
    [
        (ChannelFilter(), [1, 2, 3, 4]),
        (ChannelFilter(only=("mine", "sb-*")), [1, 3]),
        (ChannelFilter(data_points=("NB-ELEC",)), [1, 2]),
        (ChannelFilter(data_points=("SB-ELEC-0?",)), [3]),
        (ChannelFilter(places=("NB",)), [1, 2]),
        (ChannelFilter(places=("South *",)), [3]),
        (ChannelFilter(places=("SB", "NB"), only=("*-use",)), [3]),
    ],
)
def test_channels_are_selected_by_name_data_point_and_place(filter_: ChannelFilter, ids: list[int]) -> None:
    selected, findings = select_channels(inventory_of(MINE), filter_)

    assert ([live.id for live in selected], findings) == (ids, ())


@pytest.mark.parametrize(
    ("filter_", "messages"),
    [
        (ChannelFilter(only=("nb-gas", "mine")), ['no channel matches the pattern, found "nb-gas"']),
        (ChannelFilter(data_points=("nb-elec",)), ['no data point matches the pattern, found "nb-elec"']),
        (ChannelFilter(places=("WB", "WB")), ['no place matches the pattern, found "WB"']),
        (ChannelFilter(only=("mine",), places=("SB",)), ["no channel matches all of these options"]),
    ],
)
def test_a_pattern_that_matches_nothing_is_an_error(filter_: ChannelFilter, messages: list[str]) -> None:
    _, findings = select_channels(inventory_of(MINE), filter_)

    assert [(finding.code, finding.message) for finding in findings] == [("ESA307", message) for message in messages]


def test_a_tenant_without_channels_has_nothing_to_select() -> None:
    assert select_channels(inventory_of(live=()), ChannelFilter()) == ((), ())
