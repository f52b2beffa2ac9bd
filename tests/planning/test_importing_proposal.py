"""What the files would say of channels that they do not manage yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.definitions.channel_writer import is_representable
from reconciler.model.channels import Definitions, Desired, Live, Snapshot
from reconciler.model.identifiers import Identifiers
from reconciler.planning.importing.drafting import Proposal, list_new, propose
from reconciler.planning.importing.naming import Head, ImportOptions, Skipped
from reconciler.planning.importing.selection import make_inventory
from tests.planning.tenant import REFERENCE, SOUTH, V, make_calculated, make_desired, make_live

if TYPE_CHECKING:
    from reconciler.model.values import Spec, Value

HOME = "channels/north.yaml"
NEW_FILE = "channels/north-building/nb-elec.yaml"
TERMS = ImportOptions(is_representable)


def propose_all(live: list[Live], managed: tuple[Desired, ...] = (), heads: dict[str, Head] | None = None) -> Proposal:
    definitions = Definitions(managed, (), (HOME,) if managed else (), "sha256:0")
    survey = make_inventory(definitions, Snapshot(tuple(live), REFERENCE))
    return propose(list_new(live, survey), survey, definitions, heads or {}, TERMS)


def plain(name: str, id_: int, info: str, **others: Value) -> Desired:
    """A channel as an import writes one that has nothing special."""
    spec: Spec = {
        "channelInfo": info,
        "channelImportId": f"C-{id_}",
        "observationTypeCode": "ELECUSE",
        "summarizationMethod": "Sum",
        "intervalMinutes": 15,
        f"{V}unitCode": "KWH",
        f"{V}observationRule": "Trip",
        f"{V}multiplier": 1,
        **others,
    }
    return Desired(name, NEW_FILE, 0, Identifiers(channel_import_id=f"C-{id_}"), spec, "NB-ELEC")


def test_a_channel_is_proposed_in_the_words_of_files() -> None:
    assert propose_all([make_live(1)]) == Proposal((plain("nb-elec-use", 1, "Use"),), ())


def test_managed_channels_are_left_alone_and_formulas_name_them() -> None:
    net = make_calculated(3, "channel(1) - channel(2)", {"channelInfo": "Net"})

    proposal = propose_all([make_live(1), make_live(2, {"channelInfo": "Losses"}), net], (make_desired("mine", 1),))

    assert [(channel.name, channel.file, channel.spec.get(f"{V}formula")) for channel in proposal.channels] == [
        ("nb-elec-losses", HOME, None),
        ("nb-elec-net", HOME, "channel(mine) - channel(nb-elec-losses)"),
    ]


def test_a_channel_that_joins_a_file_answers_its_defaults() -> None:
    defaults: Spec = {"intervalMinutes": 60, "channelDescription": "roof", f"{V}unitId": 9, "isPrimaryDemand": True}
    new = [make_live(2), make_calculated(3, "channel(1)", {"channelInfo": "Sum"})]

    proposal = propose_all([make_live(1), *new], (make_desired("mine", 1),), {HOME: Head("NB-ELEC-01", defaults)})

    answers: Spec = {"channelDescription": None, "isPrimaryDemand": False}
    assert proposal.channels[0] == replace(
        plain("nb-elec-use", 2, "Use", **answers), file=HOME, data_point="NB-ELEC-01"
    )
    assert proposal.channels[1].spec == {
        **{path: value for path, value in plain("", 3, "Sum", **answers).spec.items() if path != "intervalMinutes"},
        "isCalculated": True,
        f"{V}formula": "channel(mine)",
    }


@pytest.mark.parametrize(
    ("defaults", "reason"),
    [
        ({"summarizationMethod": "Sum"}, f"the defaults of {HOME} give it another summarizationMethod"),
        ({f"{V}rolloverValue": 5}, "refused by ESA214: rolloverValue is set under the Trip rule."),
    ],
    ids=["a value that no file can hold", "a value that no rule allows"],
)
def test_a_channel_that_the_defaults_would_change_stays_out(defaults: Spec, reason: str) -> None:
    odd = make_live(2, {"summarizationMethodId": None, f"{V}rolloverValue": 100})

    proposal = propose_all([make_live(1), odd], (make_desired("mine", 1),), {HOME: Head(None, defaults)})

    assert proposal == Proposal((), (*proposal.left_out[:-1], Skipped("nb-elec-use", "", reason)))


@pytest.mark.parametrize(
    ("values", "left_out"),
    [
        ({"channelInfo": "a\x07"}, ["channelInfo: a file cannot hold this value"]),
        ({f"{V}offset": 0.1 + 0.2}, [f"{V}offset: a file cannot hold this value"]),
        (
            {f"{V}rolloverValue": 100},
            [f"{V}rolloverValue: refused by ESA214: rolloverValue is set under the Trip rule."],
        ),
        ({"channelInfo": " "}, ["channelInfo: refused by ESA212: A channel has no name in EnergyCAP."]),
        (
            {f"{V}formula": "channel(1)", "isCalculated": True, "intervalMinutes": None},
            [f"{V}formula: refused by ESA323: A formula uses its own channel."],
        ),
        (
            {f"{V}formula": "channel((", "isCalculated": True, "intervalMinutes": None},
            [f"{V}formula: refused by ESA207: A formula has unbalanced parentheses."],
        ),
    ],
)
def test_what_a_file_cannot_say_stays_out_and_is_told(values: Spec, left_out: list[str]) -> None:
    odd = make_live(1, {**values, "channelImportId": None, "observationTypeId": 99})

    proposal = propose_all([odd])

    assert [f"{left.path}: {left.reason}" for left in proposal.left_out] == left_out
    assert [channel.select for channel in proposal.channels] == [Identifiers(channel_id=1)]


def test_of_two_that_cannot_both_be_one_is_left_unmanaged() -> None:
    twins = [make_live(id_, {"isPrimaryValue": True, "channelInfo": f"Use {id_}"}) for id_ in (1, 2)]

    proposal = propose_all(twins)

    assert [channel.spec.get("isPrimaryValue") for channel in proposal.channels] == [True, None]
    assert [str(left.reason) for left in proposal.left_out] == [
        "refused by ESA222: A data point has more than one primary value channel."
    ]


def test_an_import_id_that_two_have_is_managed_for_neither() -> None:
    twins = [make_live(1), make_live(2, {"channelImportId": "C-1", f"{V}unitId": 2})]

    proposal = propose_all(twins)

    assert {left.reason for left in proposal.left_out} == {"another channel has the same import id"}
    assert all("channelImportId" not in channel.spec for channel in proposal.channels)


def test_the_wishes_of_the_files_come_first() -> None:
    """A file that gives the primary value to its own channel, and the import id of another one, is not contradicted."""
    mine = make_desired("mine", 1, {"isPrimaryValue": True, "channelImportId": "C-2"}, data_point="NB-ELEC")
    other = make_live(2, {"isPrimaryValue": True})

    proposal = propose_all([make_live(1), other], (mine,), {HOME: Head("NB-ELEC")})

    assert [(left.path, left.reason.partition(":")[0]) for left in proposal.left_out] == [
        ("channelImportId", "refused by ESA221"),
        ("isPrimaryValue", "refused by ESA222"),
        ("select.channelImportId", "refused by ESA221"),
    ]
    assert proposal.channels[0].select == Identifiers(channel_id=2)


def test_a_channel_that_a_formula_may_not_name_is_imported_all_the_same_if_the_formula_has_its_id() -> None:
    user = make_desired("user", 1, {f"{V}formula": "channel(2) * 2", "isCalculated": True}, data_point="SB-ELEC")
    nameless: Spec = {"channelImportId": None, "observationTypeId": 99}

    proposal = propose_all([make_calculated(1, "channel(2) * 2", data_point=SOUTH), make_live(2, nameless)], (user,))

    assert [(channel.name, channel.select) for channel in proposal.channels] == [
        ("nb-elec-use", Identifiers(channel_id=2))
    ]
    assert proposal.left_out == ()


def test_files_are_in_order_and_channels_by_id_within() -> None:
    channels = [make_live(4), make_live(2, data_point=SOUTH), make_live(3, {"channelInfo": "A"})]

    assert [(channel.file, channel.name) for channel in propose_all(channels).channels] == [
        (NEW_FILE, "nb-elec-a"),
        (NEW_FILE, "nb-elec-use"),
        ("channels/south-building/sb-elec.yaml", "sb-elec-use"),
    ]
