"""What a change removes from the files, and which of their names are new or select another channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.identifiers import Identifiers
from reconciler.model.plan import RemovedDefinition
from reconciler.planning.removed import (
    find_renames,
    list_removed,
    removed_findings,
    rename,
    renamed_findings,
    reselected_findings,
)
from tests.planning.offline_files import make_definitions, make_feed
from tests.planning.tenant import V, make_desired, make_live

if TYPE_CHECKING:
    from reconciler.model.channels import Desired
    from reconciler.model.values import Spec

LIVE = (make_live(1), make_live(2, {"channelInfo": "Demand"}))
USE = make_desired("use", 1, {"channelInfo": "Use", f"{V}multiplier": 1})
DEMAND = make_desired("demand", 2)
BASE = make_definitions([USE, DEMAND])


def test_a_channel_with_another_name_and_the_same_live_channel_is_renamed() -> None:
    by_import_id = make_desired("main", 0, select=Identifiers(channel_import_id="C-1"))

    assert find_renames(make_definitions([by_import_id, DEMAND]), BASE, LIVE) == {"use": "main"}


@pytest.mark.parametrize(
    "channel",
    [USE, make_desired("use", 0, {"channelImportId": "C-1"}, select=None)],
    ids=["by its select", "by its import id"],
)
def test_a_channel_with_another_name_and_the_same_identifiers_is_renamed_even_if_it_is_not_live(
    channel: Desired,
) -> None:
    now = make_definitions([replace(channel, name="main"), DEMAND])

    assert find_renames(now, make_definitions([channel, DEMAND]), ()) == {"use": "main"}


def test_a_channel_that_is_gone_is_not_renamed_to_a_new_one() -> None:
    assert find_renames(make_definitions([DEMAND, make_desired("third", 3)]), BASE, LIVE) == {}


@pytest.mark.parametrize(
    ("old_spec", "new_spec"), [({"channelImportId": "OLD"}, {"channelImportId": "NEW"}), ({}, {})], ids=str
)
def test_a_channel_that_is_not_live_is_not_renamed_to_another_that_was_not_there_before(
    old_spec: Spec, new_spec: Spec
) -> None:
    old, new = (make_desired(name, 0, s, select=None) for name, s in (("old", old_spec), ("new", new_spec)))
    base = make_definitions([old, make_desired("third", 3)])
    now = make_definitions([new, make_desired("main", 1)])

    assert find_renames(now, base, LIVE) == {}


def test_renamed_channels_of_the_base_get_their_present_names() -> None:
    assert rename(BASE, {"use": "main"}).channels == (replace(USE, name="main"), DEMAND)


def test_removed_channels_feeds_and_settings_are_listed() -> None:
    by_meter = Identifiers(meter_import_id="NB-ELEC-01")
    base = replace(
        BASE,
        feeds=(
            make_feed("logger", "use", by_meter),
            make_feed("old", "use", Identifiers(channel_id=1)),
            make_feed("edited", "use", Identifiers(channel_id=2)),
        ),
    )
    now = make_definitions(
        [replace(USE, spec={"channelInfo": "Main"})],
        [
            make_feed("renamed", "use", Identifiers(channel_id=1)),
            make_feed("edited", "use", Identifiers(channel_id=3)),
        ],
    )

    assert list_removed(now, base, ()) == (
        RemovedDefinition("channel", "demand", "channels/north.yaml"),
        RemovedDefinition("feed", "logger", "channels/north.yaml"),
        RemovedDefinition("setting", "use", "channels/north.yaml", f"{V}multiplier", 1),
    )


def test_a_setting_by_code_in_place_of_its_id_is_not_removed() -> None:
    base = make_definitions([replace(USE, spec={f"{V}unitId": 1})])

    assert list_removed(make_definitions([replace(USE, spec={f"{V}unitCode": "KWH"})]), base, ()) == ()


def test_patterns_limit_the_removed_channels() -> None:
    nothing = make_definitions([])

    assert [one.name for one in list_removed(nothing, BASE, ("d*",))] == ["demand"]


def test_each_kind_of_removed_definition_is_one_finding() -> None:
    removed = (
        RemovedDefinition("channel", "use", "a.yaml"),
        RemovedDefinition("channel", "demand", "b.yaml"),
        RemovedDefinition("feed", "logger", "b.yaml"),
        RemovedDefinition("setting", "net", "a.yaml", f"{V}multiplier", 2),
    )

    findings = list(removed_findings(removed))

    assert {found.code for found in findings} == {"ESA518"}
    assert [(found.message, found.detail, found.fix.partition(": ")[2]) for found in findings] == [
        (
            "2 channels are no longer managed because of this change",
            ("demand, in b.yaml", "use, in a.yaml"),
            "EnergyCAP keeps them as they are; if not, put them back into the files",
        ),
        (
            "1 feed is no longer managed because of this change",
            ("logger, in b.yaml",),
            "plans no longer check where their readings go; if not, restore the feeds",
        ),
        (
            "1 setting is no longer managed because of this change",
            (f"{V}multiplier of net, which was 2",),
            "EnergyCAP keeps them as they are; if not, put them back into the files",
        ),
    ]


def test_renames_are_noted_under_their_new_names() -> None:
    renames = {"use": "main", "demand": "peak"}

    (all_,) = renamed_findings(renames, ())
    (one,) = renamed_findings(renames, ("p*",))

    assert (all_.message, all_.detail) == (
        "2 channels have another name because of this change",
        ("use → main", "demand → peak"),
    )
    assert (one.message, one.detail) == ("1 channel has another name because of this change", ("demand → peak",))
    assert list(renamed_findings(renames, ("x*",))) == []


def test_a_name_that_selects_another_channel_is_a_warning() -> None:
    now = make_definitions([replace(USE, select=Identifiers(channel_id=2)), make_desired("new", 1)])

    (found,) = reselected_findings(now, BASE, LIVE, ())

    assert (found.code, found.message, found.detail) == (
        "ESA520",
        "1 name now selects another channel in EnergyCAP because of this change",
        ('use: 1 "Use" → 2 "Demand"',),
    )
    assert list(reselected_findings(now, BASE, LIVE, ("u*",))) == [found]
    assert list(reselected_findings(now, BASE, LIVE, ("d*",))) == []


def test_a_name_whose_select_is_out_of_date_and_that_wants_another_interval_is_a_warning() -> None:
    half, hour = (make_live(id_, {"intervalMinutes": minutes}) for id_, minutes in ((1, 30), (2, 60)))
    outdated = Identifiers(meter_import_id="NB-ELEC-01", observation_type_code="ELECUSE", unit_code="KWH")
    before, now = (
        make_definitions(
            [make_desired("use", 0, {"intervalMinutes": minutes}, select=replace(outdated, interval_seconds=900))]
        )
        for minutes in (30, 60)
    )

    (found,) = reselected_findings(now, before, (half, hour), ())

    assert found.detail == ('use: 1 "Use" → 2 "Use"',)


def test_a_name_that_selects_the_same_channel_in_another_way_is_not_a_warning() -> None:
    now = make_definitions([replace(USE, select=Identifiers(channel_import_id="C-1"))])

    assert list(reselected_findings(now, BASE, LIVE, ())) == []
