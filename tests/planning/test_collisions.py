"""Channels of the files that get in each other's way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.identifiers import Identifiers
from reconciler.planning.offline_checks import check_collisions, find_identity, show_identifiers
from tests.planning.offline_files import make_channel, tell

if TYPE_CHECKING:
    from reconciler.model.channels import Desired


def find_codes(*channels: Desired) -> list[str]:
    return [finding.code for finding in check_collisions(channels)]


def test_two_channels_that_want_one_import_id_are_told_with_both_places() -> None:
    first = make_channel("first", {"channelImportId": "NB-01"}, line=3)
    second = make_channel("second", {"channelImportId": "NB-01"}, file="channels/south.yaml", line=9)

    assert tuple(check_collisions((first, second))) == (
        Finding(
            code="ESA221",
            severity=Severity.ERROR,
            message='channelImportId is already used by first (channels/north.yaml:3), found "NB-01"',
            location=Location("channels/south.yaml", 9, path=("channels", "second", "channelImportId")),
            fix="give each channel an import id of its own",
        ),
    )


def test_every_further_channel_of_an_import_id_is_told() -> None:
    channels = [make_channel(name, {"channelImportId": "NB-01"}) for name in "abc"]

    assert [keys for _, keys, _ in tell(check_collisions(channels))] == [
        "channels b channelImportId",
        "channels c channelImportId",
    ]


def test_an_import_id_that_another_channel_keeps_is_told_where_it_stands() -> None:
    wants = make_channel("wants", {"channelImportId": "NB-01"})
    keeps = make_channel("keeps", select=Identifiers(channel_import_id="NB-01"))

    assert tell(check_collisions((wants, keeps))) == [
        (
            "ESA221",
            "channels keeps select channelImportId",
            'channelImportId is already used by wants (channels/north.yaml:7), found "NB-01"',
        )
    ]


@pytest.mark.parametrize("import_id", [None, "", " "])
def test_channels_without_an_import_id_do_not_collide(import_id: str | None) -> None:
    assert find_codes(*(make_channel(name, {"channelImportId": import_id}) for name in "ab")) == []


def test_two_channels_may_exchange_their_import_ids() -> None:
    first = make_channel("first", {"channelImportId": "B"}, select=Identifiers(channel_import_id="A"))
    second = make_channel("second", {"channelImportId": "A"}, select=Identifiers(channel_import_id="B"))

    assert find_codes(first, second) == []


@pytest.mark.parametrize(("path", "code"), [("isPrimaryValue", "ESA222"), ("isPrimaryDemand", "ESA223")])
def test_a_data_point_has_one_primary_over_all_files(path: str, code: str) -> None:
    first = make_channel("first", {path: True}, data_point="NB-01", line=3)
    second = make_channel("second", {path: True}, data_point="NB-01", file="channels/south.yaml")

    assert tell(check_collisions((first, second))) == [
        (
            code,
            f"channels second {path}",
            f"{path} is already true for first (channels/north.yaml:3), found another on data point NB-01",
        )
    ]


@pytest.mark.parametrize(
    ("value", "data_point"),
    [(True, None), (True, "SB-01"), (False, "NB-01")],
    ids=["data point not known", "another data point", "given up"],
)
def test_primaries_that_do_not_meet_are_sound(value: bool, data_point: str | None) -> None:
    first = make_channel("first", {"isPrimaryValue": True}, data_point="NB-01")

    assert find_codes(first, make_channel("second", {"isPrimaryValue": value}, data_point=data_point)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Identifiers(channel_id=7), Identifiers(channel_id=7, channel_import_id="NB-01")),
        (Identifiers(channel_import_id="NB-01"), Identifiers(channel_import_id="NB-01", unit_code="KWH")),
        (Identifiers(meter_import_id="NB", unit_code="KWH"), Identifiers(meter_import_id="NB", unit_code="KWH")),
    ],
    ids=["by id", "by import id", "by data point"],
)
def test_two_channels_that_find_one_live_channel_are_told(one: Identifiers, other: Identifiers) -> None:
    assert find_codes(make_channel("first", select=one), make_channel("second", select=other)) == ["ESA332"]


def test_two_channels_of_one_live_channel_are_told_with_what_finds_it() -> None:
    first = make_channel("first", select=Identifiers(channel_id=7), line=3)
    second = make_channel("second", select=Identifiers(channel_id=7))

    assert tell(check_collisions((first, second))) == [
        (
            "ESA332",
            "channels second select channelId",
            "channel points to the live channel of first (channels/north.yaml:3), found channelId 7",
        )
    ]


def test_channels_found_by_the_import_id_they_both_want_are_told_once() -> None:
    pointers = Identifiers(channel_import_id="NB-01")
    first = make_channel("first", {"channelImportId": "NB-01"}, select=pointers)

    assert find_codes(first, make_channel("second", select=pointers)) == ["ESA221"]


def test_channels_found_by_one_import_id_that_want_others_are_told() -> None:
    pointers = Identifiers(channel_import_id="NB-01")
    channels = (make_channel(name, {"channelImportId": f"NB-{name}"}, select=pointers) for name in "ab")

    assert find_codes(*channels) == ["ESA332"]


@pytest.mark.parametrize("select", [None, Identifiers(), Identifiers(unit_code="KWH")])
def test_channels_without_an_identifier_do_not_collide(select: Identifiers | None) -> None:
    assert find_codes(make_channel("first", select=select), make_channel("second", select=select)) == []


def test_an_empty_text_identifies_nothing() -> None:
    assert find_identity(Identifiers(channel_import_id="", meter_import_id="")) is None


def test_pointers_are_shown_as_far_as_given() -> None:
    pointers = Identifiers(meter_import_id="NB", observation_type_code="ELECUSE", unit_code="KWH", interval_seconds=900)

    assert show_identifiers(pointers) == (
        "data point or meter NB, observationTypeCode ELECUSE, unitCode KWH, interval in seconds 900"
    )
