"""One change on the HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.fields import FIELD_AT
from reconciler.model.formulas import is_same_formula
from reconciler.reports.html_change import (
    FormulaPart,
    FormulaParts,
    ValueText,
    describe_value,
    mark_formula_changes,
    setting_name,
    split_code,
)
from tests.cases import note_case

if TYPE_CHECKING:
    from reconciler.model.values import Value


def test_every_setting_that_a_file_can_hold_has_a_name() -> None:
    assert [path for path in FIELD_AT if setting_name(path) == path.rpartition(".")[2]] == []


def test_an_unknown_setting_keeps_its_own_name() -> None:
    assert setting_name("esaChannelVersion.newSetting") == "newSetting"


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        ("channelDescription", None, ValueText("not set", is_word=True)),
        ("channelDescription", "", ValueText("empty text", is_word=True)),
        ("channelDescription", "not set", ValueText("“not set”")),
        ("isCalculated", True, ValueText("yes", is_word=True)),
        ("isCalculated", False, ValueText("no", is_word=True)),
        ("esaChannelVersion.multiplier", 0.001, ValueText("0.001")),
        ("esaChannelVersion.unitCode", "KWH", ValueText("KWH")),
        ("esaChannelVersion.unitCode", " KWH", ValueText("“ KWH”")),
        ("esaChannelVersion.formula", "channel(a) * 2", ValueText("channel(a) * 2")),
        ("esaChannelVersion.beginDate", None, ValueText("from the beginning", is_word=True)),
        ("esaChannelVersion.beginDate", "2024-03-01T06:15:00", ValueText("2024-03-01 06:15")),
        ("newSetting", "x", ValueText("“x”")),
    ],
)
def test_a_value_looks_different_from_a_word_of_the_report(path: str, value: Value, shown: ValueText) -> None:
    assert describe_value(path, value) == shown


PIECES = st.sampled_from(["channel(a)", "channel( 42 )", "+", "(", ")", "0.5", "'a b'", "max"])
BLANKS = st.sampled_from([" ", "  ", "\t"])
formulas = st.lists(PIECES | BLANKS, max_size=12).map("".join)
written = st.builds("{} {}".format, PIECES, formulas)


@pytest.mark.parametrize(
    ("before", "after", "marked_before", "marked_after"),
    [
        ("channel(a) * 2", "channel(a) * 3", ["2"], ["3"]),
        ("channel(a) - channel(b)", "channel(a)", ["- channel(b)"], []),
        ("channel(a)", "0.5 * channel(a)", [], ["0.5 *"]),
        ("channel(north-use)", "channel(north-used)", ["channel(north-use)"], ["channel(north-used)"]),
        ("channel( 42 )+1", "channel(42) + 1", [], []),
    ],
    ids=["number", "removed", "added", "whole reference", "spacing"],
)
def test_what_differs_is_marked_token_by_token(
    before: str, after: str, marked_before: list[str], marked_after: list[str]
) -> None:
    pieces_before, pieces_after = mark_formula_changes(before, after)
    assert (_marked(pieces_before), _marked(pieces_after)) == (marked_before, marked_after)


@given(written, written)
def test_the_pieces_are_the_formulas_as_they_were_written(before: str, after: str) -> None:
    sides = mark_formula_changes(before, after)
    note_case(reached=before.strip() and after.strip() and before != after)
    assert ["".join(piece.text for piece in side) for side in sides] == [
        text if text.strip() else "" for text in (before, after)
    ]


@given(st.lists(st.tuples(PIECES, BLANKS, BLANKS), min_size=1, max_size=8), st.none() | st.none() | formulas)
def test_parts_are_marked_if_and_only_if_the_formulas_differ(
    drawn: list[tuple[str, str, str]], other: str | None
) -> None:
    before = "".join(piece + blank for piece, blank, _ in drawn)
    after = "".join(piece + blank for piece, _, blank in drawn) if other is None else other
    is_marked = any(piece.is_changed for side in mark_formula_changes(before, after) for piece in side)
    note_case(reached=is_same_formula(before, after) and before != after)
    assert is_marked is not is_same_formula(before, after)


def _marked(pieces: FormulaParts) -> list[str]:
    return [piece.text for piece in pieces if piece.is_changed]


def test_of_formulas_of_thousands_of_tokens_all_between_beginning_and_end_is_marked() -> None:
    same = " + ".join(f"channel({number})" for number in range(20_000))

    before, after = mark_formula_changes(f"{same} * 1 - 7 + {same}", f"{same} / 1 - 8 + {same}")

    assert [piece.text for piece in before if piece.is_changed] == ["* 1 - 7"]
    assert [piece.text for piece in after if piece.is_changed] == ["/ 1 - 8"]
    assert "".join(piece.text for piece in before) == f"{same} * 1 - 7 + {same}"


def test_a_long_formula_beside_a_short_one_or_itself_is_marked() -> None:
    long = " + ".join(["channel(1)"] * 1000)

    assert [piece.is_changed for pieces in mark_formula_changes(long, long) for piece in pieces] == [False, False]
    assert mark_formula_changes("channel(1)", long) == (
        (FormulaPart("channel(1)"),),
        (FormulaPart("channel(1) "), FormulaPart(long.removeprefix("channel(1) "), is_changed=True)),
    )


@pytest.mark.parametrize(
    ("sentence", "parts", "code"),
    [
        ("look it up", ["look it up"], []),
        ("write  offset: null", ["write ", "offset: null"], ["offset: null"]),
        ("write  A: 1  under select", ["write ", "A: 1", " ", "under select"], ["A: 1"]),
        ("write  A: 1, or write  B: 2", ["write ", "A: 1", ", or write ", "B: 2"], ["A: 1", "B: 2"]),
        ("write  A: {B: 1, C: 2},  or wait", ["write ", "A: {B: 1, C: 2}", ", ", "or wait"], ["A: {B: 1, C: 2}"]),
        ("write  A: [1, 2]", ["write ", "A: [1, 2]"], ["A: [1, 2]"]),
        ('write  A: "b, c", or not', ["write ", 'A: "b, c"', ", or not"], ['A: "b, c"']),
        ("as in  max(1, 2), for one", ["as in ", "max(1, 2)", ", for one"], ["max(1, 2)"]),
        ("write  A: 1,", ["write ", "A: 1", ","], ["A: 1"]),
        ("write  A: {1", ["write ", "A: {1"], ["A: {1"]),
    ],
)
def test_code_ends_where_the_sentence_continues(sentence: str, parts: list[str], code: list[str]) -> None:
    found = list(split_code(sentence))
    assert [part.text for part in found] == parts
    assert [part.text for part in found if part.is_code] == code
