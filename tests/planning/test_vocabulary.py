"""From the words of the files to the ids of the service, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.model.findings import Finding, Severity
from reconciler.model.places import Place
from reconciler.planning.vocabulary import Vocabulary, list_codes, list_ids, show_formula, translate
from tests.planning.tenant import REFERENCE, V, make_desired, make_live

if TYPE_CHECKING:
    from reconciler.model.values import Spec, Value

CODES = list_codes(REFERENCE)
VOCABULARY = Vocabulary(
    ids=list_ids(CODES),
    codes=CODES,
    written={"use", "losses", "lost"},
    channel_ids={"use": 1, "losses": 2},
    channel_names={1: "use", 2: "losses"},
    live_ids={1, 2, 3},
)
LIVE = make_live(1, {"observationTypeId": 12, f"{V}observationRuleId": 1, f"{V}unitId": 3})


def tell(spec: Spec, live: Spec = LIVE.values) -> list[tuple[str, str, str]]:
    """The findings of a translation: code, message, way out."""
    _, findings = translate(make_desired("use", 1, spec), live, VOCABULARY)
    return [(finding.code, finding.message, finding.fix) for finding in findings]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({f"{V}unitCode": "KWH"}, {f"{V}unitId": 1}),
        ({f"{V}unitId": 2}, {f"{V}unitId": 2}),
        ({"observationTypeCode": "ELECUSE"}, {"observationTypeId": 10}),
        ({"summarizationMethod": "Average"}, {"summarizationMethodId": 2}),
        ({"summarizationMethodId": 99}, {"summarizationMethodId": 99}),
        ({f"{V}observationRule": "Trip"}, {f"{V}observationRuleId": 2}),
        ({f"{V}formula": "channel(losses) - channel(3)"}, {f"{V}formula": "channel(2) - channel(3)"}),
        ({f"{V}formula": None}, {f"{V}formula": None}),
        ({f"{V}beginDate": "2024-01-01"}, {f"{V}beginDate": "2024-01-01T00:00:00"}),
        ({"channelDescription": ""}, {"channelDescription": ""}),
    ],
)
def test_files_are_translated_to_ids(spec: Spec, expected: Spec) -> None:
    assert translate(make_desired("use", 1, spec), LIVE.values, VOCABULARY) == (expected, ())


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
            "observationTypeCode",
            "elecuse",
            'observationTypeCode is not known in EnergyCAP, found "elecuse"',
            "write  observationTypeCode: ELECUSE  if that is meant",
        ),
        (
            f"{V}unitCode",
            "furlong",
            'unitCode is not known in EnergyCAP, found "furlong"',
            "write a code that the service has, letter case included",
        ),
        (
            "summarizationMethod",
            "Maximum",
            'summarizationMethod is not known in EnergyCAP, found "Maximum"',
            "write summarizationMethodId: no channel uses this method yet, so its id cannot be learned",
        ),
    ],
)
def test_an_unknown_code_is_a_finding_with_the_nearest(path: str, value: Value, message: str, fix: str) -> None:
    assert tell({path: value}) == [("ESA310", message, fix)]


def test_a_code_of_two_ids_is_a_finding() -> None:
    assert tell({f"{V}unitCode": "TWICE"}) == [
        ("ESA311", 'code stands for several ids, found "TWICE" for unitId 6, 7', "write the id instead")
    ]


def test_a_code_of_two_ids_that_the_channel_has_already_is_none() -> None:
    live = make_live(1, {f"{V}unitId": 7})

    assert translate(make_desired("use", 1, {f"{V}unitCode": "TWICE"}), live.values, VOCABULARY) == (
        {f"{V}unitId": 7},
        (),
    )


@pytest.mark.parametrize("path", ["observationTypeId", f"{V}unitId"])
def test_an_id_that_the_service_does_not_list_is_a_finding(path: str) -> None:
    key = path.removeprefix(V)

    assert tell({path: 99}) == [
        (
            "ESA312",
            f"{key} is not known in EnergyCAP, found 99",
            "write the code instead, which is the same in every environment",
        )
    ]


def test_every_wrong_reference_of_a_formula_is_a_finding_at_that_reference() -> None:
    formula = "channel(use) + channel(3) + channel(lost) + channel(nobody) + channel(77)"

    _, findings = translate(make_desired("losses", 2, {f"{V}formula": formula}), LIVE.values, VOCABULARY)

    assert [(finding.code, finding.message) for finding in findings] == [
        ("ESA313", "formula uses a channel that was not found in EnergyCAP, found channel(lost)"),
        ("ESA320", "formula names an unknown channel, found channel(nobody)"),
        ("ESA314", "formula uses a channel that is not in EnergyCAP, found channel(77)"),
    ]
    assert findings[0] == Finding(
        code="ESA313",
        severity=Severity.ERROR,
        message="formula uses a channel that was not found in EnergyCAP, found channel(lost)",
        place=Place(
            "channels/north.yaml",
            7,
            keys=("channels", "losses", "esaChannelVersion", "formula"),
            piece="channel(lost)",
        ),
        fix="mend the finding on the channel that the formula names",
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
def test_a_formula_is_shown_with_names_unless_the_file_writes_the_id(formula: str, written: Value, shown: str) -> None:
    assert show_formula(formula, written, VOCABULARY) == shown
