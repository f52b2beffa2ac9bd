"""What formulas in the files refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.identifiers import Identifiers
from reconciler.planning.formula_checks import check_references
from tests.planning.offline_files import FORMULA, make_channel, make_formula, tell

if TYPE_CHECKING:
    from reconciler.model.channels import Desired

USE = make_channel("nb-elec-use", {"isCalculated": False}, line=3, select=Identifiers(channel_id=1042))


def find_codes(*channels: Desired) -> list[str]:
    return [finding.code for finding in check_references(channels)]


def test_a_simple_channel_by_name_is_sound() -> None:
    assert find_codes(USE, make_formula("nb-elec-losses", "channel(nb-elec-use) * 0.03")) == []


def test_an_unknown_name_gets_the_nearest_one() -> None:
    (finding,) = check_references((USE, make_formula("nb-elec-losses", "2 * Channel( nb-elec-uze )")))

    assert finding == Finding(
        code="ESA320",
        severity=Severity.ERROR,
        message="formula names an unknown channel, found channel(nb-elec-uze)",
        location=Location(
            "channels/north.yaml",
            7,
            path=("channels", "nb-elec-losses", "esaChannelVersion", "formula"),
            fragment="Channel( nb-elec-uze )",
        ),
        fix="did you mean  channel(nb-elec-use)",
    )


def test_an_import_id_in_a_formula_is_answered_with_the_name_of_its_channel() -> None:
    use = make_channel("nb-electricity", {"channelImportId": "NB-USE"})
    net = make_formula("nb-net-use", "channel(NB-USE) * 0.97")

    assert [finding.fix for finding in check_references((use, net))] == ["did you mean  channel(nb-electricity)"]


def test_an_unknown_name_without_a_near_one_gets_the_general_way_out() -> None:
    (finding,) = check_references((USE, make_formula("nb-elec-losses", "channel(steam)")))

    assert finding.fix == "write the name of a channel in these files, or the id of one that is not managed here"


def test_an_id_that_no_file_points_to_is_not_judged() -> None:
    assert find_codes(USE, make_formula("nb-elec-losses", "channel(1077) + channel(99999999999999999999)")) == []


@pytest.mark.parametrize("reference", ["1042", "001042"])
def test_the_id_of_a_managed_channel_is_noted(reference: str) -> None:
    (finding,) = check_references((USE, make_formula("nb-elec-losses", f"channel({reference}) * 0.03")))

    assert (finding.code, finding.severity) == ("ESA321", Severity.NOTE)
    assert finding.detail == ("the same channel: nb-elec-use (channels/north.yaml:3)",)
    assert finding.fix == "write  channel(nb-elec-use)"


@pytest.mark.parametrize(
    "used",
    [
        make_channel("total", {"isCalculated": True}, select=Identifiers(channel_id=1042)),
        make_channel("use", data_point="SB-01", select=Identifiers(channel_id=1042)),
    ],
    ids=["calculated", "on another data point"],
)
def test_the_id_of_a_channel_that_may_not_be_named_is_not_judged(used: Desired) -> None:
    assert find_codes(used, make_formula("campus", "channel(1042) * 2", data_point="NB-01")) == []


@pytest.mark.parametrize(
    ("spec", "codes"),
    [
        ({"isCalculated": True}, ["ESA322"]),
        ({FORMULA: "channel(1042)"}, ["ESA322"]),
        ({FORMULA: "channel(1042)", "isCalculated": False}, []),
        ({FORMULA: None}, []),
        ({FORMULA: ""}, []),
        ({}, []),
    ],
    ids=["calculated", "has a formula", "said to be simple", "null formula", "blank formula", "nothing managed"],
)
def test_a_calculated_channel_may_not_be_used(spec: dict[str, str | bool | None], codes: list[str]) -> None:
    assert find_codes(make_channel("other", spec), make_formula("user", "channel(other)")) == codes


def test_a_calculated_channel_is_told_with_its_place() -> None:
    other = make_formula("other", "channel(1077)", file="channels/south.yaml", line=12)

    (finding,) = check_references((other, make_formula("user", "channel(other) * 2")))

    assert finding.message == "formula uses a calculated channel, found channel(other)"
    assert finding.detail == ("calculated: other (channels/south.yaml:12)",)


@pytest.mark.parametrize("reference", ["self", "7"])
def test_its_own_channel_may_not_be_used(reference: str) -> None:
    channel = make_formula("self", f"channel({reference}) + 1", select=Identifiers(channel_id=7))

    assert find_codes(channel) == ["ESA323"]


def test_a_circle_is_told_once_with_all_its_channels() -> None:
    channels = (
        make_formula("c", "channel(a)", line=30),
        make_formula("a", "channel(b)", line=10),
        make_formula("b", "channel(c)", line=20),
        make_formula("d", "channel(a)", line=40),
    )

    circle, calculated = check_references(channels)

    assert tell([circle]) == [
        ("ESA324", "channels a esaChannelVersion formula", "formulas go round in a circle, found a → b → c → a")
    ]
    assert circle.detail == ("in the circle: b (channels/north.yaml:20)", "in the circle: c (channels/north.yaml:30)")
    assert tell([calculated]) == [
        ("ESA322", "channels d esaChannelVersion formula", "formula uses a calculated channel, found channel(a)")
    ]


def test_a_long_circle_is_cut() -> None:
    names = [f"c{number:02}" for number in range(20)]
    channels = [make_formula(name, f"channel(c{(number + 1) % 20:02})") for number, name in enumerate(names)]

    (finding,) = check_references(channels)

    assert finding.message.endswith("found c00 → c01 → c02 → c03 → c04 → c05 → c06 → ... 13 more → c00")
    assert len(finding.detail) == 7


@pytest.mark.parametrize(
    ("here", "there", "codes"),
    [("NB-01", "SB-01", ["ESA325"]), ("NB-01", "NB-01", []), (None, "SB-01", []), ("NB-01", None, [])],
    ids=["another", "the same", "its own not known", "the other's not known"],
)
def test_channels_of_another_data_point_may_not_be_used(here: str | None, there: str | None, codes: list[str]) -> None:
    user = make_formula("user", "channel(other)", data_point=here)

    assert find_codes(make_channel("other", data_point=there), user) == codes


def test_both_data_points_are_told() -> None:
    other = make_channel("other", file="channels/south.yaml", data_point="SB-01")

    (finding,) = check_references((other, make_formula("user", "channel(other)", data_point="NB-01")))

    assert finding.detail == (
        "this channel: data point NB-01",
        "other (channels/south.yaml:7): data point SB-01",
    )
