"""Documents that do not fit the types of a plan file, and the words for it."""

from __future__ import annotations

import pytest

from reconciler.planfile.rows import ChangeRow, Damage, FindingRow, PlanRow, VersionedRow, check_spec, decode

FINDING = {"code": "ESA1", "severity": "note", "message": "so", "place": None, "detail": ["a"], "fix": "look"}


def test_an_object_becomes_a_row_without_the_keys_that_the_row_does_not_have() -> None:
    assert decode(FINDING | {"added": 1}, FindingRow) == decode(FINDING, FindingRow)


@pytest.mark.parametrize(
    ("document", "row", "place", "complaint"),
    [
        ({}, VersionedRow, "", "format_version is missing"),
        ({}, ChangeRow, "resource_changes[3]", "resource_changes[3].address is missing"),
        ([], PlanRow, "", "the file must be an object, found a list"),
        (FINDING | {"fix": 1}, FindingRow, "", "fix must be text, found a number"),
        (
            FINDING | {"detail": ["a", None]},
            FindingRow,
            "findings[0]",
            "findings[0].detail[1] must be text, found null",
        ),
        (FINDING | {"place": 1.5}, FindingRow, "", "place must be an object or null, found a number"),
        (
            FINDING | {"severity": "fatal"},
            FindingRow,
            "",
            'severity must be a word that this reconciler knows, found "fatal"',
        ),
        (
            FINDING | {"severity": "` - at `$.x"},
            FindingRow,
            "",
            'severity must be a word that this reconciler knows, found "` - at `$.x"',
        ),
        (FINDING | {"\ud800": 1}, FindingRow, "", "the file has a key or a word that is not valid Unicode"),
        (
            FINDING | {"severity": "\ud800"},
            FindingRow,
            "findings[0]",
            "findings[0] has a key or a word that is not valid Unicode",
        ),
    ],
    ids=["missing", "missing inside", "a list", "number", "in a list", "or null", "word", "quoted path", "key", "half"],
)
def test_what_does_not_fit_is_refused_with_place_expectation_and_finding(
    document: object, row: type, place: str, complaint: str
) -> None:
    with pytest.raises(Damage) as damage:
        decode(document, row, place)

    assert str(damage.value) == complaint


def test_half_a_surrogate_pair_is_kept_in_a_text() -> None:
    assert decode(FINDING | {"message": "\ud800"}, FindingRow).message == "\ud800"


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({"colour": 1}, 'spec must be made of fields that this reconciler knows, found "colour"'),
        ({"channelInfo": {}}, "spec.channelInfo must be text, a number, true, false or null, found an object"),
    ],
    ids=["path", "value"],
)
def test_values_must_be_those_of_fields(document: dict[str, object], complaint: str) -> None:
    with pytest.raises(Damage) as damage:
        check_spec(document, "spec")

    assert str(damage.value) == complaint
