"""Codes and names in files translated to ids, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.model.channels import ObservationType, ReferenceData, Unit
from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.plan import Blocker
from reconciler.planning.translation import CodeTables, codes_by_id, ids_by_code, list_unread, show_formula, to_ids
from reconciler.rules import make_finding
from tests.planning.tenant import REFERENCE, V, make_desired, make_live

if TYPE_CHECKING:
    from reconciler.model.values import Spec, Value

CODES = codes_by_id(REFERENCE)
VOCABULARY = CodeTables(
    ids=ids_by_code(CODES),
    codes=CODES,
    defined_names={"use", "losses", "lost"},
    channel_ids={"use": 1, "losses": 2},
    channel_names={1: "use", 2: "losses"},
    live_ids={1, 2, 3},
)
LIVE = make_live(1, {"observationTypeId": 12, f"{V}observationRuleId": 1, f"{V}unitId": 3})


def translate(spec: Spec, live: Spec = LIVE.values) -> list[tuple[str, str, str]]:
    """The findings of a translation: code, message, fix."""
    _, found = to_ids(make_desired("use", 1, spec), live, VOCABULARY)
    return [(each.code, each.message, each.fix) for each in found if isinstance(each, Finding)]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({f"{V}unitCode": "KWH"}, {f"{V}unitId": 1}),
        ({f"{V}unitId": 2}, {f"{V}unitId": 2}),
        ({"observationTypeCode": "ELECUSE"}, {"observationTypeId": 10}),
        ({"summarizationMethod": "Average"}, {"summarizationMethodId": 2}),
        ({f"{V}observationRule": "Trip"}, {f"{V}observationRuleId": 2}),
        ({f"{V}formula": "channel(losses) - channel(3)"}, {f"{V}formula": "channel(2) - channel(3)"}),
        ({f"{V}formula": None}, {f"{V}formula": None}),
        ({f"{V}beginDate": "2024-01-01"}, {f"{V}beginDate": "2024-01-01T00:00:00"}),
        ({"channelDescription": ""}, {"channelDescription": ""}),
    ],
)
def test_codes_and_names_are_translated_to_ids(spec: Spec, expected: Spec) -> None:
    assert to_ids(make_desired("use", 1, spec), LIVE.values, VOCABULARY) == (expected, ())


@pytest.mark.parametrize(
    ("path", "value", "message", "fix"),
    [
        (
            f"{V}unitCode",
            "KWHH",
            'unitCode is not known in EnergyCAP, found "KWHH"',
            "write  unitCode: KWH  if that is meant",
        ),
        (
            f"{V}unitCode",
            "MWH",
            'unitCode is not known in EnergyCAP, found "MWH"',
            "one MWH is 1,000 KWH: write  unitCode: KWH  and multiply the multiplier by 1,000",
        ),
        (
            f"{V}unitCode",
            "KL",
            'unitCode is not known in EnergyCAP, found "KL"',
            "write a code that EnergyCAP has; codes are case-sensitive",
        ),
        (
            "observationTypeCode",
            "elecuse",
            'observationTypeCode is not known in EnergyCAP, found "elecuse"',
            "write  observationTypeCode: ELECUSE  if that is meant",
        ),
        (
            f"{V}unitCode",
            "furlong",
            'unitCode is not known in EnergyCAP, found "furlong"',
            "write a code that EnergyCAP has; codes are case-sensitive",
        ),
        (
            "summarizationMethod",
            "Sums",
            'summarizationMethod is not known in EnergyCAP, found "Sums"',
            "write  summarizationMethod: Sum  if that is meant",
        ),
        (
            "summarizationMethod",
            "Maximum",
            'summarizationMethod is not known in EnergyCAP, found "Maximum"',
            "write summarizationMethodId: no channel uses this method yet, so its id is not available",
        ),
    ],
)
def test_an_unknown_code_is_a_finding_with_the_most_similar_one(
    path: str, value: Value, message: str, fix: str
) -> None:
    assert translate({path: value}) == [("ESA310", message, fix)]


@pytest.mark.parametrize(
    ("reference", "path", "code", "fix"),
    [
        pytest.param(
            ReferenceData(observation_types=(ObservationType(10, "KWH"),)),
            "observationTypeCode",
            "MWH",
            "write  observationTypeCode: KWH  if that is meant",
            id="a type code that looks like a unit",
        ),
        pytest.param(
            ReferenceData(units=(Unit(1, "MWHR"),)),
            f"{V}unitCode",
            "MWH",
            "write  unitCode: MWHR  if that is meant",
            id="a unit that nobody knows",
        ),
        pytest.param(
            ReferenceData(units=(Unit(1, "THERMS"),)),
            f"{V}unitCode",
            "THERM",
            "write  unitCode: THERMS  if that is meant",
            id="another spelling of the same unit",
        ),
        pytest.param(
            ReferenceData(units=(Unit(1, "KW"), Unit(2, "KWH"))),
            f"{V}unitCode",
            "KWX",
            "write  unitCode: KW or KWH, whichever is meant",
            id="two that are as similar",
        ),
    ],
)
def test_similar_codes_are_suggested_unless_they_are_known_as_other_units(
    reference: ReferenceData, path: str, code: str, fix: str
) -> None:
    codes = codes_by_id(reference)
    tables = replace(VOCABULARY, ids=ids_by_code(codes), codes=codes)

    _, (found,) = to_ids(make_desired("use", 1, {path: code}), {}, tables)

    assert isinstance(found, Finding)
    assert found.fix == fix


def test_a_code_with_two_ids_is_a_finding() -> None:
    assert translate({f"{V}unitCode": "TWICE"}) == [
        ("ESA311", 'several ids have this code, found "TWICE" for unitId 6, 7', "write the id instead")
    ]


def test_a_code_with_two_ids_that_the_channel_already_has_is_not_a_finding() -> None:
    live = make_live(1, {f"{V}unitId": 7})

    assert to_ids(make_desired("use", 1, {f"{V}unitCode": "TWICE"}), live.values, VOCABULARY) == (
        {f"{V}unitId": 7},
        (),
    )


@pytest.mark.parametrize("path", ["observationTypeId", f"{V}unitId"])
def test_an_id_that_energycap_does_not_list_is_a_finding(path: str) -> None:
    key = path.removeprefix(V)

    assert translate({path: 99}) == [
        (
            "ESA312",
            f"{key} is not known in EnergyCAP, found 99",
            "write the code instead, which is the same in every environment",
        )
    ]


def test_a_summarization_method_that_no_channel_uses_is_sent_with_a_warning() -> None:
    desired = make_desired("use", 1, {"summarizationMethodId": 99})

    wanted, (finding,) = to_ids(desired, LIVE.values, VOCABULARY)

    assert wanted == {"summarizationMethodId": 99}
    assert finding == make_finding(
        "ESA416",
        "no channel in EnergyCAP uses summarizationMethodId 99, so its meaning is unknown",
        desired.locate("summarizationMethodId"),
    )
    assert finding.severity is Severity.WARNING


UNREAD = CodeTables(
    ids=ids_by_code(CODES),
    codes=CODES,
    defined_names=(),
    channel_ids={},
    channel_names={},
    live_ids=(),
    unread=list_unread(ReferenceData(units_unread="it was refused", observation_types_unread="it was not there")),
)


@pytest.mark.parametrize(
    ("spec", "block"),
    [
        (
            {f"{V}unitCode": "THERM"},
            Blocker(
                "ESA415",
                'unitCode "THERM" cannot be resolved: the list of units could not be read in full, it was refused',
                {"path": f"{V}unitCode", "value": "THERM", "unread": "it was refused"},
                "give the key's user permission to read the units, or make this edit in EnergyCAP itself",
                is_unknown=True,
            ),
        ),
        (
            {"observationTypeCode": "ELECUSEE"},
            Blocker(
                "ESA415",
                'observationTypeCode "ELECUSEE" cannot be resolved: '
                "the list of observation types could not be read in full, it was not there",
                {"path": "observationTypeCode", "value": "ELECUSEE", "unread": "it was not there"},
                "write  observationTypeCode: ELECUSE  if that is meant; else give the key's user permission to read "
                "the observation types, or write observationTypeId in place of observationTypeCode",
                is_unknown=True,
            ),
        ),
    ],
    ids=["unit", "type that is near another"],
)
def test_a_code_from_an_unread_list_is_unknown(spec: Spec, block: Blocker) -> None:
    wanted, found = to_ids(make_desired("use", 1, spec), LIVE.values, UNREAD)

    assert (list(wanted.values()), found) == ([None], (block,))


@pytest.mark.parametrize(
    ("path", "kind"), [("observationTypeId", "observation types"), (f"{V}unitId", "units")], ids=["type", "unit"]
)
def test_an_id_from_an_unread_list_is_sent_with_a_warning(path: str, kind: str) -> None:
    desired = make_desired("use", 1, {path: 99})
    key = path.rpartition(".")[2]
    message = f"no channel in EnergyCAP uses {key} 99, so its meaning is unknown"

    assert to_ids(desired, LIVE.values, UNREAD) == (
        {path: 99},
        (make_finding("ESA416", f"{message}: the list of {kind} could not be read in full", desired.locate(path)),),
    )


def test_every_wrong_reference_in_a_formula_is_a_finding_at_its_column() -> None:
    formula = "channel(use) + channel(3) + channel(lost) + channel(nobody) + channel(77)"

    _, found = to_ids(make_desired("losses", 2, {f"{V}formula": formula}), LIVE.values, VOCABULARY)
    findings = [each for each in found if isinstance(each, Finding)]

    assert [(finding.code, finding.message) for finding in findings] == [
        ("ESA313", "formula uses a channel that was not found in EnergyCAP, found channel(lost)"),
        ("ESA320", "formula names an unknown channel, found channel(nobody)"),
        ("ESA314", "formula uses a channel that is not in EnergyCAP, found channel(77)"),
    ]
    assert findings[0] == Finding(
        code="ESA313",
        severity=Severity.ERROR,
        message="formula uses a channel that was not found in EnergyCAP, found channel(lost)",
        location=Location(
            "channels/north.yaml",
            7,
            path=("channels", "losses", "esaChannelVersion", "formula"),
            fragment="channel(lost)",
        ),
        fix="correct the finding about that channel first",
    )


@pytest.mark.parametrize(
    ("formula", "written", "shown"),
    [
        ("channel(1) * 2", "channel(use) * 3", "channel(use) * 2"),
        ("channel(1) + channel(3)", None, "channel(use) + channel(3)"),
        ("channel(1) + channel(2)", "channel(1) * 3", "channel(1) + channel(losses)"),
        ("channel(1) + channel(odd)", "", "channel(use) + channel(odd)"),
    ],
)
def test_a_formula_is_shown_with_names_unless_the_file_writes_ids(formula: str, written: Value, shown: str) -> None:
    assert show_formula(formula, written, VOCABULARY) == shown
